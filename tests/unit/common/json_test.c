/* JSON: values and documents from and to text. Python's output in the expectations is that of CPython 3.11. */
#include "common/document/codec.h"
#include "common/foundation/buffer.h"
#include "common/json/json.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static sluice_value *parse(const char *json)
{
    sluice_value *map = NULL;
    sluice_error error = {0};
    sluice_status status = sluice_value_from_json(json, strlen(json), &map, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s: %s", json, error.where, error.text);
    return map;
}

static void refuse(const char *json, size_t size, sluice_status wanted, const char *text)
{
    sluice_value *map = NULL;
    sluice_error error = {0};
    ck_assert_int_eq(sluice_value_from_json(json, size, &map, &error), wanted);
    ck_assert_msg(strstr(error.text, text) != NULL, "\"%s\" is not in \"%s\" (of %s)", text, error.text, json);
    ck_assert_ptr_null(map);
}

static void same_again(const char *json)
{
    sluice_value *map = parse(json);
    char *text = NULL;
    ck_assert_int_eq(sluice_value_to_json(map, &text, NULL), SLUICE_OK);
    ck_assert_str_eq(text, json);
    free(text);
    sluice_value_free(map);
}

START_TEST(values_of_every_kind_come_back_as_python_prints_them)
{
    same_again("{}");
    same_again("{\"a\":null,\"b\":true,\"c\":false,\"d\":1.0,\"e\":\"x\",\"f\":[],\"g\":{}}");
    same_again("{\"z\":[1.0,[2.5,\"\"],{\"k\":-0.0}],\"a\":3.0}");
    same_again("{\"\":\"quote \\\" backslash \\\\ \\n\\r\\t\\b\\f \\u0000\\u001f \x7f caf\xc3\xa9 \xf0\x9f\x98\x80\"}");
    same_again("{\"n\":NaN,\"p\":Infinity,\"m\":-Infinity}");
}
END_TEST

START_TEST(numbers_print_as_in_python)
{
    static const struct {
        double number;
        const char *text;
    } cases[] = {{0, "0.0"}, {-0.0, "-0.0"}, {1, "1.0"}, {0.1, "0.1"}, {(double)0.1f, "0.10000000149011612"},
                 {1e-4, "0.0001"}, {1e-5, "1e-05"}, {1e-7, "1e-07"}, {123456789012345680.0, "1.2345678901234568e+17"},
                 {1e16, "1e+16"}, {9999999999999998.0, "9999999999999998.0"}, {1e15, "1000000000000000.0"}, {1e5, "100000.0"},
                 {1e22, "1e+22"}, {1.5e300, "1.5e+300"}, {5e-324, "5e-324"}, {1.7976931348623157e308, "1.7976931348623157e+308"},
                 {9007199254740993.0, "9007199254740992.0"}, {-123.456, "-123.456"}, {1234567890123456.7, "1234567890123456.8"}};
    json_print_double print;
    ck_assert_int_eq(json_printer(&print, NULL), SLUICE_OK);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[JSON_NUMBER_MAX + 1];
        text[print(cases[i].number, text)] = '\0';
        ck_assert_str_eq(text, cases[i].text);
    }
}
END_TEST

/* The longest texts there are: they must fit into JSON_NUMBER_MAX, and read back to the same bits. */
START_TEST(any_double_reads_back_to_the_same_bits)
{
    json_print_double print;
    ck_assert_int_eq(json_printer(&print, NULL), SLUICE_OK);
    uint64_t bits = 0x9E3779B97F4A7C15u;
    for (int i = 0; i < 50000; i++) {
        bits = bits * 6364136223846793005u + 1442695040888963407u;
        uint64_t mixed = bits ^ bits >> 29;
        if (i % 2 == 0) /* the range that prints without exponent, too */
            mixed = (mixed & 0x800FFFFFFFFFFFFFu) | (uint64_t)(1023 - 14 + (bits >> 32) % 68) << 52;
        double number;
        memcpy(&number, &mixed, sizeof number);
        if (!isfinite(number))
            continue;
        char text[JSON_NUMBER_MAX + 1];
        size_t size = print(number, text);
        ck_assert_uint_le(size, 24);
        text[size] = '\0';
        double back = strtod(text, NULL);
        ck_assert_mem_eq(&back, &number, sizeof back);
        ck_assert_ptr_nonnull(strpbrk(text, ".e"));
    }
}
END_TEST

