/*
 * sentencizer.c - splits the text of each document into sentences, which become its chunks. See
 * docs/plugins/sentencizer.md.
 *
 * Boundaries are those of Unicode (UAX #29) as ICU finds them. ICU reads the UTF-8 in place and counts in bytes; a
 * chunk's location counts in code points, as an index of a Python string does, so `split()` counts the characters along
 * with the boundaries. Bytes that are no UTF-8 take part as ICU takes them (U+FFFD) and are copied as they are.
 *
 * A break iterator is not thread-safe and not cheap to make: each worker keeps the one of uses_with, and one more for
 * the last locale that a request asked for.
 */
#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/uloc.h>
#include <unicode/utext.h>
#include <unicode/utf8.h>

#define LOCALE_SIZE   ULOC_FULLNAME_CAPACITY
#define COUNT_MAX     1e9
#define CANCEL_STEP   256        /* sentences between two looks at the cancel */
#define COUNT_EXACT   (1u << 24) /* a float counts exactly up to here */
#define NUMBER_SIZE   24         /* bytes of "#" and a number, with a final NUL */
#define NUMBERING_MAX 12         /* characters of "10.11.12." */

/* What may differ from request to request. */
struct options {
    char locale[LOCALE_SIZE]; /* ICU's name; "" is the root locale */
    char paths[PATHS_SIZE];   /* whose texts */
    size_t min_length;        /* code points */
    size_t limit;             /* chunks per document; 0: all */
    bool trim;
    bool wrapped;   /* line ends inside a paragraph do not end a sentence */
    bool numbering; /* "2." stays with the sentence behind it */
    bool stable;    /* ids are made of the document's uri or id, and the sentence's number */
};

struct splitter {
    char locale[LOCALE_SIZE];
    UBreakIterator *breaks; /* NULL: not made yet */
};

struct worker {
    const struct options *usual;
    struct splitter usual_splitter, other_splitter;
    struct found_documents found;
    char *unwrapped; /* scratch: a text with its single line ends replaced */
    size_t unwrapped_size;
    char *id; /* scratch: the id of a sentence */
    size_t id_size;
};

/* ---- options ---- */

static sluice_status copy_text(sluice_text text, const char *key, char *buffer, size_t size, sluice_error *error)
{
    if (text.size >= size || memchr(text.data, '\0', text.size) != NULL)
        return sluice_fail(error, SLUICE_INVALID, "sentencizer", "%s must have less than %zu bytes, none of them NUL",
                           key, size);
    memcpy(buffer, text.data, text.size);
    buffer[text.size] = '\0';
    return SLUICE_OK;
}

/* "de", "en_US" or "en-u-ss-standard" to ICU's name of the locale. */
static sluice_status read_locale(sluice_text text, char *locale, sluice_error *error)
{
    char tag[LOCALE_SIZE];
    sluice_status status = copy_text(text, "locale", tag, sizeof(tag), error);
    if (status != SLUICE_OK)
        return status;

    UErrorCode code = U_ZERO_ERROR;
    int32_t parsed = 0;
    uloc_forLanguageTag(tag, locale, LOCALE_SIZE, &parsed, &code);
    if (U_FAILURE(code) || code == U_STRING_NOT_TERMINATED_WARNING || (size_t)parsed != text.size)
        return sluice_fail(error, SLUICE_INVALID, "sentencizer",
                           "locale \"%s\" is no language tag, such as \"de\" or \"en-US\"", tag);
    return SLUICE_OK;
}

static sluice_status read_paths(sluice_text text, char *paths, sluice_error *error)
{
    return paths_read(text, "traversal_path", paths, error);
}

static sluice_status read_count(const sluice_value *map, const char *key, size_t *count, sluice_error *error)
{
    const sluice_value *value = sluice_value_get(map, key);
    if (value == NULL)
        return SLUICE_OK;
    int64_t number = sluice_value_integer(value, -1);
    if (number < 0 || (double)number > COUNT_MAX)
        return sluice_fail(error, SLUICE_INVALID, "sentencizer", "%s must be a whole number from 0 to %.0f", key,
                           COUNT_MAX);
    *count = (size_t)number;
    return SLUICE_OK;
}

