/* overrun.c - writes one byte beyond its memory. */
#include <sluice/executor.h>

#include <stdlib.h>
#include <string.h>

static sluice_status overrun(sluice_call *call)
{
    sluice_text text = sluice_document_text(sluice_document_array_at(sluice_call_documents(call), 0));
    char *copy = malloc(text.size); /* and none for the NUL */
    if (copy == NULL)
        return SLUICE_NO_MEMORY;
    memcpy(copy, text.data, text.size);
    copy[text.size] = '\0';
    free(copy);
    return SLUICE_OK;
}

static const sluice_handler handlers[] = {
    {"overrun", "/default", overrun},
    {0},
};

SLUICE_PLUGIN(.name = "overrun", .version = "1.0", .help = "Is wrong.", .handlers = handlers)
