/* The checks that pydantic makes of docarray's document model. */
#include "common/json/documents.h"

#include <string.h>

enum value_kind { TEXT, WHOLE, NUMBER, ARRAY, LOCATION, MAP, SCORES, DOCUMENTS };

#define NAME(text)                                                                                                     \
    {                                                                                                                  \
        text, sizeof text - 1                                                                                          \
    }

struct name {
    const char *data;
    size_t size;
};

/* In pydantic's order; the second name is that of protobuf's JSON form, which counts when the first is missing. */
static const struct {
    struct name snake, camel;
    enum value_kind kind;
} fields_table[DOCUMENT_FIELDS] = {
    [FIELD_ID] = {NAME("id"),          NAME("id"),          TEXT     },
    [FIELD_PARENT_ID] = {NAME("parent_id"),   NAME("parentId"),    TEXT     },
    [FIELD_GRANULARITY] = {NAME("granularity"), NAME("granularity"), WHOLE    },
    [FIELD_ADJACENCY] = {NAME("adjacency"),   NAME("adjacency"),   WHOLE    },
    [FIELD_BLOB] = {NAME("blob"),        NAME("blob"),        TEXT     },
    [FIELD_TENSOR] = {NAME("tensor"),      NAME("tensor"),      ARRAY    },
    [FIELD_MIME_TYPE] = {NAME("mime_type"),   NAME("mimeType"),    TEXT     },
    [FIELD_TEXT] = {NAME("text"),        NAME("text"),        TEXT     },
    [FIELD_WEIGHT] = {NAME("weight"),      NAME("weight"),      NUMBER   },
    [FIELD_URI] = {NAME("uri"),         NAME("uri"),         TEXT     },
    [FIELD_TAGS] = {NAME("tags"),        NAME("tags"),        MAP      },
    [FIELD_OFFSET] = {NAME("offset"),      NAME("offset"),      NUMBER   },
    [FIELD_LOCATION] = {NAME("location"),    NAME("location"),    LOCATION },
    [FIELD_EMBEDDING] = {NAME("embedding"),   NAME("embedding"),   ARRAY    },
    [FIELD_MODALITY] = {NAME("modality"),    NAME("modality"),    TEXT     },
    [FIELD_EVALUATIONS] = {NAME("evaluations"), NAME("evaluations"), SCORES   },
    [FIELD_SCORES] = {NAME("scores"),      NAME("scores"),      SCORES   },
    [FIELD_CHUNKS] = {NAME("chunks"),      NAME("chunks"),      DOCUMENTS},
    [FIELD_MATCHES] = {NAME("matches"),     NAME("matches"),     DOCUMENTS},
    [FIELD_METADATA] = {NAME("_metadata"),   NAME("_metadata"),   MAP      }
};

static const struct {
    const char *snake, *camel;
} scores_table[SCORE_FIELDS] = {
    [SCORE_FIELD_VALUE] = {"value",       "value"      },
    [SCORE_FIELD_OP_NAME] = {"op_name",     "opName"     },
    [SCORE_FIELD_DESCRIPTION] = {"description", "description"},
    [SCORE_FIELD_REF_ID] = {"ref_id",      "refId"      }
};

static struct json_path json_path_name(const struct json_path *outer, const struct name *name)
{
    return json_path_key(outer, (sluice_text){.data = name->data, .size = name->size});
}

static bool is_name(sluice_text key, const struct name *name)
{
    return key.size == name->size && key.data[0] == name->data[0] && memcmp(key.data, name->data, key.size) == 0;
}

static bool is_null(const struct json_node *node)
{
    return node == NULL || node->kind == JSON_NULL;
}

/* The field of a key, DOCUMENT_FIELDS when there is none. Keys mostly come in the order of the fields: the search
 * begins at `expected`. */
static int field_of(sluice_text key, int expected, bool *ret_camel)
{
    for (int i = 0, field = expected; i < DOCUMENT_FIELDS; i++, field++) {
        if (field >= DOCUMENT_FIELDS)
            field = 0;
        *ret_camel = false;
        if (is_name(key, &fields_table[field].snake))
            return field;
        *ret_camel = true;
        if (is_name(key, &fields_table[field].camel))
            return field;
    }
    return DOCUMENT_FIELDS;
}

void document_fields(const struct json_node *object, const struct json_node *fields[DOCUMENT_FIELDS])
{
    const struct json_node *camel[DOCUMENT_FIELDS] = {NULL};
    int expected = 0;
    memset(fields, 0, DOCUMENT_FIELDS * sizeof *fields);
    for (const struct json_node *member = object->first; member != NULL; member = member->next) {
        bool is_camel;
        int field = member->key.size > 0 ? field_of(member->key, expected, &is_camel) : DOCUMENT_FIELDS;
        if (field == DOCUMENT_FIELDS)
            continue;
        (is_camel ? camel : fields)[field] = member;
        expected = field + 1;
    }
    for (int field = 0; field < DOCUMENT_FIELDS; field++) {
        if (fields[field] == NULL)
            fields[field] = camel[field];
        if (is_null(fields[field]))
            fields[field] = NULL;
    }
}

