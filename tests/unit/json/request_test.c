/* Reading and writing requests: edges that no recording shows. */
#include "common/document/codec.h"
#include "common/json/base64.h"
#include "common/json/documents.h"
#include "common/json/message.h"
#include "common/json/message_parts.h"
#include "common/json/mime.h"
#include "tests/unit/suite.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static struct arena *arena;
static struct rope message;
static struct json_fault fault;
static sluice_error error;

static void start(void)
{
    arena = arena_new(1024, ARENA_NO_LIMIT);
    rope_init(&message);
}

static void stop(void)
{
    rope_done(&message);
    arena_free(arena);
}

static sluice_status read_with(const struct json_request_options *options, const char *text, size_t size)
{
    rope_done(&message);
    rope_init(&message);
    error = (sluice_error){0};
    return json_request_read(text, size, options, arena, &message, &fault, &error);
}

static sluice_status read_text(const char *text)
{
    const struct json_request_options options = {.request_id = "r"};
    return read_with(&options, text, strlen(text));
}

/* The request as the Python client would print it. */
static const char *printed(void)
{
    struct buffer out;
    buffer_init(&out, BUFFER_NO_LIMIT);
    ck_assert_msg(json_request_write(&message, &out, &error) == SLUICE_OK, "%s", error.text);
    const char *text = arena_text(arena, buffer_text(&out));
    buffer_done(&out);
    return text;
}

static void contains(const char *text, const char *expected)
{
    ck_assert_msg(strstr(printed(), expected) != NULL, "%s\ngives %s\nnot %s", text, printed(), expected);
}

static const char *fault_text(void)
{
    struct buffer out;
    buffer_init(&out, BUFFER_NO_LIMIT);
    json_fault_write(&fault, &out);
    const char *text = arena_text(arena, buffer_text(&out));
    buffer_done(&out);
    return text;
}

START_TEST(test_endpoint)
{
    static const struct {
        const char *text, *endpoint;
    } cases[] = {
        {"{}",                                                              "\"exec_endpoint\": \"/\"}"                            },
        {"{\"execEndpoint\":\"/a\"}",                                       "\"exec_endpoint\": \"/a\"}"                           },
        {"{\"exec_endpoint\":\"/a\"}",                                      "\"exec_endpoint\": \"/a\"}"                           },
        {"{\"execEndpoint\":\"/a\",\"exec_endpoint\":\"/b\"}",              "\"exec_endpoint\": \"/a\"}"                           },
        {"{\"execEndpoint\":\"/a\",\"execEndpoint\":\"/b\"}",               "\"exec_endpoint\": \"/b\"}"                           },
        {"{\"header\":{\"execEndpoint\":\"/a\"}}",                          "\"exec_endpoint\": \"/a\"}"                           },
        {"{\"header\":{\"exec_endpoint\":\"/a\"}}",                         "\"exec_endpoint\": \"/a\"}"                           },
        {"{\"header\":{\"exec_endpoint\":\"/a\"},\"execEndpoint\":\"/b\"}", "\"exec_endpoint\": \"/b\"}"                           },
        {"{\"header\":{\"exec_endpoint\":5}}",                              "\"exec_endpoint\": \"/\"}"                            },
        {"{\"execEndpoint\":true}",                                         "\"exec_endpoint\": \"True\"}"                         },
        {"{\"execEndpoint\":1e22}",                                         "\"exec_endpoint\": \"1e+22\"}"                        },
        {"{\"targetExecutor\":\"x\"}",                                      "\"exec_endpoint\": \"/\", \"target_executor\": \"x\"}"}
    };
    const struct json_request_options fixed = {.endpoint = "/fixed", .request_id = "r"};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(read_text(cases[i].text) == SLUICE_OK, "%s: %s", cases[i].text, error.text);
        contains(cases[i].text, cases[i].endpoint);
    }
    ck_assert_int_eq(read_with(&fixed, "{\"execEndpoint\":null}", 21), SLUICE_OK);
    contains("fixed", "\"exec_endpoint\": \"/fixed\"}");
}
END_TEST

