/* Documents, operations, fragments and selections. */
#include "gateway/graphql/parser.h"
#include "gateway/graphql/graphql.h"

#include <string.h>

struct node *parse_node(struct parser *parser, enum node_kind kind)
{
    struct node *node = arena_zalloc(parser->problems->arena, sizeof *node);
    if (node == NULL) {
        parser->problems->no_memory = true;
        return NULL;
    }
    node->kind = kind;
    node->at = parser->token.at;
    return node;
}

bool parse_advance(struct parser *parser)
{
    parser->last = parser->token;
    parser->token = lexer_next(parser->problems, parser->token.end);
    if (parser->token.kind == TOKEN_FAILED)
        return false;
    if (parser->token.kind != TOKEN_END && ++parser->tokens > GRAPHQL_TOKENS_MAX)
        return syntax_error(parser->problems, parser->token.at,
                            "Document contains more that %d tokens. Parsing aborted.", GRAPHQL_TOKENS_MAX);
    return true;
}

bool parse_at(const struct parser *parser, int kind)
{
    return parser->token.kind == kind;
}

bool parse_expect(struct parser *parser, int kind)
{
    if (parse_at(parser, kind))
        return parse_advance(parser);
    return syntax_error(parser->problems, parser->token.at, "Expected %s, found %s.", token_kind_text(kind),
                        token_text(parser->problems, &parser->token));
}

/* The lexer may fail on the token behind; then parser->failed stops the caller's next step. */
bool parse_skip(struct parser *parser, int kind)
{
    if (!parse_at(parser, kind))
        return false;
    if (!parse_advance(parser))
        parser->failed = true;
    return true;
}

static bool token_is_word(const struct token *token, const char *word)
{
    return token->kind == TOKEN_NAME && sluice_text_is(token->value, word);
}

bool parse_at_word(const struct parser *parser, const char *word)
{
    return token_is_word(&parser->token, word);
}

bool parse_expect_word(struct parser *parser, const char *word)
{
    if (parse_at_word(parser, word))
        return parse_advance(parser);
    return syntax_error(parser->problems, parser->token.at, "Expected \"%s\", found %s.", word,
                        token_text(parser->problems, &parser->token));
}

bool parse_skip_word(struct parser *parser, const char *word)
{
    return parse_at_word(parser, word) && parse_skip(parser, TOKEN_NAME);
}

bool parse_unexpected(struct parser *parser, const struct token *token)
{
    return syntax_error(parser->problems, token->at, "Unexpected %s.", token_text(parser->problems, token));
}

struct token parse_look_ahead(struct parser *parser)
{
    return lexer_next(parser->problems, parser->token.end);
}

bool parse_deeper(struct parser *parser)
{
    if (parser->depth >= GRAPHQL_DEPTH_MAX)
        return syntax_error(parser->problems, parser->token.at,
                            "Document nests deeper than %d levels. Parsing aborted.", GRAPHQL_DEPTH_MAX);
    parser->depth++;
    return true;
}

bool parse_until(struct parser *parser, parse_function *item, int close, bool may_be_empty, struct node **ret_first,
                 uint32_t *ret_count)
{
    struct node **link = ret_first;
    uint32_t count = 0;
    while (!((may_be_empty || count > 0) && parse_skip(parser, close))) {
        struct node *node = parser->failed ? NULL : item(parser);
        if (node == NULL)
            return false;
        *link = node;
        link = &node->next;
        count++;
    }
    if (ret_count != NULL)
        *ret_count = count;
    return !parser->failed;
}

bool parse_name(struct parser *parser, sluice_text *ret_name, uint32_t *ret_at)
{
    *ret_name = parser->token.value;
    *ret_at = parser->token.at;
    return parse_expect(parser, TOKEN_NAME);
}

static bool at_description(const struct parser *parser)
{
    return parse_at(parser, TOKEN_STRING) || parse_at(parser, TOKEN_BLOCK_STRING);
}

bool parse_description(struct parser *parser)
{
    return !at_description(parser) || parse_advance(parser);
}

/* ---- selections ---- */

static struct node *parse_selection(struct parser *parser);

static struct node *parse_selection_set(struct parser *parser)
{
    struct node *set = parse_node(parser, NODE_SELECTION_SET);
    if (set == NULL || !parse_deeper(parser) || !parse_expect(parser, '{') ||
        !parse_until(parser, parse_selection, '}', false, &set->children, &set->count))
        return NULL;
    parser->depth--;
    return set;
}

/* What is alike in fields and fragments: directives and a selection set. */
static bool parse_rest(struct parser *parser, struct node *node, bool set_needed)
{
    if (!parse_directives(parser, false, &node->directives))
        return false;
    if (!set_needed && !parse_at(parser, '{'))
        return true;
    return (node->selection_set = parse_selection_set(parser)) != NULL;
}

static bool parse_alias(struct parser *parser, struct node *field)
{
    if (!parse_skip(parser, ':'))
        return true;
    field->alias = field->name;
    if (++parser->aliases > GRAPHQL_ALIASES_MAX)
        return syntax_error(parser->problems, field->at, "Document contains more than %d aliases. Parsing aborted.",
                            GRAPHQL_ALIASES_MAX);
    return !parser->failed && parse_name(parser, &field->name, &field->name_at);
}

