/* module.h - what lib/sluice/json.so exports: one function that returns one table. C and C++. */
#ifndef SLUICE_JSON_MODULE_H
#define SLUICE_JSON_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#define JSON_MODULE_FILE   "lib/sluice/json.so"
#define JSON_MODULE_SYMBOL "sluice_json_module"

enum { JSON_MODULE_VERSION = 3 };

enum json_outcome { JSON_DONE, JSON_MALFORMED, JSON_TOO_DEEP, JSON_STOPPED, JSON_NO_MEMORY };

struct json_failure {
    size_t line, column;
    char text[160]; /* of JSON_MALFORMED: what was expected */
};

struct json_events;

struct json_module {
    unsigned version;
    enum json_outcome (*read)(const char *text, size_t size, size_t depth, const struct json_events *events, void *context,
                              struct json_failure *failure);
    size_t (*print_double)(double value, char *text);
    enum json_outcome (*parse)(const char *text, size_t size, size_t depth);
    size_t (*print_doubles)(const double *values, size_t count, const char *separator, char *text);
};

#endif
