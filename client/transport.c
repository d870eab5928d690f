#include "client/transport.h"

#include "common/foundation/file.h"

#include <dlfcn.h>
#include <limits.h>
#include <pthread.h>

static const char *const modules[] = {
    [ADDRESS_GRPC] = "lib/sluice/transport-grpc.so",
    [ADDRESS_HTTP] = "lib/sluice/transport-http.so",
    [ADDRESS_WEBSOCKET] = "lib/sluice/transport-websocket.so",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const struct transport *loaded[sizeof modules / sizeof *modules];

static sluice_status open_module(const char *module, const struct transport **ret_transport, sluice_error *error)
{
    char path[PATH_MAX];
    if (!file_installed((const void *)transport_load, module, path, sizeof path))
        return sluice_fail(error, SLUICE_NOT_FOUND, module, "the module is not installed beside this library");
    /* Never closed: its library keeps threads and handlers that must not lose their code. */
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == NULL)
        return sluice_fail(error, SLUICE_NOT_FOUND, path, "the module cannot be loaded: %s", dlerror());
    transport_entry_function *entry = (transport_entry_function *)dlsym(handle, TRANSPORT_ENTRY);
    const struct transport *transport = entry != NULL ? entry() : NULL;
    if (transport == NULL || transport->version != TRANSPORT_VERSION)
        return sluice_fail(error, SLUICE_NOT_FOUND, path,
                           "the module is of another version of Sluice; install both anew");
    *ret_transport = transport;
    return SLUICE_OK;
}

sluice_status transport_load(enum address_protocol protocol, const struct transport **ret_transport,
                             sluice_error *error)
{
    if (modules[protocol] == NULL)
        return sluice_fail(error, SLUICE_UNIMPLEMENTED, "protocol", "the protocol %s is not built yet; use grpc or http",
                           address_protocol_name(protocol));
    pthread_mutex_lock(&lock);
    sluice_status status = SLUICE_OK;
    if (loaded[protocol] == NULL)
        status = open_module(modules[protocol], &loaded[protocol], error);
    *ret_transport = loaded[protocol];
    pthread_mutex_unlock(&lock);
    return status;
}
