/*
 * Design notes: the text is YAML whose texts are all double-quoted, so that reading gives each value's kind back
 * without any rule of coercion. Numbers are written so that they are read as the same double.
 */
#include "common/flow/flow.h"
#include "common/foundation/buffer.h"
#include "common/foundation/number.h"
#include "common/foundation/text.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* Double-quoted as YAML and JSON understand it. Bytes that are no UTF-8 cannot come from YAML. */
static void put_quoted(struct buffer *out, const char *data, size_t size)
{
    static const char hex[] = "0123456789ABCDEF";
    buffer_append_byte(out, '"');
    for (size_t i = 0; i < size; i++) {
        unsigned char c = (unsigned char)data[i];
        if (c == '"' || c == '\\') {
            buffer_append_byte(out, '\\');
            buffer_append_byte(out, c);
        } else if (c < 0x20 || c == 0x7F) {
            const char escape[] = {'\\', 'x', hex[c >> 4], hex[c & 15]};
            buffer_append(out, escape, sizeof escape);
        } else if (c == 0xC2 && i + 1 < size && (unsigned char)data[i + 1] < 0xA0) {
            /* C1 controls: among them a line break (U+0085), the rest not allowed unescaped. */
            unsigned char next = (unsigned char)data[++i];
            const char escape[] = {'\\', 'x', hex[next >> 4], hex[next & 15]};
            buffer_append(out, escape, sizeof escape);
        } else if (c == 0xE2 && i + 2 < size && (unsigned char)data[i + 1] == 0x80 &&
                   ((unsigned char)data[i + 2] == 0xA8 || (unsigned char)data[i + 2] == 0xA9)) {
            buffer_append_text(out, (unsigned char)data[i + 2] == 0xA8 ? "\\L" : "\\P");
            i += 2;
        } else if (c == 0xEF && i + 2 < size &&
                   ((unsigned char)data[i + 1] == 0xBB || (unsigned char)data[i + 1] == 0xBF)) {
            /* U+FEFF and the non-characters at the end of the plane. */
            unsigned code = ((unsigned)(c & 15) << 12) | ((unsigned)((unsigned char)data[i + 1] & 63) << 6) |
                            ((unsigned char)data[i + 2] & 63);
            buffer_printf(out, "\\u%04X", code);
            i += 2;
        } else {
            buffer_append_byte(out, c);
        }
    }
    buffer_append_byte(out, '"');
}

static void put_text(struct buffer *out, const char *text)
{
    put_quoted(out, text, strlen(text));
}

static void put_number(struct buffer *out, double number)
{
    if (isnan(number))
        buffer_append_text(out, ".nan");
    else if (isinf(number))
        buffer_append_text(out, number < 0 ? "-.inf" : ".inf");
    else if (number == floor(number) && fabs(number) <= 9007199254740992.0 && !(number == 0 && signbit(number)))
        buffer_printf(out, "%.0f", number);
    else if (number == 0)
        buffer_append_text(out, "-0.0");
    else {
        char text[NUMBER_EXACT_SIZE];
        buffer_append_text(out, number_exact(number, text));
        if (strpbrk(text, ".e") == NULL)
            buffer_append_text(out, ".0"); /* an integer of this size would be reported */
    }
}

static void put_value(struct buffer *out, const sluice_value *value)
{
    sluice_text text;
    switch (sluice_value_kind_of(value)) {
    case SLUICE_VALUE_NULL: buffer_append_text(out, "null"); break;
    case SLUICE_VALUE_BOOL: buffer_append_text(out, sluice_value_bool(value, false) ? "true" : "false"); break;
    case SLUICE_VALUE_NUMBER: put_number(out, sluice_value_number(value, 0)); break;
    case SLUICE_VALUE_STRING:
        text = sluice_value_string(value);
        put_quoted(out, text.data, text.size);
        break;
    case SLUICE_VALUE_LIST:
        buffer_append_byte(out, '[');
        for (size_t i = 0; i < sluice_value_size(value); i++) {
            if (i > 0)
                buffer_append_text(out, ", ");
            put_value(out, sluice_value_at(value, i));
        }
        buffer_append_byte(out, ']');
        break;
    case SLUICE_VALUE_MAP:
        buffer_append_byte(out, '{');
        for (size_t i = 0; i < sluice_value_size(value); i++) {
            sluice_text key = sluice_value_key_at(value, i);
            if (i > 0)
                buffer_append_text(out, ", ");
            /* `? ` because a plain `key:` may be no longer than 1024 bytes. */
            buffer_append_text(out, "? ");
            put_quoted(out, key.data, key.size);
            buffer_append_text(out, " : ");
            put_value(out, sluice_value_at(value, i));
        }
        buffer_append_byte(out, '}');
        break;
    }
}

static void put_key(struct buffer *out, const char *indent, const char *key)
{
    buffer_printf(out, "%s%s: ", indent, key);
}

