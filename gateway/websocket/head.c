#include "gateway/websocket/head.h"

#include "common/foundation/text.h"

#include <string.h>
#include <strings.h>

enum { LENGTH_DIGITS_MAX = 18 };

static bool fail(struct head_fault *fault, unsigned status, const char *text)
{
    *fault = (struct head_fault){.status = status, .text = text};
    return false;
}

/* ---- collecting ---- */

void head_collector_init(struct head_collector *collector, size_t limit)
{
    *collector = (struct head_collector){.skipped = 0};
    buffer_init(&collector->bytes, limit);
}

void head_collector_done(struct head_collector *collector)
{
    buffer_done(&collector->bytes);
}

/* Of the next byte; NULL: nothing is wrong. */
static const char *byte_fault(const struct buffer *bytes, uint8_t byte)
{
    bool after_return = bytes->size > 0 && bytes->data[bytes->size - 1] == '\r';
    if ((byte == '\n') != after_return)
        return "a line does not end with CR LF.";
    if ((byte < ' ' && byte != '\t' && byte != '\r' && byte != '\n') || byte == 0x7F)
        return "there is a control character in it.";
    if (bytes->size == 0 && strchr(text_token_characters, byte) == NULL)
        return "it does not begin with a method.";
    return NULL;
}

static bool skip_empty_line(struct head_collector *collector, uint8_t byte)
{
    static const char line[] = "\r\n";
    if (collector->bytes.size > 0 || collector->skipped == 2 || byte != (uint8_t)line[collector->skipped])
        return false;
    collector->skipped++;
    return true;
}

static enum head_result collect_byte(struct head_collector *collector, uint8_t byte, struct head_fault *fault)
{
    struct buffer *bytes = &collector->bytes;
    const char *text = collector->skipped == 1 ? "a line does not end with CR LF." : byte_fault(bytes, byte);

    if (text != NULL) {
        fail(fault, 400, text);
        return HEAD_BAD;
    }
    buffer_append_byte(bytes, byte);
    if (bytes->failed != SLUICE_OK) {
        if (bytes->failed == SLUICE_LIMIT)
            fail(fault, 431, "its head is larger than max_header_bytes.");
        else
            fail(fault, 503, "there is no memory for it.");
        return HEAD_BAD;
    }
    bool whole = bytes->size >= 4 && memcmp(bytes->data + bytes->size - 4, "\r\n\r\n", 4) == 0;
    return whole ? HEAD_WHOLE : HEAD_MORE;
}

enum head_result head_collect(struct head_collector *collector, const uint8_t **at, const uint8_t *end,
                              struct head_fault *ret_fault)
{
    enum head_result result = HEAD_MORE;
    while (*at < end && result == HEAD_MORE) {
        uint8_t byte = *(*at)++;
        if (!skip_empty_line(collector, byte))
            result = collect_byte(collector, byte, ret_fault);
    }
    return result;
}

/* ---- the request line ---- */

/* %XX in place. False: no such thing, or a NUL. */
static bool decode(char *path)
{
    char *to = path;
    for (const char *at = path; *at != '\0'; at++) {
        if (*at != '%') {
            *to++ = *at;
            continue;
        }
        int high = text_hex_digit(at[1]), low = high < 0 ? -1 : text_hex_digit(at[2]);
        if (low < 0 || high * 16 + low == 0)
            return false;
        *to++ = (char)(high * 16 + low);
        at += 2;
    }
    *to = '\0';
    return true;
}

/* The path of a target: "/path?query", or the same behind a scheme and a host (RFC 9112, 3.2.2). */
static bool read_target(char *target, struct head *head, struct head_fault *fault)
{
    static const char *const schemes[] = {"http://", "https://", "ws://", "wss://"};
    char *path = target;

    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0] && path == target; i++)
        if (strncasecmp(target, schemes[i], strlen(schemes[i])) == 0)
            path += strlen(schemes[i]);
    if (path != target) {
        path += strcspn(path, "/?");
        if (*path != '/') {
            head->path = "/";
            return true;
        }
    }
    if (*path != '/')
        return fail(fault, 400, "its target is no path.");
    for (const char *at = path; *at != '\0'; at++)
        if ((unsigned char)*at >= 0x80 || *at == '\t' || *at == '#')
            return fail(fault, 400, "its target has a character that is not allowed there.");
    path[strcspn(path, "?")] = '\0';
    head->path = path;
    return decode(path) || fail(fault, 400, "its target has a % that is not followed by two hexadecimal digits.");
}

static bool read_version(const char *version, struct head *head, struct head_fault *fault)
{
    if (strcmp(version, "HTTP/1.1") == 0)
        return true;
    head->http_1_0 = strcmp(version, "HTTP/1.0") == 0;
    if (head->http_1_0)
        return true;
    bool known = strncmp(version, "HTTP/", 5) == 0 && strlen(version) == 8 && version[5] >= '0' && version[5] <= '9' && version[6] == '.';
    return known ? fail(fault, 505, "its version is not HTTP/1.1.")
                 : fail(fault, 400, "its first line is not a method, a path and HTTP/1.1.");
}

