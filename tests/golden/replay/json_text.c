#include "json_text.h"

#include "common/foundation/buffer.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const char made[] = "made", given[] = "given", network_failure[] = "a network failure of worker";

/* A JSON string from its quote on; the place behind it. */
static size_t copy_string(sluice_text text, size_t at, struct buffer *out)
{
    size_t end = at + 1;
    while (end < text.size && text.data[end] != '"')
        end += text.data[end] == '\\' ? 2 : 1;
    end = end < text.size ? end + 1 : text.size;
    buffer_append(out, text.data + at, end - at);
    return end;
}

static bool is_number_character(char character)
{
    return isdigit((unsigned char)character) || strchr("+-.eE", character) != NULL;
}

/* Outside of strings, a number and the tokens NaN and Infinity get quotes. */
static void quote_numbers(sluice_text text, struct buffer *out)
{
    for (size_t at = 0; at < text.size;) {
        char character = text.data[at];
        size_t end = at;
        if (character == '"') {
            at = copy_string(text, at, out);
            continue;
        }
        if (isdigit((unsigned char)character) || character == '-' || character == 'N' || character == 'I')
            while (end < text.size && (is_number_character(text.data[end]) || isalpha((unsigned char)text.data[end])))
                end++;
        if (end > at) {
            buffer_append_byte(out, '"');
            buffer_append(out, text.data + at, end - at);
            buffer_append_byte(out, '"');
            at = end;
        } else {
            buffer_append_byte(out, (uint8_t)character);
            at++;
        }
    }
}

/* A Python repr as JSON: other quotes, other names. */
static void python_to_json(sluice_text text, struct buffer *out)
{
    for (size_t at = 0; at < text.size; at++) {
        char character = text.data[at];
        if (character == '"') {
            at = copy_string(text, at, out) - 1;
        } else if (character == '\'') {
            buffer_append_byte(out, '"');
            for (at++; at < text.size && text.data[at] != '\''; at++) {
                if (text.data[at] == '"')
                    buffer_append_byte(out, '\\');
                if (text.data[at] == '\\' && at + 1 < text.size && text.data[++at] != '\'')
                    buffer_append_byte(out, '\\');
                buffer_append_byte(out, (uint8_t)text.data[at]);
            }
            buffer_append_byte(out, '"');
        } else if (strchr("NTF", character) != NULL && strncmp(text.data + at, "NaN", 3) != 0) {
            buffer_append_byte(out, character == 'N' ? 'n' : character == 'T' ? 't' : 'f');
            if (character == 'N') {
                buffer_append_text(out, "ull");
                at += 3;
            }
        } else {
            buffer_append_byte(out, (uint8_t)character);
        }
    }
}

/* A new map with the value under "value", or NULL. `printed`: by an executor, with numbers as it liked; `python`: as a
 * repr. */
static sluice_value *parse(sluice_text text, bool printed, bool python)
{
    struct buffer plain, wrapped;
    buffer_init(&plain, BUFFER_NO_LIMIT);
    buffer_init(&wrapped, BUFFER_NO_LIMIT);
    buffer_append_text(&wrapped, "{\"value\":");
    if (python) {
        python_to_json(text, &plain);
        text = (sluice_text){buffer_text(&plain), plain.size};
    }
    if (printed)
        buffer_append(&wrapped, text.data, text.size);
    else
        quote_numbers(text, &wrapped);
    buffer_append_byte(&wrapped, '}');
    sluice_value *value = NULL;
    if (sluice_value_from_json(buffer_text(&wrapped), wrapped.size, &value, NULL) != SLUICE_OK)
        value = NULL;
    buffer_done(&plain);
    buffer_done(&wrapped);
    return value;
}

static bool is_made_id(sluice_text text)
{
    for (size_t i = 0; i < text.size; i++)
        if (!isdigit((unsigned char)text.data[i]) && (text.data[i] < 'a' || text.data[i] > 'f'))
            return false;
    return text.size == 32;
}

static bool is_one_of(sluice_text key, const char *const *names)
{
    for (; *names != NULL; names++)
        if (sluice_text_is(key, *names))
            return true;
    return false;
}

sluice_text json_text_reason(sluice_text reason)
{
    bool network = memmem(reason.data, reason.size, "Gateway:", 8) != NULL || memmem(reason.data, reason.size, "deployment", 10) != NULL;
    bool names_it = memmem(reason.data, reason.size, "worker", 6) != NULL || memmem(reason.data, reason.size, "deployment at", 13) != NULL;
    return network && names_it ? sluice_text_of(network_failure) : reason;
}

