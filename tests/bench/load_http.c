#include "tests/bench/load_web.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    HEAD_MAX = 64 << 10,
    PROBE_BYTES = 2048, /* of an answer's body in which the first document and an error status would stand */
    SIZE_VARIES = 128,  /* times are left without a fraction when it is zero, and so on */
};

#define FIRST_ID "d0c00000000000000000000000000000"

static void append_text(struct floor_bytes *bytes, const char *text)
{
    floor_bytes_append(bytes, text, strlen(text));
}

/* As Python prints a float32 that was widened to double: up to 17 digits. */
static void append_embedding(struct floor_bytes *body, uint32_t *state)
{
    append_text(body, "\"embedding\":[");
    for (int i = 0; i < LOAD_EMBEDDING_FLOATS; i++) {
        *state = *state * 1664525u + 1013904223u;
        float value = (float)(*state >> 8) / (float)(1 << 23) - 1.0f;
        char text[40];
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof(text), "%.*g", digits, (double)value);
            if (strtod(text, NULL) == (double)value)
                break;
        }
        append_text(body, i ? "," : "");
        append_text(body, text);
    }
    append_text(body, "]");
}

static void make_body(const struct web *web, struct floor_bytes *body)
{
    size_t each = web->size / web->documents, room = 96; /* taken by id, keys and signs */
    uint32_t state = 1;
    append_text(body, "{\"data\":[");
    for (size_t i = 0; i < web->documents; i++) {
        char head[96];
        snprintf(head, sizeof(head), "%s{\"id\":\"d0c%029zx\",", i ? "," : "", i);
        append_text(body, head);
        if (web->embeddings) {
            append_embedding(body, &state);
        } else {
            static const char words[] = "The gateway sends each document to the first executor, what comes back on. ";
            append_text(body, "\"text\":\"");
            for (size_t left = each > room ? each - room : 1; left > 0;) {
                size_t take = left < sizeof(words) - 1 ? left : sizeof(words) - 1;
                floor_bytes_append(body, words, take);
                left -= take;
            }
            append_text(body, "\"");
        }
        append_text(body, "}");
    }
    append_text(body, "],\"execEndpoint\":\"");
    append_text(body, web->endpoint);
    append_text(body, "\"}");
}

void load_http_prepare(struct web *web)
{
    struct floor_bytes body = {0};
    make_body(web, &body);
    char head[1024];
    snprintf(head, sizeof(head),
             "POST %s HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", web->path,
             web->address, body.end);
    append_text(&web->request, head);
    floor_bytes_append(&web->request, body.data, body.end);
    web->body_size = body.end;
    free(body.data);
}

void load_http_send(struct web *web, size_t slot)
{
    floor_bytes_append(&web->connections[slot].out, web->request.data, web->request.end);
}

/* The number behind `Content-Length:` in a head. */
static size_t length_of(const char *head, const char *end)
{
    static const char name[] = "\ncontent-length:";
    for (const char *at = head; at + sizeof(name) < end; at++)
        if (*at == '\n' && strncasecmp(at, name, sizeof(name) - 1) == 0)
            return strtoull(at + sizeof(name) - 1, NULL, 10);
    load_fail("an answer without Content-Length: %.*s", (int)(end - head), head);
}

static void check_body(struct web *web, const char *body, size_t size)
{
    size_t probe = size < PROBE_BYTES ? size : PROBE_BYTES;
    if (!memmem(body, probe, FIRST_ID, strlen(FIRST_ID)))
        load_fail("the documents are not those sent: %.*s", (int)probe, body);
    if (memmem(body, probe, "\"code\":", 7))
        load_fail("the header carries an error status: %.*s", (int)probe, body);
    if (web->answer_size == 0)
        web->answer_size = size;
    if (size + SIZE_VARIES < web->answer_size || size > web->answer_size + SIZE_VARIES ||
        size + (web->body_size / 4) < web->body_size)
        load_fail("an answer of %zu bytes to a request of %zu, the first one had %zu", size, web->body_size,
                  web->answer_size);
}

void load_http_take(struct web *web, struct web_connection *connection)
{
    struct floor_bytes *in = &connection->in;
    const char *head = (const char *)in->data + in->start;
    size_t there = in->end - in->start;
    const char *end = memmem(head, there, "\r\n\r\n", 4);
    if (!end) {
        if (there > HEAD_MAX)
            load_fail("an answer's head does not end");
        return;
    }
    end += 4;
    if (there < 12 || memcmp(head, "HTTP/1.1 200", 12) != 0)
        load_fail("not the answer that was asked for: %.*s", (int)there, head);
    size_t size = length_of(head, end), whole = (size_t)(end - head) + size;
    if (there < whole) {
        floor_bytes_reserve(in, whole - there);
        return;
    }
    check_body(web, end, size);
    in->start += whole;
    if (in->start != in->end)
        load_fail("more than one answer to one request");
    web_answered(web, (size_t)(connection - web->connections));
}
