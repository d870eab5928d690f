/* Definitions of a schema: none may be in a query, but a syntax error in one is told where it is. */
#include "gateway/graphql/parser.h"

#include <string.h>

/* What a definition may consist of, after its keyword and in this order. */
enum {
    HAS_NAME = 1,
    HAS_INTERFACES = 2,
    HAS_FIELDS = 4,
    HAS_TYPES = 8,
    HAS_VALUES = 16,
    HAS_INPUTS = 32,
    HAS_OPERATIONS = 64
};

static const struct definition {
    const char *word;
    unsigned parts;
} definitions[] = {
    {"schema",    HAS_OPERATIONS                        },
    {"scalar",    HAS_NAME                              },
    {"type",      HAS_NAME | HAS_INTERFACES | HAS_FIELDS},
    {"interface", HAS_NAME | HAS_INTERFACES | HAS_FIELDS},
    {"union",     HAS_NAME | HAS_TYPES                  },
    {"enum",      HAS_NAME | HAS_VALUES                 },
    {"input",     HAS_NAME | HAS_INPUTS                 },
};

static const struct definition *definition_of(const struct token *keyword)
{
    for (size_t i = 0; i < sizeof definitions / sizeof definitions[0]; i++)
        if (keyword->kind == TOKEN_NAME && sluice_text_is(keyword->value, definitions[i].word))
            return &definitions[i];
    return NULL;
}

static bool is_directive_word(const struct token *keyword)
{
    return keyword->kind == TOKEN_NAME && sluice_text_is(keyword->value, "directive");
}

bool parse_is_schema_word(const struct token *keyword)
{
    return definition_of(keyword) != NULL || is_directive_word(keyword);
}

static bool no_name(struct parser *parser)
{
    sluice_text name;
    uint32_t at;
    return parse_name(parser, &name, &at);
}

static bool constant_directives(struct parser *parser)
{
    struct node *directives = NULL;
    return parse_directives(parser, true, &directives);
}

/* An optional delimiter, then items with delimiters between them. */
static bool delimited(struct parser *parser, int delimiter, bool (*item)(struct parser *parser))
{
    parse_skip(parser, delimiter);
    do {
        if (parser->failed || !item(parser))
            return false;
    } while (parse_skip(parser, delimiter));
    return true;
}

static bool named_type(struct parser *parser)
{
    return parse_named_type(parser) != NULL;
}

static struct node *input_value(struct parser *parser)
{
    struct node *node = parse_node(parser, NODE_TYPE_SYSTEM);
    if (node == NULL || !parse_description(parser) || !no_name(parser) || !parse_expect(parser, ':') ||
        parse_type(parser) == NULL)
        return NULL;
    if (parse_skip(parser, '=') && (parser->failed || parse_constant(parser) == NULL))
        return NULL;
    return constant_directives(parser) ? node : NULL;
}

/* `open` and items up to `close`, if they are there. */
static bool optional_block(struct parser *parser, int open, parse_function *item, int close)
{
    struct node *items = NULL;
    return !parse_skip(parser, open) || parse_until(parser, item, close, false, &items, NULL);
}

static struct node *field(struct parser *parser)
{
    struct node *node = parse_node(parser, NODE_TYPE_SYSTEM);
    if (node == NULL || !parse_description(parser) || !no_name(parser) ||
        !optional_block(parser, '(', input_value, ')') || !parse_expect(parser, ':') || parse_type(parser) == NULL ||
        !constant_directives(parser))
        return NULL;
    return node;
}

static struct node *enum_value(struct parser *parser)
{
    struct node *node = parse_node(parser, NODE_TYPE_SYSTEM);
    if (node == NULL || !parse_description(parser))
        return NULL;
    if (parse_at_word(parser, "true") || parse_at_word(parser, "false") || parse_at_word(parser, "null")) {
        syntax_error(parser->problems, parser->token.at, "%s is reserved and cannot be used for an enum value.",
                     token_text(parser->problems, &parser->token));
        return NULL;
    }
    return no_name(parser) && constant_directives(parser) ? node : NULL;
}

