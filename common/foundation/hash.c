#include "common/foundation/hash.h"

#include <endian.h>
#include <pthread.h>
#include <string.h>
#include <sys/random.h>

static uint64_t rotate(uint64_t word, unsigned bits)
{
    return word << bits | word >> (64 - bits);
}

struct state {
    uint64_t a, b, c, d;
};

static inline void mix(struct state *state)
{
    state->a += state->b;
    state->c += state->d;
    state->b = rotate(state->b, 13) ^ state->a;
    state->d = rotate(state->d, 16) ^ state->c;
    state->a = rotate(state->a, 32);
    state->c += state->b;
    state->a += state->d;
    state->b = rotate(state->b, 17) ^ state->c;
    state->d = rotate(state->d, 21) ^ state->a;
    state->c = rotate(state->c, 32);
}

static inline void take_word(struct state *state, uint64_t word)
{
    state->d ^= word;
    mix(state);
    state->a ^= word;
}

uint64_t hash_with_key(const struct hash_key *key, const void *data, size_t size)
{
    /* The constants are "somepseudorandomlygeneratedbytes". */
    struct state state = {key->first ^ 0x736F6D6570736575u, key->second ^ 0x646F72616E646F6Du,
                          key->first ^ 0x6C7967656E657261u, key->second ^ 0x7465646279746573u};
    const uint8_t *at = data;
    size_t left = size;
    uint64_t word;
    for (; left >= sizeof word; at += sizeof word, left -= sizeof word) {
        memcpy(&word, at, sizeof word);
        take_word(&state, le64toh(word));
    }
    word = 0;
    if (left > 0)
        memcpy(&word, at, left);
    take_word(&state, le64toh(word) | (uint64_t)size << 56);
    state.c ^= 0xFF;
    mix(&state);
    mix(&state);
    mix(&state);
    return state.a ^ state.b ^ state.c ^ state.d;
}

static struct hash_key process_key;

static void make_key(void)
{
    if (getrandom(&process_key, sizeof process_key, 0) == (ssize_t)sizeof process_key)
        return;
    /* Documented never to happen for so few bytes; address randomisation is what is left. */
    process_key = (struct hash_key){(uint64_t)(uintptr_t)&process_key * 0x9E3779B97F4A7C15u, (uint64_t)(uintptr_t)&make_key};
}

uint64_t hash_bytes(const void *data, size_t size)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_key);
    return hash_with_key(&process_key, data, size);
}
