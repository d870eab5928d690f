/* Documents as protobuf: merging, unknown fields, bounds, and what a block keeps alive. */
#include "common/document/codec.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define LITERAL(text) text, sizeof text - 1

static sluice_document_array *read_content(const char *bytes, size_t size)
{
    struct rope rope;
    sluice_document_array *array = NULL;
    sluice_error error = {0};
    rope_init(&rope);
    rope_append(&rope, NULL, bytes, size);
    sluice_status status = document_array_read_content(&rope, NULL, &array, &error);
    rope_done(&rope);
    ck_assert_msg(status == SLUICE_OK, "%s: %s", error.where, error.text);
    return array;
}

static void content_is(const sluice_document_array *array, const char *bytes, size_t size)
{
    struct block *block = NULL;
    struct buffer buffer;
    ck_assert_int_eq(document_array_write_content(array, &block, NULL), SLUICE_OK);
    ck_assert_uint_eq(block->size, size);
    ck_assert_mem_eq(block->data, bytes, size);
    block_unref(block);
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    buffer_append_text(&buffer, "ab");
    ck_assert_int_eq(document_array_append_content(array, &buffer, NULL), SLUICE_OK);
    ck_assert_uint_eq(buffer.size, 2 + size);
    ck_assert_mem_eq(buffer.data + 2, bytes, size);
    buffer_done(&buffer);
}

/* The content that holds one document of these fields. */
static size_t one_document(char content[128], const char *bytes, size_t size)
{
    ck_assert_uint_lt(size, 120);
    memcpy(content, (const char[]){0x0a, (char)(size + 2), 0x0a, (char)size}, 4);
    memcpy(content + 4, bytes, size);
    return size + 4;
}

/* A document with these fields becomes one with those; so does its copy. */
static void becomes(const char *from, size_t from_size, const char *to, size_t to_size)
{
    char before[128], after[128];
    sluice_document_array *array = read_content(before, one_document(before, from, from_size));
    size_t size = one_document(after, to, to_size);
    content_is(array, after, size);
    sluice_document_array *copy = sluice_document_array_new();
    ck_assert_int_eq(sluice_document_array_extend(copy, array), SLUICE_OK);
    sluice_document_array_free(array);
    memset(before, 0, sizeof before);
    content_is(copy, after, size);
    sluice_document_array_free(copy);
}

static void stays(const char *bytes, size_t size)
{
    becomes(bytes, size, bytes, size);
}

START_TEST(an_empty_array_is_an_empty_docs)
{
    sluice_document_array *array = read_content("", 0);
    content_is(array, LITERAL("\x0a\x00"));
    sluice_document_array_free(array);
    array = read_content(LITERAL("\x0a\x00"));
    content_is(array, LITERAL("\x0a\x00"));
    sluice_document_array_free(array);
}
END_TEST

START_TEST(unknown_fields_of_every_message_come_back)
{
    stays(LITERAL("\x0a\x01" "d\xf8\x01\x05\xfa\x01\x01x\xfb\x01\xfc\x01"));                      /* of a document, a group too */
    stays(LITERAL("\x1a\x13\x0a\x08\x0a\x01x\x1a\x01y\x20\x01\x1a\x01n\x22\x02\x10\x07\x28\x01"));  /* dense, parameters, array */
    stays(LITERAL("\x1a\x17\x12\x13\x0a\x05\x0a\x01i\x28\x01\x12\x05\x0a\x01v\x28\x02\x1a\x01\x03\x28\x03\x28\x04")); /* sparse */
    stays(LITERAL("\x72\x03\xf8\x01\x05"));                                                     /* of a chunk */
    stays(LITERAL("\x8a\x01\x02\x10\x05"));                                                     /* of tags */
    stays(LITERAL("\x92\x01\x07\x0a\x01s\x12\x02\x30\x01"));                                    /* of a score */
    stays(LITERAL("\xa2\x01\x02\x10\x05"));                                                     /* of _metadata */
    sluice_document_array *array = read_content(LITERAL("\x10\x05\x0a\x02\x18\x05\x20\x06"));     /* of content and array */
    content_is(array, LITERAL("\x0a\x02\x18\x05\x10\x05\x20\x06"));
    sluice_document_array_free(array);
}
END_TEST

