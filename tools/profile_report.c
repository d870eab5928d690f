#include "tools/profile_report.h"
#include "common/foundation/clock.h"
#include "common/foundation/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LABEL_WIDTH = 28 };

/* ---- collecting ---- */

static sluice_status add(struct profile_series *series, double ms, sluice_error *error)
{
    if (series->count == series->capacity) {
        size_t capacity = series->capacity == 0 ? 64 : series->capacity * 2;
        double *values = realloc(series->values, capacity * sizeof *values);
        if (values == NULL)
            return sluice_fail(error, SLUICE_NO_MEMORY, "profile", "out of memory");
        series->values = values;
        series->capacity = capacity;
    }
    series->values[series->count++] = ms > 0 ? ms : 0; /* clocks of two machines need not agree */
    return SLUICE_OK;
}

static double milliseconds(const sluice_route *route)
{
    return (double)(route->end_ns - route->start_ns) / (double)CLOCK_NS_PER_MS;
}

static struct profile_executor *executor_named(struct profile_report *report, sluice_text name, sluice_error *error)
{
    for (size_t i = 0; i < report->executor_count; i++)
        if (sluice_text_is(name, report->executors[i].name))
            return &report->executors[i];
    if (report->executor_count == PROFILE_EXECUTORS_MAX) {
        sluice_fail(error, SLUICE_LIMIT, "profile", "there are more than %d executors", PROFILE_EXECUTORS_MAX);
        return NULL;
    }
    struct profile_executor *executor = &report->executors[report->executor_count];
    executor->name = strndup(name.data, name.size);
    if (executor->name == NULL) {
        sluice_fail(error, SLUICE_NO_MEMORY, "profile", "out of memory");
        return NULL;
    }
    report->executor_count++;
    return executor;
}

struct interval {
    int64_t start_ns, end_ns;
};

static int by_start(const void *a, const void *b)
{
    const struct interval *left = a, *right = b;
    return (left->start_ns > right->start_ns) - (left->start_ns < right->start_ns);
}

/* The time in which at least one executor had the request. */
static double busy_ms(const sluice_response *response, bool *ret_side_by_side)
{
    struct interval intervals[PROFILE_EXECUTORS_MAX];
    size_t count = 0;
    for (size_t i = 1; i < sluice_response_route_count(response) && count < PROFILE_EXECUTORS_MAX; i++) {
        sluice_route route = sluice_response_route(response, i);
        if (route.started && route.ended)
            intervals[count++] = (struct interval){route.start_ns, route.end_ns};
    }
    qsort(intervals, count, sizeof intervals[0], by_start);
    int64_t covered = 0, until = INT64_MIN;
    for (size_t i = 0; i < count; i++) {
        int64_t from = intervals[i].start_ns > until ? intervals[i].start_ns : until;
        *ret_side_by_side = *ret_side_by_side || intervals[i].start_ns < until;
        if (intervals[i].end_ns > from)
            covered += intervals[i].end_ns - from;
        until = intervals[i].end_ns > until ? intervals[i].end_ns : until;
    }
    return (double)covered / (double)CLOCK_NS_PER_MS;
}

static sluice_status add_executors(struct profile_report *report, const sluice_response *response, bool dry,
                                   sluice_error *error)
{
    sluice_status status = SLUICE_OK;
    for (size_t i = 1; i < sluice_response_route_count(response) && status == SLUICE_OK; i++) {
        sluice_route route = sluice_response_route(response, i);
        struct profile_executor *executor = executor_named(report, route.executor, error);
        if (executor == NULL)
            return error->status;
        if (route.started && route.ended) /* else the request passed it by */
            status = add(dry ? &executor->dry : &executor->times, milliseconds(&route), error);
    }
    return status;
}

sluice_status profile_add(struct profile_report *report, const sluice_response *response, double roundtrip_ms, bool dry,
                          sluice_error *error)
{
    if (sluice_response_failed(response)) {
        sluice_text description = sluice_response_description(response);
        if (!dry && report->failed++ == 0)
            snprintf(report->first_failure, sizeof report->first_failure, "%.*s", (int)description.size,
                     description.data);
        return SLUICE_OK;
    }
    sluice_status status = add_executors(report, response, dry, error);
    if (dry || status != SLUICE_OK)
        return status;
    report->bytes += sluice_response_bytes(response).size;
    status = add(&report->roundtrip, roundtrip_ms, error);
    sluice_route gateway = sluice_response_route(response, 0);
    if (status != SLUICE_OK || !gateway.started || !gateway.ended)
        return status;
    double gateway_ms = milliseconds(&gateway), busy = busy_ms(response, &report->side_by_side);
    status = add(&report->gateway, gateway_ms, error);
    if (status == SLUICE_OK)
        status = add(&report->wire, roundtrip_ms - gateway_ms, error);
    if (status == SLUICE_OK)
        status = add(&report->itself, gateway_ms - busy, error);
    return status;
}