START_TEST(test_documents)
{
    static const struct {
        const char *document, *expected;
    } cases[] = {
        {"{\"id\":\"a\",\"parentId\":\"p\"}",                      "\"parent_id\": \"p\""                            },
        {"{\"id\":\"a\",\"parentId\":\"p\",\"parent_id\":\"q\"}",  "\"parent_id\": \"q\""                            },
        {"{\"id\":\"a\",\"mimeType\":\"png\"}",                    "\"mime_type\": \"image/png\""                    },
        {"{\"id\":\"a\",\"text\":\"1\",\"text\":\"2\"}",           "\"text\": \"2\""                                 },
        {"{\"id\":\"a\",\"tensor\":[[1,2],[3,4]],\"text\":\"t\"}",
         "\"tensor\": [[1, 2], [3, 4]], \"mime_type\": null, \"text\": null"                                         },
        {"{\"id\":\"a\",\"blob\":\"AAE=\",\"text\":\"t\"}",
         "\"blob\": \"AAE=\", \"tensor\": null, \"mime_type\": null, \"text\": null"                                 },
        {"{\"id\":\"a\",\"blob\":\"%\",\"text\":\"t\"}",           "\"text\": \"t\""                                 },
        {"{\"id\":\"a\",\"embedding\":[NaN,Infinity,-Infinity]}",  "\"embedding\": [NaN, Infinity, -Infinity]"       },
        {"{\"id\":\"a\",\"embedding\":[1e400]}",                   "\"embedding\": [Infinity]"                       },
        {"{\"id\":\"a\",\"embedding\":[[],[]]}",                   "\"embedding\": [[], []]"                         },
        {"{\"id\":\"a\",\"embedding\":[true,2]}",                  "\"embedding\": [1, 2]"                           },
        {"{\"id\":\"a\",\"embedding\":[true,false]}",              "\"embedding\": [true, false]"                    },
        {"{\"id\":\"a\",\"embedding\":[18446744073709551615]}",    "\"embedding\": [18446744073709551615]"           },
        {"{\"id\":\"a\",\"embedding\":[-9223372036854775808]}",    "\"embedding\": [-9223372036854775808]"           },
        {"{\"id\":\"a\",\"embedding\":[1,2.5,[3]]}",               NULL                                              },
        {"{\"id\":\"a\",\"weight\":\" 1_0.5e1 \"}",                "\"weight\": 105.0"                               },
        {"{\"id\":\"a\",\"granularity\":\"+7\"}",                  "\"granularity\": 7"                              },
        {"{\"id\":\"a\",\"tags\":{\"x\":1,\"y\":0,\"z\":[1]}}",    "\"tags\": {\"x\": 1.0, \"y\": 0.0, \"z\": [1.0]}"},
        {"{\"id\":\"a\",\"tags\":{\"x\":{\"y\":{}},\"x\":2}}",     "\"tags\": {\"x\": 2.0}"                          },
        {"{\"id\":\"a\",\"text\":\"\\u0000\\ud83d\\ude00\"}",      "\"text\": \"\\u0000\\ud83d\\ude00\""             },
        {"{\"id\":\"a\",\"unknown\":\"\\ud83d\",\"text\":\"t\"}",  "\"text\": \"t\""                                 },
        {"[[\"id\",\"a\"],[\"text\",\"t\"]]",                      "\"text\": \"t\""                                 }
    };
    char text[400];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        snprintf(text, sizeof text, "{\"data\":[%s]}", cases[i].document);
        sluice_status status = read_text(text);
        ck_assert_msg((status == SLUICE_OK) == (cases[i].expected != NULL), "%s: %s", text, error.text);
        if (status == SLUICE_OK)
            contains(text, cases[i].expected);
    }
}
END_TEST

