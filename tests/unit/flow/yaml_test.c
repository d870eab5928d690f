#include "tests/unit/flow/kit.h"
#include "common/flow/yaml.h"
#include "common/foundation/buffer.h"

#include <stdio.h>
#include <string.h>

/* One read with its own memory. */
struct reading {
    struct arena *arena;
    struct problems problems;
    struct node *root;
    bool empty;
};

static void read_bytes(struct reading *reading, const char *text, size_t size)
{
    reading->arena = arena_new(1024, ARENA_NO_LIMIT);
    problems_init(&reading->problems, reading->arena);
    reading->root = node_read(text, size, (struct flow_place){.file = "f"}, &node_limits_input, reading->arena,
                              &reading->problems, &reading->empty);
}

static void read_text(struct reading *reading, const char *text)
{
    read_bytes(reading, text, strlen(text));
}

static void done(struct reading *reading)
{
    problems_done(&reading->problems);
    arena_free(reading->arena);
}

/* The first problem as LINE:COLUMN TEXT, or "" */
static const char *problem_of(const char *text, size_t size)
{
    static char line[1000];
    struct reading reading;
    struct flow_report report;
    read_bytes(&reading, text, size);
    ck_assert_int_eq(problems_report(&reading.problems, &report), SLUICE_OK);
    line[0] = '\0';
    if (report.count > 0)
        snprintf(line, sizeof line, "%u:%u %s", report.problems[0].place.line, report.problems[0].place.column,
                 report.problems[0].text);
    done(&reading);
    return line;
}

#define PROBLEM_OF(text) problem_of(text, sizeof(text) - 1)

START_TEST(places_count_from_one)
{
    struct reading reading;
    read_text(&reading, "a: 1\nb:\n  - x\n  - {c: ä, d: e}\n");
    struct node *list = node_get(reading.root, "b");
    ck_assert_int_eq(list->kind, NODE_LIST);
    ck_assert_uint_eq(list->items[0]->place.line, 3);
    ck_assert_uint_eq(list->items[0]->place.column, 5);
    struct node_entry *d = node_entry(list->items[1], "d");
    ck_assert_uint_eq(d->key_place.line, 4);
    ck_assert_uint_eq(d->key_place.column, 12); /* in characters, not bytes */
    ck_assert_uint_eq(d->value->place.column, 15);
    done(&reading);
}
END_TEST

START_TEST(kinds_follow_the_writing)
{
    struct reading reading;
    read_text(&reading, "[1, 1.0, 'x', x, true, null, [], {}, '1']");
    static const enum node_kind kinds[] = {NODE_NUMBER, NODE_NUMBER, NODE_STRING, NODE_STRING, NODE_BOOL,
                                           NODE_NULL,   NODE_LIST,   NODE_MAP,    NODE_STRING};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        ck_assert_int_eq(reading.root->items[i]->kind, kinds[i]);
    ck_assert(reading.root->items[0]->integer);
    ck_assert(!reading.root->items[1]->integer);
    ck_assert(reading.root->items[2]->quoted);
    ck_assert(!reading.root->items[3]->quoted);
    done(&reading);
}
END_TEST

START_TEST(aliases_are_copies_and_merges_fill_in)
{
    struct reading reading;
    read_text(&reading,
              "base: &b {x: 1, y: [1, 2]}\nother: {<<: *b, x: 2}\nmany: {<<: [*b, {z: 3, x: 9}]}\ncopy: *b\n");
    struct node *base = node_get(reading.root, "base"), *other = node_get(reading.root, "other"),
                *many = node_get(reading.root, "many");
    ck_assert_double_eq(node_get(other, "x")->number, 2);
    ck_assert_uint_eq(node_get(other, "y")->count, 2);
    ck_assert_ptr_ne(node_get(other, "y"), node_get(base, "y"));
    ck_assert_double_eq(node_get(many, "x")->number, 1);
    ck_assert_double_eq(node_get(many, "z")->number, 3);
    ck_assert_ptr_null(node_get(many, "<<"));
    ck_assert_uint_eq(node_get(reading.root, "copy")->place.line, 4);
    ck_assert_uint_eq(reading.problems.error_count, 0);
    done(&reading);
}
END_TEST

START_TEST(tags_become_jtype)
{
    struct reading reading;
    read_text(&reading, "!Flow\na: !X\nb:\n  !Y\n  c: '!not a tag'\n");
    ck_assert_str_eq(node_get(reading.root, "jtype")->text, "Flow");
    ck_assert_str_eq(node_get(node_get(reading.root, "a"), "jtype")->text, "X");
    ck_assert_str_eq(node_get(node_get(reading.root, "b"), "jtype")->text, "Y");
    ck_assert_str_eq(node_get(node_get(reading.root, "b"), "c")->text, "!not a tag");
    done(&reading);
    ck_assert_str_eq(PROBLEM_OF("!A\njtype: B\n"), "2:1 the key \"jtype\" is here twice, first at line 1, column 1");
    ck_assert_str_eq(PROBLEM_OF("a: !X y"),
                     "1:4 a tag belongs before a map (`!Name` is short for `jtype: Name`); this is a text");
    ck_assert_str_eq(PROBLEM_OF("a: !X [y]"),
                     "1:4 a tag belongs before a map (`!Name` is short for `jtype: Name`); this is a list");
    ck_assert_str_eq(PROBLEM_OF("a: !!python/object:os.system {}"),
                     "1:4 this tag is not known; `!Name` is short for `jtype: Name`");
    ck_assert_str_eq(PROBLEM_OF("a: !!binary aGk="),
                     "1:4 this tag is not known; !!str, !!int, !!float, !!bool and !!null are");
}
END_TEST