START_TEST(what_python_writes_is_accepted)
{
    sluice_value *map = parse("\xEF\xBB\xBF { \"a\" : [ NaN , -Infinity ] ,\r\n\t\"b\" : 12345678901234567890123 }  ");
    const sluice_value *list = sluice_value_get(map, "a");
    ck_assert_uint_eq(sluice_value_size(list), 2);
    ck_assert(isnan(sluice_value_number(sluice_value_at(list, 0), 0)));
    ck_assert(isinf(sluice_value_number(sluice_value_at(list, 1), 0)));
    ck_assert_double_eq(sluice_value_number(sluice_value_get(map, "b"), 0), 12345678901234567890123.0);
    sluice_value_free(map);
    map = parse("{\"a\":\"\\ud83d\\ude00\\u00e9\\/\", \"a\":[1e-400], \"c\":18446744073709551615}");
    ck_assert_uint_eq(sluice_value_size(map), 2);
    ck_assert_double_eq(sluice_value_number(sluice_value_at(sluice_value_get(map, "a"), 0), 1), 0);
    ck_assert_double_eq(sluice_value_number(sluice_value_get(map, "c"), 0), 18446744073709551615.0);
    sluice_value_free(map);
    map = parse("{\"\\ud83d\\ude00\":NaN}"); /* through the plain reader */
    ck_assert(sluice_text_is(sluice_value_key_at(map, 0), "\xf0\x9f\x98\x80"));
    sluice_value_free(map);
}
END_TEST