START_TEST(test_relations)
{
    ck_assert_int_eq(
        read_text(
            "{\"data\":[{\"id\":\"a\",\"granularity\":3,\"adjacency\":1,\"chunks\":[{\"id\":\"b\",\"chunks\":[{\"id\":"
            "\"c\"}]}],\"matches\":[{\"id\":\"d\",\"granularity\":5}]}]}"),
        SLUICE_OK);
    contains("", "{\"id\": \"b\", \"parent_id\": \"a\", \"granularity\": 4, \"adjacency\": null");
    contains("", "{\"id\": \"c\", \"parent_id\": \"b\", \"granularity\": 5, \"adjacency\": null");
    contains("", "{\"id\": \"d\", \"parent_id\": null, \"granularity\": 5, \"adjacency\": 2");
}
END_TEST

START_TEST(test_made_up_ids)
{
    struct message_parts parts;
    const struct json_request_options options = {0};
    const char *text = "{\"data\":[{},{\"id\":\"\"},{\"id\":null}]}";
    ck_assert_int_eq(read_with(&options, text, strlen(text)), SLUICE_OK);
    ck_assert_int_eq(message_parts_read(&message, NULL, arena, &parts, &error), SLUICE_OK);
    ck_assert_uint_eq(parts.request_id.size, 32);
    for (size_t i = 0; i < 3; i++)
        ck_assert_uint_eq(sluice_document_id(sluice_document_array_at(parts.documents, i)).size, 32);
    message_parts_done(&parts);
}
END_TEST

/* The option that copies Jina's way with 1 and 0. */
START_TEST(test_tags_as_measured)
{
    const struct json_request_options options = {.request_id = "r", .tags_as_measured = true};
    const char *text =
        "{\"data\":[{\"id\":\"a\",\"tags\":{\"x\":1,\"y\":0,\"z\":[1],\"f\":1.0,\"m\":-1}}],\"parameters\":{\"p\":1}}";
    ck_assert_int_eq(read_with(&options, text, strlen(text)), SLUICE_OK);
    contains(text, "\"tags\": {\"x\": true, \"y\": false, \"z\": [1.0], \"f\": 1.0, \"m\": -1.0}");
    contains(text, "\"parameters\": {\"p\": 1.0}");
}
END_TEST

/* The kind of fault, and words of the answer or of the error. */
START_TEST(test_faults)
{
    static const struct {
        const char *text;
        enum json_fault_kind kind;
        const char *words;
    } cases[] = {
        {"\xff",                                                                  JSON_FAULT_SYNTAX, "There was an error parsing the body"                                       },
        {"{\"a\":\"\xff\"}",                                                      JSON_FAULT_SYNTAX, "There was an error parsing the body"                                       },
        {"[1,2",                                                                  JSON_FAULT_VALUES,
         "\"loc\":[\"body\",4],\"msg\":\"Expecting ',' delimiter: line 1 column 5 (char 4)\""                                                                                    },
        {"\n\xc3\xa9",                                                            JSON_FAULT_VALUES, "\"loc\":[\"body\",1],\"msg\":\"Expecting value: line 2 column 1 (char 1)\""},
        {"{\"a\":\"\\u12\"}",                                                     JSON_FAULT_VALUES, "\"msg\":\"Invalid \\\\uXXXX escape: line 1 column 8 (char 7)\""            },
        {"{\"a\" 1}",                                                             JSON_FAULT_VALUES, "Expecting ':' delimiter: line 1 column 6 (char 5)"                         },
        {"{\"data\":[{\"\\u00e9\":1,\"granularity\":\"\"}]}",                     JSON_FAULT_VALUES,
         "\"loc\":[\"body\",\"data\",\"\xc3\xa9\"]"                                                                                                                              },
        {"{\"data\":[{\"id\":\"a\",\"text\":\"\\ud83d\"}]}",                      JSON_FAULT_BUILD,  "Internal Server Error"                                                     },
        {"{\"data\":[{\"id\":\"a\",\"tags\":{\"\\udc00\":1}}]}",                  JSON_FAULT_BUILD,  "Internal Server Error"                                                     },
        {"{\"execEndpoint\":\"\\ud83d\"}",                                        JSON_FAULT_BUILD,  "Internal Server Error"                                                     },
        {"{\"data\":[{\"id\":\"a\",\"adjacency\":4294967296}]}",                  JSON_FAULT_BUILD,  "Internal Server Error"                                                     },
        {"{\"data\":[{\"id\":\"a\",\"adjacency\":4294967295,\"matches\":[{}]}]}", JSON_FAULT_BUILD,
         "Internal Server Error"                                                                                                                                                 }
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(read_text(cases[i].text) == SLUICE_INVALID, "%s", cases[i].text);
        ck_assert_msg(fault.kind == cases[i].kind, "%s: fault %d", cases[i].text, (int)fault.kind);
        ck_assert_msg(strstr(fault_text(), cases[i].words) != NULL, "%s: %s", cases[i].text, fault_text());
        ck_assert_msg(error.text[0] != '\0', "%s", cases[i].text);
    }
    ck_assert_int_eq(read_text("{\"data\":[{\"id\":\"a\",\"adjacency\":4294967295}]}"), SLUICE_OK);
}
END_TEST

