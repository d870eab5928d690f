/* report.c - what a command prints as a whole: lines on stderr, a result on stdout. */
#include "common/commandline/options.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "common/foundation/status.h"
#include "common/foundation/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* `start`, what `format` makes and `end` as one line, in one piece. */
static void write_line(const char *start, const char *format, va_list arguments, const char *end)
{
    char *text = NULL;
    struct buffer line;
    int size = vasprintf(&text, format, arguments);
    buffer_init(&line, BUFFER_NO_LIMIT);
    buffer_append_text(&line, start);
    if (size >= 0) {
        text_append_line(&line, text, (size_t)size);
        free(text);
    }
    buffer_append_text(&line, end);
    buffer_append_byte(&line, '\n');
    fwrite(line.data, 1, line.size, stderr);
    buffer_done(&line);
}

void report_line(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    write_line("sluice: ", format, arguments, "");
    va_end(arguments);
}

int report_error(const sluice_error *error)
{
    report_line("%s%s%s", error->where, error->where[0] != '\0' ? ": " : "", error->text);
    return status_codes_of(error->status)->exit_code;
}

int command_complain(const struct command *command, const char *format, ...)
{
    char start[64], end[80];
    va_list arguments;
    snprintf(start, sizeof start, "%s: ", command->name);
    snprintf(end, sizeof end, "; see %s --help", command->name);
    va_start(arguments, format);
    write_line(start, format, arguments, end);
    va_end(arguments);
    return EXIT_USAGE;
}

sluice_status report_result(const struct buffer *text, sluice_error *error)
{
    if (text->failed != SLUICE_OK)
        return sluice_fail(error, text->failed, "(stdout)", "no memory for what is to be printed");
    sluice_error cause;
    sluice_status status = file_write_all(STDOUT_FILENO, text->data, text->size, &cause);
    return status == SLUICE_OK ? SLUICE_OK : sluice_fail(error, status, "(stdout)", "%s", cause.text);
}
