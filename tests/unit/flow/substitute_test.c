#include "tests/unit/flow/kit.h"
#include "common/flow/substitute.h"
#include "common/foundation/buffer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const environment[] = {"BAD=\xFF", "A=1",     "H=host", "T=true", "F=1.50", "L=[a,2]",     "E=", "Q='5'",
                                          "AB=long", "D=$A",   "J={}",   "X_1=y",  "SPACE= a b ", NULL};

/* What flow_write() makes of `uses_with: {v: VALUE}`, without the frame: `1`, `"text"`, `null`. */
static const char *loaded(const char *value, const sluice_value *context, const char *const *variables)
{
    static char result[4096];
    char text[4096];
    snprintf(
        text, sizeof text,
        "jtype: Flow\nwith: {port: 54000}\nexecutors:\n  - name: one\n    uses_with:\n      v: %s\n      w: other\n",
        value);
    struct kit kit = {
        .options = {.environment = variables, .context = context}
    };
    kit_load(&kit, text);
    if (kit.flow == NULL) {
        snprintf(result, sizeof result, "%s", kit.report.problems[0].text);
        kit_done(&kit);
        return result;
    }
    kit_expect_round_trip(kit.flow);
    struct buffer out;
    buffer_init(&out, BUFFER_NO_LIMIT);
    ck_assert_int_eq(flow_write(kit.flow, &out), SLUICE_OK);
    const char *at = strstr(buffer_text(&out), "uses_with: {? \"v\" : ");
    ck_assert_ptr_nonnull(at);
    at += strlen("uses_with: {? \"v\" : ");
    const char *end = strstr(at, ", ? \"w\" : \"other\"}");
    ck_assert_ptr_nonnull(end);
    snprintf(result, sizeof result, "%.*s", (int)(end - at), at);
    buffer_done(&out);
    kit_done(&kit);
    return result;
}

struct row {
    const char *value, *result;
};

static void check_rows(const struct row *rows, size_t count, const sluice_value *context)
{
    for (size_t i = 0; i < count; i++) {
        const char *result = loaded(rows[i].value, context, environment);
        ck_assert_msg(strcmp(result, rows[i].result) == 0, "%s gives %s instead of %s", rows[i].value, result,
                      rows[i].result);
    }
}

#define CHECK_ROWS(rows, context) check_rows(rows, sizeof(rows) / sizeof(rows)[0], context)

/* The test table of the reference, row by row; the rows that we answer otherwise on purpose are marked. */
START_TEST(the_reference_table)
{
    static const struct row rows[] = {
        {"${{ ENV.A }}",              "1"                              },
        {"${{ env.A }}",              "1"                              },
        {"${{ENV.A}}",                "1"                              },
        {"x${{ENV.BAD}}",             "not UTF-8 after its variables are replaced"},
        {"${{ENV.NOPE}}",             "the environment has no \"NOPE\""},
        {"${{ ENV.NOPE }}",           "\"$NOPE\""                      },
        {"${{ CONTEXT.c }}",          "7"                              },
        {"${{ context.c }}",          "7"                              },
        {"${{ c }}",                  "7"                              },
        {"$A",                        "1"                              },
        {"${A}",                      "1"                              },
        {"http://$H:80",              "\"http://host:80\""             },
        {"${{ ENV.A }}_x",            "\"1_x\""                        }, /* on purpose: the original fuses name and suffix */
        {"${{root.with.port}}",       "54000"                          },
        {"x_${{ ENV.A }}",            "\"x_1\""                        },
        {"${{ ENV.A }}-${{ ENV.H }}", "\"1-host\""                     },
        {"$A$H",                      "\"1host\""                      },
        {"$$A",                       "\"$1\""                         },
        {"$NOPE",                     "\"$NOPE\""                      },
        {"${NOPE}",                   "\"${NOPE}\""                    },
        {"'${{  ENV.A  }}'",          "\"${{  ENV.A  }}\""             },
        {"'${{ ENV.X:-y }}'",         "\"${{ ENV.X:-y }}\""            },
        {"$T",                        "true"                           },
        {"$F",                        "1.5"                            },
        {"$L",                        "[\"a\", 2]"                     },
        {"$E",                        "null"                           },
        {"$Q",                        "5"                              },
        {"\"0x10\"",                  "\"0x10\""                       },
        {"\"yes\"",                   "\"yes\""                        },
        {"\"None\"",                  "\"None\""                       },
        {"\"null \"",                 "\"null \""                      },
        {"\"1e3\"",                   "1000"                           },
        {"\"1_000\"",                 "1000"                           },
        {"\"nan\"",                   ".nan"                           },
        {"\"-inf\"",                  "-.inf"                          },
        {"\"[ a , 2 ]\"",             "[\"a\", 2]"                     },
        {"\"inf\"",                   ".inf"                           },
        {"\"007\"",                   "7"                              },
        {"\"08\"",                    "8"                              },
        {"\"[[a],[b]]\"",             "[\"a\", \"b\"]"                 },
        {"TRUE",                      "true"                           },
        {"\"[a, 2]\"",                "[\"a\", 2]"                     },
        {"\"'5'\"",                   "\"5\""                          }, /* on purpose: the original has no way to say this */
        {"'\"5\"'",                   "\"5\""                          },
        {"\"[]\"",                    "[]"                             },
        {"\"\"",                      "null"                           },
        {"\"true\"",                  "true"                           },
        {"\"False\"",                 "false"                          },
        {"\"123\"",                   "123"                            },
    };
    sluice_value *context = sluice_value_new_map();
    ck_assert_int_eq(sluice_value_set_number(context, "c", 7), SLUICE_OK);
    CHECK_ROWS(rows, context);
    sluice_value_free(context);
}
END_TEST

