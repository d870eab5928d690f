#include "tools/pages/manual.h"

#include <sluice/version.h>

#include <ctype.h>
#include <stdint.h>
#include <string.h>

enum { LINE_WIDTH = 68 /* escapes make lines longer; style asks for less than 80 */, NAME_MAX_SIZE = 64 };

void manual_name(const struct command *command, char *name, size_t capacity)
{
    snprintf(name, capacity, "%s", command->name);
    for (char *at = name; *at != '\0'; at++)
        if (*at == ' ')
            *at = '-';
}

/* ---- characters ---- */

/* One character of UTF-8; gives its bytes. Invalid text does not come from tables. */
static size_t decode(const char *text, uint32_t *ret_character)
{
    const unsigned char *byte = (const unsigned char *)text;
    size_t size = byte[0] < 0x80 ? 1 : byte[0] < 0xE0 ? 2 : byte[0] < 0xF0 ? 3 : 4;
    uint32_t character = size == 1 ? byte[0] : byte[0] & (0x7Fu >> size);
    for (size_t i = 1; i < size; i++)
        character = character << 6 | (byte[i] & 0x3F);
    *ret_character = character;
    return size;
}

/* What roff would make something else of. */
static const char *escape_of(uint32_t character, bool code)
{
    switch (character) {
    case '\\': return "\\e";
    case '\'': return "\\(aq";
    case '`': return "\\(ga";
    case '^': return "\\(ha";
    case '~': return "\\(ti";
    case '-': return code ? "\\-" : NULL;
    default: return NULL;
    }
}

static void put_text(FILE *stream, const char *text, size_t size, bool code)
{
    for (size_t i = 0; i < size;) {
        uint32_t character;
        i += decode(text + i, &character);
        const char *escape = escape_of(character, code);
        if (escape != NULL)
            fputs(escape, stream);
        else if (character < 0x80)
            fputc((int)character, stream);
        else
            fprintf(stream, "\\[u%04X]", character);
    }
}

/* ---- lines ---- */

/* A word of prose: between backquotes bold, as are words that begin like options. `*code`: inside backquotes. */
static void put_word(FILE *stream, const char *word, size_t size, bool *code)
{
    bool option = size > 2 && word[0] == '-' && word[1] == '-';
    if (word[0] == '.')
        fputs("\\&", stream);
    while (size > 0) {
        size_t piece = 0;
        while (piece < size && word[piece] != '`')
            piece++;
        put_text(stream, word, piece, *code || option);
        if (piece < size) {
            *code = !*code;
            fputs(*code ? "\\fB" : "\\fR", stream);
            piece++;
        }
        word += piece;
        size -= piece;
    }
}

/* Prose, filled into short lines; an empty line in it begins a paragraph, which `begin` marks. */
static void put_prose(FILE *stream, const char *text, const char *begin)
{
    size_t column = 0;
    bool code = false;
    while (*text != '\0') {
        if (*text == '\n') {
            if (column > 0)
                fputc('\n', stream);
            if (text[1] == '\n') {
                fprintf(stream, "%s\n", begin);
                text++;
            }
            column = 0;
            text++;
            continue;
        }
        size_t size = strcspn(text, " \n");
        if (size > 0) {
            if (column > 0 && column + 1 + size > LINE_WIDTH) {
                fputc('\n', stream);
                column = 0;
            }
            if (column > 0)
                fputc(' ', stream);
            put_word(stream, text, size, &code);
            column += size + (column > 0);
        }
        text += size + (text[size] == ' ');
    }
    if (column > 0)
        fputc('\n', stream);
}

/* Lines as they are, two spaces at their start taken off. */
static void put_examples(FILE *stream, const char *text)
{
    fputs(".EX\n", stream);
    while (*text != '\0') {
        size_t size = strcspn(text, "\n"), skipped = strncmp(text, "  ", 2) == 0 ? 2 : 0;
        if (text[skipped] == '.')
            fputs("\\&", stream);
        put_text(stream, text + skipped, size - skipped, true);
        fputc('\n', stream);
        text += size + (text[size] == '\n');
    }
    fputs(".EE\n", stream);
}

static void put_upper(FILE *stream, const char *text)
{
    for (; *text != '\0'; text++)
        fputc(*text == '-' ? '-' : toupper((unsigned char)*text), stream);
}

/* ---- sections ---- */

