#include "common/document/codec.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

START_TEST(a_map_gives_back_what_was_put_in)
{
    sluice_value *map = sluice_value_new_map();
    ck_assert_int_eq(sluice_value_set_null(map, "null"), SLUICE_OK);
    ck_assert_int_eq(sluice_value_set_bool(map, "bool", true), SLUICE_OK);
    ck_assert_int_eq(sluice_value_set_number(map, "number", -0.0), SLUICE_OK);
    ck_assert_int_eq(sluice_value_set_string(map, "string", "text"), SLUICE_OK);
    ck_assert_int_eq(sluice_value_set_text(map, (sluice_text){"n\0l", 3}, (sluice_text){"a\0b", 3}), SLUICE_OK);
    sluice_value *list = sluice_value_set_list(map, "list");
    ck_assert_int_eq(sluice_value_append_number(list, 1), SLUICE_OK);
    ck_assert_int_eq(sluice_value_append_bool(list, false), SLUICE_OK);
    ck_assert_int_eq(sluice_value_append_null(list), SLUICE_OK);
    ck_assert_int_eq(sluice_value_append_text(list, sluice_text_of("x")), SLUICE_OK);
    sluice_value_set_number(sluice_value_append_map(list), "k", 2);
    sluice_value_append_number(sluice_value_append_list(list), 3);

    ck_assert_uint_eq(sluice_value_size(map), 6);
    ck_assert_int_eq(sluice_value_kind_of(sluice_value_get(map, "null")), SLUICE_VALUE_NULL);
    ck_assert(sluice_value_bool(sluice_value_get(map, "bool"), false));
    ck_assert(signbit(sluice_value_number(sluice_value_get(map, "number"), 1)));
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(map, "string")), "text"));
    sluice_text with_nul = sluice_value_string(sluice_value_get_text(map, (sluice_text){"n\0l", 3}));
    ck_assert_uint_eq(with_nul.size, 3);
    ck_assert_mem_eq(with_nul.data, "a\0b", 3);
    ck_assert_ptr_null(sluice_value_get(map, "n"));
    ck_assert(sluice_text_is(sluice_value_key_at(map, 5), "list"));
    ck_assert_uint_eq(sluice_value_size(list), 6);
    ck_assert_double_eq(sluice_value_number(sluice_value_get(sluice_value_at(list, 4), "k"), 0), 2);
    ck_assert_double_eq(sluice_value_number(sluice_value_at(sluice_value_at(list, 5), 0), 0), 3);
    ck_assert_ptr_null(sluice_value_at(list, 6));
    ck_assert_ptr_null(sluice_value_at(map, 6));
    sluice_value_free(map);
    sluice_value_free(NULL);
}
END_TEST

START_TEST(other_kinds_and_null_read_as_the_fallback)
{
    sluice_value *map = sluice_value_new_map();
    sluice_value_set_string(map, "s", "5");
    const sluice_value *string = sluice_value_get(map, "s");
    ck_assert(sluice_value_bool(string, true));
    ck_assert_double_eq(sluice_value_number(string, 7), 7);
    ck_assert_int_eq(sluice_value_integer(string, 7), 7);
    ck_assert_uint_eq(sluice_value_size(string), 0);
    ck_assert_ptr_null(sluice_value_at(string, 0));
    ck_assert_ptr_null(sluice_value_get(string, "x"));
    ck_assert(sluice_text_is(sluice_value_key_at(string, 0), ""));
    ck_assert_int_eq(sluice_value_kind_of(NULL), SLUICE_VALUE_NULL);
    ck_assert(sluice_text_is(sluice_value_string(NULL), ""));
    ck_assert_uint_eq(sluice_value_size(NULL), 0);
    ck_assert_ptr_null(sluice_value_get(NULL, "x"));
    sluice_value_free(map);
}
END_TEST

