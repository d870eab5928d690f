/* openapi_test.c - /openapi.json says what there is, with the names that the original has; /docs is complete in itself.
 */
#include "tests/unit/gateway/http/fixture.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "tests/unit/suite.h"

#include <sluice/document.h>

#include <stdio.h>

static struct fixture fixture;
static sluice_value *document; /* the last that was read */

static const char *const post_only[] = {"POST", NULL};
static const char *const get_and_post[] = {"GET", "POST", NULL};
static const char *const customized[] = {"Customized", NULL};
static const char *const own_tags[] = {"Own \"tag\"", NULL};

static void setup(void)
{
    fixture_prepare(&fixture);
}

static void teardown(void)
{
    sluice_value_free(document);
    document = NULL;
    fixture_done(&fixture);
}

static void expose(struct flow_exposed_endpoint *exposed, size_t count)
{
    fixture.flow.gateway.http.exposed = exposed;
    fixture.flow.gateway.http.exposed_count = count;
}

static void read_document(void)
{
    fixture_start(&fixture);
    struct answer answer = client_do(fixture.port, "GET", "/openapi.json", "", "");
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(answer_field(&answer, "content-type"), "application/json");
    ck_assert_int_eq(sluice_value_from_json(answer.body, answer.body_size, &document, NULL), SLUICE_OK);
    answer_done(&answer);
}

static const sluice_value *at(const sluice_value *value, const char *key)
{
    const sluice_value *found = sluice_value_get(value, key);
    ck_assert_msg(found != NULL, "no \"%s\"", key);
    return found;
}

static void expect_text(const sluice_value *map, const char *key, const char *text)
{
    ck_assert_msg(sluice_text_is(sluice_value_string(at(map, key)), text), "\"%s\" is not \"%s\"", key, text);
}

static const sluice_value *operation(const char *path, const char *method)
{
    return at(at(at(document, "paths"), path), method);
}

static int by_text(const void *a, const void *b)
{
    const sluice_text *x = a, *y = b;
    int difference = memcmp(x->data, y->data, x->size < y->size ? x->size : y->size);
    return difference != 0 ? difference : (x->size > y->size) - (x->size < y->size);
}

/* The keys in alphabetical order, with blanks between. */
static const char *keys_of(const sluice_value *map)
{
    static char text[4096];
    sluice_text keys[64];
    size_t count = sluice_value_size(map), size = 0;
    ck_assert_uint_le(count, 64);
    text[0] = '\0';
    for (size_t i = 0; i < count; i++)
        keys[i] = sluice_value_key_at(map, i);
    if (count > 0)
        qsort(keys, count, sizeof keys[0], by_text);
    for (size_t i = 0; i < count; i++)
        size += (size_t)snprintf(text + size, sizeof text - size, "%s%.*s", i > 0 ? " " : "", (int)keys[i].size,
                                 keys[i].data);
    return text;
}

/* ---- the whole ---- */

/* Every reference leads to a schema. */
static void check_references(const sluice_value *value)
{
    static const char prefix[] = "#/components/schemas/";
    bool map = sluice_value_kind_of(value) == SLUICE_VALUE_MAP, list = sluice_value_kind_of(value) == SLUICE_VALUE_LIST;
    for (size_t i = 0; (map || list) && i < sluice_value_size(value); i++) {
        const sluice_value *inner = sluice_value_at(value, i);
        if (map && sluice_text_is(sluice_value_key_at(value, i), "$ref")) {
            sluice_text target = sluice_value_string(inner);
            char name[100];
            ck_assert_uint_gt(target.size, sizeof prefix - 1);
            ck_assert_int_eq(strncmp(target.data, prefix, sizeof prefix - 1), 0);
            snprintf(name, sizeof name, "%.*s", (int)(target.size - sizeof prefix + 1),
                     target.data + sizeof prefix - 1);
            at(at(at(document, "components"), "schemas"), name);
        } else {
            check_references(inner);
        }
    }
}

