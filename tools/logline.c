#include "tools/logline.h"

#include <ctype.h>
#include <string.h>

static const char json_start[] = "{\"time\":\"";
static const char stamp[] = "dddd-dd-ddTdd:dd:dd.dddZ "; /* d: a digit */
enum { STAMP_SIZE = sizeof stamp - 1, JSON_START_SIZE = sizeof json_start - 1 };

static bool starts_with_stamp(const char *line, size_t size)
{
    if (size <= STAMP_SIZE)
        return false;
    for (size_t i = 0; i < STAMP_SIZE; i++)
        if (stamp[i] == 'd' ? !isdigit((unsigned char)line[i]) : line[i] != stamp[i])
            return false;
    return true;
}

bool logline_is_log(const char *line, size_t size)
{
    return starts_with_stamp(line, size) || (size > JSON_START_SIZE && memcmp(line, json_start, JSON_START_SIZE) == 0);
}

const char *logline_message(const char *line)
{
    if (!starts_with_stamp(line, strlen(line)))
        return line;
    const char *component_end = strstr(line + STAMP_SIZE, ": ");
    return component_end != NULL ? component_end + 2 : line;
}
