/*
 * Every body recorded from Jina over HTTP and WebSocket, through the codec.
 *
 * A request that Jina answered is read, and where its executor gives documents back untouched they are printed as Jina
 * printed them. A request that Jina refused gives the same refusal. Every answer is read, written and compared to the
 * letter. What the Python client sent is read and written to the letter.
 */
#include "common/json/message.h"
#include "tests/unit/json/golden.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

/* Where we differ on purpose, or where Jina fails after the request was read. */
static bool is_one_of(const char *name, const char *const *names)
{
    for (; *names != NULL; names++)
        if (strncmp(name, *names, strlen(*names)) == 0 && name[strlen(*names)] == '.')
            return true;
    return false;
}

static size_t requests, refusals, answers, echoes, sent, received, frames;

static enum json_fault_kind read_request(struct arena *arena, sluice_text body,
                                         const struct json_request_options *options, struct rope *message,
                                         struct json_fault *fault)
{
    sluice_error error = {0};
    sluice_status status = json_request_read(body.data, body.size, options, arena, message, fault, &error);
    ck_assert_msg(status == SLUICE_OK || status == SLUICE_INVALID || status == SLUICE_LIMIT ||
                      status == SLUICE_CANCELLED,
                  "%.100s: %s", body.data, error.text);
    ck_assert_msg((status == SLUICE_OK) == (fault->kind == JSON_FAULT_NONE), "%.100s: status %d, fault %d: %s",
                  body.data, (int)status, (int)fault->kind, error.text);
    ck_assert(status != SLUICE_INVALID || error.text[0] != '\0');
    return fault->kind;
}

static sluice_text write_answer(struct arena *arena, const struct rope *message,
                                const struct json_response_options *options)
{
    struct buffer out;
    sluice_error error = {0};
    buffer_init(&out, BUFFER_NO_LIMIT);
    ck_assert_msg(json_response_write(message, options, &out, &error) == SLUICE_OK, "%s", error.text);
    sluice_text text = {.data = arena_text_of(arena, buffer_text(&out), out.size), .size = out.size};
    buffer_done(&out);
    return text;
}

/* ---- answers ---- */

static void same_letters(const char *name, sluice_text ours, sluice_text theirs)
{
    size_t at = 0;
    while (at < ours.size && at < theirs.size && ours.data[at] == theirs.data[at])
        at++;
    ck_assert_msg(at == ours.size && at == theirs.size, "%s differs at %zu:\n%.120s\n%.120s", name, at,
                  ours.data + (at > 60 ? at - 60 : 0), theirs.data + (at > 60 ? at - 60 : 0));
}

/* Read as a client does, written again. */
static void rewrite_answer(struct arena *arena, const char *name, sluice_text body, enum json_style style, bool failed)
{
    struct rope message;
    sluice_error error = {0};
    rope_init(&message);
    ck_assert_msg(json_response_read(body.data, body.size, arena, &message, &error) == SLUICE_OK, "%s: %s", name,
                  error.text);
    struct json_response_options options = {.style = style, .failed_request = failed ? &message : NULL};
    sluice_text text = write_answer(arena, &message, &options);
    /* Parameters of a failed request are given back as they came, 3 as 3: ours are doubles. */
    if (!failed || memmem(body.data, body.size, "\"parameters\":{", 14) == NULL)
        same_letters(name, text, body);
    rope_done(&message);
    answers++;
}

/* ---- requests of HTTP ---- */

/* The documents as we would print them, beside those of the recorded answer. */
static void compare_documents(struct arena *arena, const char *name, const struct rope *message, sluice_text answer)
{
    const struct json_response_options options = {.style = JSON_STYLE_HTTP};
    const struct json_node *ours = json_member(golden_json(arena, write_answer(arena, message, &options)), "data");
    const struct json_node *theirs = json_member(golden_json(arena, answer), "data");
    sluice_text where = {.data = ""};
    ck_assert_msg(golden_equal(ours, theirs, &where), "%s: documents differ near %.*s", name, (int)where.size,
                  where.data);
    echoes++;
}

static bool is_echo(const char *name, const struct json_node *answer)
{
    /* Ids that Jina made up; keys that it ignores; numbers that it turns into truth values; levels that it loses count
     * of. */
    static const char *const others[] = {"post_no_id",          "post_doc_empty",      "post_doc_id_empty",
                                         "post_doc_all_null",   "post_doc_camel_keys", "post_doc_tags",
                                         "post_deep_chunks_10", "post_deep_chunks_60", NULL};
    sluice_text endpoint = golden_text(json_member(answer, "header"), "execEndpoint");
    const struct json_node *status = json_member(json_member(answer, "header"), "status");
    return sluice_text_is(endpoint, "/index") && status != NULL && status->kind == JSON_NULL &&
           !is_one_of(name, others);
}

