/* sluice - the command for people. Manual: docs/cli.md. */
#include "common/foundation/log.h"
#include "common/foundation/status.h"
#include "tools/commands.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

/* A descriptor that we got closed would be given to the next file or socket, and what is printed would go there. It is
 * opened the wrong way round, so that using it fails as before. */
static void hold_standard_descriptors(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && errno == EBADF && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            _exit(status_codes_of(SLUICE_SYSTEM)->exit_code);
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    log_init("sluice");
    int code = commands_run(argc, argv);
    if (code == 0 && (fflush(stdout) != 0 || ferror(stdout))) {
        perror("sluice: (stdout): cannot write");
        code = status_codes_of(SLUICE_SYSTEM)->exit_code;
    }
    return code;
}
