/* A packet of the control socket between supervisor and children: what is read can be sent again and is read the same. */
#include "common/foundation/file.h"
#include "common/net/control.h"
#include "tests/fuzz/require.h"

#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PAIRS_MAX = 16 };

static void check_again(const int ends[2], const struct control_message *message)
{
    const char *pairs[2 * PAIRS_MAX + 1] = {NULL};
    struct control_message again;
    for (unsigned i = 0; i < message->pair_count; i++) {
        pairs[2 * i] = message->pairs[i].key;
        pairs[2 * i + 1] = message->pairs[i].value;
        require(control_value(message, message->pairs[i].key) != NULL);
    }
    sluice_status status = control_send(ends[0], message->word, pairs);
    if (status == SLUICE_TOO_LARGE || status == SLUICE_LIMIT)
        return; /* written with escapes it is longer */
    require(status == SLUICE_OK && control_receive(ends[1], &again) == SLUICE_OK);
    require(strcmp(again.word, message->word) == 0 && again.pair_count == message->pair_count);
    for (unsigned i = 0; i < message->pair_count; i++)
        require(strcmp(again.pairs[i].key, message->pairs[i].key) == 0 &&
                strcmp(again.pairs[i].value, message->pairs[i].value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    struct control_message message;
    require(control_pair(&ends[0], &ends[1], NULL) == SLUICE_OK && file_set_nonblocking(ends[1], true));
    if (size > 0 && size <= 2 * CONTROL_MESSAGE_MAX) {
        require(send(ends[0], data, size, MSG_NOSIGNAL) == (ssize_t)size);
        sluice_status status = control_receive(ends[1], &message);
        require(status == SLUICE_OK || status == SLUICE_INVALID);
        require(size < CONTROL_MESSAGE_MAX || status == SLUICE_INVALID);
        if (status == SLUICE_OK)
            check_again(ends, &message);
    }
    require(control_receive(ends[1], &message) == SLUICE_TIMEOUT); /* a packet is one message */
    close(ends[0]);
    require(control_receive(ends[1], &message) == SLUICE_UNAVAILABLE);
    close(ends[1]);
    return 0;
}
