#include <sluice/document.h>
#include "common/document/codec.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The number 3 (2 for half-truths) as element `1` of a two-element array, the first element being zero bytes. */
static const struct {
    sluice_dtype dtype;
    const char *name, *word;
    size_t size;
    const char *little; /* bytes of the second element */
    double number;
} types[] = {
    {SLUICE_DTYPE_BOOL, "|b1", "bool", 1, "\x01", 1},
    {SLUICE_DTYPE_INT8, "|i1", "int8", 1, "\xfd", -3},
    {SLUICE_DTYPE_UINT8, "|u1", "uint8", 1, "\xfd", 253},
    {SLUICE_DTYPE_INT16, "<i2", "int16", 2, "\xfd\xff", -3},
    {SLUICE_DTYPE_UINT16, "<u2", "uint16", 2, "\xfd\xff", 65533},
    {SLUICE_DTYPE_INT32, "<i4", "int32", 4, "\xfd\xff\xff\xff", -3},
    {SLUICE_DTYPE_UINT32, "<u4", "uint32", 4, "\xfd\xff\xff\xff", 4294967293.0},
    {SLUICE_DTYPE_INT64, "<i8", "int64", 8, "\xfd\xff\xff\xff\xff\xff\xff\xff", -3},
    {SLUICE_DTYPE_UINT64, "<u8", "uint64", 8, "\x00\x00\x00\x00\x00\x00\x00\x80", 9223372036854775808.0},
    {SLUICE_DTYPE_FLOAT16, "<f2", "float16", 2, "\x00\xc2", -3},
    {SLUICE_DTYPE_FLOAT32, "<f4", "float32", 4, "\x00\x00\x40\xc0", -3},
    {SLUICE_DTYPE_FLOAT64, "<f8", "float64", 8, "\x00\x00\x00\x00\x00\x00\x08\xc0", -3},
    {SLUICE_DTYPE_COMPLEX64, "<c8", "complex64", 8, "\x00\x00\x40\xc0\x00\x00\x40\xc0", 0},
    {SLUICE_DTYPE_COMPLEX128, "<c16", "complex128", 16, "\0\0\0\0\0\0\x08\xc0\0\0\0\0\0\0\x08\xc0", 0},
};
enum { TYPES = sizeof types / sizeof types[0] };

static sluice_document_array *array;
static sluice_document *document;

static void start(void)
{
    array = sluice_document_array_new();
    document = sluice_document_array_append(array);
}

/* Writes the array and reads it again: what other processes get. */
static void send(void)
{
    void *bytes;
    size_t size;
    ck_assert_int_eq(sluice_document_array_write(array, &bytes, &size, NULL), SLUICE_OK);
    sluice_document_array_free(array);
    ck_assert_int_eq(sluice_document_array_read(bytes, size, NULL, &array, NULL), SLUICE_OK);
    document = sluice_document_array_at(array, 0);
    free(bytes);
}