/* The same values as the context's, which the table names beside variables. */
START_TEST(context_values_are_coerced_like_variables)
{
    static const struct row rows[] = {
        {"${{ t }}",  "true"      },
        {"${{ f }}",  "1.5"       },
        {"${{ l }}",  "[\"a\", 2]"},
        {"${{ e }}",  "null"      },
        {"${{ q }}",  "5"         },
        {"${{ b }}",  "true"      },
        {"${{ n }}",  "null"      },
        {"a${{ b }}", "\"atrue\"" },
        {"${{ r }}",  "0.25"      }
    };
    sluice_value *context = sluice_value_new_map();
    sluice_value_set_string(context, "t", "true");
    sluice_value_set_string(context, "f", "1.50");
    sluice_value_set_string(context, "l", "[a,2]");
    sluice_value_set_string(context, "e", "");
    sluice_value_set_string(context, "q", "'5'");
    sluice_value_set_bool(context, "b", true);
    sluice_value_set_null(context, "n");
    sluice_value_set_number(context, "r", 0.25);
    CHECK_ROWS(rows, context);
    sluice_value_set_map(context, "m");
    ck_assert_str_eq(
        loaded("${{ m }}", context, environment),
        "the context's \"m\" is a list or a map; only texts, numbers and truth values can be put in a text");
    sluice_value_free(context);
}
END_TEST

START_TEST(an_unknown_context_variable_keeps_two_dollars_and_warns)
{
    static const char *const with_c[] = {"c=234", NULL};
    ck_assert_str_eq(loaded("${{ c }}", NULL, environment), "\"$$c\"");
    ck_assert_str_eq(loaded("${{ c }}", NULL, with_c), "\"$234\"");
    kit_expect("jtype: Flow\nwith:\n  name: ${{ c }}\n",
               "f.yml:3:9: warning: the context has no \"c\"; an environment variable is written ${{ ENV.c }}\n");
}
END_TEST

