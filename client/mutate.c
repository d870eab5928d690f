/*
 * mutate.c - GraphQL over HTTP (wire-http-websocket-graphql, 4.4): a text out, a text back.
 */
#include "client/connection.h"
#include "client/options.h"
#include "common/foundation/buffer.h"
#include "common/foundation/text.h"
#include "common/json/json.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { HEADERS_FIRST = 16 };

struct sluice_mutation {
    char *bytes; /* header lines, an empty line, the body, a NUL */
    size_t size;
    sluice_text json;
    sluice_header *headers;
    size_t header_count;
};

/* ---- the request ---- */

static sluice_status check_options(const sluice_mutate_options *given, sluice_mutate_options *options,
                                   sluice_error *error)
{
    *options = sluice_mutate_options_default();
    if (given == NULL)
        return SLUICE_OK;
    if (given->struct_size < sizeof given->struct_size || given->struct_size > sizeof *given)
        return sluice_fail(error, SLUICE_INVALID, "options",
                           "struct_size is %zu; start from sluice_mutate_options_default()", given->struct_size);
    memcpy(options, given, given->struct_size);
    options->struct_size = sizeof *options;
    if (!(options->timeout_seconds >= 0))
        return sluice_fail(error, SLUICE_INVALID, "timeout_seconds",
                           "timeout_seconds is %g; it must be 0 (none) or more", options->timeout_seconds);
    if (options->variables_json != NULL && options->variables != NULL)
        return sluice_fail(error, SLUICE_INVALID, "variables", "give variables or variables_json, not both");
    if (options->variables != NULL && sluice_value_kind_of(options->variables) != SLUICE_VALUE_MAP)
        return sluice_fail(error, SLUICE_INVALID, "variables", "the variables must be a map");
    return SLUICE_OK;
}

static sluice_status write_variables(const sluice_mutate_options *options, struct buffer *body, sluice_error *error)
{
    sluice_error cause;
    sluice_value *map = NULL;
    char *json = NULL;
    sluice_status status = SLUICE_OK;
    if (options->variables_json != NULL) {
        status = sluice_value_from_json(options->variables_json, strlen(options->variables_json), &map, &cause);
        sluice_value_free(map);
        buffer_append_text(body, options->variables_json);
    } else if (options->variables != NULL) {
        status = sluice_value_to_json(options->variables, &json, &cause);
        buffer_append_text(body, json != NULL ? json : "");
        free(json);
    } else {
        buffer_append_text(body, "null");
    }
    if (status != SLUICE_OK)
        return sluice_fail(error, status, "variables", "the variables are no JSON object: %s", cause.text);
    return SLUICE_OK;
}

static sluice_status write_text(const char *what, const char *text, struct buffer *body, sluice_error *error)
{
    if (!text_is_utf8(text, strlen(text)))
        return sluice_fail(error, SLUICE_INVALID, what, "the %s is not UTF-8", what);
    json_write_string(body, text, strlen(text));
    return SLUICE_OK;
}

static sluice_status write_body(const char *mutation, const sluice_mutate_options *options, struct buffer *body,
                                sluice_error *error)
{
    if (mutation == NULL || mutation[strspn(mutation, " \t\r\n,")] == '\0')
        return sluice_fail(error, SLUICE_INVALID, "mutation", "the mutation is empty; give a GraphQL document");
    buffer_append_text(body, "{\"query\": ");
    sluice_status status = write_text("mutation", mutation, body, error);
    buffer_append_text(body, ", \"variables\": ");
    if (status == SLUICE_OK)
        status = write_variables(options, body, error);
    buffer_append_text(body, ", \"operationName\": ");
    if (status == SLUICE_OK && options->operation_name != NULL)
        status = write_text("operation_name", options->operation_name, body, error);
    else
        buffer_append_text(body, "null");
    buffer_append_byte(body, '}');
    if (status == SLUICE_OK && body->failed != SLUICE_OK)
        status = sluice_fail(error, body->failed, NULL, "no memory for a request");
    return status;
}

