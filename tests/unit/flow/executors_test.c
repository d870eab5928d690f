#include "tests/unit/flow/kit.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct kit_text plugins[] = {
    {"tag",
     "{\"name\": \"tagger\", \"version\": \"1.0\", \"help\": \"h\", \"abi\": [1, 0], \"handlers\": ["
     "{\"name\": \"tag\", \"endpoint\": \"/default\"}, {\"name\": \"other\", \"endpoint\": null}], \"parameters\": ["
     "{\"name\": \"label\", \"type\": \"string\", \"fallback\": null, \"help\": \"h\"},"
     "{\"name\": \"delay_ms\", \"type\": \"integer\", \"fallback\": \"0\", \"minimum\": 0, \"maximum\": 1000},"
     "{\"name\": \"ratio\", \"type\": \"number\", \"fallback\": \"0.5\", \"minimum\": 0, \"maximum\": 1},"
     "{\"name\": \"mode\", \"type\": \"string\", \"fallback\": \"\\\"fast\\\"\", \"choices\": [\"fast\", \"good\"]},"
     "{\"name\": \"pod\", \"type\": \"bool\", \"fallback\": \"false\"},"
     "{\"name\": \"words\", \"type\": \"list\", \"fallback\": \"[\\\"a\\\", 1]\"},"
     "{\"name\": \"set\", \"type\": \"map\", \"fallback\": null},"
     "{\"name\": \"what\", \"type\": \"any\", \"fallback\": \"null\"}]}"},
    {"must",                                                                                 "{\"name\": \"must\", \"handlers\": [], \"parameters\": [{\"name\": \"model\", \"type\": \"string\", "
             "\"required\": true, "
             "\"help\": \"path of the model\"}]}"},
    {"none",                                 "{\"name\": \"none\", \"handlers\": [], \"parameters\": []}"},
    {"free",                                                                            "{\"name\": \"free\", \"handlers\": [{\"name\": \"go\"}], \"parameters\": null}"},
    {"broken",                                                                                 "[]"},
    {0}
};

static const struct kit_text files[] = {
    {"/flows/exec/a.yml",
     "jtype: Encoder\npy_modules:\n  - tag.so\nwith:\n  label: ${{ ENV.A }}\n  delay_ms: '5'\nmetas:\n  name: enc\n"
     "  description: encodes\n  workspace: ws\nrequests:\n  /index: tag\n  /x: other\n"},
    {"/flows/exec/bad.yml",                                                                         "jtype: Encoder\npy_modules: [tag.so]\nwith:\n  lable: x\nrequest: {}\n"},
    {"/flows/exec/list.yml","- a\n"},
    {"/flows/exec/syntax.yml",                                                    "a: [\n"},
    {"/flows/exec/empty.yml",                                                                         ""},
    {"/flows/exec/nojtype.yml",              "with: {}\n"},
    {0                                                  }
};

static const char *const environment[] = {"A=1", NULL};

static void load(struct kit *kit, const char *executors)
{
    char text[8000];
    kit_plugins = plugins;
    kit_files = files;
    snprintf(text, sizeof text, "jtype: Flow\nexecutors:\n%s", executors);
    *kit = (struct kit){
        .source = kit_source(), .options = {.file = "/flows/f.yml", .environment = environment}
    };
    kit_load(kit, text);
}

static void load_well(struct kit *kit, const char *executors)
{
    load(kit, executors);
    ck_assert_str_eq(kit_lines(kit), "");
    kit_expect_round_trip(kit->flow);
}

static void expect(const char *executors, const char *lines)
{
    struct kit kit;
    load(&kit, executors);
    ck_assert_str_eq(kit_lines(&kit), lines);
    kit_done(&kit);
}

