/* The first step: from texts to calls. And the life of an operation. */
#include "gateway/graphql/execute.h"
#include "gateway/graphql/parser.h"
#include "gateway/graphql/validate.h"
#include "common/foundation/text.h"

#include <string.h>

enum { FIRST_ARENA_SIZE = 16 << 10 };

static const char place[] = "graphql";

const char graphql_no_query[] = "No GraphQL query found in the request";
const char graphql_no_json[] = "Unable to parse request body as JSON";
const char graphql_no_mutation[] = "mutations are not allowed when using GET";

/* ---- reading ---- */

static bool is_blank(sluice_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (strchr(" \t\r\n", text.data[i]) == NULL)
            return false;
    return true;
}

/* `value` NULL: none. */
static sluice_status check_variables(struct value *value, struct value **ret_variables, sluice_error *error)
{
    *ret_variables = NULL;
    if (value == NULL || value->kind == VALUE_NULL)
        return SLUICE_OK;
    if (value->kind != VALUE_OBJECT)
        return sluice_fail(
            error, SLUICE_INVALID, place,
            "\"variables\" is a JSON object with a value for each name, or null, and no other JSON value");
    *ret_variables = value;
    return SLUICE_OK;
}

static sluice_status read_variables(struct graphql *operation, sluice_text json, struct value **ret_variables,
                                    sluice_error *error)
{
    *ret_variables = NULL;
    if (is_blank(json))
        return SLUICE_OK;
    struct value *value = NULL;
    sluice_status status = value_from_json(operation->arena, json, GRAPHQL_VARIABLES_DEPTH_MAX, &value, error);
    return status == SLUICE_OK ? check_variables(value, ret_variables, error) : status;
}

/* What is wrong with the text itself; NULL: nothing. */
static const char *text_problem(sluice_text query)
{
    if (query.size > GRAPHQL_QUERY_MAX)
        return "the query is too long";
    return text_is_utf8(query.data, query.size) ? NULL : "the query is no UTF-8";
}

static void read_query(struct graphql *operation)
{
    struct problems *problems = &operation->problems;
    const char *problem = text_problem(problems->source);
    if (problem != NULL) {
        problem_add(problems, "Syntax Error: %s.", problem);
        problems->source = (sluice_text){"", 0};
        return;
    }
    operation->document = parse_query(problems);
    if (operation->document != NULL)
        validate_query(problems, operation->document);
}

/* ---- choosing and checking ---- */

/* The operation of that name; without a name the first, where the package graphql asks for a name: the original does.
 */
static void choose(struct graphql *operation, sluice_text name)
{
    for (const struct node *node = operation->document->children; node != NULL; node = node->next)
        if (node->kind == NODE_OPERATION && operation->operation == NULL && (name.size == 0 || node_named(node, name)))
            operation->operation = node;
    if (operation->operation != NULL)
        return;
    if (name.size > 0)
        problem_add(&operation->problems, "Unknown operation named \"%.*s\".", TEXT_ARGS(name));
    else
        problem_add(&operation->problems, "Must provide an operation.");
}

static bool index_fragments(struct graphql *operation)
{
    for (struct node *node = operation->document->children; node != NULL; node = node->next) {
        if (node->kind != NODE_FRAGMENT)
            continue;
        void **slot = names_slot(&operation->fragments, operation->arena, node->name);
        if (slot == NULL) {
            operation->problems.no_memory = true;
            return false;
        }
        *slot = node;
    }
    return true;
}

/* Everything up to the calls; false: the errors are the answer. */
static bool check_operation(struct graphql *operation, const struct value *given)
{
    struct problems *problems = &operation->problems;
    const struct node *node = operation->operation;
    if (!index_fragments(operation) || !coerce_variables(problems, node, given, &operation->variables))
        return false;
    if (node->operation == OPERATION_SUBSCRIPTION) {
        problem_place(problems, problem_add(problems, "Schema is not configured to execute subscription operation."),
                      node->at);
        return false;
    }
    if (plan_too_deep(operation)) {
        problem_place(problems,
                      problem_add(problems, "The operation nests deeper than %d levels, fragments included.",
                                  GRAPHQL_SPREAD_DEPTH_MAX),
                      node->at);
        return false;
    }
    operation->root = plan_of_operation(operation);
    if (operation->root != NULL && operation->root->problem != NULL)
        problem_place(problems, problem_add(problems, "%s", operation->root->problem), operation->root->problem_at);
    return operation->root != NULL && operation->root->problem == NULL;
}

