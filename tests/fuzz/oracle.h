/* oracle.h - the C side of oracle.cc: what Sluice makes of a DataContentProto. */
#ifndef SLUICE_TESTS_FUZZ_ORACLE_H
#define SLUICE_TESTS_FUZZ_ORACLE_H

#include <stddef.h>
#include <stdint.h>

enum oracle_outcome { ORACLE_READ, ORACLE_INVALID, ORACLE_BOUND };

/* Reads and writes: *ret_bytes is malloc()ed on ORACLE_READ. Else `text` says why. */
enum oracle_outcome oracle_round(const uint8_t *data, size_t size, uint8_t **ret_bytes, size_t *ret_size, char text[1024]);

#endif