START_TEST(every_form_of_uses)
{
    static const struct {
        const char *executor, *plugin, *class_name, *uses;
    } rows[] = {
        {"{}",                                                               NULL,              "BaseExecutor", NULL          },
        {"{uses: BaseExecutor}",                                             NULL,              "BaseExecutor", "BaseExecutor"},
        {"{uses: null}",                                                     NULL,              "BaseExecutor", NULL          },
        {"{uses: tag.so}",                                                   "/plugins/tag.so", "tagger",       "tag.so"      },
        {"{uses: tag}",                                                      "/plugins/tag.so", "tag",          "tag"         },
        {"{uses: Encoder, py_modules: [tag.so]}",                            "/plugins/tag.so", "Encoder",      "Encoder"     },
        {"{uses: Encoder, py_modules: tag.so}",                              "/plugins/tag.so", "Encoder",      "Encoder"     },
        {"{uses: exec/a.yml}",                                               "/plugins/tag.so", "Encoder",      "exec/a.yml"  },
        {"{uses: {jtype: Encoder, py_modules: [tag.so]}}",                   "/plugins/tag.so", "Encoder",      "Encoder"     },
        {"{uses: {jtype: Encoder, metas: {py_modules: [tag.so]}}}",          "/plugins/tag.so", "Encoder",      "Encoder"     },
        {"{uses: {jtype: Encoder}, py_modules: [tag.so]}",                   "/plugins/tag.so", "Encoder",      "Encoder"     },
        {"{uses: {jtype: tag}}",                                             "/plugins/tag.so", "tag",          "tag"         },
        {"{uses: !Encoder {py_modules: [tag.so]}}",                          "/plugins/tag.so", "Encoder",      "Encoder"     },
        {"{uses: {jtype: BaseExecutor}}",                                    NULL,              "BaseExecutor", "BaseExecutor"},
        {"{uses: '{\"jtype\": \"Encoder\", \"py_modules\": [\"tag.so\"]}'}", "/plugins/tag.so", "Encoder",
         "{\"jtype\": \"Encoder\", \"py_modules\": [\"tag.so\"]}"                                                             },
        {"{uses: 'jtype: tag'}",                                             "/plugins/tag.so", "tag",          "jtype: tag"  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kit kit;
        char text[300];
        snprintf(text, sizeof text, "  - %s\n", rows[i].executor);
        load_well(&kit, text);
        const struct flow_executor *executor = &kit.flow->executors[0];
        ck_assert_pstr_eq(executor->plugin, rows[i].plugin);
        ck_assert_str_eq(executor->class_name, rows[i].class_name);
        ck_assert_pstr_eq(executor->uses, rows[i].uses);
        kit_done(&kit);
    }
}
END_TEST

START_TEST(an_executor_yaml_gives_everything_and_uses_x_wins)
{
    struct kit kit;
    load_well(&kit, "  - uses: exec/a.yml\n  - uses: exec/a.yml\n    uses_with: {label: \"'7'\", mode: good}\n    "
                    "uses_metas: {name: mine}\n"
                    "    uses_requests: {/x: tag, /y: other}\n    workspace: /w\n");
    const struct flow_executor *a = &kit.flow->executors[0], *b = &kit.flow->executors[1];
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(a->uses_with, "label")), "1"));
    ck_assert_int_eq(sluice_value_integer(sluice_value_get(a->uses_with, "delay_ms"), -1), 5);
    ck_assert_str_eq(a->metas_name, "enc");
    ck_assert_str_eq(a->description, "encodes");
    ck_assert_str_eq(a->workspace, "/flows/ws");
    ck_assert_uint_eq(sluice_value_size(a->uses_requests), 2);
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(b->uses_with, "label")), "7"));
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(b->uses_with, "mode")), "good"));
    ck_assert_int_eq(sluice_value_integer(sluice_value_get(b->uses_with, "delay_ms"), -1), 5);
    ck_assert_str_eq(b->metas_name, "mine");
    ck_assert_str_eq(b->description, "encodes");
    ck_assert_str_eq(b->workspace, "/w");
    ck_assert_uint_eq(sluice_value_size(b->uses_requests), 3);
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(b->uses_requests, "/x")), "tag"));
    kit_done(&kit);
}
END_TEST

START_TEST(defaults_of_the_plugin_are_filled_in)
{
    struct kit kit;
    load_well(&kit, "  - {uses: tag, uses_with: {delay_ms: null, pod: true, what: null}}\n");
    const sluice_value *with = kit.flow->executors[0].uses_with;
    ck_assert_uint_eq(sluice_value_size(with), 6);
    ck_assert_int_eq(sluice_value_integer(sluice_value_get(with, "delay_ms"), -1), 0);
    ck_assert_double_eq(sluice_value_number(sluice_value_get(with, "ratio"), -1), 0.5);
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(with, "mode")), "fast"));
    ck_assert(sluice_value_bool(sluice_value_get(with, "pod"), false));
    ck_assert_uint_eq(sluice_value_size(sluice_value_get(with, "words")), 2);
    ck_assert_int_eq(sluice_value_kind_of(sluice_value_get(with, "what")), SLUICE_VALUE_NULL);
    kit_done(&kit);
}
END_TEST