static sluice_status read_string(const sluice_value *map, const char *key,
                                 sluice_status (*read)(sluice_text text, char *to, sluice_error *error), char *to,
                                 sluice_error *error)
{
    const sluice_value *value = sluice_value_get(map, key);
    if (value == NULL)
        return SLUICE_OK;
    if (sluice_value_kind_of(value) != SLUICE_VALUE_STRING)
        return sluice_fail(error, SLUICE_INVALID, "sentencizer", "%s must be a string", key);
    return read(sluice_value_string(value), to, error);
}

static sluice_status read_flag(const sluice_value *map, const char *key, bool *flag, sluice_error *error)
{
    const sluice_value *value = sluice_value_get(map, key);
    if (value == NULL)
        return SLUICE_OK;
    if (sluice_value_kind_of(value) != SLUICE_VALUE_BOOL)
        return sluice_fail(error, SLUICE_INVALID, "sentencizer", "%s must be true or false", key);
    *flag = sluice_value_bool(value, false);
    return SLUICE_OK;
}

/* Take over what `map` has; the rest of `options` stays. */
static sluice_status read_options(const sluice_value *map, struct options *options, sluice_error *error)
{
    sluice_status status = read_string(map, "locale", read_locale, options->locale, error);
    if (status == SLUICE_OK)
        status = read_string(map, "traversal_path", read_paths, options->paths, error);
    if (status == SLUICE_OK)
        status = read_count(map, "min_length", &options->min_length, error);
    if (status == SLUICE_OK)
        status = read_count(map, "limit", &options->limit, error);
    if (status == SLUICE_OK)
        status = read_flag(map, "trim", &options->trim, error);
    if (status == SLUICE_OK)
        status = read_flag(map, "wrapped", &options->wrapped, error);
    if (status == SLUICE_OK)
        status = read_flag(map, "numbering", &options->numbering, error);
    if (status == SLUICE_OK)
        status = read_flag(map, "stable_ids", &options->stable, error);
    return status;
}

/* ---- lifetimes ---- */

static sluice_status sentencizer_open(const sluice_host *host, const sluice_value *parameters, void **ret_executor,
                                      sluice_error *error)
{
    (void)host;
    struct options *options = calloc(1, sizeof(*options));
    if (options == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "sentencizer", "no memory");
    sluice_status status = read_options(parameters, options, error);
    if (status != SLUICE_OK) {
        free(options);
        return status;
    }
    *ret_executor = options;
    return SLUICE_OK;
}

static void splitter_done(struct splitter *splitter)
{
    if (splitter->breaks != NULL)
        ubrk_close(splitter->breaks);
    splitter->breaks = NULL;
}

/* The break iterator for `locale`, made if the one that is there is for another. */
static sluice_status splitter_set(struct splitter *splitter, const char *locale, sluice_error *error)
{
    if (splitter->breaks != NULL && strcmp(splitter->locale, locale) == 0)
        return SLUICE_OK;
    splitter_done(splitter);
    UErrorCode code = U_ZERO_ERROR;
    UBreakIterator *breaks = ubrk_open(UBRK_SENTENCE, locale, NULL, 0, &code);
    if (U_FAILURE(code))
        return sluice_fail(error, SLUICE_INVALID, "sentencizer", "ICU has no sentences for locale \"%s\": %s", locale,
                           u_errorName(code));
    splitter->breaks = breaks;
    memcpy(splitter->locale, locale, strlen(locale) + 1);
    return SLUICE_OK;
}

static void worker_close(void *state)
{
    struct worker *worker = state;
    splitter_done(&worker->usual_splitter);
    splitter_done(&worker->other_splitter);
    paths_done(&worker->found);
    free(worker->unwrapped);
    free(worker->id);
    free(worker);
}

