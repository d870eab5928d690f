#include "tools/options.h"
#include "common/foundation/status.h"
#include "common/foundation/text.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HELP_WIDTH = 100, HELP_INDENT = 6, NAMES_MAX = 128 };

int report_error(const sluice_error *error)
{
    if (error->where[0] != '\0')
        fprintf(stderr, "sluice: %s: %s\n", error->where, error->text);
    else
        fprintf(stderr, "sluice: %s\n", error->text);
    return status_codes_of(error->status)->exit_code;
}

void option_list_done(struct option_list *list)
{
    free(list->values);
    *list = (struct option_list){0};
}

/* ---- help ---- */

/* Words of `text`, broken at HELP_WIDTH; a newline in the text starts a new line. */
static void print_wrapped(FILE *stream, const char *text, size_t indent)
{
    size_t column = 0;
    while (*text != '\0') {
        size_t word = strcspn(text, " \n");
        if (column > indent && column + 1 + word > HELP_WIDTH) {
            fputc('\n', stream);
            column = 0;
        }
        if (column == 0)
            column = (size_t)fprintf(stream, "%*s", (int)indent, "");
        else if (column > indent && word > 0)
            column += (size_t)fprintf(stream, " ");
        column += (size_t)fprintf(stream, "%.*s", (int)word, text);
        text += word;
        if (*text == '\n') {
            fputc('\n', stream);
            column = 0;
        }
        text += *text != '\0';
    }
    if (column > 0)
        fputc('\n', stream);
}

static void print_option(FILE *stream, const struct option *option)
{
    if (option->kind == OPTION_HEADING) {
        fprintf(stream, "\n%s\n", option->help);
        return;
    }
    fputs("  ", stream);
    if (option->letter != '\0')
        fprintf(stream, "-%c, ", option->letter);
    fprintf(stream, "--%s%s%s\n", option->name, option->value != NULL ? " " : "",
            option->value != NULL ? option->value : "");
    print_wrapped(stream, option->help, HELP_INDENT);
}

void options_help(const struct command *command, const struct option *options, FILE *stream)
{
    fprintf(stream, "usage: sluice %s [options]%s%s\n\n", command->name, command->arguments[0] != '\0' ? " " : "",
            command->arguments);
    print_wrapped(stream, command->help, 0);
    if (options->name == NULL || options->kind != OPTION_HEADING)
        fputs("\nOptions:\n", stream);
    for (const struct option *option = options; option->name != NULL; option++)
        print_option(stream, option);
    fprintf(stream, "  -h, --help\n%*sPrint this.\n", HELP_INDENT, "");
    if (command->examples != NULL)
        fprintf(stream, "\nExamples:\n%s", command->examples);
    fputs("\nExit codes: 0 success, 1 bad input, 2 wrong command line, 3 unreachable or shutting down, 4 a limit,\n"
          "5 timed out, 6 cancelled, 7 an executor failed, 9 a system error. See docs/cli.md.\n",
          stream);
}

/* ---- reading ---- */

static const struct option *find_option(const struct option *options, const char *name, size_t size)
{
    for (; options->name != NULL; options++)
        if (options->kind != OPTION_HEADING && strncmp(options->name, name, size) == 0 && options->name[size] == '\0')
            return options;
    return NULL;
}

static const struct option *find_letter(const struct option *options, char letter)
{
    for (; options->name != NULL; options++)
        if (options->kind != OPTION_HEADING && options->letter == letter)
            return options;
    return NULL;
}

static void __attribute__((format(printf, 2, 3))) complain(const struct command *command, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fprintf(stderr, "sluice %s: ", command->name);
    vfprintf(stderr, format, arguments);
    fprintf(stderr, "; see sluice %s --help\n", command->name);
    va_end(arguments);
}

static void complain_unknown(const struct command *command, const struct option *options, const char *name, size_t size)
{
    const char *names[NAMES_MAX + 2];
    size_t count = 0;
    for (const struct option *option = options; option->name != NULL && count < NAMES_MAX; option++)
        if (option->kind != OPTION_HEADING)
            names[count++] = option->name;
    names[count++] = "help";
    names[count] = NULL;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%.*s", (int)size, name);
    const char *nearest = text_nearest(wanted, names);
    if (nearest != NULL)
        complain(command, "there is no option --%s; did you mean --%s?", wanted, nearest);
    else
        complain(command, "there is no option --%s", wanted);
}

