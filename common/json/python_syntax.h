/*
 * python_syntax.h - what Python's json module says of a text that is none.
 *
 * Jina answers a broken body with the words and the position of that parser, so they are made again here. Used only
 * when a text was refused. Private to common/json; pure; any thread.
 */
#ifndef SLUICE_JSON_PYTHON_SYNTAX_H
#define SLUICE_JSON_PYTHON_SYNTAX_H

#include <stddef.h>

struct python_syntax {
    const char *message; /* "Expecting value"; NULL: nothing is wrong, or it is nested deeper than can be said */
    size_t position;     /* in characters from 0 */
    size_t line, column; /* from 1, in characters */
};

/* `text` must be valid UTF-8. */
struct python_syntax python_syntax_of(const char *text, size_t size);

#endif
