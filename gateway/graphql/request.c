/*
 * The request of a call: its arguments become the JSON of a request over HTTP, which common/json reads. So documents
 * are built as they are there, which is what the original does too.
 */
#include "gateway/graphql/execute.h"
#include "common/json/message.h"

#include <string.h>

struct request_writer {
    struct buffer text;
    json_print_double print;
};

static void write_plain(struct request_writer *writer, const struct value *value);

static void write_items(struct request_writer *writer, const struct value *list,
                        void (*write)(struct request_writer *writer, const struct value *value))
{
    buffer_append_byte(&writer->text, '[');
    for (const struct value *item = list->first; item != NULL; item = item->next) {
        if (item != list->first)
            buffer_append_byte(&writer->text, ',');
        write(writer, item);
    }
    buffer_append_byte(&writer->text, ']');
}

static void write_key(struct request_writer *writer, const char *key)
{
    struct buffer *text = &writer->text;
    if (text->size > 0 && text->data[text->size - 1] != '{')
        buffer_append_byte(text, ',');
    buffer_printf(text, "\"%s\":", key);
}

/* Members as they are named; none has a member that needs more than write_plain(). */
static void write_plain_object(struct request_writer *writer, const struct value *object)
{
    buffer_append_byte(&writer->text, '{');
    for (const struct value *member = object->first; member != NULL; member = member->next) {
        if (member != object->first)
            buffer_append_byte(&writer->text, ',');
        json_write_string(&writer->text, member->key.data, member->key.size);
        buffer_append_byte(&writer->text, ':');
        write_plain(writer, member);
    }
    buffer_append_byte(&writer->text, '}');
}

static void write_plain(struct request_writer *writer, const struct value *value)
{
    struct buffer *text = &writer->text;
    char digits[JSON_NUMBER_MAX];
    switch (value->kind) {
    case VALUE_BOOL: buffer_append_text(text, value->boolean ? "true" : "false"); break;
    case VALUE_INT: buffer_printf(text, "%lld", (long long)value->integer); break;
    case VALUE_UNSIGNED: buffer_printf(text, "%llu", (unsigned long long)value->natural); break;
    case VALUE_FLOAT: buffer_append(text, digits, writer->print(value->number, digits)); break;
    case VALUE_STRING: json_write_string(text, value->text.data, value->text.size); break;
    case VALUE_LIST: write_items(writer, value, write_plain); break;
    case VALUE_OBJECT: write_plain_object(writer, value); break;
    default: buffer_append_text(text, "null");
    }
}

/* A JSONScalar holds JSON; it goes in as it is, without a byte order mark. */
static void write_json(struct request_writer *writer, const struct value *value)
{
    static const char mark[] = "\xEF\xBB\xBF";
    size_t skip =
        value->kind == VALUE_STRING && value->text.size >= 3 && memcmp(value->text.data, mark, 3) == 0 ? 3 : 0;
    if (value->kind == VALUE_STRING)
        buffer_append(&writer->text, value->text.data + skip, value->text.size - skip);
    else
        buffer_append_text(&writer->text, "null");
}

