/*
 * peer.h - a gateway for tests: runs the real sluice-executor as its supervisor would and talks to it in frames.
 *
 * Every function fails the running test when something is not as it should be, and nothing waits longer than
 * PEER_TIMEOUT_MS.
 */
#ifndef SLUICE_TESTS_EXECUTOR_PEER_H
#define SLUICE_TESTS_EXECUTOR_PEER_H

#include "common/net/control.h"
#include "common/net/frame.h"

#include <sluice/document.h>

#include <sys/types.h>

enum { PEER_TIMEOUT_MS = 30000, PEER_SAID_MAX = 1 << 16 };

struct program {
    pid_t pid;
    int control; /* the supervisor's end */
    int errors;  /* what it writes on stderr */
    char said[PEER_SAID_MAX]; /* what has been read of it */
    size_t said_size;
    char folder[64], socket[96];
};

/* Start with one executor "probe" of this plugin and further lines of YAML for it (indented by four spaces, each ending
 * with a newline); wait until it is ready, or (ready false) until it has failed with `words` in the text. */
void program_start(struct program *program, const char *plugin, const char *yaml, bool ready, const char *words);
/* Wait for its end; the wait status. The folder goes with it. */
int program_wait(struct program *program);
/* The same; the test fails when it did not exit with `code`. */
void program_expect_exit(struct program *program, int code);
/* Wait until it has written `words` on stderr. */
void program_expect(struct program *program, const char *words);
/* What it has said until now does not count any more for the next program_expect(). */
void program_forget(struct program *program);
/* All that it wrote on stderr; it has ended, or ends now. */
const char *program_errors(struct program *program);

struct peer {
    int fd;
    struct frame_reader *reader;
    struct frame_writer *writer;
};

void peer_connect(struct peer *peer, const struct program *program); /* reads HELLO */
void peer_close(struct peer *peer);

struct peer_request {
    uint64_t id;
    const char *endpoint;
    const char *text;               /* of the one document; NULL: `body` */
    const char *parameter;          /* a number under this key; NULL: none */
    double number;
    const sluice_value *parameters; /* or all of them */
    const void *body;               /* NULL and no text: no data field */
    size_t body_size;
    uint64_t deadline_ns;
};

void peer_send(struct peer *peer, const struct peer_request *request);
void peer_cancel(struct peer *peer, uint64_t id);
/* The next frame; false at the end of the stream. */
bool peer_receive(struct peer *peer, struct frame_message *message);

/* An answer, taken apart. */
struct peer_answer {
    struct frame_message message;
    struct frame_answer_view view;
    sluice_value *results;            /* or NULL */
    sluice_document_array *documents; /* of the body, or NULL */
};

void peer_answer(struct peer *peer, struct peer_answer *answer); /* the next frame must be one */
void peer_answer_done(struct peer_answer *answer);
/* Fields of the failure (jina.StatusProto); `number` counts repeated args from 0. "" when absent. */
sluice_text peer_failure(const struct peer_answer *answer, const char *field, unsigned number);

#endif
