/* private.h - calls between the files of gateway/router. */
#ifndef SLUICE_GATEWAY_ROUTER_PRIVATE_H
#define SLUICE_GATEWAY_ROUTER_PRIVATE_H

#include "gateway/router/router.h"

void request_unref(struct request *request);
void request_count_bytes(struct request *request, size_t bytes); /* it holds this much more, until it is freed */
void router_wake(struct router *router);                         /* somebody waits for room and there may be some */

#endif
