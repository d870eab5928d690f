/*
 * documents.h - documents of requests and answers from JSON nodes: first checked, then built.
 *
 * Checking finds what pydantic finds, in its order and words. Building may still fail where docarray fails. Both accept
 * docarray's keys and, where those are missing, the camelCase ones. Private to common/json.
 */
#ifndef SLUICE_JSON_DOCUMENTS_H
#define SLUICE_JSON_DOCUMENTS_H

#include "common/document/model.h"
#include "common/json/coerce.h"
#include "common/json/findings.h"

enum document_field {
    FIELD_ID,
    FIELD_PARENT_ID,
    FIELD_GRANULARITY,
    FIELD_ADJACENCY,
    FIELD_BLOB,
    FIELD_TENSOR,
    FIELD_MIME_TYPE,
    FIELD_TEXT,
    FIELD_WEIGHT,
    FIELD_URI,
    FIELD_TAGS,
    FIELD_OFFSET,
    FIELD_LOCATION,
    FIELD_EMBEDDING,
    FIELD_MODALITY,
    FIELD_EVALUATIONS,
    FIELD_SCORES,
    FIELD_CHUNKS,
    FIELD_MATCHES,
    FIELD_METADATA,
    DOCUMENT_FIELDS
};

enum score_field { SCORE_FIELD_VALUE, SCORE_FIELD_OP_NAME, SCORE_FIELD_DESCRIPTION, SCORE_FIELD_REF_ID, SCORE_FIELDS };

struct documents_reading {
    struct findings findings;
    struct arena *arena; /* of the nodes; texts of the documents point into it */
    struct model *model;
    json_print_double print;
    bool tags_as_measured; /* json_request_options */
    bool as_given;         /* an answer: no ids, types and relations are made up */
    sluice_status status;  /* why building failed: SLUICE_INVALID, SLUICE_LIMIT, SLUICE_NO_MEMORY */
    const char *problem;   /* and in words, in the arena */
    struct json_path place;
};

/* The values of the fields, NULL where a field is missing or null. */
void document_fields(const struct json_node *object, const struct json_node *fields[DOCUMENT_FIELDS]);
void score_fields(const struct json_node *object, const struct json_node *fields[SCORE_FIELDS]);

/* A list of documents. False: the findings say why. */
bool documents_check(struct documents_reading *reading, const struct json_node *list, const struct json_path *path);

/* Adds the documents of a list that was found good. False: `status` and `problem` say why. */
bool documents_build(struct documents_reading *reading, const struct json_node *list, sluice_document_array *array);

/* ---- parts ---- */

/* A failure of building; always false. */
bool build_problem(struct documents_reading *reading, sluice_status status, const char *format, ...)
    SLUICE_PRINTF(3, 4);
bool build_status(struct documents_reading *reading, sluice_status status); /* true for SLUICE_OK */

/* Text that must be UTF-8; it stays where it is. */
bool build_text(struct documents_reading *reading, const struct json_node *node, sluice_text *ret_text);

/* A map (google.protobuf.Struct) of an object that coerce_object() accepts; NULL in *ret_map when it is empty. */
bool build_map(struct documents_reading *reading, const struct json_node *node, size_t level, bool as_tags,
               sluice_value **ret_map);

/* Arrays of numbers. */
bool array_check(struct documents_reading *reading, const struct json_node *node, const struct json_path *path);
bool array_build(struct documents_reading *reading, const struct json_node *node, struct ndarray **ret_array);

#endif
