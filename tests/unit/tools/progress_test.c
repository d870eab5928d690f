/* The line of the progress bar in every width, its rates and its estimate. */
#include "tests/unit/suite.h"
#include "tools/progress_line.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static char line[PROGRESS_LINE_MAX];

static void says(const struct progress_state *state, size_t width, const char *expected)
{
    size_t size = progress_line(state, width, line);
    ck_assert_str_eq(line, expected);
    ck_assert_uint_eq(size, strlen(line));
}

static const struct progress_state half = {
    .unit = "docs",
    .documents = 1500,
    .bytes = 5200000,
    .total_documents = 3000,
    .total_bytes = 10400000,
    .seconds = 10,
    .documents_rate = 150,
    .bytes_rate = 520000,
};

START_TEST(everything_is_there_when_it_is_wide)
{
    says(&half, 120,
         "[###############...............]   50 %  1500/3000 docs  5.2/10.4 MB  150 docs/s  520.0 kB/s  0:10 left");
}
END_TEST

/* The bar shrinks; then go bytes per second, bytes, the bar, documents per second, the time left and the documents. */
START_TEST(what_matters_least_goes_first)
{
    says(&half, 83, "[#####.....]   50 %  1500/3000 docs  5.2/10.4 MB  150 docs/s  520.0 kB/s  0:10 left");
    says(&half, 82, "[##########...........]   50 %  1500/3000 docs  5.2/10.4 MB  150 docs/s  0:10 left");
    says(&half, 70, "[###########...........]   50 %  1500/3000 docs  150 docs/s  0:10 left");
    says(&half, 57, " 50 %  1500/3000 docs  150 docs/s  0:10 left");
    says(&half, 43, " 50 %  1500/3000 docs  0:10 left");
    says(&half, 31, " 50 %  1500/3000 docs");
    says(&half, 20, " 50 %");
    says(&half, 3, " 50");
}
END_TEST

START_TEST(no_width_is_exceeded)
{
    for (size_t width = 0; width <= PROGRESS_LINE_MAX + 20; width++) {
        size_t size = progress_line(&half, width, line);
        ck_assert_uint_le(size, width);
        ck_assert_uint_lt(size, PROGRESS_LINE_MAX);
        ck_assert_uint_eq(size, strlen(line));
        if (width >= 5)
            ck_assert_msg(strstr(line, "50 %") != NULL, "%zu columns: \"%s\"", width, line);
        if (width >= 40)
            ck_assert_msg(strstr(line, "1500/3000 docs") != NULL && strstr(line, "left") != NULL, "%zu columns: \"%s\"",
                          width, line);
    }
}
END_TEST

START_TEST(without_totals_nothing_is_foretold)
{
    struct progress_state state = half;
    state.total_documents = state.total_bytes = 0;
    ck_assert(progress_fraction(&state) < 0);
    ck_assert(progress_seconds_left(&state) < 0);
    says(&state, 100, "1500 docs  5.2 MB  150 docs/s  520.0 kB/s  0:10");
}
END_TEST

START_TEST(bytes_that_nobody_counts_are_not_mentioned)
{
    struct progress_state state = half;
    state.unit = "requests";
    state.bytes = state.total_bytes = 0;
    says(&state, 100, "[###############...............]   50 %  1500/3000 requests  150 requests/s  0:10 left");
}
END_TEST

START_TEST(a_total_that_was_exceeded_counts_as_unknown)
{
    struct progress_state state = half;
    state.bytes = state.total_bytes + 1; /* the file grew */
    ck_assert_double_eq(progress_fraction(&state), 0.5);
    ck_assert_double_eq(progress_seconds_left(&state), 10);
    state.documents = 3001;
    ck_assert(progress_fraction(&state) < 0);
    state.documents = 3000;
    ck_assert_double_eq(progress_fraction(&state), 1);
}
END_TEST

START_TEST(nothing_is_foretold_while_nothing_comes)
{
    struct progress_state state = half;
    state.documents_rate = state.bytes_rate = 0;
    ck_assert(progress_seconds_left(&state) < 0);
    says(&state, 100, "[###############...............]   50 %  1500/3000 docs  5.2/10.4 MB  0 docs/s  0 B/s  0:10");
}
END_TEST

