/* Tests of the plugin `sentencizer`: boundaries in many scripts, locations, settings by Flow file and by request. */
#include "kit.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct kit kit;

static void teardown(void)
{
    kit_close(&kit);
}

#define TEXT(literal) literal, sizeof(literal) - 1
#define SENTENCES_MAX 8

/* The byte at which character `count` of a text begins. */
static size_t byte_of(sluice_text text, size_t count)
{
    size_t i = 0;
    while (i < text.size && (((unsigned char)text.data[i] & 0xC0) == 0x80 || count-- > 0))
        i++;
    return i;
}

/* Every chunk's location cuts its text out of its document's. */
static void check_locations(const sluice_document *document)
{
    sluice_text text = sluice_document_text(document);
    const sluice_document_array *chunks = sluice_document_chunks(document);
    for (size_t i = 0; i < sluice_document_array_size(chunks); i++) {
        size_t count = 0;
        const sluice_document *chunk = sluice_document_array_at(chunks, i);
        const float *location = sluice_document_location(chunk, &count);
        ck_assert_uint_eq(count, 2);
        size_t begin = byte_of(text, (size_t)location[0]), end = byte_of(text, (size_t)location[1]);
        kit_equal(sluice_document_text(chunk), text.data + begin, end - begin);
    }
}

static void check_chunks(const sluice_document *document, const char *const *sentences)
{
    const sluice_document_array *chunks = sluice_document_chunks(document);
    size_t count = 0;
    for (; sentences[count] != NULL; count++) {
        const sluice_document *chunk = sluice_document_array_at(chunks, count);
        ck_assert_msg(chunk != NULL, "no sentence for \"%s\"", sentences[count]);
        kit_equal(sluice_document_text(chunk), sentences[count], strlen(sentences[count]));
    }
    ck_assert_uint_eq(sluice_document_array_size(chunks), count);
}

static const struct {
    const char *uses_with, *text;
    size_t size;
    const char *sentences[SENTENCES_MAX];
} cases[] = {
    {NULL, TEXT("One. Two! Three?"), {"One.", "Two!", "Three?"}},
    {NULL, TEXT(""), {NULL}},
    {NULL, TEXT(" \t\n "), {NULL}},
    {NULL, TEXT("no stop"), {"no stop"}},
    {NULL, TEXT("  Padded.   Again.  "), {"Padded.", "Again."}},
    {NULL, TEXT("It costs 3.50 at most. e.g. here."), {"It costs 3.50 at most. e.g. here."}},
    {NULL, TEXT("He said \"Go.\" She went."), {"He said \"Go.\"", "She went."}},
    {NULL, TEXT("你好。今天天气很好！是吗？"), {"你好。", "今天天气很好！", "是吗？"}},
    {NULL, TEXT("これはペンです。あれは本です。"), {"これはペンです。", "あれは本です。"}},
    {NULL, TEXT("यह पहला वाक्य है। यह दूसरा है।"), {"यह पहला वाक्य है।", "यह दूसरा है।"}},
    {NULL, TEXT("هل هذا سؤال؟ نعم."), {"هل هذا سؤال؟", "نعم."}},
    {NULL, TEXT("Ещё один. И ещё."), {"Ещё один.", "И ещё."}},
    {NULL, TEXT("Smile \U0001F600. And \U0001F469\u200D\U0001F680 go."), {"Smile \U0001F600.", "And \U0001F469\u200D\U0001F680 go."}},
    {NULL, TEXT("Wide\u3000space.\u3000Next."), {"Wide\u3000space.", "Next."}},
    /* languages and abbreviations */
    {NULL, TEXT("Mr. Smith came. He sat."), {"Mr.", "Smith came.", "He sat."}},
    {"{\"locale\": \"en-u-ss-standard\"}", TEXT("Mr. Smith came. He sat."), {"Mr. Smith came.", "He sat."}},
    {"{\"locale\": \"de-u-ss-standard\"}", TEXT("Das ist z.B. Brot. Gut."), {"Das ist z.B. Brot.", "Gut."}},
    {NULL, TEXT("Πώς είσαι; Καλά."), {"Πώς είσαι; Καλά."}},
    {"{\"locale\": \"el\"}", TEXT("Πώς είσαι; Καλά."), {"Πώς είσαι;", "Καλά."}},
    /* lines */
    {NULL, TEXT("A line\nand another."), {"A line", "and another."}},
    {"{\"wrapped\": true}", TEXT("A line\nand another.\nNext one\r\nends."), {"A line\nand another.", "Next one\r\nends."}},
    {"{\"wrapped\": true}", TEXT("TITLE\n\nText that\nis wrapped\n \t\nnew"), {"TITLE", "Text that\nis wrapped", "new"}},
    {"{\"wrapped\": true}", TEXT("\n\nA\n"), {"A"}},
    {"{\"wrapped\": true}", TEXT("END\n\f\nAppendix\nit is\n\v\nnew"), {"END", "Appendix\nit is", "new"}},
    /* numbers */
    {NULL, TEXT("2. You may. A. Or not."), {"2.", "You may.", "A.", "Or not."}},
    {"{\"numbering\": true}", TEXT("2. You may. A. Or not. 1.10. B. End."), {"2. You may.", "A. Or not.", "1.10. B. End."}},
    {"{\"numbering\": true}", TEXT("It is 5. No. 12345678901. Right."), {"It is 5.", "No.", "12345678901. Right."}},
    {"{\"numbering\": true}", TEXT("123456789012. Long. 7."), {"123456789012.", "Long.", "7."}},
    {"{\"numbering\": true}", TEXT("1.\nNext."), {"1.", "Next."}},
    {"{\"numbering\": true, \"wrapped\": true}", TEXT("1.\nNext.\n2.\n\nPart"), {"1.\nNext.", "2.", "Part"}},
    {"{\"numbering\": true, \"trim\": false}", TEXT(" 1. One.  2."), {" 1. One.  ", "2."}},
    {"{\"numbering\": true, \"min_length\": 4}", TEXT("1. Oh. 2. Two."), {"1. Oh.", "2. Two."}},
    /* settings */
    {"{\"trim\": false}", TEXT(" One.  Two. "), {" One.  ", "Two. "}},
    {"{\"trim\": false}", TEXT("  "), {"  "}},
    {"{\"min_length\": 3}", TEXT("A. Bb. 好。好好。"), {"Bb.", "好好。"}},
    {"{\"min_length\": 0}", TEXT("A. \n"), {"A."}},
    {"{\"limit\": 2}", TEXT("A. B. C."), {"A.", "B."}},
    {"{\"limit\": 1, \"min_length\": 3}", TEXT("A. Bb. Cc."), {"Bb."}},
};