void profile_report_done(struct profile_report *report)
{
    for (size_t i = 0; i < report->executor_count; i++) {
        free(report->executors[i].name);
        free(report->executors[i].times.values);
        free(report->executors[i].dry.values);
    }
    free(report->roundtrip.values);
    free(report->wire.values);
    free(report->gateway.values);
    free(report->itself.values);
    *report = (struct profile_report){0};
}

/* ---- numbers ---- */

static int by_size(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

/* The value below which `fraction` of the sorted series lies: the nearest rank. */
static double quantile(const struct profile_series *series, double fraction)
{
    size_t rank = (size_t)ceil(fraction * (double)series->count);
    return series->values[rank == 0 ? 0 : rank - 1];
}

static double sum_of(const struct profile_series *series)
{
    double sum = 0;
    for (size_t i = 0; i < series->count; i++)
        sum += series->values[i];
    return sum;
}

struct profile_numbers profile_numbers_of(struct profile_series *series, double whole_ms)
{
    if (series->count == 0)
        return (struct profile_numbers){0};
    qsort(series->values, series->count, sizeof *series->values, by_size);
    double sum = sum_of(series);
    return (struct profile_numbers){
        .share = whole_ms > 0 ? sum / whole_ms : 0,
        .least = series->values[0],
        .median = quantile(series, 0.5),
        .p99 = quantile(series, 0.99),
        .mean = sum / (double)series->count,
    };
}

/* An executor's time as way and handler. The way of every request is taken to be the median of the dry runs. */
struct division {
    struct profile_numbers times, way, handler;
    bool known; /* there were dry runs */
};

static struct division divide(struct profile_executor *executor, double whole_ms)
{
    struct division division = {.times = profile_numbers_of(&executor->times, whole_ms),
                                .way = profile_numbers_of(&executor->dry, whole_ms),
                                .known = executor->dry.count > 0 && executor->times.count > 0};
    if (!division.known)
        return division;
    double way = division.way.median, handler_ms = 0;
    for (size_t i = 0; i < executor->times.count; i++)
        handler_ms += fmax(executor->times.values[i] - way, 0);
    division.handler = (struct profile_numbers){
        .share = whole_ms > 0 ? handler_ms / whole_ms : 0,
        .least = fmax(division.times.least - way, 0),
        .median = fmax(division.times.median - way, 0),
        .p99 = fmax(division.times.p99 - way, 0),
        .mean = handler_ms / (double)executor->times.count,
    };
    division.way = (struct profile_numbers){
        .share = fmax(division.times.share - division.handler.share, 0),
        .least = fmin(division.way.least, division.times.least), /* never more than what it is a part of */
        .median = fmin(way, division.times.median),
        .p99 = fmin(division.way.p99, division.times.p99),
        .mean = fmin(division.way.mean, division.times.mean),
    };
    return division;
}

/* ---- the tree ---- */

static size_t columns(const char *text)
{
    size_t count = 0;
    for (; *text != '\0'; text++)
        count += ((unsigned char)*text & 0xC0) != 0x80;
    return count;
}

static void print_row(struct buffer *text, const char *branch, const char *name, const struct profile_numbers *numbers)
{
    size_t used = columns(branch) + columns(name);
    buffer_printf(text, "%s%s%*s %6.1f %% %9.3f %9.3f %9.3f\n", branch, name,
                  used < LABEL_WIDTH ? (int)(LABEL_WIDTH - used) : 0, "", numbers->share * 100, numbers->least,
                  numbers->median, numbers->p99);
}

static void print_executor(struct buffer *text, struct profile_executor *executor, bool last, double whole_ms)
{
    if (executor->times.count == 0) {
        buffer_printf(text, "   %s %s: passed by\n", last ? "└─" : "├─", executor->name);
        return;
    }
    struct division division = divide(executor, whole_ms);
    print_row(text, last ? "   └─ " : "   ├─ ", executor->name, &division.times);
    if (!division.known)
        return;
    print_row(text, last ? "      ├─ " : "   │  ├─ ", "way and queue", &division.way);
    print_row(text, last ? "      └─ " : "   │  └─ ", "handler", &division.handler);
}

static void print_heading(const struct profile_report *report, struct buffer *text)
{
    size_t count = report->roundtrip.count;
    buffer_printf(text, "%zu requests to %s at %s, %zu document%s each, %zu in flight: %.3f s", count, report->endpoint,
                  report->uri, report->documents, report->documents == 1 ? "" : "s", report->in_flight,
                  report->seconds);
    if (report->seconds > 0)
        buffer_printf(text, ", %.1f requests/s", (double)(count + report->failed) / report->seconds);
    buffer_append_byte(text, '\n');
    if (report->failed > 0)
        buffer_printf(text, "%llu more failed and do not count\n", report->failed);
}

void profile_print_tree(struct profile_report *report, struct buffer *text)
{
    double whole_ms = sum_of(&report->roundtrip);
    print_heading(report, text);
    if (report->roundtrip.count == 0)
        return;
    struct profile_numbers roundtrip = profile_numbers_of(&report->roundtrip, whole_ms);
    struct profile_numbers wire = profile_numbers_of(&report->wire, whole_ms);
    struct profile_numbers gateway = profile_numbers_of(&report->gateway, whole_ms);
    struct profile_numbers itself = profile_numbers_of(&report->itself, whole_ms);
    buffer_printf(text, "\n%*s %8s %9s %9s %9s  ms\n", LABEL_WIDTH, "", "share", "min", "median", "p99");
    print_row(text, "", "round trip", &roundtrip);
    if (report->gateway.count == 0) {
        buffer_append_text(text, "the answers have no routes, so nothing can be said about the way\n");
        return;
    }
    print_row(text, "├─ ", "wire", &wire);
    print_row(text, "└─ ", "gateway", &gateway);
    print_row(text, report->executor_count > 0 ? "   ├─ " : "   └─ ", "itself", &itself);
    for (size_t i = 0; i < report->executor_count; i++)
        print_executor(text, &report->executors[i], i + 1 == report->executor_count, whole_ms);
    if (report->side_by_side)
        buffer_append_text(text, "executors ran side by side: together they have more than the whole\n");
}

/* ---- JSON ---- */

static void append_text(struct buffer *json, const char *key, const char *text)
{
    buffer_printf(json, "\"%s\": ", key);
    text_append_json(json, text, strlen(text));
}

static void append_numbers(struct buffer *json, const char *key, const struct profile_numbers *numbers)
{
    buffer_printf(json,
                  "\"%s\": {\"share\": %.6f, \"min_ms\": %.6f, \"median_ms\": %.6f, \"p99_ms\": %.6f, \"mean_ms\": %.6f}",
                  key, numbers->share, numbers->least, numbers->median, numbers->p99, numbers->mean);
}

static void append_series(struct buffer *json, const char *key, struct profile_series *series, double whole_ms)
{
    struct profile_numbers numbers = profile_numbers_of(series, whole_ms);
    if (series->count == 0)
        buffer_printf(json, ", \"%s\": null", key);
    else {
        buffer_append_text(json, ", ");
        append_numbers(json, key, &numbers);
    }
}

static void append_executor(struct buffer *json, struct profile_executor *executor, double whole_ms)
{
    struct division division = divide(executor, whole_ms);
    buffer_append_byte(json, '{');
    append_text(json, "name", executor->name);
    buffer_printf(json, ", \"requests\": %zu", executor->times.count);
    append_series(json, "time", &executor->times, whole_ms);
    if (division.known) {
        buffer_append_text(json, ", ");
        append_numbers(json, "way", &division.way);
        buffer_append_text(json, ", ");
        append_numbers(json, "handler", &division.handler);
    } else {
        buffer_append_text(json, ", \"way\": null, \"handler\": null");
    }
    buffer_append_byte(json, '}');
}

void profile_print_json(struct profile_report *report, struct buffer *json)
{
    double whole_ms = sum_of(&report->roundtrip);
    size_t count = report->roundtrip.count;
    buffer_append_byte(json, '{');
    append_text(json, "uri", report->uri);
    buffer_append_text(json, ", ");
    append_text(json, "protocol", report->protocol);
    buffer_append_text(json, ", ");
    append_text(json, "endpoint", report->endpoint);
    buffer_printf(json,
                  ", \"requests\": %zu, \"failed\": %llu, \"documents_per_request\": %zu, \"in_flight\": %zu, "
                  "\"seconds\": %.6f, \"requests_per_second\": %.3f, \"response_bytes\": %llu, \"side_by_side\": %s",
                  count, report->failed, report->documents, report->in_flight, report->seconds,
                  report->seconds > 0 ? (double)(count + report->failed) / report->seconds : 0, report->bytes,
                  report->side_by_side ? "true" : "false");
    append_series(json, "roundtrip", &report->roundtrip, whole_ms);
    append_series(json, "wire", &report->wire, whole_ms);
    append_series(json, "gateway", &report->gateway, whole_ms);
    append_series(json, "gateway_itself", &report->itself, whole_ms);
    buffer_append_text(json, ", \"executors\": [");
    for (size_t i = 0; i < report->executor_count; i++) {
        buffer_append_text(json, i > 0 ? ", " : "");
        append_executor(json, &report->executors[i], whole_ms);
    }
    buffer_append_text(json, "]}\n");
}
