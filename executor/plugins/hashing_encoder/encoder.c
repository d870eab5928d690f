/*
 * encoder.c - the plugin: an embedding for the text of each document, by signed feature hashing of its word and
 * character n-grams. See docs/plugins/hashing_encoder.md; words.h, fold.h and features.h are the way of a text.
 *
 * Nothing is learned and nothing is kept between requests. Each worker has its own iterator, tables and counters.
 */
#include "../paths.h"
#include "features.h"
#include "fold.h"
#include "words.h"

#include <stdlib.h>
#include <string.h>

#define CANCEL_STEP ((size_t)1 << 16) /* bytes of text between two looks at the cancel */

struct options {
    struct features_options features;
    bool fold;
    size_t text_max;                                        /* bytes */
    char index_paths[PATHS_SIZE], search_paths[PATHS_SIZE]; /* whose texts; at /search */
};

struct worker {
    const struct options *options;
    struct words words;
    struct fold fold;
    struct features features;
    struct found_documents found;
    float *vector;
};

/* ---- options ---- */

static uint32_t read_number(const sluice_value *map, const char *key)
{
    return (uint32_t)sluice_value_integer(sluice_value_get(map, key), 0); /* the host has checked kind and bounds */
}

static sluice_status check_range(const char *name, uint32_t minimum, uint32_t maximum, sluice_error *error)
{
    if (maximum == 0 || minimum <= maximum)
        return SLUICE_OK;
    return sluice_fail(error, SLUICE_INVALID, "hashing_encoder", "%s_ngram_min must not be above %s_ngram_max, %u",
                       name, name, maximum);
}

static sluice_status read_features(const sluice_value *map, struct features_options *options, sluice_error *error)
{
    *options = (struct features_options){
        .dimension = read_number(map, "dimension"),
        .words_min = read_number(map, "word_ngram_min"),
        .words_max = read_number(map, "word_ngram_max"),
        .characters_min = read_number(map, "character_ngram_min"),
        .characters_max = read_number(map, "character_ngram_max"),
        .seed = read_number(map, "seed"),
        .unit = sluice_text_is(sluice_value_string(sluice_value_get(map, "normalize")), "l2"),
    };
    if (options->words_max == 0 && options->characters_max == 0)
        return sluice_fail(error, SLUICE_INVALID, "hashing_encoder",
                           "word_ngram_max and character_ngram_max are both 0, which leaves nothing to hash");
    sluice_status status = check_range("word", options->words_min, options->words_max, error);
    if (status == SLUICE_OK)
        status = check_range("character", options->characters_min, options->characters_max, error);
    return status;
}

static sluice_status read_options(const sluice_value *map, struct options *options, sluice_error *error)
{
    sluice_status status = read_features(map, &options->features, error);
    options->fold = sluice_value_bool(sluice_value_get(map, "fold"), true);
    options->text_max = (size_t)sluice_value_integer(sluice_value_get(map, "max_text_bytes"), 0);
    if (status == SLUICE_OK)
        status = paths_read(sluice_value_string(sluice_value_get(map, "index_traversal_path")), "index_traversal_path",
                            options->index_paths, error);
    if (status == SLUICE_OK)
        status = paths_read(sluice_value_string(sluice_value_get(map, "search_traversal_path")),
                            "search_traversal_path", options->search_paths, error);
    return status;
}

/* ---- lifetimes ---- */

static sluice_status encoder_open(const sluice_host *host, const sluice_value *parameters, void **ret_executor,
                                  sluice_error *error)
{
    (void)host;
    struct options *options = calloc(1, sizeof(*options));
    if (options == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "hashing_encoder", "no memory");
    sluice_status status = read_options(parameters, options, error);
    if (status != SLUICE_OK) {
        free(options);
        return status;
    }
    *ret_executor = options;
    return SLUICE_OK;
}

