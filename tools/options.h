/*
 * options.h - command lines, read from tables.
 *
 * A command describes itself once: its options, what they mean and where their values go. From that come parsing,
 * `--help`, and the suggestion for a misspelt option. `--name value`, `--name=value`, `-n value` and `--` are
 * understood; options and positional arguments may be mixed. Values are pointers into argv, or numbers in range.
 * Single-threaded.
 */
#ifndef SLUICE_TOOLS_OPTIONS_H
#define SLUICE_TOOLS_OPTIONS_H

#include <sluice/error.h>

#include <stdbool.h>
#include <stdio.h>

/* The command line itself is wrong; the other exit codes are those of common/foundation/status.h. */
#define EXIT_USAGE 2

enum option_kind {
    OPTION_FLAG,   /* bool: set to true */
    OPTION_TEXT,   /* const char * */
    OPTION_LIST,   /* struct option_list: may be given several times */
    OPTION_NUMBER, /* double, within minimum … maximum */
    OPTION_INPUT,  /* struct option_list; rows with the same target share one list, in the order given */
    OPTION_HEADING /* no option: a line between groups in --help */
};

struct option {
    const char *name; /* "text" for --text */
    char letter;      /* 'h' for -h; 0: none */
    enum option_kind kind;
    const char *value; /* how --help calls the value: "FILE" */
    const char *help;  /* one or more sentences */
    void *target;
    double minimum, maximum;    /* of OPTION_NUMBER */
    const char *const *choices; /* of OPTION_TEXT, ended by NULL; or NULL */
};

enum { OPTION_LIST_MAX = 4096 };

/* Values in the order given, each with the option that brought it. */
struct option_list {
    struct option_value {
        const struct option *option;
        const char *text;
    } * values;
    size_t count;
};

void option_list_done(struct option_list *list);

struct command {
    const char *name;                  /* "post" */
    const char *arguments;             /* "URI ENDPOINT" */
    const char *summary;               /* one line for the list of commands */
    const char *help;                  /* paragraphs for --help */
    const char *examples;              /* lines, or NULL */
    size_t least, most;                /* positional arguments */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; gives the exit code */
};

enum options_outcome { OPTIONS_GO, OPTIONS_HELPED, OPTIONS_WRONG };

/*
 * Read argv[1] …; positional arguments are moved to the front of argv (from argv[1]) and counted in *ret_positional.
 * `options` ends with a row of name NULL; --help is understood without a row. OPTIONS_WRONG: said so on stderr.
 */
enum options_outcome options_read(const struct command *command, const struct option *options, int argc, char **argv,
                                  int *ret_positional);

void options_help(const struct command *command, const struct option *options, FILE *stream);

/* Print an error on stderr ("sluice: where: text") and give its exit code. */
int report_error(const sluice_error *error);

#endif
