#include "common/commandline/options.h"
#include "common/foundation/buffer.h"
#include "common/foundation/text.h"

#include <sluice/version.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define WHOLE_MAX 1e18 /* whole numbers up to this are printed with all their digits */

enum { NAMES_MAX = 128 };

void option_list_done(struct option_list *list)
{
    free(list->values);
    *list = (struct option_list){0};
}

/* A command line while it is read. */
struct reading {
    const struct command *command;
    char *settings;
    int argc;
    char **argv;
    int index; /* of the argument that is read */
};

static void *target_of(const struct reading *reading, const struct option *option)
{
    return reading->settings + option->field;
}

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

static void complain_unknown(const struct command *command, const char *name, size_t size)
{
    const char *names[NAMES_MAX + 3];
    size_t count = 0;
    for (const struct option *option = command->options; option->name != NULL && count < NAMES_MAX; option++)
        if (option->kind != OPTION_HEADING)
            names[count++] = option->name;
    names[count++] = "help";
    if (command->program)
        names[count++] = "version";
    names[count] = NULL;
    char wanted[64];
    snprintf(wanted, sizeof wanted, "%.*s", (int)size, name);
    const char *nearest = text_nearest(wanted, names);
    if (nearest != NULL)
        command_complain(command, "there is no option --%s; did you mean --%s?", wanted, nearest);
    else
        command_complain(command, "there is no option --%s", wanted);
}

static bool add_to_list(const struct reading *reading, const struct option *option, const char *text)
{
    struct option_list *list = target_of(reading, option);
    if (list->count == OPTION_LIST_MAX) {
        command_complain(reading->command, "--%s and its like are given more than %d times", option->name,
                         OPTION_LIST_MAX);
        return false;
    }
    if ((list->count & (list->count - 1)) == 0) {
        size_t capacity = list->count == 0 ? 1 : list->count * 2;
        struct option_value *values = realloc(list->values, capacity * sizeof *values);
        if (values == NULL) {
            command_complain(reading->command, "out of memory");
            return false;
        }
        list->values = values;
    }
    list->values[list->count++] = (struct option_value){option, text};
    return true;
}

const char *option_number_text(double number, char text[OPTION_NUMBER_SIZE])
{
    bool whole = number >= -WHOLE_MAX && number <= WHOLE_MAX && number == (double)(long long)number;
    snprintf(text, OPTION_NUMBER_SIZE, whole ? "%.0f" : "%.15g", number);
    return text;
}

static bool read_number(const struct reading *reading, const struct option *option, const char *text)
{
    char *end;
    errno = 0;
    double number = strtod(text, &end);
    bool whole = option->kind == OPTION_INTEGER;
    if (end == text || *end != '\0' || errno != 0 || !(number >= option->minimum) ||
        number > option->maximum || (whole && number != (double)(long long)number)) {
        char minimum[OPTION_NUMBER_SIZE], maximum[OPTION_NUMBER_SIZE];
        command_complain(reading->command, "--%s wants a %snumber from %s to %s, not \"%s\"", option->name,
                         whole ? "whole " : "", option_number_text(option->minimum, minimum),
                         option_number_text(option->maximum, maximum), text);
        return false;
    }
    *(double *)target_of(reading, option) = number;
    return true;
}

static bool read_text(const struct reading *reading, const struct option *option, const char *text)
{
    *(const char **)target_of(reading, option) = text;
    if (option->choices == NULL)
        return true;
    for (const char *const *choice = option->choices; *choice != NULL; choice++)
        if (strcasecmp(*choice, text) == 0)
            return true;
    struct buffer choices;
    const char *nearest = text_nearest(text, option->choices);
    buffer_init(&choices, BUFFER_NO_LIMIT);
    for (const char *const *choice = option->choices; *choice != NULL; choice++)
        buffer_printf(&choices, " %s%s", *choice, choice[1] == NULL ? "" : choice[2] == NULL ? " or" : ",");
    command_complain(reading->command, "--%s can be%s, not \"%s\"%s%s%s", option->name, buffer_text(&choices), text,
                     nearest != NULL ? "; did you mean " : "", nearest != NULL ? nearest : "", nearest != NULL ? "?" : "");
    buffer_done(&choices);
    return false;
}

