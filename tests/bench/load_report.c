#include "tests/bench/load_report.h"

#include "common/foundation/clock.h"
#include "tests/bench/load_cpu.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

void load_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    fputs("bench-load: ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    _exit(1);
}

void load_report_pids(struct load_report *report, const char *text)
{
    for (char *end; *text && report->pid_count < LOAD_PIDS_MAX; text = *end == ',' ? end + 1 : end) {
        report->pids[report->pid_count++] = (int)strtol(text, &end, 10);
        if (end == text)
            load_fail("--pids takes numbers with commas between them");
    }
}

void load_report_begin(struct load_report *report)
{
    for (size_t i = 0; i < report->pid_count; i++)
        report->used_ns[i] = load_cpu_ns(report->pids[i]);
    report->client_ns = load_cpu_ns(getpid());
    report->begin_ns = clock_monotonic_ns();
}

void load_report_end(struct load_report *report)
{
    report->end_ns = clock_monotonic_ns();
    report->client_ns = load_cpu_ns(getpid()) - report->client_ns;
    for (size_t i = 0; i < report->pid_count; i++)
        report->used_ns[i] = load_cpu_ns(report->pids[i]) - report->used_ns[i];
}

void load_report_answer(struct load_report *report, uint64_t time_ns)
{
    if (report->times_count == report->times_room) {
        report->times_room = report->times_room ? report->times_room * 2 : 65536;
        report->times_ns = realloc(report->times_ns, report->times_room * sizeof(uint64_t));
        if (!report->times_ns)
            load_fail("no memory");
    }
    report->times_ns[report->times_count++] = time_ns;
}

static int compare_times(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static double percentile_us(const struct load_report *report, double part)
{
    return (double)report->times_ns[(size_t)((double)(report->times_count - 1) * part)] / 1e3;
}

void load_report_print(struct load_report *report, size_t bytes)
{
    if (report->times_count == 0)
        load_fail("no answer came while measuring");
    double answers = (double)report->times_count;
    double seconds = (double)(report->end_ns - report->begin_ns) / CLOCK_NS_PER_SECOND;
    qsort(report->times_ns, report->times_count, sizeof(uint64_t), compare_times);
    printf("{\"answers\":%.0f,\"seconds\":%.3f,\"qps\":%.1f,\"bytes\":%zu,\"p50_us\":%.1f,\"p99_us\":%.1f,"
           "\"client_cpu_us\":%.2f,\"cpu_us\":[",
           answers, seconds, answers / seconds, bytes, percentile_us(report, 0.5), percentile_us(report, 0.99),
           (double)report->client_ns / 1e3 / answers);
    for (size_t i = 0; i < report->pid_count; i++)
        printf("%s%.2f", i ? "," : "", (double)report->used_ns[i] / 1e3 / answers);
    puts("]}");
}