START_TEST(a_field_of_another_wire_type_is_unknown)
{
    stays(LITERAL("\x08\x05"));     /* id as a number */
    stays(LITERAL("\x2a\x00"));     /* granularity as bytes */
    stays(LITERAL("\x45\x00\x00\x80\x3f\x40\x05")); /* weight; then as a varint */
    stays(LITERAL("\x88\x01\x00")); /* tags as a number */
}
END_TEST

START_TEST(what_comes_twice_merges_as_in_protobuf)
{
    becomes(LITERAL("\x0a\x01" "a\x0a\x01" "b"), LITERAL("\x0a\x01" "b"));
    becomes(LITERAL("\x28\x05\x28\x06"), LITERAL("\x28\x06"));
    becomes(LITERAL("\x28\x05\x28\x00"), LITERAL("")); /* zero is absent */
    becomes(LITERAL("\x45\x00\x00\x00\x80"), LITERAL("\x45\x00\x00\x00\x80")); /* -0.0 is not */
    becomes(LITERAL("\x6a\x04\x00\x00\x80\x3f\x6d\x00\x00\x00\x40"), LITERAL("\x6a\x08\x00\x00\x80\x3f\x00\x00\x00\x40"));
    becomes(LITERAL("\x82\x01\x04\x0a\x02\x10\x03\x82\x01\x05\x0a\x03\x12\x01\x04\x82\x01\x03\x1a\x01n"),
            LITERAL("\x82\x01\x09\x0a\x04\x12\x02\x03\x04\x1a\x01n")); /* an embedding in three parts, the shape unpacked */
    becomes(LITERAL("\x8a\x01\x08\x0a\x06\x0a\x00\x12\x02\x20\x01\x8a\x01\x09\x0a\x07\x0a\x01k\x12\x02\x20\x01"),
            LITERAL("\x8a\x01\x11\x0a\x06\x0a\x00\x12\x02\x20\x01\x0a\x07\x0a\x01k\x12\x02\x20\x01"));
    becomes(LITERAL("\x92\x01\x05\x0a\x01s\x12\x00\x92\x01\x0a\x0a\x01s\x12\x05\x0d\x00\x00\x80\x3f"),
            LITERAL("\x92\x01\x0a\x0a\x01s\x12\x05\x0d\x00\x00\x80\x3f"));
    becomes(LITERAL("\x92\x01\x00"), LITERAL("\x92\x01\x04\x0a\x00\x12\x00"));
    becomes(LITERAL("\x92\x01\x0c\x12\x03\x12\x01o\x12\x03\x1a\x01" "d\x0a\x00"), LITERAL("\x92\x01\x0a\x0a\x00\x12\x06\x12\x01o\x1a\x01" "d"));
}
END_TEST

START_TEST(the_last_member_of_a_oneof_wins)
{
    becomes(LITERAL("\x12\x01" "b\x22\x01t"), LITERAL("\x22\x01t"));
    becomes(LITERAL("\x22\x01t\x12\x01" "b"), LITERAL("\x12\x01" "b"));
    becomes(LITERAL("\x22\x01t\x12\x00"), LITERAL("\x12\x00")); /* empty, but there */
    becomes(LITERAL("\x1a\x03\x1a\x01x\x22\x00"), LITERAL("\x22\x00"));
    becomes(LITERAL("\x1a\x03\x1a\x01x\x22\x01t\x1a\x00"), LITERAL("\x1a\x00")); /* a new tensor */
    becomes(LITERAL("\x1a\x03\x1a\x01x\x1a\x02\x0a\x00"), LITERAL("\x1a\x05\x0a\x00\x1a\x01x")); /* the same one */
    becomes(LITERAL("\x1a\x05\x0a\x03\x0a\x01x\x1a\x02\x12\x00"), LITERAL("\x1a\x02\x12\x00"));  /* dense, then sparse */
    becomes(LITERAL("\x1a\x02\x12\x00\x1a\x02\x0a\x00"), LITERAL("\x1a\x02\x0a\x00"));
    sluice_document_array *array = read_content(LITERAL("\x12\x01x\x0a\x04\x0a\x02\x28\x01\x0a\x04\x0a\x02\x28\x02"));
    content_is(array, LITERAL("\x0a\x08\x0a\x02\x28\x01\x0a\x02\x28\x02")); /* docs in two parts after docs_bytes */
    sluice_document_array_free(array);
}
END_TEST