/* What OpenAPI 3.1 asks of operations: responses with descriptions, and no two of one id. */
static void check_operations(void)
{
    const sluice_value *paths = at(document, "paths");
    sluice_text ids[64];
    size_t count = 0;
    for (size_t i = 0; i < sluice_value_size(paths); i++) {
        ck_assert_int_eq(sluice_value_key_at(paths, i).data[0], '/');
        const sluice_value *methods = sluice_value_at(paths, i);
        ck_assert_uint_gt(sluice_value_size(methods), 0);
        for (size_t k = 0; k < sluice_value_size(methods); k++) {
            const sluice_value *one = sluice_value_at(methods, k), *responses = at(one, "responses");
            for (size_t r = 0; r < sluice_value_size(responses); r++)
                at(sluice_value_at(responses, r), "description");
            ck_assert_uint_lt(count, 64);
            ids[count] = sluice_value_string(at(one, "operationId"));
            for (size_t earlier = 0; earlier < count; earlier++)
                ck_assert(ids[earlier].size != ids[count].size ||
                          memcmp(ids[earlier].data, ids[count].data, ids[count].size) != 0);
            count++;
        }
    }
}

START_TEST(the_document_describes_the_usual_routes)
{
    fixture.flow.gateway.http.title = "Shoe \"search\"";
    fixture.flow.gateway.http.description = "Finds\nshoes";
    read_document();
    expect_text(document, "openapi", "3.1.0");
    expect_text(at(document, "info"), "title", "Shoe \"search\"");
    expect_text(at(document, "info"), "description", "Finds\nshoes");
    at(at(document, "info"), "version");
    ck_assert_str_eq(keys_of(at(document, "paths")), "/ /delete /dry_run /index /post /search /status /update");
    ck_assert_str_eq(keys_of(at(at(document, "paths"), "/delete")), "delete");
    ck_assert_str_eq(keys_of(at(at(document, "paths"), "/update")), "put");
    check_references(document);
    check_operations();
}
END_TEST

START_TEST(switches_take_routes_away)
{
    fixture.flow.gateway.http.no_debug_endpoints = fixture.flow.gateway.http.no_crud_endpoints = true;
    read_document();
    ck_assert_str_eq(keys_of(at(document, "paths")), "/");
    check_references(document);
}
END_TEST

/* Late clients of Jina look for the paths with a `post`. */
START_TEST(exposed_endpoints_are_described)
{
    struct flow_exposed_endpoint exposed[] = {
        {.endpoint = "/describe",          .path = "/describe", .methods = post_only, .tags = customized},
        {.endpoint = "/params",
         .path = "/params",
         .methods = post_only,
         .tags = own_tags,
         .summary = "Show",
         .description = "All \"of\" them"},
        {.endpoint = "/result", .path = "/stats",                    .methods = get_and_post,                    .tags = customized                     },
        {.endpoint = "/index",              .path = "/index",                                 .methods = get_and_post,               .tags = customized},
        {.endpoint = "/x",              .path = "/docs",                                 .methods = get_and_post,                        .tags = customized                               },
        {.endpoint = "/a-b",              .path = "/a-b",                                 .methods = post_only,             .tags = customized},
        {.endpoint = "/a_b",              .path = "/a_b",                                 .methods = post_only,                        .tags = customized                                          },
    };
    expose(exposed, sizeof exposed / sizeof exposed[0]);
    read_document();
    check_references(document);
    check_operations();
    expect_text(operation("/describe", "post"), "operationId", "post_describe");
    expect_text(operation("/describe", "post"), "summary", "/describe");
    expect_text(operation("/params", "post"), "summary", "Show");
    expect_text(operation("/params", "post"), "description", "All \"of\" them");
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_at(at(operation("/params", "post"), "tags"), 0)),
                             "Own \"tag\""));
    ck_assert_str_eq(keys_of(at(at(document, "paths"), "/stats")), "get post");
    ck_assert_ptr_null(sluice_value_get(at(document, "paths"), "/result"));
    /* Where two routes have one path and method, requests reach the first. */
    expect_text(operation("/index", "post"), "summary", "Index");
    expect_text(operation("/index", "get"), "summary", "/index");
    expect_text(operation("/a-b", "post"), "operationId", "post_a_b");
    const sluice_value *schema =
        at(at(at(at(operation("/stats", "post"), "requestBody"), "content"), "application/json"), "schema");
    expect_text(schema, "$ref", "#/components/schemas/JinaRequestModel");
    schema = at(at(at(at(operation("/post", "post"), "requestBody"), "content"), "application/json"), "schema");
    expect_text(schema, "$ref", "#/components/schemas/JinaEndpointRequestModel");
}
END_TEST

