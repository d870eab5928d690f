/*
 * number.h - numbers as texts, whatever the locale.
 *
 * printf() and strtod() use the decimal point of the locale, which belongs to whoever has loaded the library or is loaded as
 * a plugin: after setlocale() it may be a comma, which must not get into JSON, YAML, messages and command lines. What is
 * printed for people need not care. Any thread.
 */
#ifndef SLUICE_FOUNDATION_NUMBER_H
#define SLUICE_FOUNDATION_NUMBER_H

#include <sluice/error.h>

#include <stddef.h>

/* strtod() with a point. */
double number_read(const char *text, char **ret_end);

/* snprintf() with a point. */
int number_print(char *text, size_t capacity, const char *format, ...) SLUICE_PRINTF(3, 4);

/* "%.17g", which reads back as the same number. Gives `text`. */
enum { NUMBER_EXACT_SIZE = 32 };
const char *number_exact(double number, char text[NUMBER_EXACT_SIZE]);

#endif