START_TEST(sentences_become_chunks)
{
    kit_open(&kit, "sentencizer", cases[_i].uses_with);
    kit_begin(&kit);
    kit_add(&kit, cases[_i].text, cases[_i].size);
    kit_send(&kit, "/any", NULL);
    kit_equal(sluice_document_text(kit_document(&kit, 0)), cases[_i].text, cases[_i].size);
    check_chunks(kit_document(&kit, 0), cases[_i].sentences);
    check_locations(kit_document(&kit, 0));
}
END_TEST

START_TEST(nul_bytes_belong_to_the_sentence)
{
    kit_open(&kit, "sentencizer", NULL);
    kit_begin(&kit);
    kit_add(&kit, TEXT("A\0b. \0C d."));
    kit_send(&kit, "/any", NULL);
    const sluice_document_array *chunks = sluice_document_chunks(kit_document(&kit, 0));
    ck_assert_uint_gt(sluice_document_array_size(chunks), 0);
    sluice_text first = sluice_document_text(sluice_document_array_at(chunks, 0));
    ck_assert_ptr_nonnull(memchr(first.data, '\0', first.size));
    check_locations(kit_document(&kit, 0));
}
END_TEST

START_TEST(a_chunk_knows_its_parent)
{
    kit_open(&kit, "sentencizer", NULL);
    kit_begin(&kit);
    sluice_document *document = kit_add(&kit, TEXT("One. Two."));
    sluice_document_set_mime_type(document, TEXT("text/plain"));
    sluice_document_set_uri(document, TEXT("file:one.txt"));
    sluice_document_set_granularity(document, 3);
    kit_send(&kit, "/any", NULL);
    const sluice_document_array *chunks = sluice_document_chunks(kit_document(&kit, 0));
    const sluice_document *first = sluice_document_array_at(chunks, 0), *second = sluice_document_array_at(chunks, 1);
    kit_equal(sluice_document_parent_id(first), "d0", 2);
    kit_equal(sluice_document_mime_type(first), TEXT("text/plain"));
    kit_equal(sluice_document_uri(second), TEXT("file:one.txt"));
    ck_assert(sluice_document_offset(first) == 0 && sluice_document_offset(second) == 1);
    ck_assert_uint_eq(sluice_document_granularity(first), 4);
    sluice_text a = sluice_document_id(first), b = sluice_document_id(second);
    ck_assert_uint_eq(a.size, 32);
    ck_assert(a.size == b.size && memcmp(a.data, b.data, a.size) != 0);
}
END_TEST

