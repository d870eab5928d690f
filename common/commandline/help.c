/* help.c - what --help prints, from the tables of options.h. */
#include "common/commandline/options.h"

#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { HELP_INDENT = 6 };

const struct exit_code exit_codes[] = {
    {0, "success"},
    {1, "bad input"},
    {2, "wrong command line"},
    {3, "unreachable or shutting down"},
    {4, "a limit"},
    {5, "timed out"},
    {6, "cancelled"},
    {7, "an executor failed"},
    {9, "a system error"},
    {0, NULL},
};

/* Where help goes and how wide it may be. */
struct page {
    FILE *stream;
    size_t width, column;
};

static size_t width_of(FILE *stream)
{
    struct winsize size;
    int fd = fileno(stream);
    if (fd < 0 || ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0 || size.ws_col > HELP_WIDTH)
        return HELP_WIDTH;
    return size.ws_col < HELP_WIDTH_LEAST ? HELP_WIDTH_LEAST : size.ws_col;
}

/* Columns that these bytes of UTF-8 take. */
static size_t columns(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

/* Words of `text`, broken at the page's width; a newline in the text starts a new line. */
static void print_wrapped(struct page *page, const char *text, size_t indent)
{
    page->column = 0;
    while (*text != '\0') {
        size_t word = strcspn(text, " \n"), wide = columns(text, word);
        if (page->column > indent && page->column + 1 + wide > page->width) {
            fputc('\n', page->stream);
            page->column = 0;
        }
        if (page->column == 0 && word > 0) {
            fprintf(page->stream, "%*s", (int)indent, "");
            page->column = indent;
        } else if (page->column > indent && word > 0) {
            fputc(' ', page->stream);
            page->column++;
        }
        fprintf(page->stream, "%.*s", (int)word, text);
        page->column += wide;
        text += word;
        if (*text == '\n') {
            fputc('\n', page->stream);
            page->column = 0;
        }
        text += *text != '\0';
    }
    if (page->column > 0)
        fputc('\n', page->stream);
}

void help_wrapped(FILE *stream, const char *text, size_t indent)
{
    struct page page = {stream, width_of(stream), 0};
    print_wrapped(&page, text, indent);
}

static void print_option(struct page *page, const struct option *option)
{
    if (option->kind == OPTION_HEADING) {
        fputc('\n', page->stream);
        print_wrapped(page, option->help, 0);
        return;
    }
    fputs("  ", page->stream);
    if (option->letter != '\0')
        fprintf(page->stream, "-%c, ", option->letter);
    fprintf(page->stream, "--%s%s%s\n", option->name, option->value != NULL ? " " : "",
            option->value != NULL ? option->value : "");
    print_wrapped(page, option->help, HELP_INDENT);
}

/* One line for each way to call the command. */
static void print_usage(const struct command *command, FILE *stream)
{
    const char *line = command->arguments, *start = "usage:";
    do {
        size_t size = strcspn(line, "\n");
        fprintf(stream, "%s %s%s%s%.*s\n", start, command->name, command->program ? "" : " [options]",
                size > 0 ? " " : "", (int)size, line);
        line += size + (line[size] != '\0');
        start = "      ";
    } while (*line != '\0');
}

static void print_exits(const struct command *command, struct page *page)
{
    char text[512];
    size_t size = 0;
    fputc('\n', page->stream);
    if (command->exits != NULL) {
        snprintf(text, sizeof text, "Exit codes: %s", command->exits);
    } else {
        for (const struct exit_code *code = exit_codes; code->meaning != NULL && size < sizeof text; code++)
            size += (size_t)snprintf(text + size, sizeof text - size, "%s%d %s", size == 0 ? "Exit codes: " : ", ",
                                     code->code, code->meaning);
        if (size < sizeof text)
            snprintf(text + size, sizeof text - size, ". See sluice(1).");
    }
    print_wrapped(page, text, 0);
}

void options_help(const struct command *command, FILE *stream)
{
    struct page page = {stream, width_of(stream), 0};
    print_usage(command, stream);
    fputc('\n', stream);
    print_wrapped(&page, command->help, 0);
    if (command->options->name == NULL || command->options->kind != OPTION_HEADING)
        fputs("\nOptions:\n", stream);
    for (const struct option *option = command->options; option->name != NULL; option++)
        print_option(&page, option);
    fprintf(stream, "  -h, --help\n%*sPrint this.\n", HELP_INDENT, "");
    if (command->program)
        fprintf(stream, "  --version\n%*sPrint the version.\n", HELP_INDENT, "");
    if (command->examples != NULL)
        fprintf(stream, "\nExamples:\n%s", command->examples);
    print_exits(command, &page);
}