static void put_text_key(struct buffer *out, const char *indent, const char *key, const char *text)
{
    if (text == NULL)
        return;
    put_key(out, indent, key);
    put_text(out, text);
    buffer_append_byte(out, '\n');
}

static void put_integer_key(struct buffer *out, const char *indent, const char *key, uint64_t value)
{
    buffer_printf(out, "%s%s: %llu\n", indent, key, (unsigned long long)value);
}

static void put_ms_key(struct buffer *out, const char *indent, const char *key, uint64_t nanoseconds)
{
    put_integer_key(out, indent, key, nanoseconds / 1000000);
}

static void put_value_key(struct buffer *out, const char *indent, const char *key, const sluice_value *value)
{
    put_key(out, indent, key);
    put_value(out, value);
    buffer_append_byte(out, '\n');
}

static void put_env(struct buffer *out, const char *indent, const char *const *env)
{
    if (env[0] == NULL)
        return;
    put_key(out, indent, "env");
    const char *separator = "{";
    for (; env[0] != NULL; env += 2) {
        buffer_printf(out, "%s? ", separator);
        put_text(out, env[0]);
        buffer_append_text(out, " : ");
        put_text(out, env[1]);
        separator = ", ";
    }
    buffer_append_text(out, "}\n");
}

static void put_place(struct buffer *out, const char *indent, const struct flow_place *place)
{
    buffer_printf(out, "%splace: [%u, %u]\n", indent, place->line, place->column);
}

static void put_fronts(struct buffer *out, const struct flow_gateway *gateway)
{
    static const char *const names[] = {[FLOW_GRPC] = "GRPC", [FLOW_HTTP] = "HTTP", [FLOW_WEBSOCKET] = "WEBSOCKET"};
    buffer_append_text(out, "  protocol: [");
    for (size_t i = 0; i < gateway->front_count; i++)
        buffer_printf(out, "%s%s", i > 0 ? ", " : "", names[gateway->fronts[i].protocol]);
    buffer_append_text(out, "]\n  port: [");
    for (size_t i = 0; i < gateway->front_count; i++)
        buffer_printf(out, "%s%u", i > 0 ? ", " : "", gateway->fronts[i].port);
    buffer_append_text(out, "]\n");
}

static void put_flag(struct buffer *out, const char *indent, const char *key, bool flag)
{
    if (flag)
        buffer_printf(out, "%s%s: true\n", indent, key);
}

static void put_texts(struct buffer *out, const char *key, const char *const *texts)
{
    buffer_printf(out, "%s: [", key);
    for (size_t i = 0; texts[i] != NULL; i++) {
        buffer_append_text(out, i > 0 ? ", " : "");
        put_text(out, texts[i]);
    }
    buffer_append_byte(out, ']');
}

static void put_exposed(struct buffer *out, const char *indent, const struct flow_exposed_endpoint *exposed)
{
    buffer_printf(out, "%s  ? ", indent);
    put_text(out, exposed->endpoint);
    buffer_printf(out, "\n%s  : {http_path: ", indent);
    put_text(out, exposed->path);
    buffer_append_text(out, ", ");
    put_texts(out, "methods", exposed->methods);
    buffer_append_text(out, ", ");
    put_texts(out, "tags", exposed->tags);
    if (exposed->summary != NULL) {
        buffer_append_text(out, ", summary: ");
        put_text(out, exposed->summary);
    }
    if (exposed->description != NULL) {
        buffer_append_text(out, ", description: ");
        put_text(out, exposed->description);
    }
    buffer_append_text(out, "}\n");
}

static void put_http(struct buffer *out, const char *indent, const struct flow_http *http)
{
    put_text_key(out, indent, "title", http->title);
    put_text_key(out, indent, "description", http->description);
    put_flag(out, indent, "cors", http->cors);
    put_flag(out, indent, "no_debug_endpoints", http->no_debug_endpoints);
    put_flag(out, indent, "no_crud_endpoints", http->no_crud_endpoints);
    put_flag(out, indent, "expose_graphql_endpoint", http->expose_graphql_endpoint);
    put_flag(out, indent, "compress_answers", http->compress_answers);
    put_integer_key(out, indent, "json_workers", http->workers);
    put_integer_key(out, indent, "http_max_connections", http->max_connections);
    put_integer_key(out, indent, "http_max_header_bytes", http->max_header_bytes);
    put_ms_key(out, indent, "http_head_timeout", http->head_timeout_ns);
    put_ms_key(out, indent, "http_idle_timeout", http->idle_timeout_ns);
    put_ms_key(out, indent, "http_body_timeout", http->body_timeout_ns);
    put_ms_key(out, indent, "http_linger_timeout", http->linger_timeout_ns);
    put_integer_key(out, indent, "http_body_rate", http->body_rate);
    if (http->exposed_count == 0)
        return;
    buffer_printf(out, "%sexpose_endpoints:\n", indent);
    for (size_t i = 0; i < http->exposed_count; i++)
        put_exposed(out, indent, &http->exposed[i]);
}

