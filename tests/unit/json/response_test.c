/* Writing and reading answers: every type of array, numbers, texts, times, and what has no form in JSON. */
#include "common/document/codec.h"
#include "common/json/message.h"
#include "common/wire/jina_fields.h"
#include "common/json/date.h"
#include "common/json/time_read.h"
#include "common/wire/wire.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <string.h>
#include <time.h>

static struct arena *arena;
static struct rope message;
static sluice_error error;
static sluice_document_array *documents;

static void start(void)
{
    arena = arena_new(1024, ARENA_NO_LIMIT);
    rope_init(&message);
    documents = sluice_document_array_new();
}

static void stop(void)
{
    rope_done(&message);
    sluice_document_array_free(documents);
    arena_free(arena);
}

/* A message of `documents` and, in front of them, whole fields. */
static void make_message(const struct buffer *front)
{
    struct buffer bytes, content;
    buffer_init(&bytes, BUFFER_NO_LIMIT);
    buffer_init(&content, BUFFER_NO_LIMIT);
    if (front != NULL)
        buffer_append(&bytes, front->data, front->size);
    ck_assert_int_eq(document_array_append_content(documents, &content, &error), SLUICE_OK);
    wire_append_bytes(&bytes, REQUEST_DATA, content.data, content.size);
    rope_done(&message);
    rope_init(&message);
    ck_assert_int_eq(rope_append(&message, NULL, arena_copy(arena, bytes.data, bytes.size), bytes.size), SLUICE_OK);
    buffer_done(&bytes);
    buffer_done(&content);
}

static const char *written(enum json_style style)
{
    const struct json_response_options options = {.style = style};
    struct buffer out;
    buffer_init(&out, BUFFER_NO_LIMIT);
    error = (sluice_error){0};
    sluice_status status = json_response_write(&message, &options, &out, &error);
    ck_assert_int_eq(status, error.status);
    const char *text = status == SLUICE_OK ? arena_text(arena, buffer_text(&out)) : NULL;
    buffer_done(&out);
    return text;
}

static void contains(const char *text, const char *expected)
{
    ck_assert_msg(text != NULL, "%s", error.text);
    ck_assert_msg(strstr(text, expected) != NULL, "%s\nis not in %s", expected, text);
}

static sluice_document *one_document(void)
{
    sluice_document_array_clear(documents);
    sluice_document *document = sluice_document_array_append(documents);
    ck_assert_ptr_nonnull(document);
    return document;
}

static void set_embedding(sluice_dtype dtype, bool big_endian, const void *data, size_t size, uint32_t count)
{
    const sluice_tensor tensor = {
        .dtype = dtype, .big_endian = big_endian, .shape = &count, .dimensions = 1, .data = data, .size = size};
    ck_assert_int_eq(sluice_document_set_embedding(one_document(), &tensor), SLUICE_OK);
    make_message(NULL);
}

#define ARRAY(dtype, expected, type, ...)                                                                              \
    do {                                                                                                               \
        const type values[] = {__VA_ARGS__};                                                                           \
        set_embedding(dtype, false, values, sizeof values, sizeof values / sizeof values[0]);                          \
        contains(written(JSON_STYLE_HTTP), "\"embedding\":" expected);                                                 \
        contains(written(JSON_STYLE_WEBSOCKET), "\"embedding\":" expected);                                            \
    } while (0)

START_TEST(test_arrays_of_every_type)
{
    ARRAY(SLUICE_DTYPE_BOOL, "[true,false]", uint8_t, 1, 0);
    ARRAY(SLUICE_DTYPE_INT8, "[-128,127]", int8_t, INT8_MIN, INT8_MAX);
    ARRAY(SLUICE_DTYPE_UINT8, "[0,255]", uint8_t, 0, UINT8_MAX);
    ARRAY(SLUICE_DTYPE_INT16, "[-32768,32767]", int16_t, INT16_MIN, INT16_MAX);
    ARRAY(SLUICE_DTYPE_UINT16, "[0,65535]", uint16_t, 0, UINT16_MAX);
    ARRAY(SLUICE_DTYPE_INT32, "[-2147483648,2147483647]", int32_t, INT32_MIN, INT32_MAX);
    ARRAY(SLUICE_DTYPE_UINT32, "[0,4294967295]", uint32_t, 0, UINT32_MAX);
    ARRAY(SLUICE_DTYPE_INT64, "[-9223372036854775808,9223372036854775807]", int64_t, INT64_MIN, INT64_MAX);
    ARRAY(SLUICE_DTYPE_UINT64, "[0,18446744073709551615]", uint64_t, 0, UINT64_MAX);
    ARRAY(SLUICE_DTYPE_FLOAT16, "[0.0999755859375,-2.0,65504.0]", uint16_t, 0x2E66, 0xC000, 0x7BFF);
    ARRAY(SLUICE_DTYPE_FLOAT32, "[0.10000000149011612,-1.5,1.401298464324817e-45,3.4028234663852886e+38,-0.0]", float,
          0.1f, -1.5f, 0x1p-149f, 0x1.fffffep127f, -0.0f);
    ARRAY(SLUICE_DTYPE_FLOAT64, "[0.1,1e-05,0.0001,1e+16,9999999999999998.0,5e-324]", double, 0.1, 1e-5, 1e-4, 1e16,
          9999999999999998.0, 0x1p-1074);
}
END_TEST

