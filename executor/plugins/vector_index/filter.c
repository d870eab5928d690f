#include "filter.h"
#include "flat.h"

#include <stdlib.h>
#include <string.h>

#define PREFIX "tags__"

enum operation { ALL, ANY, NOT_ALL, EQUAL, UNEQUAL, GREATER, GREATER_EQUAL, LESS, LESS_EQUAL, IN, NOT_IN, EXISTS };

/* The first child of a join is the node behind it; a child's `next` is the following one. */
struct node {
    enum operation operation;
    unsigned next;             /* 0: the last child */
    bool has_children;
    sluice_text path;          /* of a condition, without the prefix */
    const sluice_value *value; /* of a condition */
};

struct filter {
    unsigned count, values;
    struct node nodes[FILTER_NODES_MAX];
};

static const struct {
    const char *name;
    enum operation operation;
} comparisons[] = {
    {"$eq", EQUAL},  {"$ne", UNEQUAL},      {"$neq", UNEQUAL}, {"$gt", GREATER}, {"$gte", GREATER_EQUAL},
    {"$lt", LESS},   {"$lte", LESS_EQUAL},  {"$in", IN},       {"$nin", NOT_IN}, {"$exists", EXISTS},
};

/* ---- making ---- */

static struct node *add_node(struct filter *filter, enum operation operation, sluice_error *error)
{
    if (filter->count == FILTER_NODES_MAX) {
        sluice_fail(error, SLUICE_INVALID, "filter", "a filter may have at most %d conditions and joins", FILTER_NODES_MAX);
        return NULL;
    }
    struct node *node = &filter->nodes[filter->count++];
    *node = (struct node){.operation = operation};
    return node;
}

static bool is_plain(const sluice_value *value)
{
    return sluice_value_kind_of(value) != SLUICE_VALUE_LIST && sluice_value_kind_of(value) != SLUICE_VALUE_MAP;
}

static sluice_status check_list(struct filter *filter, const sluice_value *value, const char *name, sluice_error *error)
{
    bool right = sluice_value_kind_of(value) == SLUICE_VALUE_LIST;
    for (size_t i = 0; right && i < sluice_value_size(value); i++)
        right = is_plain(sluice_value_at(value, i));
    if (!right)
        return sluice_fail(error, SLUICE_INVALID, "filter",
                           "%s takes a list of numbers, strings, true, false or null, such as {\"%s\": [1, 2]}", name, name);
    if (sluice_value_size(value) > FILTER_VALUES_MAX - filter->values)
        return sluice_fail(error, SLUICE_INVALID, "filter", "the lists of a filter may have at most %d values",
                           FILTER_VALUES_MAX);
    filter->values += (unsigned)sluice_value_size(value);
    return SLUICE_OK;
}

/* What an operator takes. */
static sluice_status check_value(struct filter *filter, enum operation operation, const sluice_value *value,
                                 const char *name, sluice_error *error)
{
    sluice_value_kind kind = sluice_value_kind_of(value);
    if (operation == IN || operation == NOT_IN)
        return check_list(filter, value, name, error);
    if (operation == EXISTS && kind != SLUICE_VALUE_BOOL)
        return sluice_fail(error, SLUICE_INVALID, "filter", "$exists takes true or false");
    if ((operation == EQUAL || operation == UNEQUAL) && !is_plain(value))
        return sluice_fail(error, SLUICE_INVALID, "filter", "%s takes a number, a string, true, false or null", name);
    if (operation >= GREATER && operation <= LESS_EQUAL && kind != SLUICE_VALUE_NUMBER && kind != SLUICE_VALUE_STRING)
        return sluice_fail(error, SLUICE_INVALID, "filter", "%s takes a number or a string", name);
    return SLUICE_OK;
}

