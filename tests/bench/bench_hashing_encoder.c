/*
 * bench-hashing-encoder - how fast the plugin `hashing_encoder` makes embeddings, in one thread.
 *
 *   bench-hashing-encoder [--rounds N] [--seconds S] FILE...
 *
 * Each round encodes three sets of documents, for S seconds of processor time each: `texts`, a document for each file;
 * `sentences`, a document for each hundred-odd bytes of them; `scripts`, the sentences of languages that are not
 * written in ASCII (built in). Measured is the whole call in the test kit: reading the message, encoding, writing it.
 * Prints
 * {"bytes":{…},"rounds":[{"texts":MB/s,…}]} on stdout; MB are of text.
 */
#include "common/foundation/clock.h"
#include "common/foundation/memory.h"

#include <sluice/testkit.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SENTENCE_SIZE = 130, SCRIPTS_REPEAT = 100 };

static const char *const scripts[] = {
    "Все люди рождаются свободными и равными в своём достоинстве и правах.",
    "Όλοι οι άνθρωποι γεννιούνται ελεύθεροι και ίσοι στην αξιοπρέπεια και τα δικαιώματα.",
    "Tous les êtres humains naissent libres et égaux en dignité et en droits.",
    "يولد جميع الناس أحراراً متساوين في الكرامة والحقوق.",
    "人人生而自由,在尊严和权利上一律平等。",
    "सभी मनुष्यों को गौरव और अधिकारों के मामले में जन्मजात स्वतन्त्रता और समानता प्राप्त है।",
};

struct set {
    sluice_document_array *documents;
    size_t bytes; /* of text */
};

static void stop(const char *what, const char *why)
{
    fprintf(stderr, "bench-hashing-encoder: %s: %s\n", what, why);
    exit(EXIT_FAILURE);
}

static void add(struct set *set, const char *text, size_t size)
{
    if (set->documents == NULL)
        set->documents = sluice_document_array_new();
    sluice_document *document = sluice_document_array_append(set->documents);
    if (document == NULL || sluice_document_set_text(document, text, size) != SLUICE_OK)
        stop("a document", "no memory, or no UTF-8");
    set->bytes += size;
}

static void add_file(struct set *texts, struct set *sentences, const char *path)
{
    FILE *file = fopen(path, "re");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        stop(path, "cannot be read");
    size_t size = (size_t)ftell(file);
    char *text = malloc(size + 1);
    rewind(file);
    if (text == NULL || fread(text, 1, size, file) != size)
        stop(path, "cannot be read");
    fclose(file);
    add(texts, text, size);
    for (size_t begin = 0, end; begin < size; begin = end) {
        end = begin + SENTENCE_SIZE < size ? begin + SENTENCE_SIZE : size;
        while (end < size && text[end] != ' ' && text[end] != '\n')
            end++;
        add(sentences, text + begin, end - begin);
    }
    free(text);
}

/* Processor time: what other processes take does not count. */
static uint64_t thread_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * CLOCK_NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

/* MB/s over `seconds`. */
static double measure(sluice_testkit *kit, const struct set *set, double seconds)
{
    uint64_t start = thread_ns(), now;
    double bytes = 0;
    do {
        sluice_error error;
        sluice_document_array *answer = NULL;
        if (sluice_testkit_call(kit, "/index", set->documents, NULL, &answer, &error) != SLUICE_OK)
            stop("a call", error.text);
        sluice_document_array_free(answer);
        bytes += (double)set->bytes;
        now = thread_ns();
    } while ((double)(now - start) < seconds * 1e9);
    return bytes * 1e3 / (double)(now - start);
}

int main(int argc, char **argv)
{
    int rounds = 7;
    double seconds = 0.3;
    struct set texts = {0}, sentences = {0}, others = {0};
    sluice_testkit *kit = NULL;
    sluice_error error;
    memory_tune(); /* as an executor does */
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--rounds") == 0 && i + 1 < argc)
            rounds = atoi(argv[++i]);
        else if (strcmp(argv[i], "--seconds") == 0 && i + 1 < argc)
            seconds = atof(argv[++i]);
        else
            add_file(&texts, &sentences, argv[i]);
    }
    if (texts.documents == NULL)
        stop("usage", "name files to encode");
    for (size_t i = 0; i < SCRIPTS_REPEAT; i++)
        for (size_t j = 0; j < sizeof(scripts) / sizeof(scripts[0]); j++)
            add(&others, scripts[j], strlen(scripts[j]));
    if (sluice_testkit_open(sluice_plugin_entry(), NULL, &kit, &error) != SLUICE_OK)
        stop("the plugin", error.text);
    printf("{\"bytes\":{\"texts\":%zu,\"sentences\":%zu,\"scripts\":%zu},\"rounds\":[", texts.bytes, sentences.bytes,
           others.bytes);
    for (int i = 0; i < rounds; i++) {
        printf("%s{\"texts\":%.1f,", i > 0 ? "," : "", measure(kit, &texts, seconds));
        printf("\"sentences\":%.1f,", measure(kit, &sentences, seconds));
        printf("\"scripts\":%.1f}", measure(kit, &others, seconds));
    }
    printf("]}\n");
    sluice_testkit_close(kit);
    sluice_document_array_free(texts.documents);
    sluice_document_array_free(sentences.documents);
    sluice_document_array_free(others.documents);
    return EXIT_SUCCESS;
}
