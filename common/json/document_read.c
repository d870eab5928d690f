/* Documents from JSON Lines. The fields are those of docarray's document model. */
#include "common/json/base64.h"
#include "common/json/reader.h"

#include <math.h>

enum {
    FIELD_ID,
    FIELD_PARENT_ID,
    FIELD_MIME_TYPE,
    FIELD_URI,
    FIELD_MODALITY,
    FIELD_GRANULARITY,
    FIELD_ADJACENCY,
    FIELD_WEIGHT,
    FIELD_OFFSET,
    FIELD_TEXT,
    FIELD_BLOB,
    FIELD_TENSOR,
    FIELD_EMBEDDING,
    FIELD_LOCATION,
    FIELD_TAGS,
    FIELD_METADATA,
    FIELD_SCORES,
    FIELD_EVALUATIONS,
    FIELD_CHUNKS,
    FIELD_MATCHES,
    FIELDS
};

static const char *const field_names[FIELDS] = {
    "id",     "parent_id", "mime_type", "uri",      "modality",  "granularity", "adjacency", "weight",      "offset", "text",
    "blob",   "tensor",    "embedding", "location", "tags",      "_metadata",   "scores",    "evaluations", "chunks", "matches"};

/* What the value of a field must be. */
static const char *const field_expects[FIELDS] = {
    "text",        "text",        "text",   "text",   "text",     "a whole number of 32 bit", "a whole number of 32 bit",
    "a number",    "a number",    "text",   "base64", "numbers in lists",      "numbers in lists",        "a list of numbers",
    "an object",   "an object",   "an object of scores", "an object of scores", "a list of documents", "a list of documents"};

static const struct frame_type document_frame, documents_frame, scores_frame, score_frame, numbers_frame;

static bool wrong(struct reader *reader, const struct frame *frame)
{
    return reader_problem(reader, SLUICE_INVALID, "%s (or null) is expected for \"%s\"", field_expects[frame->field],
                          field_names[frame->field]);
}

static bool push_document(struct reader *reader, sluice_document *document)
{
    struct frame *frame = reader_push(reader, &document_frame);
    if (frame != NULL)
        frame->document = document;
    return frame != NULL;
}

/* Fields of a document */

static bool document_key(struct reader *reader, struct frame *frame, sluice_text key)
{
    (void)reader;
    frame->field = FIELDS; /* not known, skipped */
    for (int field = 0; field < FIELDS; field++)
        if (sluice_text_is(key, field_names[field]))
            frame->field = field;
    return true;
}

static bool set_text(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    sluice_document *document = frame->document;
    sluice_text *const targets[] = {[FIELD_ID] = &document->id,
                                    [FIELD_PARENT_ID] = &document->parent_id,
                                    [FIELD_MIME_TYPE] = &document->mime_type,
                                    [FIELD_URI] = &document->uri,
                                    [FIELD_MODALITY] = &document->modality};
    if (scalar->kind != SCALAR_STRING)
        return wrong(reader, frame);
    return reader_status(reader, model_copy_utf8(reader->model, scalar->text.data, scalar->text.size, targets[frame->field]));
}

static bool set_whole(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    double number;
    if (!scalar_number(scalar, 0, &number) || !(number >= 0 && number <= UINT32_MAX) || number != trunc(number))
        return wrong(reader, frame);
    *(frame->field == FIELD_GRANULARITY ? &frame->document->granularity : &frame->document->adjacency) = (uint32_t)number;
    return true;
}

static bool to_float(struct reader *reader, double number, float *ret_number)
{
    *ret_number = (float)number;
    if (isinf(*ret_number) && !isinf(number))
        return reader_problem(reader, SLUICE_INVALID, "the number is larger than 32-bit floating point can be");
    return true;
}

static bool set_float(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    double number;
    if (!scalar_number(scalar, 0, &number))
        return wrong(reader, frame);
    return to_float(reader, number, frame->field == FIELD_WEIGHT ? &frame->document->weight : &frame->document->offset);
}

/* Of text, blob and tensor the last in this order counts, whatever the order of the keys. */
static bool outranked(struct frame *frame)
{
    if (frame->field < frame->content)
        return true;
    frame->content = frame->field;
    return false;
}

