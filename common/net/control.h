/*
 * control.h - the control socket between the supervisor and each child (SOCK_SEQPACKET).
 *
 * One packet is one message: a word, then key=value pairs separated by single spaces; values are percent-encoded
 * (space, %, =, control characters). The end of the stream is the other side's death: a child ends then.
 *
 *   child -> supervisor
 *     ready protocol=grpc host=127.0.0.1 port=51234      gateway (one packet per front, then `ready`), executor: `ready`
 *     failed text=…                                      the start failed; the process exits afterwards
 *     stuck pod=a/rep-0 request=…                        gateway: this executor has a request past its deadline by stuck_timeout
 *     lost pod=a/rep-0                                   gateway: the connection broke (the supervisor will know why)
 *   supervisor -> child
 *     drain                                              stop taking work, finish what is inside, exit
 *     died pod=a/rep-0 signal=11 status=0 restart=1      gateway: why an executor ended, and whether it comes again
 *     up pod=a/rep-0                                     gateway: it is ready again
 *     gone pod=a/rep-0 text=…                            gateway: given up (crash loop); answer what waits for it
 *
 * Any thread may send; one thread receives.
 */
#ifndef SLUICE_NET_CONTROL_H
#define SLUICE_NET_CONTROL_H

#include <sluice/error.h>

#include <stdbool.h>

#define CONTROL_MESSAGE_MAX 8192

struct control_message {
    char bytes[CONTROL_MESSAGE_MAX]; /* decoded in place */
    const char *word;
    struct {
        const char *key, *value;
    } pairs[16];
    unsigned pair_count;
};

/* A connected pair; both ends are close-on-exec. */
sluice_status control_pair(int *ret_supervisor, int *ret_child, sluice_error *error);

/* Send one message. `pairs`: key, value, key, value, …, NULL. Never blocks for long: a full socket waits. */
sluice_status control_send(int fd, const char *word, const char *const *pairs);
#define CONTROL_SEND(fd, word, ...) control_send(fd, word, &(const char *const[]){NULL, ##__VA_ARGS__, NULL}[1])

/* Receive one. SLUICE_OK; SLUICE_UNAVAILABLE at the end of the stream; SLUICE_TIMEOUT when the socket has nothing (and
 * does not block); SLUICE_INVALID for a packet that is no message. */
sluice_status control_receive(int fd, struct control_message *message);

/* The value of `key`, or NULL. */
const char *control_value(const struct control_message *message, const char *key);

#endif
