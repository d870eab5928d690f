/*
 * crash.h - one line on stderr when a plugin crashes: signal, plugin, endpoint, request id.
 *
 * The process then dies by the same signal, so that its parent sees which it was. Under a sanitizer only SIGABRT is
 * taken, because the sanitizer's own report of the others is worth more.
 */
#ifndef SLUICE_HOST_CRASH_H
#define SLUICE_HOST_CRASH_H

#include "executor/host/call.h"

/* For the whole process, once, before threads start. `where` is the plugin's path. */
void crash_init(const char *where);

/* An alternate stack for the calling thread, so that a stack overflow is reported as well. */
void crash_thread_init(void);
void crash_thread_done(void);

/* The calling thread is inside a handler. `place` stays valid until crash_leave(). */
void crash_enter(const struct call_place *place);
void crash_leave(void);

#endif