static struct node *operation_type(struct parser *parser)
{
    struct node *node = parse_node(parser, NODE_TYPE_SYSTEM);
    struct token token = parser->token;
    if (node == NULL || !parse_expect(parser, TOKEN_NAME))
        return NULL;
    if (!sluice_text_is(token.value, "query") && !sluice_text_is(token.value, "mutation") &&
        !sluice_text_is(token.value, "subscription")) {
        parse_unexpected(parser, &token);
        return NULL;
    }
    return parse_expect(parser, ':') && named_type(parser) ? node : NULL;
}

/* The parts behind keyword and name. An extension needs at least one. */
static bool parse_parts(struct parser *parser, unsigned parts, bool extension)
{
    uint32_t from = parser->token.at;
    if ((parts & HAS_INTERFACES) && parse_skip_word(parser, "implements") && !delimited(parser, '&', named_type))
        return false;
    if (parser->failed || !constant_directives(parser))
        return false;
    bool good = true;
    if (parts & HAS_FIELDS)
        good = optional_block(parser, '{', field, '}');
    else if (parts & HAS_INPUTS)
        good = optional_block(parser, '{', input_value, '}');
    else if (parts & HAS_VALUES)
        good = optional_block(parser, '{', enum_value, '}');
    else if (parts & HAS_TYPES)
        good = !parse_skip(parser, '=') || delimited(parser, '|', named_type);
    else if ((parts & HAS_OPERATIONS) && !extension && !parse_at(parser, '{'))
        return parse_expect(parser, '{');
    else if (parts & HAS_OPERATIONS)
        good = optional_block(parser, '{', operation_type, '}');
    if (good && extension && parser->token.at == from)
        return parse_unexpected(parser, &parser->token);
    return good && !parser->failed;
}

static bool directive_place(struct parser *parser)
{
    static const char *const places[] = {"QUERY",
                                         "MUTATION",
                                         "SUBSCRIPTION",
                                         "FIELD",
                                         "FRAGMENT_DEFINITION",
                                         "FRAGMENT_SPREAD",
                                         "INLINE_FRAGMENT",
                                         "VARIABLE_DEFINITION",
                                         "SCHEMA",
                                         "SCALAR",
                                         "OBJECT",
                                         "FIELD_DEFINITION",
                                         "ARGUMENT_DEFINITION",
                                         "INTERFACE",
                                         "UNION",
                                         "ENUM",
                                         "ENUM_VALUE",
                                         "INPUT_OBJECT",
                                         "INPUT_FIELD_DEFINITION",
                                         "DIRECTIVE_DEFINITION"};
    struct token token = parser->token;
    if (!parse_expect(parser, TOKEN_NAME))
        return false;
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++)
        if (sluice_text_is(token.value, places[i]))
            return true;
    return parse_unexpected(parser, &token);
}

static bool parse_directive_definition(struct parser *parser, struct node *node)
{
    if (!parse_expect_word(parser, "directive") || !parse_expect(parser, '@') ||
        !parse_name(parser, &node->name, &node->name_at) || !optional_block(parser, '(', input_value, ')'))
        return false;
    parse_skip_word(parser, "repeatable");
    return !parser->failed && parse_expect_word(parser, "on") && delimited(parser, '|', directive_place);
}

struct node *parse_schema_definition(struct parser *parser, const struct token *keyword)
{
    struct node *node = parse_node(parser, NODE_TYPE_SYSTEM);
    if (node == NULL || !parse_description(parser))
        return NULL;
    if (is_directive_word(keyword))
        return parse_directive_definition(parser, node) ? node : NULL;
    const struct definition *definition = definition_of(keyword);
    bool extension = definition == NULL;
    if (extension) {
        struct token word = parse_look_ahead(parser);
        definition = definition_of(&word);
        if (word.kind == TOKEN_FAILED)
            return NULL;
        if (definition == NULL) {
            parse_unexpected(parser, &word);
            return NULL;
        }
        if (!parse_advance(parser))
            return NULL;
    }
    if (!parse_expect_word(parser, definition->word) ||
        ((definition->parts & HAS_NAME) && !parse_name(parser, &node->name, &node->name_at)))
        return NULL;
    return parse_parts(parser, definition->parts, extension) ? node : NULL;
}