static sluice_status worker_open(void *executor, void **ret_worker, sluice_error *error)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "sentencizer", "no memory");
    worker->usual = executor;
    sluice_status status = splitter_set(&worker->usual_splitter, worker->usual->locale, error);
    if (status != SLUICE_OK) {
        worker_close(worker);
        return status;
    }
    *ret_worker = worker;
    return SLUICE_OK;
}

/* ---- one document ---- */

struct span {
    size_t begin, end; /* bytes */
};

static size_t count_characters(sluice_text text, struct span span)
{
    size_t count = 0;
    for (size_t i = span.begin; i < span.end; i++)
        count += ((unsigned char)text.data[i] & 0xC0) != 0x80;
    return count;
}

static struct span trimmed(sluice_text text, struct span span)
{
    const uint8_t *bytes = (const uint8_t *)text.data;
    int32_t begin = (int32_t)span.begin, end = (int32_t)span.end; /* split_text() lets no longer text through */
    while (begin < end) {
        int32_t next = begin;
        UChar32 character;
        U8_NEXT(bytes, next, end, character);
        if (character < 0 || !u_isUWhiteSpace(character))
            break;
        begin = next;
    }
    while (begin < end) {
        int32_t last = end;
        UChar32 character;
        U8_PREV(bytes, begin, last, character);
        if (character < 0 || !u_isUWhiteSpace(character))
            break;
        end = last;
    }
    return (struct span){(size_t)begin, (size_t)end};
}

/* "URI#7", or "ID#7" when there is no uri; a document with neither leaves its sentence the random id it has. */
static sluice_status set_stable_id(struct worker *worker, const sluice_document *document, sluice_document *chunk,
                                   size_t number)
{
    sluice_text name = sluice_document_uri(document);
    if (name.size == 0)
        name = sluice_document_id(document);
    if (name.size == 0)
        return SLUICE_OK;
    if (worker->id_size < name.size + NUMBER_SIZE) {
        char *grown = realloc(worker->id, name.size + NUMBER_SIZE);
        if (grown == NULL)
            return SLUICE_NO_MEMORY;
        worker->id = grown;
        worker->id_size = name.size + NUMBER_SIZE;
    }
    memcpy(worker->id, name.data, name.size);
    int digits = snprintf(worker->id + name.size, NUMBER_SIZE, "#%zu", number);
    return sluice_document_set_id(chunk, worker->id, name.size + (size_t)digits);
}

/* Sentence `number` of the document; `begin` and `length` count code points. */
static sluice_status add_sentence(sluice_document *document, sluice_text text, struct span span, size_t begin,
                                  size_t length, size_t number, sluice_document **ret_chunk)
{
    sluice_document *chunk = sluice_document_add_chunk(document);
    if (chunk == NULL)
        return SLUICE_LIMIT;
    *ret_chunk = chunk;
    sluice_text type = sluice_document_mime_type(document), uri = sluice_document_uri(document);
    sluice_status status = sluice_document_set_text(chunk, text.data + span.begin, span.end - span.begin);
    if (status == SLUICE_OK && type.size > 0)
        status = sluice_document_set_mime_type(chunk, type.data, type.size);
    if (status == SLUICE_OK && uri.size > 0)
        status = sluice_document_set_uri(chunk, uri.data, uri.size);
    if (status == SLUICE_OK && begin + length <= COUNT_EXACT)
        status = sluice_document_set_location(chunk, (float[]){(float)begin, (float)(begin + length)}, 2);
    if (number <= COUNT_EXACT)
        sluice_document_set_offset(chunk, (float)number);
    return status;
}

