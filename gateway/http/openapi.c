/*
 * openapi.c - GET /openapi.json: the routes of this Flow as an OpenAPI 3.1 document, made once when the front opens.
 *
 * Late Jina clients read the paths with a `post` operation here and send what fits to them directly, so a path is
 * listed with POST only if it takes the body of jina.c. The schemas are a file of their own and have the original's
 * names.
 */
#include "gateway/http/embed.h"
#include "gateway/http/server.h"

#include <sluice/version.h>

#include <ctype.h>
#include <string.h>

EMBED(schemas, "openapi_schemas.json");

/* What is said of the gateway's own routes. Others, without a row and not exposed, are not listed. */
struct saying {
    const char *path, *tag, *summary, *description, *response;
};

static const struct saying sayings[] = {
    {"/post",    NULL,    "Post",                  "Sends documents to the endpoint that the body names.", "JinaResponseModel"},
    {"/index",   "CRUD",  "Index",                 "Sends documents to the endpoint /index.",              "JinaResponseModel"},
    {"/search",  "CRUD",  "Search",                "Sends documents to the endpoint /search.",             "JinaResponseModel"},
    {"/delete",  "CRUD",  "Delete",                "Sends documents to the endpoint /delete.",             "JinaResponseModel"},
    {"/update",  "CRUD",  "Update",                "Sends documents to the endpoint /update.",             "JinaResponseModel"},
    {"/",        NULL,    "Health of the gateway", "Answers as long as the gateway does.",                 "JinaHealthModel"  },
    {"/status",  "Debug", "What runs here",        "Version, system and environment of the gateway.",      "JinaInfoModel"    },
    {"/dry_run", "Debug", "Health of the Flow",    "Sends an empty request through all executors.",        "StatusProto"      },
};

static const struct {
    const char *name, *description;
} tags[] = {
    {"Debug",      "Is it there, and what is it?"         },
    {"CRUD",       "The endpoints that most Flows have."  },
    {"Customized", "The endpoints that this Flow exposes."},
};

/* ---- texts ---- */

static void put_text(struct buffer *out, const char *text)
{
    text_append_json(out, text, strlen(text));
}

/* ,"name":"text" */
static void put_member(struct buffer *out, const char *name, const char *text)
{
    buffer_printf(out, ",\"%s\":", name);
    put_text(out, text);
}

static void put_reference(struct buffer *out, const char *schema)
{
    buffer_printf(out, "{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/%s\"}}}", schema);
}

/* ---- operations ---- */

/* One route under one of its methods. */
struct operation {
    const struct http_route *route;
    size_t number; /* of the route */
    const char *method;
    const struct saying *saying;                 /* or NULL */
    const struct flow_exposed_endpoint *exposed; /* or NULL */
};

/* What is said of a route; false: it is not listed. */
static bool describe(const struct http_front *front, const struct http_route *route, struct operation *operation)
{
    const struct flow_http *http = &front->gateway->http;
    operation->route = route;
    for (size_t i = 0; i < http->exposed_count; i++)
        if (route == &front->own_routes[i]) { /* not by its path, which another may have */
            operation->exposed = &http->exposed[i];
            return true;
        }
    for (size_t i = 0; i < sizeof sayings / sizeof sayings[0]; i++)
        if (strcmp(sayings[i].path, route->path) == 0) {
            operation->saying = &sayings[i];
            return true;
        }
    return false;
}

/* A character of a path as it stands in a name. */
static uint8_t in_name(char c)
{
    return (unsigned char)c < 0x80 && isalnum((unsigned char)c) ? (uint8_t)c : '_';
}

static bool names_are_the_same(const char *a, const char *b)
{
    while (*a != '\0' && *b != '\0' && in_name(*a) == in_name(*b))
        a++, b++;
    return *a == *b;
}

/* Is there another path before it that gives the same name, as /a-b and /a_b do? */
static bool name_is_taken(const struct http_front *front, size_t number)
{
    const char *path = front->routes[number]->path;
    for (size_t i = 0; i < number; i++)
        if (strcmp(front->routes[i]->path, path) != 0 && names_are_the_same(front->routes[i]->path, path))
            return true;
    return false;
}

/* `get_a_b` for GET /a-b; no two are the same. */
static void put_id(struct buffer *out, const struct http_front *front, const struct operation *operation)
{
    buffer_append_text(out, "\"operationId\":\"");
    for (const char *at = operation->method; *at != '\0'; at++)
        buffer_append_byte(out, (uint8_t)tolower((unsigned char)*at));
    for (const char *at = operation->route->path; *at != '\0'; at++)
        buffer_append_byte(out, in_name(*at));
    if (name_is_taken(front, operation->number))
        buffer_printf(out, "__%zu", operation->number);
    buffer_append_byte(out, '"');
}

static void put_tags(struct buffer *out, const struct operation *operation)
{
    const char *const own[] = {operation->saying != NULL ? operation->saying->tag : NULL, NULL};
    const char *const *list = operation->exposed != NULL ? operation->exposed->tags : own;
    if (list[0] == NULL)
        return;
    buffer_append_text(out, ",\"tags\":[");
    for (size_t i = 0; list[i] != NULL; i++) {
        buffer_append_text(out, i > 0 ? "," : "");
        put_text(out, list[i]);
    }
    buffer_append_byte(out, ']');
}

static void put_words(struct buffer *out, const struct operation *operation)
{
    const struct flow_exposed_endpoint *exposed = operation->exposed;
    if (exposed == NULL) {
        put_member(out, "summary", operation->saying->summary);
        put_member(out, "description", operation->saying->description);
        return;
    }
    put_member(out, "summary", exposed->summary != NULL ? exposed->summary : exposed->endpoint);
    if (exposed->description != NULL)
        put_member(out, "description", exposed->description);
}

