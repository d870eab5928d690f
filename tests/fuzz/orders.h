/* orders.h - an input read as a row of orders: each byte is taken once, and past the end there are zeros. */
#ifndef SLUICE_TESTS_FUZZ_ORDERS_H
#define SLUICE_TESTS_FUZZ_ORDERS_H

#include <stddef.h>
#include <stdint.h>

struct orders {
    const uint8_t *at, *end;
};

static inline uint8_t orders_byte(struct orders *orders)
{
    return orders->at < orders->end ? *orders->at++ : 0;
}

/* The next `size` bytes, or as many as there are; they stay the input's. */
static inline const uint8_t *orders_bytes(struct orders *orders, size_t size, size_t *ret_size)
{
    const uint8_t *bytes = orders->at;
    *ret_size = (size_t)(orders->end - orders->at) < size ? (size_t)(orders->end - orders->at) : size;
    orders->at += *ret_size;
    return bytes;
}

#endif