START_TEST(stable_ids_are_made_of_uri_or_id_and_number)
{
    kit_open(&kit, "sentencizer", "{\"stable_ids\": true}");
    kit_begin(&kit);
    sluice_document_set_uri(kit_add(&kit, TEXT("One. Two.")), TEXT("file:a"));
    kit_add(&kit, TEXT("Three."));
    sluice_document_set_id(kit_add(&kit, TEXT("Four.")), "", 0);
    for (int round = 0; round < 2; round++) {
        static const char *const ids[][2] = {{"file:a#0", "file:a#1"}, {"d1#0", NULL}};
        kit_send(&kit, "/any", NULL);
        for (size_t i = 0; i < 2; i++)
            for (size_t j = 0; j < 2 && ids[i][j] != NULL; j++) {
                const sluice_document_array *chunks = sluice_document_chunks(kit_document(&kit, i));
                kit_equal(sluice_document_id(sluice_document_array_at(chunks, j)), ids[i][j], strlen(ids[i][j]));
            }
        const sluice_document_array *chunks = sluice_document_chunks(kit_document(&kit, 2));
        ck_assert_uint_eq(sluice_document_id(sluice_document_array_at(chunks, 0)).size, 32);
    }
    kit_send(&kit, "/any", "{\"stable_ids\": false}");
    ck_assert_uint_eq(sluice_document_id(sluice_document_array_at(sluice_document_chunks(kit_document(&kit, 0)), 0)).size, 32);
}
END_TEST

START_TEST(locations_count_characters)
{
    static const float expected[][2] = {{2, 6}, {8, 11}};
    kit_open(&kit, "sentencizer", NULL);
    kit_post(&kit, "/any", NULL, "  \U0001F600好é.  Zwö");
    const sluice_document_array *chunks = sluice_document_chunks(kit_document(&kit, 0));
    for (size_t i = 0; i < 2; i++) {
        size_t count = 0;
        const float *location = sluice_document_location(sluice_document_array_at(chunks, i), &count);
        ck_assert_uint_eq(count, 2);
        ck_assert(location[0] == expected[i][0] && location[1] == expected[i][1]);
    }
}
END_TEST

/* A float counts exactly up to 2^24 only. */
START_TEST(a_sentence_too_far_behind_has_no_location)
{
    const size_t far = 1u << 24;
    char *text = malloc(far + 16);
    ck_assert_ptr_nonnull(text);
    memset(text, 'a', far + 16);
    memcpy(text + far - 8, "b. Cc. Dd. Ee. X", 16);
    kit_open(&kit, "sentencizer", NULL);
    kit_begin(&kit);
    kit_add(&kit, text, far + 8);
    free(text);
    kit_send(&kit, "/any", NULL);
    const sluice_document_array *chunks = sluice_document_chunks(kit_document(&kit, 0));
    size_t count = 0;
    ck_assert_uint_eq(sluice_document_array_size(chunks), 5);
    const float *location = sluice_document_location(sluice_document_array_at(chunks, 1), &count);
    ck_assert_uint_eq(count, 2);
    ck_assert(location[1] == (float)(far - 2));
    sluice_document_location(sluice_document_array_at(chunks, 2), &count);
    ck_assert_uint_eq(count, 0);
}
END_TEST

START_TEST(chunks_that_were_there_stay)
{
    kit_open(&kit, "sentencizer", NULL);
    kit_begin(&kit);
    sluice_document *chunk = sluice_document_add_chunk(kit_add(&kit, TEXT("One. Two.")));
    sluice_document_set_string(chunk, "Old one. Old two.");
    kit_send(&kit, "/any", NULL);
    check_chunks(kit_document(&kit, 0), (const char *const[]){"Old one. Old two.", "One.", "Two.", NULL});
    kit_send(&kit, "/any", "{\"traversal_path\": \"c\"}");
    check_chunks(kit_document(&kit, 0), (const char *const[]){"Old one. Old two.", NULL});
    const sluice_document_array *chunks = sluice_document_chunks(kit_document(&kit, 0));
    check_chunks(sluice_document_array_at(chunks, 0), (const char *const[]){"Old one.", "Old two.", NULL});
}
END_TEST

