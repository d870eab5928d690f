#include "tools/plugin/schema.h"
#include "common/foundation/text.h"

#include <string.h>

static const char dialect[] = "https://json-schema.org/draft/2020-12/schema";

void schema_append_text(struct buffer *json, sluice_text text)
{
    text_append_json(json, text.data, text.size);
}

static void append_member(struct buffer *json, const char *key, const sluice_value *text)
{
    buffer_printf(json, "\"%s\": ", key);
    schema_append_text(json, sluice_value_string(text));
}

static void append_endpoints(struct buffer *json, const sluice_value *handlers)
{
    buffer_append_text(json, "\"endpoints\": [");
    for (size_t i = 0; i < sluice_value_size(handlers); i++) {
        const sluice_value *handler = sluice_value_at(handlers, i);
        const sluice_value *endpoint = sluice_value_get(handler, "endpoint");
        buffer_append_text(json, i > 0 ? ", {" : "{");
        if (sluice_value_kind_of(endpoint) == SLUICE_VALUE_STRING)
            append_member(json, "endpoint", endpoint);
        else
            buffer_append_text(json, "\"endpoint\": null");
        buffer_append_text(json, ", ");
        append_member(json, "handler", sluice_value_get(handler, "name"));
        buffer_append_byte(json, '}');
    }
    buffer_append_byte(json, ']');
}

void schema_append_plugin(struct buffer *json, const sluice_value *description)
{
    const sluice_value *abi = sluice_value_get(description, "abi");
    append_member(json, "name", sluice_value_get(description, "name"));
    buffer_append_text(json, ", ");
    append_member(json, "version", sluice_value_get(description, "version"));
    buffer_printf(json, ", \"abi\": [%.0f, %.0f], ", sluice_value_number(sluice_value_at(abi, 0), 0),
                  sluice_value_number(sluice_value_at(abi, 1), 0));
    append_member(json, "help", sluice_value_get(description, "help"));
    buffer_append_text(json, ", ");
    append_endpoints(json, sluice_value_get(description, "handlers"));
}

/* The words of JSON schema for those of <sluice/executor.h>; NULL: any. */
static const char *type_of(const sluice_value *parameter)
{
    static const char *const types[][2] = {
        {"bool",    "boolean"},
        {"integer", "integer"},
        {"number",  "number" },
        {"string",  "string" },
        {"list",    "array"  },
        {"map",     "object" }
    };
    sluice_text name = sluice_value_string(sluice_value_get(parameter, "type"));
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
        if (sluice_text_is(name, types[i][0]))
            return types[i][1];
    return NULL;
}

static void append_choices(struct buffer *json, const sluice_value *choices, bool optional)
{
    buffer_append_text(json, ", \"enum\": [");
    for (size_t i = 0; i < sluice_value_size(choices); i++) {
        buffer_append_text(json, i > 0 ? ", " : "");
        schema_append_text(json, sluice_value_string(sluice_value_at(choices, i)));
    }
    buffer_append_text(json, optional ? ", null]" : "]");
}

static void append_property(struct buffer *json, const sluice_value *parameter)
{
    bool optional = !sluice_value_bool(sluice_value_get(parameter, "required"), false);
    const char *type = type_of(parameter);
    double minimum = sluice_value_number(sluice_value_get(parameter, "minimum"), 0);
    double maximum = sluice_value_number(sluice_value_get(parameter, "maximum"), 0);
    const sluice_value *choices = sluice_value_get(parameter, "choices");
    const sluice_value *fallback = sluice_value_get(parameter, "fallback");
    schema_append_text(json, sluice_value_string(sluice_value_get(parameter, "name")));
    buffer_append_text(json, ": {");
    append_member(json, "description", sluice_value_get(parameter, "help"));
    if (type != NULL)
        buffer_printf(json, optional ? ", \"type\": [\"%s\", \"null\"]" : ", \"type\": \"%s\"", type);
    if (minimum < maximum)
        buffer_printf(json, ", \"minimum\": %.17g, \"maximum\": %.17g", minimum, maximum);
    if (sluice_value_size(choices) > 0)
        append_choices(json, choices, optional);
    if (sluice_value_kind_of(fallback) == SLUICE_VALUE_STRING) { /* JSON text; whoever loads the plugin has checked that */
        sluice_text text = sluice_value_string(fallback);
        buffer_append_text(json, ", \"default\": ");
        buffer_append(json, text.data, text.size);
    }
    buffer_append_byte(json, '}');
}

static void append_required(struct buffer *json, const sluice_value *parameters)
{
    size_t count = 0;
    for (size_t i = 0; i < sluice_value_size(parameters); i++) {
        const sluice_value *parameter = sluice_value_at(parameters, i);
        if (!sluice_value_bool(sluice_value_get(parameter, "required"), false))
            continue;
        buffer_append_text(json, count++ == 0 ? ",\n  \"required\": [" : ", ");
        schema_append_text(json, sluice_value_string(sluice_value_get(parameter, "name")));
    }
    if (count > 0)
        buffer_append_byte(json, ']');
}

void schema_append(struct buffer *json, const sluice_value *description, const char *path)
{
    const sluice_value *parameters = sluice_value_get(description, "parameters");
    buffer_printf(json, "{\n  \"$schema\": \"%s\",\n  ", dialect);
    append_member(json, "title", sluice_value_get(description, "name"));
    buffer_append_text(json, ",\n  ");
    append_member(json, "description", sluice_value_get(description, "help"));
    buffer_append_text(json, ",\n  \"type\": \"object\",\n  \"properties\": {");
    for (size_t i = 0; i < sluice_value_size(parameters); i++) {
        buffer_append_text(json, i > 0 ? ",\n    " : "\n    ");
        append_property(json, sluice_value_at(parameters, i));
    }
    buffer_append_text(json, sluice_value_size(parameters) > 0 ? "\n  }" : "}");
    append_required(json, parameters);
    if (sluice_value_kind_of(parameters) == SLUICE_VALUE_LIST) /* without a table any key goes */
        buffer_append_text(json, ",\n  \"additionalProperties\": false");
    buffer_append_text(json, ",\n  \"x-sluice\": {\"path\": ");
    schema_append_text(json, sluice_text_of(path));
    buffer_append_text(json, ", ");
    schema_append_plugin(json, description);
    buffer_append_text(json, "}\n}\n");
}
