#include "executor/host/describe.h"
#include "common/foundation/number.h"
#include "common/foundation/text.h"

#include <string.h>

static void append_string(struct buffer *json, const char *text)
{
    if (text == NULL) {
        buffer_append_text(json, "null");
        return;
    }
    text_append_json(json, text, strlen(text));
}

static void append_member(struct buffer *json, const char *key, const char *text)
{
    buffer_printf(json, "\"%s\": ", key);
    append_string(json, text);
}

static void append_handlers(struct buffer *json, const sluice_handler *handlers)
{
    buffer_append_text(json, "\"handlers\": [");
    for (const sluice_handler *handler = handlers; handler->name != NULL; handler++) {
        buffer_append_text(json, handler == handlers ? "{" : ", {");
        append_member(json, "name", handler->name);
        buffer_append_text(json, ", ");
        append_member(json, "endpoint", handler->endpoint);
        buffer_append_byte(json, '}');
    }
    buffer_append_byte(json, ']');
}

static const char *type_name(sluice_parameter_type type)
{
    static const char *const names[] = {
        [SLUICE_PARAMETER_ANY] = "any",       [SLUICE_PARAMETER_BOOL] = "bool",     [SLUICE_PARAMETER_INTEGER] = "integer",
        [SLUICE_PARAMETER_NUMBER] = "number", [SLUICE_PARAMETER_STRING] = "string", [SLUICE_PARAMETER_LIST] = "list",
        [SLUICE_PARAMETER_MAP] = "map",
    };
    return (size_t)type < sizeof names / sizeof names[0] ? names[type] : "any";
}

static void append_parameter(struct buffer *json, const sluice_parameter *parameter)
{
    buffer_append_byte(json, '{');
    append_member(json, "name", parameter->name);
    buffer_append_text(json, ", ");
    append_member(json, "type", type_name(parameter->type));
    buffer_append_text(json, ", ");
    append_member(json, "fallback", parameter->fallback);
    if (parameter->minimum < parameter->maximum) {
        char minimum[NUMBER_EXACT_SIZE], maximum[NUMBER_EXACT_SIZE];
        buffer_printf(json, ", \"minimum\": %s, \"maximum\": %s", number_exact(parameter->minimum, minimum),
                      number_exact(parameter->maximum, maximum));
    }
    if (parameter->choices != NULL) {
        buffer_append_text(json, ", \"choices\": [");
        for (size_t i = 0; parameter->choices[i] != NULL; i++) {
            buffer_append_text(json, i == 0 ? "" : ", ");
            append_string(json, parameter->choices[i]);
        }
        buffer_append_byte(json, ']');
    }
    buffer_printf(json, ", \"required\": %s, ", parameter->required ? "true" : "false");
    append_member(json, "help", parameter->help != NULL ? parameter->help : "");
    buffer_append_byte(json, '}');
}

void describe_plugin(const sluice_plugin *table, struct buffer *json)
{
    buffer_append_byte(json, '{');
    append_member(json, "name", table->name);
    buffer_append_text(json, ", ");
    append_member(json, "version", table->version != NULL ? table->version : "");
    buffer_append_text(json, ", ");
    append_member(json, "help", table->help != NULL ? table->help : "");
    buffer_printf(json, ", \"abi\": [%u, %u], ", (unsigned)table->major, (unsigned)table->minor);
    append_handlers(json, table->handlers);
    if (table->parameters != NULL) {
        buffer_append_text(json, ", \"parameters\": [");
        for (const sluice_parameter *parameter = table->parameters; parameter->name != NULL; parameter++) {
            buffer_append_text(json, parameter == table->parameters ? "" : ", ");
            append_parameter(json, parameter);
        }
        buffer_append_byte(json, ']');
    }
    buffer_append_text(json, "}\n");
}