START_TEST(test_big_endian_arrays)
{
    set_embedding(SLUICE_DTYPE_FLOAT32, true, "\x3f\xc0\0\0", 4, 1);
    contains(written(JSON_STYLE_HTTP), "\"embedding\":[1.5]");
    set_embedding(SLUICE_DTYPE_INT64, true, "\0\0\0\0\0\0\x01\x02", 8, 1);
    contains(written(JSON_STYLE_HTTP), "\"embedding\":[258]");
    set_embedding(SLUICE_DTYPE_INT16, true, "\xff\xfe", 2, 1);
    contains(written(JSON_STYLE_HTTP), "\"embedding\":[-2]");
}
END_TEST

/* More numbers than are printed at once, and dimensions. */
START_TEST(test_long_and_nested_arrays)
{
    int16_t values[1000];
    for (int16_t i = 0; i < 1000; i++)
        values[i] = i;
    set_embedding(SLUICE_DTYPE_INT16, false, values, sizeof values, 1000);
    contains(written(JSON_STYLE_HTTP), "254,255,256,257");
    contains(written(JSON_STYLE_HTTP), "511,512,513");
    contains(written(JSON_STYLE_HTTP), "998,999]");
    static const struct {
        uint32_t shape[3];
        size_t dimensions;
        const char *expected;
    } cases[] = {
        {{2, 2},    2, "[[0,1],[2,3]]"},
        {{1, 2, 1}, 3, "[[[0],[1]]]"  },
        {{0, 3},    2, "[]"           },
        {{2, 0},    2, "[[],[]]"      },
        {{0},       1, "[]"           },
        {{4},       1, "[0,1,2,3]"    }
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        sluice_tensor tensor = {
            .dtype = SLUICE_DTYPE_INT16, .shape = cases[i].shape, .dimensions = cases[i].dimensions, .data = values};
        tensor.size = 2 * sluice_tensor_count(&tensor);
        ck_assert_int_eq(sluice_document_set_tensor(one_document(), &tensor), SLUICE_OK);
        make_message(NULL);
        contains(written(JSON_STYLE_HTTP), cases[i].expected);
    }
}
END_TEST

START_TEST(test_arrays_without_form)
{
    const uint32_t many[] = {(1 << 16) + 1, 0}, few[] = {1 << 16, 0};
    const sluice_tensor scalar = {.dtype = SLUICE_DTYPE_FLOAT64, .data = &(double){4.5}, .size = 8};
    const sluice_tensor complex = {
        .dtype = SLUICE_DTYPE_COMPLEX64, .shape = (uint32_t[]){1}, .dimensions = 1, .data = "12345678", .size = 8};
    const sluice_tensor empty = {.dtype = SLUICE_DTYPE_INT8, .shape = many, .dimensions = 2, .data = ""};
    ck_assert_int_eq(sluice_document_set_embedding(one_document(), &scalar), SLUICE_OK);
    make_message(NULL);
    ck_assert_ptr_null(written(JSON_STYLE_HTTP));
    ck_assert_int_eq(error.status, SLUICE_UNIMPLEMENTED);
    contains(written(JSON_STYLE_WEBSOCKET), "\"embedding\":4.5");
    ck_assert_int_eq(sluice_document_set_embedding(one_document(), &complex), SLUICE_OK);
    make_message(NULL);
    ck_assert_ptr_null(written(JSON_STYLE_WEBSOCKET));
    ck_assert_int_eq(sluice_document_set_embedding(one_document(), &empty), SLUICE_OK);
    make_message(NULL);
    ck_assert_ptr_null(written(JSON_STYLE_HTTP));
    const sluice_tensor lists = {.dtype = SLUICE_DTYPE_INT8, .shape = few, .dimensions = 2, .data = ""};
    ck_assert_int_eq(sluice_document_set_embedding(one_document(), &lists), SLUICE_OK);
    make_message(NULL);
    contains(written(JSON_STYLE_HTTP), "[[],[],");
}
END_TEST

