/* sluice - the command for people. Manual: docs/cli.md. */
#include "common/foundation/log.h"
#include "common/foundation/status.h"
#include "tools/commands.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    log_init("sluice");
    int code = commands_run(argc, argv);
    if (code == 0 && (fflush(stdout) != 0 || ferror(stdout))) {
        perror("sluice: (stdout): cannot write");
        code = status_codes_of(SLUICE_SYSTEM)->exit_code;
    }
    return code;
}
