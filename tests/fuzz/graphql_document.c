/*
 * A query, and behind a NUL byte its variables: whatever they are, there is an answer, it is JSON, and the calls get
 * back what they sent.
 */
#include "gateway/graphql/graphql.h"
#include "gateway/graphql/value.h"
#include "tests/fuzz/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ANSWER_MAX = 1 << 20 };

static void check_answer(const struct buffer *answer)
{
    struct arena *arena = arena_new(1 << 12, ARENA_NO_LIMIT);
    struct value *value = NULL;
    require(arena != NULL);
    require(value_from_json(arena, (sluice_text){buffer_text(answer), answer->size}, 1000, &value, NULL) == SLUICE_OK);
    require(value->kind == VALUE_OBJECT && value_member(value, sluice_text_of("data")) != NULL);
    arena_free(arena);
}

static void finish(struct graphql *operation)
{
    struct graphql_reply replies[GRAPHQL_CALLS_MAX] = {0};
    struct buffer answer;
    sluice_error error = {.text = ""};
    for (size_t i = 0; i < graphql_calls(operation); i++)
        replies[i].message = graphql_call(operation, i);
    buffer_init(&answer, ANSWER_MAX);
    sluice_status status = graphql_finish(operation, replies, &answer, &error);
    require(status == SLUICE_OK || (status == SLUICE_LIMIT && error.text[0] != '\0'));
    if (status == SLUICE_OK)
        check_answer(&answer);
    buffer_done(&answer);
}

static sluice_status prepare(const uint8_t *data, size_t size, const sluice_limits *limits,
                             struct graphql **ret_operation, sluice_error *error)
{
    const char *text = size > 0 ? (const char *)data : "";
    const char *nul = memchr(text, 0, size);
    size_t query_size = nul != NULL ? (size_t)(nul - text) : size;
    struct graphql_request request = {
        .query = {text, query_size},
          .limits = limits
    };
    if (size > 0 && text[0] == 1)
        return graphql_prepare_body((sluice_text){text + 1, size - 1}, limits, ret_operation, error);
    if (nul != NULL)
        request.variables = (sluice_text){nul + 1, size - query_size - 1};
    request.queries_only = size % 2 == 1;
    return graphql_prepare(&request, ret_operation, error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const sluice_limits limits = {.documents = 100, .bytes = 16 << 20};
    struct graphql *operation = NULL;
    sluice_error error = {.text = ""};
    sluice_status status = prepare(data, size, &limits, &operation, &error);
    require((status == SLUICE_OK) == (operation != NULL));
    require(status == SLUICE_OK || error.text[0] != '\0');
    if (operation != NULL)
        finish(operation);
    graphql_free(operation);
    return 0;
}