START_TEST(it_is_not_done_before_it_is)
{
    struct progress_state state = half;
    state.bytes = state.total_bytes - 1;
    progress_line(&state, 100, line);
    ck_assert_ptr_nonnull(strstr(line, " 99 %"));
    ck_assert_ptr_nonnull(strstr(line, ".]"));
    state.bytes = state.total_bytes;
    progress_line(&state, 100, line);
    ck_assert_ptr_nonnull(strstr(line, "100 %"));
    ck_assert_ptr_null(strstr(line, ".]"));
}
END_TEST

START_TEST(the_last_line_tells_how_long_it_took)
{
    struct progress_state state = half;
    state.over = true;
    state.seconds = 3725.25;
    progress_line(&state, 200, line);
    ck_assert_ptr_nonnull(strstr(line, "in 3725.2 s"));
    state.over = false;
    state.bytes_rate = 1;
    progress_line(&state, 200, line);
    ck_assert_ptr_nonnull(strstr(line, "99:59:59 left"));
    state.bytes_rate = 5200000 / 3725.0;
    progress_line(&state, 200, line);
    ck_assert_ptr_nonnull(strstr(line, "1:02:0"));
}
END_TEST

#define SECOND 1000000000ull

START_TEST(rates_are_those_of_the_last_seconds)
{
    struct rate_window window = {0};
    double documents, bytes;
    rate_window_read(&window, 5 * SECOND, 10, 10, &documents, &bytes);
    ck_assert_double_eq(documents, 0);
    /* 10 documents a second for 20 s, then 100 a second for 4 s and a bit */
    uint64_t now = 0, count = 0;
    for (; now < 20 * SECOND; now += SECOND / 4, count = now / (SECOND / 10))
        rate_window_add(&window, now, count, count * 1000);
    rate_window_read(&window, now, count, count * 1000, &documents, &bytes);
    ck_assert_double_eq_tol(documents, 10, 1);
    ck_assert_double_eq_tol(bytes, 10000, 1000);
    for (int i = 0; i < RATE_SAMPLES + 1; i++, now += SECOND / 4, count += 25)
        rate_window_add(&window, now, count, count * 1000);
    rate_window_read(&window, now, count, count * 1000, &documents, &bytes);
    ck_assert_double_eq_tol(documents, 100, 0.001);
    ck_assert_double_eq_tol(bytes, 100000, 1);
    /* and when nothing comes, they fall */
    for (int i = 0; i < RATE_SAMPLES + 1; i++, now += SECOND / 4)
        rate_window_add(&window, now, count, count * 1000);
    rate_window_read(&window, now, count, count * 1000, &documents, &bytes);
    ck_assert_double_eq(documents, 0);
}
END_TEST

START_TEST(moments_that_are_close_count_once)
{
    struct rate_window window = {0};
    for (uint64_t ms = 0; ms < 100 * RATE_SAMPLE_MS; ms++)
        rate_window_add(&window, ms * 1000000, ms, ms);
    ck_assert_uint_eq(window.count, RATE_SAMPLES);
    double documents, bytes;
    rate_window_read(&window, 100ull * RATE_SAMPLE_MS * 1000000, 100 * RATE_SAMPLE_MS, 100 * RATE_SAMPLE_MS, &documents,
                     &bytes);
    ck_assert_double_eq_tol(documents, 1000, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.progress");
    TCase *cases = tcase_create("all");
    tcase_add_test(cases, everything_is_there_when_it_is_wide);
    tcase_add_test(cases, what_matters_least_goes_first);
    tcase_add_test(cases, no_width_is_exceeded);
    tcase_add_test(cases, without_totals_nothing_is_foretold);
    tcase_add_test(cases, bytes_that_nobody_counts_are_not_mentioned);
    tcase_add_test(cases, a_total_that_was_exceeded_counts_as_unknown);
    tcase_add_test(cases, nothing_is_foretold_while_nothing_comes);
    tcase_add_test(cases, it_is_not_done_before_it_is);
    tcase_add_test(cases, the_last_line_tells_how_long_it_took);
    tcase_add_test(cases, rates_are_those_of_the_last_seconds);
    tcase_add_test(cases, moments_that_are_close_count_once);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
