/* socket.h - what libwebsockets reports of the connections of calls. On the loop's thread. */
#ifndef SLUICE_CLIENT_WEBSOCKET_SOCKET_H
#define SLUICE_CLIENT_WEBSOCKET_SOCKET_H

#include "client/websocket/call.h"

/* Of each vhost: the sub-protocol "bytes". */
extern const struct lws_protocols socket_protocols[];

/* The answer to the handshake is there, and it is good. */
void socket_opened(struct transport_call *call);

/* The answer is another one than 101. */
void socket_refused(struct transport_call *call, int http);

/* The other side has ended the WebSocket, with this close code (CLOSE_ABNORMAL: without one) and reason. */
void socket_ended(struct transport_call *call, int code, const char *reason, size_t size);

/* Send a close frame (CLOSE_NO_CODE: an empty one) and let the connection end without the call. */
void socket_leave(struct transport_call *call, int code);

/* The library closes the connection by itself; what it still reports of it is not for the call. */
void socket_forget(struct transport_call *call);

/* The connection goes on without the call: it is closed `now`, or by the other side within some seconds. */
void socket_detach(struct transport_call *call, bool now);

/* receive.c: bytes have come. The call may be over then. */
void receive_bytes(struct transport_call *call, uint8_t *data, size_t size);

/* send.c: the connection takes bytes. False: it is broken. */
bool send_bytes(struct transport_call *call);

/* A close frame (CLOSE_NO_CODE: without a code). False: the connection does not take it now. */
bool send_close(struct transport_call *call, int code);

/* plain.c: reports of a call that is a plain HTTP request. -1: the connection must be closed. */
int plain_report(struct transport_call *call, enum lws_callback_reasons reason, void *in, size_t size);

#endif