/* HTTP itself refused these, or looked at more than the body. */
static bool is_about_body(const char *name)
{
    static const char *const others[] = {"http_chunked_bad", "http_gzip_body", "http_length_short", "http_no_length",
                                         NULL};
    static const char *const prefixes[] = {"post_ctype_", "http_chunked", "http_pipelin", "http_expect", NULL};
    for (size_t i = 0; prefixes[i] != NULL; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return false;
    return !is_one_of(name, others);
}

/* Jina answers 500, but not because the request cannot be made. */
static bool fails_later(const char *name)
{
    static const char *const names[] = {"post_target_bad_regex",
                                        "post_params_results_bad",
                                        "post_nan_embedding",
                                        "post_nan_output",
                                        "post_nan_params",
                                        "post_nan_tag",
                                        "post_nan_tag_seen",
                                        "post_nan_weight",
                                        "post_number_1e400",
                                        "post_number_weight_big",
                                        "post_float_print_zero-d",
                                        "down_delete",
                                        "down_update",
                                        NULL};
    return is_one_of(name, names);
}

static void check_status(const char *name, int64_t status, const struct json_fault *fault, sluice_text body)
{
    /* Text in an array is accepted by Jina, as an array of text. */
    static const char *const refused[] = {"post_tensor_strings", "post_tensor_numstr", NULL};
    struct buffer text;
    if (is_one_of(name, refused)) {
        ck_assert_msg(fault->kind == JSON_FAULT_VALUES, "%s: fault %d", name, (int)fault->kind);
        return;
    }
    if (status == 200 || status == 503 || status == 504 || fails_later(name)) {
        ck_assert_msg(fault->kind == JSON_FAULT_NONE, "%s: fault %d: %s", name, (int)fault->kind,
                      fault->count > 0 ? fault->findings[0].message : "");
        return;
    }
    ck_assert_msg(json_fault_http(fault->kind) == status, "%s: fault %d, Jina answers %d", name, (int)fault->kind,
                  (int)status);
    buffer_init(&text, BUFFER_NO_LIMIT);
    json_fault_write(fault, &text);
    same_letters(name, (sluice_text){.data = buffer_text(&text), .size = text.size}, body);
    buffer_done(&text);
    refusals++;
}

static void replay_request(struct arena *arena, const char *name, const struct json_node *answer)
{
    char file[300];
    struct json_fault fault;
    struct rope message;
    snprintf(file, sizeof file, "%.*s.request", (int)(strlen(name) - strlen(".response.json")), name);
    sluice_text request = golden_file(arena, GOLDEN_HTTP, file);
    bool fixed = strncmp(request.data, "POST /post ", 11) != 0;
    const struct json_request_options options = {.endpoint = fixed ? "/index" : NULL};
    sluice_text body = golden_text(answer, "body_text");
    const struct json_node *status = json_member(answer, "status");
    rope_init(&message);
    read_request(arena, golden_body(request), &options, &message, &fault);
    check_status(name, (int64_t)status->bits, &fault, body);
    if (fault.kind == JSON_FAULT_NONE && status->bits == 200 && is_echo(name, golden_json(arena, body)))
        compare_documents(arena, name, &message, body);
    rope_done(&message);
    requests++;
}

static bool has_json_body(const char *name)
{
    static const char *const prefixes[] = {"post_", "crud_", "expose_", "two_", "down_", "bare_", NULL};
    for (size_t i = 0; prefixes[i] != NULL; i++)
        if (strncmp(name, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static void replay_http(struct arena *arena, const char *name)
{
    const struct json_node *recorded =
        json_member(golden_json(arena, golden_file(arena, GOLDEN_HTTP, name)), "responses");
    if (recorded == NULL || recorded->count != 1 || recorded->is_row)
        return;
    const struct json_node *answer = recorded->first;
    uint64_t status = json_member(answer, "status")->bits;
    sluice_text body = golden_text(answer, "body_text");
    if (body.size > 10 && memcmp(body.data, "{\"header\":", 10) == 0)
        rewrite_answer(arena, name, body, JSON_STYLE_HTTP, status == 503 || status == 504);
    bool judged = (status == 200 && body.size > 10 && memcmp(body.data, "{\"header\":", 10) == 0) || status == 400 ||
                  status == 422 || status == 500 || status == 503 || status == 504;
    if (has_json_body(name) && judged && is_about_body(name))
        replay_request(arena, name, answer);
}

START_TEST(test_http_requests_and_answers)
{
    size_t files = golden_each(GOLDEN_HTTP, ".response.json", replay_http);
    printf("%zu files: %zu requests, %zu refusals, %zu answers, %zu echoes\n", files, requests, refusals, answers,
           echoes);
    ck_assert_uint_gt(requests, 150);
    ck_assert_uint_gt(refusals, 55);
    ck_assert_uint_gt(answers, 100);
    ck_assert_uint_gt(echoes, 40);
}
END_TEST

/* The refusals of answers that are no JSON of ours, such as `null`. */
START_TEST(test_status)
{
    struct rope empty;
    struct buffer out;
    sluice_error error;
    rope_init(&empty);
    buffer_init(&out, BUFFER_NO_LIMIT);
    ck_assert_int_eq(json_status_write(&empty, &out, &error), SLUICE_OK);
    ck_assert_str_eq(buffer_text(&out), "{\"code\":0,\"description\":\"\",\"exception\":null}");
    buffer_done(&out);
}
END_TEST

/* ---- the Python client over HTTP ---- */

static void replay_sent(struct arena *arena, const char *name, const struct json_node *exchange)
{
    sluice_text body = golden_text(exchange, "body_text");
    struct json_fault fault;
    struct rope message;
    struct buffer out;
    sluice_error error = {0};
    sluice_text line = golden_text(exchange, "request_line");
    if (body.size == 0 || memmem(line.data, line.size, "graphql", 7) != NULL)
        return;
    const struct json_node *header = json_member(golden_json(arena, body), "header");
    if (header == NULL)
        return; /* a call of a single document */
    const struct json_request_options options = {
        .request_id =
            arena_text_of(arena, golden_text(header, "request_id").data, golden_text(header, "request_id").size)};
    rope_init(&message);
    buffer_init(&out, BUFFER_NO_LIMIT);
    /* The gateway refuses an array without dimensions, which the client sends as a number. */
    if (strncmp(name, "tensor_scalar.", 14) != 0)
        ck_assert_msg(read_request(arena, body, &options, &message, &fault) == JSON_FAULT_NONE, "%s", name);
    rope_done(&message);
    rope_init(&message);
    ck_assert_msg(json_response_read(body.data, body.size, arena, &message, &error) == SLUICE_OK, "%s: %s", name,
                  error.text);
    ck_assert_msg(json_request_write(&message, &out, &error) == SLUICE_OK, "%s: %s", name, error.text);
    same_letters(name, (sluice_text){.data = buffer_text(&out), .size = out.size}, body);
    buffer_done(&out);
    rope_done(&message);
    sent++;
}

static void each_exchange(struct arena *arena, const char *name,
                          void (*replay)(struct arena *arena, const char *name, const struct json_node *exchange))
{
    if (strcmp(name, "index.json") == 0)
        return;
    const struct json_node *root = golden_json(arena, golden_file(arena, GOLDEN_HTTP "client/", name));
    const struct json_node *exchanges = json_member(root, "exchanges");
    for (const struct json_node *exchange = exchanges != NULL ? exchanges->first : NULL; exchange != NULL;
         exchange = exchange->next)
        replay(arena, name, exchange);
}

static void replay_client(struct arena *arena, const char *name)
{
    each_exchange(arena, name, replay_sent);
}

START_TEST(test_http_client)
{
    golden_each(GOLDEN_HTTP "client/", ".json", replay_client);
    printf("%zu requests of the client\n", sent);
    ck_assert_uint_gt(sent, 150);
}
END_TEST

/* What the client gets: accepted where the Python client goes on. */
static void replay_answer(struct arena *arena, const char *name, const struct json_node *exchange)
{
    sluice_text answer = golden_text(exchange, "answer"), body = golden_body(answer);
    struct rope message;
    sluice_error error = {0};
    static const char *const odd[] = {"answer_gzip", "answer_chunked", NULL};
    if (is_one_of(name, odd) || answer.size < 12 || memcmp(answer.data + 9, "200", 3) != 0 ||
        memmem(body.data, body.size, "\"paths\"", 7) != NULL)
        return;
    rope_init(&message);
    bool good = body.size > 0 && body.data[0] == '{' && body.data[body.size - 1] == '}';
    sluice_status status = json_response_read(body.data, body.size, arena, &message, &error);
    ck_assert_msg((status == SLUICE_OK) == good, "%s: %s: %.200s", name, error.text, body.data);
    rope_done(&message);
    received++;
}

static void replay_client_answers(struct arena *arena, const char *name)
{
    each_exchange(arena, name, replay_answer);
}

START_TEST(test_http_client_answers)
{
    golden_each(GOLDEN_HTTP "client/", ".json", replay_client_answers);
    printf("%zu answers to the client\n", received);
    ck_assert_uint_gt(received, 100);
}
END_TEST

/* ---- WebSocket ---- */

static void replay_frame(struct arena *arena, const char *name, const struct json_node *frame)
{
    sluice_text text = golden_text(frame, "text");
    bool from_client = sluice_text_is(golden_text(frame, "dir"), "client");
    bool spaced = text.size > 10 && memcmp(text.data, "{\"header\": ", 11) == 0; /* Jina 3.5 */
    const struct json_request_options options = {.websocket = true};
    struct json_fault fault;
    struct rope message;
    if (json_member(frame, "opcode")->bits != 1 || json_member(frame, "text") == NULL)
        return;
    frames++;
    if (!from_client) {
        if (!spaced && text.size > 2)
            rewrite_answer(arena, name, text, JSON_STYLE_WEBSOCKET, false);
        return;
    }
    rope_init(&message);
    enum json_fault_kind kind = read_request(arena, text, &options, &message, &fault);
    rope_done(&message);
    enum json_fault_kind expected = JSON_FAULT_NONE;
    if (text.size <= 5 && memmem(text.data, text.size, "{", 1) != NULL)
        expected = JSON_FAULT_END;
    else if (text.size > 0 && text.data[0] != '{')
        expected = JSON_FAULT_IGNORED;
    if (strncmp(name, "json_bad_utf8", 13) == 0 || strncmp(name, "json_empty_text", 15) == 0 ||
        kind == JSON_FAULT_VALUES || kind == JSON_FAULT_BUILD)
        return; /* judged below */
    ck_assert_msg(kind == expected, "%s: fault %d: %.*s", name, (int)kind, (int)text.size, text.data);
}

static void replay_websocket(struct arena *arena, const char *name)
{
    if (strncmp(name, "json", 4) != 0)
        return;
    const struct json_node *list =
        json_member(golden_json(arena, golden_file(arena, GOLDEN_WEBSOCKET, name)), "frames");
    for (const struct json_node *frame = list != NULL ? list->first : NULL; frame != NULL; frame = frame->next)
        replay_frame(arena, name, frame);
}

START_TEST(test_websocket)
{
    answers = 0;
    golden_each(GOLDEN_WEBSOCKET, ".json", replay_websocket);
    printf("%zu frames, %zu answers\n", frames, answers);
    ck_assert_uint_gt(frames, 100);
    ck_assert_uint_gt(answers, 20);
}
END_TEST

/* Frames that make Jina drop the connection. */
START_TEST(test_websocket_faults)
{
    static const struct {
        const char *text;
        enum json_fault_kind kind;
    } cases[] = {
        {"{\"data\":",                                                             JSON_FAULT_VALUES },
        {"",                                                                       JSON_FAULT_VALUES },
        {"{\"data\":\"x\",\"execEndpoint\":\"/index\"}",                           JSON_FAULT_VALUES },
        {"{\"data\":[{\"id\":\"a\",\"blob\":\"A\"}],\"execEndpoint\":\"/index\"}", JSON_FAULT_BUILD  },
        {"{\"execEndpoint\":\"/index\"}",                                          JSON_FAULT_NONE   },
        {" { } ",                                                                  JSON_FAULT_END    },
        {"null",                                                                   JSON_FAULT_IGNORED},
        {"[]",                                                                     JSON_FAULT_IGNORED}
    };
    const struct json_request_options options = {.websocket = true};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
        struct rope message;
        struct json_fault fault;
        rope_init(&message);
        ck_assert_int_eq(read_request(arena, sluice_text_of(cases[i].text), &options, &message, &fault), cases[i].kind);
        rope_done(&message);
        arena_free(arena);
    }
}
END_TEST

SUITE_MAIN("json.golden", test_http_requests_and_answers, test_status, test_http_client, test_http_client_answers,
           test_websocket, test_websocket_faults)
