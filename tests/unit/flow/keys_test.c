/*
 * The table of keys, and that docs/flow-yaml.md shows it as it is. After a change of the table:
 *     test_flow_keys --write      puts the new table into the page
 */
#include "tests/unit/flow/kit.h"
#include "common/flow/keys.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char page[] = "docs/flow-yaml.md";
static const char begin[] = "<!-- keys: made from common/flow/key_table.c by `test_flow_keys --write` -->\n";
static const char end[] = "<!-- end of keys -->\n";

static void put_section(struct buffer *out, const char *title, unsigned where, unsigned without)
{
    buffer_printf(out, "\n### %s\n\n| key | where | value | default | class | |\n|---|---|---|---|---|---|\n", title);
    for (size_t i = 0; i < key_count; i++)
        if ((key_table[i].where & where) == where && (key_table[i].where & without) == 0)
            keys_write_row(&key_table[i], out);
}

static void put_table(struct buffer *out)
{
    put_section(out, "Top level", KEY_FLOW, KEY_RESOLVED);
    put_section(out, "The Flow itself, under `with`", KEY_WITH, KEY_GATEWAY | KEY_EXECUTOR | KEY_RESOLVED);
    put_section(out, "The gateway, under `gateway` or `with`", KEY_GATEWAY, KEY_EXECUTOR | KEY_RESOLVED);
    put_section(out, "Executors", KEY_EXECUTOR, KEY_GATEWAY | KEY_RESOLVED);
    put_section(out, "Gateway and executors", KEY_GATEWAY | KEY_EXECUTOR, KEY_RESOLVED);
    put_section(out, "Executor YAML", KEY_EXECUTOR_YAML, KEY_RESOLVED);
    put_section(out, "`metas` of an executor", KEY_METAS, KEY_RESOLVED);
    buffer_append_text(out, "\n");
}

static int write_page(void)
{
    struct buffer text, table;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_init(&table, BUFFER_NO_LIMIT);
    sluice_status status = file_read_path(page, &text, NULL);
    const char *from = strstr(buffer_text(&text), begin), *to = strstr(buffer_text(&text), end);
    FILE *file = status == SLUICE_OK && from != NULL && to != NULL ? fopen(page, "w") : NULL;
    if (file == NULL)
        return fprintf(stderr, "%s cannot be written, or lacks the two comments\n", page), 1;
    put_table(&table);
    fwrite(buffer_text(&text), 1, (size_t)(from - buffer_text(&text)) + strlen(begin), file);
    fwrite(buffer_text(&table), 1, table.size, file);
    fputs(to, file);
    fclose(file);
    buffer_done(&table);
    buffer_done(&text);
    return 0;
}

START_TEST(the_page_shows_the_table)
{
    struct buffer table;
    char *text = kit_read(page), *from = strstr(text, begin), *to = strstr(text, end);
    ck_assert_ptr_nonnull(from);
    ck_assert_ptr_nonnull(to);
    from += strlen(begin);
    buffer_init(&table, BUFFER_NO_LIMIT);
    put_table(&table);
    *to = '\0';
    ck_assert_msg(strcmp(from, buffer_text(&table)) == 0,
                  "docs/flow-yaml.md is not what the table says; run test_flow_keys --write");
    buffer_done(&table);
    free(text);
}
END_TEST

/* Each block of the page that starts with `jtype: Flow` must load without an error. */
START_TEST(the_examples_of_the_page_load)
{
    char *text = kit_read(page), *at = text;
    static const struct kit_text plugins[] = {
        {"sentencizer",                                                                            "{\"name\": \"sentencizer\", \"handlers\": [{\"name\": \"split\"}], \"parameters\": null}"},
        {"encoder",                                                                                        "{\"name\": \"encoder\", \"handlers\": [{\"name\": \"encode\"}], \"parameters\": null}"},
        {0}
    };
    static const char *const environment[] = {"MODEL=small", NULL};
    size_t count = 0;
    kit_plugins = plugins;
    while ((at = strstr(at, "```yaml\n")) != NULL) {
        at += strlen("```yaml\n");
        char *stop = strstr(at, "```");
        ck_assert_ptr_nonnull(stop);
        *stop = '\0';
        if (strncmp(at, "jtype: Flow", 11) == 0) {
            struct kit kit = {
                .source = kit_source(), .options = {.file = page, .environment = environment}
            };
            kit_load(&kit, at);
            ck_assert_msg(kit.flow != NULL && kit.report.count == 0, "%s\n%s", kit_lines(&kit), at);
            kit_expect_round_trip(kit.flow);
            kit_done(&kit);
            count++;
        }
        at = stop + 1;
    }
    ck_assert_uint_gt(count, 0);
    free(text);
}
END_TEST

START_TEST(rows_are_well_formed)
{
    for (size_t i = 0; i < key_count; i++) {
        const struct key *key = &key_table[i];
        ck_assert_msg(key->help != NULL && key->help[0] != '\0', "%s", key->name);
        ck_assert_msg(key->minimum <= key->maximum, "%s", key->name);
        if (key->type == KEY_CHOICE || key->type == KEY_CHOICES)
            ck_assert_msg(key->choices != NULL, "%s", key->name);
        if (key->alias_of != NULL)
            for (unsigned where = 1; where <= KEY_METAS; where <<= 1)
                if ((key->where & where) != 0)
                    ck_assert_msg(key_find(key->alias_of, (enum key_where)where, false) != NULL, "%s", key->name);
        for (size_t k = 0; k < i; k++)
            if (strcmp(key_table[k].name, key->name) == 0)
                ck_assert_msg((key_table[k].where & key->where & ~(unsigned)(KEY_INHERITED | KEY_RESOLVED)) == 0,
                              "%s twice", key->name);
    }
}
END_TEST

/* The default of each integer lies in its range, and the edges of the range are accepted, what is beyond is not. */
START_TEST(ranges_hold_at_their_edges)
{
    for (size_t i = 0; i < key_count; i++) {
        const struct key *key = &key_table[i];
        bool number = key->type == KEY_INTEGER || key->type == KEY_BYTES || key->type == KEY_MS;
        if (!number || (key->where & (KEY_GATEWAY | KEY_EXECUTOR)) == 0 || key->class == KEY_NOT_BUILT)
            continue;
        bool gateway = (key->where & KEY_GATEWAY) != 0;
        for (int step = 0; step < 4; step++) {
            char text[200];
            long long value = step == 0   ? key->minimum - 1
                              : step == 1 ? key->minimum
                              : step == 2 ? key->maximum
                                          : key->maximum + 1;
            snprintf(text, sizeof text, "jtype: Flow\n%s{%s: %lld}%s\n", gateway ? "gateway: " : "executors: [",
                     key->name, value, gateway ? "" : "]");
            struct kit kit = {0};
            kit_load(&kit, text);
            ck_assert_msg((kit.flow != NULL) == (step == 1 || step == 2), "%s: %lld\n%s", key->name, value,
                          kit_lines(&kit));
            kit_done(&kit);
        }
    }
}
END_TEST

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "--write") == 0)
        return write_page();
    const TTest *const tests[] = {the_page_shows_the_table, the_examples_of_the_page_load, rows_are_well_formed,
                                  ranges_hold_at_their_edges, NULL};
    return kit_run("keys", tests);
}