/* ---- calls ---- */

static bool too_many_calls(struct graphql *operation)
{
    size_t count = 0;
    for (size_t i = 0; i < operation->root->count; i++)
        count += operation->root->fields[i]->field->id == FIELD_DOCS;
    if (count > GRAPHQL_CALLS_MAX)
        problem_place(
            &operation->problems,
            problem_add(&operation->problems, "The operation has more than %d fields \"docs\".", GRAPHQL_CALLS_MAX),
            operation->operation->at);
    operation->calls = arena_zalloc(operation->arena, (count + 1) * sizeof *operation->calls);
    operation->problems.no_memory |= operation->calls == NULL;
    return count > GRAPHQL_CALLS_MAX || operation->calls == NULL;
}

static bool make_call(struct graphql *operation, struct plan_field *field)
{
    const struct field *known = field->field;
    struct value **arguments = arena_zalloc(operation->arena, (known->argument_count + 1) * sizeof *arguments);
    struct call *call = &operation->calls[operation->call_count];
    call->field = field;
    if (arguments == NULL) {
        operation->problems.no_memory = true;
        return false;
    }
    rope_init(&call->message);
    if (coerce_arguments(&operation->problems, field->first, known->arguments, known->argument_count,
                         &operation->variables, arguments) &&
        request_of_arguments(operation, field, arguments, &call->message)) {
        operation->call_count++;
        return true;
    }
    rope_done(&call->message);
    struct path *path = arena_zalloc(operation->arena, sizeof *path);
    if (path == NULL || operation->problems.last == NULL) {
        operation->problems.no_memory = true;
        return false;
    }
    path->key = field->key;
    operation->problems.last->path = path;
    return false;
}

static void drop_calls(struct graphql *operation)
{
    for (size_t i = 0; i < operation->call_count; i++)
        rope_done(&operation->calls[i].message);
    operation->call_count = 0;
}

/*
 * A call that cannot be made is an error, and as `docs` is never null, there is no data then. Of a query nothing is
 * called at all; of a mutation what stands before it.
 */
static void make_calls(struct graphql *operation)
{
    bool good = !too_many_calls(operation);
    for (size_t i = 0; good && i < operation->root->count; i++)
        if (operation->root->fields[i]->field->id == FIELD_DOCS)
            good = make_call(operation, operation->root->fields[i]);
    operation->failed = !good;
    if (!good && !graphql_serial(operation))
        drop_calls(operation);
}

/* ---- the contract ---- */

/* `size`: bytes of the request. */
static struct graphql *operation_new(const sluice_limits *limits, size_t size)
{
    size_t more = size < GRAPHQL_MEMORY_MAX ? size * GRAPHQL_MEMORY_PER_BYTE : GRAPHQL_MEMORY_MAX;
    size_t memory = more < GRAPHQL_MEMORY_MAX - GRAPHQL_MEMORY_BASE ? GRAPHQL_MEMORY_BASE + more : GRAPHQL_MEMORY_MAX;
    struct arena *arena = arena_new(FIRST_ARENA_SIZE, memory);
    struct graphql *operation = arena != NULL ? arena_zalloc(arena, sizeof *operation) : NULL;
    if (operation == NULL) {
        arena_free(arena);
        return NULL;
    }
    operation->arena = operation->problems.arena = arena;
    operation->limits = limits;
    operation->failed = true;
    return operation;
}

/* From texts to calls. `given` NULL: no variables. */
static sluice_status prepare(struct graphql *operation, const struct graphql_request *request,
                             const struct value *given, sluice_error *error)
{
    operation->problems.source = request->query;
    read_query(operation);
    if (operation->problems.count == 0 && operation->document != NULL)
        choose(operation, request->operation_name);
    const struct node *node = operation->operation;
    if (node != NULL && request->queries_only && node->operation == OPERATION_MUTATION)
        return sluice_fail(error, SLUICE_UNIMPLEMENTED, place, "%s", graphql_no_mutation);
    if (node != NULL && check_operation(operation, given))
        make_calls(operation);
    if (operation->problems.no_memory)
        return sluice_fail(error, arena_failure(operation->arena) == SLUICE_LIMIT ? SLUICE_LIMIT : SLUICE_NO_MEMORY,
                           place, "the operation needs more memory than there is");
    return SLUICE_OK;
}

