/*
 * framing.c - requests that two servers in a row may cut in two different ways (request smuggling).
 *
 * libmicrohttpd takes the first Content-Length and lets any Transfer-Encoding win. What RFC 9112,
 * sections 3.2, 5.1, 6.1 and 6.3, calls an error is refused here and the connection closed, before anything of the body
 * is looked at. What it would refuse itself is left to this file as far as it can be told to: it writes the head of
 * such an answer twice.
 */
#include "gateway/http/server.h"

#include <string.h>
#include <strings.h>

struct fields {
    unsigned lengths, codings, hosts;
    const char *length, *coding;
    const char *fault;
};

/* Sizes first: most fields are others. */
#define IS_FIELD(name, size, wanted) ((size) == sizeof(wanted) - 1 && strcasecmp(name, wanted) == 0)

/* RFC 9110, 5.6.2. */
static bool is_token(const char *text, size_t size)
{
    static const char others[] = "!#$%&'*+.^_`|~";
    for (size_t i = 0; i < size; i++) {
        char c = text[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
        if (!letter && (c == '\0' || strchr(others, c) == NULL))
            return false;
    }
    return size > 0;
}

static bool has_control(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (((unsigned char)text[i] < ' ' && text[i] != '\t') || text[i] == 0x7F)
            return true;
    return false;
}

static enum MHD_Result look_at(void *context, enum MHD_ValueKind kind, const char *name, size_t name_size,
                               const char *value, size_t value_size)
{
    struct fields *fields = context;
    (void)kind;

    if (!is_token(name, name_size))
        fields->fault = "the name of a header field is no token";
    else if (value != NULL && has_control(value, value_size))
        fields->fault = "a header field holds a control character";
    else if (IS_FIELD(name, name_size, MHD_HTTP_HEADER_CONTENT_LENGTH)) {
        fields->lengths++;
        fields->length = value != NULL ? value : "";
    } else if (IS_FIELD(name, name_size, MHD_HTTP_HEADER_TRANSFER_ENCODING)) {
        fields->codings++;
        fields->coding = value != NULL ? value : "";
    } else if (IS_FIELD(name, name_size, MHD_HTTP_HEADER_HOST)) {
        fields->hosts++;
    }
    return fields->fault == NULL ? MHD_YES : MHD_NO;
}

/* The request line and Host. */
static const char *line_fault(const char *target, const char *version, const struct fields *fields)
{
    for (const char *at = target; *at != '\0'; at++)
        if ((unsigned char)*at <= ' ' || *at == 0x7F)
            return "the target of the request holds a blank or a control character";
    if (fields->hosts > 1)
        return "there is more than one Host";
    if (fields->hosts == 0 && strcmp(version, MHD_HTTP_VERSION_1_1) == 0)
        return "there is no Host";
    return NULL;
}

const char *http_framing_fault(struct MHD_Connection *mhd, const char *target, const char *version)
{
    struct fields fields = {0};

    MHD_get_connection_values_n(mhd, MHD_HEADER_KIND, look_at, &fields);
    if (fields.fault != NULL)
        return fields.fault;
    if (fields.lengths > 1)
        return "there is more than one Content-Length";
    const char *fault = line_fault(target, version, &fields);
    if (fault != NULL)
        return fault;
    if (fields.lengths == 1 && (fields.length[0] == '\0' || fields.length[strspn(fields.length, "0123456789")] != '\0'))
        return "Content-Length is no number";
    if (fields.codings == 0)
        return NULL;
    if (fields.lengths > 0)
        return "there is a Content-Length beside a Transfer-Encoding";
    if (fields.codings > 1 || strcasecmp(fields.coding, "chunked") != 0)
        return "the Transfer-Encoding is another than chunked";
    if (strcmp(version, MHD_HTTP_VERSION_1_1) != 0)
        return "there is a Transfer-Encoding in a request that is not HTTP/1.1";
    return NULL;
}