START_TEST(what_is_wrong_is_told_with_its_column)
{
    static const struct {
        const char *json, *text;
    } cases[] = {
        {"", "column 1: the text ends where a value"},
        {"[]", "column 1: an object"},
        {"3", "column 1: an object"},
        {"{\"a\":1,}", "column 8: a key in double quotes"},
        {"{\"a\" 1}", "column 6: ':'"},
        {"{\"a\":1", "column 7: the text ends where ',' or '}'"},
        {"{\"a\":[1 2]}", "column 9: ',' or ']'"},
        {"{\"a\":1} x", "column 9: the value is complete"},
        {"{\"a\":01}", "column 7:"},
        {"{\"a\":1.}", "column 8: a digit after the point"},
        {"{\"a\":1e}", "column 8: a digit in the exponent"},
        {"{\"a\":-}", "column 7: a digit"},
        {"{\"a\":1e400}", "column 6: the number is larger"},
        {"{\"a\":nan}", "column 6: a value"},
        {"{\"a\":\"\\ud800\"}", "column 7: a lone surrogate"},
        {"{\"a\":\"\\ud800\\u0041\"}", "column 7: a lone surrogate"},
        {"{\"a\":\"\\udc00\"}", "column 7: a lone surrogate"},
        {"{\"a\":\"\\x\"}", "column 7: this escape"},
        {"{\"a\":\"\\u12g4\"}", "column 7: this escape"},
        {"{\"a\":\"b\nc\"}", "column 8: a control character"},
        {"{\"a\":\"\xff\"}", "column 7: the text is not UTF-8"},
        {"{\"a\":\"\xed\xa0\x80\"}", "column 7: the text is not UTF-8"},
        {"{\"a\":\"\xf0\x9f\"}", "column 7: the text is not UTF-8"},
        {"{\"a\":\"open}", "column 6: the string that begins here"},
        {"{\n \"a\": tru}", "line 2, column 7: a value"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        refuse(cases[i].json, strlen(cases[i].json), SLUICE_INVALID, cases[i].text);
    refuse("{\"a\":\0}", 7, SLUICE_INVALID, "column 6");
}
END_TEST

/* Objects in objects: `depth` of them in all. */
static char *nested_objects(size_t depth)
{
    char *json = malloc(6 * depth + 1), *at = json;
    for (size_t i = 1; i < depth; i++)
        at = stpcpy(at, "{\"a\":");
    at = stpcpy(at, "{}");
    memset(at, '}', depth - 1);
    at[depth - 1] = '\0';
    return json;
}

START_TEST(nesting_is_bounded)
{
    char *json = nested_objects(SLUICE_DEFAULT_DEPTH);
    sluice_value_free(parse(json));
    free(json);
    json = nested_objects(SLUICE_DEFAULT_DEPTH + 1);
    refuse(json, strlen(json), SLUICE_LIMIT, "column 321: nested deeper than 64");
    free(json);
}
END_TEST

/* Documents */

static sluice_document *add(sluice_document_array *array, const char *json)
{
    sluice_error error = {0};
    sluice_status status = sluice_document_array_append_json(array, json, strlen(json), &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s: %s", json, error.where, error.text);
    return sluice_document_array_at(array, sluice_document_array_size(array) - 1);
}

static void document_is(const sluice_document *document, const char *wanted)
{
    char *json = NULL;
    size_t size = 0;
    sluice_error error = {0};
    sluice_status status = sluice_document_to_json(document, &json, &size, &error);
    ck_assert_msg(status == SLUICE_OK, "%s", error.text);
    ck_assert_str_eq(json, wanted);
    ck_assert_uint_eq(size, strlen(wanted));
    free(json);
}

static void document_refused(const char *json, const char *text)
{
    sluice_document_array *array = sluice_document_array_new();
    sluice_error error = {0};
    ck_assert_int_eq(sluice_document_array_append_json(array, json, strlen(json), &error), SLUICE_INVALID);
    ck_assert_msg(strstr(error.text, text) != NULL, "\"%s\" is not in \"%s\" (of %s)", text, error.text, json);
    ck_assert_uint_eq(sluice_document_array_size(array), 0);
    sluice_document_array_free(array);
}

START_TEST(every_field_of_a_document_comes_back)
{
    static const char line[] =
        "{\"id\":\"d1\",\"parent_id\":\"p\",\"granularity\":1,\"adjacency\":2,\"mime_type\":\"text/plain\",\"text\":\"caf\xc3\xa9"
        "\\u0000\",\"weight\":0.10000000149011612,\"uri\":\"data:,x\",\"tags\":{\"b\":1.0,\"a\":[\"x\",{\"y\":null}]},"
        "\"offset\":-2.5,\"location\":[1.0,2.0,NaN],\"embedding\":[[1.5,2.0],[3.0,-0.0]],\"modality\":\"text\","
        "\"evaluations\":{\"recall\":{\"value\":0.5}},\"scores\":{\"cosine\":{\"value\":0.25,\"op_name\":\"cos\","
        "\"description\":\"d\",\"ref_id\":\"q\"},\"zero\":{\"value\":0.0}},\"chunks\":[{\"id\":\"c\",\"chunks\":[{\"id\":\"cc\"}]},{}],"
        "\"matches\":[{\"text\":\"m\"}],\"_metadata\":{\"k\":true}}";
    sluice_document_array *array = sluice_document_array_new();
    document_is(add(array, line), line);
    document_is(add(array, "{}"), "{}");
    document_is(add(array, "{\"blob\":\"AAECAwQ=\"}"), "{\"blob\":\"AAECAwQ=\"}");
    sluice_document_array_free(array);
}
END_TEST

START_TEST(absent_null_empty_and_unknown_fields_are_the_same)
{
    sluice_document_array *array = sluice_document_array_new();
    document_is(add(array, "{\"id\":null,\"text\":\"\",\"blob\":\"\",\"tensor\":null,\"tags\":{},\"_metadata\":null,\"chunks\":[],"
                           "\"matches\":null,\"scores\":{},\"evaluations\":null,\"weight\":null,\"location\":[],\"new\":{\"a\":[1,[2]]},"
                           "\"scores\":{\"a\":null}, \"x\":[{}], \"y\":1}"),
                "{}");
    sluice_document_array_free(array);
}
END_TEST

START_TEST(of_text_blob_and_tensor_the_last_in_this_order_counts)
{
    sluice_document_array *array = sluice_document_array_new();
    document_is(add(array, "{\"blob\":\"AA==\",\"text\":\"t\"}"), "{\"blob\":\"AA==\"}");
    document_is(add(array, "{\"text\":\"t\",\"blob\":\"AA==\"}"), "{\"blob\":\"AA==\"}");
    document_is(add(array, "{\"tensor\":[1],\"text\":\"t\",\"blob\":\"AA==\"}"), "{\"tensor\":[1]}");
    document_is(add(array, "{\"text\":\"t\",\"tensor\":[1]}"), "{\"tensor\":[1]}");
    document_is(add(array, "{\"text\":\"t\",\"tensor\":5}"), "{\"tensor\":5}");
    sluice_document_array_free(array);
}
END_TEST

START_TEST(arrays_get_the_types_that_numpy_gives_them)
{
    static const struct {
        const char *json;
        sluice_dtype dtype;
        size_t dimensions;
        const char *written;
    } cases[] = {
        {"[1,2,-3]", SLUICE_DTYPE_INT64, 1, "[1,2,-3]"},
        {"[[1],[2]]", SLUICE_DTYPE_INT64, 2, "[[1],[2]]"},
        {"[[1,2],[3,4.5]]", SLUICE_DTYPE_FLOAT64, 2, "[[1.0,2.0],[3.0,4.5]]"},
        {"[[1.5],[2]]", SLUICE_DTYPE_FLOAT64, 2, "[[1.5],[2.0]]"},
        {"[1e2]", SLUICE_DTYPE_FLOAT64, 1, "[100.0]"},
        {"[true,false]", SLUICE_DTYPE_BOOL, 1, "[true,false]"},
        {"[[true],[false],[true]]", SLUICE_DTYPE_BOOL, 2, "[[true],[false],[true]]"},
        {"[true,2]", SLUICE_DTYPE_INT64, 1, "[1,2]"},
        {"[2,true]", SLUICE_DTYPE_INT64, 1, "[2,1]"},
        {"[true,0.5]", SLUICE_DTYPE_FLOAT64, 1, "[1.0,0.5]"},
        {"[[0.5],[true]]", SLUICE_DTYPE_FLOAT64, 2, "[[0.5],[1.0]]"},
        {"[9223372036854775807]", SLUICE_DTYPE_INT64, 1, "[9223372036854775807]"},
        {"[9223372036854775808,1]", SLUICE_DTYPE_UINT64, 1, "[9223372036854775808,1]"},
        {"[[1],[9223372036854775808]]", SLUICE_DTYPE_UINT64, 2, "[[1],[9223372036854775808]]"},
        {"[[9223372036854775808],[1]]", SLUICE_DTYPE_UINT64, 2, "[[9223372036854775808],[1]]"},
        {"[9223372036854775808,-1]", SLUICE_DTYPE_FLOAT64, 1, "[9.223372036854776e+18,-1.0]"},
        {"[[-1],[9223372036854775808]]", SLUICE_DTYPE_FLOAT64, 2, "[[-1.0],[9.223372036854776e+18]]"},
        {"[[9223372036854775808],[-1]]", SLUICE_DTYPE_FLOAT64, 2, "[[9.223372036854776e+18],[-1.0]]"},
        {"[]", SLUICE_DTYPE_FLOAT64, 1, "[]"},
        {"[[],[]]", SLUICE_DTYPE_FLOAT64, 2, "[[],[]]"},
        {"[NaN,1]", SLUICE_DTYPE_FLOAT64, 1, "[NaN,1.0]"},
        {"[[[1,2],[3,4]],[[5,6],[7,8]]]", SLUICE_DTYPE_INT64, 3, "[[[1,2],[3,4]],[[5,6],[7,8]]]"},
    };
    sluice_document_array *array = sluice_document_array_new();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char json[200];
        snprintf(json, sizeof json, "{\"tensor\":%s}", cases[i].json);
        sluice_document *document = add(array, json);
        sluice_tensor tensor;
        ck_assert(sluice_document_tensor(document, &tensor));
        ck_assert_msg(tensor.dtype == cases[i].dtype, "%s: %s", cases[i].json, sluice_dtype_name(tensor.dtype));
        ck_assert_uint_eq(tensor.dimensions, cases[i].dimensions);
        snprintf(json, sizeof json, "{\"tensor\":%s}", cases[i].written);
        document_is(document, json);
    }
    sluice_document_array_free(array);
}
END_TEST

START_TEST(wrong_documents_are_refused_with_the_column)
{
    document_refused("[]", "column 1: a document");
    document_refused("{\"id\":1}", "column 7: text (or null) is expected for \"id\"");
    document_refused("{\"id\":{}}", "column 7: text");
    document_refused("{\"id\":[1]}", "column 7: text");
    document_refused("{\"granularity\":-1}", "column 16: a whole number");
    document_refused("{\"granularity\":1.5}", "column 16: a whole number");
    document_refused("{\"adjacency\":4294967296}", "column 14: a whole number");
    document_refused("{\"weight\":\"1\"}", "column 11: a number");
    document_refused("{\"weight\":1e39}", "column 11: the number is larger than 32-bit");
    document_refused("{\"blob\":\"AAA\"}", "column 9: \"blob\" is no complete base64");
    document_refused("{\"tensor\":[[1],[2,3]]}", "column 20: \"tensor\": the lists inside differ");
    document_refused("{\"tensor\":[1,[2]]}", "column 14: \"tensor\": the lists inside differ");
    document_refused("{\"tensor\":[[1],2]}", "column 16: \"tensor\": the lists inside differ");
    document_refused("{\"tensor\":[[],[[]]]}", "column 16: \"tensor\": the lists inside differ");
    document_refused("{\"tensor\":[[[]],[]]}", "\"tensor\": the lists inside differ");
    document_refused("{\"tensor\":[\"a\"]}", "column 12: a number is expected in \"tensor\"");
    document_refused("{\"embedding\":[null]}", "column 15: a number is expected in \"embedding\"");
    document_refused("{\"tensor\":{}}", "column 11: numbers in lists");
    document_refused("{\"tensor\":\"x\"}", "column 11: numbers in lists");
    document_refused("{\"location\":[[1]]}", "a flat list of numbers");
    document_refused("{\"location\":[1,1e39]}", "larger than 32-bit");
    document_refused("{\"tags\":[]}", "column 9: an object");
    document_refused("{\"tags\":1}", "column 9: an object");
    document_refused("{\"scores\":{\"a\":1}}", "column 16: a score is an object");
    document_refused("{\"scores\":{\"a\":{\"value\":\"x\"}}}", "column 25: a number is expected for the \"value\"");
    document_refused("{\"scores\":{\"a\":{\"op_name\":[]}}}", "column 27: a score holds");
    document_refused("{\"chunks\":{}}", "column 11: a list of documents");
    document_refused("{\"chunks\":[1]}", "column 12: a document");
    document_refused("{\"chunks\":[{\"id\":NaN}]}", "column 18: text");
    /* 65 dimensions */
    char json[200] = "{\"tensor\":";
    memset(json + strlen(json), '[', 65);
    strcat(json, "1");
    memset(json + strlen(json), ']', 65);
    strcat(json, "}");
    document_refused(json, "column 75: \"tensor\": it has more than 64 dimensions");
}
END_TEST

START_TEST(a_refused_line_leaves_no_trace_in_the_bounds)
{
    sluice_document_array *array = sluice_document_array_new_with(&(sluice_limits){.documents = 3, .elements = 4});
    sluice_error error = {0};
    static const char bad[] = "{\"tags\":{\"a\":1,\"b\":2},\"chunks\":[{},{}],\"id\":5}";
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(sluice_document_array_append_json(array, bad, strlen(bad), &error), SLUICE_INVALID);
    add(array, "{\"tags\":{\"a\":1,\"b\":2},\"chunks\":[{},{}],\"location\":[1,2]}");
    ck_assert_int_eq(sluice_document_array_append_json(array, "{}", 2, &error), SLUICE_LIMIT);
    ck_assert_ptr_nonnull(strstr(error.text, "\"documents\" of 3"));
    sluice_document_array_free(array);
    array = sluice_document_array_new_with(&(sluice_limits){.elements = 4, .depth = 3});
    static const char many[] = "{\"tags\":{\"a\":[1,2,3,4]}}";
    ck_assert_int_eq(sluice_document_array_append_json(array, many, strlen(many), &error), SLUICE_LIMIT);
    ck_assert_ptr_nonnull(strstr(error.text, "column 15: more elements than the limit \"elements\" of 4"));
    static const char deep[] = "{\"chunks\":[{\"chunks\":[{\"chunks\":[{}]}]}]}";
    ck_assert_int_eq(sluice_document_array_append_json(array, deep, strlen(deep), &error), SLUICE_LIMIT);
    ck_assert_ptr_nonnull(strstr(error.text, "\"depth\" of 3"));
    add(array, "{\"chunks\":[{\"chunks\":[{}]}]}");
    sluice_document_array_free(array);
}
END_TEST

START_TEST(arrays_without_a_form_in_json_are_told)
{
    sluice_document_array *array = sluice_document_array_new();
    sluice_document *document = sluice_document_array_append(array);
    sluice_document_set_id(document, "d", 1);
    char *json = NULL;
    size_t size;
    sluice_error error = {0};
    uint32_t shape[] = {1, 0, 3};
    sluice_tensor tensor = {.dtype = SLUICE_DTYPE_COMPLEX64, .shape = shape, .dimensions = 1, .data = "12345678", .size = 8};
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_OK);
    ck_assert_int_eq(sluice_document_to_json(document, &json, &size, &error), SLUICE_UNIMPLEMENTED);
    ck_assert_str_eq(error.text, "the tensor of the document with id 'd' has no form in JSON: its element type has none");
    shape[0] = 1 << 16;
    tensor = (sluice_tensor){.dtype = SLUICE_DTYPE_FLOAT32, .shape = shape, .dimensions = 3};
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_OK);
    ck_assert_int_eq(sluice_document_to_json(document, &json, &size, &error), SLUICE_OK);
    ck_assert_uint_eq(size, 3 * (1 << 16) - 1 + strlen("{\"id\":\"d\",\"tensor\":[]}"));
    free(json);
    shape[0] = (1 << 16) + 1;
    ck_assert_int_eq(sluice_document_set_tensor(document, &tensor), SLUICE_OK);
    ck_assert_int_eq(sluice_document_to_json(document, &json, &size, &error), SLUICE_UNIMPLEMENTED);
    sluice_document_array_free(array);
}
END_TEST