static void worker_close(void *state)
{
    struct worker *worker = state;
    words_done(&worker->words);
    fold_done(&worker->fold);
    features_done(&worker->features);
    paths_done(&worker->found);
    free(worker->vector);
    free(worker);
}

static sluice_status worker_open(void *executor, void **ret_worker, sluice_error *error)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "hashing_encoder", "no memory");
    worker->options = executor;
    worker->vector = calloc(worker->options->features.dimension, sizeof(*worker->vector));
    sluice_status status = worker->vector == NULL ? SLUICE_NO_MEMORY : SLUICE_OK;
    if (status == SLUICE_OK)
        status = features_init(&worker->features, &worker->options->features);
    if (status != SLUICE_OK)
        sluice_fail(error, status, "hashing_encoder", "no memory");
    if (status == SLUICE_OK)
        status = words_init(&worker->words, error);
    if (status == SLUICE_OK)
        status = fold_init(&worker->fold, error);
    if (status != SLUICE_OK) {
        worker_close(worker);
        return status;
    }
    *ret_worker = worker;
    return SLUICE_OK;
}

/* ---- one document ---- */

static bool cancelled(void *context)
{
    return sluice_call_cancelled(context);
}

/* `readable` bytes of the text begin with this word. */
static sluice_status add_word(struct worker *worker, sluice_text word, size_t readable)
{
    if (!worker->options->fold)
        return features_add_word(&worker->features, word);
    if (word.size <= FOLD_SHORT && readable >= FOLD_SHORT) {
        char *room = features_room(&worker->features, FOLD_SHORT);
        if (room == NULL)
            return SLUICE_NO_MEMORY;
        if (fold_short_word(word.data, word.size, room))
            return features_take_word(&worker->features, word.size, true);
    }
    sluice_status status = fold_word(&worker->fold, word, &word);
    return status == SLUICE_OK ? features_add_word(&worker->features, word) : status;
}

/* All words of the text, as features. */
static sluice_status read_words(sluice_call *call, struct worker *worker, sluice_text text)
{
    sluice_text word;
    size_t looked = 0;
    words_begin(&worker->words, text);
    for (;;) {
        sluice_status status = words_next(&worker->words, &word);
        if (status == SLUICE_NOT_FOUND)
            return SLUICE_OK;
        if (status == SLUICE_OK)
            status = add_word(worker, word, (size_t)(text.data + text.size - word.data));
        if (status != SLUICE_OK)
            return status;
        if (worker->words.at - looked >= CANCEL_STEP) {
            looked = worker->words.at;
            if (sluice_call_cancelled(call))
                return SLUICE_CANCELLED;
        }
    }
}

/* Text number `index` of those at `paths`. */
static sluice_status encode_text(sluice_call *call, struct worker *worker, const char *paths, size_t index)
{
    const struct options *options = worker->options;
    sluice_document *document = worker->found.documents[index];
    sluice_text text = sluice_document_text(document);
    if (text.size == 0)
        return SLUICE_OK;
    if (text.size > options->text_max)
        return sluice_call_fail(call, "ValueError",
                                "text %zu at %s has %zu bytes, which is more than max_text_bytes, %zu", index, paths,
                                text.size, options->text_max);
    features_begin(&worker->features, cancelled, call);
    sluice_status status = read_words(call, worker, text);
    if (status == SLUICE_LIMIT)
        return sluice_call_fail(call, "ValueError", "text %zu at %s has a word that is too long for ICU", index, paths);
    if (status != SLUICE_OK)
        return status;
    features_finish(&worker->features, worker->vector);
    return sluice_document_set_embedding_floats(document, worker->vector, options->features.dimension);
}

/* ---- one call ---- */

