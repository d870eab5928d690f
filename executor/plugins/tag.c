/*
 * tag.c - leaves its mark on every document, so that one sees which executors a request went through, and in which
 * order.
 *
 * Per call: wait `delay_ms`. Per document, in order: fail if the text holds `fail_on`, else append "|LABEL" to the text
 * and set tags[LABEL] = 1.0. See docs/plugins/tag.md.
 */
#include "tag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1e6

struct tagger {
    char *label; /* with its suffix */
    double delay_ms;
    sluice_text fail_on; /* empty: never */
    char *fail_with;
    bool pod;
};

/* The texts one after the other, malloc()ed, with a final NUL. */
static char *join(sluice_text first, sluice_text second)
{
    char *joined = malloc(first.size + second.size + 1);
    if (joined != NULL) {
        memcpy(joined, first.data, first.size);
        memcpy(joined + first.size, second.data, second.size);
        joined[first.size + second.size] = '\0';
    }
    return joined;
}

static void tagger_close(void *executor)
{
    struct tagger *tagger = executor;
    if (tagger == NULL)
        return;
    free(tagger->label);
    free(tagger->fail_with);
    free(tagger);
}

static sluice_status tagger_open(const sluice_host *host, const sluice_value *parameters, void **ret_executor,
                                 sluice_error *error)
{
    sluice_text label = sluice_value_string(sluice_value_get(parameters, "label"));
    sluice_text suffix = sluice_value_string(sluice_value_get(parameters, "suffix"));
    if (label.size == 0)
        label = sluice_text_of(host->deployment);
    if (memchr(label.data, '\0', label.size) != NULL || memchr(suffix.data, '\0', suffix.size) != NULL)
        return sluice_fail(error, SLUICE_INVALID, host->deployment, "label and suffix must not hold a NUL byte");

    struct tagger *tagger = calloc(1, sizeof(*tagger));
    if (tagger == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, host->deployment, "no memory");
    tagger->label = join(label, suffix);
    tagger->delay_ms = sluice_value_number(sluice_value_get(parameters, "delay_ms"), 0);
    tagger->fail_on = sluice_value_string(sluice_value_get(parameters, "fail_on"));
    tagger->fail_with = join(sluice_value_string(sluice_value_get(parameters, "fail_with")), sluice_text_of(""));
    tagger->pod = sluice_value_bool(sluice_value_get(parameters, "pod"), false);
    if (tagger->label == NULL || tagger->fail_with == NULL) {
        tagger_close(tagger);
        return sluice_fail(error, SLUICE_NO_MEMORY, host->deployment, "no memory");
    }
    *ret_executor = tagger;
    return SLUICE_OK;
}

static bool refused(const struct tagger *tagger, sluice_text text)
{
    return tagger->fail_on.size > 0 && memmem(text.data, text.size, tagger->fail_on.data, tagger->fail_on.size) != NULL;
}

/* The text may hold NUL bytes, so it cannot go through a format. */
static sluice_status refuse(sluice_call *call, const struct tagger *tagger, sluice_text text)
{
    sluice_text reason = sluice_text_of("cannot take ");
    char *argument = join(reason, text);
    if (argument == NULL)
        return SLUICE_NO_MEMORY;
    sluice_status status =
        sluice_call_fail_with(call, tagger->fail_with, &(sluice_text){argument, reason.size + text.size}, 1, NULL);
    free(argument);
    return status;
}

/* `mark` is "|LABEL". */
static sluice_status mark_document(sluice_document *document, sluice_text mark, const char *pod)
{
    sluice_status status = sluice_document_append_text(document, mark.data, mark.size);
    sluice_value *tags = sluice_document_edit_tags(document);
    if (tags == NULL)
        return SLUICE_NO_MEMORY;
    if (status == SLUICE_OK)
        status = sluice_value_set_number(tags, mark.data + 1, 1.0);
    if (status == SLUICE_OK && pod != NULL)
        status = sluice_value_set_string(tags, "pod", pod);
    return status;
}

static sluice_status mark_all(sluice_call *call, const struct tagger *tagger, sluice_text mark)
{
    sluice_document_array *documents = sluice_call_documents(call);
    const char *pod = tagger->pod ? sluice_call_host(call)->pod : NULL;
    sluice_status status = SLUICE_OK;

    for (size_t i = 0; i < sluice_document_array_size(documents) && status == SLUICE_OK; i++) {
        sluice_document *document = sluice_document_array_at(documents, i);
        sluice_text text = sluice_document_text(document);
        status = refused(tagger, text) ? refuse(call, tagger, text) : mark_document(document, mark, pod);
    }
    return status;
}

sluice_status tag_mark(sluice_call *call, const char *addition)
{
    const struct tagger *tagger = sluice_call_executor(call);
    if (tagger->delay_ms > 0 && !sluice_call_sleep(call, (uint64_t)(tagger->delay_ms * NS_PER_MS)))
        return SLUICE_CANCELLED;

    char *mark = NULL;
    int size = asprintf(&mark, "|%s%s", tagger->label, addition);
    if (size < 0)
        return SLUICE_NO_MEMORY;
    sluice_status status = mark_all(call, tagger, (sluice_text){mark, (size_t)size});
    free(mark);
    return status;
}

static sluice_status tag(sluice_call *call)
{
    return tag_mark(call, "");
}

static sluice_status other(sluice_call *call)
{
    return tag_mark(call, ".other");
}

static const sluice_handler handlers[] = {
    {"tag",   "/default", tag},
    {"other",    NULL, other},
    {0},
};

static const char *const failures[] = {"ValueError", "KeyError", NULL};

static const sluice_parameter parameters[] = {
    {.name = "label",                                               .type = SLUICE_PARAMETER_STRING, .help = "What is written; the executor's name if not given."},
    {.name = "suffix", .type = SLUICE_PARAMETER_STRING, .fallback = "\"\"", .help = "Appended to the label."},
    {.name = "delay_ms",
     .type = SLUICE_PARAMETER_NUMBER,
     .fallback = "0",
     .minimum = 0,
     .maximum = 3600e3,
     .help = "Milliseconds to wait in each call."},
    {.name = "fail_on",                                           .type = SLUICE_PARAMETER_STRING, .help = "Fail at a document whose text holds this."},
    {.name = "fail_with",
     .type = SLUICE_PARAMETER_STRING,
     .fallback = "\"ValueError\"",
     .choices = failures,
     .help = "Class name of that failure."},
    {.name = "pod",
     .type = SLUICE_PARAMETER_BOOL,
     .fallback = "false",
     .help = "Also set tags.pod to the name of this replica."},
    {0},
};

SLUICE_PLUGIN(.name = "tag", .version = "1.0", .help = "Appends its label to each text and to the tags.",
              .handlers = handlers, .parameters = parameters, .executor_open = tagger_open,
              .executor_close = tagger_close)