static char *nested(size_t depth, const char *before, const char *open, const char *inner, const char *close,
                    const char *after)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    buffer_append_text(&text, before);
    for (size_t i = 0; i < depth; i++)
        buffer_append_text(&text, open);
    buffer_append_text(&text, inner);
    for (size_t i = 0; i < depth; i++)
        buffer_append_text(&text, close);
    buffer_append_text(&text, after);
    char *copy = arena_text(arena, buffer_text(&text));
    buffer_done(&text);
    return copy;
}

/* Each bound at its edge: what is just allowed, and one more. */
START_TEST(test_bounds)
{
    const struct json_request_options few = {.request_id = "r", .limits = &(sluice_limits){.documents = 2}};
    const struct json_request_options small = {.request_id = "r", .limits = &(sluice_limits){.elements = 2}};
    const char *two = "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"}]}",
               *three = "{\"data\":[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}]}";
    const char *tags = "{\"data\":[{\"id\":\"a\",\"tags\":{\"a\":1,\"b\":2}}]}";
    const char *more = "{\"data\":[{\"id\":\"a\",\"tags\":{\"a\":1,\"b\":2,\"c\":3}}]}";
    ck_assert_int_eq(read_with(&few, two, strlen(two)), SLUICE_OK);
    ck_assert_int_eq(read_with(&few, three, strlen(three)), SLUICE_LIMIT);
    ck_assert_int_eq(fault.kind, JSON_FAULT_BUILD);
    ck_assert_ptr_nonnull(strstr(error.text, "documents"));
    ck_assert_int_eq(read_with(&small, tags, strlen(tags)), SLUICE_OK);
    ck_assert_int_eq(read_with(&small, more, strlen(more)), SLUICE_LIMIT);
    ck_assert_ptr_nonnull(strstr(error.text, "elements"));

    ck_assert_int_eq(read_text(nested(JSON_MESSAGE_DEPTH - 1, "{\"x\":", "[", "", "]", "}")), SLUICE_OK);
    ck_assert_int_eq(read_text(nested(JSON_MESSAGE_DEPTH, "{\"x\":", "[", "", "]", "}")), SLUICE_LIMIT);
    ck_assert_int_eq(fault.kind, JSON_FAULT_SYNTAX);
    ck_assert_int_eq(read_text(nested(JSON_MESSAGE_DEPTH + 5, "", "[", "", "", "")), SLUICE_LIMIT);
    ck_assert_int_eq(fault.kind, JSON_FAULT_SYNTAX);

    const char *before = "{\"data\":[{\"id\":\"a\",\"tags\":";
    ck_assert_int_eq(read_text(nested(SLUICE_DEFAULT_DEPTH - 1, before, "{\"a\":", "1", "}", "}]}")), SLUICE_OK);
    ck_assert_int_eq(read_text(nested(SLUICE_DEFAULT_DEPTH, before, "{\"a\":", "1", "}", "}]}")), SLUICE_LIMIT);
    ck_assert_int_eq(fault.kind, JSON_FAULT_BUILD);
    ck_assert_int_eq(read_text(nested(SLUICE_DEFAULT_DEPTH - 1, "{\"data\":[{\"id\":\"a\"",
                                      ",\"chunks\":[{\"id\":\"a\"", "", "}]", "}]}")),
                     SLUICE_OK);
    ck_assert_int_eq(read_text(nested(SLUICE_DEFAULT_DEPTH, "{\"data\":[{\"id\":\"a\"", ",\"chunks\":[{\"id\":\"a\"",
                                      "", "}]", "}]}")),
                     SLUICE_LIMIT);
    ck_assert_int_eq(read_text(nested(64, "{\"data\":[{\"id\":\"a\",\"tensor\":", "[", "1", "]", "}]}")), SLUICE_OK);
    ck_assert_int_eq(read_text(nested(65, "{\"data\":[{\"id\":\"a\",\"tensor\":", "[", "1", "]", "}]}")),
                     SLUICE_INVALID);
    ck_assert_int_eq(fault.kind, JSON_FAULT_BUILD);
}
END_TEST

