/* workers.h - the threads for JSON: a queue of jobs, taken in order. Any thread may add. */
#ifndef SLUICE_GATEWAY_HTTP_WORKERS_H
#define SLUICE_GATEWAY_HTTP_WORKERS_H

#include "gateway/http/mailbox.h"

#include <sluice/error.h>

struct http_workers;

/* `count` 0: as many as processors, at most HTTP_WORKERS_MAX. The queue has no limit of its own: it holds one job per
 * exchange at most. */
enum { HTTP_WORKERS_MAX = 8 };
sluice_status http_workers_new(unsigned count, struct http_workers **ret_workers, sluice_error *error);
/* Finishes what is queued and joins. NULL is fine; returns NULL. */
struct http_workers *http_workers_free(struct http_workers *workers);
void http_workers_add(struct http_workers *workers, struct http_job *job);

#endif