START_TEST(chunks_made_by_the_call_are_not_split_again)
{
    kit_open(&kit, "sentencizer", "{\"traversal_path\": \"@r,c\"}");
    kit_begin(&kit);
    sluice_document_set_string(sluice_document_add_chunk(kit_add(&kit, TEXT("One. Two."))), "Old.");
    kit_send(&kit, "/any", NULL);
    const sluice_document_array *chunks = sluice_document_chunks(kit_document(&kit, 0));
    ck_assert_uint_eq(sluice_document_array_size(chunks), 3);
    check_chunks(sluice_document_array_at(chunks, 0), (const char *const[]){"Old.", NULL});
    check_chunks(sluice_document_array_at(chunks, 1), (const char *const[]){NULL});
}
END_TEST

START_TEST(a_request_overrides_for_itself)
{
    kit_open(&kit, "sentencizer", "{\"limit\": 1}");
    kit_post(&kit, "/any", "{\"limit\": 0, \"locale\": \"el\", \"min_length\": 5}", "Πώς; Εσύ; Καλά;");
    check_chunks(kit_document(&kit, 0), (const char *const[]){"Καλά;", NULL});
    kit_post(&kit, "/any", NULL, "Πώς; Εσύ; Καλά;");
    check_chunks(kit_document(&kit, 0), (const char *const[]){"Πώς; Εσύ; Καλά;", NULL});
    kit_post(&kit, "/any", "{\"locale\": \"en-u-ss-standard\"}", "Mr. Smith came. He sat.");
    check_chunks(kit_document(&kit, 0), (const char *const[]){"Mr. Smith came.", NULL});
    kit_post(&kit, "/any", "{\"trim\": false}", "A. B.");
    check_chunks(kit_document(&kit, 0), (const char *const[]){"A. ", NULL});
}
END_TEST

START_TEST(many_documents_and_none)
{
    kit_open(&kit, "sentencizer", NULL);
    kit_post(&kit, "/any", NULL, NULL);
    ck_assert_int_eq(kit.status, SLUICE_OK);
    kit_begin(&kit);
    for (size_t i = 0; i < 200; i++)
        kit_add(&kit, TEXT("One. Two."));
    kit_send(&kit, "/any", NULL);
    for (size_t i = 0; i < 200; i++)
        check_chunks(kit_document(&kit, i), (const char *const[]){"One.", "Two.", NULL});
}
END_TEST

START_TEST(a_document_with_a_blob_is_left_alone)
{
    kit_open(&kit, "sentencizer", NULL);
    kit_begin(&kit);
    sluice_document_set_blob(kit_add(&kit, "", 0), TEXT("One. Two."));
    kit_send(&kit, "/any", NULL);
    kit_equal(sluice_document_blob(kit_document(&kit, 0)), TEXT("One. Two."));
    ck_assert_uint_eq(sluice_document_array_size(sluice_document_chunks(kit_document(&kit, 0))), 0);
}
END_TEST

/* ---- real texts: the licences that every Debian has ---- */

#define LICENCES "/usr/share/common-licenses/"

static void add_file(const char *path)
{
    FILE *file = fopen(path, "re");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    static char text[1 << 16];
    size_t size = fread(text, 1, sizeof(text), file);
    ck_assert_uint_lt(size, sizeof(text));
    fclose(file);
    kit_add(&kit, text, size);
}

/* The sentences and white space between them are the whole text. */
static void check_whole(const sluice_document *document)
{
    sluice_text text = sluice_document_text(document);
    const sluice_document_array *chunks = sluice_document_chunks(document);
    size_t at = 0;
    for (size_t i = 0; i < sluice_document_array_size(chunks); i++) {
        sluice_text sentence = sluice_document_text(sluice_document_array_at(chunks, i));
        while (at < text.size && strchr(" \t\n\f", text.data[at]) != NULL)
            at++;
        ck_assert_msg(sentence.size <= text.size - at && memcmp(text.data + at, sentence.data, sentence.size) == 0,
                      "behind sentence %zu something is left out: %.40s", i, text.data + at);
        at += sentence.size;
    }
    ck_assert_uint_eq(text.size - at, strspn(text.data + at, " \t\n\f"));
}

static bool has_sentence(const sluice_document *document, const char *sentence)
{
    const sluice_document_array *chunks = sluice_document_chunks(document);
    for (size_t i = 0; i < sluice_document_array_size(chunks); i++)
        if (sluice_text_is(sluice_document_text(sluice_document_array_at(chunks, i)), sentence))
            return true;
    return false;
}

