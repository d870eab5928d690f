/* sluice - the command for people. Manual: docs/cli.md. */
#include "common/foundation/log.h"
#include "tools/commands.h"

int main(int argc, char **argv)
{
    log_init("sluice");
    return commands_run(argc, argv);
}
