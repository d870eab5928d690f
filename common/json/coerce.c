#include "common/json/coerce.h"
#include "common/foundation/number.h"
#include "common/foundation/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Texts of numbers are read up to this size. */
enum { NUMBER_TEXT_MAX = 1024 };

bool coerce_is_text(const struct json_node *node)
{
    return node->kind == JSON_STRING || node->kind == JSON_BOOL || node->kind == JSON_NUMBER ||
           node->kind == JSON_BIG_INTEGER;
}

static const char *number_text(const struct json_node *node, struct arena *arena, json_print_double print)
{
    if (node->numbers == JSON_INTEGERS)
        return arena_printf(arena, "%lld", (long long)node->bits);
    if (node->numbers == JSON_UNSIGNED)
        return arena_printf(arena, "%llu", (unsigned long long)node->bits);
    double number = json_number(node);
    if (isnan(number))
        return "nan";
    if (isinf(number))
        return number > 0 ? "inf" : "-inf";
    char text[JSON_NUMBER_MAX];
    return arena_text_of(arena, text, print(number, text));
}

bool coerce_text(const struct json_node *node, struct arena *arena, json_print_double print, sluice_text *ret_text)
{
    if (node->kind == JSON_STRING || node->kind == JSON_BIG_INTEGER)
        *ret_text = node->text;
    else if (node->kind == JSON_BOOL)
        *ret_text = sluice_text_of(node->boolean ? "True" : "False");
    else if (node->kind == JSON_NUMBER)
        *ret_text = sluice_text_of(number_text(node, arena, print));
    else
        return false;
    return true;
}

static bool is_blank(char letter)
{
    return letter == ' ' || (letter >= '\t' && letter <= '\r') || (letter >= 0x1C && letter <= 0x1F);
}

static bool is_digit(char letter)
{
    return letter >= '0' && letter <= '9';
}

/* Without blanks around and without single underscores between digits; false when it holds what no number has. */
static bool plain_number(sluice_text text, const char *letters, char plain[NUMBER_TEXT_MAX + 1])
{
    size_t size = 0;
    while (text.size > 0 && is_blank(text.data[0])) {
        text.data++;
        text.size--;
    }
    while (text.size > 0 && is_blank(text.data[text.size - 1]))
        text.size--;
    if (text.size == 0 || text.size > NUMBER_TEXT_MAX)
        return false;
    for (size_t i = 0; i < text.size; i++) {
        char letter = text.data[i];
        if (letter == '_' && i > 0 && i + 1 < text.size && is_digit(text.data[i - 1]) && is_digit(text.data[i + 1]))
            continue;
        if (letter == '\0' || strchr(letters, letter) == NULL)
            return false;
        plain[size++] = letter;
    }
    plain[size] = '\0';
    return true;
}

static int64_t whole_of(double number)
{
    return number >= 0x1p63 ? INT64_MAX : number <= -0x1p63 ? INT64_MIN : (int64_t)number;
}

static bool whole_from_text(sluice_text text, int64_t *ret_whole)
{
    char plain[NUMBER_TEXT_MAX + 1], *end;
    if (!plain_number(text, "0123456789+-", plain))
        return false;
    *ret_whole = strtoll(plain, &end, 10); /* saturates */
    return end != plain && *end == '\0';
}

bool coerce_whole(const struct json_node *node, int64_t *ret_whole)
{
    switch (node->kind) {
    case JSON_BOOL: *ret_whole = node->boolean; return true;
    case JSON_STRING: return whole_from_text(node->text, ret_whole);
    case JSON_BIG_INTEGER: *ret_whole = node->text.data[0] == '-' ? INT64_MIN : INT64_MAX; return true;
    case JSON_NUMBER: break;
    default: return false;
    }
    if (node->numbers == JSON_INTEGERS) {
        *ret_whole = (int64_t)node->bits;
        return true;
    }
    double number = json_number(node);
    if (isnan(number) || isinf(number))
        return false;
    *ret_whole = whole_of(number);
    return true;
}

static bool number_from_text(sluice_text text, double *ret_number)
{
    static const char *const words[] = {"nan", "inf", "infinity"};
    char plain[NUMBER_TEXT_MAX + 1], *end;
    if (!plain_number(text, "0123456789+-.eEnNaAiIfFtTyY", plain))
        return false;
    const char *after_sign = plain + (*plain == '+' || *plain == '-');
    bool known = is_digit(*after_sign) || *after_sign == '.';
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        known |= strcasecmp(after_sign, words[i]) == 0;
    *ret_number = known ? number_read(plain, &end) : 0;
    return known && end != plain && *end == '\0';
}

