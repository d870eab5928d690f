#include "tools/post_output.h"
#include "common/foundation/buffer.h"
#include "common/foundation/text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- JSON ---- */

static void append_key(struct buffer *line, const char *key)
{
    buffer_printf(line, "\"%s\":", key);
}

static void append_text(struct buffer *line, const char *key, sluice_text text)
{
    append_key(line, key);
    text_append_json(line, text.data, text.size);
}

static sluice_status append_value(struct buffer *line, const sluice_value *value, sluice_error *error)
{
    if (value == NULL) {
        buffer_append_text(line, "null");
        return SLUICE_OK;
    }
    char *json = NULL;
    sluice_status status = sluice_value_to_json(value, &json, error);
    if (status == SLUICE_OK)
        buffer_append_text(line, json);
    free(json);
    return status;
}

/* Documents separated by `separator`. */
static sluice_status append_documents(struct buffer *line, sluice_response *response, const char *separator,
                                      sluice_error *error)
{
    sluice_document_array *documents = sluice_response_documents(response, error);
    if (documents == NULL)
        return error->status;
    for (size_t i = 0; i < sluice_document_array_size(documents); i++) {
        char *json = NULL;
        size_t size = 0;
        sluice_status status = sluice_document_to_json(sluice_document_array_at(documents, i), &json, &size, error);
        if (status != SLUICE_OK)
            return status;
        if (i > 0)
            buffer_append_text(line, separator);
        buffer_append(line, json, size);
        free(json);
    }
    return SLUICE_OK;
}

static void append_time(struct buffer *line, const char *key, bool present, int64_t ns)
{
    append_key(line, key);
    time_t seconds = (time_t)(ns / 1000000000);
    struct tm parts;
    char stamp[32];
    if (!present || gmtime_r(&seconds, &parts) == NULL ||
        strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts) == 0)
        buffer_append_text(line, "null");
    else
        buffer_printf(line, "\"%s.%06d+00:00\"", stamp, (int)(ns % 1000000000 / 1000));
}

static void append_status(struct buffer *line, int code, sluice_text description, const sluice_exception *exception)
{
    append_key(line, "status");
    if (code == 0) {
        buffer_append_text(line, "{\"code\":0,\"description\":\"\",\"exception\":null}");
        return;
    }
    buffer_printf(line, "{\"code\":%d,", code);
    append_text(line, "description", description);
    buffer_append_text(line, ",\"exception\":");
    if (exception == NULL) {
        buffer_append_text(line, "null}");
        return;
    }
    buffer_append_byte(line, '{');
    append_text(line, "name", exception->name);
    buffer_append_text(line, ",\"args\":[");
    for (size_t i = 0; i < exception->arg_count; i++) {
        buffer_append_text(line, i > 0 ? "," : "");
        text_append_json(line, exception->args[i].data, exception->args[i].size);
    }
    buffer_append_text(line, "],\"stacks\":[");
    for (size_t i = 0; i < exception->stack_count; i++) {
        buffer_append_text(line, i > 0 ? "," : "");
        text_append_json(line, exception->stacks[i].data, exception->stacks[i].size);
    }
    buffer_append_text(line, "],");
    append_text(line, "executor", exception->executor);
    buffer_append_text(line, "}}");
}

static void append_header(struct buffer *line, const sluice_response *response)
{
    buffer_append_text(line, "\"header\":{");
    append_text(line, "requestId", sluice_response_request_id(response));
    buffer_append_byte(line, ',');
    append_status(line, sluice_response_failed(response) ? sluice_response_code(response) : 0,
                  sluice_response_description(response), sluice_response_exception(response));
    buffer_append_byte(line, ',');
    append_text(line, "execEndpoint", sluice_response_endpoint(response));
    buffer_append_byte(line, ',');
    append_text(line, "targetExecutor", sluice_response_target_executor(response));
    buffer_append_byte(line, '}');
}

static void append_routes(struct buffer *line, const sluice_response *response)
{
    buffer_append_text(line, "\"routes\":[");
    for (size_t i = 0; i < sluice_response_route_count(response); i++) {
        sluice_route route = sluice_response_route(response, i);
        buffer_append_text(line, i > 0 ? ",{" : "{");
        append_text(line, "executor", route.executor);
        buffer_append_byte(line, ',');
        append_time(line, "startTime", route.started, route.start_ns);
        buffer_append_byte(line, ',');
        append_time(line, "endTime", route.ended, route.end_ns);
        buffer_append_byte(line, ',');
        if (route.code == 0)
            buffer_append_text(line, "\"status\":null");
        else
            append_status(line, route.code, route.description, NULL);
        buffer_append_byte(line, '}');
    }
    buffer_append_byte(line, ']');
}

