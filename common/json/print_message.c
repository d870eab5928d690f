#include "common/json/print_message.h"
#include "common/json/date.h"

/* ---- times ---- */

static bool date_of(struct printer *printer, const struct time_parts *time, struct date *ret_date)
{
    if (time->seconds >= DATE_SECONDS_MIN && time->seconds <= DATE_SECONDS_MAX && time->nanos >= 0 &&
        time->nanos < 1000000000) {
        *ret_date = date_of_seconds(time->seconds);
        return true;
    }
    printer_fail(printer, SLUICE_UNIMPLEMENTED, "a time lies outside the years 1 to 9999");
    return false;
}

/* `before`, then `value` (not negative) in `width` digits. An answer has two times per executor: printf is too slow. */
static void print_digits(struct printer *printer, char before, int value, int width)
{
    uint8_t *to = buffer_reserve(printer->out, (size_t)width + 1);
    if (to == NULL)
        return;
    to[0] = (uint8_t)before;
    for (int i = width; i > 0; i--, value /= 10)
        to[i] = (uint8_t)('0' + value % 10);
    printer->out->size += (size_t)width + 1;
}

static void print_date(struct printer *printer, const struct date *date)
{
    print_digits(printer, '"', date->year, 4);
    print_digits(printer, '-', date->month, 2);
    print_digits(printer, '-', date->day, 2);
    print_digits(printer, 'T', date->hour, 2);
    print_digits(printer, ':', date->minute, 2);
    print_digits(printer, ':', date->second, 2);
}

/* Python's datetime.isoformat(): microseconds unless they are zero. */
static void print_time_http(struct printer *printer, const struct time_parts *time)
{
    struct date date;
    if (!time->is_set) {
        print_null(printer);
        return;
    }
    if (!date_of(printer, time, &date))
        return;
    print_date(printer, &date);
    if (time->nanos >= 1000)
        print_digits(printer, '.', time->nanos / 1000, 6);
    buffer_append_text(printer->out, "+00:00\"");
}

/* protobuf's JSON form: no, three, six or nine digits of the fraction. */
static void print_time_proto(struct printer *printer, const struct time_parts *time)
{
    struct date date;
    if (!date_of(printer, time, &date))
        return;
    print_date(printer, &date);
    if (time->nanos % 1000 != 0)
        print_digits(printer, '.', time->nanos, 9);
    else if (time->nanos % 1000000 != 0)
        print_digits(printer, '.', time->nanos / 1000, 6);
    else if (time->nanos != 0)
        print_digits(printer, '.', time->nanos / 1000000, 3);
    buffer_append_text(printer->out, "Z\"");
}

/* ---- the form of HTTP ---- */

static void print_texts(struct printer *printer, const sluice_text *texts, size_t count)
{
    buffer_append_byte(printer->out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            print_separator(printer);
        print_text(printer, texts[i]);
    }
    buffer_append_byte(printer->out, ']');
}

static void text(struct printer *printer, const char *name, sluice_text value)
{
    print_key(printer, name);
    print_text(printer, value);
}

static void print_exception_http(struct printer *printer, const struct exception_parts *exception)
{
    buffer_append_byte(printer->out, '{');
    print_first_key(printer, "name");
    print_text(printer, exception->name);
    print_key(printer, "args");
    print_texts(printer, exception->args, exception->arg_count);
    print_key(printer, "stacks");
    print_texts(printer, exception->stacks, exception->stack_count);
    text(printer, "executor", exception->executor);
    buffer_append_byte(printer->out, '}');
}

void print_status_http(struct printer *printer, const struct status_parts *status)
{
    buffer_append_byte(printer->out, '{');
    print_first_key(printer, "code");
    buffer_printf(printer->out, "%d", (int)status->code);
    text(printer, "description", status->description);
    print_key(printer, "exception");
    if (status->has_exception)
        print_exception_http(printer, &status->exception);
    else
        print_null(printer);
    buffer_append_byte(printer->out, '}');
}

static void print_status_or_null(struct printer *printer, bool is_set, const struct status_parts *status)
{
    print_key(printer, "status");
    if (is_set)
        print_status_http(printer, status);
    else
        print_null(printer);
}