START_TEST(integers_are_numbers_without_fraction_up_to_2_to_53)
{
    static const struct {
        double number;
        int64_t wanted;
    } cases[] = {{3, 3}, {-3, -3}, {-0.0, 0}, {0.5, 99}, {9007199254740992.0, 9007199254740992}, {-9007199254740992.0, -9007199254740992},
                 {9007199254740994.0, 99}, {1e300, 99}, {(double)INFINITY, 99}, {(double)NAN, 99}};
    sluice_value *map = sluice_value_new_map();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sluice_value_set_number(map, "n", cases[i].number);
        ck_assert_int_eq(sluice_value_integer(sluice_value_get(map, "n"), 99), cases[i].wanted);
    }
    sluice_value_free(map);
}
END_TEST

START_TEST(a_key_is_replaced_in_place_and_removed)
{
    sluice_value *map = sluice_value_new_map();
    sluice_value_set_number(map, "a", 1);
    sluice_value_set_number(map, "b", 2);
    sluice_value *nested = sluice_value_set_map(map, "c");
    sluice_value_set_string(map, "a", "new");
    ck_assert_uint_eq(sluice_value_size(map), 3);
    ck_assert(sluice_text_is(sluice_value_key_at(map, 0), "a"));
    ck_assert(sluice_value_remove(map, "a"));
    ck_assert(!sluice_value_remove(map, "a"));
    ck_assert_uint_eq(sluice_value_size(map), 2);
    sluice_value_set_number(nested, "still", 1); /* its neighbour moved, it did not */
    ck_assert_ptr_eq(sluice_value_get(map, "c"), nested);
    ck_assert_ptr_nonnull(sluice_value_get(nested, "still"));
    sluice_value_clear(map);
    ck_assert_uint_eq(sluice_value_size(map), 0);
    ck_assert_ptr_null(sluice_value_get(map, "c"));
    sluice_value_free(map);
}
END_TEST

enum { MANY = 5000 };

START_TEST(large_maps_find_every_key)
{
    sluice_value *map = sluice_value_new_map();
    char key[20];
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "key %d", i);
        ck_assert_int_eq(sluice_value_set_number(map, key, i), SLUICE_OK);
    }
    for (int i = 0; i < MANY; i += 7) {
        snprintf(key, sizeof key, "key %d", i);
        ck_assert(sluice_value_remove(map, key));
    }
    for (int i = 0; i < MANY; i++) {
        snprintf(key, sizeof key, "key %d", i);
        ck_assert_double_eq(sluice_value_number(sluice_value_get(map, key), -1), i % 7 == 0 ? -1 : i);
    }
    sluice_value_set_number(map, "key 8", 88);
    ck_assert_double_eq(sluice_value_number(sluice_value_get(map, "key 8"), -1), 88);
    sluice_value_clear(map);
    ck_assert_ptr_null(sluice_value_get(map, "key 8"));
    sluice_value_set_number(map, "key 9", 9);
    ck_assert_double_eq(sluice_value_number(sluice_value_get(map, "key 9"), -1), 9);
    sluice_value_free(map);
}
END_TEST

static sluice_value *example(bool turned)
{
    sluice_value *map = sluice_value_new_map();
    if (turned)
        sluice_value_set_string(map, "s", "x");
    sluice_value *list = sluice_value_set_list(map, "l");
    sluice_value_append_number(list, 1);
    sluice_value_set_null(sluice_value_append_map(list), "n");
    if (!turned)
        sluice_value_set_string(map, "s", "x");
    return map;
}

START_TEST(equal_means_same_kind_and_content_without_order)
{
    sluice_value *a = example(false), *b = example(true);
    ck_assert(sluice_value_equal(a, b));
    sluice_value_append_number((sluice_value *)(uintptr_t)sluice_value_get(b, "l"), 0.0);
    ck_assert(!sluice_value_equal(a, b));
    sluice_value_append_number((sluice_value *)(uintptr_t)sluice_value_get(a, "l"), -0.0);
    ck_assert(!sluice_value_equal(a, b)); /* by their bits */
    ck_assert(sluice_value_equal(NULL, NULL));
    ck_assert(!sluice_value_equal(a, NULL));
    sluice_value_free(a);
    sluice_value_free(b);
}
END_TEST