START_TEST(a_text_parameter_keeps_a_text_that_looks_like_something_else)
{
    static const struct {
        const char *written, *text;
    } rows[] = {
        {"'5'",      "5"     },
        {"'007'",    "007"   },
        {"'true'",   "true"  },
        {"'[a, b]'", "[a, b]"},
        {"''",       ""      },
        {"$A",       "1"     },
        {"\"'x'\"",  "x"     }
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kit kit;
        char text[200];
        snprintf(text, sizeof text, "  - {uses: tag, uses_with: {label: %s}}\n", rows[i].written);
        load_well(&kit, text);
        ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(kit.flow->executors[0].uses_with, "label")),
                                 rows[i].text));
        kit_done(&kit);
    }
}
END_TEST

START_TEST(parameters_are_checked)
{
    expect("  - {uses: tag, uses_with: {lable: x}}\n", "/flows/f.yml:3:29: error: executor \"executor0\": the plugin "
                                                       "has no parameter \"lable\", did you mean \"label\"?\n");
    expect("  - {uses: none, uses_with: {x: 1}}\n",
           "/flows/f.yml:3:30: error: executor \"executor0\": the plugin has no parameter \"x\"; it takes none\n");
    expect("  - {uses: tag, uses_with: {label: 5}}\n", "/flows/f.yml:3:36: error: executor \"executor0\": parameter "
                                                       "\"label\" must be a text, not 5 (in quotes it is a text)\n");
    expect("  - {uses: tag, uses_with: {delay_ms: 1.5}}\n",
           "/flows/f.yml:3:39: error: executor \"executor0\": parameter \"delay_ms\" must be an integer, not 1.5\n");
    expect("  - {uses: tag, uses_with: {delay_ms: 1000}}\n", "");
    expect(
        "  - {uses: tag, uses_with: {delay_ms: 1001}}\n",
        "/flows/f.yml:3:39: error: executor \"executor0\": parameter \"delay_ms\" must be from 0 to 1000, not 1001\n");
    expect("  - {uses: tag, uses_with: {delay_ms: -1, ratio: 1.01}}\n",
           "/flows/f.yml:3:39: error: executor \"executor0\": parameter \"delay_ms\" must be from 0 to 1000, not -1\n"
           "/flows/f.yml:3:50: error: executor \"executor0\": parameter \"ratio\" must be from 0 to 1, not 1.01\n");
    expect("  - {uses: tag, uses_with: {ratio: .nan}}\n",
           "/flows/f.yml:3:36: error: executor \"executor0\": parameter \"ratio\" must be from 0 to 1, not .nan\n");
    expect("  - {uses: tag, uses_with: {mode: slow}}\n", "/flows/f.yml:3:35: error: executor \"executor0\": parameter "
                                                         "\"mode\" must be one of \"fast\", \"good\", not \"slow\"\n");
    expect("  - {uses: tag, uses_with: {pod: yes}}\n",
           "/flows/f.yml:3:34: error: executor \"executor0\": parameter \"pod\" must be true or false, not yes\n");
    expect("  - {uses: tag, uses_with: {words: {}, set: []}}\n",
           "/flows/f.yml:3:36: error: executor \"executor0\": parameter \"words\" must be a list, not a map\n"
           "/flows/f.yml:3:45: error: executor \"executor0\": parameter \"set\" must be a map, not a list\n");
    expect("  - uses: must\n", "/flows/f.yml:3:11: error: executor \"executor0\": the plugin's parameter \"model\" is "
                               "missing in uses_with: path of the model\n");
    expect("  - {uses: free, uses_with: {any: [1, {x: y}]}}\n", "");
    expect("  - {uses: free, uses_with: [1]}\n",
           "/flows/f.yml:3:29: error: executor \"executor0\": \"uses_with\" must be a map, not a list\n");
}
END_TEST

