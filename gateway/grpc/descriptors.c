#include "gateway/grpc/descriptors.h"

#include "common/wire/wire.h"

#include <string.h>

enum {
    SET_FILE = 1,
    FILE_NAME = 1,
    FILE_PACKAGE = 2,
    FILE_DEPENDENCY = 3,
    FILE_MESSAGE = 4,
    FILE_ENUM = 5,
    FILE_SERVICE = 6,
    MESSAGE_NAME = 1,
    MESSAGE_FIELD = 2,
    MESSAGE_NESTED = 3,
    MESSAGE_ENUM = 4,
    SERVICE_METHOD = 2,
    ANY_NAME = 1,
};

static bool equal(struct descriptor_text a, struct descriptor_text b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

static struct descriptor_text text_of(const struct wire_field *field)
{
    return (struct descriptor_text){field->data, field->size};
}

static struct descriptor_text field_of(struct descriptor_text message, uint32_t number)
{
    struct wire_reader reader = wire_read(message.data, message.size);
    struct wire_field field;

    while (wire_next(&reader, &field))
        if (field.number == number && field.type == WIRE_BYTES)
            return text_of(&field);
    return (struct descriptor_text){NULL, 0};
}

bool descriptor_find_file(struct descriptor_text set, struct descriptor_text name, struct descriptor_text *ret_file)
{
    struct wire_reader reader = wire_read(set.data, set.size);
    struct wire_field field;

    while (wire_next(&reader, &field)) {
        if (field.number != SET_FILE || !equal(field_of(text_of(&field), FILE_NAME), name))
            continue;
        *ret_file = text_of(&field);
        return true;
    }
    return false;
}

/* Takes `name` and a dot off the front of *symbol; an empty name takes nothing. */
static bool strip(struct descriptor_text *symbol, struct descriptor_text name)
{
    if (name.size == 0)
        return true;
    if (symbol->size <= name.size || memcmp(symbol->data, name.data, name.size) != 0 || symbol->data[name.size] != '.')
        return false;
    symbol->data += name.size + 1;
    symbol->size -= name.size + 1;
    return true;
}

/* Has one of the sub-messages in field `number` of `parent` this name? */
static bool names(struct descriptor_text parent, uint32_t number, struct descriptor_text name)
{
    struct wire_reader reader = wire_read(parent.data, parent.size);
    struct wire_field field;

    while (wire_next(&reader, &field))
        if (field.number == number && field.type == WIRE_BYTES && equal(field_of(text_of(&field), ANY_NAME), name))
            return true;
    return false;
}

static bool message_defines(struct descriptor_text message, struct descriptor_text symbol);

/* Is `symbol` a message in field `number` of `parent`, or something inside one? */
static bool messages_define(struct descriptor_text parent, uint32_t number, struct descriptor_text symbol)
{
    struct wire_reader reader = wire_read(parent.data, parent.size);
    struct wire_field field;

    while (wire_next(&reader, &field))
        if (field.number == number && field.type == WIRE_BYTES && message_defines(text_of(&field), symbol))
            return true;
    return false;
}

static bool message_defines(struct descriptor_text message, struct descriptor_text symbol)
{
    struct descriptor_text name = field_of(message, MESSAGE_NAME);
    if (equal(name, symbol))
        return true;
    return strip(&symbol, name) && (names(message, MESSAGE_FIELD, symbol) || names(message, MESSAGE_ENUM, symbol) ||
                                    messages_define(message, MESSAGE_NESTED, symbol));
}

static bool services_define(struct descriptor_text file, struct descriptor_text symbol)
{
    struct wire_reader reader = wire_read(file.data, file.size);
    struct wire_field field;

    while (wire_next(&reader, &field)) {
        if (field.number != FILE_SERVICE || field.type != WIRE_BYTES)
            continue;
        struct descriptor_text name = field_of(text_of(&field), ANY_NAME), rest = symbol;
        if (equal(name, symbol) || (strip(&rest, name) && names(text_of(&field), SERVICE_METHOD, rest)))
            return true;
    }
    return false;
}

bool descriptor_find_symbol(struct descriptor_text set, struct descriptor_text symbol, struct descriptor_text *ret_file)
{
    struct wire_reader reader = wire_read(set.data, set.size);
    struct wire_field field;

    while (wire_next(&reader, &field)) {
        if (field.number != SET_FILE)
            continue;
        struct descriptor_text file = text_of(&field), rest = symbol;
        if (!strip(&rest, field_of(file, FILE_PACKAGE)))
            continue;
        if (messages_define(file, FILE_MESSAGE, rest) || names(file, FILE_ENUM, rest) || services_define(file, rest)) {
            *ret_file = file;
            return true;
        }
    }
    return false;
}

size_t descriptor_with_imports(struct descriptor_text set, struct descriptor_text file,
                               struct descriptor_text files[DESCRIPTOR_FILES_MAX])
{
    size_t count = 0;

    files[count++] = file;
    for (size_t at = 0; at < count; at++) {
        struct wire_reader reader = wire_read(files[at].data, files[at].size);
        struct wire_field field;
        while (wire_next(&reader, &field)) {
            struct descriptor_text import;
            if (field.number != FILE_DEPENDENCY || field.type != WIRE_BYTES ||
                !descriptor_find_file(set, text_of(&field), &import))
                continue;
            bool seen = false;
            for (size_t i = 0; i < count && !seen; i++)
                seen = files[i].data == import.data;
            if (!seen && count < DESCRIPTOR_FILES_MAX)
                files[count++] = import;
        }
    }
    return count;
}
