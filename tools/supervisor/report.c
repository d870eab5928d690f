#include "tools/supervisor/report.h"
#include "common/foundation/file.h"
#include "common/foundation/log.h"
#include "common/foundation/text.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* HOST:PORT, with brackets around an IPv6 address. */
static void print_address(const struct report_front *front, char *text, size_t capacity)
{
    bool brackets = strchr(front->host, ':') != NULL;
    snprintf(text, capacity, "%s%s%s:%u", brackets ? "[" : "", front->host, brackets ? "]" : "", front->port);
}

/* The protocol, or with TLS the scheme of its addresses. */
static const char *scheme_of(const struct report_front *front)
{
    return !front->tls                            ? front->protocol
           : strcmp(front->protocol, "grpc") == 0 ? "grpcs"
           : strcmp(front->protocol, "http") == 0 ? "https"
                                                  : "wss";
}

void report_print(const struct report *report, double ready_ms)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_printf(&text, "%-10s %-22s %s\n", "protocol", "address", "executors");
    for (size_t i = 0; i < report->front_count; i++) {
        char address[300];
        print_address(&report->fronts[i], address, sizeof address);
        buffer_printf(&text, "%-10s %-22s ", scheme_of(&report->fronts[i]), address);
        for (size_t e = 0; i == 0 && e < report->flow->executor_count; e++)
            buffer_printf(&text, "%s%s", e > 0 ? ", " : "", report->flow->executors[e].name);
        if (i == 0 && report->flow->executor_count == 0)
            buffer_append_text(&text, "none");
        buffer_append_byte(&text, '\n');
    }
    buffer_printf(&text, "ready in %.1f ms\n", ready_ms);
    sluice_error error;
    if (file_write_all(STDOUT_FILENO, text.data, text.size, &error) != SLUICE_OK)
        log_warning("the addresses of this Flow cannot be printed: (stdout): %s", error.text);
    buffer_done(&text);
}

static void send_line(struct buffer *line, int fd)
{
    sluice_error error;
    buffer_append_byte(line, '\n');
    if (file_write_all(fd, line->data, line->size, &error) != SLUICE_OK)
        log_warning("--ready-fd: descriptor %d: %s", fd, error.text);
    buffer_done(line);
    close(fd);
}

static void append_process(struct buffer *line, const struct child *child)
{
    const char *name = child->executor != NULL ? child->executor->name : "gateway";
    buffer_append_text(line, "{\"name\":");
    text_append_json(line, name, strlen(name));
    if (child->executor != NULL)
        buffer_printf(line, ",\"replica\":%u", child->replica);
    buffer_printf(line, ",\"pid\":%d}", (int)child->pid);
}

void report_ready(const struct report *report, double ready_ms, int fd)
{
    if (fd < 0)
        return;
    struct buffer line;
    buffer_init(&line, BUFFER_NO_LIMIT);
    buffer_printf(&line, "{\"ready\":true,\"ready_ms\":%.1f,\"gateway\":[", ready_ms);
    for (size_t i = 0; i < report->front_count; i++) {
        const struct report_front *front = &report->fronts[i];
        buffer_printf(&line, "%s{\"protocol\":", i > 0 ? "," : "");
        text_append_json(&line, front->protocol, strlen(front->protocol));
        buffer_append_text(&line, ",\"host\":");
        text_append_json(&line, front->host, strlen(front->host));
        buffer_printf(&line, ",\"port\":%u%s}", front->port, front->tls ? ",\"tls\":true" : "");
    }
    buffer_append_text(&line, "],\"processes\":[");
    for (size_t i = 0; i < report->child_count; i++) {
        if (i > 0)
            buffer_append_byte(&line, ',');
        append_process(&line, &report->children[i]);
    }
    buffer_append_text(&line, "]}");
    send_line(&line, fd);
}

void report_failure(const sluice_error *error, int fd)
{
    if (fd < 0)
        return;
    char text[sizeof error->where + sizeof error->text + 2];
    snprintf(text, sizeof text, "%s%s%s", error->where, error->where[0] != '\0' ? ": " : "", error->text);
    struct buffer line;
    buffer_init(&line, BUFFER_NO_LIMIT);
    buffer_append_text(&line, "{\"ready\":false,\"error\":");
    text_append_json(&line, text, strlen(text));
    buffer_append_byte(&line, '}');
    send_line(&line, fd);
}
