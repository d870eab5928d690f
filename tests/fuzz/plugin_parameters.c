/*
 * What a plugin says of its parameters, and behind a NUL byte the uses_with of a Flow: either may be anything. A first
 * byte of 1 takes a fixed description instead. What the check lets through has every default and passes the check again
 * unchanged.
 */
#include "common/flow/description.h"
#include "tests/fuzz/require.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ARENA_BYTES = 16 * 1024, FIXED = 1 };

static const char fixed[] =
    "{\"name\": \"tagger\", \"handlers\": [{\"name\": \"tag\", \"endpoint\": \"/default\"}], "
    "\"parameters\": [{\"name\": \"label\", \"type\": \"string\", \"fallback\": null}, "
    "{\"name\": \"delay_ms\", \"type\": \"integer\", \"fallback\": \"0\", \"minimum\": 0, \"maximum\": 1000}, "
    "{\"name\": \"ratio\", \"type\": \"number\", \"fallback\": \"0.5\", \"minimum\": 0, \"maximum\": 1}, "
    "{\"name\": \"mode\", \"type\": \"string\", \"fallback\": \"\\\"fast\\\"\", \"choices\": [\"fast\", \"good\"]}, "
    "{\"name\": \"pod\", \"type\": \"bool\", \"fallback\": \"false\"}, "
    "{\"name\": \"words\", \"type\": \"list\", \"fallback\": \"[\\\"a\\\", 1]\"}, "
    "{\"name\": \"set\", \"type\": \"map\", \"fallback\": null}, "
    "{\"name\": \"model\", \"type\": \"string\", \"required\": true}, "
    "{\"name\": \"what\", \"type\": \"any\", \"fallback\": \"null\"}]}";

/* The checked map, or NULL when something was wrong with it; then there is a problem that says what. */
static sluice_value *apply(const sluice_value *description, const char *text, size_t size)
{
    static const struct flow_place place = {"with.yml", 0, 0};
    struct arena *arena = arena_new(ARENA_BYTES, ARENA_NO_LIMIT);
    sluice_value *value = NULL;
    struct problems problems;
    struct flow_report report;
    bool empty = false;
    require(arena != NULL);
    problems_init(&problems, arena);
    struct node *with = node_read(text, size, place, &node_limits_input, arena, &problems, &empty);
    bool is_map = with != NULL ? with->kind == NODE_MAP : empty;
    if (is_map) {
        value = description_apply(description, with, "a", place, arena, &problems);
        require(value != NULL);
        description_check_requests(description, with, "a", &problems);
    }
    require(problems_report(&problems, &report) == SLUICE_OK);
    require(is_map || with != NULL || report.error_count > 0);
    for (size_t i = 0; i < report.count; i++)
        require(report.problems[i].text[0] != '\0');
    if (report.error_count > 0) {
        sluice_value_free(value);
        value = NULL;
    }
    problems_done(&problems);
    arena_free(arena);
    return value;
}

/* Parameters that are required are there. */
static void check_required(const sluice_value *description, const sluice_value *value)
{
    const sluice_value *parameters = sluice_value_get(description, "parameters");
    for (size_t i = 0; i < sluice_value_size(parameters); i++) {
        const sluice_value *parameter = sluice_value_at(parameters, i);
        bool must = sluice_value_bool(sluice_value_get(parameter, "required"), false);
        sluice_text name = sluice_value_string(sluice_value_get(parameter, "name"));
        require(!must || sluice_value_get_text(value, name) != NULL);
    }
}

/* As JSON, which is YAML too, it passes again and is the same. NaN and infinities have no form there, nor has what the
 * plugin gives as a default against its own rules. */
static void check_again(const sluice_value *description, const sluice_value *value)
{
    char *text = NULL;
    require(sluice_value_to_json(value, &text, NULL) == SLUICE_OK);
    sluice_value *again = apply(description, text, strlen(text));
    bool has_form = strstr(text, "NaN") == NULL && strstr(text, "Infinity") == NULL;
    require(again == NULL || !has_form || sluice_value_equal(value, again));
    sluice_value_free(again);
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const char *text = (const char *)data, *end = text + size, *with = memchr(text, 0, size);
    sluice_value *description = NULL;
    sluice_error error = {.text = ""};
    if (text[0] == FIXED) {
        require(description_from_text(fixed, sizeof fixed - 1, &description, NULL) == SLUICE_OK);
        with = text;
    } else {
        size_t part = with != NULL ? (size_t)(with - text) : size;
        sluice_status status = description_from_text(text, part, &description, &error);
        require((status == SLUICE_OK) == (description != NULL) && (status == SLUICE_OK || error.text[0] != '\0'));
    }
    if (description == NULL || with == NULL) {
        sluice_value_free(description);
        return 0;
    }
    sluice_value *value = apply(description, with + 1, (size_t)(end - with - 1));
    if (value != NULL) {
        check_required(description, value);
        check_again(description, value);
    }
    sluice_value_free(value);
    sluice_value_free(description);
    return 0;
}
