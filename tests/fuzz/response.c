/* What a client reads: any bytes as an answer, in one piece and in two. What reads must hold together. */
#include "client/response.h"
#include "tests/fuzz/require.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static sluice_status read_in_pieces(const uint8_t *data, size_t size, size_t cut, sluice_response **ret_response)
{
    struct rope rope;
    rope_init(&rope);
    require(rope_append(&rope, NULL, data, cut) == SLUICE_OK);
    require(rope_append(&rope, NULL, data + cut, size - cut) == SLUICE_OK);
    sluice_status status = response_read(&rope, ret_response, NULL);
    rope_done(&rope);
    return status;
}

static void walk(sluice_response *response)
{
    sluice_error error;
    FILE *nowhere = fopen("/dev/null", "w");
    require(nowhere != NULL);
    sluice_response_print_routes(response, nowhere);
    fclose(nowhere);
    for (size_t i = 0; i <= sluice_response_route_count(response); i++)
        require(sluice_response_route(response, i).executor.data != NULL);
    const sluice_exception *exception = sluice_response_exception(response);
    for (size_t i = 0; exception != NULL && i < exception->arg_count; i++)
        require(exception->args[i].data != NULL);
    require(response_failure(response, &error) == SLUICE_EXECUTOR);
    if (sluice_response_documents(response, &error) == NULL)
        require(error.status != SLUICE_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sluice_response *whole = NULL, *pieces = NULL;
    sluice_status status = read_in_pieces(data, size, 0, &whole);
    require(read_in_pieces(data, size, size / 2, &pieces) == status);
    if (status == SLUICE_OK) {
        walk(whole);
        require(sluice_response_route_count(whole) == sluice_response_route_count(pieces));
        require(sluice_value_equal(sluice_response_parameters(whole), sluice_response_parameters(pieces)));
        require(sluice_response_bytes(whole).size == size);
    }
    sluice_response_unref(whole);
    sluice_response_unref(pieces);
    return 0;
}