START_TEST(test_numbers_that_are_not_finite)
{
    const double values[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    set_embedding(SLUICE_DTYPE_FLOAT64, false, values, sizeof values, 3);
    contains(written(JSON_STYLE_WEBSOCKET), "\"embedding\":[NaN,Infinity,-Infinity]");
    ck_assert_ptr_null(written(JSON_STYLE_HTTP));
    ck_assert_int_eq(error.status, SLUICE_UNIMPLEMENTED);
    sluice_document_set_weight(one_document(), NAN);
    make_message(NULL);
    contains(written(JSON_STYLE_WEBSOCKET), "\"weight\":NaN");
    ck_assert_ptr_null(written(JSON_STYLE_HTTP));
    ck_assert_int_eq(sluice_value_set_number(sluice_document_edit_tags(one_document()), "x", (double)INFINITY),
                     SLUICE_OK);
    make_message(NULL);
    contains(written(JSON_STYLE_WEBSOCKET), "\"tags\":{\"x\":Infinity}");
    ck_assert_ptr_null(written(JSON_STYLE_HTTP));
}
END_TEST

START_TEST(test_texts)
{
    static const char text[] =
        "\0\x01\x1f\"\\/\n\r\t\b\f\x7f\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80 plain ascii text \xef\xbf\xbf";
    ck_assert_int_eq(sluice_document_set_text(one_document(), text, sizeof text - 1), SLUICE_OK);
    make_message(NULL);
    contains(written(JSON_STYLE_HTTP),
             "\"\\u0000\\u0001\\u001f\\\"\\\\/\\n\\r\\t\\b\\f\x7f\xc3\xa9\xe4\xb8\xad\xf0\x9f\x98\x80 plain ascii text "
             "\xef\xbf\xbf\"");
    contains(written(JSON_STYLE_WEBSOCKET),
             "\"\\u0000\\u0001\\u001f\\\"\\\\/\\n\\r\\t\\b\\f\\u007f\\u00e9\\u4e2d\\ud83d\\ude00 "
             "plain ascii text \\uffff\"");
}
END_TEST

static void append_time(struct buffer *route, uint32_t number, uint64_t seconds, uint64_t nanos)
{
    size_t begun = wire_begin_message(route, number);
    wire_append_uint(route, TIMESTAMP_SECONDS, seconds);
    wire_append_uint(route, TIMESTAMP_NANOS, nanos);
    wire_end_message(route, begun);
}

START_TEST(test_times)
{
    static const struct {
        uint64_t seconds, nanos;
        const char *http, *websocket;
    } cases[] = {
        {1927937106,   123456789,  "2031-02-04T02:05:06.123456+00:00", "2031-02-04T02:05:06.123456789Z"},
        {1927937106,   123000000,  "2031-02-04T02:05:06.123000+00:00", "2031-02-04T02:05:06.123Z"      },
        {1927937106,   120001000,  "2031-02-04T02:05:06.120001+00:00", "2031-02-04T02:05:06.120001Z"   },
        {1927937106,   0,          "2031-02-04T02:05:06+00:00",        "2031-02-04T02:05:06Z"          },
        {1927937106,   999,        "2031-02-04T02:05:06+00:00",        "2031-02-04T02:05:06.000000999Z"},
        {0,            0,          "1970-01-01T00:00:00+00:00",        "1970-01-01T00:00:00Z"          },
        {253402300799, 0,          "9999-12-31T23:59:59+00:00",        "9999-12-31T23:59:59Z"          },
        {253402300800, 0,          NULL,                               NULL                            },
        {0,            1000000000, NULL,                               NULL                            }
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct buffer front;
        buffer_init(&front, BUFFER_NO_LIMIT);
        size_t begun = wire_begin_message(&front, REQUEST_ROUTES);
        append_time(&front, ROUTE_START, cases[i].seconds, cases[i].nanos);
        wire_end_message(&front, begun);
        make_message(&front);
        buffer_done(&front);
        if (cases[i].http == NULL) {
            ck_assert_ptr_null(written(JSON_STYLE_HTTP));
            continue;
        }
        contains(written(JSON_STYLE_HTTP), cases[i].http);
        contains(written(JSON_STYLE_WEBSOCKET), cases[i].websocket);
    }
}
END_TEST

/* Dates of every week from year 1 to 9999, at changing hours, are those of the C library. */
START_TEST(test_dates)
{
    enum { STEP = 7 * 86400 + 3601 };
    for (int64_t seconds = DATE_SECONDS_MIN; seconds <= DATE_SECONDS_MAX; seconds += STEP) {
        time_t time = (time_t)seconds;
        struct tm right;
        struct date date = date_of_seconds(seconds);
        ck_assert_ptr_nonnull(gmtime_r(&time, &right));
        bool same = date.year == right.tm_year + 1900 && date.month == right.tm_mon + 1 && date.day == right.tm_mday &&
                    date.hour == right.tm_hour && date.minute == right.tm_min && date.second == right.tm_sec;
        ck_assert_msg(same, "%lld is not %d-%02d-%02d", (long long)seconds, date.year, date.month, date.day);
    }
    struct date last = date_of_seconds(DATE_SECONDS_MAX), leap = date_of_seconds(951782400);
    ck_assert(last.year == 9999 && last.month == 12 && last.day == 31 && last.hour == 23 && last.second == 59);
    ck_assert(leap.year == 2000 && leap.month == 2 && leap.day == 29 && leap.hour == 0);
}
END_TEST

START_TEST(test_reading_times)
{
    static const struct {
        const char *text;
        int64_t seconds;
        int32_t nanos;
    } good[] = {
        {"2031-02-04T02:05:06Z",            1927937106, 0        },
        {"2031-02-04T02:05:06+00:00",       1927937106, 0        },
        {"2031-02-04T04:05:06+02:00",       1927937106, 0        },
        {"2031-02-03T21:35:06.5-04:30",     1927937106, 500000000},
        {"2031-02-04T02:05:06.1234567899Z", 1927937106, 123456789},
        {"2031-02-04t02:05:06",             1927937106, 0        },
        {"1969-12-31T23:59:59Z",            -1,         0        }
    };
    static const char *const bad[] = {"",
                                      "2031",
                                      "2031-02-30T00:00:00Z",
                                      "2031-02-04T24:00:00Z",
                                      "2031-02-04T02:05:06.Z",
                                      "2031-02-04T02:05:06+0200",
                                      "2031-02-04T02:05:06Zx",
                                      "0000-01-01T00:00:00Z"};
    int64_t seconds;
    int32_t nanos;
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        ck_assert_msg(time_read(sluice_text_of(good[i].text), &seconds, &nanos), "%s", good[i].text);
        ck_assert_msg(seconds == good[i].seconds && nanos == good[i].nanos, "%s", good[i].text);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!time_read(sluice_text_of(bad[i]), &seconds, &nanos), "%s", bad[i]);
}
END_TEST