/* One operator of a field: {"$gt": 2000}. */
static sluice_status add_condition(struct filter *filter, sluice_text key, sluice_text name, const sluice_value *value,
                                   sluice_error *error)
{
    size_t i = 0, count = sizeof comparisons / sizeof comparisons[0];
    while (i < count && !sluice_text_is(name, comparisons[i].name))
        i++;
    if (i == count)
        return sluice_fail(error, SLUICE_INVALID, "filter",
                           "there is no operator \"%.*s\"; use $eq, $ne, $gt, $gte, $lt, $lte, $in, $nin or $exists",
                           (int)name.size, name.data);
    struct node *node = add_node(filter, comparisons[i].operation, error);
    if (node == NULL)
        return SLUICE_INVALID;
    size_t prefix = strlen(PREFIX);
    node->path = (sluice_text){key.data + prefix, key.size - prefix};
    node->value = value;
    return check_value(filter, node->operation, value, comparisons[i].name, error);
}

/* Each child links to the next; `previous` is the last one so far, 0 for none. */
static void link_child(struct filter *filter, unsigned parent, unsigned *previous, unsigned child)
{
    filter->nodes[parent].has_children = true;
    if (*previous != 0)
        filter->nodes[*previous].next = child;
    *previous = child;
}

static sluice_status add_field(struct filter *filter, unsigned parent, unsigned *previous, sluice_text key,
                               const sluice_value *value, sluice_error *error)
{
    if (key.size <= strlen(PREFIX) || memcmp(key.data, PREFIX, strlen(PREFIX)) != 0)
        return sluice_fail(error, SLUICE_INVALID, "filter",
                           "\"%.*s\" is no key of a filter; use \"tags__NAME\", $and, $or or $not", (int)key.size, key.data);
    if (sluice_value_kind_of(value) != SLUICE_VALUE_MAP || sluice_value_size(value) == 0)
        return sluice_fail(error, SLUICE_INVALID, "filter",
                           "\"%.*s\" needs a map with an operator, such as {\"$eq\": 1}", (int)key.size, key.data);
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < sluice_value_size(value) && status == SLUICE_OK; i++) {
        unsigned child = filter->count;
        status = add_condition(filter, key, sluice_value_key_at(value, i), sluice_value_at(value, i), error);
        if (status == SLUICE_OK)
            link_child(filter, parent, previous, child);
    }
    return status;
}

static sluice_status add_map(struct filter *filter, const sluice_value *map, unsigned depth, sluice_error *error);

/* $and, $or, $not: of a list of filters, $not of a single one too. */
static sluice_status add_join(struct filter *filter, enum operation operation, sluice_text name, const sluice_value *value,
                              unsigned depth, sluice_error *error)
{
    unsigned parent = filter->count, previous = 0;
    sluice_value_kind kind = sluice_value_kind_of(value);
    if (add_node(filter, operation, error) == NULL)
        return SLUICE_INVALID;
    if (kind != SLUICE_VALUE_LIST && !(kind == SLUICE_VALUE_MAP && operation == NOT_ALL))
        return sluice_fail(error, SLUICE_INVALID, "filter", "%.*s takes a list of filters%s", (int)name.size, name.data,
                           operation == NOT_ALL ? ", or one filter" : "");
    size_t count = kind == SLUICE_VALUE_LIST ? sluice_value_size(value) : 1;
    if (count == 0)
        return sluice_fail(error, SLUICE_INVALID, "filter", "the list of %.*s is empty; leave it out", (int)name.size,
                           name.data);
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < count && status == SLUICE_OK; i++) {
        unsigned child = filter->count;
        status = add_map(filter, kind == SLUICE_VALUE_LIST ? sluice_value_at(value, i) : value, depth + 1, error);
        if (status == SLUICE_OK)
            link_child(filter, parent, &previous, child);
    }
    return status;
}

/* All entries of a map must hold. */
static sluice_status add_map(struct filter *filter, const sluice_value *map, unsigned depth, sluice_error *error)
{
    static const struct {
        const char *name;
        enum operation operation;
    } joins[] = {{"$and", ALL}, {"$or", ANY}, {"$not", NOT_ALL}};

    if (sluice_value_kind_of(map) != SLUICE_VALUE_MAP)
        return sluice_fail(error, SLUICE_INVALID, "filter", "a filter is a map, such as {\"tags__year\": {\"$gt\": 2000}}");
    if (depth > FILTER_DEPTH_MAX)
        return sluice_fail(error, SLUICE_INVALID, "filter", "a filter may be nested at most %d deep", FILTER_DEPTH_MAX);
    unsigned parent = filter->count, previous = 0;
    if (add_node(filter, ALL, error) == NULL)
        return SLUICE_INVALID;
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < sluice_value_size(map) && status == SLUICE_OK; i++) {
        sluice_text key = sluice_value_key_at(map, i);
        const sluice_value *value = sluice_value_at(map, i);
        size_t join = 0;
        while (join < 3 && !sluice_text_is(key, joins[join].name))
            join++;
        unsigned child = filter->count;
        if (join == 3) {
            status = add_field(filter, parent, &previous, key, value, error);
            continue;
        }
        status = add_join(filter, joins[join].operation, key, value, depth, error);
        if (status == SLUICE_OK)
            link_child(filter, parent, &previous, child);
    }
    return status;
}

