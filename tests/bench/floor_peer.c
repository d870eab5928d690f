/*
 * floor-peer: the echo process behind the floor relay. Reads frames from descriptor 3 and writes each back once it is
 * whole, as an executor must; many per system call. Ends with the connection.
 */
#include "common/foundation/memory.h"
#include "tests/bench/floor_hop.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <signal.h>
#include <unistd.h>

enum { SOCKET = 3, BUFFER_BYTES = 1 << 20 };

static int write_all(const uint8_t *data, size_t size)
{
    while (size > 0) {
        ssize_t written = write(SOCKET, data, size);
        if (written <= 0)
            return -1;
        data += written;
        size -= (size_t)written;
    }
    return 0;
}

/* Bytes of whole frames at `data`; *ret_wanted: size of the frame that is not whole, as far as it is known. */
static size_t whole_frames(const uint8_t *data, size_t size, size_t *ret_wanted)
{
    size_t whole = 0;
    *ret_wanted = sizeof(struct floor_frame);
    while (size - whole >= sizeof(struct floor_frame)) {
        struct floor_frame frame;
        memcpy(&frame, data + whole, sizeof(frame));
        *ret_wanted = sizeof(frame) + (size_t)frame.size;
        if (size - whole < *ret_wanted)
            break;
        whole += *ret_wanted;
    }
    return whole;
}

int main(void)
{
    memory_tune();
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    size_t room = BUFFER_BYTES, start = 0, end = 0;
    uint8_t *buffer = malloc(room);
    while (buffer) {
        ssize_t got = read(SOCKET, buffer + end, room - end);
        if (got <= 0)
            break;
        end += (size_t)got;
        size_t wanted, whole = whole_frames(buffer + start, end - start, &wanted);
        if (whole > 0 && write_all(buffer + start, whole) < 0)
            break;
        start += whole;
        if (start == end) {
            start = end = 0;
        } else if (room - start < wanted || room == end) { /* move what is there of a frame to where all of it fits */
            memmove(buffer, buffer + start, end - start);
            end -= start;
            start = 0;
            if (room < wanted)
                buffer = realloc(buffer, room = wanted);
        }
    }
    free(buffer);
    return 0;
}
