/*
 * Tests of executor/plugins/hashing_encoder/words.c: the words are those that ICU finds when it reads the whole text by
 * itself, for every text that the official test of UAX #29 has, for all short texts of ASCII's kinds of characters, and
 * for random mixtures of what is difficult.
 */
#include "executor/plugins/hashing_encoder/words.h"
#include "tests/unit/plugins/reference_words.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define OFFICIAL "/usr/share/unicode/auxiliary/WordBreakTest.txt" /* of the package unicode-data */
#define TEXT(literal) (sluice_text){literal, sizeof(literal) - 1}

static struct words words;
static struct reference_words reference;

static void setup(void)
{
    sluice_error error;
    ck_assert_int_eq(words_init(&words, &error), SLUICE_OK);
    ck_assert(reference_words_init(&reference));
}

static void teardown(void)
{
    words_done(&words);
    reference_words_done(&reference);
}

static void show(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        fprintf(stderr, text[i] >= ' ' && text[i] < 0x7F ? "%c" : "\\x%02x", (unsigned char)text[i]);
    fputc('\n', stderr);
}

static size_t compare(const char *text, size_t size)
{
    size_t count = 0;
    if (!reference_words_begin(&reference, (sluice_text){text, size})) /* a passed assertion costs more than the rest */
        ck_abort_msg("ICU cannot read the text");
    words_begin(&words, (sluice_text){text, size});
    for (;; count++) {
        sluice_text mine = {"", 0}, theirs = {"", 0};
        sluice_status status = words_next(&words, &mine);
        bool more = reference_words_next(&reference, &theirs);
        if (status != (more ? SLUICE_OK : SLUICE_NOT_FOUND) || (more && (mine.data != theirs.data || mine.size != theirs.size))) {
            show(text, size);
            ck_abort_msg("word %zu: [%td, +%zu) instead of [%td, +%zu)", count, mine.data - text, mine.size,
                         theirs.data - text, theirs.size);
        }
        if (!more)
            break;
    }
    return count;
}

/* ---- what the words are ---- */

#define WORDS_MAX 8

static const struct {
    sluice_text text;
    const char *words[WORDS_MAX];
} cases[] = {
    {TEXT(""), {NULL}},
    {TEXT(" \t\r\n.,;:!?-+*/\\|<>()[]{}\"'`~#$%^&=\x7f"), {NULL}},
    {TEXT("The quick (\"brown\") fox."), {"The", "quick", "brown", "fox"}},
    {TEXT("can't 'tis dogs'"), {"can't", "tis", "dogs"}},
    {TEXT("3.50 1,000;2 3. .5"), {"3.50", "1,000;2", "3", "5"}},
    {TEXT("a_1 _ __ _x"), {"a_1", "__", "_x"}},
    {TEXT("me@example.org a:b"), {"me@example.org", "a", "b"}},
    {TEXT("e.g. U.S.A."), {"e.g", "U.S.A"}},
    {TEXT("a\0b"), {"a", "b"}},
    {TEXT("caf\u00e9 na\u0308ive co\u00adop"), {"caf\u00e9", "na\u0308ive", "co\u00adop"}},
    {TEXT("Ещё раз. Ούτε μία!"), {"Ещё", "раз", "Ούτε", "μία"}},
    {TEXT("你好天气"), {"你好", "天气"}},
    {TEXT("go \U0001F469\u200d\U0001F680\U0001F1E9\U0001F1EA! \u2192"),
     {"go", "\U0001F469\u200d\U0001F680", "\U0001F1E9\U0001F1EA"}},
};

START_TEST(words_of_a_text)
{
    sluice_text word;
    words_begin(&words, cases[_i].text);
    for (size_t i = 0; cases[_i].words[i] != NULL; i++) {
        ck_assert_int_eq(words_next(&words, &word), SLUICE_OK);
        ck_assert_msg(sluice_text_is(word, cases[_i].words[i]), "\"%.*s\" instead of \"%s\"", (int)word.size, word.data,
                      cases[_i].words[i]);
    }
    ck_assert_int_eq(words_next(&words, &word), SLUICE_NOT_FOUND);
    ck_assert_int_eq(words_next(&words, &word), SLUICE_NOT_FOUND);
    compare(cases[_i].text.data, cases[_i].text.size);
}
END_TEST

/* ---- the same as ICU ---- */