START_TEST(narrow_and_big_endian_elements_print_their_values)
{
    static const struct {
        sluice_tensor tensor;
        const char *json;
    } cases[] = {
        {{.dtype = SLUICE_DTYPE_FLOAT16, .data = "\x66\x2e", .size = 2}, "{\"tensor\":0.0999755859375}"},
        {{.dtype = SLUICE_DTYPE_FLOAT32, .big_endian = true, .data = "\x3f\x80\0\0", .size = 4}, "{\"tensor\":1.0}"},
        {{.dtype = SLUICE_DTYPE_INT64, .big_endian = true, .data = "\x7f\xff\xff\xff\xff\xff\xff\xfe", .size = 8},
         "{\"tensor\":9223372036854775806}"},
        {{.dtype = SLUICE_DTYPE_UINT64, .data = "\xff\xff\xff\xff\xff\xff\xff\xff", .size = 8},
         "{\"tensor\":18446744073709551615}"},
        {{.dtype = SLUICE_DTYPE_INT16, .data = "\xfe\xff", .size = 2}, "{\"tensor\":-2}"},
        {{.dtype = SLUICE_DTYPE_BOOL, .data = "\x01", .size = 1}, "{\"tensor\":true}"},
    };
    sluice_document_array *array = sluice_document_array_new();
    sluice_document *document = sluice_document_array_append(array);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(sluice_document_set_tensor(document, &cases[i].tensor), SLUICE_OK);
        document_is(document, cases[i].json);
    }
    sluice_document_array_free(array);
}
END_TEST