START_TEST(sentences_of_licences)
{
    static const struct {
        const char *file, *sentence;
        size_t least;
    } licences[] = {
        {LICENCES "GPL-1", "END OF TERMS AND CONDITIONS", 70},
        {LICENCES "GPL-2", "2. You may modify your copy or copies of the Program or any portion\nof it, thus forming a work based on the "
                           "Program, and copy and\ndistribute such modifications or work under the terms of Section 1\nabove, provided "
                           "that you also meet all of these conditions:", 90},
        {LICENCES "GPL-3", "You must make sure that they, too, receive\nor can get the source code.", 190},
        {LICENCES "LGPL-2", "Finally, any free program is threatened constantly by software\npatents.", 130},
        {LICENCES "MPL-2.0", "1.2. \"Contributor Version\"\n    means the combination of the Contributions of others (if any) used\n    by "
                             "a Contributor and that particular Contributor's Contribution.", 90},
    };
    kit_open(&kit, "sentencizer", "{\"wrapped\": true, \"numbering\": true}");
    kit_begin(&kit);
    for (size_t i = 0; i < sizeof(licences) / sizeof(licences[0]); i++)
        add_file(licences[i].file);
    kit_send(&kit, "/index", NULL);
    for (size_t i = 0; i < sizeof(licences) / sizeof(licences[0]); i++) {
        const sluice_document *document = kit_document(&kit, i);
        check_locations(document);
        check_whole(document);
        ck_assert_msg(has_sentence(document, licences[i].sentence), "%s has no: %s", licences[i].file, licences[i].sentence);
        ck_assert_uint_ge(sluice_document_array_size(sluice_document_chunks(document)), licences[i].least);
        ck_assert(!has_sentence(document, "2."));
    }
}
END_TEST

static const struct {
    const char *parameters, *description;
} wrong[] = {
    {"{\"limit\": -1}", "ValueError('limit must be a whole number from 0 to 1000000000')"},
    {"{\"limit\": 1.5}", "ValueError('limit must be a whole number from 0 to 1000000000')"},
    {"{\"min_length\": \"2\"}", "ValueError('min_length must be a whole number from 0 to 1000000000')"},
    {"{\"trim\": 1}", "ValueError('trim must be true or false')"},
    {"{\"stable_ids\": 1}", "ValueError('stable_ids must be true or false')"},
    {"{\"numbering\": \"yes\"}", "ValueError('numbering must be true or false')"},
    {"{\"locale\": 5}", "ValueError('locale must be a string')"},
    {"{\"locale\": \"not a language\"}",
     "ValueError('locale \"not a language\" is no language tag, such as \"de\" or \"en-US\"')"},
    {"{\"traversal_path\": \"x\"}",
     "ValueError('traversal_path \"x\" must be made of r, c, m and commas, such as \"r\" or \"r,c\"')"},
    {"{\"traversal_path\": \"@\"}",
     "ValueError('traversal_path \"\" must be made of r, c, m and commas, such as \"r\" or \"r,c\"')"},
};

START_TEST(a_wrong_parameter_fails_the_call)
{
    kit_open(&kit, "sentencizer", NULL);
    kit_post(&kit, "/any", wrong[_i].parameters, "One. Two.");
    kit_failed(&kit, wrong[_i].description);
}
END_TEST

START_TEST(wrong_settings_do_not_start)
{
    kit_refused("sentencizer", "{\"limit\": -1}", "limit");
    kit_refused("sentencizer", "{\"locale\": \"not a language\"}", "no language tag");
    kit_refused("sentencizer", "{\"traversal_path\": \"r;c\"}", "traversal_path");
    kit_refused("sentencizer", "{\"language\": \"de\"}", "language");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("sentencizer");
    tcase_add_checked_fixture(tests, NULL, teardown);
    tcase_set_timeout(tests, 60);
    tcase_add_loop_test(tests, sentences_become_chunks, 0, (int)(sizeof(cases) / sizeof(cases[0])));
    tcase_add_test(tests, nul_bytes_belong_to_the_sentence);
    tcase_add_test(tests, a_chunk_knows_its_parent);
    tcase_add_test(tests, stable_ids_are_made_of_uri_or_id_and_number);
    tcase_add_test(tests, locations_count_characters);
    tcase_add_test(tests, a_sentence_too_far_behind_has_no_location);
    tcase_add_test(tests, chunks_that_were_there_stay);
    tcase_add_test(tests, chunks_made_by_the_call_are_not_split_again);
    tcase_add_test(tests, a_request_overrides_for_itself);
    tcase_add_test(tests, many_documents_and_none);
    tcase_add_test(tests, a_document_with_a_blob_is_left_alone);
    tcase_add_test(tests, sentences_of_licences);
    tcase_add_loop_test(tests, a_wrong_parameter_fails_the_call, 0, (int)(sizeof(wrong) / sizeof(wrong[0])));
    tcase_add_test(tests, wrong_settings_do_not_start);
    return kit_run("plugins.sentencizer", tests);
}
