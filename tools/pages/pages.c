/*
 * pages.c - a program of the build: `sluice_pages FOLDER DATE` writes man pages and completions below FOLDER, where they
 * are installed below share/.
 */
#include "executor/host/options.h"
#include "gateway/arguments.h"
#include "tools/commands.h"
#include "tools/pages/completion.h"
#include "tools/pages/manual.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { PATH_SIZE = 4096, PAGES_MAX = 64 };

/* Open FOLDER/path for writing, its folders made; ends the program when that fails. */
static FILE *begin(const char *folder, const char *path)
{
    char whole[PATH_SIZE];
    snprintf(whole, sizeof whole, "%s/%s", folder, path);
    for (char *slash = strchr(whole + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (mkdir(whole, 0777) != 0 && errno != EEXIST) {
            perror(whole);
            exit(EXIT_FAILURE);
        }
        *slash = '/';
    }
    FILE *stream = fopen(whole, "w");
    if (stream == NULL) {
        perror(whole);
        exit(EXIT_FAILURE);
    }
    return stream;
}

static void end(FILE *stream)
{
    if (ferror(stream) || fclose(stream) != 0) {
        perror("sluice_pages");
        exit(EXIT_FAILURE);
    }
}

static void write_manual(const char *folder, const struct command *command, const struct command *const *others,
                         const char *date)
{
    char name[64], path[128];
    manual_name(command, name, sizeof name);
    snprintf(path, sizeof path, "man/man1/%s.1", name);
    FILE *stream = begin(folder, path);
    manual_write(command, others, date, stream);
    end(stream);
}

int main(int argc, char **argv)
{
    const struct command *all[PAGES_MAX + 3] = {&command_sluice};
    size_t count = 1;
    if (argc != 3) {
        fputs("usage: sluice_pages FOLDER DATE\n", stderr);
        return EXIT_FAILURE;
    }
    for (size_t i = 0; commands[i] != NULL && count < PAGES_MAX; i++)
        all[count++] = commands[i];
    all[count++] = &command_gateway;
    all[count++] = &command_executor;
    write_manual(argv[1], &command_sluice, all + 1, argv[2]);
    for (size_t i = 1; i < count; i++)
        write_manual(argv[1], all[i], all, argv[2]);
    FILE *bash = begin(argv[1], "bash-completion/completions/sluice");
    completion_bash(bash);
    end(bash);
    FILE *zsh = begin(argv[1], "zsh/site-functions/_sluice");
    completion_zsh(zsh);
    end(zsh);
    return EXIT_SUCCESS;
}
