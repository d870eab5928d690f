/* <sluice/flow.h>: a test program has a real Flow of its own in a few lines. */
#include "tests/unit/suite.h"

#include <sluice/flow.h>

#include <check.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static sluice_error error;
#define ok(call) ck_assert_msg((call) == SLUICE_OK, "%s: %s: %s", #call, error.where, error.text)

static const char *from_source(const char *path)
{
    static char text[4096];
    snprintf(text, sizeof text, "%s/%s", getenv("SLUICE_SOURCE"), path);
    return text;
}

static sluice_flow *start_chain(void)
{
    sluice_flow *flow = NULL;
    sluice_flow_builder *builder = sluice_flow_builder_new();
    sluice_flow_builder_set(builder, "prefetch", "100");
    sluice_flow_builder_add(builder, "first", "tag", "uses_with", "{\"label\":\n\"mark\"}", "workers", "2", NULL);
    sluice_flow_builder_add(builder, NULL, NULL, NULL);
    ok(sluice_flow_builder_start(builder, NULL, &flow, &error));
    sluice_flow_builder_free(builder);
    return flow;
}

static bool has_ended(pid_t pid)
{
    int fd = pidfd_open(pid, 0);
    if (fd < 0)
        return true;
    bool ended = poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 10000) == 1;
    close(fd);
    return ended;
}

START_TEST(a_flow_in_a_few_lines)
{
    sluice_flow *flow;
    sluice_results *results;
    sluice_text texts[] = {sluice_text_of("one"), sluice_text_of("two")};
    ok(sluice_flow_start_file(from_source("flows/echo.yml"), NULL, &flow, &error));
    ok(sluice_flow_post(flow, "/", sluice_inputs_texts(texts, 2), NULL, &results, &error));
    ck_assert_uint_eq(sluice_document_array_size(sluice_results_documents(results)), 2);
    sluice_results_free(results);
    ok(sluice_flow_stop(flow, &error));
}
END_TEST

START_TEST(a_flow_that_is_built)
{
    sluice_flow *flow = start_chain();
    ck_assert_int_gt(sluice_flow_port(flow), 0);
    ck_assert_str_eq(sluice_flow_host(flow), "127.0.0.1");
    ck_assert_uint_eq(sluice_flow_process_count(flow), 3);
    ck_assert_str_eq(sluice_flow_process_at(flow, 0).name, "gateway");
    ck_assert_str_eq(sluice_flow_process_at(flow, 1).name, "first");
    ck_assert_ptr_null(sluice_flow_process_at(flow, 3).name);

    sluice_results *results;
    sluice_text text = sluice_text_of("text");
    ok(sluice_flow_post(flow, "/", sluice_inputs_texts(&text, 1), NULL, &results, &error));
    sluice_document *document = sluice_document_array_at(sluice_results_documents(results), 0);
    sluice_text got = sluice_document_text(document);
    ck_assert_msg(got.size > 4 && memmem(got.data, got.size, "mark", 4) != NULL, "%.*s", (int)got.size, got.data);
    sluice_results_free(results);

    pid_t pids[3];
    for (size_t i = 0; i < 3; i++)
        pids[i] = sluice_flow_process_at(flow, i).pid;
    ok(sluice_flow_stop(flow, &error));
    for (size_t i = 0; i < 3; i++)
        ck_assert_int_eq(kill(pids[i], 0), -1);
}
END_TEST

START_TEST(each_protocol_has_its_port)
{
    sluice_flow *flow = NULL;
    sluice_flow_builder *builder = sluice_flow_builder_new();
    sluice_flow_builder_set(builder, "protocol", "[\"grpc\", \"GRPC\", \"http\", \"websocket\"]");
    ok(sluice_flow_builder_start(builder, NULL, &flow, &error));
    sluice_flow_builder_free(builder);
    ck_assert_uint_eq(sluice_flow_front_count(flow), 4);
    sluice_flow_front first = sluice_flow_front_at(flow, 0), second = sluice_flow_front_at(flow, 1);
    ck_assert_int_ne(first.port, second.port);
    ck_assert_int_eq(first.port, sluice_flow_port(flow));
    ck_assert_int_eq(first.port, sluice_flow_port_of(flow, "grpc"));
    ck_assert_str_eq(first.uri, sluice_flow_uri_of(flow, "GRPC"));
    ck_assert_str_eq(second.protocol, "grpc");
    ck_assert(!second.tls);
    ck_assert_int_eq(strncmp(sluice_flow_uri_of(flow, "http"), "http://127.0.0.1:", 17), 0);
    ck_assert_int_eq(strncmp(sluice_flow_uri_of(flow, "websocket"), "ws://127.0.0.1:", 15), 0);
    ck_assert_int_gt(sluice_flow_port_of(flow, "websocket"), 0);
    ck_assert_int_eq(sluice_flow_port_of(flow, "smtp"), 0);
    ck_assert_ptr_null(sluice_flow_uri_of(flow, "smtp"));
    ck_assert_ptr_null(sluice_flow_front_at(flow, 4).uri);
    for (size_t i = 0; i < 3; i++) {
        sluice_client *client;
        sluice_text text = sluice_text_of("one");
        sluice_results *results;
        ok(sluice_client_open(sluice_flow_front_at(flow, i).uri, &client, &error));
        ok(sluice_client_post(client, "/", sluice_inputs_texts(&text, 1), NULL, &results, &error));
        sluice_results_free(results);
        sluice_client_free(client);
    }
    ok(sluice_flow_stop(flow, &error));
}
END_TEST