START_TEST(copies_are_deep_and_may_come_from_themselves)
{
    sluice_value *a = example(false), *b = sluice_value_new_map();
    ck_assert_int_eq(sluice_value_set_copy(b, sluice_text_of("copy"), a), SLUICE_OK);
    ck_assert(sluice_value_equal(sluice_value_get(b, "copy"), a));
    ck_assert_int_eq(sluice_value_set_copy(b, sluice_text_of("self"), b), SLUICE_OK);
    ck_assert(sluice_value_equal(sluice_value_get(sluice_value_get(b, "self"), "copy"), a));
    ck_assert_uint_eq(sluice_value_size(sluice_value_get(b, "self")), 1);
    sluice_value *list = sluice_value_set_list(b, "list");
    ck_assert_int_eq(sluice_value_append_copy(list, a), SLUICE_OK);
    ck_assert_int_eq(sluice_value_append_copy(list, list), SLUICE_OK);
    ck_assert_int_eq(sluice_value_append_copy(list, NULL), SLUICE_OK);
    ck_assert_uint_eq(sluice_value_size(list), 3);
    sluice_value_free(a); /* the copies do not need it */
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(sluice_value_at(list, 0), "s")), "x"));
    sluice_value_free(b);
}
END_TEST

START_TEST(what_cannot_be_written_is_refused_and_changes_nothing)
{
    sluice_value *map = sluice_value_new_map();
    sluice_value *list = sluice_value_set_list(map, "l");
    ck_assert_int_eq(sluice_value_set_string(map, "l", "\xff"), SLUICE_INVALID);
    ck_assert_int_eq(sluice_value_set_number(map, "\xff", 1), SLUICE_INVALID);
    ck_assert_int_eq(sluice_value_append_text(list, sluice_text_of("\xff")), SLUICE_INVALID);
    ck_assert_int_eq(sluice_value_set_number(list, "k", 1), SLUICE_INVALID);
    ck_assert_int_eq(sluice_value_append_number(map, 1), SLUICE_INVALID);
    ck_assert_int_eq(sluice_value_set_number(NULL, "k", 1), SLUICE_NO_MEMORY);
    ck_assert_int_eq(sluice_value_append_null(NULL), SLUICE_NO_MEMORY);
    ck_assert_ptr_null(sluice_value_set_map(list, "k"));
    ck_assert_ptr_null(sluice_value_append_map(map));
    ck_assert(!sluice_value_remove(list, "l"));
    ck_assert_uint_eq(sluice_value_size(map), 1);
    ck_assert_uint_eq(sluice_value_size(list), 0);
    ck_assert_int_eq(sluice_value_kind_of(sluice_value_get(map, "l")), SLUICE_VALUE_LIST);
    sluice_value_free(map);
}
END_TEST

START_TEST(nesting_ends_at_the_default_depth)
{
    sluice_value *map = sluice_value_new_map(), *at = map;
    for (size_t level = 2; level <= SLUICE_DEFAULT_DEPTH; level++) {
        at = level % 2 == 0 ? sluice_value_set_list(at, "x") : sluice_value_append_map(at);
        ck_assert_ptr_nonnull(at);
    }
    ck_assert_ptr_null(sluice_value_append_map(at));
    ck_assert_ptr_null(sluice_value_append_list(at));
    ck_assert_int_eq(sluice_value_append_copy(at, map), SLUICE_LIMIT);
    ck_assert_uint_eq(sluice_value_size(at), 0);
    ck_assert_int_eq(sluice_value_append_number(at, 1), SLUICE_OK);
    sluice_value_free(map);
}
END_TEST

/* Protobuf */

static sluice_value *read_struct(const char *bytes, size_t size)
{
    sluice_value *map = NULL;
    sluice_error error = {0};
    sluice_status status = value_read_struct(bytes, size, NULL, &map, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
    return map;
}

static void struct_is(const sluice_value *map, const char *bytes, size_t size)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    buffer_append_text(&buffer, "x");
    value_write_struct(map, &buffer);
    ck_assert_uint_eq(buffer.size, 1 + size);
    if (size > 0)
        ck_assert_mem_eq(buffer.data + 1, bytes, size);
    buffer_done(&buffer);
}