static void put_responses(struct buffer *out, const struct operation *operation)
{
    const char *good = operation->saying != NULL ? operation->saying->response : "JinaResponseModel";
    buffer_append_text(out, ",\"responses\":{\"200\":{\"description\":\"Successful Response\",\"content\":");
    put_reference(out, good);
    if (operation->route->body) {
        buffer_append_text(out, "},\"422\":{\"description\":\"Validation Error\",\"content\":");
        put_reference(out, "HTTPValidationError");
        buffer_append_text(out, "},\"503\":{\"description\":\"An executor died or cannot be reached\",\"content\":");
        put_reference(out, "JinaResponseModel");
        buffer_append_text(out, "},\"504\":{\"description\":\"An executor took too long\",\"content\":");
        put_reference(out, "JinaResponseModel");
        buffer_append_text(out, "},\"default\":{\"description\":\"Not taken\",\"content\":");
        put_reference(out, "Failure");
    }
    buffer_append_text(out, "}}");
}

static void put_operation(struct buffer *out, const struct http_front *front, const struct operation *operation)
{
    buffer_append_byte(out, '"');
    for (const char *at = operation->method; *at != '\0'; at++)
        buffer_append_byte(out, (uint8_t)tolower((unsigned char)*at));
    buffer_append_text(out, "\":{");
    put_id(out, front, operation);
    put_tags(out, operation);
    put_words(out, operation);
    if (operation->route->body) {
        buffer_append_text(out, ",\"requestBody\":{\"required\":true,\"content\":");
        put_reference(out, operation->route->endpoint != NULL ? "JinaRequestModel" : "JinaEndpointRequestModel");
        buffer_append_byte(out, '}');
    }
    put_responses(out, operation);
    buffer_append_byte(out, '}');
}

/* ---- paths ---- */

static bool has_method(const struct http_route *route, const char *method)
{
    for (const char *const *at = route->methods; *at != NULL; at++)
        if (strcmp(*at, method) == 0)
            return true;
    return false;
}

/* The first route of a path and method is the one that requests reach. */
static bool is_first(const struct http_front *front, size_t number, const char *method)
{
    for (size_t i = 0; i < number; i++)
        if (strcmp(front->routes[i]->path, front->routes[number]->path) == 0 && has_method(front->routes[i], method))
            return false;
    return true;
}

/* The operations of a route, each behind a comma unless it is the first of its path. */
static size_t put_route(struct buffer *out, const struct http_front *front, size_t number, size_t put)
{
    struct operation operation = {.number = number};
    if (!describe(front, front->routes[number], &operation))
        return put;
    for (const char *const *method = operation.route->methods; *method != NULL; method++) {
        if (!is_first(front, number, *method))
            continue;
        operation.method = *method;
        buffer_append_text(out, put++ > 0 ? "," : "");
        put_operation(out, front, &operation);
    }
    return put;
}

static bool path_was_seen(const struct http_front *front, size_t number)
{
    for (size_t i = 0; i < number; i++)
        if (strcmp(front->routes[i]->path, front->routes[number]->path) == 0)
            return true;
    return false;
}

static void put_paths(struct buffer *out, const struct http_front *front)
{
    bool first = true;
    for (size_t i = 0; i < front->route_count; i++) {
        struct operation operation = {.number = i};
        if (path_was_seen(front, i) || !describe(front, front->routes[i], &operation))
            continue;
        buffer_append_text(out, first ? "" : ",");
        first = false;
        put_text(out, front->routes[i]->path);
        buffer_append_text(out, ":{");
        size_t put = 0;
        for (size_t k = i; k < front->route_count; k++)
            if (strcmp(front->routes[k]->path, front->routes[i]->path) == 0)
                put = put_route(out, front, k, put);
        buffer_append_byte(out, '}');
    }
}

static void put_document(struct buffer *out, const struct http_front *front)
{
    buffer_append_text(out, "{\"openapi\":\"3.1.0\",\"info\":{\"title\":");
    put_text(out, front->gateway->http.title);
    put_member(out, "description", front->gateway->http.description);
    put_member(out, "version", SLUICE_VERSION);
    buffer_append_text(out, "},\"paths\":{");
    put_paths(out, front);
    buffer_append_text(out, "},\"components\":{\"schemas\":");
    buffer_append(out, schemas, (size_t)(schemas_end - schemas));
    buffer_append_text(out, "},\"tags\":[");
    for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
        buffer_printf(out, "%s{\"name\":\"%s\"", i > 0 ? "," : "", tags[i].name);
        put_member(out, "description", tags[i].description);
        buffer_append_byte(out, '}');
    }
    buffer_append_text(out, "]}");
}

/* ---- the route ---- */

static void handle(struct http_exchange *exchange)
{
    const struct buffer *document = &http_front_of(exchange)->openapi;
    http_answer_static(exchange, 200, http_type_json, document->data, document->size);
}

sluice_status http_openapi_routes(struct http_front *front, sluice_error *error)
{
    static const char *const get_only[] = {"GET", NULL};
    static const struct http_route route = {.path = "/openapi.json", .methods = get_only, .handle = handle};
    return http_route_add(front, &route, error);
}

sluice_status http_openapi_write(struct http_front *front, sluice_error *error)
{
    put_document(&front->openapi, front);
    return front->openapi.failed == SLUICE_OK
               ? SLUICE_OK
               : sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for /openapi.json");
}
