/* tls.c: what is wrong with a certificate is said before libwebsockets, which only says no, gets it. */
#include "common/foundation/log.h"
#include "common/net/tls.h"
#include "gateway/websocket/tls.h"

sluice_status tls_check(const struct flow_tls *tls, sluice_error *error)
{
    const struct tls_files files = {.certificate = tls->certfile, .key = tls->keyfile, .authorities = tls->ca_certs};
    struct tls_material material;

    if (tls->certfile == NULL)
        return SLUICE_OK;
    sluice_status status = tls_load(&files, &material, error);
    if (status != SLUICE_OK)
        return status;
    if (material.remark[0] != '\0')
        log_warning("%s", material.remark);
    tls_material_done(&material);
    return SLUICE_OK;
}
