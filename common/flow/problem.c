#include "common/flow/problem.h"
#include "common/foundation/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct problem_item {
    struct flow_problem problem;
    struct flow_place anchor;
    size_t serial;
};

void problems_init(struct problems *problems, struct arena *arena)
{
    *problems = (struct problems){.arena = arena};
}

void problems_done(struct problems *problems)
{
    free(problems->items);
    problems->items = NULL;
}

static struct problem_item *next_item(struct problems *problems)
{
    if (problems->count == PROBLEMS_MAX) {
        problems->left_out++;
        return NULL;
    }
    if (problems->count == problems->capacity) {
        size_t capacity = problems->capacity == 0 ? 16 : problems->capacity * 2;
        struct problem_item *items = realloc(problems->items, capacity * sizeof *items);
        if (items == NULL) {
            problems->no_memory = true;
            return NULL;
        }
        problems->items = items;
        problems->capacity = capacity;
    }
    return &problems->items[problems->count];
}

/* The file's name in the report's arena: the Flow's own strings may be gone before the report. */
static const char *kept_file(struct problems *problems, const char *file)
{
    if (file == NULL)
        return NULL;
    for (size_t i = problems->count; i-- > 0;) {
        const char *known = problems->items[i].problem.place.file;
        if (known != NULL && strcmp(known, file) == 0)
            return known;
    }
    return arena_text(problems->arena, file);
}

SLUICE_PRINTF(4, 0)
static void add(struct problems *problems, enum flow_severity severity, struct flow_place place, const char *format,
                va_list arguments)
{
    if (severity == FLOW_ERROR)
        problems->error_count++;
    struct problem_item *item = next_item(problems);
    if (item == NULL)
        return;
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    size_t room = size > PROBLEM_TEXT_MAX ? PROBLEM_TEXT_MAX : (size_t)size;
    char *text = size < 0 ? NULL : arena_alloc(problems->arena, room + 1);
    const char *file = kept_file(problems, place.file);
    if (text == NULL || (file == NULL && place.file != NULL)) {
        problems->no_memory = true;
        return;
    }
    vsnprintf(text, room + 1, format, arguments);
    if (size > PROBLEM_TEXT_MAX)
        text[text_cut(text, room)] = '\0';
    const struct flow_place *anchor = &problems->anchor;
    bool included =
        anchor->line != 0 && anchor->file != NULL && place.file != NULL && strcmp(anchor->file, place.file) != 0;
    place.file = file;
    *item = (struct problem_item){
        .problem = {.severity = severity, .place = place, .text = text},
        .anchor = included ? *anchor : place,
        .serial = problems->count
    };
    problems->count++;
}

void problem_error(struct problems *problems, struct flow_place place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(problems, FLOW_ERROR, place, format, arguments);
    va_end(arguments);
}

void problem_warning(struct problems *problems, struct flow_place place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    add(problems, FLOW_WARNING, place, format, arguments);
    va_end(arguments);
}

static int compare_places(const struct flow_place *a, const struct flow_place *b)
{
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    return 0;
}

static int compare_items(const void *left, const void *right)
{
    const struct problem_item *a = left, *b = right;
    int order = compare_places(&a->anchor, &b->anchor);
    if (order == 0)
        order = compare_places(&a->problem.place, &b->problem.place);
    if (order == 0)
        order = a->serial < b->serial ? -1 : 1;
    return order;
}

sluice_status problems_report(struct problems *problems, struct flow_report *ret_report)
{
    *ret_report = (struct flow_report){.error_count = problems->error_count};
    if (problems->count > 0)
        qsort(problems->items, problems->count, sizeof *problems->items, compare_items);
    size_t extra = problems->left_out > 0;
    struct flow_problem *list = arena_alloc(problems->arena, (problems->count + extra) * sizeof *list);
    if (list == NULL || problems->no_memory)
        return SLUICE_NO_MEMORY;
    for (size_t i = 0; i < problems->count; i++)
        list[i] = problems->items[i].problem;
    if (extra) {
        const char *text = arena_printf(problems->arena, "%zu more problems are not shown", problems->left_out);
        if (text == NULL)
            return SLUICE_NO_MEMORY;
        list[problems->count] =
            (struct flow_problem){.severity = FLOW_ERROR, .place = list[problems->count - 1].place, .text = text};
    }
    ret_report->problems = list;
    ret_report->count = problems->count + extra;
    return SLUICE_OK;
}

const char *problem_suggestion(struct problems *problems, const char *word, const char *const *candidates)
{
    const char *nearest = text_nearest(word, candidates);
    if (nearest == NULL)
        return "";
    const char *text = arena_printf(problems->arena, ", did you mean \"%s\"?", nearest);
    if (text == NULL) {
        problems->no_memory = true;
        return "";
    }
    return text;
}