/* Is this "2.", "1.10." or "a.", which UAX #29 takes for a sentence? */
static bool is_numbering(sluice_text text, struct span span)
{
    const char *part = text.data + span.begin;
    size_t size = span.end - span.begin;
    if (size < 2 || size > NUMBERING_MAX || part[size - 1] != '.')
        return false;
    if (size == 2 && ((part[0] >= 'a' && part[0] <= 'z') || (part[0] >= 'A' && part[0] <= 'Z')))
        return true;
    for (size_t i = 0; i < size; i++)
        if (part[i] != '.' && (part[i] < '0' || part[i] > '9'))
            return false;
    return part[0] != '.';
}

/* `source` is what ICU reads: the text, or its unwrapped copy. */
static sluice_status split(sluice_call *call, sluice_document *document, const struct options *options,
                           UBreakIterator *breaks, const char *source)
{
    sluice_text text = sluice_document_text(document);
    size_t begin = 0, made = 0, seen = 0,
           start = 0; /* begin: code points before the sentence, which starts at `start` */
    sluice_status status = SLUICE_OK;

    ubrk_first(breaks);
    for (size_t at = 0; at < text.size && status == SLUICE_OK; seen++) {
        if (seen % CANCEL_STEP == 0 && sluice_call_cancelled(call))
            return SLUICE_CANCELLED;
        int32_t next = ubrk_next(breaks);
        struct span found = {at, next == UBRK_DONE ? text.size : (size_t)next};
        at = found.end;
        if (options->numbering && at < text.size && source[at - 1] != '\n' && is_numbering(text, trimmed(text, found)))
            continue;
        struct span whole = {start, at};
        struct span span = options->trim ? trimmed(text, whole) : whole;
        size_t before = count_characters(text, (struct span){whole.begin, span.begin});
        size_t length = count_characters(text, span);
        if (length >= options->min_length && span.end > span.begin) {
            sluice_document *chunk = NULL;
            status = add_sentence(document, text, span, begin + before, length, made, &chunk);
            if (status == SLUICE_OK && options->stable)
                status = set_stable_id(sluice_call_worker(call), document, chunk, made);
            if (++made == options->limit)
                break;
        }
        begin += before + length + count_characters(text, (struct span){span.end, whole.end});
        start = at;
    }
    return status;
}

/* Is there nothing but white space from `start` to the end of the line? *ret_end is where the line end, or the end, is.
 */
static bool blank_line(sluice_text text, size_t start, size_t *ret_end)
{
    size_t end = start;
    bool blank = true;
    for (; end < text.size && text.data[end] != '\n'; end++)
        blank = blank && (text.data[end] == ' ' || text.data[end] == '\t' || text.data[end] == '\r' ||
                          text.data[end] == '\f' || text.data[end] == '\v'); /* a page may end there */
    *ret_end = end;
    return blank;
}

/*
 * A copy of the text in which the line ends within paragraphs are blanks, so that ICU sees no boundary there. It is as
 * long as the text, so ICU's places hold for both. A blank line keeps its line ends, and the one before it.
 */
static bool unwrap(struct worker *worker, sluice_text text)
{
    if (worker->unwrapped_size < text.size) {
        free(worker->unwrapped);
        worker->unwrapped = malloc(text.size);
        worker->unwrapped_size = worker->unwrapped == NULL ? 0 : text.size;
        if (worker->unwrapped == NULL)
            return false;
    }
    memcpy(worker->unwrapped, text.data, text.size);

    size_t end, next_end;
    bool blank = blank_line(text, 0, &end);
    while (end < text.size) {
        bool next_blank = blank_line(text, end + 1, &next_end);
        if (!blank && !next_blank) {
            worker->unwrapped[end] = ' ';
            if (end > 0 && text.data[end - 1] == '\r')
                worker->unwrapped[end - 1] = ' ';
        }
        blank = next_blank;
        end = next_end;
    }
    return true;
}

