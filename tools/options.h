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
    OPTION_FLAG,    /* bool: set to true */
    OPTION_TEXT,    /* const char * */
    OPTION_LIST,    /* struct option_list: may be given several times */
    OPTION_NUMBER,  /* double, within minimum … maximum */
    OPTION_INTEGER, /* the same, without a fraction */
    OPTION_INPUT,   /* struct option_list; rows with the same target share one list, in the order given */
    OPTION_HEADING  /* no option: a line between groups in --help */
};

struct option {
    const char *name; /* "text" for --text */
    char letter;      /* 'h' for -h; 0: none */
    enum option_kind kind;
    const char *value; /* how --help calls the value: "FILE" */
    const char *help;  /* one or more sentences */
    void *target;
    double minimum, maximum;    /* of OPTION_NUMBER and OPTION_INTEGER */
    const char *const *choices; /* of OPTION_TEXT, ended by NULL; or NULL */
};

/* Rows of a table. `letter` 0: none. */
/* clang-format off */
#define OPTION_GROUP(title)                             {"", 0, OPTION_HEADING, NULL, title, NULL, 0, 0, NULL}
#define FLAG_OPTION(name, letter, target, help)         {name, letter, OPTION_FLAG, NULL, help, target, 0, 0, NULL}
#define TEXT_OPTION(name, letter, value, target, help)  {name, letter, OPTION_TEXT, value, help, target, 0, 0, NULL}
#define LIST_OPTION(name, letter, value, target, help)  {name, letter, OPTION_LIST, value, help, target, 0, 0, NULL}
#define INPUT_OPTION(name, letter, value, target, help) {name, letter, OPTION_INPUT, value, help, target, 0, 0, NULL}
#define NUMBER_OPTION(name, letter, value, target, minimum, maximum, help) \
    {name, letter, OPTION_NUMBER, value, help, target, minimum, maximum, NULL}
#define INTEGER_OPTION(name, letter, value, target, minimum, maximum, help) \
    {name, letter, OPTION_INTEGER, value, help, target, minimum, maximum, NULL}
#define OPTIONS_END {NULL, 0, OPTION_HEADING, NULL, NULL, NULL, 0, 0, NULL}
/* clang-format on */

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
