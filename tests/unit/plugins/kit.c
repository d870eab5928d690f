/* kit.c - see kit.h. */
#include "kit.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <dlfcn.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

const sluice_plugin *kit_plugin(const char *name)
{
    const char *build = getenv("SLUICE_BUILD");
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s%s.so", build == NULL ? "build/dev" : build,
             strchr(name, '/') == NULL ? "lib/sluice/plugins/" : "", name);
    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    ck_assert_msg(library != NULL, "%s", library == NULL ? dlerror() : "");
    const sluice_plugin *(*entry)(void) = NULL;
    *(void **)&entry = dlsym(library, "sluice_plugin_entry");
    ck_assert_msg(entry != NULL, "%s has no entry", path);
    return entry();
}

void kit_open(struct kit *kit, const char *plugin, const char *uses_with)
{
    *kit = (struct kit){0};
    kit->status = sluice_testkit_open(kit_plugin(plugin), uses_with, &kit->kit, &kit->error);
    ck_assert_msg(kit->status == SLUICE_OK, "%s: %s", kit->error.where, kit->error.text);
}

void kit_close(struct kit *kit)
{
    sluice_document_array_free(kit->sent);
    sluice_document_array_free(kit->answer);
    sluice_testkit_close(kit->kit);
    *kit = (struct kit){0};
}

void kit_refused(const char *plugin, const char *uses_with, const char *words)
{
    sluice_testkit *kit = NULL;
    sluice_error error = {0};
    sluice_status status = sluice_testkit_open(kit_plugin(plugin), uses_with, &kit, &error);
    ck_assert_msg(status != SLUICE_OK, "%s opened with %s", plugin, uses_with == NULL ? "nothing" : uses_with);
    ck_assert_msg(strstr(error.text, words) != NULL, "\"%s\" is not in: %s", words, error.text);
}

void kit_begin(struct kit *kit)
{
    sluice_document_array_free(kit->sent);
    kit->sent = sluice_document_array_new();
    ck_assert_ptr_nonnull(kit->sent);
}

sluice_document *kit_add(struct kit *kit, const void *text, size_t size)
{
    char id[24];
    int length = snprintf(id, sizeof(id), "d%zu", sluice_document_array_size(kit->sent));
    sluice_document *document = sluice_document_array_append(kit->sent);
    ck_assert_ptr_nonnull(document);
    ck_assert_int_eq(sluice_document_set_id(document, id, (size_t)length), SLUICE_OK);
    ck_assert_int_eq(sluice_document_set_text(document, text, size), SLUICE_OK);
    return document;
}

void kit_send(struct kit *kit, const char *endpoint, const char *parameters)
{
    sluice_document_array_free(kit->answer);
    kit->answer = NULL;
    kit->error = (sluice_error){0};
    kit->status = sluice_testkit_call(kit->kit, endpoint, kit->sent, parameters, &kit->answer, &kit->error);
}

void kit_post(struct kit *kit, const char *endpoint, const char *parameters, const char *text)
{
    kit_begin(kit);
    if (text != NULL)
        kit_add(kit, text, strlen(text));
    kit_send(kit, endpoint, parameters);
}

sluice_document *kit_document(struct kit *kit, size_t index)
{
    ck_assert_msg(kit->status == SLUICE_OK, "the call failed: %s", kit->error.text);
    sluice_document *document = sluice_document_array_at(kit->answer, index);
    ck_assert_msg(document != NULL, "there is no document %zu", index);
    return document;
}

void kit_text_is(struct kit *kit, size_t index, const char *text)
{
    kit_equal(sluice_document_text(kit_document(kit, index)), text, strlen(text));
}

/* The bytes of an array, freed by the caller. */
static void *written(const sluice_document_array *array, size_t *ret_size)
{
    void *data = NULL;
    ck_assert_int_eq(sluice_document_array_write(array, &data, ret_size, NULL), SLUICE_OK);
    return data;
}

void kit_failed(struct kit *kit, const char *description)
{
    ck_assert_int_eq(kit->status, SLUICE_EXECUTOR);
    ck_assert_str_eq(kit->error.text, description);
    size_t sent_size = 0, answer_size = 0;
    void *sent = written(kit->sent, &sent_size), *answer = written(kit->answer, &answer_size);
    ck_assert_uint_eq(sent_size, answer_size);
    ck_assert(sent_size == 0 || memcmp(sent, answer, sent_size) == 0);
    free(sent);
    free(answer);
}

void kit_equal(sluice_text text, const void *data, size_t size)
{
    ck_assert_msg(text.size == size && memcmp(text.data, data, size) == 0, "\"%.*s\" instead of \"%.*s\"", (int)text.size,
                  text.data, (int)size, (const char *)data);
}

int kit_post_in_child(struct kit *kit, const char *endpoint, const char *parameters, int limit_ms)
{
    pid_t child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        kit_post(kit, endpoint, parameters, "a");
        _exit(0);
    }
    struct pollfd ended = {.fd = (int)syscall(SYS_pidfd_open, child, 0), .events = POLLIN};
    ck_assert_int_ge(ended.fd, 0);
    if (poll(&ended, 1, limit_ms) == 0)
        kill(child, SIGKILL);
    close(ended.fd);
    int status = -1;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return status;
}

bool kit_died_of(int wait_status, int signal)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    if (signal == SIGSEGV)
        return WIFSIGNALED(wait_status) || (WIFEXITED(wait_status) && WEXITSTATUS(wait_status) != 0);
#endif
    return WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == signal;
}

int kit_run(const char *name, struct TCase *tests)
{
    Suite *suite = suite_create(name);
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
