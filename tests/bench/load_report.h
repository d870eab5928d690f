/* load_report.h - what the load drivers count and print: times of answers, processor time, one line of JSON. */
#ifndef SLUICE_BENCH_LOAD_REPORT_H
#define SLUICE_BENCH_LOAD_REPORT_H

#include <stddef.h>
#include <stdint.h>

enum { LOAD_PIDS_MAX = 64 };

/* What is measured between load_report_begin() and load_report_end(). Zeroed at first. */
struct load_report {
    uint64_t *times_ns;
    size_t times_count, times_room;
    int pids[LOAD_PIDS_MAX];
    uint64_t used_ns[LOAD_PIDS_MAX]; /* processor time */
    size_t pid_count;
    uint64_t client_ns, begin_ns, end_ns;
};

/* The argument of --pids: numbers with commas between them. */
void load_report_pids(struct load_report *report, const char *text);

void load_report_begin(struct load_report *report);
void load_report_end(struct load_report *report);

/* An answer has come after so long. */
void load_report_answer(struct load_report *report, uint64_t time_ns);

/* The line; `bytes` of one request. Ends the program when no answer came. */
void load_report_print(struct load_report *report, size_t bytes);

/* Ends the program with a reason on standard error. */
_Noreturn void load_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
