#include "gateway/http/tls.h"

#include "common/foundation/log.h"

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>

#include <stdlib.h>

sluice_status http_tls_new(const struct flow_tls *settings, struct http_tls **ret_tls, sluice_error *error)
{
    const struct tls_files files = {
        .certificate = settings->certfile, .key = settings->keyfile, .authorities = settings->ca_certs};
    struct http_tls *tls = calloc(1, sizeof *tls);
    if (tls == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "gateway", "no memory for the certificate");
    sluice_status status = tls_load(&files, &tls->material, error);
    if (status != SLUICE_OK) {
        free(tls);
        return status;
    }
    if (tls->material.remark[0] != '\0')
        log_warning("%s", tls->material.remark);
    *ret_tls = tls;
    return SLUICE_OK;
}

struct http_tls *http_tls_free(struct http_tls *tls)
{
    if (tls == NULL)
        return NULL;
    tls_material_done(&tls->material);
    free(tls);
    return NULL;
}

const char *http_tls_authorities(const struct http_tls *tls)
{
    return tls->material.authorities.size > 0 ? buffer_text(&tls->material.authorities) : NULL;
}

/* Inside of the handshake: 0, or it fails. Chain, dates and purpose; not the name, of which nothing is known. */
static int verify(gnutls_session_t session)
{
    gnutls_typed_vdata_st purpose = {.type = GNUTLS_DT_KEY_PURPOSE_OID,
                                     .data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT};
    unsigned status = 0;
    int result = gnutls_certificate_verify_peers(session, &purpose, 1, &status);
    return result == GNUTLS_E_SUCCESS && status == 0 ? 0 : GNUTLS_E_CERTIFICATE_ERROR;
}

void http_tls_session(const struct http_tls *tls, struct MHD_Connection *connection)
{
    if (http_tls_authorities(tls) == NULL)
        return;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info == NULL)
        return;
    gnutls_session_t session = info->tls_session;
    /* libmicrohttpd only requests a certificate and leaves the check to whoever asks. */
    gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
    gnutls_session_set_verify_function(session, verify);
}
