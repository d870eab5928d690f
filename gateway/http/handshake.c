/*
 * handshake.c - connections whose TLS handshake is not over. All on the event loop of the connection.
 *
 * libmicrohttpd 0.9.75 asks a connection again and again, without a pause, from the first byte of a handshake to its last:
 * it takes the socket for readable until a read of its own says otherwise, but in a handshake GnuTLS reads. One client that
 * sends half a greeting would keep a processor busy. So a connection rests (is suspended) until its socket has something
 * new, gets one turn, and rests again, until GnuTLS has seen the last message.
 */
#include "gateway/http/server.h"

#include <gnutls/gnutls.h>

#include <sys/epoll.h>

void http_handshake_begin(struct http_connection *connection)
{
    struct http_loop *loop = connection->loop;
    connection->handshaking = true;
    connection->next_handshake = loop->handshakes;
    if (loop->handshakes != NULL)
        loop->handshakes->previous_handshake = connection;
    loop->handshakes = connection;
}

void http_handshake_forget(struct http_connection *connection)
{
    struct http_connection *next = connection->next_handshake, *previous = connection->previous_handshake;
    if (!connection->handshaking)
        return;
    *(previous != NULL ? &previous->next_handshake : &connection->loop->handshakes) = next;
    if (next != NULL)
        next->previous_handshake = previous;
    connection->handshaking = connection->resting = false;
}

/* The client's last message was read and ours was sent: its last but for tickets. */
static bool is_over(const struct http_connection *connection)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (info == NULL || connection->exchange != NULL)
        return true;
    gnutls_session_t session = info->tls_session;
    gnutls_handshake_description_t sent = gnutls_handshake_get_last_out(session);
    return gnutls_handshake_get_last_in(session) == GNUTLS_HANDSHAKE_FINISHED &&
           (sent == GNUTLS_HANDSHAKE_FINISHED || sent == GNUTLS_HANDSHAKE_NEW_SESSION_TICKET);
}

void http_handshake_event(struct http_connection *connection)
{
    if (!connection->resting)
        return;
    connection->resting = false;
    MHD_resume_connection(connection->mhd);
}

void http_handshakes_rest(struct http_loop *loop)
{
    for (struct http_connection *at = loop->handshakes, *next; at != NULL; at = next) {
        next = at->next_handshake;
        if (at->resting)
            continue;
        if (is_over(at)) {
            http_handshake_forget(at);
            http_connection_watch(at, EPOLL_CTL_MOD);
        } else {
            MHD_suspend_connection(at->mhd);
            at->resting = true;
        }
    }
}

void http_handshakes_end(struct http_loop *loop)
{
    while (loop->handshakes != NULL) {
        http_handshake_event(loop->handshakes);
        http_handshake_forget(loop->handshakes);
    }
    MHD_run(loop->daemon); /* it does not stop with one that is suspended */
}
