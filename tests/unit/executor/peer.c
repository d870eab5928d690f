/* peer.c - see peer.h. */
#include "peer.h"
#include "common/document/codec.h"
#include "common/foundation/file.h"
#include "common/net/local.h"
#include "common/wire/wire.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static void wait_for(int fd, short events)
{
    struct pollfd waited = {.fd = fd, .events = events};
    ck_assert_msg(poll(&waited, 1, PEER_TIMEOUT_MS) == 1, "nothing happened for %d ms", PEER_TIMEOUT_MS);
}

static const char *build_folder(void)
{
    const char *build = getenv("SLUICE_BUILD");
    return build != NULL ? build : "build/dev";
}

static void write_flow(const char *path, const char *plugin, const char *yaml)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "jtype: Flow\nexecutors:\n  - name: probe\n    uses: %s/tests/plugins/%s.so\n%s", build_folder(), plugin,
            yaml != NULL ? yaml : "");
    fclose(file);
}

static void exec_program(const struct program *program, const char *flow, int control, int errors)
{
    char path[4096], control_text[16];
    snprintf(path, sizeof path, "%s/bin/sluice-executor", build_folder());
    snprintf(control_text, sizeof control_text, "%d", control);
    file_set_close_on_exec(control, false);
    dup2(errors, STDERR_FILENO);
    execl(path, "sluice-executor", "--flow", flow, "--name", "probe", "--socket", program->socket, "--control-fd",
          control_text, (char *)NULL);
    _exit(127);
}

void program_start(struct program *program, const char *plugin, const char *yaml, bool ready, const char *words)
{
    char flow[128];
    int child, errors[2];
    snprintf(program->folder, sizeof program->folder, "/tmp/sluice-host-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(program->folder));
    snprintf(program->socket, sizeof program->socket, "%s/s", program->folder);
    snprintf(flow, sizeof flow, "%s/flow.yml", program->folder);
    write_flow(flow, plugin, yaml);
    ck_assert_int_eq(control_pair(&program->control, &child, NULL), SLUICE_OK);
    ck_assert_int_eq(pipe2(errors, O_CLOEXEC), 0);
    program->pid = fork();
    ck_assert_int_ge(program->pid, 0);
    if (program->pid == 0)
        exec_program(program, flow, child, errors[1]);
    close(child);
    close(errors[1]);
    program->errors = errors[0];
    program->said[0] = '\0';
    program->said_size = 0;
    wait_for(program->control, POLLIN);
    struct control_message message;
    sluice_status status = control_receive(program->control, &message);
    if (status != SLUICE_OK)
        ck_abort_msg("the program ended: %s", program_errors(program));
    if (ready && strcmp(message.word, "ready") != 0)
        ck_abort_msg("not ready: %s", control_value(&message, "text"));
    if (!ready) {
        ck_assert_str_eq(message.word, "failed");
        ck_assert_msg(strstr(control_value(&message, "text"), words) != NULL, "\"%s\" is not in: %s", words,
                      control_value(&message, "text"));
    }
}

static void remove_folder(struct program *program)
{
    static const char *const names[] = {"flow.yml", "s", "closed", NULL};
    for (size_t i = 0; names[i] != NULL; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", program->folder, names[i]);
        unlink(path);
    }
    rmdir(program->folder);
}

int program_wait(struct program *program)
{
    int ended = (int)syscall(SYS_pidfd_open, program->pid, 0);
    ck_assert_int_ge(ended, 0);
    wait_for(ended, POLLIN);
    close(ended);
    int status;
    ck_assert_int_eq(waitpid(program->pid, &status, 0), program->pid);
    if (program->control >= 0)
        close(program->control);
    remove_folder(program);
    return status;
}

/* False at the end. */
static bool read_errors(struct program *program)
{
    wait_for(program->errors, POLLIN);
    ssize_t got = read(program->errors, program->said + program->said_size, PEER_SAID_MAX - 1 - program->said_size);
    program->said_size += got > 0 ? (size_t)got : 0;
    program->said[program->said_size] = '\0';
    return got > 0;
}

void program_expect(struct program *program, const char *words)
{
    while (strstr(program->said, words) == NULL)
        ck_assert_msg(read_errors(program), "\"%s\" is not in: %s", words, program->said);
}

void program_forget(struct program *program)
{
    program->said_size = 0;
    program->said[0] = '\0';
}

const char *program_errors(struct program *program)
{
    while (read_errors(program))
        ;
    return program->said;
}

void program_expect_exit(struct program *program, int code)
{
    int status = program_wait(program);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == code, "ended with %#x: %s", (unsigned)status,
                  program_errors(program));
}

/* ---- frames ---- */

void peer_connect(struct peer *peer, const struct program *program)
{
    sluice_error error;
    ck_assert_msg(local_connect(program->socket, &peer->fd, &error) == SLUICE_OK, "%s", error.text);
    peer->reader = frame_reader_new((uint64_t)1 << 32);
    peer->writer = frame_writer_new();
    struct frame_message message;
    struct frame_hello_view hello;
    ck_assert(peer_receive(peer, &message));
    ck_assert_int_eq(message.type, FRAME_HELLO);
    ck_assert_int_eq(frame_read_hello(&message, &hello), SLUICE_OK);
    ck_assert_uint_eq(hello.fixed.version, FRAME_VERSION);
    ck_assert_uint_eq(hello.fixed.pid, (uint32_t)program->pid);
    ck_assert_uint_eq(hello.fixed.pod_size, 11);
    ck_assert_mem_eq(hello.pod, "probe/rep-0", 11);
    frame_message_done(&message);
}

