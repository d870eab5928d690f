/*
 * service.c - is the gateway ready, healthy, what is it.
 */
#include "client/connection.h"

#include "client/response.h"
#include "common/foundation/arena.h"
#include "common/wire/wire.h"

#include <stdlib.h>
#include <string.h>

/* The same with the answer in one piece of memory, for free(). */
static sluice_status ask_bytes(sluice_client *client, enum transport_method method, struct rope *message,
                               double timeout_seconds, uint8_t **ret_data, size_t *ret_size, sluice_error *error)
{
    struct rope answer;
    rope_init(&answer);
    sluice_status status = client_ask(client, method, message, timeout_seconds, &answer, error);
    if (status == SLUICE_OK) {
        *ret_data = malloc(answer.size + 1);
        *ret_size = answer.size;
        if (*ret_data != NULL)
            rope_copy_out(&answer, *ret_data);
        else
            status = sluice_fail(error, SLUICE_NO_MEMORY, client->name, "no memory for an answer");
    }
    rope_done(&answer);
    return status;
}

static sluice_status unreadable(const sluice_client *client, sluice_error *error)
{
    return sluice_fail(error, SLUICE_INVALID, client->name, "the answer cannot be read; is this a Jina gateway?");
}

sluice_status sluice_client_is_flow_ready(sluice_client *client, double timeout_seconds, sluice_error *error)
{
    struct rope empty;
    uint8_t *data = NULL;
    size_t size = 0;
    rope_init(&empty);
    sluice_status status = ask_bytes(client, TRANSPORT_DRY_RUN, &empty, timeout_seconds, &data, &size, error);
    if (status != SLUICE_OK)
        return status;
    struct response_status answer = {0};
    struct arena *arena = arena_new(1024, ARENA_NO_LIMIT);
    if (arena == NULL)
        status = sluice_fail(error, SLUICE_NO_MEMORY, client->name, "no memory for an answer");
    else if (response_read_status(arena, data, size, &answer, NULL) != SLUICE_OK)
        status = unreadable(client, error);
    else if (answer.code != 0)
        status =
            sluice_fail(error, SLUICE_EXECUTOR, client->name, "the Flow is not ready: %.*s",
                        (int)(answer.description.size < 600 ? answer.description.size : 600), answer.description.data);
    arena_free(arena);
    free(data);
    return status;
}

sluice_status sluice_client_health(sluice_client *client, const char *service, double timeout_seconds,
                                   sluice_health *ret_health, sluice_error *error)
{
    enum { CHECK_SERVICE = 1, CHECK_STATUS = 1 };
    struct rope message;
    struct buffer request;
    uint8_t *data = NULL;
    size_t size = 0;
    rope_init(&message);
    buffer_init(&request, BUFFER_NO_LIMIT);
    if (service != NULL && service[0] != '\0')
        wire_append_text(&request, CHECK_SERVICE, service);
    struct block *block = block_new(request.size);
    sluice_status status = block != NULL ? request.failed : SLUICE_NO_MEMORY;
    if (status == SLUICE_OK && request.size > 0) {
        memcpy(block->data, request.data, request.size);
        status = rope_append(&message, block, block->data, block->size);
    }
    block_unref(block);
    buffer_done(&request);
    if (status != SLUICE_OK)
        sluice_fail(error, status, client->name, "no memory for a request");
    else
        status = ask_bytes(client, TRANSPORT_HEALTH, &message, timeout_seconds, &data, &size, error);
    rope_done(&message);
    if (status != SLUICE_OK)
        return status;

    struct wire_reader reader = wire_read(data, size);
    struct wire_field field;
    *ret_health = SLUICE_HEALTH_UNKNOWN;
    while (wire_next(&reader, &field))
        if (field.number == CHECK_STATUS && field.type == WIRE_VARINT)
            *ret_health = field.value <= SLUICE_HEALTH_NOT_SERVING ? (sluice_health)field.value : SLUICE_HEALTH_UNKNOWN;
    free(data);
    return reader.malformed ? unreadable(client, error) : SLUICE_OK;
}

/* One entry of a map<string, string>. */
static bool read_pair(const struct wire_field *from, sluice_value *map)
{
    enum { PAIR_KEY = 1, PAIR_VALUE = 2 };
    sluice_text key = sluice_text_of(""), value = sluice_text_of("");
    struct wire_reader reader = wire_read(from->data, from->size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        sluice_text *text = field.number == PAIR_KEY ? &key : field.number == PAIR_VALUE ? &value : NULL;
        if (text != NULL && field.type == WIRE_BYTES)
            *text = (sluice_text){(const char *)field.data, field.size};
    }
    return !reader.malformed && sluice_value_set_text(map, key, value) == SLUICE_OK;
}

static sluice_status read_info(const sluice_client *client, const uint8_t *data, size_t size, sluice_value *info,
                               sluice_error *error)
{
    enum { INFO_JINA = 1, INFO_ENVS = 2 };
    struct wire_reader reader = wire_read(data, size);
    struct wire_field field;
    if (sluice_value_set_map(info, "jina") == NULL || sluice_value_set_map(info, "envs") == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, client->name, "no memory for an answer");
    sluice_value *jina = (sluice_value *)sluice_value_get(info, "jina");
    sluice_value *envs = (sluice_value *)sluice_value_get(info, "envs");
    while (wire_next(&reader, &field)) {
        sluice_value *map = field.number == INFO_JINA ? jina : field.number == INFO_ENVS ? envs : NULL;
        if (map != NULL && (field.type != WIRE_BYTES || !read_pair(&field, map)))
            return unreadable(client, error);
    }
    return reader.malformed ? unreadable(client, error) : SLUICE_OK;
}

sluice_status sluice_client_info(sluice_client *client, double timeout_seconds, sluice_value **ret_info,
                                 sluice_error *error)
{
    struct rope empty;
    uint8_t *data = NULL;
    size_t size = 0;
    rope_init(&empty);
    sluice_status status = ask_bytes(client, TRANSPORT_INFO, &empty, timeout_seconds, &data, &size, error);
    if (status != SLUICE_OK)
        return status;
    sluice_value *info = sluice_value_new_map();
    status = info != NULL ? read_info(client, data, size, info, error)
                          : sluice_fail(error, SLUICE_NO_MEMORY, client->name, "no memory for an answer");
    free(data);
    if (status != SLUICE_OK) {
        sluice_value_free(info);
        return status;
    }
    *ret_info = info;
    return SLUICE_OK;
}
