/*
 * client.h - a plain HTTP client on a raw socket, for tests: what is sent is what the test says, byte by byte. A wait
 * that takes longer than CLIENT_PATIENCE_S fails the test.
 */
#ifndef SLUICE_TEST_HTTP_CLIENT_H
#define SLUICE_TEST_HTTP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CLIENT_PATIENCE_S = 30 };

struct answer {
    int status; /* 0: the connection ended before an answer */
    char *head; /* status line and fields */
    char *body;
    size_t body_size;
};

int client_open(uint16_t port);
void client_send(int fd, const void *data, size_t size); /* gives up silently when the other side has closed */
void client_say(int fd, const char *text);
/* One answer, with the interim ones (1xx) before it skipped unless `interim`. `head_only`: it has no body whatever it
 * says. */
struct answer client_read(int fd, bool interim, bool head_only);
/* Has the other side closed, once all that it sent was read and thrown away? Waits for it. *ret_rest (NULL: not wanted)
 * is how many bytes those were. */
bool client_sees_end_after(int fd, size_t *ret_rest);
bool client_sees_end(int fd);
bool client_is_open(int fd); /* looks without waiting */
/* A field of an answer; NULL: none. In one of a few buffers. */
const char *answer_field(const struct answer *answer, const char *name);
void answer_done(struct answer *answer);

/* One request on a connection of its own. `fields`: more header lines, each with its line end, or "". */
struct answer client_do(uint16_t port, const char *method, const char *path, const char *fields, const char *body);

#endif
