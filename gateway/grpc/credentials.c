/* TLS of the gRPC port. gRPC takes no version below 1.2 by itself. */
#include "common/foundation/log.h"
#include "common/net/tls.h"
#include "gateway/grpc/server.h"

#include <grpc/grpc_security.h>

static grpc_server_credentials *with_material(const struct tls_material *material)
{
    const grpc_ssl_pem_key_cert_pair pair = {.private_key = buffer_text(&material->key),
                                             .cert_chain = buffer_text(&material->certificate)};
    bool clients_too = material->authorities.size > 0;
    grpc_ssl_server_certificate_config *config =
        grpc_ssl_server_certificate_config_create(clients_too ? buffer_text(&material->authorities) : NULL, &pair, 1);
    return grpc_ssl_server_credentials_create_with_options(grpc_ssl_server_credentials_create_options_using_config(
        clients_too ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
                    : GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE,
        config));
}

sluice_status credentials_of(const struct flow_tls *tls, grpc_server_credentials **ret_credentials, sluice_error *error)
{
    if (tls->certfile == NULL) {
        *ret_credentials = grpc_insecure_server_credentials_create();
        return SLUICE_OK;
    }
    const struct tls_files files = {.certificate = tls->certfile, .key = tls->keyfile, .authorities = tls->ca_certs};
    struct tls_material material;
    sluice_status status = tls_load(&files, &material, error);
    if (status != SLUICE_OK)
        return status;
    if (material.remark[0] != '\0')
        log_warning("%s", material.remark);
    *ret_credentials = with_material(&material);
    tls_material_done(&material);
    return SLUICE_OK;
}
