/*
 * hash.h - the hash of tables whose keys come from outside: ids, keys of maps, addresses of peers.
 *
 * With a hash that is known, a client can choose keys that all fall into one place and make each look-up as long as the table.
 * SipHash with a random key is made against that (Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012); one round for
 * each word and three at the end are what Python, Ruby and Rust take for their tables. The value is not for files or wires: it
 * is another one in every process.
 *
 * vector_index, which is a plugin and so without our libraries, is built with this module.
 */
#ifndef SLUICE_FOUNDATION_HASH_H
#define SLUICE_FOUNDATION_HASH_H

#include <stddef.h>
#include <stdint.h>

struct hash_key {
    uint64_t first, second;
};

/* SipHash-1-3. Any thread. */
uint64_t hash_with_key(const struct hash_key *key, const void *data, size_t size);

/* With the key of this process, which is made at the first use. All bits are equally good. Any thread. */
uint64_t hash_bytes(const void *data, size_t size);

#endif