START_TEST(results_and_documents_of_an_executor_of_ones_own)
{
    sluice_flow *flow = NULL;
    sluice_client *client;
    sluice_results *results;
    char plugin[4096];
    const char *const keys[] = {"workers", "2", NULL};
    sluice_text text = sluice_text_of("one");
    sluice_post_options options = sluice_post_options_default();
    snprintf(plugin, sizeof plugin, "%s/tests/plugins/probe.so", getenv("SLUICE_BUILD"));
    sluice_flow_builder *builder = sluice_flow_builder_new();
    ok(sluice_flow_builder_add_keys(builder, "probe", plugin, keys));
    ok(sluice_flow_builder_start(builder, NULL, &flow, &error));
    sluice_flow_builder_free(builder);

    ok(sluice_client_open(sluice_flow_uri(flow), &client, &error));
    ok(sluice_client_post(client, "/edit", sluice_inputs_texts(&text, 1), NULL, &results, &error));
    sluice_document_array *documents = sluice_results_take_documents(results);
    ck_assert_ptr_null(sluice_results_take_documents(results));
    sluice_results_free(results); /* what was taken stays */
    ck_assert(sluice_text_is(sluice_document_text(sluice_document_array_at(documents, 0)), "one!"));
    sluice_document_array_free(documents);

    options.return_responses = true;
    ok(sluice_client_post(client, "/read", sluice_inputs_texts(&text, 1), &options, &results, &error));
    const sluice_response *response = sluice_results_response(results, 0);
    const sluice_value *result = sluice_response_result(response, "probe/rep-0");
    ck_assert(sluice_value_number(sluice_value_get(result, "documents"), 0) == 1);
    ck_assert_ptr_null(sluice_response_result(response, "nobody/rep-0"));
    sluice_results_free(results);
    ck_assert_ptr_null(sluice_results_take_documents(NULL));
    sluice_client_free(client);
    ok(sluice_flow_stop(flow, &error));
}
END_TEST

START_TEST(yaml_of_the_builder)
{
    sluice_flow_builder *builder = sluice_flow_builder_new();
    char *yaml;
    sluice_flow_builder_set(builder, "port", "5000");
    sluice_flow_builder_set(builder, "name", "say \"it\": yes");
    sluice_flow_builder_add(builder, "5", "true", "workers", "4", "uses_with", "{\"a\": [1, 2]}", "env", "not {json",
                            NULL);
    sluice_flow_builder_add(builder, NULL, NULL, NULL);
    ok(sluice_flow_builder_yaml(builder, &yaml, &error));
    ck_assert_str_eq(yaml, "jtype: Flow\nwith: {\"port\": 5000, \"name\": \"say \\\"it\\\": yes\", }\nexecutors:\n"
                           "  - {\"name\": \"5\", \"uses\": \"true\", \"workers\": 4, \"uses_with\": {\"a\": [1, 2]}, "
                           "\"env\": \"not {json\", }\n  - {}\n");
    free(yaml);
    ck_assert_int_eq(sluice_flow_builder_add(builder, "a", "echo", "workers", NULL), SLUICE_INVALID);
    ck_assert_int_eq(sluice_flow_builder_yaml(builder, &yaml, &error), SLUICE_INVALID);
    sluice_flow_builder_free(builder);
}
END_TEST

