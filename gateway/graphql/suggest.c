#include "gateway/graphql/suggest.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { SUGGESTIONS_MAX = 5, NAME_MAX_SIZE = 63 };

struct candidate {
    const char *name;
    size_t distance;
};

struct candidates {
    struct candidate *list;
    size_t count;
};

static int lower(int byte)
{
    return byte >= 'A' && byte <= 'Z' ? byte - 'A' + 'a' : byte;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Damerau-Levenshtein (adjacent letters may change places) of lower-case texts; no text is longer than NAME_MAX_SIZE.
 */
static size_t edits(const char *a, size_t a_size, const char *b, size_t b_size)
{
    size_t rows[3][NAME_MAX_SIZE + 1];
    for (size_t j = 0; j <= b_size; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        const size_t *up = rows[(i - 1) % 3];
        size_t *row = rows[i % 3];
        row[0] = i;
        for (size_t j = 1; j <= b_size; j++) {
            size_t cost = lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1;
            row[j] = least(least(up[j] + 1, row[j - 1] + 1), up[j - 1] + cost);
            if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) && lower(a[i - 2]) == lower(b[j - 1]))
                row[j] = least(row[j], rows[(i - 2) % 3][j - 2] + 1);
        }
    }
    return rows[a_size % 3][b_size];
}

static void consider(struct candidates *candidates, sluice_text name, const char *option)
{
    size_t size = strlen(option), threshold = name.size * 2 / 5 + 1, distance;
    if (name.size > NAME_MAX_SIZE || size > NAME_MAX_SIZE)
        return; /* all names of the schema are much shorter, so it is near to none */
    if (sluice_text_is(name, option))
        distance = 0;
    else if (name.size == size && strncasecmp(name.data, option, size) == 0)
        distance = 1;
    else
        distance = edits(name.data, name.size, option, size);
    if (distance <= threshold)
        candidates->list[candidates->count++] = (struct candidate){option, distance};
}

static int nearer(const void *a, const void *b)
{
    const struct candidate *one = a, *other = b;
    if (one->distance != other->distance)
        return one->distance < other->distance ? -1 : 1;
    return strcmp(one->name, other->name); /* none of the schema's names but Base64 has a digit */
}

static const char *did_you_mean(struct arena *arena, struct candidates *candidates)
{
    size_t count = least(candidates->count, SUGGESTIONS_MAX);
    const char *text = "";
    if (candidates->count > 0)
        qsort(candidates->list, candidates->count, sizeof candidates->list[0], nearer);
    for (size_t i = 0; i < count && text != NULL; i++) {
        const char *before = i == 0 ? " Did you mean " : i + 1 < count ? ", " : count == 2 ? " or " : ", or ";
        text = arena_printf(arena, "%s%s\"%s\"", text, before, candidates->list[i].name);
    }
    if (count > 0 && text != NULL)
        text = arena_printf(arena, "%s?", text);
    return text != NULL ? text : "";
}

static struct candidates room(struct arena *arena, size_t count)
{
    return (struct candidates){.list = arena_alloc(arena, (count + 1) * sizeof(struct candidate))};
}

const char *suggest_field(struct arena *arena, const struct type *type, sluice_text name)
{
    struct candidates candidates = room(arena, type->field_count);
    for (size_t i = 0; candidates.list != NULL && i < type->field_count; i++)
        consider(&candidates, name, type->fields[i].name);
    return did_you_mean(arena, &candidates);
}

const char *suggest_input(struct arena *arena, const struct input *inputs, size_t count, sluice_text name)
{
    struct candidates candidates = room(arena, count);
    for (size_t i = 0; candidates.list != NULL && i < count; i++)
        consider(&candidates, name, inputs[i].name);
    return did_you_mean(arena, &candidates);
}

const char *suggest_type(struct arena *arena, sluice_text name)
{
    struct candidates candidates = room(arena, schema_type_count);
    for (size_t i = 0; candidates.list != NULL && i < schema_type_count; i++)
        consider(&candidates, name, schema_types[i]->name);
    return did_you_mean(arena, &candidates);
}
