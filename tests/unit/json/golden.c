#include "tests/unit/json/golden.h"
#include "common/foundation/file.h"
#include "tests/unit/suite.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

sluice_text golden_file(struct arena *arena, const char *folder, const char *name)
{
    char path[400];
    sluice_error error = {0};
    struct buffer buffer;
    buffer_init(&buffer, BUFFER_NO_LIMIT);
    snprintf(path, sizeof path, "%s%s", folder, name);
    ck_assert_msg(file_read_path(path, &buffer, &error) == SLUICE_OK, "%s: %s", path, error.text);
    sluice_text text = {.data = arena_text_of(arena, buffer_text(&buffer), buffer.size), .size = buffer.size};
    ck_assert_ptr_nonnull(text.data);
    buffer_done(&buffer);
    return text;
}

const struct json_node *golden_json(struct arena *arena, sluice_text text)
{
    const struct json_node *root = NULL;
    sluice_error error = {0};
    bool digits;
    ck_assert_msg(json_tree_read(text.data, text.size, 1000, arena, &root, &digits, &error) == SLUICE_OK, "%s: %.200s",
                  error.text, text.data);
    return root;
}

size_t golden_each(const char *folder, const char *suffix, void (*visit)(struct arena *arena, const char *name))
{
    size_t count = 0, tail = strlen(suffix);
    DIR *files = opendir(folder);
    ck_assert_msg(files != NULL, "%s: no such folder", folder);
    for (struct dirent *file; (file = readdir(files)) != NULL;) {
        size_t size = strlen(file->d_name);
        if (size < tail || strcmp(file->d_name + size - tail, suffix) != 0)
            continue;
        struct arena *arena = arena_new(64 << 10, ARENA_NO_LIMIT);
        ck_assert_ptr_nonnull(arena);
        visit(arena, file->d_name);
        arena_free(arena);
        count++;
    }
    closedir(files);
    return count;
}

sluice_text golden_body(sluice_text message)
{
    const char *end = memmem(message.data, message.size, "\r\n\r\n", 4);
    if (end == NULL)
        return (sluice_text){.data = ""};
    return (sluice_text){.data = end + 4, .size = message.size - (size_t)(end + 4 - message.data)};
}

sluice_text golden_text(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_member(object, key);
    return node != NULL && node->kind == JSON_STRING ? node->text : (sluice_text){.data = ""};
}

static bool same_text(sluice_text a, sluice_text b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool same_members(const struct json_node *a, const struct json_node *b, sluice_text *ret_where)
{
    for (const struct json_node *member = a->first; member != NULL; member = member->next) {
        const struct json_node *other = b->first;
        while (other != NULL && !same_text(member->key, other->key))
            other = other->next;
        if (other == NULL || !golden_equal(member, other, ret_where)) {
            if (ret_where->size == 0)
                *ret_where = member->key;
            return false;
        }
    }
    return true;
}

bool golden_equal(const struct json_node *a, const struct json_node *b, sluice_text *ret_where)
{
    if (a->kind != b->kind || a->count != b->count)
        return false;
    switch (a->kind) {
    case JSON_BOOL: return a->boolean == b->boolean;
    case JSON_STRING:
    case JSON_BIG_INTEGER: return same_text(a->text, b->text);
    case JSON_NUMBER: return a->numbers == b->numbers && a->bits == b->bits;
    case JSON_OBJECT: return same_members(a, b, ret_where);
    case JSON_ARRAY: break;
    default: return true;
    }
    struct json_items as = json_items_of(a), bs = json_items_of(b);
    for (const struct json_node *item; (item = json_next(&as)) != NULL;)
        if (!golden_equal(item, json_next(&bs), ret_where))
            return false;
    return true;
}
