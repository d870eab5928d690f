#include "gateway/grpc/peers.h"
#include "common/foundation/hash.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 1024 }; /* a power of two */

struct peer {
    struct peer *chain;         /* same bucket */
    struct peer *older, *newer; /* among the idle ones */
    struct client *client;
    size_t uses;
    uint64_t hash;
    char address[];
};

struct peers {
    pthread_mutex_t mutex;
    struct router *router;
    struct peer *oldest, *newest; /* idle ones, by the end of their last use */
    size_t idle_count;
    struct peer *buckets[BUCKETS];
};

struct peers *peers_new(struct router *router)
{
    struct peers *peers = calloc(1, sizeof *peers);
    if (peers == NULL)
        return NULL;
    peers->router = router;
    pthread_mutex_init(&peers->mutex, NULL);
    return peers;
}

static void idle_remove(struct peers *peers, struct peer *peer)
{
    *(peer->older != NULL ? &peer->older->newer : &peers->oldest) = peer->newer;
    *(peer->newer != NULL ? &peer->newer->older : &peers->newest) = peer->older;
    peer->older = peer->newer = NULL;
    peers->idle_count--;
}

static void idle_append(struct peers *peers, struct peer *peer)
{
    peer->older = peers->newest;
    peer->newer = NULL;
    *(peers->newest != NULL ? &peers->newest->newer : &peers->oldest) = peer;
    peers->newest = peer;
    peers->idle_count++;
}

static void unchain(struct peers *peers, struct peer *peer)
{
    struct peer **link = &peers->buckets[peer->hash & (BUCKETS - 1)];
    while (*link != peer)
        link = &(*link)->chain;
    *link = peer->chain;
}

static void peer_free(struct peer *peer)
{
    client_unref(peer->client);
    free(peer);
}

static struct peer *peer_new(struct peers *peers, const char *address, uint64_t hash)
{
    size_t size = strlen(address) + 1;
    struct peer *peer = calloc(1, sizeof *peer + size);
    if (peer == NULL)
        return NULL;
    peer->client = client_new(peers->router);
    if (peer->client == NULL) {
        free(peer);
        return NULL;
    }
    memcpy(peer->address, address, size);
    peer->hash = hash;
    peer->chain = peers->buckets[hash & (BUCKETS - 1)];
    peers->buckets[hash & (BUCKETS - 1)] = peer;
    return peer;
}

struct peer *peers_use(struct peers *peers, const char *address)
{
    uint64_t hash = hash_bytes(address, strlen(address)); /* of IPv6 addresses a client has more than enough to choose from */

    pthread_mutex_lock(&peers->mutex);
    struct peer *peer = peers->buckets[hash & (BUCKETS - 1)];
    while (peer != NULL && (peer->hash != hash || strcmp(peer->address, address) != 0))
        peer = peer->chain;
    if (peer == NULL)
        peer = peer_new(peers, address, hash);
    else if (peer->uses == 0)
        idle_remove(peers, peer);
    if (peer != NULL)
        peer->uses++;
    pthread_mutex_unlock(&peers->mutex);
    return peer;
}

void peers_release(struct peers *peers, struct peer *peer)
{
    struct peer *dropped = NULL;

    pthread_mutex_lock(&peers->mutex);
    if (--peer->uses == 0) {
        idle_append(peers, peer);
        if (peers->idle_count > PEERS_IDLE_MAX) {
            dropped = peers->oldest;
            idle_remove(peers, dropped);
            unchain(peers, dropped);
        }
    }
    pthread_mutex_unlock(&peers->mutex);
    if (dropped != NULL)
        peer_free(dropped);
}

struct client *peer_client(const struct peer *peer)
{
    return peer->client;
}

struct peers *peers_free(struct peers *peers)
{
    if (peers == NULL)
        return NULL;
    while (peers->oldest != NULL) {
        struct peer *peer = peers->oldest;
        idle_remove(peers, peer);
        peer_free(peer);
    }
    pthread_mutex_destroy(&peers->mutex);
    free(peers);
    return NULL;
}