static const char over_memory[] = "The operation needs more memory than it may use.";
static const char over_depth[] = "A member of the request, such as \"variables\", nests deeper than 256 levels.";
_Static_assert(GRAPHQL_VARIABLES_DEPTH_MAX == 256, "the sentence above says so");

/* The end of both ways in. A limit is no failure but the answer: what was asked does not become better by being repeated. */
static sluice_status give(struct graphql *operation, sluice_status status, struct graphql **ret_operation)
{
    bool full = arena_failure(operation->arena) == SLUICE_LIMIT;
    if (status == SLUICE_LIMIT || (status == SLUICE_NO_MEMORY && full)) {
        drop_calls(operation);
        operation->over = full ? over_memory : over_depth;
        status = SLUICE_OK;
    }
    if (status == SLUICE_OK)
        *ret_operation = operation;
    else
        graphql_free(operation);
    return status;
}

sluice_status graphql_prepare(const struct graphql_request *request, struct graphql **ret_operation,
                              sluice_error *error)
{
    struct graphql *operation = operation_new(request->limits, request->query.size + request->variables.size);
    struct value *given;
    if (operation == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, place, "no memory for the operation");
    sluice_status status = read_variables(operation, request->variables, &given, error);
    if (status == SLUICE_OK)
        status = prepare(operation, request, given, error);
    return give(operation, status, ret_operation);
}

static sluice_status prepare_body(struct graphql *operation, sluice_text body, sluice_error *error)
{
    struct value *root = NULL, *given;
    sluice_status status = value_from_json(operation->arena, body, GRAPHQL_VARIABLES_DEPTH_MAX + 1, &root, error);
    if (status == SLUICE_INVALID)
        return sluice_fail(error, status, place, "%s", graphql_no_json);
    if (status != SLUICE_OK)
        return status;
    if (root->kind != VALUE_OBJECT)
        return sluice_fail(error, SLUICE_INVALID, place,
                           "The body is a JSON object with a member \"query\", and no other JSON value");
    const struct value *query = value_member(root, sluice_text_of("query"));
    const struct value *name = value_member(root, sluice_text_of("operationName"));
    if (value_is_null(query) || (query->kind == VALUE_STRING && query->text.size == 0))
        return sluice_fail(error, SLUICE_INVALID, place, "%s", graphql_no_query);
    if (!value_is_null(name) && name->kind != VALUE_STRING)
        return sluice_fail(error, SLUICE_INVALID, place, "\"operationName\" is a text or null");
    status = check_variables(value_member(root, sluice_text_of("variables")), &given, error);
    if (status != SLUICE_OK)
        return status;
    if (query->kind != VALUE_STRING) {
        problem_add(&operation->problems, "\"query\" is a text.");
        return SLUICE_OK;
    }
    struct graphql_request request = {.query = query->text};
    if (!value_is_null(name))
        request.operation_name = name->text;
    return prepare(operation, &request, given, error);
}

sluice_status graphql_prepare_body(sluice_text body, const sluice_limits *limits, struct graphql **ret_operation,
                                   sluice_error *error)
{
    struct graphql *operation = operation_new(limits, body.size);
    if (operation == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, place, "no memory for the operation");
    return give(operation, prepare_body(operation, body, error), ret_operation);
}

struct graphql *graphql_free(struct graphql *operation)
{
    if (operation != NULL) {
        drop_calls(operation);
        arena_free(operation->arena);
    }
    return NULL;
}

size_t graphql_calls(const struct graphql *operation)
{
    return operation->call_count;
}

bool graphql_serial(const struct graphql *operation)
{
    return operation->operation != NULL && operation->operation->operation == OPERATION_MUTATION;
}

const struct rope *graphql_call(const struct graphql *operation, size_t index)
{
    return &operation->calls[index].message;
}

sluice_status graphql_finish(struct graphql *operation, const struct graphql_reply *replies, struct buffer *answer,
                             sluice_error *error)
{
    return execute_operation(operation, replies, answer, error);
}
