/*
 * The plugin `sentencizer` on any text. The first byte chooses the settings. Whatever the text: chunks are not empty,
 * each one's location cuts its text out of the document's, they come in order, and without trimming they join to the
 * text.
 */
#include "tests/fuzz/require.h"

#include <sluice/testkit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    TRIM = 1,
    WRAPPED = 2,
    LONG = 4,
    LOCALES = 8,
    NUMBERING = 32
}; /* bits of the first byte; LOCALES: the lower of two */

static sluice_testkit *kit; /* one for all inputs, so that the break iterators are used again and again */

static void close_kit(void)
{
    sluice_testkit_close(kit);
}

static void open_kit(void)
{
    sluice_error error;
    if (sluice_testkit_open(sluice_plugin_entry(), NULL, &kit, &error) != SLUICE_OK) {
        fprintf(stderr, "%s\n", error.text);
        abort();
    }
    atexit(close_kit);
}

static void write_parameters(uint8_t choice, char *json, size_t size)
{
    static const char *const locales[] = {"", "en-u-ss-standard", "el", "th"};
    snprintf(json, size, "{\"trim\": %s, \"wrapped\": %s, \"min_length\": %d, \"locale\": \"%s\", \"numbering\": %s}",
             choice & TRIM ? "true" : "false", choice & WRAPPED ? "true" : "false", choice & LONG ? 3 : 1,
             locales[choice / LOCALES % 4], choice & NUMBERING ? "true" : "false");
}

static size_t count_characters(const char *text, size_t size)
{
    size_t count = 0;
    for (size_t i = 0; i < size; i++)
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    return count;
}

/* Is this byte the second or a later one of a character? */
static bool inside(sluice_text text, size_t at)
{
    return at < text.size && ((unsigned char)text.data[at] & 0xC0) == 0x80;
}

/* The chunks stand in the text one behind the other, where their locations say. */
static void check(const sluice_document *document, bool whole)
{
    sluice_text text = sluice_document_text(document);
    const sluice_document_array *chunks = sluice_document_chunks(document);
    size_t at = 0;
    for (size_t i = 0; i < sluice_document_array_size(chunks); i++) {
        const sluice_document *chunk = sluice_document_array_at(chunks, i);
        sluice_text part = sluice_document_text(chunk);
        size_t count = 0;
        const float *location = sluice_document_location(chunk, &count);
        require(part.size > 0 && count == 2);
        while (count_characters(text.data, at) < (size_t)location[0] || inside(text, at))
            at++;
        require(part.size <= text.size - at && memcmp(text.data + at, part.data, part.size) == 0);
        require(!whole || i > 0 || at == 0);
        at += part.size;
        require(count_characters(text.data, at) == (size_t)location[1]);
    }
    require(!whole || at == text.size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { TEXT_MAX = 4096 }; /* check() is quadratic */
    if (size == 0 || size > TEXT_MAX)
        return 0;
    if (kit == NULL)
        open_kit();
    char parameters[192];
    write_parameters(data[0], parameters, sizeof(parameters));

    sluice_document_array *sent = sluice_document_array_new(), *answer = NULL;
    sluice_document *document = sluice_document_array_append(sent);
    if (sluice_document_set_text(document, data + 1, size - 1) == SLUICE_OK) { /* else it is no UTF-8 */
        sluice_error error;
        sluice_status status = sluice_testkit_call(kit, "/", sent, parameters, &answer, &error);
        require(status == SLUICE_OK);
        check(sluice_document_array_at(answer, 0), (data[0] & (TRIM | LONG)) == 0);
        sluice_document_array_free(answer);
    }
    sluice_document_array_free(sent);
    return 0;
}