START_TEST(every_dtype_travels_in_both_byte_orders)
{
    for (size_t i = 0; i < TYPES; i++) {
        ck_assert_uint_eq(sluice_dtype_size(types[i].dtype), types[i].size);
        ck_assert_str_eq(sluice_dtype_name(types[i].dtype), types[i].name);
        for (int big = 0; big < 2; big++) {
            uint8_t data[32] = {0};
            for (size_t byte = 0; byte < types[i].size; byte++)
                data[types[i].size + byte] = (uint8_t)types[i].little[big ? types[i].size - 1 - byte : byte];
            uint32_t shape = 2;
            sluice_tensor tensor = {.dtype = types[i].dtype, .big_endian = big, .shape = &shape, .dimensions = 1,
                                    .data = data, .size = 2 * types[i].size};
            start();
            ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_OK);
            send();
            sluice_tensor back;
            ck_assert(sluice_document_tensor(document, &back));
            ck_assert_int_eq(back.dtype, types[i].dtype);
            ck_assert_int_eq(back.big_endian, big && types[i].size > 1);
            ck_assert_uint_eq(back.dimensions, 1);
            ck_assert_uint_eq(back.shape[0], 2);
            ck_assert_uint_eq(sluice_tensor_count(&back), 2);
            ck_assert_uint_eq(back.size, tensor.size);
            ck_assert_mem_eq(back.data, data, back.size);
            ck_assert(sluice_text_is(back.class_name, "numpy"));
            ck_assert_int_eq(back.dtype_text.data[0], big && types[i].size > 1 ? '>' : types[i].name[0]);
            ck_assert_double_eq(sluice_tensor_number(&back, 0), 0);
            if (types[i].dtype < SLUICE_DTYPE_COMPLEX64)
                ck_assert_double_eq(sluice_tensor_number(&back, 1), types[i].number);
            ck_assert_double_eq(sluice_tensor_number(&back, 2), 0);
            sluice_document_array_free(array);
        }
    }
    ck_assert_uint_eq(sluice_dtype_size(SLUICE_DTYPE_OTHER), 0);
    ck_assert_uint_eq(sluice_dtype_size((sluice_dtype)99), 0);
    ck_assert_str_eq(sluice_dtype_name((sluice_dtype)99), "");
}
END_TEST

/* A received array with this dtype text. */
static sluice_dtype dtype_of(const char *text, bool *ret_big)
{
    sluice_tensor tensor = {.dtype = SLUICE_DTYPE_OTHER, .dtype_text = sluice_text_of(text), .data = "x", .size = 1}, back;
    start();
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_OK);
    send();
    ck_assert(sluice_document_tensor(document, &back));
    ck_assert(sluice_text_is(back.dtype_text, text));
    *ret_big = back.big_endian;
    sluice_dtype dtype = back.dtype;
    sluice_document_array_free(array);
    return dtype;
}

START_TEST(other_spellings_of_a_dtype_are_understood)
{
    bool big;
    for (size_t i = 0; i < TYPES; i++) {
        ck_assert_int_eq(dtype_of(types[i].word, &big), types[i].dtype);
        ck_assert(!big);
        ck_assert_int_eq(dtype_of(types[i].name + 1, &big), types[i].dtype);
        char text[8];
        snprintf(text, sizeof text, "=%s", types[i].name + 1);
        ck_assert_int_eq(dtype_of(text, &big), types[i].dtype);
    }
    ck_assert_int_eq(dtype_of(">f4", &big), SLUICE_DTYPE_FLOAT32);
    ck_assert(big);
    static const char *const others[] = {"<U5", "|S3", "|O", "", "<", ">", "<f3", "<f44", "float", "<float32", "<M8[s]"};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        ck_assert_int_eq(dtype_of(others[i], &big), SLUICE_DTYPE_OTHER);
}
END_TEST

START_TEST(half_precision_has_its_special_numbers)
{
    static const struct {
        uint16_t bits;
        double number;
    } cases[] = {{0x0001, 5.960464477539063e-08}, {0x03ff, 6.097555160522461e-05}, {0x0400, 6.103515625e-05}, {0x3c00, 1},
                 {0x7bff, 65504}, {0x7c00, (double)INFINITY}, {0xfc00, -(double)INFINITY}, {0x2e66, 0.0999755859375}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sluice_tensor tensor = {.dtype = SLUICE_DTYPE_FLOAT16, .data = &cases[i].bits, .size = 2};
        ck_assert_double_eq(sluice_tensor_number(&tensor, 0), cases[i].number);
    }
    uint16_t nan = 0x7e00, minus_zero = 0x8000;
    ck_assert(isnan(sluice_tensor_number(&(sluice_tensor){.dtype = SLUICE_DTYPE_FLOAT16, .data = &nan, .size = 2}, 0)));
    ck_assert(signbit(sluice_tensor_number(&(sluice_tensor){.dtype = SLUICE_DTYPE_FLOAT16, .data = &minus_zero, .size = 2}, 0)));
}
END_TEST

