/*
 * TLS of the client's connections. gRPC itself would check the server's certificate, but of what is wrong it only says
 * "handshake failed". So it is told to leave that to a function, which it calls before a connection is used and which
 * says yes or no: here the same library (OpenSSL) does the same check, and the reason reaches the user.
 */
#include "client/grpc/channel.h"
#include "common/foundation/status.h"
#include "common/net/tls.h"

#include <grpc/grpc_security.h>
#include <grpc/support/alloc.h>
#include <grpc/support/string_util.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What gRPC calls; it lives as long as the connections that may call it. */
struct check {
    grpc_tls_certificate_verifier_external verifier;
    struct tls_trust *trust;
    char host[ADDRESS_HOST_MAX + 1];
};

static int verify(void *user_data, grpc_tls_custom_verification_check_request *request,
                  grpc_tls_on_custom_verification_check_done_cb callback, void *callback_arg,
                  grpc_status_code *sync_status, char **sync_error_details)
{
    const struct check *check = user_data;
    const char *chain = request->peer_info.peer_cert_full_chain;
    char why[TLS_SENTENCE_MAX];
    (void)callback;
    (void)callback_arg;
    if (chain == NULL)
        chain = request->peer_info.peer_cert;
    if (chain != NULL && tls_trust_check(check->trust, chain, check->host, why)) {
        *sync_status = GRPC_STATUS_OK;
    } else {
        *sync_status = GRPC_STATUS_UNAUTHENTICATED;
        *sync_error_details = gpr_strdup(chain != NULL ? why : "the server shows no certificate");
    }
    return 1; /* decided */
}

static void cancel(void *user_data, grpc_tls_custom_verification_check_request *request)
{
    (void)user_data;
    (void)request;
}

static void destruct(void *user_data)
{
    struct check *check = user_data;
    tls_trust_free(check->trust);
    free(check);
}

static sluice_status make_verifier(const struct transport_settings *settings, const struct tls_material *material,
                                   grpc_tls_certificate_verifier **ret_verifier, sluice_error *error)
{
    if (settings->tls.insecure) {
        *ret_verifier = grpc_tls_certificate_verifier_no_op_create();
        return SLUICE_OK;
    }
    struct check *check = calloc(1, sizeof *check);
    if (check == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for a connection");
    sluice_status status = tls_trust_new(material->authorities.size > 0 ? buffer_text(&material->authorities) : NULL,
                                         &check->trust, error);
    if (status != SLUICE_OK) {
        free(check);
        return status;
    }
    snprintf(check->host, sizeof check->host, "%s", settings->address->host);
    check->verifier = (grpc_tls_certificate_verifier_external){
        .user_data = check, .verify = verify, .cancel = cancel, .destruct = destruct};
    *ret_verifier = grpc_tls_certificate_verifier_external_create(&check->verifier);
    return SLUICE_OK;
}

static void show_own(const struct tls_material *material, grpc_tls_credentials_options *options)
{
    if (material->certificate.size == 0)
        return;
    grpc_tls_identity_pairs *pairs = grpc_tls_identity_pairs_create();
    grpc_tls_identity_pairs_add_pair(pairs, buffer_text(&material->key), buffer_text(&material->certificate));
    grpc_tls_certificate_provider *provider = grpc_tls_certificate_provider_static_data_create(NULL, pairs);
    grpc_tls_credentials_options_set_certificate_provider(options, provider);
    grpc_tls_credentials_options_watch_identity_key_cert_pairs(options);
    grpc_tls_certificate_provider_release(provider);
}

static sluice_status with_material(const struct transport_settings *settings, const struct tls_material *material,
                                   grpc_channel_credentials **ret_credentials, sluice_error *error)
{
    grpc_tls_certificate_verifier *verifier = NULL;
    sluice_status status = make_verifier(settings, material, &verifier, error);
    if (status != SLUICE_OK)
        return status;
    grpc_tls_credentials_options *options = grpc_tls_credentials_options_create();
    grpc_tls_credentials_options_set_verify_server_cert(options, 0); /* the verifier does it */
    grpc_tls_credentials_options_set_certificate_verifier(options, verifier);
    grpc_tls_certificate_verifier_release(verifier);
    /* Calls have no host of their own: the one that the connection is for was checked. */
    grpc_tls_credentials_options_set_check_call_host(options, 0);
    show_own(material, options);
    *ret_credentials = grpc_tls_credentials_create(options);
    return *ret_credentials != NULL
               ? SLUICE_OK
               : sluice_fail(error, SLUICE_INTERNAL, "tls", "the gRPC library refused the settings");
}

sluice_status credentials_of(const struct transport_settings *settings, grpc_channel_credentials **ret_credentials,
                             sluice_error *error)
{
    const struct transport_tls *tls = &settings->tls;
    if (!tls->on) {
        *ret_credentials = grpc_insecure_credentials_create();
        return SLUICE_OK;
    }
    const struct tls_files files = {
        .certificate = tls->certificate_file, .key = tls->key_file, .authorities = tls->ca_file};
    struct tls_material material;
    sluice_status status = tls_load(&files, &material, error);
    if (status != SLUICE_OK)
        return status;
    status = with_material(settings, &material, ret_credentials, error);
    tls_material_done(&material);
    return status;
}

const char *credentials_explain(const struct transport_channel *channel, const char *text, char *target,
                                size_t capacity)
{
    static const char refused[] = "Custom verification check failed with error: UNAUTHENTICATED: ";
    const char *reason = strstr(text, refused);
    if (reason != NULL)
        return reason + sizeof refused - 1;
    if (strstr(text, "failed to connect to all addresses") == NULL)
        return text;
    const char *hint = NULL;
    if (channel->tls && strstr(text, "handshake failed") != NULL)
        hint = "there is no TLS at this port, or none that fits; is it a grpc:// address?";
    else if (strstr(text, "Socket closed") == NULL)
        return text;
    else if (!channel->tls)
        hint = "the gateway ended the connection at once; does it speak TLS (grpcs://)?";
    else if (channel->shows_certificate)
        hint = "the gateway ended the connection; it may not accept the client's certificate";
    else
        hint = "the gateway ended the connection; it may ask for a certificate of the client";
    snprintf(target, capacity, "%s (%s)", hint, text);
    return target;
}
