/*
 * graphql_tool - answers GraphQL requests from its standard input, one JSON object per line: `query`, `variables` (JSON
 * as a text), `operationName`. Each call of `docs` gets back the documents that it sent. One line of answer per
 * request.
 */
#include "gateway/graphql/graphql.h"
#include "gateway/graphql/value.h"

#include <stdio.h>
#include <stdlib.h>

static void die(const char *text)
{
    fprintf(stderr, "graphql_tool: %s\n", text);
    exit(1);
}

static sluice_text member(const struct value *object, const char *name)
{
    const struct value *value = value_member(object, sluice_text_of(name));
    return value != NULL && value->kind == VALUE_STRING ? value->text : sluice_text_of("");
}

static void answer(const struct value *line)
{
    struct graphql_request request = {.query = member(line, "query"),
                                      .variables = member(line, "variables"),
                                      .operation_name = member(line, "operationName")};
    struct graphql *operation = NULL;
    struct graphql_reply replies[GRAPHQL_CALLS_MAX] = {0};
    struct buffer buffer;
    sluice_error error = {.text = ""};
    if (graphql_prepare(&request, &operation, &error) != SLUICE_OK)
        die(error.text);
    for (size_t i = 0; i < graphql_calls(operation); i++)
        replies[i].message = graphql_call(operation, i);
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    if (graphql_finish(operation, replies, &buffer, &error) != SLUICE_OK)
        die(error.text);
    puts(buffer_text(&buffer));
    buffer_done(&buffer);
    graphql_free(operation);
}

int main(void)
{
    char *text = NULL;
    size_t capacity = 0;
    ssize_t size;
    while ((size = getline(&text, &capacity, stdin)) > 0) {
        struct arena *arena = arena_new(4096, ARENA_NO_LIMIT);
        struct value *line = NULL;
        sluice_error error = {.text = "no memory"};
        if (arena == NULL ||
            value_from_json(arena, (sluice_text){text, (size_t)size}, 100, &line, &error) != SLUICE_OK ||
            line->kind != VALUE_OBJECT)
            die(error.text);
        answer(line);
        arena_free(arena);
    }
    free(text);
    return 0;
}
