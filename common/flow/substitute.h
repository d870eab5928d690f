/*
 * substitute.h - variables and coercion over the texts of a Flow file. Rules: docs/flow-yaml.md, "Variables" and
 * "Coercion".
 *
 * Works on every text value of the tree (never on keys), in place. Unlike the original, one pass: what a variable holds
 * is not expanded again, and text around ${{ }} is kept. A reference (${{root.x}}) may lead to another one, three deep.
 */
#ifndef SLUICE_FLOW_SUBSTITUTE_H
#define SLUICE_FLOW_SUBSTITUTE_H

#include "common/flow/yaml.h"

struct substitution {
    const char *const *environment; /* NAME=value, ended by NULL; or NULL */
    const sluice_value *context;    /* or NULL */
    bool flow;                      /* the root is a Flow file's, not an executor's */
    struct arena *arena;
    struct problems *problems;
};

enum {
    SUBSTITUTED_BYTES_MAX = 1 << 20,     /* of one text after replacement */
    SUBSTITUTED_BYTES_ALL_MAX = 16 << 20 /* of all of them */
};

/*
 * Replace and coerce below `root`, which is the document that references start from. In a Flow file what is below
 * `when` of an executor and below `env` of a section is replaced but not coerced: operands and variables keep their
 * text.
 */
void substitute(struct node *root, const struct substitution *with);

#endif
