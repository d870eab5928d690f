#include "gateway/graphql/problem.h"
#include "common/foundation/buffer.h"
#include "common/foundation/text.h"
#include "gateway/graphql/write.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool node_named(const struct node *node, sluice_text name)
{
    return node->name.size == name.size && memcmp(node->name.data, name.data, name.size) == 0;
}

const struct node *node_find(const struct node *first, sluice_text name)
{
    const struct node *found = NULL;
    for (const struct node *node = first; node != NULL; node = node->next)
        if (node_named(node, name))
            found = node;
    return found;
}

int problem_shown(sluice_text text)
{
    enum { SHOWN_MAX = 500 };
    return (int)(text.size <= SHOWN_MAX ? text.size : text_cut(text.data, SHOWN_MAX));
}

static char *format_in(struct arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int size = vsnprintf(NULL, 0, format, arguments);
    char *text = size >= 0 ? arena_alloc(arena, (size_t)size + 1) : NULL;
    if (text != NULL)
        vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

struct problem *problem_add(struct problems *problems, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = format_in(problems->arena, format, arguments);
    va_end(arguments);
    struct problem *problem = message != NULL ? arena_zalloc(problems->arena, sizeof *problem) : NULL;
    if (problem == NULL) {
        problems->no_memory = true;
        return NULL;
    }
    problem->message = message;
    if (problems->last != NULL)
        problems->last->next = problem;
    else
        problems->first = problem;
    problems->last = problem;
    problems->count++;
    return problem;
}

void problem_places(struct problems *problems, struct problem *problem, const uint32_t *places, size_t count)
{
    if (problem == NULL || count == 0)
        return;
    uint32_t *all = arena_alloc(problems->arena, (problem->place_count + count) * sizeof *all);
    if (all == NULL) {
        problems->no_memory = true;
        return;
    }
    if (problem->place_count > 0)
        memcpy(all, problem->places, problem->place_count * sizeof *all);
    memcpy(all + problem->place_count, places, count * sizeof *all);
    problem->places = all;
    problem->place_count += count;
}

void problem_place(struct problems *problems, struct problem *problem, uint32_t at)
{
    problem_places(problems, problem, &at, 1);
}

/* Go on from a known place. */
static void walk(sluice_text source, size_t from, size_t to, struct place *place)
{
    for (size_t i = from; i < to && i < source.size; i++) {
        unsigned char byte = (unsigned char)source.data[i];
        if (byte == '\r' && i + 1 < source.size && source.data[i + 1] == '\n')
            continue; /* the line ends with the next byte */
        if (byte == '\n' || byte == '\r') {
            place->line++;
            place->column = 1;
        } else if ((byte & 0xC0) != 0x80) {
            place->column += byte >= 0xF0 ? 2 : 1;
        }
    }
}

/* Places at every STRIDE bytes, so that many errors in a long query do not walk it again and again. */
enum { STRIDE = 1024 };

static const struct place *marks_of(struct problems *problems)
{
    if (problems->marks != NULL)
        return problems->marks;
    size_t count = problems->source.size / STRIDE + 1;
    struct place *marks = arena_alloc(problems->arena, count * sizeof *marks);
    if (marks == NULL)
        return NULL;
    marks[0] = (struct place){1, 1};
    for (size_t i = 1; i < count; i++) {
        marks[i] = marks[i - 1];
        walk(problems->source, (i - 1) * STRIDE, i * STRIDE, &marks[i]);
    }
    return problems->marks = marks;
}

struct place problem_locate(struct problems *problems, uint32_t at)
{
    const struct place *marks = marks_of(problems);
    size_t mark = marks != NULL ? at / STRIDE : 0;
    struct place place = marks != NULL ? marks[mark] : (struct place){1, 1};
    walk(problems->source, mark * STRIDE, at, &place);
    return place;
}

static void write_path(const struct path *path, struct buffer *buffer)
{
    if (path->parent != NULL) {
        write_path(path->parent, buffer);
        buffer_append_text(buffer, ", ");
    }
    if (path->key.data != NULL)
        write_text(buffer, path->key);
    else
        buffer_printf(buffer, "%zu", path->index);
}

static void write_problem(struct problems *problems, const struct problem *problem, struct buffer *buffer)
{
    buffer_append_text(buffer, "{\"message\": ");
    write_text(buffer, sluice_text_of(problem->message));
    for (size_t i = 0; i < problem->place_count; i++) {
        struct place place = problem_locate(problems, problem->places[i]);
        buffer_append_text(buffer, i == 0 ? ", \"locations\": [" : ", ");
        buffer_printf(buffer, "{\"line\": %zu, \"column\": %zu}", place.line, place.column);
    }
    if (problem->place_count > 0)
        buffer_append_byte(buffer, ']');
    if (problem->path != NULL) {
        buffer_append_text(buffer, ", \"path\": [");
        write_path(problem->path, buffer);
        buffer_append_byte(buffer, ']');
    }
    buffer_append_byte(buffer, '}');
}

void problems_write(struct problems *problems, struct buffer *buffer)
{
    buffer_append_byte(buffer, '[');
    for (const struct problem *problem = problems->first; problem != NULL; problem = problem->next) {
        if (problem != problems->first)
            buffer_append_text(buffer, ", ");
        write_problem(problems, problem, buffer);
    }
    buffer_append_byte(buffer, ']');
}

void problem_remove_last(struct problems *problems, struct problem *before)
{
    problems->last = before;
    problems->count--;
    if (before != NULL)
        before->next = NULL;
    else
        problems->first = NULL;
}
