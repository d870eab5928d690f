#include "common/foundation/number.h"

#include <locale.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t plain;

static void make_plain(void)
{
    plain = newlocale(LC_ALL_MASK, "C", (locale_t)0); /* without memory for it, numbers are the locale's */
}

static locale_t plain_locale(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_plain);
    return plain;
}

double number_read(const char *text, char **ret_end)
{
    locale_t locale = plain_locale();
    return locale != (locale_t)0 ? strtod_l(text, ret_end, locale) : strtod(text, ret_end);
}

int number_print(char *text, size_t capacity, const char *format, ...)
{
    locale_t before = uselocale(plain_locale()); /* 0 changes nothing */
    va_list arguments;
    va_start(arguments, format);
    int size = vsnprintf(text, capacity, format, arguments);
    va_end(arguments);
    uselocale(before);
    return size;
}

const char *number_exact(double number, char text[NUMBER_EXACT_SIZE])
{
    number_print(text, NUMBER_EXACT_SIZE, "%.17g", number);
    return text;
}
