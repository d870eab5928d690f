/* answer_body.c - the words in the body of an error: Jina's header, FastAPI's detail, or just text. */
#include "client/http/answer.h"
#include "common/foundation/text.h"

#include <sluice/document.h>

#include <string.h>

enum { BODY_LOOKED_AT = 16 << 20 };

static bool append_text(struct buffer *text, const sluice_value *value)
{
    sluice_text words = sluice_value_string(value);
    if (sluice_value_kind_of(value) != SLUICE_VALUE_STRING || words.size == 0)
        return false;
    buffer_append(text, words.data, words.size);
    return true;
}

/* ["body", "data", 0, "granularity"] as body.data[0].granularity */
static void append_place(struct buffer *text, const sluice_value *loc)
{
    for (size_t i = 0; i < sluice_value_size(loc); i++) {
        const sluice_value *step = sluice_value_at(loc, i);
        if (sluice_value_kind_of(step) == SLUICE_VALUE_NUMBER) {
            buffer_printf(text, "[%.0f]", sluice_value_number(step, 0));
        } else {
            buffer_append_text(text, i > 0 ? "." : "");
            append_text(text, step);
        }
    }
    buffer_append_text(text, ": ");
}

/* A list of findings: the first, and how many more. */
static bool append_findings(struct buffer *text, const sluice_value *detail)
{
    const sluice_value *first = sluice_value_at(detail, 0);
    if (sluice_value_kind_of(detail) != SLUICE_VALUE_LIST || sluice_value_get(first, "msg") == NULL)
        return false;
    if (sluice_value_size(sluice_value_get(first, "loc")) > 0)
        append_place(text, sluice_value_get(first, "loc"));
    append_text(text, sluice_value_get(first, "msg"));
    if (sluice_value_size(detail) > 1)
        buffer_printf(text, " (and %zu more)", sluice_value_size(detail) - 1);
    return true;
}

/* GraphQL's errors, all of them. */
static bool append_messages(struct buffer *text, const sluice_value *errors)
{
    size_t before = text->size;
    for (size_t i = 0; i < sluice_value_size(errors); i++) {
        buffer_append_text(text, text->size > before ? "; " : "");
        append_text(text, sluice_value_get(sluice_value_at(errors, i), "message"));
    }
    return text->size > before;
}

/* A foreign text, cut and without control characters. */
static void append_excerpt(struct buffer *text, const char *data, size_t size)
{
    size_t cut = text_cut(data, size < HTTP_EXCERPT ? size : HTTP_EXCERPT);
    for (size_t i = 0; i < cut; i++)
        buffer_append_byte(text, (unsigned char)data[i] < ' ' ? ' ' : (uint8_t)data[i]);
    if (cut < size)
        buffer_append_text(text, "…");
}

void answer_error_text(const struct transport_call *call, struct buffer *text)
{
    const char *body = buffer_text(&call->answer);
    size_t size = call->answer.size;
    sluice_value *map = NULL;
    bool done = false;
    while (size > 0 && (body[size - 1] == '\n' || body[size - 1] == '\r'))
        size--;
    if (size > 0 && size <= BODY_LOOKED_AT && sluice_value_from_json(body, size, &map, NULL) == SLUICE_OK) {
        const sluice_value *status = sluice_value_get(sluice_value_get(map, "header"), "status");
        const sluice_value *detail = sluice_value_get(map, "detail");
        done = append_text(text, sluice_value_get(status, "description")) || append_text(text, detail) ||
               append_findings(text, detail) || append_messages(text, sluice_value_get(map, "errors"));
    }
    sluice_value_free(map);
    if (!done)
        append_excerpt(text, body, size);
}
