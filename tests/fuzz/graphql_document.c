/*
 * A query, and behind a NUL byte its variables: whatever they are, there is an answer, it is JSON, and the calls get
 * back what they sent.
 */
#include "tests/fuzz/graphql_check.h"
#include "tests/fuzz/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

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
    graphql_check(operation);
    return 0;
}