START_TEST(what_a_variable_holds_is_not_expanded_again)
{
    static const struct row rows[] = {
        {"$D",              "\"$A\""         },
        {"${{ ENV.D }}",    "\"$A\""         },
        {"$AB",             "\"long\""       },
        {"${A}B",           "\"1B\""         },
        {"$A-b",            "\"1-b\""        },
        {"$SPACE",          "\" a b \""      },
        {"a$",              "\"a$\""         },
        {"'$ A'",           "\"$ A\""        },
        {"'${'",            "\"${\""         },
        {"'${A'",           "\"${A\""        },
        {"'${{'",           "\"${{\""        },
        {"'${{ ENV.A'",     "\"${{ ENV.A\""  },
        {"'${{ ENV.A }'",   "\"${{ ENV.A }\""},
        {"'${{\tENV.A }}'", "1"              },
        {"'${{}}'",         "\"${{}}\""      },
        {"'${{ }}'",        "\"${{ }}\""     },
        {"'${{ ENV. }}'",   "\"${{ ENV. }}\""}
    };
    CHECK_ROWS(rows, NULL);
}
END_TEST

START_TEST(references_follow_paths)
{
    static const struct row rows[] = {
        {"${{root.executors[0].name}}", "\"one\""                                                                                    },
        {"${{root.version}}",
         "${{root.version}} leads to nothing; a path starts with root, this or ENV, as in ${{root.with.port}}"                       },
        {"${{this.w}}",                 "\"other\""                                                                                  },
        {"${{this.w}}/${{root.jtype}}", "\"other/Flow\""                                                                             },
        {"${{root.executors[1].name}}", "${{root.executors[1].name}} leads to nothing; a path starts with root, this "
                                        "or ENV, as in ${{root.with.port}}"                   },
        {"${{root.executors[x].name}}", "${{root.executors[x].name}} leads to nothing; a path starts with root, this "
                                        "or ENV, as in ${{root.with.port}}"                   },
        {"${{root.nope}}",
         "${{root.nope}} leads to nothing; a path starts with root, this or ENV, as in ${{root.with.port}}"                          },
        {"${{nope}}",                   "${{nope}} leads to nothing; a path starts with root, this or ENV, as in ${{root.with.port}}"},
        {"${{root.executors}}",
         "${{root.executors}} is a list; only texts, numbers and truth values can be put in a text"                                  },
        {"${{root}}",                   "${{root}} is a map; only texts, numbers and truth values can be put in a text"              },
        {"${{this.v}}",                 "${{this.v}} leads to itself, or over more than 3 references"                                },
    };
    CHECK_ROWS(rows, NULL);
}
END_TEST

static const char *uses_with_of(const char *text)
{
    static char result[4096];
    struct kit kit = {.options = {.environment = environment}};
    kit_load(&kit, text);
    ck_assert_str_eq(kit_lines(&kit), "");
    struct buffer out;
    buffer_init(&out, BUFFER_NO_LIMIT);
    ck_assert_int_eq(flow_write(kit.flow, &out), SLUICE_OK);
    const char *at = strstr(buffer_text(&out), "uses_with: ") + strlen("uses_with: ");
    snprintf(result, sizeof result, "%.*s", (int)strcspn(at, "\n"), at);
    buffer_done(&out);
    kit_done(&kit);
    return result;
}

START_TEST(references_lead_to_references_and_this_is_that_of_the_value)
{
    ck_assert_str_eq(uses_with_of("jtype: Flow\nexecutors:\n  - uses_with:\n      a: ${{this.b}}\n      b: "
                                  "${{root.executors[0].uses_with.in.c}}\n"
                                  "      in: {c: '${{this.d}}', d: $A}\n"),
                     "{? \"a\" : 1, ? \"b\" : 1, ? \"in\" : {? \"c\" : 1, ? \"d\" : 1}}");
}
END_TEST

START_TEST(keys_are_never_touched_and_nesting_is)
{
    ck_assert_str_eq(
        uses_with_of(
            "jtype: Flow\nexecutors:\n  - uses_with: {$A: [$A, {b: ['$H', \"'2'\"]}], env: {x: '1'}, when: '2'}\n"),
        "{? \"$A\" : [1, {? \"b\" : [\"host\", \"2\"]}], ? \"env\" : {? \"x\" : 1}, ? \"when\" : 2}");
}
END_TEST