static sluice_status make_message(const struct buffer *body, struct rope *message, sluice_error *error)
{
    struct block *block = block_new(body->size);
    if (block == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a request");
    memcpy(block->data, body->data, body->size);
    sluice_status status = rope_append(message, block, block->data, block->size);
    block_unref(block);
    return status;
}

/* ---- the answer ---- */

/* One header line, without its end. Lines without a colon are not headers. */
static bool add_header(sluice_mutation *answer, const char *line, size_t size)
{
    const char *colon = memchr(line, ':', size);
    if (colon == NULL)
        return true;
    size_t count = answer->header_count;
    if (count == 0 || (count >= HEADERS_FIRST && (count & (count - 1)) == 0)) {
        size_t capacity = count == 0 ? HEADERS_FIRST : count * 2;
        sluice_header *headers = realloc(answer->headers, capacity * sizeof *headers);
        if (headers == NULL)
            return false;
        answer->headers = headers;
    }
    const char *value = colon + 1, *end = line + size;
    while (value < end && (*value == ' ' || *value == '\t'))
        value++;
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    answer->headers[answer->header_count++] = (sluice_header){
        {line,  (size_t)(colon - line)},
        {value, (size_t)(end - value) }
    };
    return true;
}

/* NULL: no memory. */
static sluice_mutation *read_answer(const struct rope *message)
{
    sluice_mutation *answer = calloc(1, sizeof *answer);
    char *bytes = malloc(message->size + 1);
    if (answer == NULL || bytes == NULL) {
        free(answer);
        free(bytes);
        return NULL;
    }
    rope_copy_out(message, bytes);
    bytes[message->size] = '\0';
    answer->bytes = bytes;
    answer->size = message->size;
    const char *at = bytes, *end = bytes + message->size;
    while (at < end) {
        const char *stop = memmem(at, (size_t)(end - at), "\r\n", 2);
        size_t size = stop != NULL ? (size_t)(stop - at) : (size_t)(end - at);
        bool last = size == 0;
        if (!last && !add_header(answer, at, size)) {
            sluice_mutation_free(answer);
            return NULL;
        }
        at += size + (stop != NULL ? 2 : 0);
        if (last)
            break;
    }
    answer->json = (sluice_text){at, (size_t)(end - at)};
    return answer;
}

/* All messages, joined. */
static sluice_status fail_errors(const sluice_client *client, const sluice_value *errors, sluice_error *error)
{
    struct buffer text;
    bool executed = false;
    buffer_init(&text, BUFFER_NO_LIMIT);
    for (size_t i = 0; i < sluice_value_size(errors); i++) {
        const sluice_value *each = sluice_value_at(errors, i);
        sluice_text message = sluice_value_string(sluice_value_get(each, "message"));
        buffer_append_text(&text, i > 0 ? "; " : "");
        buffer_append(&text, message.data, message.size);
        executed = executed || sluice_value_size(sluice_value_get(each, "path")) > 0;
    }
    sluice_status status = sluice_fail(error, executed ? SLUICE_EXECUTOR : SLUICE_INVALID, client->name, "%s",
                                       text.size > 0 ? buffer_text(&text) : "the gateway answers with an error");
    buffer_done(&text);
    return status;
}

static sluice_status check_answer(const sluice_client *client, const sluice_mutation *answer, sluice_error *error)
{
    sluice_error cause;
    sluice_value *map = NULL;
    sluice_status status = sluice_value_from_json(answer->json.data, answer->json.size, &map, &cause);
    if (status != SLUICE_OK)
        return sluice_fail(error, status, client->name, "the answer of /graphql cannot be read: %s", cause.text);
    const sluice_value *errors = sluice_value_get(map, "errors");
    if (sluice_value_size(errors) > 0)
        status = fail_errors(client, errors, error);
    else if (sluice_value_get(map, "data") == NULL)
        status = sluice_fail(error, SLUICE_INVALID, client->name,
                             "the answer of /graphql has neither data nor errors; is this a Jina gateway?");
    sluice_value_free(map);
    return status;
}

/* ---- the public face ---- */

static sluice_status ask(sluice_client *client, const sluice_mutate_options *options, const struct buffer *body,
                         sluice_mutation **ret_answer, sluice_error *error)
{
    sluice_post_options headers = sluice_post_options_default();
    struct transport_call_settings settings = {.method = TRANSPORT_GRAPHQL,
                                               .deadline_ns = client_deadline_ns(options->timeout_seconds),
                                               .wait_for_ready = client->wait_for_ready};
    struct transport_metadata *metadata = NULL;
    struct rope message, came;
    rope_init(&message);
    rope_init(&came);
    headers.stream = false;
    headers.metadata = options->headers;
    headers.metadata_count = options->header_count;
    sluice_status status = options_metadata(&headers, false, &metadata, &settings.metadata_count, error);
    settings.metadata = metadata;
    if (status == SLUICE_OK)
        status = make_message(body, &message, error);
    if (status == SLUICE_OK)
        status = client_ask_http(client, &settings, &message, &came, error);
    if (status == SLUICE_OK) {
        *ret_answer = read_answer(&came);
        status = *ret_answer != NULL ? SLUICE_OK
                                     : sluice_fail(error, SLUICE_NO_MEMORY, client->name, "no memory for an answer");
    }
    rope_done(&message);
    rope_done(&came);
    free(metadata);
    return status;
}

sluice_status sluice_client_mutate(sluice_client *client, const char *mutation, const sluice_mutate_options *given,
                                   sluice_mutation **ret_answer, sluice_error *error)
{
    sluice_mutate_options options;
    sluice_mutation *answer = NULL;
    struct buffer body;
    if (ret_answer != NULL)
        *ret_answer = NULL;
    buffer_init(&body, BUFFER_NO_LIMIT);
    sluice_status status = check_options(given, &options, error);
    if (status == SLUICE_OK)
        status = write_body(mutation, &options, &body, error);
    if (status == SLUICE_OK)
        status = ask(client, &options, &body, &answer, error);
    if (status == SLUICE_OK)
        status = check_answer(client, answer, error);
    buffer_done(&body);
    if (ret_answer != NULL)
        *ret_answer = answer;
    else
        sluice_mutation_free(answer);
    return status;
}

sluice_text sluice_mutation_json(const sluice_mutation *answer)
{
    return answer->json;
}

size_t sluice_mutation_header_count(const sluice_mutation *answer)
{
    return answer->header_count;
}

sluice_header sluice_mutation_header_at(const sluice_mutation *answer, size_t index)
{
    static const sluice_header none = {
        {"", 0},
        {"", 0}
    };
    return index < answer->header_count ? answer->headers[index] : none;
}

sluice_text sluice_mutation_header(const sluice_mutation *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++)
        if (answer->headers[i].name.size == strlen(name) &&
            strncasecmp(answer->headers[i].name.data, name, strlen(name)) == 0)
            return answer->headers[i].value;
    return sluice_text_of("");
}

void sluice_mutation_free(sluice_mutation *answer)
{
    if (answer == NULL)
        return;
    free(answer->headers);
    free(answer->bytes);
    free(answer);
}