void score_fields(const struct json_node *object, const struct json_node *fields[SCORE_FIELDS])
{
    for (int field = 0; field < SCORE_FIELDS; field++) {
        fields[field] = json_member(object, scores_table[field].snake);
        if (fields[field] == NULL)
            fields[field] = json_member(object, scores_table[field].camel);
        if (is_null(fields[field]))
            fields[field] = NULL;
    }
}

static bool check_location(struct documents_reading *reading, const struct json_node *node,
                           const struct json_path *path)
{
    double number;
    bool good = true;
    if (node->kind != JSON_ARRAY)
        return finding_not_list(&reading->findings, path);
    if (node->is_row)
        return true;
    struct json_items items = json_items_of(node);
    for (size_t i = 0; i < node->count; i++) {
        const struct json_node *item = json_next(&items);
        struct json_path at = json_path_index(path, i);
        if (item->kind == JSON_NULL)
            good = finding_null(&reading->findings, &at);
        else if (!coerce_number(item, &number))
            good = finding_not_number(&reading->findings, &at);
    }
    return good;
}

static bool check_score(struct documents_reading *reading, const struct json_node *node, const struct json_path *path)
{
    if (node->kind == JSON_NULL)
        return finding_null(&reading->findings, path);
    const struct json_node *object = coerce_object(node, reading->arena, reading->print), *fields[SCORE_FIELDS];
    if (object == NULL)
        return finding_not_object(&reading->findings, path);
    if (!finding_keys(&reading->findings, path, object))
        return false;
    score_fields(object, fields);
    bool good = true;
    double number;
    for (int field = 0; field < SCORE_FIELDS; field++) {
        struct json_path at = json_path_key(path, sluice_text_of(scores_table[field].snake));
        if (fields[field] == NULL)
            continue;
        if (field == SCORE_FIELD_VALUE && !coerce_number(fields[field], &number))
            good = finding_not_number(&reading->findings, &at);
        else if (field != SCORE_FIELD_VALUE && !coerce_is_text(fields[field]))
            good = finding_not_text(&reading->findings, &at);
    }
    return good;
}

static bool check_scores(struct documents_reading *reading, const struct json_node *node, const struct json_path *path)
{
    const struct json_node *object = coerce_object(node, reading->arena, reading->print);
    bool good = true;
    if (object == NULL)
        return finding_not_object(&reading->findings, path);
    for (const struct json_node *member = object->first; member != NULL; member = member->next) {
        struct json_path at = json_path_member(path, member);
        good &= check_score(reading, member, &at);
    }
    return good;
}

static bool check_field(struct documents_reading *reading, enum value_kind kind, const struct json_node *node,
                        const struct json_path *path)
{
    struct findings *findings = &reading->findings;
    int64_t whole;
    double number;
    switch (kind) {
    case TEXT: return coerce_is_text(node) || finding_not_text(findings, path);
    case WHOLE: return coerce_whole(node, &whole) || finding_not_whole(findings, path);
    case NUMBER: return coerce_number(node, &number) || finding_not_number(findings, path);
    case MAP: return coerce_object(node, reading->arena, reading->print) != NULL || finding_not_object(findings, path);
    case ARRAY: return array_check(reading, node, path);
    case LOCATION: return check_location(reading, node, path);
    case SCORES: return check_scores(reading, node, path);
    default: return documents_check(reading, node, path);
    }
}

static bool check_document(struct documents_reading *reading, const struct json_node *node,
                           const struct json_path *path)
{
    if (node->kind == JSON_NULL)
        return finding_null(&reading->findings, path);
    const struct json_node *object = coerce_object(node, reading->arena, reading->print), *fields[DOCUMENT_FIELDS];
    if (object == NULL)
        return finding_not_object(&reading->findings, path);
    if (!finding_keys(&reading->findings, path, object))
        return false;
    document_fields(object, fields);
    bool good = true;
    for (int field = 0; field < FIELD_METADATA; field++) {
        if (fields[field] == NULL)
            continue;
        struct json_path at = json_path_name(path, &fields_table[field].snake);
        good &= check_field(reading, fields_table[field].kind, fields[field], &at);
    }
    if (!good || fields[FIELD_METADATA] == NULL)
        return good;
    struct json_path metadata =
        json_path_key(path, sluice_text_of("metadata")); /* a model of its own, checked at last */
    return check_field(reading, MAP, fields[FIELD_METADATA], &metadata);
}

bool documents_check(struct documents_reading *reading, const struct json_node *list, const struct json_path *path)
{
    bool good = true;
    if (list->kind != JSON_ARRAY)
        return finding_not_list(&reading->findings, path);
    struct json_items items = json_items_of(list);
    const struct json_node *item;
    for (size_t i = 0; (item = json_next(&items)) != NULL; i++) {
        struct json_path at = json_path_index(path, i);
        good &= check_document(reading, item, &at);
    }
    return good;
}