static bool set_blob(struct reader *reader, struct frame *frame, sluice_text text)
{
    sluice_document *document = frame->document;
    size_t size;
    uint8_t *bytes = arena_alloc(reader->model->arena, base64_room(text.size));
    if (bytes == NULL)
        return reader_status(reader, arena_failure(reader->model->arena));
    if (!base64_read(text.data, text.size, bytes, &size))
        return reader_problem(reader, SLUICE_INVALID, "\"blob\" is no complete base64 text");
    if (size == 0 || outranked(frame))
        return true;
    sluice_document_clear_content(document);
    document->content = SLUICE_CONTENT_BLOB;
    document->bytes = (sluice_text){.data = (const char *)bytes, .size = size};
    return true;
}

static bool set_content(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    if (scalar->kind != SCALAR_STRING)
        return wrong(reader, frame);
    if (frame->field == FIELD_BLOB)
        return set_blob(reader, frame, scalar->text);
    if (scalar->text.size == 0 || outranked(frame))
        return true;
    return reader_status(reader, sluice_document_set_text(frame->document, scalar->text.data, scalar->text.size));
}

/* Arrays of numbers */

static bool numbers_problem(struct reader *reader, const struct frame *frame, const char *problem)
{
    if (problem == NULL)
        return true;
    return reader_problem(reader, SLUICE_INVALID, "\"%s\": %s", field_names[frame->field], problem);
}

static bool set_location(struct reader *reader, sluice_document *document, const sluice_tensor *tensor)
{
    if (tensor->dimensions != 1 || tensor->dtype == SLUICE_DTYPE_BOOL)
        return reader_problem(reader, SLUICE_INVALID, "a flat list of numbers is expected for \"location\"");
    size_t count = sluice_tensor_count(tensor);
    float *values = arena_alloc(reader->model->arena, count * sizeof *values);
    if (values == NULL)
        return reader_status(reader, arena_failure(reader->model->arena));
    for (size_t i = 0; i < count; i++)
        if (!to_float(reader, sluice_tensor_number(tensor, i), &values[i]))
            return false;
    return reader_status(reader, sluice_document_set_location(document, values, count));
}

static bool set_numbers(struct reader *reader, struct frame *frame)
{
    sluice_tensor tensor;
    numbers_tensor(&reader->numbers, &tensor);
    sluice_document *document = frame->document;
    if (frame->field == FIELD_LOCATION)
        return set_location(reader, document, &tensor);
    if (frame->field == FIELD_EMBEDDING)
        return reader_status(reader, sluice_document_set_embedding(document, &tensor));
    struct frame *owner = &reader->frames[reader->count - (reader->numbers.leaf > 0 ? 2 : 1)];
    return outranked(owner) || reader_status(reader, sluice_document_set_tensor(document, &tensor));
}

static void start_numbers(struct reader *reader)
{
    numbers_done(&reader->numbers);
    numbers_init(&reader->numbers, reader->model->bytes_max);
}

static bool push_numbers(struct reader *reader, struct frame *frame)
{
    int field = frame->field;
    sluice_document *document = frame->document;
    struct frame *inner = reader_push(reader, &numbers_frame);
    if (inner == NULL)
        return false;
    inner->field = field;
    inner->document = document;
    return numbers_problem(reader, inner, numbers_begin(&reader->numbers));
}

static bool numbers_scalar(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    if (scalar->kind == SCALAR_NUMBERS)
        return numbers_problem(reader, frame,
                               numbers_add(&reader->numbers, scalar->numbers, scalar->values, scalar->count));
    if (scalar->kind == SCALAR_BOOL)
        return numbers_problem(reader, frame, numbers_add_bool(&reader->numbers, scalar->boolean));
    return reader_problem(reader, SLUICE_INVALID, "a number is expected in \"%s\"", field_names[frame->field]);
}

static bool numbers_ended(struct reader *reader, struct frame *frame)
{
    if (!numbers_problem(reader, frame, numbers_end(&reader->numbers)))
        return false;
    return reader->numbers.depth > 0 || set_numbers(reader, frame);
}

static const struct frame_type numbers_frame = {
    .expects = "a number or list is", .begin_array = push_numbers, .scalar = numbers_scalar, .end = numbers_ended};

/* Scores */

static bool scores_key(struct reader *reader, struct frame *frame, sluice_text key)
{
    return reader_status(reader, model_copy_utf8(reader->model, key.data, key.size, &frame->key));
}

