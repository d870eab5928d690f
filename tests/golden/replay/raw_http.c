#include "raw_http.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *find(const char *at, const char *end, const char *what)
{
    return at < end ? memmem(at, (size_t)(end - at), what, strlen(what)) : NULL;
}

static bool read_head(const char *at, const char *end, struct raw_answer *answer)
{
    if (end - at < 12 || strncmp(at, "HTTP/1.", 7) != 0)
        return false;
    answer->status = (int)strtol(at + 9, NULL, 10);
    answer->header_count = 0;
    for (at = find(at, end, "\r\n"); at != NULL && at + 4 < end && answer->header_count < RAW_HEADERS_MAX;) {
        at += 2;
        const char *line_end = find(at, end, "\r\n"), *colon = memchr(at, ':', (size_t)(line_end - at));
        if (line_end == at)
            break;
        if (colon != NULL) {
            const char *value = colon + 1;
            while (value < line_end && *value == ' ')
                value++;
            answer->headers[answer->header_count].name = (sluice_text){at, (size_t)(colon - at)};
            answer->headers[answer->header_count++].value = (sluice_text){value, (size_t)(line_end - value)};
        }
        at = line_end;
    }
    return true;
}

sluice_text raw_answer_header(const struct raw_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++) {
        sluice_text found = answer->headers[i].name;
        if (found.size == strlen(name) && strncasecmp(found.data, name, found.size) == 0)
            return answer->headers[i].value;
    }
    return (sluice_text){"", 0};
}

/* The place behind the last chunk, or NULL when it has not come. */
static const char *take_chunks(const char *at, const char *end, struct buffer *body)
{
    for (;;) {
        const char *line_end = find(at, end, "\r\n");
        if (line_end == NULL)
            return NULL;
        size_t size = strtoull(at, NULL, 16);
        at = line_end + 2;
        if ((size_t)(end - at) < size + 2)
            return NULL;
        buffer_append(body, at, size);
        at += size + 2;
        if (size == 0)
            return at;
    }
}

static const char *take_body(const char *at, const char *end, bool ended, struct raw_answer *answer)
{
    if (sluice_text_is(raw_answer_header(answer, "transfer-encoding"), "chunked"))
        return take_chunks(at, end, &answer->body);
    sluice_text length = raw_answer_header(answer, "content-length");
    size_t size = length.size > 0 ? strtoull(length.data, NULL, 10) : (size_t)(end - at);
    if ((length.size == 0 && !ended) || (size_t)(end - at) < size)
        return NULL;
    buffer_append(&answer->body, at, size);
    return at + size;
}

bool raw_answer_take(const struct buffer *in, size_t *at, bool ended, bool to_head, struct raw_answer *answer)
{
    const char *begin = buffer_text(in), *end = begin + in->size, *start = begin + *at;
    const char *body = find(start, end, "\r\n\r\n");
    if (body == NULL || !read_head(start, body + 4, answer))
        return false;
    buffer_init(&answer->body, BUFFER_NO_LIMIT);
    body += 4;
    bool none = to_head || answer->status / 100 == 1 || answer->status == 204 || answer->status == 304;
    const char *behind = none ? body : take_body(body, end, ended, answer);
    if (behind == NULL) {
        buffer_done(&answer->body);
        return false;
    }
    *at = (size_t)(behind - begin);
    return true;
}

void raw_answer_done(struct raw_answer *answer)
{
    buffer_done(&answer->body);
}
