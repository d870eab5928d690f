#include "tests/unit/flow/kit.h"

#include <stdio.h>
#include <string.h>

static const char base[] =
    "jtype: Flow\nwith: {port: 5, env: {A: x}}\ngateway: {ports: 6, prefetch: 1}\nexecutors:\n"
    "  - name: encoder\n    uses: enc.so\n    uses_with: {x: 1, deep: {y: [1, 2]}}\n  - uses: other.so\n";

static void load(struct kit *kit, const char *text, const char *const *overrides)
{
    static const char *const environment[] = {"PORT=77", NULL};
    *kit = (struct kit){
        .options = {.file = "f.yml", .overrides = overrides, .environment = environment}
    };
    kit_load(kit, text);
}

#define OVERRIDES(...)                                                                                                 \
    (const char *const[])                                                                                              \
    {                                                                                                                  \
        __VA_ARGS__, NULL                                                                                              \
    }

START_TEST(each_form_reaches_its_key)
{
    struct kit kit;
    load(&kit, base,
         OVERRIDES("port=0", "with.prefetch=7", "gateway.host=0.0.0.0", "prefetch=9", "name=demo",
                   "executors[0].workers=2", "executors.encoder.uses_with.x=5",
                   "executors.encoder.uses_with.deep.y[1]=9", "executors.executor1.uses_requests./a.b=index",
                   "executors[1].env.HOME.X=/tmp", "env.A=007", "workers=4", "on_crash_loop=stop", "version=1",
                   "executors.encoder.uses_with.list=[1, two]", "executors.encoder.uses_with.new.key='text'"));
    ck_assert_str_eq(kit_lines(&kit), "");
    const struct flow *flow = kit.flow;
    ck_assert_uint_eq(flow->gateway.fronts[0].port, 0);
    ck_assert_uint_eq(flow->gateway.prefetch, 9);
    ck_assert_str_eq(flow->gateway.host, "0.0.0.0");
    ck_assert_str_eq(flow->name, "demo");
    ck_assert_int_eq(flow->on_crash_loop, FLOW_ON_CRASH_LOOP_STOP);
    ck_assert_str_eq(flow->env[1], "007");
    const struct flow_executor *encoder = &flow->executors[0], *other = &flow->executors[1];
    ck_assert_uint_eq(encoder->workers, 2);
    ck_assert_uint_eq(other->workers, 4);
    ck_assert_int_eq(sluice_value_integer(sluice_value_get(encoder->uses_with, "x"), -1), 5);
    const sluice_value *y = sluice_value_get(sluice_value_get(encoder->uses_with, "deep"), "y");
    ck_assert_int_eq(sluice_value_integer(sluice_value_at(y, 1), -1), 9);
    ck_assert_uint_eq(sluice_value_size(sluice_value_get(encoder->uses_with, "list")), 2);
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(sluice_value_get(encoder->uses_with, "new"), "key")),
                             "text"));
    ck_assert(sluice_text_is(sluice_value_string(sluice_value_get(other->uses_requests, "/a.b")), "index"));
    ck_assert_str_eq(other->env[0], "HOME.X");
    ck_assert_str_eq(other->env[1], "/tmp");
    kit_expect_round_trip(flow);
    kit_done(&kit);
}
END_TEST

START_TEST(sections_are_made_when_missing)
{
    struct kit kit;
    load(&kit, "jtype: Flow\ndeployments: [{}]\n",
         OVERRIDES("gateway.port=1234", "with.name=x", "executors[0].uses_with.a=1", "deployments.executor0.name=b"));
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_uint_eq(kit.flow->gateway.fronts[0].port, 1234);
    ck_assert_str_eq(kit.flow->name, "x");
    ck_assert_str_eq(kit.flow->executors[0].name, "b");
    kit_done(&kit);
}
END_TEST

START_TEST(values_are_yaml_or_texts_and_may_hold_variables)
{
    struct kit kit;
    load(&kit, base, OVERRIDES("port=${{ ENV.PORT }}", "host=*", "name=a: b: c", "executors.encoder.uses_with.x="));
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_uint_eq(kit.flow->gateway.fronts[0].port, 77);
    ck_assert_str_eq(kit.flow->gateway.host, "*");
    ck_assert_str_eq(kit.flow->name, "a: b: c");
    ck_assert_int_eq(sluice_value_kind_of(sluice_value_get(kit.flow->executors[0].uses_with, "x")), SLUICE_VALUE_NULL);
    kit_done(&kit);
}
END_TEST

START_TEST(the_last_one_wins)
{
    struct kit kit;
    load(&kit, base, OVERRIDES("port=1", "gateway.port=2", "port_expose=3"));
    ck_assert_str_eq(kit_lines(&kit), "");
    ck_assert_uint_eq(kit.flow->gateway.fronts[0].port, 3);
    kit_done(&kit);
}
END_TEST

