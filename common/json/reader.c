#include "common/json/reader.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

struct frame *reader_push(struct reader *reader, const struct frame_type *type)
{
    if (reader->count == reader->capacity) {
        size_t capacity = reader->capacity > 0 ? 2 * reader->capacity : 16;
        struct frame *frames = realloc(reader->frames, capacity * sizeof *frames);
        if (frames == NULL) {
            reader_status(reader, SLUICE_NO_MEMORY);
            return NULL;
        }
        reader->frames = frames;
        reader->capacity = capacity;
    }
    struct frame *frame = &reader->frames[reader->count++];
    *frame = (struct frame){.type = type, .field = -1};
    return frame;
}

bool reader_problem(struct reader *reader, sluice_status status, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(reader->problem, sizeof reader->problem, format, arguments);
    va_end(arguments);
    reader->status = status;
    return false;
}

bool reader_status(struct reader *reader, sluice_status status)
{
    const struct model *model = reader->model;
    switch (status) {
    case SLUICE_OK: return true;
    case SLUICE_NO_MEMORY: return reader_problem(reader, status, "no memory");
    case SLUICE_INVALID: return reader_problem(reader, status, "the text is not UTF-8");
    default: break;
    }
    if (arena_failure(model->arena) == SLUICE_LIMIT)
        return reader_problem(reader, status, "more memory is needed than the limit \"bytes\" allows");
    if (model->documents >= model->documents_max)
        return reader_problem(reader, status, "more documents than the limit \"documents\" of %zu allows",
                              model->documents_max);
    if (model->elements >= model->elements_max)
        return reader_problem(reader, status, "more elements than the limit \"elements\" of %zu allows",
                              model->elements_max);
    return reader_problem(reader, status, "nested deeper than the limit \"depth\" of %zu allows", model->depth_max);
}

bool scalar_number(const struct scalar *scalar, size_t index, double *ret_number)
{
    if (scalar->kind != SCALAR_NUMBERS || index >= scalar->count)
        return false;
    uint64_t bits;
    memcpy(&bits, (const uint8_t *)scalar->values + 8 * index, sizeof bits);
    if (scalar->numbers == JSON_DOUBLES)
        memcpy(ret_number, &bits, sizeof bits);
    else
        *ret_number = scalar->numbers == JSON_UNSIGNED ? (double)bits : (double)(int64_t)bits;
    return true;
}

static struct frame *top(struct reader *reader)
{
    return &reader->frames[reader->count - 1];
}

static bool unexpected(struct reader *reader)
{
    return reader_problem(reader, SLUICE_INVALID, "%s expected", top(reader)->type->expects);
}

static bool begin_object(void *context)
{
    struct reader *reader = context;
    struct frame *frame = top(reader);
    return frame->type->begin_object != NULL ? frame->type->begin_object(reader, frame) : unexpected(reader);
}

static bool begin_array(void *context)
{
    struct reader *reader = context;
    struct frame *frame = top(reader);
    return frame->type->begin_array != NULL ? frame->type->begin_array(reader, frame) : unexpected(reader);
}

static bool key(void *context, const char *text, size_t size)
{
    struct reader *reader = context;
    struct frame *frame = top(reader);
    return frame->type->key(reader, frame, (sluice_text){.data = text, .size = size});
}

static bool end(void *context)
{
    struct reader *reader = context;
    struct frame *frame = top(reader);
    if (frame->type->end != NULL && !frame->type->end(reader, frame))
        return false;
    reader->count--;
    return true;
}

static bool scalar_event(struct reader *reader, const struct scalar *scalar)
{
    struct frame *frame = top(reader);
    return frame->type->scalar != NULL ? frame->type->scalar(reader, frame, scalar) : unexpected(reader);
}

static bool null(void *context)
{
    return scalar_event(context, &(struct scalar){.kind = SCALAR_NULL});
}

static bool boolean(void *context, bool value)
{
    return scalar_event(context, &(struct scalar){.kind = SCALAR_BOOL, .boolean = value});
}

static bool string(void *context, const char *text, size_t size)
{
    return scalar_event(context, &(struct scalar){.kind = SCALAR_STRING, .text = {.data = text, .size = size}});
}

static bool numbers(void *context, enum json_numbers kind, const void *values, size_t count)
{
    return scalar_event(context,
                        &(struct scalar){.kind = SCALAR_NUMBERS, .numbers = kind, .values = values, .count = count});
}

static void stopped(void *context, size_t line, size_t column)
{
    struct reader *reader = context;
    char place[64];
    json_place(place, sizeof place, line, column);
    sluice_fail(reader->error, reader->status, reader->where, "%s: %s", place, reader->problem);
}

sluice_status reader_run(struct reader *reader, const char *json, size_t size, size_t depth, struct frame root)
{
    static const struct json_events events = {.begin_object = begin_object,
                                              .key = key,
                                              .end_object = end,
                                              .begin_array = begin_array,
                                              .end_array = end,
                                              .null = null,
                                              .boolean = boolean,
                                              .string = string,
                                              .numbers = numbers,
                                              .stopped = stopped};
    numbers_init(&reader->numbers, reader->model->bytes_max);
    struct frame *first = reader_push(reader, root.type);
    sluice_status status = SLUICE_NO_MEMORY;
    if (first != NULL) {
        *first = root;
        status = json_read(json, size, depth, &events, reader, reader->where, reader->error);
    } else {
        sluice_fail(reader->error, status, reader->where, "no memory to read JSON");
    }
    numbers_done(&reader->numbers);
    free(reader->frames);
    return status == SLUICE_CANCELLED ? reader->status : status;
}