bool coerce_number(const struct json_node *node, double *ret_number)
{
    char digits[NUMBER_TEXT_MAX + 1];
    switch (node->kind) {
    case JSON_BOOL: *ret_number = node->boolean; return true;
    case JSON_NUMBER: *ret_number = json_number(node); return true;
    case JSON_STRING: return number_from_text(node->text, ret_number);
    case JSON_BIG_INTEGER:
        *ret_number = node->text.data[0] == '-' ? -(double)INFINITY : (double)INFINITY;
        if (node->text.size <= NUMBER_TEXT_MAX) {
            memcpy(digits, node->text.data, node->text.size);
            digits[node->text.size] = '\0';
            *ret_number = number_read(digits, NULL);
        }
        return true;
    default: return false;
    }
}

/* Objects from pairs */

static struct json_node *copy_node(struct arena *arena, const struct json_node *from)
{
    struct json_node *copy = arena_copy(arena, from, sizeof *from);
    if (copy != NULL)
        copy->next = NULL;
    return copy;
}

static struct json_node *text_node(struct arena *arena, const char *text, size_t size)
{
    struct json_node node = {
        .kind = JSON_STRING, .text = {.data = text, .size = size}
    };
    return copy_node(arena, &node);
}

static size_t character_size(sluice_text text, size_t at)
{
    size_t size = 1;
    while (at + size < text.size && ((unsigned char)text.data[at + size] & 0xC0) == 0x80)
        size++;
    return size;
}

/* Two nodes that the pair is made of. */
static bool two_of(const struct json_node *pair, struct arena *arena, struct json_node *ret_two[2])
{
    if (pair->kind == JSON_STRING && pair->text.size > 0) {
        size_t first = character_size(pair->text, 0);
        if (first == pair->text.size || first + character_size(pair->text, first) != pair->text.size)
            return false;
        ret_two[0] = text_node(arena, pair->text.data, first);
        ret_two[1] = text_node(arena, pair->text.data + first, pair->text.size - first);
    } else if (pair->kind == JSON_OBJECT && pair->count == 2) {
        sluice_text first = pair->first->key, second = pair->first->next->key;
        if (first.size == second.size && memcmp(first.data, second.data, first.size) == 0)
            return false;
        ret_two[0] = text_node(arena, first.data, first.size);
        ret_two[1] = text_node(arena, second.data, second.size);
    } else if (pair->kind == JSON_ARRAY && pair->count == 2) {
        struct json_items items = json_items_of(pair);
        ret_two[0] = copy_node(arena, json_next(&items));
        ret_two[1] = copy_node(arena, json_next(&items));
    } else {
        return false;
    }
    return ret_two[0] != NULL && ret_two[1] != NULL;
}

/* Keys are compared with so many before them; a list of documents with the same two keys is the case that occurs. */
enum { EQUAL_KEYS_MAX = 32 };

static struct json_node *same_key(const struct json_node *object, sluice_text key)
{
    struct json_node *member = object->first;
    for (size_t i = 0; i < EQUAL_KEYS_MAX && member != NULL; i++, member = member->next)
        if (member->key.size == key.size && memcmp(member->key.data, key.data, key.size) == 0)
            return member;
    return NULL;
}

/* The last of equal keys counts, at the place of the first. */
static struct json_node *add_member(struct json_node *object, struct json_node *last, struct json_node *member)
{
    struct json_node *earlier = same_key(object, member->key);
    if (earlier != NULL) {
        member->next = earlier->next;
        *earlier = *member;
        return last;
    }
    if (last == NULL)
        object->first = member;
    else
        last->next = member;
    object->count++;
    return member;
}

const struct json_node *coerce_object(const struct json_node *node, struct arena *arena, json_print_double print)
{
    if (node->kind == JSON_OBJECT)
        return node;
    if (node->kind != JSON_ARRAY && !(node->kind == JSON_STRING && node->text.size == 0))
        return NULL;
    struct json_node *object = arena_zalloc(arena, sizeof *object), *last = NULL, *two[2];
    if (object == NULL)
        return NULL;
    object->kind = JSON_OBJECT;
    struct json_items items = json_items_of(node);
    for (const struct json_node *pair; (pair = json_next(&items)) != NULL;) {
        if (!two_of(pair, arena, two) || !coerce_text(two[0], arena, print, &two[1]->key))
            return NULL;
        two[1]->bare_key = two[0]->kind != JSON_STRING;
        last = add_member(object, last, two[1]);
    }
    return object;
}