static size_t utf8_bytes(uint32_t character, char *to)
{
    char *begin = to;
    if (character < 0x80) {
        *to++ = (char)character;
    } else {
        int more = character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
        *to++ = (char)(0xF0 << (3 - more) | (int)(character >> (6 * more)));
        while (more-- > 0)
            *to++ = (char)(0x80 | (character >> (6 * more) & 0x3F));
    }
    return (size_t)(to - begin);
}

/* One line of the official file, "÷ 0001 × 0308 ÷ 0001 ÷ # …", as UTF-8; 0: no case. */
static size_t official_text(const char *line, char *text)
{
    size_t size = 0;
    for (const char *at = line; *at != '\0' && *at != '#';) {
        char *end;
        unsigned long character = strtoul(at, &end, 16);
        if (end == at) {
            at++;
            continue;
        }
        size += utf8_bytes((uint32_t)character, text + size);
        at = end;
    }
    return size;
}

START_TEST(official_cases)
{
    char line[4096], text[1024], around[2200];
    size_t count = 0;
    FILE *file = fopen(OFFICIAL, "re");
    ck_assert_msg(file != NULL, "%s is missing: install unicode-data", OFFICIAL);
    while (fgets(line, sizeof(line), file) != NULL) {
        size_t size = official_text(line, text);
        if (size == 0)
            continue;
        count++;
        compare(text, size);
        /* and between stretches of ASCII, long enough to leave ICU in between */
        int length = snprintf(around, sizeof(around), "%s", "Plain words, ");
        memcpy(around + length, text, size);
        size_t end = (size_t)length + size;
        end += (size_t)snprintf(around + end, sizeof(around) - end, " %0100d it's. ", 7);
        memcpy(around + end, text, size);
        compare(around, end + size);
    }
    fclose(file);
    ck_assert_uint_gt(count, 1500);
}
END_TEST

START_TEST(all_short_texts_of_ascii)
{
    static const char kinds[] = "aZ@0_.',;: \r\n\v\"-";
    enum { KINDS = sizeof(kinds) - 1, LENGTH = 4 };
    char text[LENGTH];
    for (size_t number = 0; number < (size_t)KINDS * KINDS * KINDS * KINDS; number++) {
        size_t rest = number;
        for (size_t i = 0; i < LENGTH; i++, rest /= KINDS)
            text[i] = kinds[rest % KINDS];
        compare(text, LENGTH);
    }
}
END_TEST

START_TEST(all_pairs_of_ascii)
{
    for (int first = 0; first < 128; first++)
        for (int second = 0; second < 128; second++)
            compare((const char[]){'a', (char)first, (char)second, '1'}, 4);
}
END_TEST

/* Every character that the scan may know, and some more, between and beside those that change what it does. */
START_TEST(each_character_among_others)
{
    static const char *const frames[][2] = {{"", ""}, {"a", "a"}, {"1", "1"}, {"_", "_"}, {".", "."}, {"a", ".b"}, {"a.", "b"}, {"1,", "1"},
                                            {"a ", " a"}, {"\n", "a"}, {"\u05d0", "\u05d0"}, {"\U0001F600", "a"}, {"\u0301", "\u0301"}};
    char text[32];
    for (uint32_t character = 1; character < WORDS_TABLE + 0x100; character++)
        for (size_t i = 0; i < sizeof(frames) / sizeof(frames[0]); i++) {
            size_t size = strlen(frames[i][0]);
            memcpy(text, frames[i][0], size);
            size += utf8_bytes(character, text + size);
            memcpy(text + size, frames[i][1], strlen(frames[i][1]));
            size += strlen(frames[i][1]);
            compare(text, size);
            size += utf8_bytes(character, text + size);
            compare(text, size);
        }
}
END_TEST

static const char *const pieces[] = {
    "a", "B", "word", "it's", "3.5", "1,0", "7", "_", "__", "@", ":", ".", "'", ",", ";", "\"", "-", " ", " ",
    " ", "  ", "\n", "\r\n", "\r", "\v", "\f", "\t", "\xc2\x85", "\u2028", "\u00a0", "\u3000", "\u2003",
    "\u1680", "\u0301", "\u200d", "\u00ad", "\u2060", "\u05d0", "\u05d0\"\u05d0", "\U0001F1E6", "\U0001F600",
    "\U0001F3FD", "\u2764\ufe0f", "\u30ab", "\u3042", "你", "天气", "ไทย", "ភាសា", "\u0661", "\u2019", "\u00b7",
    "\u203f", "\u00e9", "Ж", "λόγος", "\uac00", "\u1100\u1161", "\u0e01\u0301", "\uff10", "\ufeff",
    "a plain stretch of words that is long enough for leaving ICU, and longer still",
    "plain-but-without-any-space-for-more-than-sixty-four-bytes-to-cut-at-it,really",
};

