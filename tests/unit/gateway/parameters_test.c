/* Parameters for one executor and in the answer, by the rules measured on Jina 3.34.0. */
#include "common/wire/wire.h"
#include "gateway/envelope/parameters.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>

static struct arena *arena;

static void set_up(void)
{
    arena = arena_new(1024, ARENA_NO_LIMIT);
}

static void tear_down(void)
{
    arena_free(arena);
}

/* Appends an entry whose value is a number of one digit: key -> Value{number_value}. */
static void add(struct buffer *buffer, const char *key, double number)
{
    size_t entry = wire_begin_message(buffer, 1);
    wire_append_text(buffer, 1, key);
    size_t value = wire_begin_message(buffer, 2);
    wire_append_double(buffer, 2, number);
    wire_end_message(buffer, value);
    wire_end_message(buffer, entry);
}

static void add_map(struct buffer *buffer, const char *key, const char *inner_key, double number)
{
    size_t entry = wire_begin_message(buffer, 1);
    wire_append_text(buffer, 1, key);
    size_t value = wire_begin_message(buffer, 2);
    size_t map = wire_begin_message(buffer, 5);
    add(buffer, inner_key, number);
    wire_end_message(buffer, map);
    wire_end_message(buffer, value);
    wire_end_message(buffer, entry);
}

/* The number that a protobuf reader sees under `key` (the last entry wins), or -1. */
static double seen(struct span parameters, const char *key)
{
    double result = -1;
    struct wire_reader reader = wire_read(parameters.data, parameters.size);
    struct wire_field field, part, kind;
    while (wire_next(&reader, &field)) {
        struct wire_reader entry = wire_read(field.data, field.size);
        bool same = false;
        while (wire_next(&entry, &part)) {
            if (part.number == 1)
                same = part.size == strlen(key) && memcmp(part.data, key, part.size) == 0;
            else if (same) {
                struct wire_reader value = wire_read(part.data, part.size);
                ck_assert(wire_next(&value, &kind));
                result = kind.number == 2 ? wire_double(&kind) : 0;
            }
        }
    }
    return result;
}

static struct span specialised(struct buffer *buffer, const char *name)
{
    struct span result;
    ck_assert_int_eq(parameters_for((struct span){buffer->data, buffer->size}, name, arena, &result), SLUICE_OK);
    ck_assert_int_eq(parameters_check(result, 8, NULL), SLUICE_OK);
    return result;
}

START_TEST(plain_parameters_are_not_copied)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    add(&buffer, "x", 1);
    add_map(&buffer, PARAMETERS_RESULTS, "mine", 2);
    struct span result = specialised(&buffer, "a");
    ck_assert_ptr_eq(result.data, buffer.data);
    ck_assert_uint_eq(result.size, buffer.size);
    buffer_done(&buffer);
}
END_TEST

START_TEST(addressed_entries_go_to_their_executor_alone)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    add(&buffer, "a__x", 1);
    add(&buffer, "b__x", 2);
    add(&buffer, "x", 3);
    struct span a = specialised(&buffer, "a"), b = specialised(&buffer, "b"), c = specialised(&buffer, "a__b");
    ck_assert(seen(a, "x") == 1 && seen(b, "x") == 2 && seen(c, "x") == 3);
    ck_assert(seen(a, "a__x") == -1 && seen(a, "b__x") == -1 && seen(c, "a__x") == -1);
    buffer_done(&buffer);
}
END_TEST

START_TEST(odd_keys_are_split_as_python_does)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    add(&buffer, "x_y", 6);
    add(&buffer, "trail__", 4);
    add(&buffer, "exec__utor0__key", 2);
    add(&buffer, "executor0__", 5);
    add(&buffer, "__lead", 3);
    add(&buffer, "a__b__other", 1);
    add(&buffer, "executor0___y", 7);
    struct span result = specialised(&buffer, "executor0");
    ck_assert(seen(result, "x_y") == 6 && seen(result, "trail__") == 4 && seen(result, "key") == 2);
    ck_assert(seen(result, "executor0__") == 5 && seen(result, "__lead") == 3 && seen(result, "_y") == 7);
    ck_assert(seen(result, "other") == -1 && seen(result, "a__b__other") == -1);
    buffer_done(&buffer);
}
END_TEST

START_TEST(the_map_under_the_own_name_wins_and_stays)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    add_map(&buffer, "a", "x", 1);
    add(&buffer, "x", 5);
    add(&buffer, "a__x", 2);
    ck_assert(seen(specialised(&buffer, "a"), "x") == 1);
    ck_assert(seen(specialised(&buffer, "a"), "a") == 0);
    ck_assert(seen(specialised(&buffer, "b"), "x") == 5);
    buffer_done(&buffer);
}
END_TEST

START_TEST(results_are_joined_to_what_the_client_sent)
{
    struct buffer buffer, one;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    buffer_init(&one, BUFFER_NO_LIMIT);
    add(&buffer, "p", 1);
    add_map(&buffer, PARAMETERS_RESULTS, "mine", 1);
    add(&one, "n", 2);
    struct parameters_result results[] = {
        {"a/rep-0", {one.data, one.size}},
        {"b/rep-0", {one.data, one.size}}
    };
    struct span answer;
    ck_assert_int_eq(parameters_answer((struct span){buffer.data, buffer.size}, results, 2, arena, &answer), SLUICE_OK);
    ck_assert_int_eq(parameters_check(answer, 8, NULL), SLUICE_OK);
    ck_assert(seen(answer, "p") == 1);
    ck_assert_ptr_nonnull(memmem(answer.data, answer.size, "mine", 4));
    ck_assert_ptr_nonnull(memmem(answer.data, answer.size, "a/rep-0", 7));
    ck_assert_ptr_nonnull(memmem(answer.data, answer.size, "b/rep-0", 7));
    ck_assert_int_eq(parameters_answer((struct span){buffer.data, buffer.size}, results, 0, arena, &answer), SLUICE_OK);
    ck_assert_ptr_eq(answer.data, buffer.data);
    buffer_done(&buffer);
    buffer_done(&one);
}
END_TEST

START_TEST(depth_is_bounded_at_the_edge)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    add_map(&buffer, "m", "x", 1);
    struct span parameters = {buffer.data, buffer.size};
    ck_assert_int_eq(parameters_check(parameters, 2, NULL), SLUICE_OK);
    sluice_error error;
    ck_assert_int_eq(parameters_check(parameters, 1, &error), SLUICE_LIMIT);
    ck_assert_ptr_nonnull(strstr(error.text, "max_depth"));
    buffer_done(&buffer);
}
END_TEST

int main(void)
{
    TCase *parameters = tcase_create("parameters");
    tcase_add_checked_fixture(parameters, set_up, tear_down);
    tcase_add_test(parameters, plain_parameters_are_not_copied);
    tcase_add_test(parameters, addressed_entries_go_to_their_executor_alone);
    tcase_add_test(parameters, odd_keys_are_split_as_python_does);
    tcase_add_test(parameters, the_map_under_the_own_name_wins_and_stays);
    tcase_add_test(parameters, results_are_joined_to_what_the_client_sent);
    tcase_add_test(parameters, depth_is_bounded_at_the_edge);
    Suite *suite = suite_create("gateway.parameters");
    suite_add_tcase(suite, parameters);
    return suite_run(suite);
}
