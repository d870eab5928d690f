/* Values, types, arguments and directives. */
#include "gateway/graphql/parser.h"

static struct node *parse_value_of(struct parser *parser, bool constant);

struct node *parse_value(struct parser *parser)
{
    return parse_value_of(parser, false);
}

struct node *parse_constant(struct parser *parser)
{
    return parse_value_of(parser, true);
}

static struct node *parse_object_field_of(struct parser *parser, enum node_kind kind, bool constant)
{
    struct node *node = parse_node(parser, kind);
    if (node == NULL || !parse_name(parser, &node->name, &node->name_at) || !parse_expect(parser, ':') ||
        (node->value = parse_value_of(parser, constant)) == NULL)
        return NULL;
    return node;
}

static struct node *parse_object_field(struct parser *parser)
{
    return parse_object_field_of(parser, NODE_OBJECT_FIELD, false);
}

static struct node *parse_constant_object_field(struct parser *parser)
{
    return parse_object_field_of(parser, NODE_OBJECT_FIELD, true);
}

static struct node *parse_argument(struct parser *parser)
{
    return parse_object_field_of(parser, NODE_ARGUMENT, false);
}

static struct node *parse_constant_argument(struct parser *parser)
{
    return parse_object_field_of(parser, NODE_ARGUMENT, true);
}

static struct node *parse_list(struct parser *parser, bool constant)
{
    struct node *node = parse_node(parser, NODE_LIST);
    if (node == NULL || !parse_deeper(parser) || !parse_advance(parser) ||
        !parse_until(parser, constant ? parse_constant : parse_value, ']', true, &node->children, &node->count))
        return NULL;
    parser->depth--;
    return node;
}

static struct node *parse_object(struct parser *parser, bool constant)
{
    struct node *node = parse_node(parser, NODE_OBJECT);
    if (node == NULL || !parse_deeper(parser) || !parse_advance(parser) ||
        !parse_until(parser, constant ? parse_constant_object_field : parse_object_field, '}', true, &node->children,
                     &node->count))
        return NULL;
    parser->depth--;
    return node;
}

/* A value of one token. */
static struct node *parse_scalar(struct parser *parser, enum node_kind kind)
{
    struct node *node = parse_node(parser, kind);
    if (node == NULL)
        return NULL;
    node->name = parser->token.value;
    node->name_at = parser->token.at;
    node->block = parse_at(parser, TOKEN_BLOCK_STRING);
    return parse_advance(parser) ? node : NULL;
}

static struct node *parse_word(struct parser *parser)
{
    if (parse_at_word(parser, "true") || parse_at_word(parser, "false"))
        return parse_scalar(parser, NODE_BOOLEAN);
    return parse_scalar(parser, parse_at_word(parser, "null") ? NODE_NULL : NODE_ENUM);
}

static struct node *parse_no_variable(struct parser *parser)
{
    struct token dollar = parser->token;
    if (!parse_advance(parser))
        return NULL;
    if (parse_at(parser, TOKEN_NAME))
        syntax_error(parser->problems, dollar.at, "Unexpected variable \"$%.*s\" in constant value.",
                     TEXT_ARGS(parser->token.value));
    else
        parse_unexpected(parser, &dollar);
    return NULL;
}

static struct node *parse_value_of(struct parser *parser, bool constant)
{
    switch (parser->token.kind) {
    case '[': return parse_list(parser, constant);
    case '{': return parse_object(parser, constant);
    case TOKEN_INT: return parse_scalar(parser, NODE_INT);
    case TOKEN_FLOAT: return parse_scalar(parser, NODE_FLOAT);
    case TOKEN_STRING:
    case TOKEN_BLOCK_STRING: return parse_scalar(parser, NODE_STRING);
    case TOKEN_NAME: return parse_word(parser);
    case '$': return constant ? parse_no_variable(parser) : parse_variable(parser);
    default: parse_unexpected(parser, &parser->token); return NULL;
    }
}

struct node *parse_variable(struct parser *parser)
{
    struct node *node = parse_node(parser, NODE_VARIABLE);
    if (node == NULL || !parse_expect(parser, '$') || !parse_name(parser, &node->name, &node->name_at))
        return NULL;
    return node;
}

struct node *parse_named_type(struct parser *parser)
{
    struct node *node = parse_node(parser, NODE_NAMED_TYPE);
    return node != NULL && parse_name(parser, &node->name, &node->name_at) ? node : NULL;
}

static struct node *parse_list_type(struct parser *parser)
{
    struct node *node = parse_node(parser, NODE_LIST_TYPE);
    if (node == NULL || !parse_deeper(parser) || !parse_advance(parser) || (node->type = parse_type(parser)) == NULL ||
        !parse_expect(parser, ']'))
        return NULL;
    parser->depth--;
    return node;
}

struct node *parse_type(struct parser *parser)
{
    struct node *outer = parse_node(parser, NODE_NON_NULL_TYPE);
    struct node *type = parse_at(parser, '[') ? parse_list_type(parser) : parse_named_type(parser);
    if (outer == NULL || type == NULL)
        return NULL;
    if (!parse_skip(parser, '!'))
        return type;
    outer->type = type;
    return parser->failed ? NULL : outer;
}

bool parse_arguments(struct parser *parser, bool constant, struct node **ret_first)
{
    if (!parse_skip(parser, '('))
        return true;
    return parse_until(parser, constant ? parse_constant_argument : parse_argument, ')', false, ret_first, NULL);
}

bool parse_directives(struct parser *parser, bool constant, struct node **ret_first)
{
    struct node **link = ret_first;
    while (parse_at(parser, '@')) {
        struct node *node = parse_node(parser, NODE_DIRECTIVE);
        if (node == NULL || !parse_advance(parser) || !parse_name(parser, &node->name, &node->name_at) ||
            !parse_arguments(parser, constant, &node->arguments))
            return false;
        *link = node;
        link = &node->next;
    }
    return true;
}