/* Store the value of one option that has one. */
static bool store(const struct reading *reading, const struct option *option, const char *value)
{
    switch (option->kind) {
    case OPTION_TEXT: return read_text(reading, option, value);
    case OPTION_NUMBER:
    case OPTION_INTEGER: return read_number(reading, option, value);
    case OPTION_LIST:
    case OPTION_INPUT: return add_to_list(reading, option, value);
    case OPTION_FLAG:
    case OPTION_HEADING: break;
    }
    return false;
}

/* Store an option's value, which stands behind it (`inline_value`) or is the next argument. */
static bool read_value(struct reading *reading, const struct option *option, const char *inline_value)
{
    if (inline_value == NULL && reading->index + 1 == reading->argc) {
        command_complain(reading->command, "--%s needs a value: %s", option->name, option->value);
        return false;
    }
    return store(reading, option, inline_value != NULL ? inline_value : reading->argv[++reading->index]);
}

/* --name, --name value, --name=value */
static bool read_long(struct reading *reading, const char *name)
{
    size_t size = strcspn(name, "=");
    const char *inline_value = name[size] == '=' ? name + size + 1 : NULL;
    const struct option *option = find_option(reading->command->options, name, size);
    if (option == NULL) {
        complain_unknown(reading->command, name, size);
        return false;
    }
    if (option->kind != OPTION_FLAG)
        return read_value(reading, option, inline_value);
    if (inline_value != NULL) {
        command_complain(reading->command, "--%s takes no value", option->name);
        return false;
    }
    *(bool *)target_of(reading, option) = true;
    return true;
}

/* -n value, -nvalue, and flags in front of it: -kqn value */
static bool read_letters(struct reading *reading, const char *letters)
{
    for (; *letters != '\0'; letters++) {
        const struct option *option = find_letter(reading->command->options, *letters);
        if (option == NULL) {
            size_t size = 1;
            while (((unsigned char)letters[size] & 0xC0) == 0x80) /* the rest of a character of UTF-8 */
                size++;
            command_complain(reading->command, "there is no option -%.*s", (int)size, letters);
            return false;
        }
        if (option->kind != OPTION_FLAG)
            return read_value(reading, option, letters[1] != '\0' ? letters + 1 : NULL);
        *(bool *)target_of(reading, option) = true;
    }
    return true;
}

/* --help, -h and a program's --version are answered here. */
static bool is_answered(const struct command *command, const char *argument)
{
    if (strcmp(argument, "--help") == 0 || strcmp(argument, "-h") == 0)
        options_help(command, stdout);
    else if (command->program && strcmp(argument, "--version") == 0)
        printf("%s %s\n", command->name, SLUICE_VERSION);
    else
        return false;
    return true;
}

static bool check_count(const struct command *command, size_t count, char **argv)
{
    if (count < command->least)
        command_complain(command, "%s missing", command->arguments);
    else if (count > command->most && command->most == 0)
        command_complain(command, "takes no arguments, but got \"%s\"", argv[1]);
    else if (count > command->most)
        command_complain(command, "too many arguments, wanted: %s", command->arguments);
    else
        return true;
    return false;
}

enum options_outcome options_read(const struct command *command, void *settings, int argc, char **argv,
                                  int *ret_positional)
{
    struct reading reading = {command, settings, argc, argv, 1};
    int positional = 0;
    bool only_positional = false;
    for (; reading.index < argc; reading.index++) {
        char *argument = argv[reading.index];
        if (only_positional || argument[0] != '-' || argument[1] == '\0') {
            argv[1 + positional++] = argument;
        } else if (strcmp(argument, "--") == 0) {
            only_positional = true;
        } else if (is_answered(command, argument)) {
            return OPTIONS_HELPED;
        } else if (argument[1] == '-' ? !read_long(&reading, argument + 2) : !read_letters(&reading, argument + 1)) {
            return OPTIONS_WRONG;
        }
    }
    if (!check_count(command, (size_t)positional, argv))
        return OPTIONS_WRONG;
    *ret_positional = positional;
    return OPTIONS_GO;
}