sluice_status filter_new(const sluice_value *source, struct filter **ret_filter, sluice_error *error)
{
    struct filter *filter = malloc(sizeof *filter);
    if (filter == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "filter", "no memory");
    filter->count = filter->values = 0;
    sluice_status status = add_map(filter, source, 1, error);
    if (status != SLUICE_OK) {
        free(filter);
        return status;
    }
    *ret_filter = filter;
    return SLUICE_OK;
}

void filter_free(struct filter *filter)
{
    free(filter);
}

/* ---- asking ---- */

static bool equals(const uint8_t *tag, const sluice_value *value)
{
    sluice_value_kind kind = sluice_value_kind_of(value);
    if (flat_kind(tag) != kind)
        return false;
    if (kind == SLUICE_VALUE_BOOL)
        return flat_bool(tag) == sluice_value_bool(value, false);
    if (kind == SLUICE_VALUE_NUMBER)
        return flat_number(tag) == sluice_value_number(value, 0);
    if (kind == SLUICE_VALUE_NULL)
        return true;
    sluice_text a = flat_string(tag), b = sluice_value_string(value);
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

static bool is_in(const uint8_t *tag, const sluice_value *list)
{
    for (size_t i = 0; i < sluice_value_size(list); i++)
        if (equals(tag, sluice_value_at(list, i)))
            return true;
    return false;
}

static bool compares(enum operation operation, int order)
{
    switch (operation) {
    case GREATER: return order > 0;
    case GREATER_EQUAL: return order >= 0;
    case LESS: return order < 0;
    default: return order <= 0;
    }
}

/* $gt and its sisters: numbers with numbers, strings with strings. */
static bool is_beyond(const uint8_t *tag, enum operation operation, const sluice_value *value)
{
    if (flat_kind(tag) != sluice_value_kind_of(value))
        return false;
    if (flat_kind(tag) == SLUICE_VALUE_NUMBER) {
        double a = flat_number(tag), b = sluice_value_number(value, 0);
        return a == a && b == b && compares(operation, (a > b) - (a < b));
    }
    sluice_text a = flat_string(tag), b = sluice_value_string(value);
    int order = memcmp(a.data, b.data, a.size < b.size ? a.size : b.size);
    return compares(operation, order != 0 ? order : (a.size > b.size) - (a.size < b.size));
}

static bool holds(const struct node *node, const uint8_t *tags)
{
    const uint8_t *tag = flat_find(tags, node->path);
    switch (node->operation) {
    case EQUAL: return equals(tag, node->value);
    case UNEQUAL: return !equals(tag, node->value);
    case IN: return is_in(tag, node->value);
    case NOT_IN: return !is_in(tag, node->value);
    case EXISTS: return (flat_kind(tag) != SLUICE_VALUE_NULL) == sluice_value_bool(node->value, false);
    default: return is_beyond(tag, node->operation, node->value);
    }
}

static bool passes(const struct filter *filter, unsigned index, const uint8_t *tags)
{
    const struct node *node = &filter->nodes[index];
    if (node->operation > NOT_ALL)
        return holds(node, tags);
    bool wanted = node->operation == ANY; /* what one child alone decides */
    bool result = !wanted;
    for (unsigned child = node->has_children ? index + 1 : 0; child != 0 && result != wanted;
         child = filter->nodes[child].next)
        if (passes(filter, child, tags) == wanted)
            result = wanted;
    return node->operation == NOT_ALL ? !result : result;
}

bool filter_passes(const struct filter *filter, const uint8_t *tags)
{
    return passes(filter, 0, tags);
}