START_TEST(mistakes_are_named_with_their_place)
{
    ck_assert_str_eq(PROBLEM_OF("a: 1\nb: 2\na: 3\n"), "3:1 the key \"a\" is here twice, first at line 1, column 1");
    ck_assert_str_eq(PROBLEM_OF("a: [1\n"),
                     "2:1 not valid YAML: did not find expected ',' or ']' while parsing a flow sequence");
    ck_assert_str_eq(PROBLEM_OF("a: 1\n b: 2\n"), "2:3 not valid YAML: mapping values are not allowed in this context");
    ck_assert_str_eq(
        PROBLEM_OF("a: *b\n"),
        "1:4 this alias (*name) stands for nothing: its anchor (&name) must come before, and not around it");
    ck_assert_str_eq(
        PROBLEM_OF("a: &a [*a]\n"),
        "1:8 this alias (*name) stands for nothing: its anchor (&name) must come before, and not around it");
    ck_assert_str_eq(PROBLEM_OF("[a]: 1\n"), "1:1 a key must be a text");
    ck_assert_str_eq(PROBLEM_OF("\"a\\0b\": 1\n"), "1:1 a key must not hold a NUL character");
    ck_assert_str_eq(PROBLEM_OF("a: {<<: 1}\n"), "1:9 `<<` merges maps; this is none");
    ck_assert_str_eq(PROBLEM_OF("a: b\nc: \xFF\n"), "2:4 not valid YAML: invalid leading UTF-8 octet");
    ck_assert_str_eq(PROBLEM_OF("a: b\0c"), "1:5 not valid YAML: control characters are not allowed");
}
END_TEST

START_TEST(texts_may_hold_nul)
{
    struct reading reading;
    read_text(&reading, "a: \"x\\0y\"");
    ck_assert_uint_eq(node_get(reading.root, "a")->size, 3);
    done(&reading);
}
END_TEST

START_TEST(nothing_is_an_empty_document)
{
    static const char *const texts[] = {"", "\n\n", "# c\n", "---\n", "---\n...\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct reading reading;
        read_text(&reading, texts[i]);
        ck_assert_ptr_null(reading.root);
        ck_assert_msg(reading.empty, "%s", texts[i]);
        ck_assert_uint_eq(reading.problems.count, 0);
        done(&reading);
    }
}
END_TEST

static void nested(struct buffer *text, int depth)
{
    buffer_clear(text);
    for (int i = 0; i < depth; i++)
        buffer_append_text(text, "[");
    for (int i = 0; i < depth; i++)
        buffer_append_text(text, "]");
}

START_TEST(depth_is_bounded)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    nested(&text, NODE_DEPTH_MAX);
    ck_assert_str_eq(problem_of(buffer_text(&text), text.size), "");
    nested(&text, NODE_DEPTH_MAX + 1);
    ck_assert_str_eq(problem_of(buffer_text(&text), text.size), "1:65 nested too deeply: more than 64 levels");
    buffer_clear(&text);
    buffer_append_text(&text, "a: &a [[x]]\n");
    for (int i = 0; i < 40; i++)
        buffer_printf(&text, "a%d: &a [[*a]]\n", i);
    ck_assert_str_eq(problem_of(buffer_text(&text), text.size), "32:11 nested too deeply: more than 64 levels");
    buffer_done(&text);
}
END_TEST

START_TEST(values_are_counted)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, "[");
    for (int i = 0; i < NODE_COUNT_MAX - 1; i++)
        buffer_append_text(&text, i == 0 ? "1" : ",1");
    buffer_append_text(&text, "]");
    ck_assert_str_eq(problem_of(buffer_text(&text), text.size), "");
    text.data[text.size - 1] = ',';
    buffer_append_text(&text, "1]");
    ck_assert_str_eq(problem_of(buffer_text(&text), text.size),
                     "1:200000 too large: more than 100000 values, expanded aliases (*name) included");
    buffer_done(&text);
}
END_TEST

START_TEST(laughs_do_not_grow_to_a_billion)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, "l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n");
    for (int i = 1; i < 10; i++) {
        buffer_printf(&text, "l%d: &l%d [", i, i);
        for (int k = 0; k < 10; k++)
            buffer_printf(&text, "%s*l%d", k > 0 ? "," : "", i - 1);
        buffer_append_text(&text, "]\n");
    }
    ck_assert_ptr_nonnull(strstr(problem_of(buffer_text(&text), text.size), "too large: more than 100000 values"));
    buffer_done(&text);
}
END_TEST

START_TEST(size_is_bounded)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, "a: 1 #");
    while (text.size < NODE_BYTES_MAX)
        buffer_append_text(&text, "x");
    ck_assert_str_eq(problem_of(buffer_text(&text), text.size), "");
    buffer_append_text(&text, "x");
    ck_assert_str_eq(problem_of(buffer_text(&text), text.size),
                     "0:0 too large: 4194305 bytes of YAML, at most 4194304 are read");
    buffer_done(&text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {places_count_from_one,
                                  kinds_follow_the_writing,
                                  aliases_are_copies_and_merges_fill_in,
                                  tags_become_jtype,
                                  mistakes_are_named_with_their_place,
                                  texts_may_hold_nul,
                                  nothing_is_an_empty_document,
                                  depth_is_bounded,
                                  values_are_counted,
                                  laughs_do_not_grow_to_a_billion,
                                  size_is_bounded,
                                  NULL};
    return kit_run("yaml", tests);
}
