/* UTF-8 in pieces, and the key of a handshake. */
#include "common/foundation/text.h"
#include "common/net/websocket/key.h"
#include "common/net/websocket/utf8.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <string.h>

/* In two pieces that are cut at `cut`. */
static bool is_good(const char *text, size_t size, size_t cut)
{
    struct utf8_check check = {.size = 0};
    return utf8_check_more(&check, (const uint8_t *)text, cut) &&
           utf8_check_more(&check, (const uint8_t *)text + cut, size - cut) && utf8_check_may_end(&check);
}

START_TEST(texts_are_judged_wherever_they_are_cut)
{
    static const struct {
        const char *text;
        bool good;
    } rows[] = {
        {"", true},
        {"plain", true},
        {"sch\xC3\xB6n \xE2\x9C\x93 \xF0\x9F\x99\x82", true},
        {"\xC2\x80 \xDF\xBF \xE0\xA0\x80 \xEF\xBF\xBF \xF0\x90\x80\x80 \xF4\x8F\xBF\xBF", true},
        {"\xED\x9F\xBF\xEE\x80\x80", true},
        {"\x80", false},
        {"a\xBF", false},
        {"\xC0\xAF", false},
        {"\xC1\xBF", false},
        {"\xE0\x80\x80", false},
        {"\xE0\x9F\xBF", false},
        {"\xED\xA0\x80", false},
        {"\xED\xBF\xBF", false},
        {"\xF0\x8F\xBF\xBF", false},
        {"\xF4\x90\x80\x80", false},
        {"\xF5\x80\x80\x80", false},
        {"\xFF", false},
        {"\xC3", false},
        {"\xE2\x9C", false},
        {"\xF0\x9F\x99", false},
        {"\xC3(", false},
        {"\xE2\x9C(", false},
        {"\xF0\x9F\x99(", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (size_t cut = 0; cut <= strlen(rows[i].text); cut++)
            ck_assert_msg(is_good(rows[i].text, strlen(rows[i].text), cut) == rows[i].good, "row %zu cut at %zu", i, cut);
}
END_TEST

START_TEST(all_short_texts_are_judged_as_whole_ones)
{
    static const uint8_t bytes[] = {'a', 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xE0, 0xE1, 0xED, 0xF0, 0xF1, 0xF4, 0xF5};
    enum { COUNT = sizeof bytes };
    char text[4];
    for (unsigned number = 0; number < COUNT * COUNT * COUNT * COUNT; number++) {
        unsigned rest = number;
        for (int i = 0; i < 4; i++, rest /= COUNT)
            text[i] = (char)bytes[rest % COUNT];
        bool good = text_is_utf8(text, sizeof text);
        for (size_t cut = 1; cut <= 3; cut++)
            if (is_good(text, sizeof text, cut) != good)
                ck_abort_msg("%u cut at %zu", number, cut);
    }
}
END_TEST

START_TEST(a_fault_is_found_where_it_shows)
{
    struct utf8_check check = {.size = 0};
    ck_assert(utf8_check_more(&check, (const uint8_t *)"\xED", 1));
    ck_assert(!utf8_check_more(&check, (const uint8_t *)"\xA0", 1)); /* a surrogate, whatever the third byte is */
}
END_TEST

START_TEST(keys_are_judged_and_answered)
{
    char accept[WEBSOCKET_ACCEPT_SIZE + 1];
    static const char *const bad[] = {"", "AAAA", "dGhlIHNhbXBsZSBub25jZQ", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZR==",
                                      "dGhlIHNhbXBsZSBub25jZQ== ", "!!!!!!!!!!!!!!!!!!!!!!==", "AAAAAAAAAAAAAAAAAAAAAAAA"};
    ck_assert(websocket_key_is_valid("dGhlIHNhbXBsZSBub25jZQ=="));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!websocket_key_is_valid(bad[i]), "%s", bad[i]);
    websocket_accept("dGhlIHNhbXBsZSBub25jZQ==", accept); /* RFC 6455, 1.3 */
    ck_assert_str_eq(accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}
END_TEST

SUITE_MAIN("net.websocket.text", texts_are_judged_wherever_they_are_cut, all_short_texts_are_judged_as_whole_ones,
           a_fault_is_found_where_it_shows, keys_are_judged_and_answered)