/* Text is looked at in steps of several sizes. */
START_TEST(what_needs_an_escape_gets_it_everywhere)
{
    static const struct {
        char byte;
        const char *escape;
    } rows[] = {{'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\0', "\\u0000"}, {'\x1f', "\\u001f"}};
    char text[120], wanted[140];
    struct buffer out;
    buffer_init(&out, BUFFER_NO_LIMIT);
    for (size_t row = 0; row < sizeof rows / sizeof rows[0]; row++)
        for (size_t size = 1; size <= sizeof text; size++)
            for (size_t at = 0; at < size; at++) {
                memset(text, at % 2 == 0 ? ' ' : '\xff', size); /* the lowest and the highest that need none */
                text[at] = rows[row].byte;
                size_t escape = strlen(rows[row].escape);
                wanted[0] = wanted[size + escape] = '"';
                memcpy(wanted + 1, text, at);
                memcpy(wanted + 1 + at, rows[row].escape, escape);
                memcpy(wanted + 1 + at + escape, text + at + 1, size - at - 1);
                buffer_clear(&out);
                json_write_string(&out, text, size);
                ck_assert_uint_eq(out.size, size + escape + 1);
                ck_assert_mem_eq(out.data, wanted, out.size);
            }
    buffer_done(&out);
}
END_TEST

SUITE_MAIN("common.json", what_needs_an_escape_gets_it_everywhere, values_of_every_kind_come_back_as_python_prints_them, numbers_print_as_in_python,
           any_double_reads_back_to_the_same_bits, what_python_writes_is_accepted, what_is_wrong_is_told_with_its_column,
           nesting_is_bounded, every_field_of_a_document_comes_back, absent_null_empty_and_unknown_fields_are_the_same,
           of_text_blob_and_tensor_the_last_in_this_order_counts, arrays_get_the_types_that_numpy_gives_them,
           wrong_documents_are_refused_with_the_column, a_refused_line_leaves_no_trace_in_the_bounds,
           arrays_without_a_form_in_json_are_told, narrow_and_big_endian_elements_print_their_values)