/* Small things in a text take many times their size: the limit holds that as well. */
START_TEST(test_memory_of_the_text)
{
    const struct json_request_options options = {.request_id = "r", .limits = &(sluice_limits){.bytes = 1 << 20}};
    const char *fits = nested(10000, "{\"x\":[[]", ",[]", "", "", "]}"),
               *more = nested(20000, "{\"x\":[[]", ",[]", "", "", "]}");
    ck_assert_int_eq(read_with(&options, fits, strlen(fits)), SLUICE_OK);
    ck_assert_int_eq(read_with(&options, more, strlen(more)), SLUICE_LIMIT);
    ck_assert_int_eq(fault.kind, JSON_FAULT_SYNTAX);
    ck_assert_ptr_nonnull(strstr(error.text, "bytes"));
}
END_TEST

START_TEST(test_long_integers)
{
    ck_assert_int_eq(read_text(nested(JSON_DIGITS_MAX, "{\"x\":", "9", "", "", "}")), SLUICE_OK);
    ck_assert_int_eq(read_text(nested(JSON_DIGITS_MAX + 1, "{\"x\":", "9", "", "", "}")), SLUICE_INVALID);
    ck_assert_int_eq(fault.kind, JSON_FAULT_SYNTAX);
    ck_assert_int_eq(read_text(nested(JSON_DIGITS_MAX, "{\"x\":-", "9", "", "", "}")), SLUICE_OK);
}
END_TEST

START_TEST(test_many_findings)
{
    ck_assert_int_eq(read_text(nested(JSON_FINDINGS_MAX + 50, "{\"data\":[1", ",1", "", "", "]}")), SLUICE_INVALID);
    ck_assert_int_eq(fault.kind, JSON_FAULT_VALUES);
    ck_assert_uint_eq(fault.count, JSON_FINDINGS_MAX);
    /* Each names a place, but not all of a long key: the answer stays small. */
    ck_assert_int_eq(read_text(nested(100000, "{\"data\":{\"", "k", "\":[1,1,1,1,1,1,1,1,1,1]", "", "}}")),
                     SLUICE_INVALID);
    ck_assert_uint_eq(fault.count, 11);
    ck_assert_uint_lt(strlen(fault_text()), 5000);
}
END_TEST

/* Numbers written as text are read up to 1024 characters. */
START_TEST(test_numbers_as_text)
{
    const char *before = "{\"data\":[{\"id\":\"a\",\"weight\":\"1";
    ck_assert_int_eq(read_text(nested(1023, before, "0", "", "", "\"}]}")), SLUICE_OK);
    contains("", "\"weight\": Infinity");
    ck_assert_int_eq(read_text(nested(1024, before, "0", "", "", "\"}]}")), SLUICE_INVALID);
    ck_assert_int_eq(fault.kind, JSON_FAULT_VALUES);
    static const char *const bad[] = {"", "_1", "1_", "1__0", "0x10", "1e", "infinit", "+-1", "1 2", "nan()"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        char text[100];
        snprintf(text, sizeof text, "{\"data\":[{\"id\":\"a\",\"weight\":\"%s\"}]}", bad[i]);
        ck_assert_msg(read_text(text) == SLUICE_INVALID, "%s", text);
    }
}
END_TEST

