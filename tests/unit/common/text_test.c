#include "common/foundation/buffer.h"
#include "common/foundation/text.h"
#include "tests/unit/suite.h"

#include <string.h>

START_TEST(hexadecimal_digits_have_values_and_nothing_else_has)
{
    for (int c = -128; c < 256; c++) {
        int expected = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
        ck_assert_int_eq(text_hex_digit(c), expected);
    }
}
END_TEST

START_TEST(a_token_has_what_rfc_9110_lists)
{
    size_t count = 0;
    for (int c = 1; c < 256; c++)
        count += strchr(text_token_characters, c) != NULL;
    ck_assert_uint_eq(count, 15 + 10 + 26 + 26);
    ck_assert_ptr_null(strpbrk(text_token_characters, "()<>@,;:\\\"/[]?={} \t"));
}
END_TEST

START_TEST(utf8_is_what_rfc_3629_says)
{
    static const char *const valid[] = {"", "plain", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                        "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf",
                                        "long enough for words of eight bytes \xe2\x82\xac and more"};
    static const char *const invalid[] = {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2\x20", "\xe0\x9f\xbf", "\xe2\x82",
                                          "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf0\x9f\x98", "\xf4\x90\x80\x80",
                                          "\xf5\x80\x80\x80", "\xff", "\xfe", "eight by\xffs and more of them"};
    for (size_t i = 0; i < sizeof valid / sizeof valid[0]; i++)
        ck_assert_msg(text_is_utf8(valid[i], strlen(valid[i])), "%s", valid[i]);
    for (size_t i = 0; i < sizeof invalid / sizeof invalid[0]; i++)
        ck_assert_msg(!text_is_utf8(invalid[i], strlen(invalid[i])), "case %zu", i);
    ck_assert(text_is_utf8("a\0b", 3));
}
END_TEST

/* Text is looked at in steps of several sizes: a byte that is none is found at every place of every length. */
START_TEST(what_is_no_utf8_is_found_everywhere)
{
    char text[120];
    for (size_t size = 1; size <= sizeof text; size++)
        for (size_t at = 0; at < size; at++) {
            memset(text, 'a', size);
            ck_assert(text_is_utf8(text, size));
            text[at] = '\xff';
            ck_assert_msg(!text_is_utf8(text, size), "byte %zu of %zu", at, size);
            if (at + 1 == size)
                continue;
            memcpy(text + at, "\xc3\xa9", 2);
            ck_assert_msg(text_is_utf8(text, size), "character %zu of %zu", at, size);
        }
}
END_TEST

START_TEST(a_cut_never_splits_a_character)
{
    static const char text[] = "a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z";
    static const size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11};
    for (size_t size = 0; size < sizeof wanted / sizeof wanted[0]; size++)
        ck_assert_uint_eq(text_cut(text, size), wanted[size]);
}
END_TEST

START_TEST(the_nearest_name_is_suggested)
{
    static const char *const names[] = {"uses", "needs", "replicas", "timeout_ready", "timeout_send", NULL};
    ck_assert_str_eq(text_nearest("replica", names), "replicas");
    ck_assert_str_eq(text_nearest("Uses", names), "uses");
    ck_assert_str_eq(text_nearest("uess", names), "uses");
    ck_assert_str_eq(text_nearest("timeout_sedn", names), "timeout_send");
    ck_assert_ptr_null(text_nearest("gateway", names));
    ck_assert_ptr_null(text_nearest("", names));
    char longer[100];
    memset(longer, 'x', sizeof longer - 1);
    longer[99] = '\0';
    ck_assert_ptr_null(text_nearest(longer, names));
}
END_TEST

static void repr_is(const char *data, size_t size, const char *wanted)
{
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    text_append_python_repr(&buffer, data, size);
    ck_assert_str_eq(buffer_text(&buffer), wanted);
    buffer_done(&buffer);
}

/* Expectations are CPython's. */
START_TEST(text_is_quoted_as_python_does)
{
    repr_is("", 0, "''");
    repr_is("plain", 5, "'plain'");
    repr_is("it's", 4, "\"it's\"");
    repr_is("\"q\"", 3, "'\"q\"'");
    repr_is("'\"", 2, "'\\'\"'");
    repr_is("a\\b", 3, "'a\\\\b'");
    repr_is("\n\r\t\0\x1f\x7f", 6, "'\\n\\r\\t\\x00\\x1f\\x7f'");
    repr_is("caf\xc3\xa9 \xf0\x9f\x98\x80", 10, "'caf\xc3\xa9 \xf0\x9f\x98\x80'");
    repr_is("\xff", 1, "'\\xff'");
}
END_TEST

START_TEST(a_line_is_shown_and_not_obeyed)
{
    static const char text[] = "a\nb\tc\r\x1b[2J\x7f\0d\xff\xc3 \xc2\x9b""31m \xc3\xa9 \xe2\x80\xa6 \xf0\x9f\x90\x9f";
    struct buffer line;
    buffer_init(&line, BUFFER_NO_LIMIT);
    text_append_line(&line, text, sizeof text - 1);
    ck_assert_str_eq(buffer_text(&line), "a b c \\x1b[2J\\x7f\\x00d\\xff\\xc3 \\x9b31m \xc3\xa9 \xe2\x80\xa6 \xf0\x9f\x90\x9f");
    buffer_clear(&line);
    text_append_line(&line, "\xe2\x80", 2); /* cut off */
    ck_assert_str_eq(buffer_text(&line), "\\xe2\\x80");
    buffer_done(&line);
}
END_TEST

START_TEST(ids_are_random_hexadecimal_digits)
{
    char seen[100][TEXT_ID_SIZE + 1];
    for (int i = 0; i < 100; i++) {
        text_random_id(seen[i]);
        ck_assert_uint_eq(strlen(seen[i]), TEXT_ID_SIZE);
        ck_assert_uint_eq(strspn(seen[i], "0123456789abcdef"), TEXT_ID_SIZE);
        for (int j = 0; j < i; j++)
            ck_assert_str_ne(seen[i], seen[j]);
    }
}
END_TEST

SUITE_MAIN("common.text", hexadecimal_digits_have_values_and_nothing_else_has, a_token_has_what_rfc_9110_lists,
           utf8_is_what_rfc_3629_says, what_is_no_utf8_is_found_everywhere, a_cut_never_splits_a_character,
           the_nearest_name_is_suggested, text_is_quoted_as_python_does, a_line_is_shown_and_not_obeyed,
           ids_are_random_hexadecimal_digits)