static bool begin_score(struct reader *reader, struct frame *frame)
{
    reader->score = (struct score_entry){.name = frame->key};
    return reader_push(reader, &score_frame) != NULL;
}

static bool no_score(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    (void)frame;
    return scalar->kind == SCALAR_NULL ||
           reader_problem(reader, SLUICE_INVALID, "a score is an object: {\"value\": …}");
}

static const struct frame_type scores_frame = {
    .expects = "a score {…} is", .key = scores_key, .begin_object = begin_score, .scalar = no_score};

enum { SCORE_FIELD_VALUE, SCORE_FIELD_OP_NAME, SCORE_FIELD_DESCRIPTION, SCORE_FIELD_REF_ID, SCORE_FIELDS };

static bool score_key(struct reader *reader, struct frame *frame, sluice_text key)
{
    static const char *const names[SCORE_FIELDS] = {"value", "op_name", "description", "ref_id"};
    (void)reader;
    frame->field = SCORE_FIELDS;
    for (int field = 0; field < SCORE_FIELDS; field++)
        if (sluice_text_is(key, names[field]))
            frame->field = field;
    return true;
}

static bool score_scalar(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    sluice_score *score = &reader->score.score;
    sluice_text *const texts[] = {NULL, &score->op_name, &score->description, &score->ref_id};
    double number;
    if (scalar->kind == SCALAR_NULL || frame->field == SCORE_FIELDS)
        return true;
    if (frame->field == SCORE_FIELD_VALUE)
        return scalar_number(scalar, 0, &number)
                   ? to_float(reader, number, &score->value)
                   : reader_problem(reader, SLUICE_INVALID, "a number is expected for the \"value\" of a score");
    if (scalar->kind != SCALAR_STRING)
        return reader_problem(reader, SLUICE_INVALID, "text is expected in a score");
    return reader_status(reader,
                         model_copy_utf8(reader->model, scalar->text.data, scalar->text.size, texts[frame->field]));
}

static bool score_inside(struct reader *reader, struct frame *frame)
{
    if (frame->field == SCORE_FIELDS)
        return reader_push(reader, &reader_skip) != NULL;
    return reader_problem(reader, SLUICE_INVALID, "a score holds a number and texts only");
}

static bool score_ended(struct reader *reader, struct frame *frame)
{
    struct score_entry *slot;
    (void)frame;
    struct scores **scores = reader->frames[reader->count - 2].scores;
    if (!reader_status(reader, scores_slot(reader->model, scores, reader->score.name, &slot)))
        return false;
    *slot = reader->score;
    return true;
}

static const struct frame_type score_frame = {.expects = "a number or text is",
                                              .key = score_key,
                                              .begin_object = score_inside,
                                              .begin_array = score_inside,
                                              .scalar = score_scalar,
                                              .end = score_ended};

/* Documents */

static bool begin_map(struct reader *reader, sluice_document *document, sluice_value **map)
{
    if (*map != NULL)
        reader->model->elements -= value_elements(*map); /* the key came twice: the last one counts */
    *map = value_new_map(reader->model, document->level + 1);
    return *map != NULL ? reader_push_map(reader, *map) : reader_status(reader, SLUICE_LIMIT);
}

static bool begin_scores(struct reader *reader, struct scores **scores)
{
    struct frame *inner = reader_push(reader, &scores_frame);
    if (inner != NULL)
        inner->scores = scores;
    return inner != NULL;
}

static bool document_object(struct reader *reader, struct frame *frame)
{
    sluice_document *document = frame->document;
    switch (frame->field) {
    case FIELD_TAGS: return begin_map(reader, document, &document->tags);
    case FIELD_METADATA: return begin_map(reader, document, &document->metadata);
    case FIELD_SCORES: return begin_scores(reader, &document->scores);
    case FIELD_EVALUATIONS: return begin_scores(reader, &document->evaluations);
    case FIELDS: return reader_push(reader, &reader_skip) != NULL;
    default: return wrong(reader, frame);
    }
}

static bool begin_documents(struct reader *reader, sluice_document_array *array)
{
    if (array == NULL)
        return reader_status(reader, SLUICE_LIMIT);
    sluice_document_array_clear(array); /* the key came twice: the last one counts */
    struct frame *inner = reader_push(reader, &documents_frame);
    if (inner != NULL)
        inner->array = array;
    return inner != NULL;
}