static void refused_with(const char *bytes, size_t size, const sluice_limits *limits, sluice_status wanted, const char *text)
{
    struct rope rope;
    sluice_document_array *array = NULL;
    sluice_error error = {0};
    rope_init(&rope);
    rope_append(&rope, NULL, bytes, size);
    ck_assert_int_eq(document_array_read_content(&rope, limits, &array, &error), wanted);
    ck_assert_msg(strstr(error.text, text) != NULL, "\"%s\" is not in \"%s\"", text, error.text);
    ck_assert_str_eq(error.where, "documents");
    ck_assert_int_eq(error.status, wanted);
    ck_assert_ptr_null(array);
    rope_done(&rope);
}

static void document_refused(const char *bytes, size_t size, const char *text)
{
    char content[128];
    refused_with(content, one_document(content, bytes, size), NULL, SLUICE_INVALID, text);
}

START_TEST(text_that_is_not_utf8_is_named)
{
    document_refused(LITERAL("\x0a\x01\xff"), "the field \"id\" at byte 4 is not UTF-8");
    document_refused(LITERAL("\x22\x01\xff"), "\"text\"");
    document_refused(LITERAL("\x3a\x01\xff"), "\"parent_id\"");
    document_refused(LITERAL("\x4a\x01\xff"), "\"uri\"");
    document_refused(LITERAL("\x52\x01\xff"), "\"modality\"");
    document_refused(LITERAL("\x5a\x01\xff"), "\"mime_type\"");
    document_refused(LITERAL("\x1a\x03\x1a\x01\xff"), "\"cls_name\"");
    document_refused(LITERAL("\x1a\x05\x0a\x03\x1a\x01\xff"), "\"dtype\"");
    document_refused(LITERAL("\x8a\x01\x05\x0a\x03\x0a\x01\xff"), "\"key\"");
    document_refused(LITERAL("\x92\x01\x03\x0a\x01\xff"), "\"key\"");
    document_refused(LITERAL("\x92\x01\x05\x12\x03\x12\x01\xff"), "\"op_name\"");
    document_refused(LITERAL("\x9a\x01\x05\x12\x03\x1a\x01\xff"), "\"description\"");
    document_refused(LITERAL("\x9a\x01\x05\x12\x03\x22\x01\xff"), "\"ref_id\"");
    document_refused(LITERAL("\x72\x03\x22\x01\xff"), "\"text\" at byte 6");
    stays(LITERAL("\x12\x01\xff")); /* a blob is bytes */
}
END_TEST