START_TEST(what_is_wrong_is_told)
{
    sluice_flow *flow = NULL;
    static const char yaml[] = "jtype: Flow\nexecutors: [{name: a, uses: ecko}]\n";
    ck_assert_int_eq(sluice_flow_start_text(yaml, sizeof yaml - 1, NULL, &flow, &error), SLUICE_INVALID);
    ck_assert_msg(strstr(error.text, "ecko") != NULL && strstr(error.text, "2:") != NULL, "%s", error.text);
    ck_assert_ptr_null(flow);
    ck_assert_int_ne(sluice_flow_start_file("/none.yml", NULL, &flow, &error), SLUICE_OK);
    ck_assert_msg(strstr(error.text, "/none.yml") != NULL, "%s", error.text);
}
END_TEST

START_TEST(arguments_that_cannot_be)
{
    sluice_flow *flow = NULL;
    sluice_flow_options options = sluice_flow_options_default();
    ck_assert_int_eq(sluice_flow_start_file(NULL, NULL, &flow, &error), SLUICE_INVALID);
    ck_assert_str_eq(error.where, "path");
    ck_assert_int_eq(sluice_flow_start_text(NULL, 0, NULL, &flow, &error), SLUICE_INVALID);
    ck_assert_str_eq(error.where, "yaml");
    options.struct_size = sizeof options + 1;
    ck_assert_int_eq(sluice_flow_start_file("flow.yml", &options, &flow, &error), SLUICE_INVALID);
    ck_assert_str_eq(error.where, "options");
}
END_TEST

/* What stands behind the end of an older program's struct is not looked at. */
START_TEST(options_of_an_older_program)
{
    sluice_flow *flow = NULL;
    sluice_flow_options options = sluice_flow_options_default();
    options.log_file = "/no/such/folder/log";
    options.struct_size = offsetof(sluice_flow_options, log_file);
    ck_assert_int_eq(sluice_flow_start_file("/no/such/flow.yml", &options, &flow, &error), SLUICE_INVALID);
    ck_assert_msg(strstr(error.text, "flow.yml") != NULL, "%s: %s", error.where, error.text); /* not the log, SLUICE_SYSTEM */
}
END_TEST

START_TEST(a_start_that_cannot_be)
{
    sluice_flow *flow = NULL;
    static const char yaml[] = "jtype: Flow\nexecutors: [{name: a, uses: echo}]\n";
    sluice_flow_options options = sluice_flow_options_default();
    options.log_file = "/nowhere/at/all/log";
    ck_assert_int_eq(sluice_flow_start_text(yaml, sizeof yaml - 1, &options, &flow, &error), SLUICE_SYSTEM);
    ck_assert_str_eq(error.where, "/nowhere/at/all/log");
    options.log_file = NULL;
    options.timeout_ready_seconds = 1e-9;
    ck_assert_int_eq(sluice_flow_start_text(yaml, sizeof yaml - 1, &options, &flow, &error), SLUICE_TIMEOUT);
    ck_assert_msg(strstr(error.text, "not ready within") != NULL, "%s", error.text);
    ck_assert_ptr_null(flow);
    ck_assert_int_eq(sluice_flow_stop(NULL, &error), SLUICE_OK);
}
END_TEST

/* Wait until this is in the file. */
static void wait_for_words(const char *path, const char *words)
{
    static char text[1 << 16];
    const struct timespec look = {.tv_nsec = 5000000};
    for (;;) { /* the test's own limit ends it */
        int fd = open(path, O_RDONLY);
        ssize_t size = pread(fd, text, sizeof text - 1, 0);
        text[size > 0 ? size : 0] = '\0';
        close(fd);
        if (strstr(text, words) != NULL)
            return;
        nanosleep(&look, NULL);
    }
}

START_TEST(a_flow_that_does_not_stop_in_time_is_ended)
{
    char log[] = "/tmp/sluice-flow-log-XXXXXX", plugin[4096];
    close(mkstemp(log));
    sluice_flow *flow = NULL;
    sluice_client *client;
    sluice_stream *stream;
    sluice_flow_options options = sluice_flow_options_default();
    options.log_file = log;
    options.timeout_stop_seconds = 0.2;
    snprintf(plugin, sizeof plugin, "%s/tests/plugins/gate.so", getenv("SLUICE_BUILD"));
    sluice_flow_builder *builder = sluice_flow_builder_new();
    sluice_flow_builder_add(builder, "gate", plugin, NULL);
    ok(sluice_flow_builder_start(builder, &options, &flow, &error));
    sluice_flow_builder_free(builder);
    ok(sluice_client_open(sluice_flow_uri(flow), &client, &error));
    ok(sluice_stream_open(client, "/wait", NULL, &stream, &error));
    ok(sluice_stream_push(stream, NULL, 0, NULL, &error));
    wait_for_words(log, "gate/rep-0: inside"); /* and stays there: nobody makes the file it waits for */
    ck_assert_int_eq(sluice_flow_stop(flow, &error), SLUICE_TIMEOUT);
    ck_assert_msg(strstr(error.text, "did not stop within 0.2 s") != NULL, "%s", error.text);
    sluice_stream_free(stream);
    sluice_client_free(client);
    unlink(log);
}
END_TEST

