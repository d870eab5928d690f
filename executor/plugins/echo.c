/*
 * echo.c - passes every request on. It never asks for the documents, so they are not even decoded. See
 * docs/plugins/echo.md.
 */
#include <sluice/executor.h>

static sluice_status echo(sluice_call *call)
{
    (void)call;
    return SLUICE_OK;
}

static const sluice_handler handlers[] = {
    {"echo", "/default", echo},
    {0}
};
static const sluice_parameter parameters[] = {{0}};

SLUICE_PLUGIN(.name = "echo", .version = "1.0", .help = "Passes every request on as it came.", .handlers = handlers,
              .parameters = parameters)