#define LITERAL(text) text, sizeof text - 1

START_TEST(a_struct_comes_back_byte_for_byte)
{
    static const char bytes[] = "\x0a\x05\x0a\x01n\x12\x00"                                  /* no kind at all */
                                "\x0a\x07\x0a\x01z\x12\x02\x08\x00"                          /* null */
                                "\x0a\x07\x0a\x01y\x12\x02\x08\x05"                          /* an unknown null */
                                "\x0a\x0e\x0a\x01" "d\x12\x09\x11\x01\x00\x00\x00\x00\x00\xf4\x7f" /* a NaN with bits */
                                "\x0a\x07\x0a\x01t\x12\x02\x20\x00"                          /* false */
                                "\x0a\x08\x0a\x00\x12\x04\x1a\x02\x00h"                      /* empty key, NUL in text */
                                "\x0a\x09\x0a\x01l\x12\x04\x32\x02\x0a\x00"                  /* a list of an unset value */
                                "\x0a\x07\x0a\x01m\x12\x02\x2a\x00"                          /* an empty map */
                                "\x0a\x0a\x0a\x01u\x12\x05\x1a\x01x\x38\x01"                 /* unknown field in a Value */
                                "\x0a\x0d\x0a\x01v\x12\x08\x32\x06\x0a\x02\x20\x01\x10\x07"  /* in a ListValue */
                                "\x10\x01\x1a\x02xx";                                        /* in the Struct */
    sluice_value *map = read_struct(LITERAL(bytes));
    ck_assert_uint_eq(sluice_value_size(map), 10);
    ck_assert_int_eq(sluice_value_kind_of(sluice_value_get(map, "n")), SLUICE_VALUE_NULL);
    ck_assert(isnan(sluice_value_number(sluice_value_get(map, "d"), 0)));
    struct_is(map, LITERAL(bytes));
    sluice_value *copy = sluice_value_new_map();
    ck_assert_int_eq(sluice_value_set_copy(copy, sluice_text_of("c"), map), SLUICE_OK);
    struct_is(sluice_value_get(copy, "c"), LITERAL(bytes));
    sluice_value_free(copy);
    sluice_value_free(map);
    struct_is(NULL, "", 0);
    map = read_struct("", 0);
    struct_is(map, "", 0);
    sluice_value_free(map);
    map = read_struct(NULL, 0);
    sluice_value_free(map);
}
END_TEST

START_TEST(split_and_repeated_parts_merge_as_in_protobuf)
{
    /* one entry: value twice, both structs: merged */
    sluice_value *map = read_struct(LITERAL("\x0a\x1d\x0a\x01m\x12\x0b\x2a\x09\x0a\x07\x0a\x01" "a\x12\x02\x20\x01\x12\x0b\x2a\x09\x0a\x07\x0a\x01" "b\x12\x02\x20\x01"));
    ck_assert_uint_eq(sluice_value_size(sluice_value_get(map, "m")), 2);
    sluice_value_free(map);
    /* the last member of the oneof: a list, then text */
    map = read_struct(LITERAL("\x0a\x0c\x0a\x01m\x12\x07\x32\x02\x0a\x00\x1a\x01x"));
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(map, "m")), "x"));
    sluice_value_free(map);
    /* a key twice: the last value, at the place of the first */
    map = read_struct(LITERAL("\x0a\x07\x0a\x01" "a\x12\x02\x20\x01\x0a\x07\x0a\x01" "b\x12\x02\x20\x01\x0a\x07\x0a\x01" "a\x12\x02\x20\x00"));
    struct_is(map, LITERAL("\x0a\x07\x0a\x01" "a\x12\x02\x20\x00\x0a\x07\x0a\x01" "b\x12\x02\x20\x01"));
    sluice_value_free(map);
    /* an entry without key and value */
    map = read_struct(LITERAL("\x0a\x00"));
    struct_is(map, LITERAL("\x0a\x04\x0a\x00\x12\x00"));
    sluice_value_free(map);
    /* a known number with another wire type is unknown */
    map = read_struct(LITERAL("\x08\x05"));
    ck_assert_uint_eq(sluice_value_size(map), 0);
    struct_is(map, LITERAL("\x08\x05"));
    sluice_value_free(map);
}
END_TEST

