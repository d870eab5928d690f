/* /search of vector_index on a table that changes, and that is cancelled. The search asks now and then whether it is cancelled: that
 * is where these tests stand. */
#include "executor/plugins/vector_index/matches.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROWS = 200, DIMENSION = 3, QUERIES = 2 * SEARCH_GROUP + 1 };

static struct table table;
static sluice_document_array *array; /* the queries */
static struct gathered queries;
static struct settings settings;

static struct entry *new_entry(const char *id)
{
    sluice_document_array *kept = sluice_document_array_new();
    sluice_document *document = sluice_document_array_append(kept);
    struct entry *entry = NULL;
    void *bytes = NULL;
    size_t size = 0;
    ck_assert_int_eq(sluice_document_set_id(document, id, strlen(id)), SLUICE_OK);
    ck_assert_int_eq(sluice_value_set_string(sluice_document_edit_tags(document), "kind", "wanted"), SLUICE_OK);
    ck_assert_int_eq(sluice_document_array_write(kept, &bytes, &size, NULL), SLUICE_OK);
    ck_assert_int_eq(entry_new(sluice_text_of(id), bytes, size, sluice_document_tags(document), &entry), SLUICE_OK);
    free(bytes);
    sluice_document_array_free(kept);
    return entry;
}

/* Like the writer does. The smaller `value`, the nearer to every query. */
static void put(const char *id, float value)
{
    float vector[DIMENSION] = {value, value, value};
    struct entry *entry = new_entry(id);
    table_lock(&table);
    ck_assert(table_reserve(&table, 1));
    table_put(&table, entry, vector);
    table_unlock(&table);
}

static void set_up(void)
{
    sluice_error error = {0};
    ck_assert_int_eq(table_init(&table), SLUICE_OK);
    table_set_dimension(&table, DIMENSION);
    for (int i = 0; i < ROWS; i++) {
        char id[16];
        snprintf(id, sizeof id, "old%d", i);
        put(id, 10 + (float)i);
    }
    array = sluice_document_array_new();
    for (int i = 0; i < QUERIES; i++)
        ck_assert_int_eq(sluice_document_set_embedding_floats(sluice_document_array_append(array), (float[DIMENSION]){0},
                                                              DIMENSION),
                         SLUICE_OK);
    settings = (struct settings){.limit = 3, .metric = METRIC_EUCLIDEAN};
    gathered_init(&queries);
    ck_assert_int_eq(gather_documents(array, "r", &queries, &error), SLUICE_OK);
    ck_assert_int_eq(gather_embeddings(&queries, 0, &error), SLUICE_OK);
    ck_assert_uint_eq(queries.found.count, QUERIES);
}

static void tear_down(void)
{
    gathered_done(&queries);
    sluice_document_array_free(array);
    table_done(&table);
}

static const sluice_document_array *matches_of(size_t query)
{
    return sluice_document_matches(sluice_document_array_at(array, query));
}

static bool first_match_is(size_t query, const char *id)
{
    return sluice_text_is(sluice_document_id(sluice_document_array_at(matches_of(query), 0)), id);
}

/* ---- a writer ---- */

struct intruder {
    pthread_t thread;
    bool started;
};

static void *write_two(void *context)
{
    (void)context;
    float near[DIMENSION] = {1, 1, 1}, nearest[DIMENSION] = {0.5f, 0.5f, 0.5f};
    struct entry *first = new_entry("near"), *second = new_entry("nearest");
    table_lock(&table);
    ck_assert(table_reserve(&table, 2));
    table_put(&table, first, near);
    table_put(&table, second, nearest);
    table_unlock(&table);
    return NULL;
}

/* In the first group, whose lock is held: a writer comes. Goes on when it waits for the lock, that is, when readers get it no more. */
static bool let_a_writer_come(const void *context)
{
    struct intruder *intruder = (struct intruder *)context;
    if (intruder->started)
        return false;
    intruder->started = true;
    ck_assert_int_eq(pthread_create(&intruder->thread, NULL, write_two, NULL), 0);
    while (pthread_rwlock_tryrdlock(&table.lock) == 0) {
        pthread_rwlock_unlock(&table.lock);
        nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
    }
    return false;
}

static const char *const filters[] = {NULL, "{\"tags__kind\": {\"$eq\": \"wanted\"}}"};

/* With and without a filter, whose outcome for each row is kept for the groups to come; with fewer rows than matches wanted, too. */
START_TEST(a_writer_waits_for_one_group)
{
    struct intruder intruder = {0};
    struct search search = {.metric = settings.metric, .cancelled = let_a_writer_come, .context = &intruder};
    struct filter *filter = NULL;
    sluice_value *source = NULL;
    sluice_error error = {0};
    const char *json = filters[_i % 2];
    bool all = _i >= 2;
    if (json != NULL) {
        ck_assert_int_eq(sluice_value_from_json(json, strlen(json), &source, NULL), SLUICE_OK);
        ck_assert_int_eq(filter_new(source, &filter, &error), SLUICE_OK);
        search.filter = filter;
    }
    settings.limit = all ? ROWS + 100 : 3;
    ck_assert_msg(matches_find(&table, &settings, &search, &queries, &error) == SLUICE_OK, "%s", error.text);
    pthread_join(intruder.thread, NULL);
    for (size_t i = 0; i < QUERIES; i++) {
        bool before = i < SEARCH_GROUP;
        ck_assert(first_match_is(i, before ? "old0" : "nearest"));
        ck_assert_uint_eq(sluice_document_array_size(matches_of(i)), !all ? 3 : before ? ROWS : ROWS + 2);
    }
    filter_free(filter);
    sluice_value_free(source);
}
END_TEST

/* ---- cancels ---- */

struct countdown {
    int looks; /* the last of them says yes */
};

static bool count_down(const void *context)
{
    struct countdown *countdown = (struct countdown *)context;
    return --countdown->looks <= 0;
}

/* The rows take one look; the matches one for each 64 of them. */
START_TEST(a_cancel_is_seen_among_the_matches)
{
    struct countdown countdown = {.looks = 1 + 2};
    struct search search = {.metric = settings.metric, .cancelled = count_down, .context = &countdown};
    settings.limit = ROWS;
    ck_assert_int_eq(matches_find(&table, &settings, &search, &queries, NULL), SLUICE_CANCELLED);
    ck_assert_int_eq(countdown.looks, 0);
    ck_assert_uint_eq(sluice_document_array_size(matches_of(0)), 64);
    ck_assert_uint_eq(sluice_document_array_size(matches_of(1)), 0);
    ck_assert_int_eq(pthread_rwlock_trywrlock(&table.lock), 0); /* nobody holds it */
    table_unlock(&table);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("plugins.index.matches");
    TCase *test = tcase_create("matches");
    tcase_add_checked_fixture(test, set_up, tear_down);
    tcase_add_loop_test(test, a_writer_waits_for_one_group, 0, 4);
    tcase_add_test(test, a_cancel_is_seen_among_the_matches);
    suite_add_tcase(suite, test);
    return suite_run(suite);
}
