#include "common/json/findings.h"
#include "common/foundation/text.h"
#include "common/json/json.h"
#include "common/json/python_syntax.h"

#include <string.h>

/* The broken text stands in the answer, but not all of a large one. */
enum { SYNTAX_DOC_MAX = 64 << 10 };

/* A key in a place is cut here: a hundred places may name the same long one. */
enum { PLACE_KEY_MAX = 256 };

const struct json_path json_body_path = {.key = "body", .key_size = 4};

static void write_path(const struct json_path *path, struct buffer *out)
{
    if (path->outer != NULL) {
        write_path(path->outer, out);
        buffer_append_byte(out, ',');
    }
    if (path->is_bare && (path->key[0] == 'T' || path->key[0] == 'F'))
        buffer_append_text(out, path->key[0] == 'T' ? "true" : "false");
    else if (path->is_bare)
        buffer_append(out, path->key, path->key_size); /* a number: at most JSON_DIGITS_MAX digits */
    else if (path->key != NULL)
        text_append_json(out, path->key,
                         path->key_size > PLACE_KEY_MAX ? text_cut(path->key, PLACE_KEY_MAX) : path->key_size);
    else
        buffer_printf(out, "%zu", path->index);
}

static const char *keep(struct findings *findings, struct buffer *text)
{
    const char *copy = text->failed == SLUICE_OK ? arena_text(findings->arena, buffer_text(text)) : NULL;
    findings->failed |= copy == NULL;
    buffer_done(text);
    return copy;
}

static struct json_finding *next(struct findings *findings)
{
    if (findings->list == NULL)
        findings->list = arena_alloc(findings->arena, JSON_FINDINGS_MAX * sizeof *findings->list);
    findings->failed |= findings->list == NULL;
    return findings->failed || findings->count == JSON_FINDINGS_MAX ? NULL : &findings->list[findings->count];
}

bool finding_add(struct findings *findings, const struct json_path *path, const char *message, const char *type)
{
    struct json_finding *finding = next(findings);
    if (finding == NULL)
        return false;
    struct buffer loc;
    buffer_init(&loc, BUFFER_NO_LIMIT);
    buffer_append_byte(&loc, '[');
    write_path(path, &loc);
    buffer_append_byte(&loc, ']');
    *finding = (struct json_finding){.loc = keep(findings, &loc), .message = message, .type = type};
    findings->count++;
    return false;
}

bool finding_not_text(struct findings *findings, const struct json_path *path)
{
    return finding_add(findings, path, "str type expected", "type_error.str");
}

bool finding_not_whole(struct findings *findings, const struct json_path *path)
{
    return finding_add(findings, path, "value is not a valid integer", "type_error.integer");
}

bool finding_not_number(struct findings *findings, const struct json_path *path)
{
    return finding_add(findings, path, "value is not a valid float", "type_error.float");
}

bool finding_not_list(struct findings *findings, const struct json_path *path)
{
    return finding_add(findings, path, "value is not a valid list", "type_error.list");
}

bool finding_not_object(struct findings *findings, const struct json_path *path)
{
    return finding_add(findings, path, "value is not a valid dict", "type_error.dict");
}

bool finding_keys(struct findings *findings, const struct json_path *path, const struct json_node *object)
{
    for (const struct json_node *member = object->first; member != NULL; member = member->next)
        if (member->bare_key)
            return finding_add(findings, path, "keywords must be strings", "type_error");
    return true;
}

bool finding_null(struct findings *findings, const struct json_path *path)
{
    return finding_add(findings, path, "none is not an allowed value", "type_error.none.not_allowed");
}

bool finding_syntax(struct findings *findings, const char *text, size_t size)
{
    struct python_syntax syntax = python_syntax_of(text, size);
    struct json_finding *finding = syntax.message != NULL ? next(findings) : NULL;
    if (finding == NULL)
        return false;
    struct buffer ctx;
    size_t shown = size > SYNTAX_DOC_MAX ? text_cut(text, SYNTAX_DOC_MAX) : size;
    buffer_init(&ctx, BUFFER_NO_LIMIT);
    buffer_printf(&ctx, "{\"msg\":");
    json_write_string(&ctx, syntax.message, strlen(syntax.message));
    buffer_printf(&ctx, ",\"doc\":");
    json_write_string(&ctx, text, shown);
    buffer_printf(&ctx, ",\"pos\":%zu,\"lineno\":%zu,\"colno\":%zu}", syntax.position, syntax.line, syntax.column);
    *finding =
        (struct json_finding){.loc = arena_printf(findings->arena, "[\"body\",%zu]", syntax.position),
                              .message = arena_printf(findings->arena, "%s: line %zu column %zu (char %zu)",
                                                      syntax.message, syntax.line, syntax.column, syntax.position),
                              .type = "value_error.jsondecode",
                              .ctx = keep(findings, &ctx)};
    findings->failed |= finding->loc == NULL || finding->message == NULL;
    findings->count++;
    return !findings->failed;
}