START_TEST(random_mixtures)
{
    enum { PIECES = sizeof(pieces) / sizeof(pieces[0]), LONGEST = 12, ROUNDS = 30000 };
    char text[LONGEST * 96];
    uint32_t state = 7;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t size = 0, count = 1 + round % LONGEST;
        for (size_t i = 0; i < count; i++) {
            state = state * 1664525u + 1013904223u;
            const char *piece = pieces[(state >> 8) % PIECES];
            size_t length = strlen(piece);
            memcpy(text + size, piece, length);
            size += length;
        }
        compare(text, size);
    }
}
END_TEST

/* Characters of the table and beyond, every kind as likely as the others. */
START_TEST(random_characters)
{
    enum { LONGEST = 16, ROUNDS = 40000 };
    char text[LONGEST * 4];
    uint32_t state = 9;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t size = 0, count = 1 + round % LONGEST;
        for (size_t i = 0; i < count; i++) {
            state = state * 1664525u + 1013904223u;
            uint32_t choice = state >> 12;
            switch (state >> 8 & 7) {
            case 0: size += utf8_bytes((unsigned char)" .,:'_\n1a"[choice % 9], text + size); break;
            case 1: size += utf8_bytes(0x300 + choice % 0x70, text + size); break;
            case 2: size += utf8_bytes(0x2000 + choice % 0x70, text + size); break;
            case 3: size += utf8_bytes(0x600 + choice % 0x700, text + size); break;
            case 4: size += utf8_bytes(1 + choice % 0x2FFF, text + size); break;
            default: size += utf8_bytes(1 + choice % 0x5FF, text + size); break;
            }
        }
        compare(text, size);
    }
}
END_TEST

static char *read_file(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    size_t capacity = 1 << 20;
    char *text = malloc(capacity);
    ck_assert_ptr_nonnull(text);
    *ret_size = fread(text, 1, capacity, file);
    ck_assert_uint_lt(*ret_size, capacity);
    fclose(file);
    return text;
}

START_TEST(real_texts)
{
    static const char *const paths[] = {"/usr/share/common-licenses/GPL-3", "/usr/share/common-licenses/Artistic",
                                        "flows/data/sentences.txt", "README.md"};
    for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
        size_t size = 0;
        char *text = read_file(paths[i], &size);
        ck_assert_uint_gt(compare(text, size), 50);
        free(text);
    }
}
END_TEST

/* Bytes that are no UTF-8 never come from a document; here they must do no harm. */
START_TEST(bytes_that_are_no_text)
{
    char text[64];
    uint32_t state = 3;
    for (size_t round = 0; round < 20000; round++) {
        size_t size = round % sizeof(text);
        char *exact = malloc(size + 1); /* so that a sanitizer sees the end */
        ck_assert_ptr_nonnull(exact);
        for (size_t i = 0; i < size; i++) {
            state = state * 1664525u + 1013904223u;
            exact[i] = (char)((state >> 16) % 3 == 0 ? " a1\n"[state >> 30] : (int)(state >> 24));
        }
        char *shrunk = realloc(exact, size == 0 ? 1 : size);
        ck_assert_ptr_nonnull(shrunk);
        sluice_text word, all = {shrunk, size};
        const char *end = shrunk;
        words_begin(&words, all);
        while (words_next(&words, &word) == SLUICE_OK) {
            if (word.data < end || word.size == 0 || word.data + word.size > shrunk + size)
                ck_abort_msg("a word outside of its text");
            end = word.data + word.size;
        }
        free(shrunk);
    }
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("words");
    tcase_add_checked_fixture(tests, setup, teardown);
    tcase_set_timeout(tests, 240);
    tcase_add_loop_test(tests, words_of_a_text, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tests, official_cases);
    tcase_add_test(tests, all_short_texts_of_ascii);
    tcase_add_test(tests, all_pairs_of_ascii);
    tcase_add_test(tests, each_character_among_others);
    tcase_add_test(tests, random_mixtures);
    tcase_add_test(tests, random_characters);
    tcase_add_test(tests, real_texts);
    tcase_add_test(tests, bytes_that_are_no_text);
    Suite *suite = suite_create("plugins.words");
    suite_add_tcase(suite, tests);
    return suite_run(suite);
}
