#include "tests/unit/flow/kit.h"
#include "common/flow/graph.h"
#include "common/flow/report.h"
#include "common/foundation/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS_MAX = 16 };

/* A graph from lines like "a", "b:a", "c:a,b", "f*" (floating), "j+" (needs_all), "k=a,b" (method: needs). */
struct drawn {
    struct arena *arena;
    struct graph_item items[ITEMS_MAX];
    struct graph_need needs[ITEMS_MAX][ITEMS_MAX];
    size_t count;
    struct problems problems;
    struct flow_graph graph;
    size_t *needed[ITEMS_MAX], needed_count[ITEMS_MAX];
    sluice_status status;
    char words[4096];
};

static void draw(struct drawn *drawn, const char *text)
{
    memset(drawn, 0, sizeof *drawn);
    drawn->arena = arena_new(1024, ARENA_NO_LIMIT);
    problems_init(&drawn->problems, drawn->arena);
    snprintf(drawn->words, sizeof drawn->words, "%s", text);
    char *outer, *inner;
    for (char *line = strtok_r(drawn->words, " ", &outer); line != NULL; line = strtok_r(NULL, " ", &outer)) {
        size_t i = drawn->count++;
        struct graph_item *item = &drawn->items[i];
        size_t size = strcspn(line, ":=*+");
        char mark = line[size];
        item->join = mark == '=';
        item->floating = mark == '*';
        item->join_all = mark == '+';
        item->needs = drawn->needs[i];
        item->place = (struct flow_place){.file = "g", .line = (unsigned)i + 1, .column = 1};
        line[size] = '\0';
        item->name = line;
        size_t rest = mark == '*' && line[size + 1] == ':' ? size + 2 : size + 1;
        if (mark == ':' || mark == '=' || rest == size + 2)
            for (char *need = strtok_r(line + rest, ",", &inner); need != NULL; need = strtok_r(NULL, ",", &inner)) {
                drawn->needs[i][item->needs_count] = (struct graph_need){
                    .name = need,
                    .place = {.file = "g", .line = (unsigned)i + 1, .column = 10 + (unsigned)item->needs_count}
                };
                item->needs_count++;
            }
    }
    drawn->status = graph_build(drawn->arena, drawn->items, drawn->count, &drawn->problems, &drawn->graph,
                                drawn->needed, drawn->needed_count);
}

static void erase(struct drawn *drawn)
{
    problems_done(&drawn->problems);
    arena_free(drawn->arena);
}

static void put_name(const struct drawn *drawn, struct buffer *out, size_t node)
{
    buffer_append_text(out, node == FLOW_START ? "<" : node == FLOW_END ? ">" : drawn->items[node].name);
}

/* The graph as "<>a a>b b>>" per edge, in order of the model, nodes separated by spaces; then "chain" if it is one. */
static void expect_edges(const char *text, const char *edges)
{
    struct drawn drawn;
    struct buffer out;
    draw(&drawn, text);
    ck_assert_msg(drawn.status == SLUICE_OK, "%s", text);
    buffer_init(&out, BUFFER_NO_LIMIT);
    for (size_t i = 0; i < drawn.graph.origin_count; i++)
        buffer_printf(&out, "<%s ", drawn.items[drawn.graph.origins[i]].name);
    for (size_t i = 0; i < drawn.count; i++) {
        put_name(&drawn, &out, i);
        for (size_t k = 0; k < drawn.graph.nodes[i].next_count; k++) {
            buffer_append_text(&out, "-");
            put_name(&drawn, &out, drawn.graph.nodes[i].next[k]);
        }
        buffer_append_text(&out, " ");
    }
    buffer_append_text(&out, drawn.graph.chain ? "chain" : "graph");
    ck_assert_str_eq(buffer_text(&out), edges);
    for (size_t i = 0; i < drawn.count; i++)
        ck_assert_uint_eq(drawn.graph.order[i], i);
    buffer_done(&out);
    erase(&drawn);
}

static void expect_problems(const char *text, const char *lines)
{
    struct drawn drawn;
    struct buffer out;
    struct flow_report report;
    draw(&drawn, text);
    ck_assert_int_eq(drawn.status, SLUICE_INVALID);
    buffer_init(&out, BUFFER_NO_LIMIT);
    ck_assert_int_eq(problems_report(&drawn.problems, &report), SLUICE_OK);
    flow_check_text(&report, &out);
    ck_assert_str_eq(buffer_text(&out), lines);
    buffer_done(&out);
    erase(&drawn);
}

