/*
 * loop.h - the one thread that serves all WebSockets of the process, from the first channel to the last.
 *
 * libwebsockets lets other threads do nothing but wake it (lws_cancel_service). So whatever touches a connection is a
 * task that runs on the loop's thread, between two rounds of lws_service().
 */
#ifndef SLUICE_CLIENT_WEBSOCKET_LOOP_H
#define SLUICE_CLIENT_WEBSOCKET_LOOP_H

#include <sluice/error.h>

#include <libwebsockets.h>

/* Part of what it is about; whoever posts it keeps that alive until `run` was called. */
struct loop_task {
    void (*run)(struct loop_task *task);
    struct loop_task *next;
};

/* Start the thread with the first user; end it with the last. loop_unref() waits for it, so not on that thread. */
sluice_status loop_ref(sluice_error *error);
void loop_unref(void);

/* Any thread that holds a use of the loop, the loop's own too. Never runs the task itself. */
void loop_post(struct loop_task *task);

/* On the loop's thread. */
struct lws_context *loop_context(void);

/* Call `due` at a time of CLOCK_MONOTONIC, or soon when it is past. On the loop's thread, like lws_sul_cancel(). */
void loop_schedule(lws_sorted_usec_list_t *timer, sul_cb_t due, uint64_t due_ns);

#endif