static void refused(const char *bytes, size_t size, const sluice_limits *limits, sluice_status wanted, const char *text)
{
    sluice_value *map = NULL;
    sluice_error error = {0};
    ck_assert_int_eq(value_read_struct(bytes, size, limits, &map, &error), wanted);
    ck_assert_msg(strstr(error.text, text) != NULL, "\"%s\" is not in \"%s\"", text, error.text);
    ck_assert_ptr_null(map);
}

START_TEST(bad_structs_are_refused)
{
    refused(LITERAL("\x0a\x05"), NULL, SLUICE_INVALID, "no serialized google.protobuf.Struct: no complete field at byte 2");
    refused(LITERAL("\x0a\x01\x0a"), NULL, SLUICE_INVALID, "entry of google.protobuf.Struct");
    refused(LITERAL("\x0a\x05\x0a\x01\xff\x12\x00"), NULL, SLUICE_INVALID, "\"key\" at byte 2 is not UTF-8");
    refused(LITERAL("\x0a\x07\x0a\x00\x12\x03\x1a\x01\xff"), NULL, SLUICE_INVALID, "\"string_value\" at byte 6 is not UTF-8");
    refused(LITERAL("\x0a\x05\x0a\x00\x12\x01\x09"), NULL, SLUICE_INVALID, "google.protobuf.Value");
    refused(LITERAL("\x0a\x07\x0a\x00\x12\x03\x32\x01\x09"), NULL, SLUICE_INVALID, "google.protobuf.ListValue");
    refused(LITERAL("\x0a\x04\x0a\x00\x12\x00\x0a\x05\x0a\x01x\x12\x00"), &(sluice_limits){.elements = 1}, SLUICE_LIMIT,
            "\"elements\" of 1 allows (at byte 6)");
    refused(LITERAL("\x0a\x08\x0a\x00\x12\x04\x2a\x00\x2a\x00"), &(sluice_limits){.depth = 1}, SLUICE_LIMIT, "\"depth\" of 1");
    refused(LITERAL("\x0a\x00"), &(sluice_limits){.bytes = 100}, SLUICE_LIMIT, "\"bytes\"");
}
END_TEST

START_TEST(a_map_may_live_in_the_arena_of_its_caller)
{
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    static const char bytes[] = "\x0a\x08\x0a\x01" "a\x12\x03\x1a\x01x";
    sluice_value *map = NULL;
    ck_assert_int_eq(value_read_struct_in(arena, bytes, sizeof bytes - 1, NULL, &map, NULL), SLUICE_OK);
    ck_assert_ptr_eq(sluice_value_string(sluice_value_get(map, "a")).data, bytes + 9);
    sluice_value_free(map); /* not its own: nothing happens */
    struct_is(map, LITERAL(bytes));
    sluice_value *empty = value_new_map_in(arena);
    ck_assert_int_eq(sluice_value_set_bool(empty, "b", true), SLUICE_OK);
    arena_free(arena);
}
END_TEST

SUITE_MAIN("common.value", a_map_gives_back_what_was_put_in, other_kinds_and_null_read_as_the_fallback,
           integers_are_numbers_without_fraction_up_to_2_to_53, a_key_is_replaced_in_place_and_removed,
           large_maps_find_every_key, equal_means_same_kind_and_content_without_order,
           copies_are_deep_and_may_come_from_themselves, what_cannot_be_written_is_refused_and_changes_nothing,
           nesting_ends_at_the_default_depth, a_struct_comes_back_byte_for_byte,
           split_and_repeated_parts_merge_as_in_protobuf, bad_structs_are_refused,
           a_map_may_live_in_the_arena_of_its_caller)