/* ---- beside the original's ---- */

static sluice_value *recorded(void)
{
    struct buffer text;
    sluice_value *file = NULL;
    sluice_error error = {.text = ""};
    buffer_init(&text, BUFFER_NO_LIMIT);
    ck_assert_msg(file_read_path("tests/golden/http/get_openapi.response.json", &text, &error) == SLUICE_OK, "%s",
                  error.text);
    ck_assert_int_eq(sluice_value_from_json(buffer_text(&text), text.size, &file, NULL), SLUICE_OK);
    buffer_done(&text);
    return file;
}

START_TEST(paths_and_models_have_the_originals_names)
{
    sluice_value *file = recorded(), *theirs = NULL;
    sluice_text body = sluice_value_string(at(sluice_value_at(at(file, "responses"), 0), "body_text"));
    ck_assert_int_eq(sluice_value_from_json(body.data, body.size, &theirs, NULL), SLUICE_OK);
    read_document();
    char wanted[4096];
    snprintf(wanted, sizeof wanted, "%s", keys_of(at(theirs, "paths")));
    ck_assert_str_eq(keys_of(at(document, "paths")), wanted);
    const sluice_value *models = at(at(theirs, "components"), "schemas"),
                       *ours = at(at(document, "components"), "schemas");
    for (size_t i = 0; i < sluice_value_size(models); i++) {
        char name[100];
        sluice_text key = sluice_value_key_at(models, i);
        snprintf(name, sizeof name, "%.*s", (int)key.size, key.data);
        snprintf(wanted, sizeof wanted, "%s", keys_of(sluice_value_get(sluice_value_at(models, i), "properties")));
        ck_assert_msg(strcmp(keys_of(sluice_value_get(at(ours, name), "properties")), wanted) == 0, "%s: %s", name,
                      wanted);
    }
    sluice_value_free(theirs);
    sluice_value_free(file);
}
END_TEST

/* ---- the page ---- */

START_TEST(the_page_is_complete_in_itself)
{
    fixture_start(&fixture);
    struct answer answer = client_do(fixture.port, "GET", "/docs", "", "");
    ck_assert_int_eq(answer.status, 200);
    ck_assert_str_eq(answer_field(&answer, "content-type"), "text/html; charset=utf-8");
    ck_assert_ptr_nonnull(strstr(answer_field(&answer, "content-security-policy"), "default-src 'none'"));
    ck_assert_ptr_nonnull(strstr(answer.body, "</html>"));
    static const char *const outside[] = {"http://", "https://", "src=", "@import", "url("};
    for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++)
        ck_assert_msg(strstr(answer.body, outside[i]) == NULL, "%s in the page", outside[i]);
    answer_done(&answer);
}
END_TEST

START_TEST(pages_of_the_original_lead_there)
{
    fixture_start(&fixture);
    struct answer answer = client_do(fixture.port, "GET", "/redoc", "", "");
    ck_assert_int_eq(answer.status, 307);
    ck_assert_str_eq(answer_field(&answer, "location"), "docs");
    answer_done(&answer);
    answer = client_do(fixture.port, "GET", "/docs/oauth2-redirect", "", "");
    ck_assert_int_eq(answer.status, 404);
    answer_done(&answer);
    answer = client_do(fixture.port, "POST", "/docs", "", "");
    ck_assert_int_eq(answer.status, 405);
    answer_done(&answer);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gateway.http.openapi");
    TCase *cases = tcase_create("openapi");
    tcase_set_timeout(cases, 120);
    tcase_add_checked_fixture(cases, setup, teardown);
    tcase_add_test(cases, the_document_describes_the_usual_routes);
    tcase_add_test(cases, switches_take_routes_away);
    tcase_add_test(cases, exposed_endpoints_are_described);
    tcase_add_test(cases, paths_and_models_have_the_originals_names);
    tcase_add_test(cases, the_page_is_complete_in_itself);
    tcase_add_test(cases, pages_of_the_original_lead_there);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