static bool read_request_line(char *line, struct head *head, struct head_fault *fault)
{
    char *target = strchr(line, ' ');
    char *version = target != NULL ? strchr(target + 1, ' ') : NULL;

    if (version == NULL || strspn(line, text_token_characters) != (size_t)(target - line))
        return fail(fault, 400, "its first line is not a method, a path and HTTP/1.1.");
    *target++ = '\0';
    *version++ = '\0';
    head->method = line;
    return read_version(version, head, fault) && read_target(target, head, fault);
}

/* ---- the fields ---- */

static bool read_field(char *line, struct head *head, struct head_fault *fault)
{
    size_t name_size = strspn(line, text_token_characters);
    if (name_size == 0 || line[name_size] != ':')
        return fail(fault, 400, "one of its lines is no header.");
    if (head->count == HEAD_FIELDS_MAX)
        return fail(fault, 431, "it has more than 100 headers.");
    char *value = line + name_size + 1;
    line[name_size] = '\0';
    value += strspn(value, " \t");
    size_t size = strlen(value);
    while (size > 0 && (value[size - 1] == ' ' || value[size - 1] == '\t'))
        value[--size] = '\0';
    head->fields[head->count++] = (struct head_field){.name = line, .value = value};
    return true;
}

const char *head_value(const struct head *head, const char *name, size_t *ret_count)
{
    const char *first = NULL;
    size_t count = 0;
    for (size_t i = 0; i < head->count; i++)
        if (strcasecmp(head->fields[i].name, name) == 0 && count++ == 0)
            first = head->fields[i].value;
    if (ret_count != NULL)
        *ret_count = count;
    return first;
}

bool head_join(const struct head *head, const char *name, struct buffer *value)
{
    bool found = false;
    for (size_t i = 0; i < head->count; i++) {
        if (strcasecmp(head->fields[i].name, name) != 0)
            continue;
        if (found)
            buffer_append_text(value, ", ");
        buffer_append_text(value, head->fields[i].value);
        found = true;
    }
    return found;
}

bool head_lists(const char *list, const char *name)
{
    size_t size = strlen(name);
    for (const char *at = list; *at != '\0';) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ",");
        size_t bare = length;
        while (bare > 0 && (at[bare - 1] == ' ' || at[bare - 1] == '\t'))
            bare--;
        if (bare == size && strncasecmp(at, name, size) == 0)
            return true;
        at += length;
    }
    return false;
}

/* ---- what the fields mean for the connection ---- */

static bool check_host(const struct head *head, struct head_fault *fault)
{
    size_t count;
    const char *host = head_value(head, "host", &count);
    if (count > 1)
        return fail(fault, 400, "it has more than one Host header.");
    if (count == 0)
        return head->http_1_0 || fail(fault, 400, "missing Host header.");
    return strpbrk(host, " \t,/@") == NULL || fail(fault, 400, "invalid Host header.");
}

/* Whatever has a body is answered without it and the connection ended, so its length matters little; but what could be
 * read in two ways is refused. */
static bool check_body(struct head *head, struct head_fault *fault)
{
    size_t lengths, codings;
    const char *length = head_value(head, "content-length", &lengths);
    head_value(head, "transfer-encoding", &codings);

    if (lengths > 0 && codings > 0)
        return fail(fault, 400, "it has both a Content-Length and a Transfer-Encoding.");
    if (lengths > 1)
        return fail(fault, 400, "it has more than one Content-Length.");
    if (codings > 0 && head->http_1_0)
        return fail(fault, 400, "a Transfer-Encoding needs HTTP/1.1.");
    if (lengths == 1 && (length[0] == '\0' || strlen(length) > LENGTH_DIGITS_MAX ||
                         strspn(length, "0123456789") != strlen(length)))
        return fail(fault, 400, "invalid Content-Length.");
    head->body = codings > 0 || (lengths == 1 && strspn(length, "0") != strlen(length));
    return true;
}

static void read_persistence(struct head *head)
{
    head->keep_alive = !head->http_1_0 && !head->body;
    for (size_t i = 0; i < head->count; i++)
        if (strcasecmp(head->fields[i].name, "connection") == 0 && head_lists(head->fields[i].value, "close"))
            head->keep_alive = false;
}

bool head_read(char *text, struct head *ret_head, struct head_fault *ret_fault)
{
    char *line = text;

    memset(ret_head, 0, offsetof(struct head, fields)); /* all but what `count` says is there */
    ret_head->count = 0;
    for (bool first = true; line[0] != '\r'; first = false) {
        char *end = strstr(line, "\r\n"); /* there is one: the collector saw to that */
        if (end == NULL)
            return fail(ret_fault, 400, "a line does not end with CR LF.");
        *end = '\0';
        if (first ? !read_request_line(line, ret_head, ret_fault) : !read_field(line, ret_head, ret_fault))
            return false;
        line = end + 2;
    }
    if (ret_head->method == NULL)
        return fail(ret_fault, 400, "it does not begin with a method.");
    if (!check_host(ret_head, ret_fault) || !check_body(ret_head, ret_fault))
        return false;
    read_persistence(ret_head);
    return true;
}
