/*
 * gate.c - an executor that waits for a file, so that a test knows what is inside and decides when it goes on.
 *
 *   uses_with   fail_if  a path: opening fails while there is such a file
 *               die_if   a path: opening crashes while there is such a file
 *               wait_if  a path: opening says "opening" in the log and waits while there is such a file
 *   /wait       says "inside" in the log, then waits until the file named by parameters.file is there (or a cancel)
 *   /spawn      starts a process that never ends
 *   /print      prints parameters.text on stdout and stderr, without the log
 *   /default    does nothing
 */
#include <sluice/executor.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS 2000000u

static bool exists(sluice_text path)
{
    char name[4096];
    if (path.size == 0 || path.size >= sizeof name)
        return false;
    memcpy(name, path.data, path.size);
    name[path.size] = '\0';
    return access(name, F_OK) == 0;
}

static sluice_status open_gate(const sluice_host *host, const sluice_value *parameters, void **ret_executor,
                               sluice_error *error)
{
    sluice_text wait_if = sluice_value_string(sluice_value_get(parameters, "wait_if"));
    const struct timespec look = {.tv_nsec = LOOK_NS};
    *ret_executor = NULL;
    if (exists(wait_if))
        host->log(host, SLUICE_LOG_INFO, "opening");
    while (exists(wait_if))
        nanosleep(&look, NULL);
    if (exists(sluice_value_string(sluice_value_get(parameters, "die_if"))))
        raise(SIGKILL);
    if (exists(sluice_value_string(sluice_value_get(parameters, "fail_if"))))
        return sluice_fail(error, SLUICE_UNAVAILABLE, NULL, "the gate is told to stay shut");
    return SLUICE_OK;
}

static sluice_status wait_for_file(sluice_call *call)
{
    const sluice_host *host = sluice_call_host(call);
    sluice_text file = sluice_value_string(sluice_value_get(sluice_call_parameters(call), "file"));
    host->log(host, SLUICE_LOG_INFO, "inside");
    while (!exists(file))
        if (!sluice_call_sleep(call, LOOK_NS))
            return sluice_call_fail(call, "Cancelled", "the gate was cancelled");
    return SLUICE_OK;
}

static sluice_status print(sluice_call *call)
{
    sluice_text text = sluice_value_string(sluice_value_get(sluice_call_parameters(call), "text"));
    printf("out %.*s\n", (int)text.size, text.data);
    fflush(stdout);
    fprintf(stderr, "err %.*s\n", (int)text.size, text.data);
    return SLUICE_OK;
}

static sluice_status spawn(sluice_call *call)
{
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    return child > 0 ? SLUICE_OK : sluice_call_fail(call, "OSError", "cannot fork");
}

static sluice_status nothing(sluice_call *call)
{
    (void)call;
    return SLUICE_OK;
}

static const sluice_handler handlers[] = {
    {"wait",         "/wait", wait_for_file},
    {"print", "/print", print},
    {"spawn", "/spawn", spawn},
    {"nothing",        "/default", nothing},
    {0        }
};

static const sluice_parameter parameters[] = {
    {.name = "fail_if",                                    .type = SLUICE_PARAMETER_STRING, .help = "Opening fails while there is such a file."},
    {.name = "die_if", .type = SLUICE_PARAMETER_STRING, .help = "Opening crashes while there is such a file."},
    {.name = "wait_if", .type = SLUICE_PARAMETER_STRING, .help = "Opening waits while there is this file."},
    {0                                    }
};

SLUICE_PLUGIN(.name = "Gate", .version = "1.0", .help = "Waits for a file.", .handlers = handlers,
              .parameters = parameters, .executor_open = open_gate)