static void put_head(const struct command *command, const char *date, FILE *stream)
{
    char name[NAME_MAX_SIZE];
    manual_name(command, name, sizeof name);
    fputs(".TH ", stream);
    put_upper(stream, name);
    fprintf(stream, " 1 %s \"Sluice %s\" \"User Commands\"\n", date, SLUICE_VERSION);
    fputs(".nh\n.ad l\n", stream); /* names of options are not broken */
    fprintf(stream, ".SH NAME\n%s \\- ", name);
    put_text(stream, command->summary, strlen(command->summary), false);
    fputc('\n', stream);
}

/* One line for each way to call it. */
static void put_synopsis(const struct command *command, FILE *stream)
{
    const char *line = command->arguments;
    fputs(".SH SYNOPSIS\n", stream);
    do {
        size_t size = strcspn(line, "\n");
        fputs(".B ", stream);
        put_text(stream, command->name, strlen(command->name), true);
        fputc('\n', stream);
        if (!command->program)
            fputs("[\\fIoptions\\fR]\n", stream);
        if (size > 0) {
            put_text(stream, line, size, true);
            fputc('\n', stream);
        }
        line += size + (line[size] != '\0');
        if (*line != '\0')
            fputs(".br\n", stream);
    } while (*line != '\0');
}

static void put_option(FILE *stream, char letter, const char *name, const char *value, const char *help)
{
    fputs(".TP\n", stream);
    if (letter != '\0')
        fprintf(stream, "\\fB\\-%c\\fR, ", letter);
    fputs("\\fB\\-\\-", stream);
    put_text(stream, name, strlen(name), true);
    fputs("\\fR", stream);
    if (value != NULL) {
        fputs(" \\fI", stream);
        put_text(stream, value, strlen(value), true);
        fputs("\\fR", stream);
    }
    fputc('\n', stream);
    put_prose(stream, help, ".IP");
}

static void put_options(const struct command *command, FILE *stream)
{
    fputs(".SH OPTIONS\n", stream);
    for (const struct option *option = command->options; option->name != NULL; option++) {
        if (option->kind == OPTION_HEADING) {
            size_t size = strlen(option->help);
            fputs(".SS ", stream);
            put_text(stream, option->help, size - (size > 0 && option->help[size - 1] == ':'), false);
            fputc('\n', stream);
        } else {
            put_option(stream, option->letter, option->name, option->value, option->help);
        }
    }
    if (command->options->name != NULL && command->options->kind == OPTION_HEADING)
        fputs(".SS Help\n", stream);
    put_option(stream, 'h', "help", NULL, "Print a short form of this page.");
    if (command->program)
        put_option(stream, '\0', "version", NULL, "Print the version.");
}

static void put_commands(const struct command *const *others, FILE *stream)
{
    char name[NAME_MAX_SIZE];
    fputs(".SH COMMANDS\n", stream);
    for (; *others != NULL; others++) {
        manual_name(*others, name, sizeof name);
        fputs(".TP\n.BR ", stream);
        put_text(stream, name, strlen(name), true);
        fputs(" (1)\n", stream);
        put_prose(stream, (*others)->summary, ".IP");
    }
}

static void put_exits(const struct command *command, FILE *stream)
{
    fputs(".SH EXIT STATUS\n", stream);
    if (command->exits != NULL) {
        put_prose(stream, command->exits, ".PP");
        return;
    }
    for (const struct exit_code *code = exit_codes; code->meaning != NULL; code++) {
        fprintf(stream, ".TP\n%d\n", code->code);
        put_prose(stream, code->meaning, ".IP");
    }
}

static void put_see_also(const struct command *command, const struct command *const *others, FILE *stream)
{
    char name[NAME_MAX_SIZE];
    bool first = true;
    fputs(".SH SEE ALSO\n", stream);
    for (; *others != NULL; others++) {
        if (*others == command)
            continue;
        if (!first)
            fputs(" ,\n", stream);
        manual_name(*others, name, sizeof name);
        fputs(".BR ", stream);
        put_text(stream, name, strlen(name), true);
        fputs(" (1)", stream);
        first = false;
    }
    fputc('\n', stream);
}

void manual_write(const struct command *command, const struct command *const *others, const char *date, FILE *stream)
{
    bool overview = strcmp(command->name, "sluice") == 0;
    fputs(".\\\" Made from the table that --help is made from.\n", stream);
    put_head(command, date, stream);
    put_synopsis(command, stream);
    fputs(".SH DESCRIPTION\n", stream);
    put_prose(stream, command->help, ".PP");
    if (overview)
        put_commands(others, stream);
    put_options(command, stream);
    put_exits(command, stream);
    if (command->examples != NULL) {
        fputs(".SH EXAMPLES\n", stream);
        put_examples(stream, command->examples);
    }
    if (!overview)
        put_see_also(command, others, stream);
}