START_TEST(bytes_that_are_no_message_are_named)
{
    refused_with(LITERAL("\x0a"), NULL, SLUICE_INVALID, "jina.DataRequestProto.DataContentProto");
    refused_with(LITERAL("\x0a\x01\x0a"), NULL, SLUICE_INVALID, "docarray.DocumentArrayProto: no complete field at byte 3");
    document_refused(LITERAL("\x0a"), "docarray.DocumentProto");
    document_refused(LITERAL("\x1a\x01\x0a"), "docarray.NdArrayProto");
    document_refused(LITERAL("\x1a\x03\x0a\x01\x0a"), "docarray.DenseNdArrayProto");
    document_refused(LITERAL("\x1a\x03\x12\x01\x0a"), "docarray.SparseNdArrayProto");
    document_refused(LITERAL("\x8a\x01\x01\x0a"), "google.protobuf.Struct");
    document_refused(LITERAL("\x92\x01\x01\x0a"), "entry of scores");
    document_refused(LITERAL("\x92\x01\x03\x12\x01\x0a"), "docarray.NamedScoreProto");
    document_refused(LITERAL("\x6a\x03\x00\x00\x00"), "\"location\" at byte 4 does not hold a row of numbers");
    document_refused(LITERAL("\x1a\x05\x0a\x03\x12\x01\x80"), "\"shape\" at byte 10 does not hold a row of numbers");
    sluice_document_array *array = NULL;
    sluice_error error = {0};
    ck_assert_int_eq(sluice_document_array_read("\x0a", 1, NULL, &array, &error), SLUICE_INVALID);
    ck_assert_ptr_null(array);
}
END_TEST

START_TEST(a_pickle_is_not_opened)
{
    refused_with(LITERAL("\x12\x03" "abc"), NULL, SLUICE_UNIMPLEMENTED, "docs_bytes is a Python pickle and is not opened");
    refused_with(LITERAL("\x0a\x00\x12\x00"), NULL, SLUICE_UNIMPLEMENTED, "docs_bytes");
}
END_TEST

/* Bounds, exactly and one beyond */

static void within(const struct buffer *bytes, const sluice_limits *limits, bool fits, const char *text)
{
    sluice_document_array *array = NULL;
    sluice_error error = {0};
    sluice_status status = sluice_document_array_read(bytes->data, bytes->size, limits, &array, &error);
    ck_assert_msg(status == (fits ? SLUICE_OK : SLUICE_LIMIT), "%d: %s", status, error.text);
    if (!fits)
        ck_assert_msg(strstr(error.text, text) != NULL, "\"%s\" is not in \"%s\"", text, error.text);
    sluice_document_array_free(array);
}

/* Messages nested from the inside: field numbers, the innermost last. */
static void wrap(struct buffer *buffer, uint32_t number)
{
    struct buffer outer;
    buffer_init(&outer, BUFFER_NO_LIMIT);
    uint8_t head[20], *at = head;
    uint64_t tag = (uint64_t)number << 3 | 2, size = buffer->size;
    for (; tag >= 128; tag >>= 7)
        *at++ = (uint8_t)(tag | 128);
    *at++ = (uint8_t)tag;
    for (; size >= 128; size >>= 7)
        *at++ = (uint8_t)(size | 128);
    *at++ = (uint8_t)size;
    buffer_append(&outer, head, (size_t)(at - head));
    buffer_append(&outer, buffer->data, buffer->size);
    buffer_done(buffer);
    *buffer = outer;
}

START_TEST(nesting_of_documents_ends_at_the_limit)
{
    for (size_t depth = 1; depth <= 4; depth++) {
        struct buffer bytes;
        buffer_init(&bytes, BUFFER_NO_LIMIT);
        for (size_t level = 1; level < depth; level++)
            wrap(&bytes, level % 2 ? 14 : 15);
        wrap(&bytes, 1);
        within(&bytes, &(sluice_limits){.depth = 3}, depth <= 3, "\"depth\" of 3");
        buffer_done(&bytes);
    }
    for (size_t depth = SLUICE_DEFAULT_DEPTH; depth <= SLUICE_DEFAULT_DEPTH + 1; depth++) {
        struct buffer bytes;
        buffer_init(&bytes, BUFFER_NO_LIMIT);
        for (size_t level = 1; level < depth; level++)
            wrap(&bytes, 14);
        wrap(&bytes, 1);
        within(&bytes, NULL, depth <= SLUICE_DEFAULT_DEPTH, "\"depth\" of 64");
        buffer_done(&bytes);
    }
}
END_TEST

