/*
 * abuse_test.c - the table of rude requests: what each is answered, and that nobody else notices.
 *
 * Each row is sent byte by byte as it stands, on a connection of its own, while another client goes on asking.
 * `statuses` are the answers that must come, in order, 0 ending them; `end` says whether the connection must then be
 * closed by the server. Rows with a `note` tell what the library below does that cannot be told apart or changed from
 * outside, and why it is harmless.
 */
#include "tests/unit/gateway/http/fixture.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <sys/socket.h>

enum { STATUSES_MAX = 4, BIG = 200000 };

enum end { OPEN, CLOSED };

struct row {
    const char *name, *bytes;
    size_t fill; /* so many 'x' in place of the byte \001 */
    int statuses[STATUSES_MAX];
    enum end end;
    const char *note;
};

#define HOST "Host: a\r\n"
#define POST "POST /post HTTP/1.1\r\n" HOST
#define GET  "GET / HTTP/1.1\r\n" HOST
#define NEXT "GET /smuggled HTTP/1.1\r\n" HOST "\r\n"

static const char twice[] =
    "libmicrohttpd refuses these before it asks us, and puts the head of its answer into the body once "
    "more; the status is right, and the connection ends";

static const struct row rows[] = {
  /* what is right, for comparison */
    {"a plain request",                      GET "\r\n",                                                               0,     {200},           OPEN,   NULL                                                     },
    {"two at once",                          GET "\r\n" GET "\r\n",                                                    0,     {200, 200},      OPEN,   NULL                                                     },
    {"three at once, the second unknown",    GET "\r\n" NEXT GET "\r\n",                                               0,     {200, 404, 200}, OPEN,   NULL                                                     },
    {"empty lines before",                   "\r\n\r\n" GET "\r\n",                                                    0,     {200},           OPEN,   NULL                                                     },
    {"connection: close",                    GET "Connection: close\r\n\r\n",                                          0,     {200},           CLOSED, NULL                                                     },
    {"HTTP/1.0 with keep-alive",             "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",                       0,     {200},           CLOSED, NULL                                                     },
    {"HTTP/1.0",                             "GET / HTTP/1.0\r\n\r\n",                                                 0,     {200},           CLOSED, NULL                                                     },
    {"an absolute target",                   "GET http://a/ HTTP/1.1\r\n" HOST "\r\n",                                 0,     {200},           OPEN,   NULL                                                     },

 /* the request line */
    {"HTTP/0.9",                             "GET /\r\n\r\n",                                                          0,     {400},           CLOSED, NULL                                                     },
    {"no target",                            "GET HTTP/1.1\r\n\r\n",                                                   0,     {400},           CLOSED, NULL                                                     },
    {"only blanks",                          "   \r\n\r\n",                                                            0,     {0},             CLOSED, NULL                                                     },
    {"another protocol",                     "SSH-2.0-OpenSSH_9.2\r\n\r\n",                                            0,     {0},             CLOSED, NULL                                                     },
    {"the preface of HTTP/2",                "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",                                       0,     {505},           CLOSED, NULL                                                     },
    {"the start of TLS",                     "\x16\x03\x01\x02\r\n\r\n",                                               0,     {0},             CLOSED, NULL                                                     },
    {"version 9.9",                          "GET / HTTP/9.9\r\n" HOST "\r\n",                                         0,     {505},           CLOSED, NULL                                                     },
    {"lower-case method",                    "get / HTTP/1.1\r\n" HOST "\r\n",                                         0,     {405},           OPEN,   NULL                                                     },
    {"unknown method",                       "BREW / HTTP/1.1\r\n" HOST "\r\n",                                        0,     {405},           OPEN,   NULL                                                     },
    {"CONNECT",                              "CONNECT a:80 HTTP/1.1\r\n" HOST "\r\n",                                  0,     {404},           OPEN,   NULL                                                     },
    {"target *",                             "OPTIONS * HTTP/1.1\r\n" HOST "\r\n",                                     0,     {404},           OPEN,   NULL                                                     },
    {"NUL in the path, encoded",             "GET /%00 HTTP/1.1\r\n" HOST "\r\n",                                      0,     {404},           OPEN,   NULL                                                     },
    {"an encoded slash",                     "GET %2F HTTP/1.1\r\n" HOST "\r\n",                                       0,     {200},           OPEN,   NULL                                                     },
    {"a path that climbs",                   "GET /../../etc/passwd HTTP/1.1\r\n" HOST "\r\n",                         0,     {404},           OPEN,   NULL                                                     },
    {"a broken escape",                      "GET /%zz HTTP/1.1\r\n" HOST "\r\n",                                      0,     {404},           OPEN,   NULL                                                     },
    {"a blank in the target",                "GET /a b HTTP/1.1\r\n" HOST "\r\n",                                      0,     {400},           CLOSED, NULL                                                     },
    {"two versions",                         "GET / HTTP/1.1 HTTP/1.1\r\n" HOST "\r\n",                                0,     {400},           CLOSED, NULL                                                     },
    {"a tab in the target",                  "GET /a\tb HTTP/1.1\r\n" HOST "\r\n",                                     0,     {400},           CLOSED, NULL                                                     },
    {"a target of 10 kB",                    "GET /\001 HTTP/1.1\r\n" HOST "\r\n",                                     10000, {404},           OPEN,   NULL                                                     },
    {"a target of 200 kB",                   "GET /\001 HTTP/1.1\r\n" HOST "\r\n",                                     BIG,   {414},           CLOSED, NULL                                                     },

 /* header fields */
    {"no Host",                              "GET / HTTP/1.1\r\n\r\n",                                                 0,     {400},           CLOSED, NULL                                                     },
    {"two Hosts",                            GET HOST "\r\n",                                                          0,     {400},           CLOSED, NULL                                                     },
    {"a line without colon",                 GET "nonsense\r\n\r\n",                                                   0,     {400},           CLOSED, NULL                                                     },
    {"a blank before the colon",             GET "Content-Length : 5\r\n\r\n12345",                                    0,     {400},           CLOSED, NULL                                                     },
    {"an empty name",                        GET ": x\r\n\r\n",                                                        0,     {200},           OPEN,   "libmicrohttpd leaves the line out; nothing has its name"},
    {"a name with a control character",
     GET "A\x01"
         "B: x\r\n\r\n",                                                                                               1,
     {400},
     CLOSED,                                                                                                                                           NULL                                                     },
    {"a folded line",                        GET "A: x\r\n y\r\n\r\n",                                                 0,     {200},           OPEN,   NULL                                                     },
    {"a header of 12 kB",                    GET "A: \001\r\n\r\n",                                                    12000, {200},           OPEN,   NULL                                                     },
    {"a header above the limit",             GET "A: \001\r\n\r\n",                                                    12300, {431},           OPEN,   NULL                                                     },
    {"a header of 200 kB",                   GET "A: \001\r\n\r\n",                                                    BIG,   {431},           CLOSED, NULL                                                     },
    {"line ends without CR",                 "GET / HTTP/1.1\nHost: a\n\n",                                            0,     {200},           OPEN,   NULL                                                     },

 /* Content-Length */
    {"a length that is a word",              POST "Content-Length: five\r\n\r\n",                                      0,     {400},           CLOSED, twice                                                    },
    {"a negative length",                    POST "Content-Length: -5\r\n\r\n",                                        0,     {400},           CLOSED, twice                                                    },
    {"a length with a plus",                 POST "Content-Length: +5\r\n\r\n12345",                                   0,     {400},           CLOSED, twice                                                    },
    {"a length in hexadecimal",              POST "Content-Length: 0x5\r\n\r\n12345",                                  0,     {400},           CLOSED, twice                                                    },
    {"an empty length",                      POST "Content-Length:\r\n\r\n",                                           0,     {400},           CLOSED, twice                                                    },
    {"a length of 30 digits",                POST "Content-Length: 999999999999999999999999999999\r\n\r\n",            0,     {413},           CLOSED, twice                                                    },
    {"two lengths",                          POST "Content-Length: 5\r\nContent-Length: 6\r\n\r\n12345" NEXT,          0,     {400},           CLOSED, NULL                                                     },
    {"the same length twice",                POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\n12345" NEXT,          0,     {400},           CLOSED, NULL                                                     },
    {"a list of lengths",                    POST "Content-Length: 5, 5\r\n\r\n12345" NEXT,                            0,     {400},           CLOSED, twice                                                    },
    {"a length above the limit",             POST "Content-Length: 8388609\r\n\r\n",                                   0,     {413},           CLOSED, NULL                                                     },
    {"the same, asking first",               POST "Expect: 100-continue\r\nContent-Length: 8388609\r\n\r\n",           0,     {413},           CLOSED, NULL                                                     },
    {"a length with GET",                    GET "Content-Length: 5\r\n\r\n12345" GET "\r\n",                          0,     {200, 200},      OPEN,   NULL                                                     },
    {"bytes behind the body",                POST "Content-Length: 2\r\n\r\n{}" NEXT,                                  0,     {200, 404},      OPEN,   NULL                                                     },

 /* Transfer-Encoding */
    {"chunked",                              POST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" GET "\r\n", 0,     {200, 200},      OPEN,   NULL                                                     },
    {"chunked with an extension",
     POST "Transfer-Encoding: chunked\r\n\r\n2;a=b\r\n{}\r\n0\r\n\r\n",
     0,                                                                                                                       {200},
     OPEN,                                                                                                                                             NULL                                                     },
    {"chunked with a trailer",
     POST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nA: b\r\n\r\n" GET "\r\n",
     0,                                                                                                                       {200, 200},
     OPEN,                                                                                                                                             NULL                                                     },
    {"both framings, length first",
     POST "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" NEXT,
     0,                                                                                                                       {400},
     CLOSED,                                                                                                                                           NULL                                                     },
    {"both framings, length last",
     POST "Transfer-Encoding: chunked\r\nContent-Length: 40\r\n\r\n0\r\n\r\n" NEXT,
     0,                                                                                                                       {400},
     CLOSED,                                                                                                                                           NULL                                                     },
    {"chunked twice",
     POST "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" NEXT,
     0,                                                                                                                       {400},
     CLOSED,                                                                                                                                           NULL                                                     },
    {"a list of codings",                    POST "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n" NEXT,        0,     {400},           CLOSED, NULL                                                     },
    {"an unknown coding",                    POST "Transfer-Encoding: snappy\r\n\r\n{}",                               0,     {400},           CLOSED, NULL                                                     },
    {"a coding that is nearly chunked",
     POST "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" NEXT,
     0,                                                                                                                       {400},
     CLOSED,                                                                                                                                           NULL                                                     },
    {"a coding with a tab behind",           POST "Transfer-Encoding: chunked\t\r\n\r\n0\r\n\r\n" NEXT,                0,     {400},           CLOSED, NULL                                                     },
    {"chunked in HTTP/1.0",
     "POST /post HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",                                             0,
     {400},
     CLOSED,                                                                                                                                           NULL                                                     },
    {"a chunk size that is none",
     POST "Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
     0,                                                                                                                       {400},
     CLOSED,                                                                                                                                           NULL                                                     },
    {"a negative chunk size",                POST "Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",           0,     {400},           CLOSED, NULL                                                     },
    {"a chunk size of 17 digits",
     POST "Transfer-Encoding: chunked\r\n\r\n10000000000000002\r\n{}\r\n0\r\n\r\n",
     0,                                                                                                                       {413},
     CLOSED,                                                                                                                                           NULL                                                     },
    {"a chunk longer than it says",
     POST "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n",
     0,                                                                                                                       {400},
     CLOSED,                                                                                                                                           NULL                                                     },
    {"DELETE with a body",
     "DELETE /delete HTTP/1.1\r\n" HOST "Content-Length: 2\r\n\r\n{}" NEXT,
     0,                                                                                                                       {200, 404},
     OPEN,                                                                                                                                             NULL                                                     },

 /* what is refused keeps its connection, when the body is short */
    {"a body for an unknown path",
     "POST /none HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\n12345" GET "\r\n",
     0,                                                                                                                       {404, 200},
     OPEN,                                                                                                                                             NULL                                                     },
    {"a chunked body for an unknown path",
     "POST /none HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
     0,                                                                                                                       {404},
     CLOSED,                                                                                                                                           NULL                                                     },
    {"a coding of contents that is unknown",
     POST "Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}" GET "\r\n",
     0,                                                                                                                       {415, 200},
     OPEN,                                                                                                                                             NULL                                                     },
    {"gzip that is none",
     POST "Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}" GET "\r\n",
     0,                                                                                                                       {400, 200},
     OPEN,                                                                                                                                             NULL                                                     },
    {"an unknown expectation",               POST "Expect: cake\r\nContent-Length: 2\r\n\r\n{}",                       0,     {200},           OPEN,   NULL                                                     },
    {"an upgrade to WebSocket",
     GET "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
         "AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",                                                                           0,
     {403},
     CLOSED,                                                                                                                                           NULL                                                     },
    {"an upgrade to HTTP/2",
     GET "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n\r\n",
     0,                                                                                                                       {200},
     OPEN,                                                                                                                                             NULL                                                     },
};

enum { ROWS = sizeof rows / sizeof rows[0] };

static struct fixture fixture;

static void send_row(int fd, const struct row *row)
{
    const char *mark = row->fill > 1 ? strchr(row->bytes, '\001') : NULL;
    if (mark == NULL) {
        client_say(fd, row->bytes);
        return;
    }
    char *filling = malloc(row->fill);
    memset(filling, 'x', row->fill);
    client_send(fd, row->bytes, (size_t)(mark - row->bytes));
    client_send(fd, filling, row->fill);
    client_say(fd, mark + 1);
    free(filling);
}

static bool check_row(const struct row *row)
{
    int fd = client_open(fixture.port);
    bool right = true;

    send_row(fd, row);
    for (size_t i = 0; i < STATUSES_MAX && row->statuses[i] != 0; i++) {
        struct answer answer = client_read(fd, false, false);
        if (answer.status != row->statuses[i]) {
            printf("%s: answer %zu is %d, %d expected\n%s\n", row->name, i, answer.status, row->statuses[i],
                   answer.head != NULL ? answer.head : "");
            right = false;
        }
        answer_done(&answer);
        if (!right)
            break;
    }
    size_t rest = 0;
    if (right && row->end == CLOSED && !client_sees_end_after(fd, &rest)) {
        printf("%s: the connection is not closed\n", row->name);
        right = false;
    }
    if (rest > 0 && row->note == NULL) {
        printf("%s: %zu bytes came behind the answer\n", row->name, rest);
        right = false;
    }
    if (right && row->end == OPEN && !client_is_open(fd)) {
        printf("%s: the connection is closed\n", row->name);
        right = false;
    }
    close(fd);
    return right;
}

/* Another client, on its one connection all the time. */
static bool neighbour_is_served(int fd)
{
    client_say(fd, GET "\r\n");
    struct answer answer = client_read(fd, false, false);
    bool right = answer.status == 200;
    answer_done(&answer);
    return right;
}

START_TEST(test_table)
{
    size_t wrong = 0;
    fixture_prepare(&fixture);
    fixture_start(&fixture);
    int neighbour = client_open(fixture.port);
    for (size_t i = 0; i < ROWS; i++) {
        wrong += check_row(&rows[i]) ? 0 : 1;
        if (!neighbour_is_served(neighbour)) {
            printf("%s: the other client noticed\n", rows[i].name);
            wrong++;
        }
    }
    close(neighbour);
    fixture_done(&fixture);
    fflush(stdout);
    ck_assert_msg(wrong == 0, "%zu of %d rows are wrong, see above", wrong, ROWS);
}
END_TEST

/* ---- memory ---- */

/* Resident now, in KiB. */
static long resident_kib(void)
{
    long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%*d %ld", &pages), 1);
    fclose(file);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

/* Sends `piece` until `total` bytes are gone or the server has had enough. */
static void flood(int fd, const char *begin, const char *piece, size_t total)
{
    size_t size = strlen(piece);
    client_say(fd, begin);
    for (size_t sent = 0; sent < total; sent += size)
        if (send(fd, piece, size, MSG_NOSIGNAL) <= 0)
            return;
}

/* 512 MiB are sent in all; what the gateway keeps of them is little. */
START_TEST(test_memory)
{
    enum { PIECE = 65536, EACH = 16 << 20, LIMIT_KIB = 160 * 1024 };
    static const char *const begins[] = {
        GET "A: ",
        GET,                                                  /* a field and a head without end */
        POST "Content-Length: 1073741824\r\n\r\n",            /* a body above the limit */
        POST "Transfer-Encoding: chunked\r\n\r\n1000000\r\n", /* a chunk without end */
        POST "Transfer-Encoding: chunked\r\n\r\n1;",          /* an extension without end */
        POST "Transfer-Encoding: chunked\r\n\r\n0\r\nA: ",    /* a trailer without end */
        POST "Content-Encoding: br\r\nContent-Length: 104857600\r\n\r\n",
        "POST /none HTTP/1.1\r\n" HOST "Content-Length: 104857600\r\n\r\n",
        "GET /",
    };
    enum { KINDS = sizeof begins / sizeof begins[0], ROUNDS = 4 };
    static char piece[PIECE + 1];
    memset(piece, 'x', PIECE);
    fixture_prepare(&fixture);
    fixture.flow.gateway.limits.max_message_bytes = 1 << 20;
    fixture.flow.gateway.http.linger_timeout_ns = FIXTURE_SECOND;
    fixture_start(&fixture);
    int neighbour = client_open(fixture.port);
    ck_assert(neighbour_is_served(neighbour));
    long before = resident_kib();
    for (int i = 0; i < KINDS * ROUNDS; i++) {
        int fd = client_open(fixture.port);
        flood(fd, begins[i % KINDS], piece, EACH);
        ck_assert_msg(neighbour_is_served(neighbour), "the other client noticed %s", begins[i % KINDS]);
        close(fd);
    }
    long grown = resident_kib() - before;
    ck_assert_msg(grown < LIMIT_KIB, "%ld KiB more than before", grown);
    close(neighbour);
    fixture_done(&fixture);
}
END_TEST

SUITE_MAIN("gateway.http.abuse", test_table, test_memory)