static const char *snake_case(sluice_text name)
{
    static const char *const names[][2] = {
        {"parentId", "parent_id"},
        {"mimeType", "mime_type"},
        {"opName",   "op_name"  },
        {"refId",    "ref_id"   }
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (sluice_text_is(name, names[i][0]))
            return names[i][1];
    return name.data; /* of the schema, so it ends with a NUL */
}

static void write_score(struct request_writer *writer, const struct value *score)
{
    buffer_append_byte(&writer->text, '{');
    for (const struct value *member = score->first; member != NULL; member = member->next) {
        if (value_is_null(member))
            continue;
        write_key(writer, snake_case(member->key));
        write_plain(writer, member);
    }
    buffer_append_byte(&writer->text, '}');
}

/* A list of names and scores becomes an object; of one name given twice the last counts. */
static void write_scores(struct request_writer *writer, const struct value *list)
{
    buffer_append_byte(&writer->text, '{');
    for (const struct value *item = list->first; item != NULL; item = item->next) {
        const struct value *name = value_member(item, sluice_text_of("name"));
        if (item != list->first)
            buffer_append_byte(&writer->text, ',');
        json_write_string(&writer->text, name->text.data, name->text.size);
        buffer_append_byte(&writer->text, ':');
        write_score(writer, value_member(item, sluice_text_of("score")));
    }
    buffer_append_byte(&writer->text, '}');
}

static void write_document(struct request_writer *writer, const struct value *document)
{
    buffer_append_byte(&writer->text, '{');
    for (const struct value *member = document->first; member != NULL; member = member->next) {
        if (value_is_null(member))
            continue;
        write_key(writer, snake_case(member->key));
        if (sluice_text_is(member->key, "chunks") || sluice_text_is(member->key, "matches"))
            write_items(writer, member, write_document);
        else if (sluice_text_is(member->key, "scores") || sluice_text_is(member->key, "evaluations"))
            write_scores(writer, member);
        else if (sluice_text_is(member->key, "tags"))
            write_json(writer, member);
        else
            write_plain(writer, member);
    }
    buffer_append_byte(&writer->text, '}');
}

/* The order of the arguments in the schema. */
enum { ARGUMENT_DATA, ARGUMENT_TARGET, ARGUMENT_PARAMETERS, ARGUMENT_ENDPOINT };

static void write_request(struct request_writer *writer, struct value *const *arguments)
{
    const struct value *data = arguments[ARGUMENT_DATA];
    buffer_append_text(&writer->text, "{\"data\":");
    if (value_is_null(data))
        buffer_append_text(&writer->text, "[]"); /* differs from the original, which fails */
    else
        write_items(writer, data, write_document);
    if (!value_is_null(arguments[ARGUMENT_TARGET])) {
        write_key(writer, "targetExecutor");
        write_plain(writer, arguments[ARGUMENT_TARGET]);
    }
    if (!value_is_null(arguments[ARGUMENT_PARAMETERS])) {
        write_key(writer, "parameters");
        write_json(writer, arguments[ARGUMENT_PARAMETERS]);
    }
    write_key(writer, "execEndpoint");
    write_plain(writer, arguments[ARGUMENT_ENDPOINT]);
    buffer_append_byte(&writer->text, '}');
}

/* What is wrong with the documents or the parameters, as the reader of requests found it. */
static void report_fault(struct problems *problems, const struct json_fault *fault, const sluice_error *error)
{
    if (fault->kind == JSON_FAULT_NONE || fault->count == 0)
        problem_add(problems, "%s", error->text);
    else
        problem_add(problems, "The request cannot be made: %s at %s", fault->findings[0].message,
                    fault->findings[0].loc);
}

bool request_of_arguments(struct graphql *operation, const struct plan_field *field, struct value *const *arguments,
                          struct rope *ret_message)
{
    struct request_writer writer;
    struct json_fault fault = {.kind = JSON_FAULT_NONE};
    struct json_request_options options = {.limits = operation->limits};
    sluice_error error = {.text = "no memory for the request"};
    buffer_init(&writer.text, (size_t)GRAPHQL_MEMORY_MAX);
    sluice_status status = json_printer(&writer.print, &error);
    if (status == SLUICE_OK) {
        write_request(&writer, arguments);
        status = writer.text.failed;
    }
    if (status == SLUICE_OK)
        status = json_request_read((const char *)writer.text.data, writer.text.size, &options, operation->arena,
                                   ret_message, &fault, &error);
    buffer_done(&writer.text);
    if (status != SLUICE_OK) {
        report_fault(&operation->problems, &fault, &error);
        problem_places(&operation->problems, operation->problems.last, field->places, field->count);
    }
    return status == SLUICE_OK;
}
