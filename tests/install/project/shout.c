/* shout.c - appends `mark` to each text, as often as the request's `times` says. */
#include <sluice/executor.h>

#include <stdlib.h>

static sluice_status open_shout(const sluice_host *host, const sluice_value *parameters, void **ret_executor,
                                sluice_error *error)
{
    sluice_text *mark = malloc(sizeof *mark);
    if (mark == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, host->deployment, "no memory");
    *mark = sluice_value_string(sluice_value_get(parameters, "mark")); /* lives as long as the executor */
    *ret_executor = mark;
    return SLUICE_OK;
}

static sluice_status shout(sluice_call *call)
{
    const sluice_text *mark = sluice_call_executor(call);
    sluice_document_array *documents = sluice_call_documents(call);
    int64_t times = sluice_value_integer(sluice_value_get(sluice_call_parameters(call), "times"), 1);
    sluice_status status = SLUICE_OK;

    if (times < 0 || times > 10)
        return sluice_call_fail(call, "ValueError", "times must be a whole number from 0 to 10");
    for (size_t i = 0; i < sluice_document_array_size(documents); i++)
        for (int64_t n = 0; n < times && status == SLUICE_OK; n++)
            status = sluice_document_append_text(sluice_document_array_at(documents, i), mark->data, mark->size);
    sluice_value_set_number(sluice_call_results(call), "marks", (double)times);
    return status;
}

static const sluice_handler handlers[] = {
    {"shout", "/default", shout},
    {0},
};

static const sluice_parameter parameters[] = {
    {.name = "mark", .type = SLUICE_PARAMETER_STRING, .fallback = "\"!\"", .help = "What is appended."},
    {0},
};

SLUICE_PLUGIN(.name = "shout", .version = "1.0", .help = "Makes every text louder.", .handlers = handlers,
              .parameters = parameters, .executor_open = open_shout, .executor_close = free)