static sluice_status split_text(sluice_call *call, sluice_document *document, const struct options *options,
                                UBreakIterator *breaks)
{
    struct worker *worker = sluice_call_worker(call);
    sluice_text text = sluice_document_text(document);
    if (text.size == 0)
        return SLUICE_OK;
    if (text.size > INT32_MAX)
        return sluice_call_fail(call, "ValueError", "a text of %zu bytes is longer than the %d that ICU takes",
                                text.size, INT32_MAX);
    if (options->wrapped && !unwrap(worker, text))
        return SLUICE_NO_MEMORY;

    const char *read = options->wrapped ? worker->unwrapped : text.data;
    UErrorCode code = U_ZERO_ERROR;
    UText source = UTEXT_INITIALIZER;
    utext_openUTF8(&source, read, (int64_t)text.size, &code);
    ubrk_setUText(breaks, &source, &code);
    sluice_status status =
        U_SUCCESS(code) ? split(call, document, options, breaks, read)
                        : sluice_call_fail(call, "RuntimeError", "ICU cannot read the text: %s", u_errorName(code));
    utext_close(&source); /* the iterator has a shallow clone, which is never read again before the next setUText */
    return status;
}

/* ---- one call ---- */

static sluice_status split_all(sluice_call *call, struct worker *worker, const struct options *options,
                               UBreakIterator *breaks)
{
    sluice_status status = paths_find(call, options->paths, &worker->found);
    for (size_t i = 0; i < worker->found.count && status == SLUICE_OK; i++)
        status = split_text(call, worker->found.documents[i], options, breaks);
    return status;
}

static sluice_status sentencize(sluice_call *call)
{
    struct worker *worker = sluice_call_worker(call);
    struct options options = *worker->usual;
    struct splitter *splitter = &worker->usual_splitter;
    sluice_error error;

    sluice_status status = read_options(sluice_call_parameters(call), &options, &error);
    if (status == SLUICE_OK && strcmp(options.locale, splitter->locale) != 0) {
        splitter = &worker->other_splitter;
        status = splitter_set(splitter, options.locale, &error);
    }
    if (status != SLUICE_OK)
        return sluice_call_fail(call, "ValueError", "%s", error.text);
    return split_all(call, worker, &options, splitter->breaks);
}

/* ---- the tables ---- */

static const sluice_handler handlers[] = {
    {"sentencize", "/default", sentencize},
    {0 }
};

static const sluice_parameter parameters[] = {
    {.name = "locale",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"\"",
     .help = "Language tag; \"en-u-ss-standard\" also knows abbreviations. Empty: the plain rules of UAX #29."},
    {.name = "min_length",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "1",
     .minimum = 0,
     .maximum = COUNT_MAX,
     .help = "Shorter sentences (in characters) are left out."},
    {.name = "limit",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "0",
     .minimum = 0,
     .maximum = COUNT_MAX,
     .help = "At most so many chunks per document, the first ones; 0: all."},
    {.name = "trim",
     .type = SLUICE_PARAMETER_BOOL,
     .fallback = "true",
     .help = "Strip white space from both ends of a sentence; false: the chunks joined are the text."},
    {.name = "wrapped",
     .type = SLUICE_PARAMETER_BOOL,
     .fallback = "false",
     .help = "The text is wrapped: line ends inside a paragraph do not end a sentence."},
    {.name = "numbering",
     .type = SLUICE_PARAMETER_BOOL,
     .fallback = "false",
     .help = "A number that would be a sentence, such as \"2.\", stays with the one behind it."},
    {.name = "stable_ids",
     .type = SLUICE_PARAMETER_BOOL,
     .fallback = "false",
     .help = "A sentence's id is the document's uri (or id), # and its number, instead of random."},
    {.name = "traversal_path",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"r\"",
     .help = "Which documents: r the documents, c their chunks, m their matches, several with commas."},
    {0                                     },
};

SLUICE_PLUGIN(.name = "sentencizer", .version = "1.0",
              .help = "Splits each text into sentences, which become its chunks.", .handlers = handlers,
              .parameters = parameters, .executor_open = sentencizer_open, .executor_close = free,
              .worker_open = worker_open, .worker_close = worker_close)
