/*
 * numbers.h - builds an array of numbers from nested JSON lists, as numpy would: <i8 of integers, <u8 when one is beyond
 * int64, <f8 when one is a double, |b1 of booleans only.
 */
#ifndef SLUICE_JSON_NUMBERS_H
#define SLUICE_JSON_NUMBERS_H

#include "common/foundation/buffer.h"
#include "common/json/json.h"

#include <sluice/document.h>

enum { NUMBERS_DIMENSIONS_MAX = 64 };

enum numbers_kind { NUMBERS_NONE, NUMBERS_BOOLS, NUMBERS_INTEGERS, NUMBERS_UNSIGNED, NUMBERS_DOUBLES };

struct numbers {
    struct buffer values; /* 8 bytes each */
    enum numbers_kind kind;
    bool negative;                            /* one of the integers is */
    size_t depth;                             /* lists open now */
    size_t leaf;                              /* depth of the numbers, once known */
    size_t counts[NUMBERS_DIMENSIONS_MAX];    /* of the lists open now */
    uint32_t shape[NUMBERS_DIMENSIONS_MAX];
    bool known[NUMBERS_DIMENSIONS_MAX];       /* which entries of shape are */
};

void numbers_init(struct numbers *numbers, size_t bytes_max);
void numbers_done(struct numbers *numbers);

/* NULL, or what is wrong in a few words. */
const char *numbers_begin(struct numbers *numbers);
const char *numbers_end(struct numbers *numbers);
const char *numbers_add(struct numbers *numbers, enum json_numbers kind, const void *values, size_t count);
const char *numbers_add_bool(struct numbers *numbers, bool value);

/* After the last list has ended: the array, whose parts point into `numbers`. */
void numbers_tensor(struct numbers *numbers, sluice_tensor *ret_tensor);

#endif