START_TEST(data_must_fit_shape_and_dtype)
{
    uint32_t shape[] = {2, 3}, huge[] = {UINT32_MAX, UINT32_MAX, UINT32_MAX}, wraps[] = {1u << 31, 1u << 31};
    sluice_tensor tensor = {.dtype = SLUICE_DTYPE_INT16, .shape = shape, .dimensions = 2, .data = "123456789abc", .size = 12};
    start();
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_OK);
    sluice_document_set_string(document, "text");
    tensor.size = 11;
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_INVALID);
    tensor.size = 13;
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_INVALID);
    tensor = (sluice_tensor){.dtype = SLUICE_DTYPE_INT8, .shape = huge, .dimensions = 3, .data = "", .size = 0};
    ck_assert_uint_eq(sluice_tensor_count(&tensor), SIZE_MAX);
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_INVALID);
    tensor = (sluice_tensor){.dtype = SLUICE_DTYPE_FLOAT64, .shape = wraps, .dimensions = 2, .data = "", .size = 0};
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_INVALID); /* 2^62 elements of 8 bytes */
    tensor = (sluice_tensor){.dtype = (sluice_dtype)77};
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_INVALID);
    tensor = (sluice_tensor){.sparse = true};
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_INVALID);
    tensor = (sluice_tensor){.dtype = SLUICE_DTYPE_OTHER, .dtype_text = {"\xff", 1}};
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_INVALID);
    ck_assert(sluice_text_is(sluice_document_text(document), "text")); /* nothing changed */
    sluice_document_array_free(array);
}
END_TEST

START_TEST(arrays_without_elements_and_without_dimensions_travel)
{
    uint32_t shape[] = {0, 4};
    sluice_tensor tensor = {.dtype = SLUICE_DTYPE_FLOAT32, .shape = shape, .dimensions = 2}, back;
    start();
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_OK);
    send();
    ck_assert(sluice_document_tensor(document, &back));
    ck_assert_uint_eq(back.dimensions, 2);
    ck_assert_uint_eq(back.shape[1], 4);
    ck_assert_uint_eq(back.size, 0);
    ck_assert_ptr_nonnull(back.data);
    tensor = (sluice_tensor){.dtype = SLUICE_DTYPE_INT8, .data = "\x05", .size = 1, .class_name = sluice_text_of("torch")};
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_OK);
    send();
    ck_assert(sluice_document_tensor(document, &back));
    ck_assert_uint_eq(back.dimensions, 0);
    ck_assert_uint_eq(sluice_tensor_count(&back), 1);
    ck_assert_double_eq(sluice_tensor_number(&back, 0), 5);
    ck_assert(sluice_text_is(back.class_name, "torch"));
    sluice_document_array_free(array);
}
END_TEST

START_TEST(an_embedding_is_an_array_beside_the_content)
{
    static const float values[] = {1.5f, -2, 0};
    sluice_tensor back;
    start();
    ck_assert(!sluice_document_embedding(document, &back));
    sluice_document_set_string(document, "text");
    ck_assert_int_eq(sluice_document_set_embedding_floats(document, values, 3), SLUICE_OK);
    send();
    ck_assert(sluice_document_embedding(document, &back));
    ck_assert_int_eq(back.dtype, SLUICE_DTYPE_FLOAT32);
    ck_assert_uint_eq(back.shape[0], 3);
    ck_assert_mem_eq(back.data, values, sizeof values);
    ck_assert(sluice_text_is(sluice_document_text(document), "text"));
    ck_assert_int_eq(sluice_document_set_embedding(document, NULL), SLUICE_OK);
    ck_assert(!sluice_document_embedding(document, &back));
    sluice_document_array_free(array);
}
END_TEST

SUITE_MAIN("common.tensor", every_dtype_travels_in_both_byte_orders, other_spellings_of_a_dtype_are_understood,
           half_precision_has_its_special_numbers, data_must_fit_shape_and_dtype,
           arrays_without_elements_and_without_dimensions_travel, an_embedding_is_an_array_beside_the_content)