static struct node *parse_field(struct parser *parser)
{
    struct node *field = parse_node(parser, NODE_FIELD);
    if (field == NULL || !parse_name(parser, &field->name, &field->name_at) || !parse_alias(parser, field) ||
        !parse_arguments(parser, false, &field->arguments) || !parse_rest(parser, field, false))
        return NULL;
    return field;
}

static bool parse_fragment_name(struct parser *parser, struct node *node)
{
    if (parse_at_word(parser, "on"))
        return parse_unexpected(parser, &parser->token);
    return parse_name(parser, &node->name, &node->name_at);
}

static struct node *parse_selection(struct parser *parser)
{
    if (!parse_at(parser, TOKEN_SPREAD))
        return parse_field(parser);
    struct node *node = parse_node(parser, NODE_INLINE_FRAGMENT);
    if (node == NULL || !parse_advance(parser))
        return NULL;
    bool on = parse_skip_word(parser, "on");
    if (parser->failed)
        return NULL;
    if (!on && parse_at(parser, TOKEN_NAME)) {
        node->kind = NODE_FRAGMENT_SPREAD;
        return parse_fragment_name(parser, node) && parse_directives(parser, false, &node->directives) ? node : NULL;
    }
    if (on && (node->type = parse_named_type(parser)) == NULL)
        return NULL;
    return parse_rest(parser, node, true) ? node : NULL;
}

/* ---- definitions ---- */

static struct node *parse_variable_definition(struct parser *parser)
{
    struct node *node = parse_node(parser, NODE_VARIABLE_DEFINITION);
    if (node == NULL || !parse_description(parser) || (node->variable = parse_variable(parser)) == NULL ||
        !parse_expect(parser, ':') || (node->type = parse_type(parser)) == NULL)
        return NULL;
    node->name = node->variable->name;
    node->name_at = node->variable->name_at;
    if (parse_skip(parser, '=') && (parser->failed || (node->value = parse_constant(parser)) == NULL))
        return NULL;
    return parse_directives(parser, true, &node->directives) ? node : NULL;
}

static bool parse_operation_kind(struct parser *parser, struct node *node)
{
    static const char *const words[] = {"query", "mutation", "subscription"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (parse_at_word(parser, words[i]))
            node->operation = (enum operation_kind)i;
    return parse_advance(parser);
}

static struct node *parse_operation(struct parser *parser)
{
    struct node *node = parse_node(parser, NODE_OPERATION);
    if (node == NULL)
        return NULL;
    if (!parse_at(parser, '{')) {
        if (!parse_description(parser) || !parse_operation_kind(parser, node))
            return NULL;
        if (parse_at(parser, TOKEN_NAME) && !parse_name(parser, &node->name, &node->name_at))
            return NULL;
        if (parse_skip(parser, '(') &&
            !parse_until(parser, parse_variable_definition, ')', false, &node->children, &node->count))
            return NULL;
        if (parser->failed)
            return NULL;
    }
    return parse_rest(parser, node, true) ? node : NULL;
}

static struct node *parse_fragment(struct parser *parser)
{
    struct node *node = parse_node(parser, NODE_FRAGMENT);
    if (node == NULL || !parse_description(parser) || !parse_expect_word(parser, "fragment") ||
        !parse_fragment_name(parser, node) || !parse_expect_word(parser, "on") ||
        (node->type = parse_named_type(parser)) == NULL || !parse_rest(parser, node, true))
        return NULL;
    return node;
}

static bool is_operation_word(const struct token *token)
{
    return token_is_word(token, "query") || token_is_word(token, "mutation") || token_is_word(token, "subscription");
}

static struct node *parse_definition(struct parser *parser)
{
    if (parse_at(parser, '{'))
        return parse_operation(parser);
    bool described = at_description(parser);
    struct token keyword = described ? parse_look_ahead(parser) : parser->token;
    if (keyword.kind == TOKEN_FAILED)
        return NULL;
    const char *problem = NULL;
    if (described && keyword.kind == '{')
        problem = "descriptions are not supported on shorthand queries.";
    else if (is_operation_word(&keyword))
        return parse_operation(parser);
    else if (token_is_word(&keyword, "fragment"))
        return parse_fragment(parser);
    else if (parse_is_schema_word(&keyword))
        return parse_schema_definition(parser, &keyword);
    else if (described && keyword.kind == TOKEN_NAME)
        problem = "only GraphQL definitions support descriptions.";
    else if (token_is_word(&keyword, "extend"))
        return parse_schema_definition(parser, &keyword);
    if (problem != NULL)
        syntax_error(parser->problems, parser->token.at, "Unexpected description, %s", problem);
    else
        parse_unexpected(parser, &keyword);
    return NULL;
}

struct node *parse_query(struct problems *problems)
{
    struct parser parser = {.problems = problems, .token = {.kind = TOKEN_START}};
    struct node *document = parse_node(&parser, NODE_DOCUMENT);
    if (document == NULL || !parse_advance(&parser) ||
        !parse_until(&parser, parse_definition, TOKEN_END, false, &document->children, &document->count))
        return NULL;
    uint32_t number = 0;
    for (struct node *node = document->children; node != NULL; node = node->next)
        node->number = number++;
    return document;
}