/* Of a broken text 64 KiB are given back. */
START_TEST(test_long_broken_text)
{
    ck_assert_int_eq(read_text(nested((64 << 10) - 1, "[", " ", "", "", "")), SLUICE_INVALID);
    ck_assert_uint_eq(fault.count, 1);
    size_t whole = strlen(fault.findings[0].ctx);
    ck_assert_uint_gt(whole, 64 << 10);
    ck_assert_int_eq(read_text(nested((64 << 10) + 99, "[", " ", "", "", "")), SLUICE_INVALID);
    ck_assert_uint_eq(strlen(fault.findings[0].ctx), whole);
    ck_assert_ptr_nonnull(strstr(fault.findings[0].message, "(char 65636)"));
}
END_TEST

/* Pairs with equal keys are one member; the search looks at the first 32 members only. */
START_TEST(test_equal_keys_of_pairs)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    for (int distinct = 31; distinct <= 32; distinct++) {
        buffer_clear(&text);
        buffer_append_text(&text, "{\"data\":[");
        for (int i = 0; i < distinct; i++)
            buffer_printf(&text, "{\"k%d\":1,\"x\":2},", i);
        buffer_append_text(&text, "{\"id\":\"a\",\"granularity\":\"\"},{\"id\":\"b\",\"x\":2}]}");
        ck_assert_int_eq(read_text(buffer_text(&text)), SLUICE_INVALID);
        /* The bad value, and each member of the other reading, which is no list. */
        ck_assert_uint_eq(fault.count, (size_t)(distinct == 31 ? 1 + 32 : 1 + 34));
    }
    buffer_done(&text);
}
END_TEST

/* The message belongs to nobody's memory but its own. */
START_TEST(test_message_outlives_arena)
{
    const char *text = "{\"data\":[{\"id\":\"a\",\"text\":\"hello\",\"embedding\":[1.5,2]}]}";
    char *copy = strdup(text);
    struct arena *own = arena_new(64, ARENA_NO_LIMIT);
    const struct json_request_options options = {.request_id = "r"};
    ck_assert_int_eq(json_request_read(copy, strlen(copy), &options, own, &message, &fault, &error), SLUICE_OK);
    arena_free(own);
    memset(copy, 'x', strlen(copy));
    free(copy);
    contains(text, "\"text\": \"hello\"");
    contains(text, "\"embedding\": [1.5, 2.0]");
}
END_TEST

START_TEST(test_encodings)
{
    static const char *const marks[] = {"", "\xEF\xBB\xBF"};
    const struct json_request_options options = {.request_id = "r"};
    char text[100];
    for (size_t i = 0; i < 2; i++) {
        int size = snprintf(text, sizeof text, "%s{\"execEndpoint\":\"/a\"}", marks[i]);
        ck_assert_int_eq(read_with(&options, text, (size_t)size), SLUICE_OK);
        contains(text, "\"/a\"");
    }
    static const struct {
        const char *bytes;
        size_t size;
        sluice_status status;
    } wide[] = {
        {"{\0}\0",           4, SLUICE_OK     },
        {"\0{\0}",           4, SLUICE_OK     },
        {"\xff\xfe{\0}\0",   6, SLUICE_OK     },
        {"\xfe\xff\0{\0}",   6, SLUICE_OK     },
        {"\0\0\0{\0\0\0}",   8, SLUICE_OK     },
        {"{\0\0\0}\0\0\0",   8, SLUICE_OK     },
        {"{\0}\0\0",         5, SLUICE_INVALID},
        {"\0\0\0{\0\x11\0}", 8, SLUICE_INVALID}
    };
    for (size_t i = 0; i < sizeof wide / sizeof wide[0]; i++)
        ck_assert_msg(read_with(&options, wide[i].bytes, wide[i].size) == wide[i].status, "case %zu: %s", i,
                      error.text);
}
END_TEST

