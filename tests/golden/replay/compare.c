#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEVIATIONS_MAX = 1000, LINE_SIZE = 2048, SHOWN_MAX = 120 };

static struct deviation {
    char name[128], difference[1024];
    bool used, ran;
} deviations[DEVIATIONS_MAX];
static size_t deviation_count;

static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t size = strlen(text);
    while (size > 0 && strchr(" \t\n", text[size - 1]) != NULL)
        text[--size] = '\0';
    return text;
}

void compare_load_deviations(const char *path)
{
    FILE *file = fopen(path, "r");
    char line[LINE_SIZE];
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        char *name = trim(line), *difference = strstr(line, " | "), *reason;
        if (*name == '#' || *name == '\0')
            continue;
        if (difference == NULL || (reason = strstr(difference + 3, " | ")) == NULL || deviation_count == DEVIATIONS_MAX) {
            fprintf(stderr, "%s: this line is none of `CASE | FIRST DIFFERENCE | REASON`, or one too many: %s\n", path, name);
            exit(2);
        }
        *difference = *reason = '\0';
        struct deviation *deviation = &deviations[deviation_count++];
        snprintf(deviation->name, sizeof deviation->name, "%s", trim(name));
        snprintf(deviation->difference, sizeof deviation->difference, "%s", trim(difference + 3));
    }
    if (file != NULL)
        fclose(file);
}

static void show(const sluice_value *value, char *text, size_t capacity)
{
    char *json = NULL;
    if (value == NULL)
        snprintf(text, capacity, "nothing");
    else if (sluice_value_kind_of(value) == SLUICE_VALUE_MAP)
        snprintf(text, capacity, "a map of %zu", sluice_value_size(value));
    else if (sluice_value_to_json(value, &json, NULL) == SLUICE_OK)
        snprintf(text, capacity, "%.*s", SHOWN_MAX, json);
    else if (sluice_value_kind_of(value) == SLUICE_VALUE_STRING)
        snprintf(text, capacity, "%.*s", (int)sluice_value_string(value).size, sluice_value_string(value).data);
    else
        snprintf(text, capacity, "another value");
    for (char *at = text; *at != '\0'; at++)
        if (*at == '|' || *at == '\n')
            *at = '/';
    free(json);
}

static bool differ(const sluice_value *ours, const sluice_value *recorded, char *path, char *difference,
                   size_t capacity)
{
    sluice_value_kind kind = sluice_value_kind_of(ours);
    bool both = ours != NULL && recorded != NULL && kind == sluice_value_kind_of(recorded);
    char *end = path + strlen(path);
    if (both && kind == SLUICE_VALUE_MAP) {
        for (int side = 0; side < 2; side++) {
            const sluice_value *map = side == 0 ? recorded : ours;
            for (size_t i = 0; i < sluice_value_size(map); i++) {
                sluice_text key = sluice_value_key_at(map, i);
                /* What both have was compared in the first round; twice would be 2^depth times further down. */
                if (side == 1 && sluice_value_get_text(recorded, key) != NULL)
                    continue;
                snprintf(end, 64, ".%.*s", (int)(key.size < 60 ? key.size : 60), key.data);
                if (differ(sluice_value_get_text(ours, key), sluice_value_get_text(recorded, key), path, difference,
                           capacity))
                    return true;
                *end = '\0';
            }
        }
        return false;
    }
    if (both && kind == SLUICE_VALUE_LIST) {
        size_t most = sluice_value_size(ours) > sluice_value_size(recorded) ? sluice_value_size(ours)
                                                                            : sluice_value_size(recorded);
        for (size_t i = 0; i < most; i++) {
            sprintf(end, "[%zu]", i);
            if (differ(sluice_value_at(ours, i), sluice_value_at(recorded, i), path, difference, capacity))
                return true;
            *end = '\0';
        }
        return false;
    }
    if (both && sluice_value_equal(ours, recorded))
        return false;
    char a[256], b[256];
    show(ours, a, sizeof a);
    show(recorded, b, sizeof b);
    snprintf(difference, capacity, "%s: ours %s, recorded %s", *path == '.' ? path + 1 : path, a, b);
    return true;
}

void compare_values(const sluice_value *ours, const sluice_value *recorded, char *difference, size_t capacity)
{
    char path[4096] = "";
    *difference = '\0';
    differ(ours, recorded, path, difference, capacity);
}

void compare_count(struct tally *tally, const char *name, const char *difference)
{
    struct deviation *listed = NULL;
    for (size_t i = 0; i < deviation_count; i++)
        if (strcmp(deviations[i].name, name) == 0)
            listed = &deviations[i];
    if (listed != NULL)
        listed->ran = true;
    if (*difference == '\0') {
        tally->equal++;
    } else if (listed != NULL && strcmp(listed->difference, difference) == 0) {
        listed->used = true;
        tally->deviations++;
    } else {
        tally->unexplained++;
        printf("UNEXPLAINED %s | %s\n", name, difference);
        if (listed != NULL)
            printf("     listed %s | %s\n", name, listed->difference);
    }
}

void compare_report_unused(struct tally *tally, const char *kind, bool whole)
{
    size_t size = strlen(kind);
    for (size_t i = 0; i < deviation_count; i++) {
        const struct deviation *deviation = &deviations[i];
        bool ours = strncmp(deviation->name, kind, size) == 0 && deviation->name[size] == '/';
        if (deviation->used || !(deviation->ran || (whole && ours)))
            continue;
        printf("the deviation listed for %s %s\n", deviation->name, deviation->ran ? "no longer occurs" : "names no case");
        tally->unexplained++;
    }
}
