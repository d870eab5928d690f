#include "executor/host/plugin.h"
#include "executor/host/fallback.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

/* The table of version 1.0 ends here; a shorter one was made for no version that ever was. */
#define SIZE_OF_1_0 (offsetof(sluice_plugin, worker_close) + sizeof(void (*)(void *)))

typedef const sluice_plugin *entry_function(void);

static sluice_status check_handlers(const sluice_plugin *table, const char *where, sluice_error *error)
{
    if (table->handlers == NULL)
        return sluice_fail(error, SLUICE_INVALID, where, "the plugin \"%s\" has no handlers", table->name);
    size_t count = 0;
    for (const sluice_handler *handler = table->handlers; handler->name != NULL; handler++, count++) {
        if (handler->name[0] == '\0')
            return sluice_fail(error, SLUICE_INVALID, where, "handler %zu of the plugin \"%s\" has no name", count,
                               table->name);
        if (handler->function == NULL)
            return sluice_fail(error, SLUICE_INVALID, where, "the handler \"%s\" of the plugin \"%s\" has no function",
                               handler->name, table->name);
    }
    if (count == 0)
        return sluice_fail(error, SLUICE_INVALID, where, "the plugin \"%s\" has no handlers", table->name);
    return SLUICE_OK;
}

static sluice_status check_parameters(const sluice_plugin *table, const char *where, sluice_error *error)
{
    const sluice_parameter *parameter = table->parameters;
    for (; parameter != NULL && parameter->name != NULL; parameter++)
        if (parameter->fallback != NULL && !fallback_is_json(parameter->fallback))
            return sluice_fail(error, SLUICE_INVALID, where,
                               "the default of the parameter \"%s\" is no JSON: %s (a text needs quotes of its own)",
                               parameter->name, parameter->fallback);
    return SLUICE_OK;
}

sluice_status plugin_check(const sluice_plugin *table, const char *where, sluice_error *error)
{
    if (table == NULL)
        return sluice_fail(error, SLUICE_INVALID, where, "not a plugin: sluice_plugin_entry() returned no table");
    if (table->magic != SLUICE_PLUGIN_MAGIC)
        return sluice_fail(error, SLUICE_INVALID, where,
                           "not a plugin: its table begins with %#x instead of %#x; use the macro SLUICE_PLUGIN",
                           table->magic, SLUICE_PLUGIN_MAGIC);
    if (table->major != SLUICE_PLUGIN_MAJOR || table->minor > SLUICE_PLUGIN_MINOR)
        return sluice_fail(error, SLUICE_INVALID, where, "built for ABI %u.%u, this executor speaks %u.%u",
                           (unsigned)table->major, (unsigned)table->minor, (unsigned)SLUICE_PLUGIN_MAJOR,
                           (unsigned)SLUICE_PLUGIN_MINOR);
    if (table->struct_size < SIZE_OF_1_0)
        return sluice_fail(error, SLUICE_INVALID, where, "its table has %u bytes, ABI %u.%u needs at least %zu",
                           table->struct_size, (unsigned)table->major, (unsigned)table->minor, SIZE_OF_1_0);
    if (table->name == NULL || table->name[0] == '\0')
        return sluice_fail(error, SLUICE_INVALID, where, "the plugin's table gives it no name");
    sluice_status status = check_handlers(table, where, error);
    return status == SLUICE_OK ? check_parameters(table, where, error) : status;
}

/* dlerror() begins with the path, which the error already names. */
static const char *loader_message(const char *path)
{
    const char *message = dlerror();
    if (message == NULL)
        return "the dynamic loader gives no reason";
    size_t size = strlen(path);
    if (strncmp(message, path, size) == 0 && message[size] == ':') {
        message += size + 1;
        message += strspn(message, " ");
    }
    return message;
}

sluice_status plugin_load(const char *path, const sluice_plugin **ret_table, sluice_error *error)
{
    if (access(path, F_OK) != 0)
        return sluice_fail(error, SLUICE_NOT_FOUND, path, "there is no such plugin");
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL)
        return sluice_fail(error, SLUICE_INVALID, path, "cannot be loaded: %s", loader_message(path));
    void *symbol = dlsym(library, "sluice_plugin_entry");
    if (symbol == NULL) {
        dlclose(library);
        return sluice_fail(error, SLUICE_INVALID, path,
                           "not a plugin: it exports no sluice_plugin_entry(); write its table with SLUICE_PLUGIN");
    }
    entry_function *entry;
    memcpy(&entry, &symbol, sizeof entry);
    const sluice_plugin *table = entry();
    sluice_status status = plugin_check(table, path, error);
    if (status == SLUICE_OK)
        *ret_table = table;
    return status;
}