/* numpy pads the elements to one width: without blanks. */
static void without_blanks(sluice_value *map, sluice_text key, sluice_text text)
{
    struct buffer out;
    buffer_init(&out, BUFFER_NO_LIMIT);
    for (size_t i = 0; i < text.size; i++)
        if (!isspace((unsigned char)text.data[i]))
            buffer_append_byte(&out, (uint8_t)text.data[i]);
    sluice_value_set_text(map, key, (sluice_text){buffer_text(&out), out.size});
    buffer_done(&out);
}

static void settle(sluice_value *value);

/* A text with a printed value in it becomes the value. */
static void open_text(sluice_value *map, sluice_text key, sluice_text text)
{
    bool python = text.size > 1 && (text.data[1] == '\'' || text.data[1] == '}') ? true : sluice_text_is(key, "tags_repr");
    sluice_value *opened = parse(text, true, python);
    if (opened == NULL)
        return;
    settle(opened);
    sluice_value_set_copy(map, key, sluice_value_get(opened, "value"));
    sluice_value_free(opened);
}

static void settle_text(sluice_value *map, sluice_text key, sluice_text text)
{
    static const char *const times[] = {"startTime", "endTime", "start_time", "end_time", NULL};
    static const char *const ids[] = {"id", "parent_id", "ref_id", "requestId", "request_id", NULL};
    if (is_one_of(key, times))
        sluice_value_set_text(map, key, sluice_text_of(given));
    else if (is_one_of(key, ids) && is_made_id(text))
        sluice_value_set_text(map, key, sluice_text_of(made));
    else if (sluice_text_is(key, "description"))
        sluice_value_set_text(map, key, json_text_reason(text));
    else if (sluice_text_is(key, "repr"))
        without_blanks(map, key, text);
    else if ((sluice_text_is(key, "text") || sluice_text_is(key, "tags_repr")) && text.size > 1 && text.data[0] == '{')
        open_text(map, key, text);
}

/* Of the facts of /status only their names are the same everywhere. */
static void forget_facts(sluice_value *map)
{
    for (size_t i = 0; i < sluice_value_size(map); i++)
        sluice_value_set_text(map, sluice_value_key_at(map, i), sluice_text_of(given));
}

static void settle(sluice_value *value)
{
    bool is_map = sluice_value_kind_of(value) == SLUICE_VALUE_MAP;
    if (is_map && sluice_value_get(value, "message") != NULL && sluice_value_get(value, "locations") != NULL)
        sluice_value_set_string(value, "message", given); /* GraphQL: the words are the library's */
    bool facts = is_map && sluice_value_get(value, "jina") != NULL && sluice_value_get(value, "envs") != NULL;
    for (size_t i = 0; i < sluice_value_size(value); i++) {
        sluice_value *entry = (sluice_value *)sluice_value_at(value, i);
        sluice_text key = is_map ? sluice_value_key_at(value, i) : sluice_text_of("");
        sluice_value_kind kind = sluice_value_kind_of(entry);
        if (is_map && sluice_text_is(key, "stacks") && kind == SLUICE_VALUE_LIST)
            sluice_value_set_text(value, key, sluice_text_of(given));
        else if (is_map && kind == SLUICE_VALUE_STRING)
            settle_text(value, key, sluice_value_string(entry));
        else if (facts && kind == SLUICE_VALUE_MAP)
            forget_facts(entry);
        else if (kind == SLUICE_VALUE_MAP || kind == SLUICE_VALUE_LIST)
            settle(entry);
    }
}

/* What cannot be read here, being nested too deep: ids and times in the text itself. */
static void set_masked(sluice_value *map, const char *key, sluice_text text)
{
    struct buffer out;
    buffer_init(&out, BUFFER_NO_LIMIT);
    for (size_t at = 0; at < text.size; at++) {
        size_t end = at;
        if (at > 0 && text.data[at - 1] == '"')
            while (end < text.size && text.data[end] != '"' && end - at < 40)
                end++;
        sluice_text piece = {text.data + at, end - at};
        bool time = piece.size >= 19 && piece.data[4] == '-' && piece.data[10] == 'T';
        if (time || is_made_id(piece)) {
            buffer_append_text(&out, time ? given : made);
            at = end;
        }
        if (at < text.size)
            buffer_append_byte(&out, (uint8_t)text.data[at]);
    }
    sluice_value_set_text(map, sluice_text_of(key), (sluice_text){buffer_text(&out), out.size});
    buffer_done(&out);
}

void json_text_set(sluice_value *map, const char *key, sluice_text text)
{
    bool json = text.size > 0 && strchr("{[", text.data[0]) != NULL;
    sluice_value *value = json ? parse(text, false, false) : NULL;
    if (value == NULL) {
        set_masked(map, key, text);
        return;
    }
    settle(value);
    sluice_value_set_copy(map, sluice_text_of(key), sluice_value_get(value, "value"));
    sluice_value_free(value);
}