/* Every size, written, and read back whole, with blanks inside, and without its end. */
START_TEST(test_base64)
{
    uint8_t bytes[100], back[200];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37 + 11);
    for (size_t size = 0; size <= sizeof bytes; size++) {
        struct buffer text, blanks;
        size_t read;
        buffer_init(&text, BUFFER_NO_LIMIT);
        buffer_init(&blanks, BUFFER_NO_LIMIT);
        base64_write(&text, bytes, size);
        ck_assert_uint_eq(text.size, (size + 2) / 3 * 4);
        ck_assert_uint_eq(strlen(buffer_text(&text)), text.size);
        ck_assert(base64_read(buffer_text(&text), text.size, back, &read) && read == size);
        ck_assert_mem_eq(back, bytes, size);
        for (size_t i = 0; i < text.size; i++) {
            buffer_append_byte(&blanks, text.data[i]);
            if (i % 5 == 2)
                buffer_append_text(&blanks, "\n ");
        }
        ck_assert(base64_read(buffer_text(&blanks), blanks.size, back, &read) && read == size);
        ck_assert_mem_eq(back, bytes, size);
        if (text.size > 0)
            ck_assert(!base64_read(buffer_text(&text), text.size - 1, back, &read));
        buffer_done(&text);
        buffer_done(&blanks);
    }
}
END_TEST

START_TEST(test_mime)
{
    static const char *const uris[][2] = {
        {"x.png",                    "image/png"        },
        {"x.PNG",                    "image/png"        },
        {"a/b.tar.gz",               "application/x-tar"},
        {"x.tgz",                    "application/x-tar"},
        {"x.svgz",                   "image/svg+xml"    },
        {"x.gz",                     ""                 },
        {".png",                     ""                 },
        {"a.b/c",                    ""                 },
        {"http://h/x.mp3",           "audio/mpeg"       },
        {"http://h/x.jpg?q=1",       ""                 },
        {"data:,x",                  "text/plain"       },
        {"data:image/gif;base64,AA", "image/gif"        },
        {"DATA:text/html;a=b,x",     "text/html"        },
        {"data:nothing",             ""                 },
        {"",                         ""                 }
    };
    static const char *const names[][2] = {
        {"png",       "image/png"},
        {"image/png", "image/png"},
        {"foo",       "foo"      },
        {"a/b",       "a/b"      }
    };
    for (size_t i = 0; i < sizeof uris / sizeof uris[0]; i++)
        ck_assert_msg(sluice_text_is(mime_of_uri(sluice_text_of(uris[i][0])), uris[i][1]), "%s", uris[i][0]);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        ck_assert_msg(sluice_text_is(mime_of_name(sluice_text_of(names[i][0])), names[i][1]), "%s", names[i][0]);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {test_endpoint,
                                  test_documents,
                                  test_relations,
                                  test_made_up_ids,
                                  test_tags_as_measured,
                                  test_faults,
                                  test_bounds,
                                  test_memory_of_the_text,
                                  test_long_integers,
                                  test_many_findings,
                                  test_message_outlives_arena,
                                  test_encodings,
                                  test_base64,
                                  test_numbers_as_text,
                                  test_long_broken_text,
                                  test_equal_keys_of_pairs,
                                  test_mime};
    Suite *suite = suite_create("json.request");
    TCase *group = tcase_create("json.request");
    tcase_set_timeout(group, SUITE_TIMEOUT_SECONDS);
    tcase_add_checked_fixture(group, start, stop);
    for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)
        tcase_add_test(group, tests[i]);
    suite_add_tcase(suite, group);
    return suite_run(suite);
}