static void put_gateway(struct buffer *out, const struct flow_gateway *gateway)
{
    static const char indent[] = "  ";
    const struct flow_limits *limits = &gateway->limits;
    buffer_append_text(out, "gateway:\n");
    put_place(out, indent, &gateway->place);
    put_text_key(out, indent, "name", gateway->name);
    put_text_key(out, indent, "host", gateway->host);
    put_fronts(out, gateway);
    put_integer_key(out, indent, "prefetch", gateway->prefetch);
    put_ms_key(out, indent, "timeout_send", gateway->timeout_send_ns);
    put_ms_key(out, indent, "timeout_ready", gateway->timeout_ready_ns);
    put_ms_key(out, indent, "drain_timeout", gateway->drain_timeout_ns);
    put_text_key(out, indent, "compatibility", gateway->compatibility_3_5 ? "3.5" : NULL);
    put_integer_key(out, indent, "threads", gateway->threads);
    put_integer_key(out, indent, "max_message_bytes", limits->max_message_bytes);
    put_integer_key(out, indent, "max_bytes_in_flight", limits->max_bytes_in_flight);
    put_integer_key(out, indent, "max_in_flight", limits->max_in_flight);
    put_integer_key(out, indent, "max_in_flight_per_client", limits->max_in_flight_per_client);
    put_integer_key(out, indent, "max_queue_per_executor", limits->max_queue_per_executor);
    put_integer_key(out, indent, "max_depth", limits->max_depth);
    put_integer_key(out, indent, "max_header_bytes", limits->max_header_bytes);
    put_text_key(out, indent, "ssl_certfile", gateway->tls.certfile);
    put_text_key(out, indent, "ssl_keyfile", gateway->tls.keyfile);
    put_text_key(out, indent, "ssl_ca_certs", gateway->tls.ca_certs);
    put_http(out, indent, &gateway->http);
    put_env(out, indent, gateway->env);
}

static void put_needs(struct buffer *out, const struct flow *flow, const struct flow_executor *executor)
{
    buffer_append_text(out, "    needs: [");
    for (size_t i = 0; i < executor->needs_count; i++) {
        size_t need = executor->needs[i];
        buffer_append_text(out, i > 0 ? ", " : "");
        put_text(out, need == FLOW_START ? "gateway" : flow->executors[need].name);
    }
    buffer_append_text(out, "]\n");
}

static void put_executor(struct buffer *out, const struct flow *flow, const struct flow_executor *executor)
{
    static const char indent[] = "    ";
    put_text_key(out, "  - ", "name", executor->name);
    put_place(out, indent, &executor->place);
    put_text_key(out, indent, "uses", executor->uses);
    put_text_key(out, indent, "plugin", executor->plugin);
    put_text_key(out, indent, "class_name", executor->class_name);
    put_text_key(out, indent, "metas_name", executor->metas_name);
    put_text_key(out, indent, "metas_description", executor->description);
    put_text_key(out, indent, "workspace", executor->workspace);
    put_value_key(out, indent, "uses_with", executor->uses_with);
    put_value_key(out, indent, "uses_requests", executor->uses_requests);
    put_env(out, indent, executor->env);
    put_integer_key(out, indent, "workers", executor->workers);
    put_integer_key(out, indent, "replicas", executor->replicas);
    put_ms_key(out, indent, "timeout_ready", executor->timeout_ready_ns);
    put_ms_key(out, indent, "stuck_timeout", executor->stuck_timeout_ns);
    put_integer_key(out, indent, "window_bytes", executor->window_bytes);
    put_integer_key(out, indent, "window_requests", executor->window_requests);
    if (executor->floating)
        buffer_printf(out, "%sfloating: true\n", indent);
    if (executor->external)
        buffer_printf(out, "%sexternal: true\n", indent);
    put_needs(out, flow, executor);
}

sluice_status flow_write(const struct flow *flow, struct buffer *buffer)
{
    buffer_append_text(buffer, "jtype: Flow\nversion: '1'\n");
    put_text_key(buffer, "", "source", flow->file);
    buffer_append_text(buffer, "with:\n");
    put_text_key(buffer, "  ", "name", flow->name);
    put_text_key(buffer, "  ", "workspace", flow->workspace);
    put_text_key(buffer, "  ", "on_crash_loop", flow->on_crash_loop == FLOW_ON_CRASH_LOOP_STOP ? "stop" : "keep");
    put_integer_key(buffer, "  ", "crash_loop_limit", flow->crash_loop_limit);
    put_env(buffer, "  ", flow->env);
    put_gateway(buffer, &flow->gateway);
    buffer_append_text(buffer, flow->executor_count > 0 ? "executors:\n" : "executors: []\n");
    for (size_t i = 0; i < flow->executor_count; i++)
        put_executor(buffer, flow, &flow->executors[i]);
    return buffer->failed;
}