static sluice_status read_answer(const char *text)
{
    rope_done(&message);
    rope_init(&message);
    return json_response_read(text, strlen(text), arena, &message, &error);
}

/* What our client accepts and Jina's does not is marked in message.h. */
START_TEST(test_reading_answers)
{
    static const char *const good[] = {
        "{}",
        "{\"header\":null,\"parameters\":null,\"routes\":null,\"data\":null}",
        "{\"header\":{\"requestId\":null,\"status\":null},\"routes\":[{\"endTime\":null}],\"data\":[]}",
        "{\"header\":{\"status\":{\"code\":\"ERROR\",\"exception\":{\"args\":[\"a\"]}}}}",
        "{\"header\":{\"status\":{\"code\":1.0}}}",
        "{\"data\":{\"docs\":[{\"id\":\"a\"}]},\"unknown\":{\"x\":[1]}}",
        "{\"data\":[{\"id\":\"a\",\"embedding\":4.5}]}"};
    static const struct {
        const char *text, *words;
    } bad[] = {
        {"null",                                         "an object is expected"                              },
        {"[]",                                           "an object is expected"                              },
        {"",                                             "the text ends"                                      },
        {"{\"header\":5}",                               "header: an object is expected"                      },
        {"{\"header\":{\"requestId\":5}}",               "header.requestId: text is expected"                 },
        {"{\"header\":{\"status\":{\"code\":\"BAD\"}}}", "status.code: a number, SUCCESS or ERROR is expected"},
        {"{\"routes\":[{\"startTime\":\"now\"}]}",       "routes.startTime: a time such as"                   },
        {"{\"parameters\":[]}",                          "parameters: an object is expected"                  },
        {"{\"data\":[5]}",                               "[\"data\",0]: value is not a valid dict"            },
        {"{\"data\":[{\"blob\":\"A\"}]}",                "data: \"blob\" is no complete base64 text"          },
        {"{\"header\":{\"requestId\":\"\\ud83d\"}}",     "half a surrogate pair"                              }
    };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        ck_assert_msg(read_answer(good[i]) == SLUICE_OK, "%s: %s", good[i], error.text);
    contains(written(JSON_STYLE_WEBSOCKET), "\"embedding\":4.5");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_msg(read_answer(bad[i].text) == SLUICE_INVALID, "%s", bad[i].text);
        ck_assert_msg(strstr(error.text, bad[i].words) != NULL, "%s: %s", bad[i].text, error.text);
    }
}
END_TEST

