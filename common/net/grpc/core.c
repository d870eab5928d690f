/* core.c: see core.h. */
#include "common/net/grpc/core.h"

#include <dlfcn.h>
#include <grpc/grpc.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

/*
 * gRPC 1.51 looks at errno only after it has registered the socket that it connects, and so under a lock. The first
 * time in a process that such a lock is contended, Abseil asks for the number of processors and for their frequency,
 * which it reads from /sys. In a container without /sys that leaves ENOENT in errno in place of EINPROGRESS, and the
 * connection fails with "No such file or directory". Both values are kept once they are known: asked for here, they
 * never meet a connection. The names are those of Debian 12's library; where they are others, nothing is asked.
 */
static const char *const kept_by_abseil[] = {
    "_ZN4absl7debian313base_internal7NumCPUsEv",
    "_ZN4absl7debian313base_internal19NominalCPUFrequencyEv",
};

/*
 * Debian builds Abseil without NDEBUG, and so every lock of gRPC's is entered into a process-wide graph, under a lock
 * of its own, to find cycles. It is a tool for those who write gRPC; it costs each request microseconds and makes
 * threads that share nothing wait for one another. Abseil has a switch for it.
 */
static const char deadlock_detection[] = "_ZN4absl7debian329SetMutexDeadlockDetectionModeENS0_15OnDeadlockCycleE";
enum { DEADLOCKS_ARE_NOT_LOOKED_FOR = 0 }; /* absl::OnDeadlockCycle::kIgnore */

/* Waits for an end that a thread of gRPC's own is working on. */
static const char async_shutdown[] = "_Z34grpc_maybe_wait_for_async_shutdownv";
enum { HELD_PAUSES_MAX = 1000 }; /* of a millisecond; gRPC has been seen to need one or two */

typedef void abseil_function(int);

/* NULL where the library has no such name. An object pointer is no function pointer in C; POSIX says that the bytes are
 * the same. */
static abseil_function *function_named(const char *name)
{
    void *symbol = dlsym(RTLD_DEFAULT, name);
    abseil_function *function = NULL;
    memcpy(&function, &symbol, sizeof function);
    return function;
}

static void prepare_abseil(void)
{
    for (size_t i = 0; i < sizeof kept_by_abseil / sizeof *kept_by_abseil; i++) {
        /* It takes nothing; what it returns in a register, an int or a double, is not looked at. */
        abseil_function *ask = function_named(kept_by_abseil[i]);
        if (ask != NULL)
            ask(0);
    }
    abseil_function *set_deadlock_detection = function_named(deadlock_detection);
    if (set_deadlock_detection != NULL)
        set_deadlock_detection(DEADLOCKS_ARE_NOT_LOOKED_FOR);
}

/* How often rpc_core_init() is ahead of rpc_core_done(), and whether somebody else in this process had started gRPC
 * before. */
static pthread_mutex_t users_lock = PTHREAD_MUTEX_INITIALIZER;
static unsigned users;
static bool others;

void rpc_core_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare_abseil);
    pthread_mutex_lock(&users_lock);
    if (users++ == 0)
        others = grpc_is_initialized() != 0;
    pthread_mutex_unlock(&users_lock);
    grpc_init();
}

/*
 * A channel holds the library until the last of its parts is gone. A thread of the library's may drop that a moment
 * after grpc_shutdown_blocking(), which then was not the last, and the end goes on behind our back.
 *
 * There is nothing to wait on but this question; once in fifty times it is asked more than once. Of the C API of 1.51, neither tells
 * of that last reference: a completion queue's GRPC_QUEUE_SHUTDOWN comes when no operation is pending, grpc_server_shutdown_and_notify()
 * when no call is open, a watch of a channel's connectivity ends with the channel. grpc_shutdown_blocking() itself waits only in the
 * thread that drops it, and grpc_maybe_wait_for_async_shutdown() only once it is dropped.
 */
static bool is_ending(void)
{
    pthread_mutex_lock(&users_lock);
    bool ending = users == 0 && !others;
    pthread_mutex_unlock(&users_lock);
    return ending;
}

void rpc_core_done(void)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    /* The blocking form, although marked deprecated: it leaves no thread behind that still cleans up at exit. */
    grpc_shutdown_blocking();
    pthread_mutex_lock(&users_lock);
    users--;
    pthread_mutex_unlock(&users_lock);
    for (unsigned i = 0; i < HELD_PAUSES_MAX && is_ending() && grpc_is_initialized(); i++)
        nanosleep(&pause, NULL);
    abseil_function *wait_for_the_end = is_ending() ? function_named(async_shutdown) : NULL;
    if (wait_for_the_end != NULL)
        wait_for_the_end(0);
}