START_TEST(plain_scalars_are_those_of_yaml_1_2)
{
    static const struct row rows[] = {
        {"0x1F",                 "31"                     },
        {"0o17",                 "15"                     },
        {"010",                  "10"                     },
        {"-0",                   "0"                      },
        {"-0.0",                 "-0.0"                   },
        {"+5",                   "5"                      },
        {"1.5e3",                "1500"                   },
        {".5",                   "0.5"                    },
        {"5.",                   "5"                      },
        {".inf",                 ".inf"                   },
        {"-.INF",                "-.inf"                  },
        {".NaN",                 ".nan"                   },
        {"yes",                  "\"yes\""                },
        {"~",                    "null"                   },
        {"Null",                 "null"                   },
        {"1:30",                 "\"1:30\""               },
        {"2024-01-02",           "\"2024-01-02\""         },
        {"1__0",                 "\"1__0\""               },
        {"_1",                   "\"_1\""                 },
        {"'  5 '",               "5"                      },
        {"!!str 5",              "5"                      },
        {"!!int '5'",            "5"                      },
        {"0.1",                  "0.10000000000000001"    },
        {"1e300",                "1.0000000000000001e+300"},
        {"123456789012345678.5", "1.2345678901234568e+17" }
    };
    CHECK_ROWS(rows, NULL);
}
END_TEST

START_TEST(integers_beyond_2_to_53_are_refused_by_name)
{
    static const struct row rows[] = {
        {"9007199254740992",          "9007199254740992"                                                          },
        {"-9007199254740992",         "-9007199254740992"                                                         },
        {"9007199254740993",          "the integer 9007199254740993 is beyond 2^53 and would lose digits; write it as a text: "
                             "\"'9007199254740993'\""                                 },
        {"'-9007199254740993'",       "the integer -9007199254740993 is beyond 2^53 and would lose digits; write it as a "
                                "text: \"'-9007199254740993'\""                    },
        {"\"'9007199254740993'\"",    "\"9007199254740993\""                                                      },
        {"[1, 99999999999999999999]", "the integer 99999999999999999999 is beyond 2^53 and would lose digits; write it "
                                      "as a text: \"'99999999999999999999'\""},
    };
    CHECK_ROWS(rows, NULL);
}
END_TEST

/* Conditions are not built yet, so this looks at the tree. */
START_TEST(operands_of_when_and_values_of_env_stay_texts)
{
    static const char text[] =
        "with: {env: {A: '5'}}\ngateway: {env: {A: $A}}\n"
        "executors: [{when: {text: {$regex: '[el]', $eq: $A}, n: {$eq: '5'}}, env: {X: 'true'}, o: '5'}]\n";
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    struct problems problems;
    bool empty;
    problems_init(&problems, arena);
    struct node *root = node_read(text, sizeof text - 1, (struct flow_place){.file = "f"}, &node_limits_input, arena,
                                  &problems, &empty);
    struct substitution substitution = {
        .environment = environment, .flow = true, .arena = arena, .problems = &problems};
    substitute(root, &substitution);
    struct node *executor = node_get(root, "executors")->items[0], *when = node_get(executor, "when");
    struct node *regex = node_get(node_get(when, "text"), "$regex"), *eq = node_get(node_get(when, "text"), "$eq");
    ck_assert_int_eq(regex->kind, NODE_STRING);
    ck_assert_str_eq(regex->text, "[el]");
    ck_assert_int_eq(eq->kind, NODE_STRING);
    ck_assert_str_eq(eq->text, "1");
    ck_assert_int_eq(node_get(node_get(when, "n"), "$eq")->kind, NODE_STRING);
    ck_assert_int_eq(node_get(node_get(executor, "env"), "X")->kind, NODE_STRING);
    ck_assert_int_eq(node_get(node_get(node_get(root, "with"), "env"), "A")->kind, NODE_STRING);
    ck_assert_int_eq(node_get(node_get(node_get(root, "gateway"), "env"), "A")->kind, NODE_STRING);
    ck_assert_int_eq(node_get(executor, "o")->kind, NODE_NUMBER);
    problems_done(&problems);
    arena_free(arena);
}
END_TEST

