/* core.c: see core.h. */
#include "common/net/grpc/core.h"

#include <dlfcn.h>
#include <grpc/grpc.h>
#include <pthread.h>
#include <string.h>

/*
 * gRPC 1.51 looks at errno only after it has registered the socket that it connects, and so under a lock. The first time
 * in a process that such a lock is contended, Abseil asks for the number of processors and for their frequency, which it
 * reads from /sys. In a container without /sys that leaves ENOENT in errno in place of EINPROGRESS, and the connection
 * fails with "No such file or directory". Both values are kept once they are known: asked for here, they never meet a
 * connection. The names are those of Debian 12's library; where they are others, nothing is asked.
 */
static const char *const kept_by_abseil[] = {
    "_ZN4absl7debian313base_internal7NumCPUsEv",
    "_ZN4absl7debian313base_internal19NominalCPUFrequencyEv",
};

static void ask_beforehand(void)
{
    for (size_t i = 0; i < sizeof kept_by_abseil / sizeof *kept_by_abseil; i++) {
        /* An object pointer is no function pointer in C; POSIX says that the bytes are the same. What a function returns
         * in a register, an int or a double, is not looked at. */
        void *symbol = dlsym(RTLD_DEFAULT, kept_by_abseil[i]);
        void (*function)(void) = NULL;
        if (symbol == NULL)
            continue;
        memcpy(&function, &symbol, sizeof function);
        function();
    }
}

void rpc_core_init(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, ask_beforehand);
    grpc_init();
}
