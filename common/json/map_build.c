/* Maps (google.protobuf.Struct) from JSON nodes: tags, parameters. */
#include "common/foundation/text.h"
#include "common/json/documents.h"

static bool fill(struct documents_reading *reading, const struct json_node *node, struct box *box, bool as_tags);

static bool fill_value(struct documents_reading *reading, const struct json_node *node, struct box *box,
                       sluice_value *value, bool as_tags)
{
    double number;
    switch (node->kind) {
    case JSON_NULL: *value = (sluice_value){.kind = SLUICE_VALUE_NULL}; return true;
    case JSON_BOOL: *value = (sluice_value){.kind = SLUICE_VALUE_BOOL, .boolean = node->boolean}; return true;
    case JSON_STRING:
        *value = (sluice_value){.kind = SLUICE_VALUE_STRING};
        return build_text(reading, node, &value->text);
    case JSON_NUMBER:
        if (as_tags && reading->tags_as_measured && node->numbers == JSON_INTEGERS && node->bits <= 1) {
            *value = (sluice_value){.kind = SLUICE_VALUE_BOOL, .boolean = node->bits == 1};
            return true;
        }
        *value = (sluice_value){.kind = SLUICE_VALUE_NUMBER, .number = json_number(node)};
        return true;
    case JSON_BIG_INTEGER:
        *value = (sluice_value){.kind = SLUICE_VALUE_NUMBER};
        coerce_number(node, &number);
        value->number = number;
        if (__builtin_isinf(number))
            return build_problem(reading, SLUICE_INVALID, "an integer is larger than a double can be");
        return true;
    default:
        return build_status(reading,
                            value_init_box(reading->model, value, node->kind == JSON_OBJECT, box->level + 1)) &&
               fill(reading, node, value->box, false);
    }
}

static bool fill(struct documents_reading *reading, const struct json_node *node, struct box *box, bool as_tags)
{
    struct json_items items = json_items_of(node);
    for (const struct json_node *item; (item = json_next(&items)) != NULL;) {
        sluice_value *slot;
        if (box->is_map && !text_is_utf8(item->key.data, item->key.size))
            return build_status(reading, SLUICE_INVALID);
        sluice_status status = box->is_map ? value_map_slot(box, item->key, &slot) : value_list_slot(box, &slot);
        if (!build_status(reading, status))
            return false;
        reading->model->elements -= value_elements(slot); /* of an earlier value with this key */
        if (!fill_value(reading, item, box, slot, as_tags))
            return false;
    }
    return true;
}

bool build_map(struct documents_reading *reading, const struct json_node *node, size_t level, bool as_tags,
               sluice_value **ret_map)
{
    if (node == NULL || node->count == 0)
        return true;
    const struct json_node *object = coerce_object(node, reading->arena, reading->print);
    if (object == NULL)
        return build_problem(reading, SLUICE_NO_MEMORY, "no memory to read it");
    for (const struct json_node *member = object->first; !as_tags && member != NULL; member = member->next)
        if (member->bare_key)
            return build_problem(reading, SLUICE_INVALID, "a key is a number");
    sluice_value *map = value_new_map(reading->model, level);
    if (map == NULL)
        return build_status(reading,
                            arena_failure(reading->model->arena) == SLUICE_NO_MEMORY ? SLUICE_NO_MEMORY : SLUICE_LIMIT);
    *ret_map = map;
    return fill(reading, object, map->box, as_tags);
}
