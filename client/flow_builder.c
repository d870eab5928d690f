/* A Flow as YAML, written key by key. Values go in as JSON, which is YAML too. */
#include "common/foundation/buffer.h"

#include <sluice/flow.h>

#include <stdlib.h>
#include <string.h>

struct sluice_flow_builder {
    struct buffer with;      /* entries of `with:`, each followed by a comma */
    struct buffer executors; /* items of `executors:`, a line each */
    sluice_error error;      /* the first failure; status SLUICE_OK: none yet */
};

sluice_flow_builder *sluice_flow_builder_new(void)
{
    sluice_flow_builder *builder = calloc(1, sizeof *builder);
    if (builder != NULL) {
        buffer_init(&builder->with, BUFFER_NO_LIMIT);
        buffer_init(&builder->executors, BUFFER_NO_LIMIT);
    }
    return builder;
}

void sluice_flow_builder_free(sluice_flow_builder *builder)
{
    if (builder == NULL)
        return;
    buffer_done(&builder->with);
    buffer_done(&builder->executors);
    free(builder);
}

static void append_quoted(struct buffer *buffer, const char *text)
{
    buffer_append_byte(buffer, '"');
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        if (byte == '"' || byte == '\\')
            buffer_printf(buffer, "\\%c", byte);
        else if (byte < 0x20 || byte == 0x7f)
            buffer_printf(buffer, "\\u%04x", byte);
        else
            buffer_append_byte(buffer, byte);
    }
    buffer_append_byte(buffer, '"');
}

/* Is this text one JSON value? */
static bool is_json(const char *text)
{
    struct buffer wrapped;
    buffer_init(&wrapped, BUFFER_NO_LIMIT);
    buffer_printf(&wrapped, "{\"value\":%s}", text);
    sluice_value *value = NULL;
    bool good = wrapped.failed == SLUICE_OK &&
                sluice_value_from_json(buffer_text(&wrapped), wrapped.size, &value, NULL) == SLUICE_OK &&
                sluice_value_size(value) == 1;
    sluice_value_free(value);
    buffer_done(&wrapped);
    return good;
}

static void append_value(struct buffer *buffer, const char *text)
{
    if (!is_json(text)) {
        append_quoted(buffer, text);
        return;
    }
    /* Line ends stand only between the tokens of JSON; in YAML the lines after them would need their indentation. */
    for (; *text != '\0'; text++)
        buffer_append_byte(buffer, *text == '\n' || *text == '\r' || *text == '\t' ? ' ' : (uint8_t)*text);
}

static sluice_status keep(sluice_flow_builder *builder, sluice_status status, const char *text)
{
    if (status != SLUICE_OK && builder->error.status == SLUICE_OK)
        sluice_fail(&builder->error, status, "the Flow that is built", "%s", text);
    return status;
}

static sluice_status append_entry(sluice_flow_builder *builder, struct buffer *buffer, const char *key,
                                  const char *value)
{
    if (key == NULL || *key == '\0' || value == NULL)
        return keep(builder, SLUICE_INVALID, "a key without a name or without a value");
    append_quoted(buffer, key);
    buffer_append_text(buffer, ": ");
    append_value(buffer, value);
    buffer_append_text(buffer, ", ");
    return keep(builder, buffer->failed, "out of memory");
}

sluice_status sluice_flow_builder_set(sluice_flow_builder *builder, const char *key, const char *value)
{
    return append_entry(builder, &builder->with, key, value);
}

/* A name or a plugin is a text even when it looks like JSON. */
static void append_text_entry(struct buffer *buffer, const char *key, const char *text)
{
    if (text == NULL)
        return;
    buffer_printf(buffer, "\"%s\": ", key);
    append_quoted(buffer, text);
    buffer_append_text(buffer, ", ");
}

sluice_status sluice_flow_builder_add_keys(sluice_flow_builder *builder, const char *name, const char *uses,
                                           const char *const *keys_and_values)
{
    struct buffer *executors = &builder->executors;
    sluice_status status = SLUICE_OK;
    buffer_append_text(executors, "  - {");
    append_text_entry(executors, "name", name);
    append_text_entry(executors, "uses", uses);
    for (const char *const *at = keys_and_values; status == SLUICE_OK && at != NULL && at[0] != NULL; at += 2)
        status = append_entry(builder, executors, at[0], at[1]);
    buffer_append_text(executors, "}\n");
    return status != SLUICE_OK ? status : keep(builder, executors->failed, "out of memory");
}

sluice_status sluice_flow_builder_add(sluice_flow_builder *builder, const char *name, const char *uses, ...)
{
    enum { KEYS_MAX = 128 };
    const char *keys[2 * KEYS_MAX + 2];
    size_t count = 0;
    va_list arguments;
    va_start(arguments, uses);
    const char *argument;
    while ((argument = va_arg(arguments, const char *)) != NULL && count < 2 * KEYS_MAX)
        keys[count++] = argument;
    va_end(arguments);
    if (argument != NULL)
        return keep(builder, SLUICE_LIMIT, "more than 128 keys for one executor");
    keys[count] = keys[count + 1] = NULL; /* the second makes an odd number a key without a value */
    return sluice_flow_builder_add_keys(builder, name, uses, keys);
}

sluice_status sluice_flow_builder_yaml(const sluice_flow_builder *builder, char **ret_yaml, sluice_error *error)
{
    if (builder->error.status != SLUICE_OK) {
        if (error != NULL)
            *error = builder->error;
        return builder->error.status;
    }
    struct buffer yaml;
    buffer_init(&yaml, BUFFER_NO_LIMIT);
    buffer_append_text(&yaml, "jtype: Flow\n");
    if (builder->with.size > 0)
        buffer_printf(&yaml, "with: {%s}\n", buffer_text(&builder->with));
    if (builder->executors.size > 0)
        buffer_printf(&yaml, "executors:\n%s", buffer_text(&builder->executors));
    size_t size;
    char *text = yaml.failed == SLUICE_OK ? (char *)buffer_take(&yaml, &size) : NULL;
    buffer_done(&yaml);
    if (text == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, "the Flow that is built", "out of memory");
    *ret_yaml = text;
    return SLUICE_OK;
}

sluice_status sluice_flow_builder_start(const sluice_flow_builder *builder, const sluice_flow_options *options,
                                        sluice_flow **ret_flow, sluice_error *error)
{
    char *yaml = NULL;
    sluice_status status = sluice_flow_builder_yaml(builder, &yaml, error);
    if (status == SLUICE_OK)
        status = sluice_flow_start_text(yaml, strlen(yaml), options, ret_flow, error);
    free(yaml);
    return status;
}