START_TEST(paths_lead_through_lists)
{
    struct kit kit;
    load(&kit, "jtype: Flow\nexecutors: [{uses_with: {l: [{a: 1}, [2, 3]]}}]\n",
         OVERRIDES("executors[0].uses_with.l[0].a=5", "executors[0].uses_with.l[0].b={c: 6}",
                   "executors[0].uses_with.l[1][0]=7"));
    ck_assert_str_eq(kit_lines(&kit), "");
    const sluice_value *list = sluice_value_get(kit.flow->executors[0].uses_with, "l");
    ck_assert_int_eq(sluice_value_integer(sluice_value_get(sluice_value_at(list, 0), "a"), -1), 5);
    const sluice_value *b = sluice_value_get(sluice_value_at(list, 0), "b");
    ck_assert_int_eq(sluice_value_integer(sluice_value_get(b, "c"), -1), 6);
    ck_assert_int_eq(sluice_value_integer(sluice_value_at(sluice_value_at(list, 1), 0), -1), 7);
    kit_done(&kit);
}
END_TEST

START_TEST(an_executor_may_be_called_env)
{
    struct kit kit;
    load(&kit, "jtype: Flow\nexecutors: [{name: env}]\n",
         OVERRIDES("executors.env.uses_with.a.b=1", "executors.env.env.A.B=2"));
    ck_assert_str_eq(kit_lines(&kit), "");
    const struct flow_executor *executor = &kit.flow->executors[0];
    ck_assert_int_eq(sluice_value_integer(sluice_value_get(sluice_value_get(executor->uses_with, "a"), "b"), -1), 1);
    ck_assert_str_eq(executor->env[0], "A.B");
    kit_done(&kit);
}
END_TEST

START_TEST(mistakes_name_the_override)
{
    static const struct {
        const char *override, *line;
    } rows[] = {
        {"port",                               "--set port: error: an override is key=value, as in gateway.port=0 or executors.encoder.workers=2\n"},
        {"=1",                                 "--set =1: error: an override is key=value, as in gateway.port=0 or executors.encoder.workers=2\n"  },
        {"a..b=1",
         "--set a..b=1: error: an override is key=value, as in gateway.port=0 or executors.encoder.workers=2\n"                                    },
        {"gateway.=1",
         "--set gateway.=1: error: an override is key=value, as in gateway.port=0 or executors.encoder.workers=2\n"                                },
        {"prot=1",                             "--set prot=1: error: there is no key \"prot\", did you mean \"port\"?\n"                           },
        {"gateway.prot=1",                     "--set gateway.prot=1: error: gateway has no key \"prot\", did you mean \"port\"?\n"                },
        {"gateway=1",                          "--set gateway=1: error: this names a section; name a key in it\n"                                  },
        {"executors=1",                        "--set executors=1: error: this names all executors; name one and a key of it, as in "
                        "executors[0].workers=2\n"                                                                          },
        {"executors[0]=1",                     "--set executors[0]=1: error: this names a section; name a key in it\n"                             },
        {"executors[2].workers=1",
         "--set executors[2].workers=1: error: there is no executor number 2; the Flow has 2, counted from 0\n"                                    },
        {"executors.encodr.workers=1",
         "--set executors.encodr.workers=1: error: there is no executor \"encodr\", did you mean \"encoder\"?\n"                                   },
        {"port=x",
         "--set port=x: error: gateway: \"port\" must be a port or a list of ports, each from 0 to 65535, not \"x\"\n"                             },
        {"executors[0].name.x=1",
         "--set executors[0].name.x=1: error: \"name\" is a text in the file and has no keys to set\n"                                             },
        {"executors[0].uses_with.deep.y[2]=1",
         "--set executors[0].uses_with.deep.y[2]=1: error: \"y\" has no entry 2 to set\n"                                                          },
        {"executors[0].replicas=2",            "--set executors[0].replicas=2: error: executor \"encoder\": \"replicas\" "
                                    "(identical processes) is known, but not built yet; it would "
                                    "change answers, so this Flow does not run\n"                               },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct kit kit;
        load(&kit, base, OVERRIDES(rows[i].override));
        ck_assert_str_eq(kit_lines(&kit), rows[i].line);
        kit_done(&kit);
    }
    struct kit kit;
    load(&kit, base, OVERRIDES("executors[0].uses_with.x=a\xFF"));
    ck_assert_ptr_nonnull(strstr(kit_lines(&kit), ": error: this is not UTF-8; write it in that coding\n"));
    kit_done(&kit);
    load(&kit, "jtype: Flow\n", OVERRIDES("executors.a.workers=1"));
    ck_assert_str_eq(kit_lines(&kit), "--set executors.a.workers=1: error: the Flow has no list of executors\n");
    kit_done(&kit);
    load(&kit, "jtype: Flow\nexecutors: [x]\n", OVERRIDES("executors[0].workers=1"));
    ck_assert_ptr_nonnull(strstr(kit_lines(&kit), "\"0\" is a text in the file and has no keys to set"));
    kit_done(&kit);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {each_form_reaches_its_key,
                                  sections_are_made_when_missing,
                                  values_are_yaml_or_texts_and_may_hold_variables,
                                  paths_lead_through_lists,
                                  an_executor_may_be_called_env,
                                  the_last_one_wins,
                                  mistakes_name_the_override,
                                  NULL};
    return kit_run("override", tests);
}