START_TEST(growth_is_bounded)
{
    /* Each level holds eight references to the next: 8^3 texts of 4000 bytes are too many for one value. */
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, "jtype: Flow\nexecutors:\n  - uses_with:\n");
    for (int level = 0; level < 3; level++) {
        buffer_printf(&text, "      l%d: ", level);
        for (int i = 0; i < 8; i++)
            buffer_printf(&text, "x${{this.l%d}}", level + 1);
        buffer_append_text(&text, "\n");
    }
    buffer_append_text(&text, "      l3: ");
    for (int i = 0; i < 4000; i++)
        buffer_append_text(&text, "y");
    buffer_append_text(&text, "\n");
    struct kit kit = {.options = {.file = "f.yml"}};
    kit_load(&kit, buffer_text(&text));
    ck_assert_str_eq(kit_lines(&kit),
                     "f.yml:4:11: error: longer than 1048576 bytes after its variables are replaced\n");
    kit_done(&kit);
    buffer_done(&text);
}
END_TEST

/* `count` entries of uses_with, all `entry`, behind one `first`. The first problem's text, or "". */
static const char *loaded_many(const char *first, const char *entry, int count)
{
    static char result[1000];
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_printf(&text, "jtype: Flow\nexecutors:\n  - uses_with:\n      first: %s\n", first);
    for (int i = 0; i < count; i++)
        buffer_printf(&text, "      k%d: %s\n", i, entry);
    struct kit kit = {0};
    kit_load(&kit, buffer_text(&text));
    snprintf(result, sizeof result, "%s", kit.report.count > 0 ? kit.report.problems[0].text : "");
    ck_assert_uint_le(kit.report.count, 1);
    kit_done(&kit);
    buffer_done(&text);
    return result;
}

START_TEST(replacements_are_counted)
{
    static const char *const variables[] = {"A=", NULL};
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, "jtype: Flow\nwith:\n  name: ");
    for (int i = 0; i < 1000000; i++)
        buffer_append_text(&text, "$A");
    buffer_append_text(&text, "-x");
    struct kit kit = {
        .options = {.environment = variables, .file = "f.yml"}
    };
    kit_load(&kit, buffer_text(&text));
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_str_eq(kit.flow->name, "-x");
    kit_done(&kit);
    buffer_append_text(&text, "$A");
    kit_load(&kit, buffer_text(&text));
    ck_assert_str_eq(kit_lines(&kit), "f.yml:3:9: error: more than 1000000 variables are replaced in this file\n");
    kit_done(&kit);
    buffer_done(&text);
}
END_TEST

START_TEST(growth_of_a_whole_file_is_bounded)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    for (int i = 0; i < (1 << 19); i++)
        buffer_append_byte(&text, 'x'); /* half a MiB: 32 of these fit, beside the first one, which nothing replaces */
    ck_assert_str_eq(loaded_many(buffer_text(&text), "${{this.first}}", 32), "");
    ck_assert_str_eq(loaded_many(buffer_text(&text), "${{this.first}}", 33),
                     "more than 16777216 bytes of texts in this file after their variables are replaced");
    buffer_clear(&text);
    buffer_append_text(&text, "'[");
    for (int i = 0; i < 9999; i++)
        buffer_append_text(&text, "1,");
    buffer_append_text(&text, "1]'");
    ck_assert_str_eq(loaded_many("x", buffer_text(&text), 10), "");
    ck_assert_str_eq(loaded_many("'[1]'", buffer_text(&text), 10),
                     "lists in texts have at most 100000 entries in one file");
    buffer_done(&text);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {the_reference_table,
                                  context_values_are_coerced_like_variables,
                                  an_unknown_context_variable_keeps_two_dollars_and_warns,
                                  what_a_variable_holds_is_not_expanded_again,
                                  references_follow_paths,
                                  references_lead_to_references_and_this_is_that_of_the_value,
                                  keys_are_never_touched_and_nesting_is,
                                  plain_scalars_are_those_of_yaml_1_2,
                                  integers_beyond_2_to_53_are_refused_by_name,
                                  operands_of_when_and_values_of_env_stay_texts,
                                  growth_is_bounded,
                                  growth_of_a_whole_file_is_bounded,
                                  replacements_are_counted,
                                  NULL};
    return kit_run("substitute", tests);
}
