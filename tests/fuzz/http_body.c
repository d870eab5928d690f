/*
 * The body of a POST as the HTTP front treats it. The first byte chooses Content-Encoding, Content-Type, the limit, and
 * the path: a route of requests, with an endpoint of its own or not, or /graphql. A gzip is opened within the limit or
 * left as it was; what is read as a request is one for the router; each refusal has a text, and where it is a body, it
 * is JSON.
 */
#include "gateway/envelope/envelope.h"
#include "gateway/http/body.h"
#include "common/json/tree.h"
#include "tests/fuzz/graphql_check.h"
#include "tests/fuzz/require.h"

#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { GZIP_BIT = 1, PACK_BIT = 2, GRAPHQL_BIT = 4, ROUTE_BIT = 8, SMALL_BIT = 16, TYPE_SHIFT = 5 };
enum { DEPTH_MAX = 8, BODY_MAX = 1 << 20, BODY_SMALL = 100, GZIP_WINDOW_BITS = 15 + 16 };

static const char *const types[] = {NULL,
                                    "application/json",
                                    "application/json; charset=utf-8",
                                    "APPLICATION/vnd.api+JSON",
                                    " application/+json",
                                    "text/plain",
                                    "application/",
                                    ""};
static const sluice_limits limits = {DEPTH_MAX, 1000, 10000, 1 << 24};

static void require_json(const struct buffer *text)
{
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    const struct json_node *root;
    bool digits;
    require(json_tree_read(buffer_text(text), text->size, JSON_MESSAGE_DEPTH, arena, &root, &digits, NULL) ==
            SLUICE_OK);
    arena_free(arena);
}

/* ---- Content-Encoding ---- */

static void pack(const void *data, size_t size, struct buffer *out)
{
    z_stream stream = {0};
    require(deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, GZIP_WINDOW_BITS, 8, Z_DEFAULT_STRATEGY) == Z_OK);
    size_t room = deflateBound(&stream, size);
    buffer_init(out, BUFFER_NO_LIMIT);
    stream.next_out = buffer_reserve(out, room);
    stream.avail_out = (uInt)room;
    stream.next_in = (Bytef *)(uintptr_t)data;
    stream.avail_in = (uInt)size;
    require(stream.next_out != NULL && deflate(&stream, Z_FINISH) == Z_STREAM_END);
    out->size = room - stream.avail_out;
    deflateEnd(&stream);
}

/* What came out, packed again, fits its own size and no less. */
static void check_edge(const struct buffer *plain)
{
    struct buffer packed;
    sluice_error error = {.text = ""};
    pack(plain->data, plain->size, &packed);
    size_t size = packed.size;
    packed.limit = plain->size > 0 ? plain->size - 1 : 0;
    require(body_gunzip(&packed, &error) == (plain->size > 0 ? SLUICE_TOO_LARGE : SLUICE_OK));
    if (plain->size > 0) {
        require(packed.size == size && error.text[0] != '\0');
        packed.limit = plain->size;
        require(body_gunzip(&packed, &error) == SLUICE_OK);
        require(packed.size == plain->size && memcmp(packed.data, plain->data, plain->size) == 0);
    }
    buffer_done(&packed);
}

static bool open_gzip(struct buffer *body, size_t limit)
{
    sluice_error error = {.text = ""};
    size_t size = body->size;
    body->limit = limit;
    sluice_status status = body_gunzip(body, &error);
    require(status == SLUICE_OK || status == SLUICE_INVALID || status == SLUICE_TOO_LARGE);
    if (status != SLUICE_OK) {
        require(error.text[0] != '\0' && body->size == size);
        return false;
    }
    require(body->size <= limit && (body->data == NULL || body->data[body->size] == '\0'));
    check_edge(body);
    return true;
}

/* ---- what is in it ---- */

static void check_message(const struct rope *message, const char *endpoint)
{
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    struct envelope envelope;
    require(arena != NULL);
    require(envelope_read(message, DEPTH_MAX, arena, &envelope, NULL) == SLUICE_OK);
    require(envelope.has_data && envelope.request_id.size > 0);
    if (endpoint != NULL)
        require(envelope.endpoint.size == strlen(endpoint) &&
                memcmp(envelope.endpoint.data, endpoint, envelope.endpoint.size) == 0);
    envelope_done(&envelope);
    arena_free(arena);
}

static void check_fault(const struct json_fault *fault)
{
    struct buffer text;
    int http = json_fault_http(fault->kind);
    require(http == 400 || http == 422 || http == 500);
    buffer_init(&text, BUFFER_NO_LIMIT);
    json_fault_write(fault, &text);
    require(text.size > 0);
    if (http != 500)
        require_json(&text);
    buffer_done(&text);
}

static void read_request(const struct buffer *body, const char *type, const char *endpoint)
{
    const struct json_request_options options = {.endpoint = endpoint, .limits = &limits};
    struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
    struct json_fault fault = {.kind = JSON_FAULT_NONE};
    sluice_error error = {.text = ""};
    struct rope message;

    rope_init(&message);
    sluice_status status = body_read_request((sluice_text){buffer_text(body), body->size}, type, &options, arena,
                                             &message, &fault, &error);
    require((status == SLUICE_OK) == (fault.kind == JSON_FAULT_NONE));
    require(status == SLUICE_OK || status == SLUICE_INVALID || status == SLUICE_LIMIT);
    require(status == SLUICE_OK || error.text[0] != '\0');
    require(status != SLUICE_OK || (body->size > 0 && body_type_is_json(type)));
    if (status == SLUICE_OK)
        check_message(&message, endpoint);
    else
        check_fault(&fault);
    rope_done(&message);
    arena_free(arena);
}

static void read_graphql(const struct buffer *body)
{
    struct graphql *operation = NULL;
    sluice_error error = {.text = ""};
    sluice_status status =
        graphql_prepare_body((sluice_text){buffer_text(body), body->size}, &limits, &operation, &error);
    require((status == SLUICE_OK) == (operation != NULL));
    require(status == SLUICE_OK || error.text[0] != '\0');
    graphql_check(operation);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct buffer body;
    if (size == 0)
        return 0;
    uint8_t how = data[0];
    data++;
    size--;
    if ((how & (GZIP_BIT | PACK_BIT)) == (GZIP_BIT | PACK_BIT)) {
        pack(data, size, &body);
    } else {
        buffer_init(&body, BUFFER_NO_LIMIT);
        buffer_append(&body, data, size);
    }
    bool plain = (how & GZIP_BIT) == 0 || open_gzip(&body, (how & SMALL_BIT) != 0 ? BODY_SMALL : BODY_MAX);
    if (plain && (how & GRAPHQL_BIT) != 0)
        read_graphql(&body);
    else if (plain)
        read_request(&body, types[how >> TYPE_SHIFT], (how & ROUTE_BIT) != 0 ? "/index" : NULL);
    buffer_done(&body);
    return 0;
}
