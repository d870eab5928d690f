/* Faults of requests, as FastAPI answers them. */
#include "common/json/json.h"
#include "common/json/message.h"

#include <string.h>

int json_fault_http(enum json_fault_kind kind)
{
    switch (kind) {
    case JSON_FAULT_SYNTAX: return 400;
    case JSON_FAULT_VALUES: return 422;
    case JSON_FAULT_BUILD: return 500;
    default: return 0;
    }
}

static void write_finding(const struct json_finding *finding, struct buffer *out)
{
    buffer_append_text(out, "{\"loc\":");
    buffer_append_text(out, finding->loc);
    buffer_append_text(out, ",\"msg\":");
    json_write_string(out, finding->message, strlen(finding->message));
    buffer_append_text(out, ",\"type\":");
    json_write_string(out, finding->type, strlen(finding->type));
    if (finding->ctx != NULL) {
        buffer_append_text(out, ",\"ctx\":");
        buffer_append_text(out, finding->ctx);
    }
    buffer_append_byte(out, '}');
}

void json_fault_write(const struct json_fault *fault, struct buffer *out)
{
    if (fault->kind == JSON_FAULT_BUILD) {
        buffer_append_text(out, "Internal Server Error");
        return;
    }
    if (fault->kind == JSON_FAULT_SYNTAX) {
        buffer_append_text(out, "{\"detail\":\"There was an error parsing the body\"}");
        return;
    }
    buffer_append_text(out, "{\"detail\":[");
    for (size_t i = 0; i < fault->count; i++) {
        if (i > 0)
            buffer_append_byte(out, ',');
        write_finding(&fault->findings[i], out);
    }
    buffer_append_text(out, "]}");
}

void json_fault_no_body(struct json_fault *ret_fault)
{
    static const struct json_finding missing = {"[\"body\"]", "field required", "value_error.missing", NULL};
    *ret_fault = (struct json_fault){JSON_FAULT_VALUES, &missing, 1};
}

void json_fault_no_object(struct json_fault *ret_fault)
{
    static const struct json_finding wrong = {"[\"body\"]", "value is not a valid dict", "type_error.dict", NULL};
    *ret_fault = (struct json_fault){JSON_FAULT_VALUES, &wrong, 1};
}