void print_header_http(struct printer *printer, const struct message_parts *parts)
{
    buffer_append_byte(printer->out, '{');
    print_first_key(printer, "requestId");
    print_text(printer, parts->request_id);
    print_status_or_null(printer, parts->has_status, &parts->status);
    text(printer, "execEndpoint", parts->endpoint);
    text(printer, "targetExecutor", parts->target);
    if (parts->timeout != 0) {
        print_key(printer, "timeout");
        buffer_printf(printer->out, "%u", parts->timeout);
    }
    buffer_append_byte(printer->out, '}');
}

void print_routes_http(struct printer *printer, const struct message_parts *parts)
{
    buffer_append_byte(printer->out, '[');
    for (size_t i = 0; i < parts->route_count; i++) {
        const struct route_parts *route = &parts->routes[i];
        if (i > 0)
            print_separator(printer);
        buffer_append_byte(printer->out, '{');
        print_first_key(printer, "executor");
        print_text(printer, route->executor);
        print_key(printer, "startTime");
        print_time_http(printer, &route->start);
        print_key(printer, "endTime");
        print_time_http(printer, &route->end);
        print_status_or_null(printer, route->has_status, &route->status);
        buffer_append_byte(printer->out, '}');
    }
    buffer_append_byte(printer->out, ']');
}

/* ---- the form of protobuf ---- */

/* A key of an object of which it is not known whether anything stands in it yet. */
static void key(struct printer *printer, const char *name)
{
    const struct buffer *out = printer->out;
    if (out->size > 0 && out->data[out->size - 1] != '{')
        print_separator(printer);
    print_first_key(printer, name);
}

static void text_if_set(struct printer *printer, const char *name, sluice_text value)
{
    if (value.size == 0)
        return;
    key(printer, name);
    print_text(printer, value);
}

static void texts_if_any(struct printer *printer, const char *name, const sluice_text *texts, size_t count)
{
    if (count == 0)
        return;
    key(printer, name);
    print_texts(printer, texts, count);
}

static void print_status_proto(struct printer *printer, const struct status_parts *status)
{
    key(printer, "status");
    buffer_append_byte(printer->out, '{');
    if (status->code != 0) {
        key(printer, "code");
        buffer_printf(printer->out, "%d", (int)status->code);
    }
    text_if_set(printer, "description", status->description);
    if (status->has_exception) {
        key(printer, "exception");
        buffer_append_byte(printer->out, '{');
        text_if_set(printer, "name", status->exception.name);
        texts_if_any(printer, "args", status->exception.args, status->exception.arg_count);
        texts_if_any(printer, "stacks", status->exception.stacks, status->exception.stack_count);
        text_if_set(printer, "executor", status->exception.executor);
        buffer_append_byte(printer->out, '}');
    }
    buffer_append_byte(printer->out, '}');
}

void print_header_proto(struct printer *printer, const struct message_parts *parts)
{
    buffer_append_byte(printer->out, '{');
    text_if_set(printer, "request_id", parts->request_id);
    if (parts->has_status)
        print_status_proto(printer, &parts->status);
    if (parts->has_endpoint) {
        key(printer, "exec_endpoint");
        print_text(printer, parts->endpoint);
    }
    if (parts->has_target) {
        key(printer, "target_executor");
        print_text(printer, parts->target);
    }
    if (parts->timeout != 0) {
        key(printer, "timeout");
        buffer_printf(printer->out, "%u", parts->timeout);
    }
    buffer_append_byte(printer->out, '}');
}

void print_routes_proto(struct printer *printer, const struct message_parts *parts)
{
    buffer_append_byte(printer->out, '[');
    for (size_t i = 0; i < parts->route_count; i++) {
        const struct route_parts *route = &parts->routes[i];
        if (i > 0)
            print_separator(printer);
        buffer_append_byte(printer->out, '{');
        text_if_set(printer, "executor", route->executor);
        if (route->start.is_set) {
            key(printer, "start_time");
            print_time_proto(printer, &route->start);
        }
        if (route->end.is_set) {
            key(printer, "end_time");
            print_time_proto(printer, &route->end);
        }
        if (route->has_status)
            print_status_proto(printer, &route->status);
        buffer_append_byte(printer->out, '}');
    }
    buffer_append_byte(printer->out, ']');
}

void print_parameters(struct printer *printer, const struct message_parts *parts)
{
    if (parts->has_parameters)
        print_value(printer, parts->parameters);
    else
        print_null(printer);
}
