/*
 * reader.h - builds the model from the events of json_read().
 *
 * A stack of frames, one per open object or list; a frame's type says what may stand inside. Private to common/json.
 */
#ifndef SLUICE_JSON_READER_H
#define SLUICE_JSON_READER_H

#include "common/document/model.h"
#include "common/json/json.h"
#include "common/json/numbers.h"

struct reader;
struct frame;

enum scalar_kind { SCALAR_NULL, SCALAR_BOOL, SCALAR_STRING, SCALAR_NUMBERS };

struct scalar {
    enum scalar_kind kind;
    bool boolean;
    sluice_text text;
    enum json_numbers numbers; /* and of these `count` at `values` */
    const void *values;
    size_t count;
};

/* Each may be NULL: then it is an error that names `expects`. False: reader->problem is set. */
struct frame_type {
    const char *expects;
    bool (*key)(struct reader *reader, struct frame *frame, sluice_text key);
    bool (*begin_object)(struct reader *reader, struct frame *frame);
    bool (*begin_array)(struct reader *reader, struct frame *frame);
    bool (*scalar)(struct reader *reader, struct frame *frame, const struct scalar *scalar);
    bool (*end)(struct reader *reader, struct frame *frame); /* the frame is taken off afterwards */
};

struct frame {
    const struct frame_type *type;
    sluice_text key; /* in the model's memory */
    int field;       /* of a document or score */
    int content;     /* rank of the content that a document has so far */
    union {
        struct box *box;
        sluice_document *document;
        sluice_document_array *array;
        struct scores **scores;
    };
};

struct reader {
    struct model *model;
    struct frame *frames;
    size_t count, capacity;
    struct numbers numbers;   /* the array of numbers that is open */
    struct score_entry score; /* the score that is open */
    const char *where;
    sluice_error *error;
    sluice_status status;
    char problem[256];
};

/* Read one JSON value into what `root` makes of it. */
sluice_status reader_run(struct reader *reader, const char *json, size_t size, size_t depth, struct frame root);

struct frame *reader_push(struct reader *reader, const struct frame_type *type); /* NULL: no memory, told */
bool reader_problem(struct reader *reader, sluice_status status, const char *format, ...) SLUICE_PRINTF(3, 4);
bool reader_status(struct reader *reader, sluice_status status); /* true for SLUICE_OK, else tells the bound */

/* The number of a scalar that is exactly one number. */
bool scalar_number(const struct scalar *scalar, size_t index, double *ret_number);

extern const struct frame_type reader_map, reader_list, reader_skip;

/* value_read.c: a new map in `frame`'s place for the object that begins. */
bool reader_push_map(struct reader *reader, sluice_value *map);

#endif
