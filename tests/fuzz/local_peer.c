#include "tests/fuzz/local_peer.h"
#include "common/foundation/file.h"
#include "tests/fuzz/require.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIES_MAX = 10000 }; /* of sending: the near end never stops reading */

static struct local_folder place;

static void remove_folder(void)
{
    unlink(place.path);
    rmdir(place.folder);
}

const struct local_folder *local_folder_of(const char *name)
{
    if (place.folder[0] != '\0')
        return &place;
    strcpy(place.folder, "/tmp/sluice-fuzz-XXXXXX");
    require(mkdtemp(place.folder) != NULL);
    require(local_socket_path(place.folder, name, 0, place.path, NULL) == SLUICE_OK);
    require(local_listen(place.path, &place.listening, NULL) == SLUICE_OK);
    require(file_set_nonblocking(place.listening, true));
    atexit(remove_folder);
    return &place;
}

void local_peer_open(struct local_peer *peer, int fd)
{
    peer->fd = fd;
    peer->reader = frame_reader_new(UINT64_MAX);
    require(peer->reader != NULL);
}

void local_peer_close(struct local_peer *peer)
{
    if (peer->fd < 0)
        return;
    close(peer->fd);
    peer->fd = -1;
    peer->reader = frame_reader_free(peer->reader);
}

bool local_peer_send(struct local_peer *peer, const void *data, size_t size)
{
    const uint8_t *at = data;
    for (int tries = 0; size > 0; tries++) {
        require(tries < TRIES_MAX);
        ssize_t sent = send(peer->fd, at, size, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno != EAGAIN)
            return false;
        at += sent > 0 ? sent : 0;
        size -= sent > 0 ? (size_t)sent : 0;
        if (size > 0)
            peer->run(peer->context);
    }
    return true;
}

bool local_peer_receive(struct local_peer *peer, struct frame_message *message, bool *ret_end)
{
    *ret_end = false;
    for (;;) {
        sluice_status status;
        if (frame_reader_next(peer->reader, message, &status))
            return true;
        require(status == SLUICE_OK); /* what the near end sends is well formed */
        size_t bytes;
        bool again;
        status = frame_reader_fill(peer->reader, peer->fd, &bytes, &again);
        require(status == SLUICE_OK || status == SLUICE_UNAVAILABLE);
        *ret_end = status != SLUICE_OK || (bytes == 0 && !again);
        if (bytes == 0)
            return false;
    }
}

bool local_peer_send_frame(struct local_peer *peer, uint8_t type, uint8_t flags, uint64_t id, const struct iovec *meta,
                           size_t meta_count, const void *body, size_t body_size)
{
    struct frame_header header = {.magic = FRAME_MAGIC, .type = type, .flags = flags, .id = id, .body_size = body_size};
    for (size_t i = 0; i < meta_count; i++)
        header.meta_size += meta[i].iov_len;
    bool open = local_peer_send(peer, &header, sizeof header);
    for (size_t i = 0; open && i < meta_count; i++)
        open = local_peer_send(peer, meta[i].iov_base, meta[i].iov_len);
    return open && local_peer_send(peer, body, body_size);
}
