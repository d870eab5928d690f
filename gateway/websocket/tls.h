/* tls.h - the certificates of the WebSocket port. */
#ifndef SLUICE_GATEWAY_WEBSOCKET_TLS_H
#define SLUICE_GATEWAY_WEBSOCKET_TLS_H

#include "gateway/router/router.h"

/* Are certificate, key and authorities good? Errors as tls_load(). */
sluice_status tls_check(const struct flow_tls *tls, sluice_error *error);

#endif
