#include "client/websocket/secure.h"

#include "client/websocket/socket.h"

#include <openssl/err.h>

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

/* ---- the socket as OpenSSL writes to it ---- */

/* As OpenSSL's own, but without a signal when the other side is gone. */
static int write_socket(BIO *bio, const char *data, int size)
{
    int fd = (int)(intptr_t)BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    ssize_t done = send(fd, data, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (done < 0 && (errno == EAGAIN || errno == EINTR))
        BIO_set_retry_write(bio);
    return (int)done;
}

static long control_socket(BIO *bio, int what, long number, void *pointer)
{
    (void)bio;
    (void)number;
    (void)pointer;
    return what == BIO_CTRL_FLUSH;
}

/* Made once, on the loop's thread, and kept. */
static BIO_METHOD *socket_method(void)
{
    static BIO_METHOD *method;
    if (method == NULL) {
        method = BIO_meth_new(BIO_TYPE_SOURCE_SINK | BIO_get_new_index(), "socket without signals");
        if (method != NULL) {
            BIO_meth_set_write(method, write_socket);
            BIO_meth_set_ctrl(method, control_socket);
        }
    }
    return method;
}

/* ---- the handshake ---- */

/* As socket.c has it for the library's connections. */
static int check_certificate(int good, X509_STORE_CTX *check)
{
    const SSL *ssl = X509_STORE_CTX_get_ex_data(check, SSL_get_ex_data_X509_STORE_CTX_idx());
    struct transport_call *call = SSL_get_app_data(ssl);
    if (good == 1 || call->channel->insecure) {
        X509_STORE_CTX_set_error(check, X509_V_OK);
        return 1;
    }
    tls_describe_refusal(&call->channel->tls, check, call->channel->address.host, call->certificate_refusal);
    return 0;
}

static bool set_up(struct transport_call *call)
{
    static const unsigned char http[] = "\x08http/1.1";
    const char *host = call->channel->address.host;
    SSL *ssl = call->ssl = SSL_new(call->channel->tls.context);
    BIO *in = BIO_new(BIO_s_mem()), *out = socket_method() != NULL ? BIO_new(socket_method()) : NULL;
    if (ssl == NULL || in == NULL || out == NULL) {
        BIO_free(in);
        BIO_free(out);
        return false;
    }
    BIO_set_mem_eof_return(in, -1); /* no bytes now is not the end */
    BIO_set_data(out, (void *)(intptr_t)lws_get_socket_fd(call->wsi));
    BIO_set_init(out, 1);
    SSL_set_bio(ssl, in, out);
    SSL_set_app_data(ssl, call);
    SSL_set_verify(ssl, SSL_VERIFY_PEER, check_certificate);
    SSL_set_connect_state(ssl);
    return SSL_set_alpn_protos(ssl, http, sizeof http - 1) == 0 &&
           (tls_host_is_number(host) || SSL_set_tlsext_host_name(ssl, host) == 1);
}

const char *secure_hint(const struct transport_call *call)
{
    if (call->channel->tls.context == NULL)
        return "; does the gateway speak TLS (wss://)?";
    return SSL_CTX_get0_certificate(call->channel->tls.context) != NULL
               ? "; it may not accept the client's certificate"
               : "; it may ask for a certificate of the client";
}

static void fail(struct transport_call *call)
{
    const char *words = ERR_reason_error_string(ERR_peek_last_error());
    words = words != NULL ? words : "no reason is known";
    if (call->certificate_refusal[0] != '\0')
        attempt_note(call, false, SLUICE_UNAVAILABLE, 0, "%s", call->certificate_refusal);
    else if (strstr(words, "alert") != NULL && strstr(words, "version") == NULL)
        attempt_note(call, false, SLUICE_UNAVAILABLE, 0, "the gateway ended the connection%s (%s)", secure_hint(call),
                     words);
    else
        attempt_note(call, false, SLUICE_UNAVAILABLE, 0,
                     "there is no TLS at this port, or none that fits; is it a ws:// address? (%s)", words);
    ERR_clear_error();
    socket_detach(call, true);
}

/* One step. False: it failed, and the connection is not the call's any more. */
static bool go_on(struct transport_call *call)
{
    ERR_clear_error();
    int done = SSL_do_handshake(call->ssl);
    int reason = done == 1 ? SSL_ERROR_NONE : SSL_get_error(call->ssl, done);
    if (reason == SSL_ERROR_NONE || reason == SSL_ERROR_WANT_WRITE)
        lws_callback_on_writable(call->wsi);
    else if (reason != SSL_ERROR_WANT_READ) {
        fail(call);
        return false;
    }
    return true;
}

void secure_begin(struct transport_call *call)
{
    call->certificate_refusal[0] = '\0';
    if (call->channel->tls.context == NULL) {
        lws_callback_on_writable(call->wsi);
    } else if (set_up(call)) {
        go_on(call);
    } else {
        attempt_note(call, false, SLUICE_NO_MEMORY, 0, "no memory for TLS");
        socket_detach(call, true);
    }
}

bool secure_is_open(struct transport_call *call)
{
    if (call->ssl == NULL || SSL_is_init_finished(call->ssl))
        return true;
    go_on(call);
    return false;
}

/* ---- bytes ---- */

/* The other side ends TLS, in order or not. Its end of the connection follows; what is wrong is noted here. */
static void on_end(struct transport_call *call, int reason)
{
    if (call->phase == CALL_CONNECTING && reason == SSL_ERROR_SSL)
        fail(call);
    else if (reason == SSL_ERROR_SSL && call->phase == CALL_OPEN) {
        socket_detach(call, true);
        socket_ended(call, CLOSE_ABNORMAL, "", 0);
    }
    ERR_clear_error();
}

void secure_receive(struct transport_call *call, uint8_t *data, size_t size)
{
    enum { PIECE = 16 << 10 }; /* a record */
    struct lws *wsi = call->wsi;
    if (call->ssl == NULL) {
        receive_bytes(call, data, size);
        return;
    }
    if (BIO_write(SSL_get_rbio(call->ssl), data, (int)size) != (int)size) {
        call_end(call, true, SLUICE_NO_MEMORY, 0, "no memory for what the gateway sends");
        return;
    }
    if (!SSL_is_init_finished(call->ssl) && (!go_on(call) || !SSL_is_init_finished(call->ssl)))
        return;
    /* The connection is the call's as long as the library knows it as that. */
    while (lws_get_opaque_user_data(wsi) == call) {
        uint8_t piece[PIECE];
        ERR_clear_error();
        int got = SSL_read(call->ssl, piece, sizeof piece);
        if (got > 0) {
            receive_bytes(call, piece, (size_t)got);
            continue;
        }
        int reason = SSL_get_error(call->ssl, got);
        if (reason != SSL_ERROR_WANT_READ)
            on_end(call, reason);
        return;
    }
}

void secure_end(struct transport_call *call)
{
    SSL_free(call->ssl);
    call->ssl = NULL;
}
