#include "tests/fuzz/graphql_check.h"
#include "gateway/graphql/value.h"
#include "tests/fuzz/require.h"

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

void graphql_check(struct graphql *operation)
{
    struct graphql_reply replies[GRAPHQL_CALLS_MAX] = {0};
    struct buffer answer;
    sluice_error error = {.text = ""};
    if (operation == NULL)
        return;
    for (size_t i = 0; i < graphql_calls(operation); i++)
        replies[i].message = graphql_call(operation, i);
    buffer_init(&answer, ANSWER_MAX);
    sluice_status status = graphql_finish(operation, replies, &answer, &error);
    require(status == SLUICE_OK || (status == SLUICE_LIMIT && error.text[0] != '\0'));
    if (status == SLUICE_OK)
        check_answer(&answer);
    buffer_done(&answer);
    graphql_free(operation);
}