START_TEST(nesting_of_tags_ends_at_the_limit)
{
    for (size_t depth = 2; depth <= 6; depth++) {
        struct buffer bytes;
        buffer_init(&bytes, BUFFER_NO_LIMIT);
        for (size_t level = depth; level > 2; level--) { /* maps at even levels, lists at odd ones */
            wrap(&bytes, level % 2 == 0 ? 5 : 6);
            if (level % 2 == 1)
                wrap(&bytes, 2); /* value of an entry */
            wrap(&bytes, 1);
        }
        wrap(&bytes, 17);
        wrap(&bytes, 1);
        within(&bytes, &(sluice_limits){.depth = 4}, depth <= 4, "\"depth\" of 4");
        buffer_done(&bytes);
    }
}
END_TEST

/* No limit is so large that the stack overflows. */
START_TEST(the_depth_has_an_end_of_its_own)
{
    for (size_t depth = 1000; depth <= 1001; depth++) {
        struct buffer bytes;
        buffer_init(&bytes, BUFFER_NO_LIMIT);
        for (size_t level = 1; level < depth; level++)
            wrap(&bytes, 14);
        wrap(&bytes, 1);
        within(&bytes, &(sluice_limits){.depth = SIZE_MAX}, depth <= 1000, "\"depth\" of 1000");
        buffer_done(&bytes);
    }
}
END_TEST

START_TEST(documents_are_counted_wherever_they_are)
{
    struct buffer bytes;
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    buffer_append(&bytes, "\x72\x00\x7a\x00", 4); /* a chunk and a match */
    wrap(&bytes, 1);
    buffer_append(&bytes, "\x0a\x00", 2); /* and one more document: four */
    within(&bytes, &(sluice_limits){.documents = 4}, true, "");
    within(&bytes, &(sluice_limits){.documents = 3}, false, "\"documents\" of 3 allows (at byte 6)");
    buffer_done(&bytes);
}
END_TEST

START_TEST(elements_are_counted_whatever_they_are)
{
    static const struct {
        const char *bytes;
        size_t size, elements;
    } cases[] = {
        {LITERAL("\x8a\x01\x0a\x0a\x08\x0a\x00\x12\x04\x32\x02\x0a\x00"), 2}, /* a tag, a value in its list */
        {LITERAL("\x92\x01\x00\x9a\x01\x00"), 2},                             /* a score, an evaluation */
        {LITERAL("\x6a\x0c\0\0\0\0\0\0\0\0\0\0\0\0"), 3},                     /* locations */
        {LITERAL("\x1a\x06\x0a\x04\x12\x02\x01\x01\x82\x01\x04\x0a\x02\x10\x01"), 3}, /* shapes */
        {LITERAL("\xf8\x01\x01\xf8\x01\x01\x28\x01\xf8\x01\x01"), 2},         /* rows of unknown fields */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer bytes;
        buffer_init(&bytes, BUFFER_NO_LIMIT);
        buffer_append(&bytes, cases[i].bytes, cases[i].size);
        wrap(&bytes, 1);
        within(&bytes, &(sluice_limits){.elements = cases[i].elements}, true, "");
        if (cases[i].elements > 1)
            within(&bytes, &(sluice_limits){.elements = cases[i].elements - 1}, false, "limit \"elements\"");
        buffer_done(&bytes);
    }
}
END_TEST

START_TEST(memory_is_bounded)
{
    struct buffer bytes;
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    for (int i = 0; i < 1000; i++)
        buffer_append(&bytes, "\x0a\x00", 2);
    within(&bytes, &(sluice_limits){.bytes = 1 << 20}, true, "");
    within(&bytes, &(sluice_limits){.bytes = 50000}, false, "limit \"bytes\"");
    within(&bytes, &(sluice_limits){.bytes = 1500}, false, "limit \"bytes\"");
    buffer_done(&bytes);
}
END_TEST