START_TEST(bindings_are_checked)
{
    expect("  - {uses: tag, uses_requests: {/a: tga}}\n",
           "/flows/f.yml:3:37: error: executor \"executor0\": the plugin has no handler \"tga\" for \"/a\", did you "
           "mean \"tag\"?\n");
    expect("  - {uses: tag, uses_requests: {/a: [tag], '': tag, /b: }}\n",
           "/flows/f.yml:3:37: error: executor \"executor0\": \"/a\" must be bound to the name of a handler, not to a "
           "list\n"
           "/flows/f.yml:3:44: error: executor \"executor0\": an endpoint must not be empty\n"
           "/flows/f.yml:3:57: error: executor \"executor0\": \"/b\" must be bound to the name of a handler, not to "
           "null\n");
}
END_TEST

START_TEST(a_plugin_that_nothing_uses_is_remarked)
{
    expect("  - {py_modules: tag.so}\n", "/flows/f.yml:3:5: warning: executor \"executor0\" passes documents through: "
                                         "\"tag.so\" is not used, as \"uses\" names no class of it\n");
    expect("  - {uses: BaseExecutor, py_modules: [tag.so]}\n",
           "/flows/f.yml:3:12: warning: executor \"executor0\" passes documents through: \"tag.so\" is not used, as "
           "\"uses\" names no class of it\n");
}
END_TEST

START_TEST(what_is_missing_is_named)
{
    expect("  - uses: tga\n", "/flows/f.yml:3:11: error: executor \"executor0\": there is no plugin \"tga\"\n");
    expect("  - {uses: Enc, py_modules: [enc.py]}\n",
           "/flows/f.yml:3:12: error: executor \"executor0\": there is no plugin \"Enc\"; \"enc.py\" is Python, which "
           "is not run here: name a plugin, as in `py_modules: [x.so]`\n"
           "/flows/f.yml:3:30: warning: executor \"executor0\": \"enc.py\" is no plugin (.so) and is ignored\n");
    expect("  - {uses: Enc, py_modules: [tag.so, free.so]}\n",
           "/flows/f.yml:3:38: error: executor \"executor0\": two plugins, \"tag.so\" and \"free.so\"; an executor has "
           "one\n");
    expect("  - uses: exec/none.yml\n", "/flows/f.yml:3:11: error: executor \"executor0\": the executor YAML "
                                        "\"exec/none.yml\": cannot open: No such file or directory\n");
    expect("  - uses: docker://x\n", "/flows/f.yml:3:11: error: executor \"executor0\": \"docker://x\" is a container, "
                                     "which is not run here; name a plugin (.so)\n");
    expect("  - uses: jinahub+docker://x\n", "/flows/f.yml:3:11: error: executor \"executor0\": \"jinahub+docker://x\" "
                                             "is an executor of the hub, which is not run here; name a plugin (.so)\n");
    expect("  - uses: [a]\n", "/flows/f.yml:3:11: error: executor \"executor0\": \"uses\" must be a plugin, a class "
                              "name, a file or a map, not a list\n");
    expect("  - uses: {with: {}}\n",
           "/flows/f.yml:3:11: error: executor \"executor0\": the executor YAML has no `jtype: NAME`\n");
    expect("  - uses: broken\n  - uses: broken\n",
           "/flows/f.yml:3:11: error: executor \"executor0\": plugin \"/plugins/broken.so\": not a plugin's "
           "description: it is no JSON object\n");
}
END_TEST

START_TEST(problems_of_an_executor_yaml_stand_where_the_flow_names_it)
{
    expect("  - {name: x, uses: exec/bad.yml, workers: 0}\n  - {name: x-y}\n",
           "/flows/exec/bad.yml:4:3: error: executor \"x\": the plugin has no parameter \"lable\", did you mean "
           "\"label\"?\n"
           "/flows/exec/bad.yml:5:1: error: the executor YAML has no key \"request\", did you mean \"requests\"?\n"
           "/flows/f.yml:3:44: error: executor \"x\": \"workers\" must be an integer from 1 to 1024, not 0\n"
           "/flows/f.yml:4:12: error: the name \"x-y\" is invalid: a name has letters, digits and _ only, and does not "
           "start with a digit\n");
    expect("  - uses: exec/list.yml\n", "/flows/exec/list.yml:1:1: error: executor \"executor0\": an executor YAML is "
                                        "a map that starts with `jtype: NAME`\n");
    expect("  - uses: exec/empty.yml\n", "/flows/exec/empty.yml: error: executor \"executor0\": an executor YAML is a "
                                         "map that starts with `jtype: NAME`\n");
    expect("  - uses: exec/nojtype.yml\n",
           "/flows/exec/nojtype.yml:1:1: error: executor \"executor0\": the executor YAML has no `jtype: NAME`\n");
    expect("  - uses: exec/syntax.yml\n", "/flows/exec/syntax.yml:2:1: error: not valid YAML: did not find expected "
                                          "node content while parsing a flow node\n");
}
END_TEST