void peer_close(struct peer *peer)
{
    frame_reader_free(peer->reader);
    frame_writer_free(peer->writer);
    close(peer->fd);
}

static void flush(struct peer *peer)
{
    for (;;) {
        ck_assert_int_eq(frame_writer_flush(peer->writer, peer->fd), SLUICE_OK);
        if (frame_writer_empty(peer->writer))
            return;
        wait_for(peer->fd, POLLOUT);
    }
}

static struct block *content_of(const char *text)
{
    sluice_document_array *array = sluice_document_array_new();
    ck_assert_int_eq(sluice_document_set_string(sluice_document_array_append(array), text), SLUICE_OK);
    struct block *block;
    ck_assert_int_eq(document_array_write_content(array, &block, NULL), SLUICE_OK);
    sluice_document_array_free(array);
    return block;
}

static void write_parameters(const struct peer_request *request, struct buffer *parameters)
{
    if (request->parameter == NULL) {
        value_write_struct(request->parameters, parameters);
        return;
    }
    sluice_value *map = sluice_value_new_map();
    ck_assert_int_eq(sluice_value_set_number(map, request->parameter, request->number), SLUICE_OK);
    value_write_struct(map, parameters);
    sluice_value_free(map);
}

void peer_send(struct peer *peer, const struct peer_request *request)
{
    struct buffer parameters;
    struct rope body;
    char id[32];
    buffer_init(&parameters, BUFFER_NO_LIMIT);
    write_parameters(request, &parameters);
    rope_init(&body);
    snprintf(id, sizeof id, "request-%lu", (unsigned long)request->id);
    struct frame_request fixed = {
        .deadline_ns = request->deadline_ns,
        .endpoint_size = (uint32_t)strlen(request->endpoint),
        .request_id_size = (uint32_t)strlen(id),
        .parameters_size = parameters.size,
    };
    struct iovec meta[] = {{&fixed, sizeof fixed},
                           {(void *)request->endpoint, fixed.endpoint_size},
                           {id, fixed.request_id_size},
                           {parameters.data, parameters.size}};
    bool has_data = request->text != NULL || request->body != NULL;
    struct block *block = request->text != NULL ? content_of(request->text) : NULL;
    if (block != NULL)
        ck_assert_int_eq(rope_append(&body, block, block->data, block->size), SLUICE_OK);
    else if (request->body != NULL)
        ck_assert_int_eq(rope_append(&body, NULL, request->body, request->body_size), SLUICE_OK);
    ck_assert_int_eq(frame_writer_add(peer->writer, FRAME_REQUEST, has_data ? FRAME_HAS_DATA : 0, request->id, meta, 4,
                                      &body, false),
                     SLUICE_OK);
    flush(peer);
    rope_done(&body);
    block_unref(block);
    buffer_done(&parameters);
}

void peer_cancel(struct peer *peer, uint64_t id)
{
    ck_assert_int_eq(frame_writer_add(peer->writer, FRAME_CANCEL, 0, id, NULL, 0, NULL, true), SLUICE_OK);
    flush(peer);
}

bool peer_receive(struct peer *peer, struct frame_message *message)
{
    for (;;) {
        sluice_status status;
        if (frame_reader_next(peer->reader, message, &status))
            return true;
        ck_assert_int_eq(status, SLUICE_OK);
        wait_for(peer->fd, POLLIN);
        size_t bytes;
        bool again;
        if (frame_reader_fill(peer->reader, peer->fd, &bytes, &again) != SLUICE_OK || (bytes == 0 && !again))
            return false;
    }
}

void peer_answer(struct peer *peer, struct peer_answer *answer)
{
    *answer = (struct peer_answer){0};
    ck_assert_msg(peer_receive(peer, &answer->message), "the connection ended");
    ck_assert_int_eq(answer->message.type, FRAME_ANSWER);
    ck_assert(answer->message.flags & FRAME_LAST);
    ck_assert_int_eq(frame_read_answer(&answer->message, &answer->view), SLUICE_OK);
    sluice_error error;
    if (answer->view.fixed.has_results)
        ck_assert_int_eq(value_read_struct(answer->view.results, (size_t)answer->view.fixed.results_size, NULL,
                                           &answer->results, &error),
                         SLUICE_OK);
    if (answer->message.flags & FRAME_HAS_DATA)
        ck_assert_int_eq(document_array_read_content(&answer->message.body, NULL, &answer->documents, &error), SLUICE_OK);
}

void peer_answer_done(struct peer_answer *answer)
{
    sluice_value_free(answer->results);
    sluice_document_array_free(answer->documents);
    frame_message_done(&answer->message);
}

static sluice_text field_of(sluice_text message, uint32_t number, unsigned index)
{
    struct wire_reader reader = wire_read(message.data, message.size);
    struct wire_field field;
    while (wire_next(&reader, &field))
        if (field.number == number && field.type == WIRE_BYTES && index-- == 0)
            return (sluice_text){(const char *)field.data, field.size};
    return sluice_text_of("");
}

sluice_text peer_failure(const struct peer_answer *answer, const char *field, unsigned number)
{
    sluice_text status = {(const char *)answer->view.failure, (size_t)answer->view.fixed.failure_size};
    if (strcmp(field, "description") == 0)
        return field_of(status, 2, 0);
    sluice_text exception = field_of(status, 3, 0);
    return field_of(exception, strcmp(field, "name") == 0 ? 1 : strcmp(field, "args") == 0 ? 2 : strcmp(field, "stacks") == 0 ? 3 : 4,
                    number);
}
