#include "index_kit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct kit index_kit;
char index_folder[64], index_file[96];

void index_make_folder(void)
{
    snprintf(index_folder, sizeof index_folder, "/tmp/sluice-index-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(index_folder));
    snprintf(index_file, sizeof index_file, "%s/a.sqlite", index_folder);
}

void index_remove_folder(void)
{
    char command[128];
    kit_close(&index_kit);
    snprintf(command, sizeof command, "rm -rf %s", index_folder);
    ck_assert_int_eq(system(command), 0);
}

static const char *uses_with(const char *settings)
{
    static char text[512];
    snprintf(text, sizeof text, "{\"path\": \"%s\"%s%s}", index_file, settings != NULL ? ", " : "",
             settings != NULL ? settings : "");
    return text;
}

void index_open(const char *settings)
{
    kit_open(&index_kit, "vector_index", uses_with(settings));
}

void index_reopen(const char *settings)
{
    kit_close(&index_kit);
    index_open(settings);
}

void index_refused(const char *settings, const char *words)
{
    kit_refused("vector_index", uses_with(settings), words);
    kit_refused("vector_index", uses_with(settings), index_file);
}

sluice_document *index_add(const char *id, const float *vector, size_t dimension)
{
    sluice_document *document = kit_add(&index_kit, id, strlen(id));
    ck_assert_int_eq(sluice_document_set_id(document, id, strlen(id)), SLUICE_OK);
    ck_assert_int_eq(sluice_document_set_embedding_floats(document, vector, dimension), SLUICE_OK);
    return document;
}

void index_send(const char *endpoint, const char *parameters)
{
    kit_send(&index_kit, endpoint, parameters);
    ck_assert_msg(index_kit.status == SLUICE_OK, "%s failed: %s", endpoint, index_kit.error.text);
}

void index_fails(const char *endpoint, const char *parameters, const char *description)
{
    kit_send(&index_kit, endpoint, parameters);
    kit_failed(&index_kit, description);
}

double index_result(const char *key)
{
    const sluice_value *value = sluice_value_get(sluice_testkit_results(index_kit.kit), key);
    ck_assert_msg(sluice_value_kind_of(value) == SLUICE_VALUE_NUMBER, "there is no result %s", key);
    return sluice_value_number(value, -1);
}

double index_status(const char *key)
{
    kit_post(&index_kit, "/status", NULL, NULL);
    ck_assert_int_eq(index_kit.status, SLUICE_OK);
    return index_result(key);
}

static const sluice_document_array *matches_of(size_t query)
{
    return sluice_document_matches(kit_document(&index_kit, query));
}

void index_matches(size_t query, const char *ids)
{
    char found[1024] = "";
    size_t size = 0;
    const sluice_document_array *matches = matches_of(query);
    for (size_t i = 0; i < sluice_document_array_size(matches) && size < sizeof found; i++) {
        sluice_text id = sluice_document_id(sluice_document_array_at(matches, i));
        size += (size_t)snprintf(found + size, sizeof found - size, "%s%.*s", i > 0 ? " " : "", (int)id.size, id.data);
    }
    ck_assert_str_eq(found, ids);
}

float index_score(size_t query, size_t match, const char *name)
{
    sluice_score score;
    const sluice_document *document = sluice_document_array_at(matches_of(query), match);
    ck_assert_ptr_nonnull(document);
    ck_assert_msg(sluice_document_score(document, name, &score), "there is no score %s", name);
    return score.value;
}