/* Whose texts: the request's word, else the setting for its endpoint. */
static sluice_status read_paths(sluice_call *call, const struct options *options, char paths[PATHS_SIZE])
{
    const sluice_value *asked = sluice_value_get(sluice_call_parameters(call), "traversal_path");
    sluice_error error;
    bool search = sluice_text_is(sluice_call_endpoint(call), "/search");
    memcpy(paths, search ? options->search_paths : options->index_paths, PATHS_SIZE);
    if (asked == NULL)
        return SLUICE_OK;
    if (sluice_value_kind_of(asked) != SLUICE_VALUE_STRING)
        return sluice_call_fail(call, "ValueError", "traversal_path must be a string");
    if (paths_read(sluice_value_string(asked), "traversal_path", paths, &error) != SLUICE_OK)
        return sluice_call_fail(call, "ValueError", "%s", error.text);
    return SLUICE_OK;
}

static sluice_status encode(sluice_call *call)
{
    struct worker *worker = sluice_call_worker(call);
    char paths[PATHS_SIZE];
    sluice_status status = read_paths(call, worker->options, paths);
    if (status == SLUICE_OK)
        status = paths_find(call, paths, &worker->found);
    for (size_t i = 0; i < worker->found.count && status == SLUICE_OK; i++)
        status = sluice_call_cancelled(call) ? SLUICE_CANCELLED : encode_text(call, worker, paths, i);
    return status;
}

/* What stands behind an encoder may have endpoints whose documents are ids and no texts. */
static sluice_status pass(sluice_call *call)
{
    (void)call;
    return SLUICE_OK;
}

/* ---- the tables ---- */

static const sluice_handler handlers[] = {
    {"encode", "/default", encode},
    {"pass",  "/delete", pass},
    {"pass",   "/status", pass},
    {0   }
};

static const char *const normalizations[] = {"l2", "none", NULL};

static const sluice_parameter parameters[] = {
    {.name = "dimension",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "256",
     .minimum = 1,
     .maximum = FEATURES_DIMENSION_MAX,
     .help = "Numbers in an embedding."},
    {.name = "word_ngram_min",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "1",
     .minimum = 1,
     .maximum = FEATURES_WORDS_MAX,
     .help = "Words in the shortest word n-gram."},
    {.name = "word_ngram_max",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "2",
     .minimum = 0,
     .maximum = FEATURES_WORDS_MAX,
     .help = "Words in the longest word n-gram; 0: no word n-grams."},
    {.name = "character_ngram_min",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "3",
     .minimum = 1,
     .maximum = FEATURES_CHARACTERS_MAX,
     .help = "Characters in the shortest character n-gram."},
    {.name = "character_ngram_max",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "5",
     .minimum = 0,
     .maximum = FEATURES_CHARACTERS_MAX,
     .help = "Characters in the longest character n-gram; 0: no character n-grams."},
    {.name = "seed",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "0",
     .minimum = 0,
     .maximum = UINT32_MAX,
     .help = "Seed of the hash; embeddings of different seeds have nothing to do with one another."},
    {.name = "normalize",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"l2\"",
     .choices = normalizations,
     .help = "l2: the embedding has length 1; none: it holds the counts."},
    {.name = "fold",
     .type = SLUICE_PARAMETER_BOOL,
     .fallback = "true",
     .help = "Upper and lower case and compatible forms are the same (NFKC_Casefold)."},
    {.name = "index_traversal_path",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"r\"",
     .help = "Whose texts: r the documents, c their chunks, m their matches, several with commas."},
    {.name = "search_traversal_path",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"r\"",
     .help = "The same at the endpoint /search."},
    {.name = "max_text_bytes",
     .type = SLUICE_PARAMETER_INTEGER,
     .fallback = "2147483647",
     .minimum = 1,
     .maximum = WORDS_TEXT_MAX,
     .help = "A longer text fails its request."},
    {0            },
};

SLUICE_PLUGIN(.name = "hashing_encoder", .version = "1.0",
              .help = "Embeds each text by signed feature hashing of its word and character n-grams.",
              .handlers = handlers, .parameters = parameters, .executor_open = encoder_open, .executor_close = free,
              .worker_open = worker_open, .worker_close = worker_close)
