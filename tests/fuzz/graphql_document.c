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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *nul = size > 0 ? memchr(data, 0, size) : NULL;
    size_t query_size = nul != NULL ? (size_t)(nul - data) : size;
    const char *text = (const char *)data;
    const sluice_limits limits = {.documents = 100, .bytes = 16 << 20};
    struct graphql_request request = {
        .query = {text != NULL ? text : "", query_size},
          .limits = &limits
    };
    struct graphql *operation = NULL;
    sluice_error error = {.text = ""};
    if (nul != NULL)
        request.variables = (sluice_text){text + query_size + 1, size - query_size - 1};
    sluice_status status = graphql_prepare(&request, &operation, &error);
    require((status == SLUICE_OK) == (operation != NULL));
    require(status == SLUICE_OK || error.text[0] != '\0');
    if (operation != NULL)
        finish(operation);
    graphql_free(operation);
    return 0;
}