START_TEST(overrides_and_a_log_file)
{
    char log[] = "/tmp/sluice-flow-log-XXXXXX";
    int fd = mkstemp(log);
    sluice_flow *flow;
    sluice_flow_options options = sluice_flow_options_default();
    options.log_file = log;
    options.overrides = (const char *const[]){"executors.first.uses_with.label=other", NULL};
    static const char yaml[] = "jtype: Flow\nexecutors: [{name: first, uses: tag, uses_with: {label: a}}]\n";
    ok(sluice_flow_start_text(yaml, sizeof yaml - 1, &options, &flow, &error));
    sluice_results *results;
    sluice_text text = sluice_text_of("text");
    ok(sluice_flow_post(flow, "/", sluice_inputs_texts(&text, 1), NULL, &results, &error));
    sluice_text got = sluice_document_text(sluice_document_array_at(sluice_results_documents(results), 0));
    ck_assert(memmem(got.data, got.size, "other", 5) != NULL);
    sluice_results_free(results);
    ok(sluice_flow_stop(flow, &error));
    char logged[4096];
    ssize_t size = pread(fd, logged, sizeof logged - 1, 0);
    logged[size > 0 ? size : 0] = '\0';
    ck_assert_msg(strstr(logged, "ready in") != NULL, "%s", logged);
    close(fd);
    unlink(log);
}
END_TEST

START_TEST(a_flow_that_died_is_told_when_it_is_stopped)
{
    sluice_flow *flow = start_chain();
    pid_t gateway = sluice_flow_process_at(flow, 0).pid;
    kill(sluice_flow_pid(flow), SIGKILL);
    ck_assert(has_ended(sluice_flow_pid(flow)));
    ck_assert(has_ended(gateway));
    ck_assert_int_eq(sluice_flow_stop(flow, &error), SLUICE_EXECUTOR);
    ck_assert_msg(strstr(error.text, "signal 9") != NULL, "%s", error.text);
}
END_TEST

START_TEST(the_flow_ends_with_its_program)
{
    int pids[2];
    ck_assert_int_eq(pipe(pids), 0);
    /* The child starts the Flow; nothing of it runs in this process yet. */
    pid_t program = fork();
    if (program == 0) {
        sluice_flow *flow = start_chain();
        pid_t known[] = {sluice_flow_pid(flow), sluice_flow_process_at(flow, 0).pid,
                         sluice_flow_process_at(flow, 1).pid};
        if (write(pids[1], known, sizeof known) == (ssize_t)sizeof known)
            raise(SIGKILL);
        _exit(1);
    }
    close(pids[1]);
    pid_t known[3];
    ck_assert_int_eq(read(pids[0], known, sizeof known), sizeof known);
    waitpid(program, NULL, 0);
    for (size_t i = 0; i < 3; i++)
        ck_assert(has_ended(known[i]));
    close(pids[0]);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("integration.flow");
    TCase *cases = tcase_create("all");
    tcase_set_timeout(cases, 60);
    tcase_add_test(cases, a_flow_in_a_few_lines);
    tcase_add_test(cases, a_flow_that_is_built);
    tcase_add_test(cases, each_protocol_has_its_port);
    tcase_add_test(cases, results_and_documents_of_an_executor_of_ones_own);
    tcase_add_test(cases, yaml_of_the_builder);
    tcase_add_test(cases, arguments_that_cannot_be);
    tcase_add_test(cases, options_of_an_older_program);
    tcase_add_test(cases, what_is_wrong_is_told);
    tcase_add_test(cases, a_start_that_cannot_be);
    tcase_add_test(cases, a_flow_that_does_not_stop_in_time_is_ended);
    tcase_add_test(cases, overrides_and_a_log_file);
    tcase_add_test(cases, a_flow_that_died_is_told_when_it_is_stopped);
    tcase_add_test(cases, the_flow_ends_with_its_program);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
