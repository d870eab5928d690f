#include "gateway/front.h"

#include "common/foundation/file.h"
#include "common/foundation/status.h"

#include <dlfcn.h>
#include <limits.h>

static const char *const modules[] = {
    [FLOW_GRPC] = "lib/sluice/front-grpc.so",
    [FLOW_HTTP] = "lib/sluice/front-http.so",
    [FLOW_WEBSOCKET] = "lib/sluice/front-websocket.so",
};

sluice_status front_load(enum flow_protocol protocol, const struct front_type **ret_type, sluice_error *error)
{
    const char *module = modules[protocol];
    char path[PATH_MAX];
    if (!file_installed((const void *)front_load, module, path, sizeof path))
        return sluice_fail(error, SLUICE_NOT_FOUND, module, "the module is not installed beside this program");
    /* Never closed: its library may keep threads and handlers that must not lose their code. */
    void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
    if (handle == NULL)
        return sluice_fail(error, SLUICE_NOT_FOUND, path, "the module cannot be loaded: %s", dlerror());
    front_entry_function *entry = (front_entry_function *)dlsym(handle, FRONT_ENTRY);
    const struct front_type *type = entry != NULL ? entry() : NULL;
    if (type == NULL || type->version != FRONT_VERSION)
        return sluice_fail(error, SLUICE_NOT_FOUND, path,
                           "the module is of another version of Sluice; install both anew");
    *ret_type = type;
    return SLUICE_OK;
}
