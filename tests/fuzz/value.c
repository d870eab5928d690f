/* Bytes as a google.protobuf.Struct: writing, reading and copying what was read changes nothing any more. */
#include "common/document/codec.h"
#include "tests/fuzz/require.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write(const sluice_value *map, struct buffer *buffer)
{
    buffer_init(buffer, BUFFER_NO_LIMIT);
    value_write_struct(map, buffer);
    require(buffer->failed == SLUICE_OK);
}

static void written_is(const sluice_value *map, const struct buffer *wanted)
{
    struct buffer buffer;
    write(map, &buffer);
    require(buffer.size == wanted->size && (buffer.size == 0 || memcmp(buffer.data, wanted->data, buffer.size) == 0));
    buffer_done(&buffer);
}

static void check_keys(const sluice_value *map)
{
    for (size_t i = 0; i < sluice_value_size(map); i++)
        require(sluice_value_get_text(map, sluice_value_key_at(map, i)) == sluice_value_at(map, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sluice_limits limits = {.bytes = 64 << 20, .elements = size % 2 ? 20 : 0};
    sluice_value *map = NULL, *again = NULL;
    sluice_error error = {0};
    sluice_status status = value_read_struct(data, size, &limits, &map, &error);
    require((status == SLUICE_OK) == (map != NULL));
    require(status == SLUICE_OK || error.text[0] != '\0');
    if (map == NULL)
        return 0;
    check_keys(map);
    struct buffer bytes;
    write(map, &bytes);
    require(value_read_struct(bytes.data, bytes.size, NULL, &again, NULL) == SLUICE_OK);
    written_is(again, &bytes);
    require(sluice_value_equal(map, again));
    sluice_value_free(again);
    struct arena *arena = arena_new(100, ARENA_NO_LIMIT);
    require(value_read_struct_in(arena, bytes.data, bytes.size, NULL, &again, NULL) == SLUICE_OK);
    sluice_value *copy = sluice_value_new_map();
    if (sluice_value_set_copy(copy, sluice_text_of("copy"), again) == SLUICE_OK)
        written_is(sluice_value_get(copy, "copy"), &bytes);
    sluice_value_clear(again);
    arena_free(arena);
    sluice_value_free(copy);
    buffer_done(&bytes);
    sluice_value_free(map);
    return 0;
}