START_TEST(names_and_methods)
{
    expect("  - {name: ''}\n  - {name: executor1}\n", "");
    expect(
        "  - {name: a}\n  - {name: b}\n  - {name: a}\n",
        "/flows/f.yml:5:12: error: two executors are called \"a\", the first at line 3; give this one another name\n");
    expect("  - {name: a}\n  - {name: gateway, port: 5}\n  - {name: b, needs: a}\n",
           "/flows/f.yml:4:5: warning: an entry named \"gateway\" is skipped; the gateway's settings stand under "
           "\"gateway\"\n");
    expect("  - {name: a.b}\n", "/flows/f.yml:3:12: error: the name \"a.b\" is invalid: a name has letters, digits and "
                                "_ only, and does not start with a digit\n");
    expect("  - {name: 1a}\n", "/flows/f.yml:3:12: error: the name \"1a\" is invalid: a name has letters, digits and _ "
                               "only, and does not start with a digit\n");
    expect("  - name: a123456789b123456789c123456789d123456789e123456789f123456789g123\n", "");
    expect("  - name: a123456789b123456789c123456789d123456789e123456789f123456789g1234\n",
           "/flows/f.yml:3:11: error: the name \"a123456789b123456789c123456789d1…\" is too long: at most 64 "
           "characters\n");
    expect("  - x.yml\n",
           "/flows/f.yml:3:5: error: a Deployment YAML in place of an executor is known, but not built yet\n");
    expect("  - 5\n", "/flows/f.yml:3:5: error: an executor is a map, such as `{name: a, uses: echo}`\n");
    expect("  - {method: nope}\n", "/flows/f.yml:3:14: error: executor \"executor0\": \"method\" must be add, needs, "
                                   "needs_all or inspect, not \"nope\"\n");
    expect("  - {method: inspect}\n",
           "/flows/f.yml:3:14: error: executor \"executor0\": `method: inspect` is known, but not built yet\n");
    expect(
        "  - {name: a}\n  - {name: j, method: needs, needs: a}\n",
        "/flows/f.yml:4:5: error: executor \"j\": `method: needs` joins at least two executors, listed in \"needs\"\n");
    expect("  - {name: a}\n  - {name: j, method: needs_all}\n", "");
    expect(
        "  - {name: a}\n  - {name: j, method: needs_all, needs: a}\n",
        "/flows/f.yml:4:41: error: executor \"j\": `method: needs_all` takes no \"needs\"; it joins all open ends\n");
}
END_TEST

START_TEST(keys_of_executors_have_their_classes)
{
    expect("  - {replicas: 1, shards: 1, polling: ANY, floating: false, external: false, exit_on_exceptions: []}\n",
           "");
    expect(
        "  - {replicas: 0}\n",
        "/flows/f.yml:3:16: error: executor \"executor0\": \"replicas\" must be an integer from 1 to 65536, not 0\n");
    expect(
        "  - {polling: SOME}\n",
        "/flows/f.yml:3:15: error: executor \"executor0\": \"polling\" must be ANY or ALL, or a map, not \"SOME\"\n");
    expect("  - {shards: 2}\n",
           "/flows/f.yml:3:6: error: executor \"executor0\": \"shards\" (processes that share the data) is known, but "
           "not built yet; it would change answers, so this Flow does not run\n");
    expect("  - {gpus: all, quiet: true, docker_kwargs: {a: 1}, port: 5, timeout_send: 9}\n",
           "/flows/f.yml:3:6: warning: executor \"executor0\": \"gpus\" is ignored: about containers\n"
           "/flows/f.yml:3:17: warning: executor \"executor0\": \"quiet\" is ignored: about logs\n"
           "/flows/f.yml:3:30: warning: executor \"executor0\": \"docker_kwargs\" is ignored: about containers\n"
           "/flows/f.yml:3:53: warning: executor \"executor0\": \"port\" is ignored: a local executor has no address\n"
           "/flows/f.yml:3:62: warning: executor \"executor0\": \"timeout_send\" is ignored: the gateway's holds\n");
    expect("  - {with: {a: 1}}\n", "/flows/f.yml:3:6: error: executor \"executor0\" has no key \"with\"; an executor's "
                                   "parameters are called \"uses_with\"\n");
    expect("  - {plugin: /x.so}\n", "/flows/f.yml:3:6: error: executor \"executor0\" has no key \"plugin\"\n");
}
END_TEST