static bool document_array(struct reader *reader, struct frame *frame)
{
    sluice_document *document = frame->document;
    switch (frame->field) {
    case FIELD_TENSOR:
    case FIELD_EMBEDDING:
    case FIELD_LOCATION: start_numbers(reader); return push_numbers(reader, frame);
    case FIELD_CHUNKS: return begin_documents(reader, sluice_document_edit_chunks(document));
    case FIELD_MATCHES: return begin_documents(reader, sluice_document_edit_matches(document));
    case FIELDS: return reader_push(reader, &reader_skip) != NULL;
    default: return wrong(reader, frame);
    }
}

/* A number alone is an array without dimensions. */
static bool set_single(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    if (scalar->kind != SCALAR_NUMBERS)
        return wrong(reader, frame);
    start_numbers(reader);
    return numbers_scalar(reader, frame, scalar) && set_numbers(reader, frame);
}

static bool document_scalar(struct reader *reader, struct frame *frame, const struct scalar *scalar)
{
    if (scalar->kind == SCALAR_NULL)
        return true;
    switch (frame->field) {
    case FIELD_ID:
    case FIELD_PARENT_ID:
    case FIELD_MIME_TYPE:
    case FIELD_URI:
    case FIELD_MODALITY: return set_text(reader, frame, scalar);
    case FIELD_GRANULARITY:
    case FIELD_ADJACENCY: return set_whole(reader, frame, scalar);
    case FIELD_WEIGHT:
    case FIELD_OFFSET: return set_float(reader, frame, scalar);
    case FIELD_TEXT:
    case FIELD_BLOB: return set_content(reader, frame, scalar);
    case FIELD_TENSOR:
    case FIELD_EMBEDDING: return set_single(reader, frame, scalar);
    case FIELDS: return true;
    default: return wrong(reader, frame);
    }
}

/* Empty is the same as absent. */
static bool document_ended(struct reader *reader, struct frame *frame)
{
    (void)reader;
    sluice_document *document = frame->document;
    if (sluice_value_size(document->tags) == 0)
        document->tags = NULL;
    if (sluice_value_size(document->metadata) == 0)
        document->metadata = NULL;
    return true;
}

static const struct frame_type document_frame = {.expects = "a field is",
                                                 .key = document_key,
                                                 .begin_object = document_object,
                                                 .begin_array = document_array,
                                                 .scalar = document_scalar,
                                                 .end = document_ended};

static bool begin_document(struct reader *reader, struct frame *frame)
{
    sluice_status status;
    sluice_document *document = array_add(frame->array, &status);
    return document != NULL ? push_document(reader, document) : reader_status(reader, status);
}

static const struct frame_type documents_frame = {.expects = "a document {…} is", .begin_object = begin_document};

/* The document is attached to the array when all of it was read. */

static bool begin_root(struct reader *reader, struct frame *frame)
{
    return push_document(reader, frame->document);
}

/* A document takes two levels of JSON (itself and the list it stands in), tags and dimensions one. */
enum { LEVELS_PER_DOCUMENT = 2 };

sluice_status sluice_document_array_append_json(sluice_document_array *array, const char *json, size_t size,
                                                sluice_error *error)
{
    static const struct frame_type root = {.expects = "a document {…} is", .begin_object = begin_root};
    struct model *model = array->model;
    struct reader reader = {.model = model, .where = "json", .error = error};
    size_t documents = model->documents, elements = model->elements;
    sluice_status status;
    sluice_document *document = document_new(model, array->level, &status);
    if (document == NULL) {
        reader_status(&reader, status);
        return sluice_fail(error, status, reader.where, "%s", reader.problem);
    }
    status = reader_run(&reader, json, size, LEVELS_PER_DOCUMENT * model->depth_max + NUMBERS_DIMENSIONS_MAX,
                        (struct frame){.type = &root, .document = document});
    if (status == SLUICE_OK) {
        status = array_attach(array, document);
        if (status != SLUICE_OK)
            sluice_fail(error, status, reader.where, "no memory for one more document");
    }
    if (status != SLUICE_OK) {
        model->documents = documents;
        model->elements = elements;
    }
    return status;
}