static bool add_to_list(const struct command *command, const struct option *option, const char *text)
{
    struct option_list *list = option->target;
    if (list->count == OPTION_LIST_MAX) {
        complain(command, "--%s and its like are given more than %d times", option->name, OPTION_LIST_MAX);
        return false;
    }
    if ((list->count & (list->count - 1)) == 0) {
        size_t capacity = list->count == 0 ? 1 : list->count * 2;
        struct option_value *values = realloc(list->values, capacity * sizeof *values);
        if (values == NULL) {
            complain(command, "out of memory");
            return false;
        }
        list->values = values;
    }
    list->values[list->count++] = (struct option_value){option, text};
    return true;
}

static bool read_number(const struct command *command, const struct option *option, const char *text)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    bool whole = option->kind == OPTION_INTEGER;
    if (end == text || *end != '\0' || errno != 0 || isnan(number) || number < option->minimum ||
        number > option->maximum || (whole && number != floor(number))) {
        complain(command, "--%s wants a %snumber from %.15g to %.15g, not \"%s\"", option->name, whole ? "whole " : "",
                 option->minimum, option->maximum, text);
        return false;
    }
    *(double *)option->target = number;
    return true;
}

static bool read_text(const struct command *command, const struct option *option, const char *text)
{
    *(const char **)option->target = text;
    if (option->choices == NULL)
        return true;
    for (const char *const *choice = option->choices; *choice != NULL; choice++)
        if (strcmp(*choice, text) == 0)
            return true;
    const char *nearest = text_nearest(text, option->choices);
    fprintf(stderr, "sluice %s: --%s can be", command->name, option->name);
    for (const char *const *choice = option->choices; *choice != NULL; choice++)
        fprintf(stderr, " %s%s", *choice, choice[1] != NULL ? "," : "");
    fprintf(stderr, ", not \"%s\"", text);
    if (nearest != NULL)
        fprintf(stderr, "; did you mean %s?", nearest);
    fputc('\n', stderr);
    return false;
}

/* Store one option; `value` NULL: a flag. */
static bool store(const struct command *command, const struct option *option, const char *value)
{
    switch (option->kind) {
    case OPTION_FLAG: *(bool *)option->target = true; return true;
    case OPTION_TEXT: return read_text(command, option, value);
    case OPTION_NUMBER:
    case OPTION_INTEGER: return read_number(command, option, value);
    case OPTION_LIST:
    case OPTION_INPUT: return add_to_list(command, option, value);
    case OPTION_HEADING: break;
    }
    return false;
}

/* The option of argv[*index]; takes the next argument as its value where it needs one. */
static bool read_one(const struct command *command, const struct option *options, int argc, char **argv, int *index)
{
    const char *argument = argv[*index], *inline_value = NULL;
    const struct option *option;
    if (argument[1] == '-') {
        size_t size = strcspn(argument + 2, "=");
        option = find_option(options, argument + 2, size);
        if (option == NULL) {
            complain_unknown(command, options, argument + 2, size);
            return false;
        }
        if (argument[2 + size] == '=')
            inline_value = argument + 3 + size;
    } else {
        option = find_letter(options, argument[1]);
        if (option == NULL) {
            complain(command, "there is no option -%c", argument[1]);
            return false;
        }
        if (argument[2] != '\0')
            inline_value = argument + 2;
    }
    if (option->kind == OPTION_FLAG) {
        if (inline_value == NULL)
            return store(command, option, NULL);
        complain(command, "--%s takes no value", option->name);
        return false;
    }
    if (inline_value == NULL) {
        if (*index + 1 == argc) {
            complain(command, "--%s needs a value: %s", option->name, option->value);
            return false;
        }
        inline_value = argv[++*index];
    }
    return store(command, option, inline_value);
}

enum options_outcome options_read(const struct command *command, const struct option *options, int argc, char **argv,
                                  int *ret_positional)
{
    int positional = 0;
    bool only_positional = false;
    for (int i = 1; i < argc; i++) {
        char *argument = argv[i];
        if (only_positional || argument[0] != '-' || argument[1] == '\0') {
            argv[1 + positional++] = argument;
        } else if (strcmp(argument, "--") == 0) {
            only_positional = true;
        } else if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0) {
            options_help(command, options, stdout);
            return OPTIONS_HELPED;
        } else if (!read_one(command, options, argc, argv, &i)) {
            return OPTIONS_WRONG;
        }
    }
    if ((size_t)positional < command->least || (size_t)positional > command->most) {
        complain(command, (size_t)positional < command->least ? "%s missing" : "too many arguments, wanted: %s",
                 command->arguments);
        return OPTIONS_WRONG;
    }
    *ret_positional = positional;
    return OPTIONS_GO;
}