/* ---- printing ---- */

static sluice_status write_out(struct buffer *line, FILE *stream, sluice_status status, sluice_error *error)
{
    if (status == SLUICE_OK && line->failed != SLUICE_OK)
        status = sluice_fail(error, line->failed, NULL, "no memory to print a response");
    errno = 0;
    bool print = status == SLUICE_OK && line->size > 0;
    if (print && (fwrite(line->data, 1, line->size, stream) != line->size || fflush(stream) != 0))
        status = sluice_fail(error, errno == EPIPE ? SLUICE_CANCELLED : SLUICE_SYSTEM, "(stdout)", "cannot write: %s",
                             strerror(errno));
    buffer_done(line);
    return status;
}

sluice_status post_print_documents(sluice_response *response, FILE *stream, sluice_error *error)
{
    struct buffer line;
    buffer_init(&line, BUFFER_NO_LIMIT);
    sluice_status status = append_documents(&line, response, "\n", error);
    if (line.size > 0)
        buffer_append_byte(&line, '\n');
    return write_out(&line, stream, status, error);
}

sluice_status post_print_response(sluice_response *response, FILE *stream, sluice_error *error)
{
    struct buffer line;
    buffer_init(&line, BUFFER_NO_LIMIT);
    buffer_append_byte(&line, '{');
    append_header(&line, response);
    buffer_append_text(&line, ",\"parameters\":");
    sluice_status status = append_value(&line, sluice_response_parameters(response), error);
    buffer_append_byte(&line, ',');
    append_routes(&line, response);
    buffer_append_text(&line, ",\"data\":[");
    if (status == SLUICE_OK)
        status = append_documents(&line, response, ",", error);
    buffer_append_text(&line, "]}\n");
    return write_out(&line, stream, status, error);
}

/* ---- the summary ---- */

static struct post_time *time_of(struct post_summary *summary, sluice_text name)
{
    for (size_t i = 0; i < summary->time_count; i++)
        if (sluice_text_is(name, summary->times[i].name))
            return &summary->times[i];
    if (summary->time_count == POST_EXECUTORS_MAX)
        return NULL;
    char *copy = strndup(name.data, name.size);
    if (copy == NULL)
        return NULL;
    summary->times[summary->time_count] = (struct post_time){.name = copy};
    return &summary->times[summary->time_count++];
}

void post_summary_add(struct post_summary *summary, const sluice_response *response)
{
    summary->responses++;
    summary->failed += sluice_response_failed(response);
    summary->bytes += sluice_response_bytes(response).size;
    for (size_t i = 0; i < sluice_response_route_count(response); i++) {
        sluice_route route = sluice_response_route(response, i);
        struct post_time *time = route.started && route.ended ? time_of(summary, route.executor) : NULL;
        if (time != NULL)
            time->ns += (double)(route.end_ns - route.start_ns);
    }
}

void post_summary_done(struct post_summary *summary)
{
    for (size_t i = 0; i < summary->time_count; i++)
        free(summary->times[i].name);
    *summary = (struct post_summary){0};
}

/* How the time in the gateway divides: each executor's share, and the rest, which is the gateway and the way between. */
static void print_times(const struct post_summary *summary, FILE *stream)
{
    if (summary->time_count == 0 || summary->times[0].ns <= 0)
        return;
    double all = summary->times[0].ns, rest = all;
    fputs("time in each executor, its queue included, summed over all requests:\n", stream);
    for (size_t i = 1; i < summary->time_count; i++) {
        double ns = summary->times[i].ns;
        rest -= ns;
        fprintf(stream, "  %-24s %5.1f %%  %9.1f ms\n", summary->times[i].name, 100 * ns / all, ns / 1e6);
    }
    fprintf(stream, "  %-24s %5.1f %%  %9.1f ms\n", "gateway", 100 * rest / all, rest / 1e6);
}

void post_summary_print(const struct post_summary *summary, unsigned long long sent, unsigned long long sent_bytes,
                        double seconds, FILE *stream)
{
    double divisor = seconds > 0 ? seconds : 1e-9;
    fprintf(stream,
            "%llu documents, %.2f MB sent in %.3f s: %.0f documents/s, %.1f MB/s; %llu responses, %.2f MB received, "
            "%llu failed\n",
            sent, (double)sent_bytes / 1e6, seconds, (double)sent / divisor, (double)sent_bytes / 1e6 / divisor,
            summary->responses, (double)summary->bytes / 1e6, summary->failed);
    print_times(summary, stream);
}