START_TEST(the_bounds_hold_while_building_too)
{
    sluice_document_array *array = sluice_document_array_new_with(&(sluice_limits){.depth = 2, .documents = 4, .elements = 3});
    sluice_document *document = sluice_document_array_append(array);
    sluice_document *chunk = sluice_document_add_chunk(document);
    ck_assert_ptr_nonnull(chunk);
    ck_assert_ptr_null(sluice_document_edit_chunks(chunk)); /* too deep */
    ck_assert_ptr_null(sluice_document_add_match(chunk));
    ck_assert_ptr_null(sluice_document_edit_tags(chunk));
    ck_assert_int_eq(sluice_value_set_null(sluice_document_edit_tags(document), "a"), SLUICE_OK);
    ck_assert_ptr_null(sluice_value_set_list(sluice_document_edit_tags(document), "b"));
    ck_assert_int_eq(sluice_document_set_location(document, (const float[]){1, 2}, 2), SLUICE_OK);
    ck_assert_int_eq(sluice_value_set_null(sluice_document_edit_tags(document), "b"), SLUICE_LIMIT);
    ck_assert_int_eq(sluice_document_set_location(document, (const float[]){1, 2, 3}, 3), SLUICE_LIMIT);
    ck_assert_int_eq(sluice_document_set_score(document, "s", &(sluice_score){0}), SLUICE_LIMIT);
    uint32_t shape = 1;
    ck_assert_int_eq(sluice_document_set_embedding(document, &(sluice_tensor){.dtype = SLUICE_DTYPE_INT8, .shape = &shape,
                                                                              .dimensions = 1, .data = "x", .size = 1}),
                     SLUICE_LIMIT);
    ck_assert_int_eq(sluice_document_set_location(document, NULL, 0), SLUICE_OK); /* gives back */
    ck_assert_int_eq(sluice_document_set_score(document, "s", &(sluice_score){0}), SLUICE_OK);
    ck_assert_int_eq(sluice_document_set_score(document, "t", &(sluice_score){0}), SLUICE_OK);
    ck_assert_int_eq(sluice_document_array_extend(array, array), SLUICE_LIMIT); /* elements */
    ck_assert_uint_eq(sluice_document_array_size(array), 1);
    ck_assert_ptr_nonnull(sluice_document_array_append(array));
    ck_assert_ptr_nonnull(sluice_document_array_insert(array, 0));
    ck_assert_ptr_null(sluice_document_array_append(array));
    ck_assert_ptr_null(sluice_document_array_insert(array, 0));
    ck_assert_ptr_null(sluice_document_add_chunk(document));
    ck_assert_ptr_null(sluice_document_array_append_copy(array, document));
    ck_assert_uint_eq(sluice_document_array_size(array), 3);
    ck_assert(sluice_document_array_remove(array, 1)); /* gives back two documents and three elements */
    document = sluice_document_array_append(array);
    ck_assert_ptr_nonnull(sluice_document_add_chunk(document));
    ck_assert_int_eq(sluice_document_set_location(document, (const float[]){1, 2, 3}, 3), SLUICE_OK);
    sluice_document_array_clear(array);
    for (int i = 0; i < 4; i++)
        ck_assert_ptr_nonnull(sluice_document_array_append(array));
    ck_assert_ptr_null(sluice_document_array_append(array));
    sluice_document_array_free(array);
}
END_TEST

/* Memory */

START_TEST(an_array_points_into_the_message_and_keeps_it)
{
    static const char bytes[] = "\x0a\x07\x0a\x05\x22\x03" "abc";
    struct block *block = block_new(sizeof bytes - 1);
    memcpy(block->data, bytes, sizeof bytes - 1);
    const char *text = (const char *)block->data + 6;
    struct rope rope;
    sluice_document_array *array;
    rope_init(&rope);
    rope_append(&rope, block, block->data, block->size);
    ck_assert_int_eq(document_array_read_content(&rope, NULL, &array, NULL), SLUICE_OK);
    rope_done(&rope);
    ck_assert_uint_eq(atomic_load(&block->references), 2);
    sluice_document *document = sluice_document_array_at(array, 0);
    ck_assert_ptr_eq(sluice_document_text(document).data, text);
    sluice_document_append_text(document, "d", 1); /* not in place */
    ck_assert_mem_eq(block->data, bytes, sizeof bytes - 1);
    sluice_document_array_free(array);
    ck_assert_uint_eq(atomic_load(&block->references), 1);
    block_unref(block);
}
END_TEST