START_TEST(shapes)
{
    expect_edges("a", "<a a-> chain");
    expect_edges("a b c", "<a a-b b-c c-> chain");
    expect_edges("a b:a c:b", "<a a-b b-c c-> chain");
    expect_edges("a:gateway b", "<a a-b b-> chain");
    expect_edges("l:gateway r:gateway j:l,r", "<l <r l-j r-j j-> graph");
    expect_edges("l:gateway r:gateway j=r,l", "<l <r l-j r-j j-> graph");
    expect_edges("l:gateway r:gateway j+", "<l <r l-j r-j j-> graph");
    expect_edges("a b:a c:a d+", "<a a-b-c b-d c-d d-> graph");
    expect_edges("a b+", "<a a-b b-> chain");
    expect_edges("a+", "<a a-> chain");
    expect_edges("a h:a b:a", "<a a-h-b h b-> graph");
    expect_edges("f* a g* b", "<f <a f a-g-b g b-> graph");
    expect_edges("a f*", "<a a-f-> f graph");
    expect_edges("a:gateway b:gateway c:gateway", "<a <b <c a b c-> graph");
    expect_edges("s a:s b:s b1:b b2:b bj:b1,b2 j:a,bj", "<s s-a-b a-j b-b1-b2 b1-bj b2-bj bj-j j-> graph");
    expect_edges("a b:gateway,a", "<a <b a-b b-> graph");
}
END_TEST

START_TEST(an_empty_graph_is_a_chain)
{
    struct drawn drawn;
    draw(&drawn, "");
    ck_assert_int_eq(drawn.status, SLUICE_OK);
    ck_assert(drawn.graph.chain);
    ck_assert_uint_eq(drawn.graph.origin_count, 0);
    erase(&drawn);
}
END_TEST

START_TEST(needs_are_sorted_by_name)
{
    struct drawn drawn;
    draw(&drawn, "z:gateway b:gateway a:gateway j:z,a,b,gateway");
    ck_assert_uint_eq(drawn.needed_count[3], 4);
    ck_assert_uint_eq(drawn.needed[3][0], 2);
    ck_assert_uint_eq(drawn.needed[3][1], 1);
    ck_assert(drawn.needed[3][2] == FLOW_START);
    ck_assert_uint_eq(drawn.needed[3][3], 0);
    erase(&drawn);
}
END_TEST

START_TEST(mistakes)
{
    expect_problems("a:a", "g:1:10: error: executor \"a\" needs itself\n");
    expect_problems("encoder b:encodr", "g:2:10: error: executor \"b\" needs \"encodr\", which is no executor of this "
                                        "Flow, did you mean \"encoder\"?\n");
    expect_problems("a b:gatway", "g:2:10: error: executor \"b\" needs \"gatway\", which is no executor of this Flow, "
                                  "did you mean \"gateway\"?\n");
    expect_problems("a b:a,a", "g:2:11: error: executor \"b\" needs \"a\" twice\n");
    expect_problems("a:b b:gateway",
                    "g:1:10: error: executor \"a\" needs \"b\", which stands behind it; move \"b\" up\n");
    expect_problems("a:b b", "g:1:10: error: a cycle: \"a\" needs \"b\" needs \"a\"\n");
    expect_problems(
        "a:c b:a c:b d:c",
        "g:1:10: error: a cycle: \"a\" needs \"c\" needs \"b\" needs \"a\"\n"
        "g:4:1: error: executor \"d\" can never be reached: nothing leads from the gateway to what it needs\n");
    expect_problems(
        "a j=a", "g:2:1: error: executor \"j\": `method: needs` joins at least two executors, listed in \"needs\"\n");
}
END_TEST

START_TEST(what_is_no_chain_is_not_built_yet)
{
    kit_expect("jtype: Flow\nexecutors:\n  - name: a\n  - {name: l, needs: a}\n  - {name: r, needs: a}\n  - {name: j, "
               "needs: [l, r]}\n",
               "f.yml:3:5: error: executor \"a\" has several successors; branches are known, but not built yet: only "
               "chains run\n"
               "f.yml:6:23: error: executor \"j\" joins several branches; branches are known, but not built yet: only "
               "chains run\n");
    kit_expect(
        "jtype: Flow\nexecutors:\n  - name: a\n  - {name: b, needs: gateway}\n",
        "f.yml:3:5: error: executor \"a\" has no successor; branches are known, but not built yet: only chains run\n");
}
END_TEST

START_TEST(a_thousand_executors_are_enough)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, "jtype: Flow\nexecutors:\n");
    for (int i = 0; i < 1000; i++)
        buffer_append_text(&text, "  - {}\n");
    struct kit kit = {0};
    kit_load(&kit, buffer_text(&text));
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_uint_eq(kit.flow->executor_count, 1000);
    ck_assert(kit.flow->graph.chain);
    kit_done(&kit);
    buffer_append_text(&text, "  - {}\n");
    kit_expect(buffer_text(&text), "f.yml:3:3: error: 1001 executors are too many: at most 1000\n");
    buffer_done(&text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {shapes,   an_empty_graph_is_a_chain,         needs_are_sorted_by_name,
                                  mistakes, what_is_no_chain_is_not_built_yet, a_thousand_executors_are_enough,
                                  NULL};
    return kit_run("graph", tests);
}
