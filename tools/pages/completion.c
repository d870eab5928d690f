/* sluice completion - what bash and zsh need to complete the commands. */
#include "tools/pages/completion.h"
#include "tools/commands.h"

#include <string.h>

const char *completion_of_value(const struct option *option, char *buffer, size_t capacity)
{
    size_t size = 0;
    if (option->value == NULL)
        return "";
    if (strcmp(option->value, "FILE") == 0)
        return COMPLETE_FILES;
    if (strcmp(option->value, "FOLDER") == 0)
        return COMPLETE_FOLDERS;
    buffer[0] = '\0';
    for (const char *const *choice = option->choices; choice != NULL && *choice != NULL && size < capacity; choice++)
        size += (size_t)snprintf(buffer + size, capacity - size, "%s%s", size > 0 ? " " : "", *choice);
    return buffer;
}

struct settings {
    bool nothing;
};

static const struct option options[] = {OPTIONS_END};

static int run(int argc, char **argv)
{
    struct settings settings = {0};
    int count;
    enum options_outcome outcome = options_read(&command_completion, &settings, argc, argv, &count);
    if (outcome != OPTIONS_GO)
        return outcome == OPTIONS_HELPED ? 0 : EXIT_USAGE;
    if (strcmp(argv[1], "bash") == 0)
        completion_bash(stdout);
    else if (strcmp(argv[1], "zsh") == 0)
        completion_zsh(stdout);
    else
        return command_complain(&command_completion, "there is no completion for \"%s\"; say bash or zsh", argv[1]);
    return 0;
}

const struct command command_completion = {
    .name = "sluice completion",
    .arguments = "bash|zsh",
    .completes = {"bash zsh"},
    .summary = "Print what a shell needs to complete these commands",
    .help = "Prints a script by which bash or zsh completes commands, options, their values, files and plugins. An "
            "installation has it where the shells look; by hand it is read at the start of a shell.",
    .examples = "  source <(sluice completion bash)                            in ~/.bashrc\n"
                "  source <(sluice completion zsh)                             in ~/.zshrc, after compinit\n",
    .least = 1,
    .most = 1,
    .options = options,
    .run = run,
};