START_TEST(a_rope_of_several_slices_is_joined)
{
    static const char bytes[] = "\x0a\x07\x0a\x05\x22\x03" "abc";
    for (size_t cut = 1; cut < sizeof bytes - 1; cut++) {
        struct block *block = block_new(sizeof bytes - 1);
        memcpy(block->data, bytes, sizeof bytes - 1);
        struct rope rope;
        sluice_document_array *array;
        rope_init(&rope);
        rope_append(&rope, block, block->data, cut);
        rope_append(&rope, block, block->data + cut, block->size - cut);
        ck_assert_int_eq(document_array_read_content(&rope, NULL, &array, NULL), SLUICE_OK);
        rope_done(&rope);
        ck_assert_uint_eq(atomic_load(&block->references), 1);
        block_unref(block);
        content_is(array, LITERAL(bytes));
        sluice_document_array_free(array);
    }
}
END_TEST

START_TEST(a_full_buffer_is_told)
{
    sluice_document_array *array = sluice_document_array_new();
    sluice_document_set_string(sluice_document_array_append(array), "text");
    struct buffer buffer;
    sluice_error error = {0};
    buffer_init(&buffer, 9);
    ck_assert_int_eq(document_array_append_content(array, &buffer, &error), SLUICE_LIMIT);
    ck_assert_str_eq(error.text, "they do not fit into 9 bytes");
    buffer_done(&buffer);
    buffer_init(&buffer, 10);
    ck_assert_int_eq(document_array_append_content(array, &buffer, &error), SLUICE_OK);
    buffer_done(&buffer);
    sluice_document_array_free(array);
}
END_TEST

/* More messages inside messages than the writer has room for at first. */
START_TEST(large_arrays_are_written_as_well)
{
    sluice_document_array *array = sluice_document_array_new(), *again;
    for (int i = 0; i < 1000; i++) {
        sluice_document *document = sluice_document_array_append(array);
        sluice_value *tags = sluice_document_edit_tags(document);
        sluice_value_append_number(sluice_value_append_list(sluice_value_set_list(sluice_value_set_map(tags, "m"), "l")), i);
        sluice_document_add_chunk(sluice_document_add_match(document));
    }
    struct block *block;
    ck_assert_int_eq(document_array_write_content(array, &block, NULL), SLUICE_OK);
    again = read_content((const char *)block->data, block->size);
    content_is(again, (const char *)block->data, block->size);
    sluice_document_array_free(again);
    sluice_document_array_free(array);
    block_unref(block);
}
END_TEST

SUITE_MAIN("common.codec", an_empty_array_is_an_empty_docs, unknown_fields_of_every_message_come_back,
           a_field_of_another_wire_type_is_unknown, what_comes_twice_merges_as_in_protobuf,
           the_last_member_of_a_oneof_wins, text_that_is_not_utf8_is_named, bytes_that_are_no_message_are_named,
           a_pickle_is_not_opened, nesting_of_documents_ends_at_the_limit, nesting_of_tags_ends_at_the_limit,
           the_depth_has_an_end_of_its_own, documents_are_counted_wherever_they_are,
           elements_are_counted_whatever_they_are, memory_is_bounded, the_bounds_hold_while_building_too,
           an_array_points_into_the_message_and_keeps_it, a_rope_of_several_slices_is_joined, a_full_buffer_is_told,
           large_arrays_are_written_as_well)