START_TEST(allow_concurrent_means_a_worker_per_core)
{
    struct kit kit;
    load_well(
        &kit,
        "  - {allow_concurrent: true}\n  - {allow_concurrent: true, workers: 3}\n  - {allow_concurrent: false}\n");
    ck_assert_uint_eq(kit.flow->executors[0].workers, (unsigned)sysconf(_SC_NPROCESSORS_ONLN));
    ck_assert_uint_eq(kit.flow->executors[1].workers, 3);
    ck_assert_uint_eq(kit.flow->executors[2].workers, 1);
    kit_done(&kit);
}
END_TEST

START_TEST(workspaces_are_absolute)
{
    kit_plugins = plugins;
    kit_files = files;
    struct kit kit = {.source = kit_source(), .options = {.file = "/flows/f.yml"}};
    kit_load(&kit, "jtype: Flow\nwith: {workspace: ./base}\nexecutors:\n  - {}\n  - {workspace: own}\n  - {uses: "
                   "tag.so, uses_metas: {workspace: m}}\n");
    ck_assert_str_eq(kit.flow->workspace, "/flows/base");
    ck_assert_str_eq(kit.flow->executors[0].workspace, "/flows/base");
    ck_assert_str_eq(kit.flow->executors[1].workspace, "/flows/own");
    ck_assert_str_eq(kit.flow->executors[2].workspace, "/flows/base");
    kit_expect_round_trip(kit.flow);
    kit_done(&kit);

    char folder[4096], wanted[4200];
    ck_assert_ptr_nonnull(getcwd(folder, sizeof folder));
    snprintf(wanted, sizeof wanted, "%s/sub/w", folder);
    kit = (struct kit){.options = {.file = "sub/f.yml"}};
    kit_load(&kit, "jtype: Flow\nwith: {workspace: w}\n");
    ck_assert_str_eq(kit.flow->workspace, wanted);
    kit_done(&kit);
}
END_TEST

START_TEST(without_callbacks_nothing_is_looked_up)
{
    struct kit kit = {0};
    kit_load(&kit, "jtype: Flow\nexecutors:\n  - {uses: dir/some.so, uses_with: {x: 1}}\n  - {uses: Name}\n");
    ck_assert_str_eq(kit.flow->executors[0].plugin, "dir/some.so");
    ck_assert_str_eq(kit.flow->executors[0].class_name, "some");
    ck_assert_str_eq(kit.flow->executors[1].plugin, "Name");
    ck_assert_str_eq(kit.flow->executors[1].class_name, "Name");
    kit_done(&kit);
    kit_expect("jtype: Flow\nexecutors:\n  - {uses: a.yml}\n",
               "f.yml:3:12: error: executor \"executor0\": files such as \"a.yml\" cannot be read here\n");
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {every_form_of_uses,
                                  an_executor_yaml_gives_everything_and_uses_x_wins,
                                  defaults_of_the_plugin_are_filled_in,
                                  a_text_parameter_keeps_a_text_that_looks_like_something_else,
                                  parameters_are_checked,
                                  bindings_are_checked,
                                  a_plugin_that_nothing_uses_is_remarked,
                                  what_is_missing_is_named,
                                  problems_of_an_executor_yaml_stand_where_the_flow_names_it,
                                  names_and_methods,
                                  keys_of_executors_have_their_classes,
                                  allow_concurrent_means_a_worker_per_core,
                                  workspaces_are_absolute,
                                  without_callbacks_nothing_is_looked_up,
                                  NULL};
    return kit_run("executors", tests);
}
