/* Completing values: objects, lists, nulls that go up, and the answer around them. */
#include "gateway/graphql/execute.h"
#include "gateway/graphql/write.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- errors of fields ---- */

static const struct path *kept_path(struct arena *arena, const struct path *path)
{
    struct path *copy = arena_copy(arena, path, sizeof *path);
    if (copy != NULL && path->parent != NULL && (copy->parent = kept_path(arena, path->parent)) == NULL)
        return NULL;
    return copy;
}

static bool no_memory(struct execution *execution)
{
    execution->status = SLUICE_NO_MEMORY;
    return false;
}

/* Gives the last problem the path and, when it has none, the places of the field. Always false. */
static bool locate_last(struct execution *execution, const struct plan_field *field, const struct path *path)
{
    struct problems *problems = &execution->operation->problems;
    struct problem *problem = problems->last;
    if (problem == NULL || problems->no_memory)
        return no_memory(execution);
    problem->path = kept_path(execution->operation->arena, path);
    if (problem->place_count == 0)
        problem_places(problems, problem, field->places, field->count);
    return problem->path != NULL && !problems->no_memory ? false : no_memory(execution);
}

bool field_error(struct execution *execution, const struct plan_field *field, const struct path *path,
                 const char *format, ...)
{
    char message[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(message, sizeof message, format, arguments);
    va_end(arguments);
    if (problem_add(&execution->operation->problems, "%s", message) == NULL)
        return no_memory(execution);
    return locate_last(execution, field, path);
}

struct value **arguments_of(struct execution *execution, struct plan_field *field, const struct path *path)
{
    struct graphql *operation = execution->operation;
    const struct field *known = field->field;
    if (field->arguments != NULL)
        return field->arguments;
    struct value **arguments = arena_zalloc(operation->arena, (known->argument_count + 1) * sizeof *arguments);
    if (arguments == NULL) {
        no_memory(execution);
        return NULL;
    }
    if (!coerce_arguments(&operation->problems, field->first, known->arguments, known->argument_count,
                          &operation->variables, arguments)) {
        locate_last(execution, field, path);
        return NULL;
    }
    return field->arguments = arguments;
}

/* ---- values ---- */

void complete_null(struct execution *execution)
{
    buffer_append_text(execution->out, "null");
}

void complete_text(struct execution *execution, sluice_text text)
{
    write_text(execution->out, text);
}

void complete_text_or_null(struct execution *execution, sluice_text text)
{
    if (text.size > 0)
        write_text(execution->out, text);
    else
        complete_null(execution);
}

/* Is there still an answer to be made? */
static bool goes_on(struct execution *execution)
{
    if (execution->out->failed != SLUICE_OK)
        execution->status = execution->out->failed;
    if (++execution->work > GRAPHQL_WORK_MAX)
        execution->exhausted = true;
    return execution->status == SLUICE_OK && !execution->exhausted;
}

static void cut_back(struct execution *execution, size_t size)
{
    struct buffer *out = execution->out;
    out->size = size;
    if (out->data != NULL)
        out->data[size] = '\0';
}

static bool resolve(struct execution *execution, struct object object, struct plan_field *field,
                    const struct path *path)
{
    if (field->field->id == FIELD_META_TYPENAME) {
        complete_text(execution, sluice_text_of(object.type->name));
        return true;
    }
    if (field->field->argument_count > 0 && arguments_of(execution, field, path) == NULL)
        return false;
    bool document =
        object.type == &schema_document || object.type == &schema_score_item || object.type == &schema_score;
    return document ? resolve_document(execution, object, field, path)
                    : resolve_introspection(execution, object, field, path);
}

/* A field with its key. A null that the field's type allows ends here. */
static bool complete_field(struct execution *execution, struct object object, struct plan_field *field,
                           const struct path *parent)
{
    struct path path = {.parent = parent, .key = field->key};
    write_text(execution->out, field->key);
    buffer_append_text(execution->out, ": ");
    size_t from = execution->out->size;
    if (!goes_on(execution))
        return false;
    if (resolve(execution, object, field, &path))
        return true;
    if (field->field->type->kind == TYPE_NON_NULL || execution->status != SLUICE_OK || execution->exhausted)
        return false;
    cut_back(execution, from);
    complete_null(execution);
    return true;
}

static bool problem_of_plan(struct execution *execution, const struct plan *plan, const struct plan_field *field,
                            const struct path *path)
{
    struct problems *problems = &execution->operation->problems;
    problem_place(problems, problem_add(problems, "%s", plan->problem), plan->problem_at);
    return locate_last(execution, field, path);
}

bool complete_object(struct execution *execution, struct plan_field *field, struct object object,
                     const struct path *path)
{
    struct plan *plan = plan_of(execution->operation, field, object.type);
    if (plan == NULL)
        return no_memory(execution);
    if (plan->problem != NULL)
        return problem_of_plan(execution, plan, field, path);
    buffer_append_byte(execution->out, '{');
    for (size_t i = 0; i < plan->count; i++) {
        if (i > 0)
            buffer_append_text(execution->out, ", ");
        if (!complete_field(execution, object, plan->fields[i], path))
            return false;
    }
    buffer_append_byte(execution->out, '}');
    return true;
}

bool complete_list(struct execution *execution, struct plan_field *field, const void *list, size_t count,
                   item_function *item, const struct path *path)
{
    buffer_append_byte(execution->out, '[');
    for (size_t i = 0; i < count; i++) {
        struct path item_path = {.parent = path, .index = i};
        if (i > 0)
            buffer_append_text(execution->out, ", ");
        /* Items of every list in the schema are non-null, so their nulls are the list's. */
        if (!goes_on(execution) || !complete_object(execution, field, item(list, i), &item_path))
            return false;
    }
    buffer_append_byte(execution->out, ']');
    return true;
}

/* ---- the root ---- */

static struct object document_at(const void *list, size_t index)
{
    return (struct object){&schema_document, sluice_document_array_at(list, index)};
}

static bool complete_documents(struct execution *execution, struct plan_field *field,
                               const struct reply_documents *reply, const struct path *path)
{
    size_t count = sluice_document_array_size(reply->documents);
    /* Differs from the original, which keeps quiet about it: the documents come back, and the error stands beside them.
     */
    if (reply->failure != NULL)
        field_error(execution, field, path, "%s", reply->failure);
    return execution->status == SLUICE_OK &&
           complete_list(execution, field, reply->documents, count, document_at, path);
}

static bool complete_call(struct execution *execution, struct plan_field *field, const struct graphql_reply *reply,
                          const struct path *path)
{
    struct reply_documents documents = {NULL, NULL};
    sluice_error error = {.text = "no memory for the documents"};
    if (reply->message == NULL)
        return field_error(execution, field, path, "%s", reply->failure != NULL ? reply->failure : "there is no reply");
    sluice_status status = reply_read(execution->operation, reply->message, &documents, &error);
    if (status == SLUICE_NO_MEMORY)
        return no_memory(execution);
    if (status != SLUICE_OK)
        return field_error(execution, field, path, "the documents that came back cannot be read: %s", error.text);
    bool good = reply->no_data && documents.failure != NULL
                    ? field_error(execution, field, path, "%s", documents.failure)
                    : complete_documents(execution, field, &documents, path);
    sluice_document_array_free(documents.documents);
    return good;
}

/* The calls are in the order of the root's fields. */
static bool complete_root(struct execution *execution, const struct graphql_reply *replies)
{
    struct graphql *operation = execution->operation;
    struct object root = {operation->root->type, NULL};
    buffer_append_byte(execution->out, '{');
    for (size_t i = 0, call = 0; i < operation->root->count; i++) {
        struct plan_field *field = operation->root->fields[i];
        struct path path = {.key = field->key};
        if (i > 0)
            buffer_append_text(execution->out, ", ");
        if (field->field->id != FIELD_DOCS && !complete_field(execution, root, field, NULL))
            return false;
        if (field->field->id != FIELD_DOCS)
            continue;
        write_text(execution->out, field->key);
        buffer_append_text(execution->out, ": ");
        if (!complete_call(execution, field, &replies[call++], &path))
            return false;
    }
    buffer_append_byte(execution->out, '}');
    return true;
}

/* There is no data. Of a mutation, a call in front of the one that could not be made may have failed: that is the error
 * then. */
static bool complete_failed(struct execution *execution, const struct graphql_reply *replies)
{
    struct graphql *operation = execution->operation;
    for (size_t i = 0; i < operation->call_count; i++) {
        const struct plan_field *field = operation->calls[i].field;
        struct path path = {.key = field->key};
        if (replies[i].message != NULL)
            continue;
        problem_remove_last(&operation->problems, NULL); /* the only one */
        return field_error(execution, field, &path, "%s",
                           replies[i].failure != NULL ? replies[i].failure : "there is no reply");
    }
    return false;
}

/* In place of what is there. */
static sluice_status answer_over(struct buffer *answer, const char *sentence, sluice_error *error)
{
    size_t limit = answer->limit;
    buffer_done(answer);
    buffer_init(answer, limit);
    buffer_append_text(answer, "{\"data\": null, \"errors\": [{\"message\": ");
    json_write_string(answer, sentence, strlen(sentence));
    buffer_append_text(answer, "}]}");
    return answer->failed == SLUICE_OK
               ? SLUICE_OK
               : sluice_fail(error, answer->failed, "graphql", "the answer is larger than %zu bytes, or no memory", limit);
}

sluice_status execute_operation(struct graphql *operation, const struct graphql_reply *replies, struct buffer *answer,
                                sluice_error *error)
{
    struct execution execution = {.operation = operation, .out = answer};
    if (operation->over != NULL)
        return answer_over(answer, operation->over, error);
    sluice_status status = json_printer(&execution.print, error);
    if (status == SLUICE_OK)
        status = json_row_printer(&execution.print_row, error);
    if (status != SLUICE_OK)
        return status;
    buffer_append_text(answer, "{\"data\": ");
    size_t from = answer->size;
    bool good = operation->failed ? complete_failed(&execution, replies) : complete_root(&execution, replies);
    if (answer->failed != SLUICE_OK)
        execution.status = answer->failed;
    if (execution.exhausted)
        problem_add(&operation->problems, "The answer needs more than %d fields.", GRAPHQL_WORK_MAX);
    if (execution.status == SLUICE_OK && operation->problems.no_memory)
        execution.status = SLUICE_NO_MEMORY;
    if (execution.status == SLUICE_NO_MEMORY && arena_failure(operation->arena) == SLUICE_LIMIT)
        return answer_over(answer, "The answer needs more memory than an operation may use.", error);
    if (execution.status == SLUICE_LIMIT)
        return answer_over(answer, "The answer is larger than it may be.", error);
    if (execution.status != SLUICE_OK)
        return sluice_fail(error, execution.status, "graphql", "no memory for the answer");
    if (!good) {
        cut_back(&execution, from);
        complete_null(&execution);
    }
    if (operation->problems.count > 0) {
        buffer_append_text(answer, ", \"errors\": ");
        problems_write(&operation->problems, answer);
    }
    buffer_append_byte(answer, '}');
    if (answer->failed == SLUICE_LIMIT)
        return answer_over(answer, "The answer is larger than it may be.", error);
    return answer->failed == SLUICE_OK ? SLUICE_OK : sluice_fail(error, answer->failed, "graphql", "no memory for the answer");
}