/* An answer is taken as it is: nothing is made up. */
START_TEST(test_answers_as_given)
{
    ck_assert_int_eq(
        read_answer(
            "{\"header\":{\"requestId\":\"x\"},\"data\":[{\"uri\":\"x.png\",\"chunks\":[{\"granularity\":7}]}]}"),
        SLUICE_OK);
    contains(written(JSON_STYLE_HTTP), "\"data\":[{\"id\":null,\"parent_id\":null");
    contains(written(JSON_STYLE_HTTP), "\"mime_type\":null,\"text\":null,\"weight\":null,\"uri\":\"x.png\"");
    contains(written(JSON_STYLE_HTTP), "\"chunks\":[{\"id\":null,\"parent_id\":null,\"granularity\":7");
}
END_TEST

START_TEST(test_failures)
{
    const struct json_response_options options = {.style = JSON_STYLE_HTTP,
                                                  .failed_request = &message,
                                                  .failure_text = "worker cannot be reached",
                                                  .failure_exception = "NetworkError"};
    struct rope stub;
    struct buffer out;
    rope_init(&stub);
    buffer_init(&out, BUFFER_NO_LIMIT);
    ck_assert_int_eq(rope_append(&stub, NULL, "\x0a\x03\x0a\x01r", 5), SLUICE_OK);
    sluice_document_set_id(one_document(), "a", 1);
    make_message(NULL);
    ck_assert_int_eq(json_response_write(&stub, &options, &out, &error), SLUICE_OK);
    contains(
        buffer_text(&out),
        "{\"header\":{\"requestId\":\"r\",\"status\":{\"code\":1,\"description\":\"worker cannot be reached\","
        "\"exception\":{\"name\":\"NetworkError\",\"args\":[],\"stacks\":[],\"executor\":\"\"}},"
        "\"execEndpoint\":\"\",\"targetExecutor\":\"\"},\"parameters\":null,\"routes\":null,\"data\":[{\"id\":\"a\"");
    rope_done(&stub);
    buffer_done(&out);
}
END_TEST

START_TEST(test_unreadable_messages)
{
    static const char *const bad[] = {"\xff", "\x0a\x05\x0a", "\x0a\x03\x0a\x01\xff", "\x22\x03\x12\x01x"};
    static const size_t sizes[] = {1, 3, 5, 5};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        rope_done(&message);
        rope_init(&message);
        ck_assert_int_eq(rope_append(&message, NULL, bad[i], sizes[i]), SLUICE_OK);
        ck_assert_msg(written(JSON_STYLE_HTTP) == NULL, "case %zu", i);
        ck_assert(error.status == SLUICE_INVALID || error.status == SLUICE_UNIMPLEMENTED);
    }
}
END_TEST

/* The buffer's limit holds. */
START_TEST(test_limit_of_the_text)
{
    const struct json_response_options options = {.style = JSON_STYLE_HTTP};
    struct buffer out;
    one_document();
    make_message(NULL);
    size_t size = strlen(written(JSON_STYLE_HTTP));
    buffer_init(&out, size - 1);
    ck_assert_int_eq(json_response_write(&message, &options, &out, &error), SLUICE_LIMIT);
    buffer_done(&out);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {test_arrays_of_every_type,
                                  test_big_endian_arrays,
                                  test_long_and_nested_arrays,
                                  test_arrays_without_form,
                                  test_numbers_that_are_not_finite,
                                  test_texts,
                                  test_times,
                                  test_dates,
                                  test_reading_times,
                                  test_reading_answers,
                                  test_answers_as_given,
                                  test_failures,
                                  test_unreadable_messages,
                                  test_limit_of_the_text};
    Suite *suite = suite_create("json.response");
    TCase *group = tcase_create("json.response");
    tcase_set_timeout(group, SUITE_TIMEOUT_SECONDS);
    tcase_add_checked_fixture(group, start, stop);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(group, tests[i]);
    suite_add_tcase(suite, group);
    return suite_run(suite);
}
