#include "common/json/mime.h"

#include <string.h>

static const struct mime {
    const char *extension, *type;
} mimes[] = {
#include "common/json/mime_table.h"
};

enum { MIMES = sizeof mimes / sizeof mimes[0], EXTENSION_MAX = 16 };

static bool equal(sluice_text a, const char *b, size_t size)
{
    return a.size == size && memcmp(a.data, b, size) == 0;
}

static const char *lookup_exact(const char *extension)
{
    for (size_t i = 0; i < MIMES; i++)
        if (strcmp(mimes[i].extension, extension) == 0)
            return mimes[i].type;
    return NULL;
}

/* As it is, then in small letters. */
static const char *lookup(sluice_text extension)
{
    char name[EXTENSION_MAX + 1];
    if (extension.size > EXTENSION_MAX || memchr(extension.data, '\0', extension.size) != NULL)
        return NULL;
    memcpy(name, extension.data, extension.size);
    name[extension.size] = '\0';
    const char *type = lookup_exact(name);
    for (char *at = name; type == NULL && *at != '\0'; at++)
        if (*at >= 'A' && *at <= 'Z')
            *at = (char)(*at - 'A' + 'a');
    return type != NULL ? type : lookup_exact(name);
}

/* posixpath.splitext(): the last dot after the last slash, unless only dots stand before it. */
static sluice_text extension_of(sluice_text path)
{
    size_t name = path.size, dot = path.size;
    while (name > 0 && path.data[name - 1] != '/')
        name--;
    while (dot > name && path.data[dot - 1] != '.')
        dot--;
    size_t first = name;
    while (first < path.size && path.data[first] == '.')
        first++;
    if (dot == name || first >= dot)
        return (sluice_text){.data = path.data + path.size};
    return (sluice_text){.data = path.data + dot - 1, .size = path.size - dot + 1};
}

static const char *const encodings[] = {".gz", ".Z", ".bz2", ".xz", ".br"};

static bool is_encoding(sluice_text extension)
{
    for (size_t i = 0; i < sizeof encodings / sizeof encodings[0]; i++)
        if (sluice_text_is(extension, encodings[i]))
            return true;
    return false;
}

static sluice_text type_of_path(sluice_text path)
{
    static const struct {
        const char *shortened, *inner;
    } suffixes[] = {
        {".svgz", ".svg"},
        {".tgz",  ".tar"},
        {".taz",  ".tar"},
        {".tz",   ".tar"},
        {".tbz2", ".tar"},
        {".txz",  ".tar"}
    };
    sluice_text extension = extension_of(path);
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
        if (extension.size == strlen(suffixes[i].shortened) &&
            strncasecmp(extension.data, suffixes[i].shortened, extension.size) == 0)
            return sluice_text_of(lookup_exact(suffixes[i].inner));
    if (is_encoding(extension)) {
        path.size -= extension.size;
        extension = extension_of(path);
    }
    return sluice_text_of(lookup(extension));
}

/* data:[type][;name=value][;base64],… */
static sluice_text type_of_data(sluice_text rest)
{
    const char *comma = memchr(rest.data, ',', rest.size);
    if (comma == NULL)
        return (sluice_text){.data = ""};
    sluice_text type = {.data = rest.data, .size = (size_t)(comma - rest.data)};
    const char *semicolon = memchr(type.data, ';', type.size);
    if (semicolon != NULL)
        type.size = (size_t)(semicolon - type.data);
    if (memchr(type.data, '=', type.size) != NULL || memchr(type.data, '/', type.size) == NULL)
        return sluice_text_of("text/plain");
    return type;
}

sluice_text mime_of_uri(sluice_text uri)
{
    size_t scheme = 0;
    while (scheme < uri.size && uri.data[scheme] != ':' && uri.data[scheme] != '/')
        scheme++;
    if (scheme > 0 && scheme < uri.size && uri.data[scheme] == ':') {
        bool data = scheme == 4 && strncasecmp(uri.data, "data", 4) == 0;
        uri.data += scheme + 1;
        uri.size -= scheme + 1;
        if (data)
            return type_of_data(uri);
    }
    return type_of_path(uri);
}

sluice_text mime_of_name(sluice_text type)
{
    for (size_t i = 0; i < MIMES; i++)
        if (equal(type, mimes[i].type, strlen(mimes[i].type)))
            return type;
    /* docarray guesses the type of "*.NAME". */
    char pattern[2 + 2 * EXTENSION_MAX] = "*.";
    if (type.size > sizeof pattern - 2)
        return type;
    memcpy(pattern + 2, type.data, type.size);
    sluice_text guessed = mime_of_uri((sluice_text){.data = pattern, .size = type.size + 2});
    return guessed.size > 0 && guessed.data >= pattern && guessed.data < pattern + sizeof pattern ? type
           : guessed.size > 0                                                                     ? guessed
                                                                                                  : type;
}
