/*
 * options.h - command lines, read from tables.
 *
 * A command describes itself once: its options, what they mean and where their values go. From that come parsing,
 * `--help`, the suggestion for a misspelt option, the man page and what a shell completes. `--name value`,
 * `--name=value`, `-n value`, `-nvalue`, flags together (`-kq`) and `--` are understood; options and positional
 * arguments may be mixed. Values are pointers into argv, or numbers in range. Single-threaded.
 */
#ifndef SLUICE_COMMANDLINE_OPTIONS_H
#define SLUICE_COMMANDLINE_OPTIONS_H

#include <sluice/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct buffer;

/* The command line itself is wrong; the other exit codes are those of common/foundation/status.h. */
#define EXIT_USAGE 2

enum option_kind {
    OPTION_FLAG,    /* bool: set to true */
    OPTION_TEXT,    /* const char * */
    OPTION_LIST,    /* struct option_list: may be given several times */
    OPTION_NUMBER,  /* double, within minimum … maximum */
    OPTION_INTEGER, /* the same, without a fraction */
    OPTION_INPUT,   /* struct option_list; rows of the same field share one list, in the order given */
    OPTION_HEADING  /* no option: a line between groups in --help */
};

struct option {
    const char *name; /* "text" for --text */
    char letter;      /* 'h' for -h; 0: none */
    enum option_kind kind;
    const char *value; /* how --help calls the value; shells complete "FILE" and "FOLDER" */
    const char *help;  /* one or more sentences; what stands in backquotes is code */
    size_t field;      /* where the value goes: offset in the command's settings */
    double minimum, maximum;    /* of OPTION_NUMBER and OPTION_INTEGER */
    const char *const *choices; /* of OPTION_TEXT, ended by NULL, in any letter case; or NULL */
};

/* Rows of a table. `letter` 0: none. `field` is a member of the `struct settings` that the command's file defines. */
/* clang-format off */
#define OPTION_FIELD(field)                            offsetof(struct settings, field)
#define OPTION_GROUP(title)                            {"", 0, OPTION_HEADING, NULL, title, 0, 0, 0, NULL}
#define FLAG_OPTION(name, letter, field, help)         {name, letter, OPTION_FLAG, NULL, help, OPTION_FIELD(field), 0, 0, NULL}
#define TEXT_OPTION(name, letter, value, field, help)  {name, letter, OPTION_TEXT, value, help, OPTION_FIELD(field), 0, 0, NULL}
#define LIST_OPTION(name, letter, value, field, help)  {name, letter, OPTION_LIST, value, help, OPTION_FIELD(field), 0, 0, NULL}
#define INPUT_OPTION(name, letter, value, field, help) {name, letter, OPTION_INPUT, value, help, OPTION_FIELD(field), 0, 0, NULL}
#define CHOICE_OPTION(name, letter, value, field, choices, help) \
    {name, letter, OPTION_TEXT, value, help, OPTION_FIELD(field), 0, 0, choices}
#define NUMBER_OPTION(name, letter, value, field, minimum, maximum, help) \
    {name, letter, OPTION_NUMBER, value, help, OPTION_FIELD(field), minimum, maximum, NULL}
#define INTEGER_OPTION(name, letter, value, field, minimum, maximum, help) \
    {name, letter, OPTION_INTEGER, value, help, OPTION_FIELD(field), minimum, maximum, NULL}
#define OPTIONS_END {NULL, 0, OPTION_HEADING, NULL, NULL, 0, 0, 0, NULL}
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

/* What an argument can be, for completion: words with spaces between, or one of these. */
#define COMPLETE_FILES    "@files"
#define COMPLETE_FOLDERS  "@folders"
#define COMPLETE_PLUGINS  "@plugins" /* plugins that are found, and files */
#define COMPLETE_COMMANDS "@commands"

enum { COMMAND_COMPLETES = 2 };

struct command {
    const char *name; /* as it is typed: "sluice post", "sluice-gateway" */
    bool program;     /* a program of its own: it has --version, and `arguments` says its options too */
    const char *arguments;                    /* "URI ENDPOINT"; one line for each way to call it */
    const char *completes[COMMAND_COMPLETES]; /* of the first and of all further arguments; NULL: nothing */
    const char *summary;                      /* one line for the list of commands */
    const char *help;                         /* paragraphs, an empty line between; backquotes as above */
    const char *examples;                     /* lines, or NULL */
    const char *exits;                        /* what the exit codes mean; NULL: those of common/foundation/status.h */
    size_t least, most;                       /* positional arguments */
    const struct option *options;             /* ended by a row of name NULL */
    int (*run)(int argc, char **argv); /* argv[0] is the command's name; gives the exit code. NULL for programs */
};

enum options_outcome { OPTIONS_GO, OPTIONS_HELPED, OPTIONS_WRONG };

/*
 * Read argv[1] … into `settings`, the command's struct with its defaults; positional arguments are moved to the front of
 * argv (from argv[1]) and counted in *ret_positional. --help, and of a program --version, are understood without a row
 * and answered on stdout. OPTIONS_WRONG: said so on stderr.
 */
enum options_outcome options_read(const struct command *command, void *settings, int argc, char **argv,
                                  int *ret_positional);

/* On a terminal as wide as it is, at most HELP_WIDTH columns. */
enum { HELP_WIDTH = 100, HELP_WIDTH_LEAST = 40 };
void options_help(const struct command *command, FILE *stream);

/* A number for people: all digits of a whole one, 15 of others. Gives `text`. */
enum { OPTION_NUMBER_SIZE = 32 };
const char *option_number_text(double number, char text[OPTION_NUMBER_SIZE]);

/* Words of `text` in lines of that width, each after `indent` spaces; a newline in the text starts a new line. */
void help_wrapped(FILE *stream, const char *text, size_t indent);

/* The exit codes of the table in common/foundation/status.h; ended by a row of meaning NULL. */
struct exit_code {
    int code;
    const char *meaning;
};
extern const struct exit_code exit_codes[];

/* One line on stderr, "sluice: …". Whatever is in the text, it stays one line, and a terminal shows it (text_append_line()). */
void report_line(const char *format, ...) SLUICE_PRINTF(1, 2);

/* Say so what is wrong with the command line ("sluice post: …; see sluice post --help"); gives EXIT_USAGE. */
int command_complain(const struct command *command, const char *format, ...) SLUICE_PRINTF(2, 3);

/* Say so what an error is ("sluice: where: text"); gives its exit code. */
int report_error(const sluice_error *error);

/* Write a result to standard output. SLUICE_SYSTEM: it does not take all of it; a buffer that has failed gives its status. */
sluice_status report_result(const struct buffer *text, sluice_error *error);

#endif
