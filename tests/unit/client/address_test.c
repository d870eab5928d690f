/* The address rules of Jina's Client: every row of its truth table, its examples, and what we allow beyond it. */
#include "client/address.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum scheme_kind { NONE, PLAIN, TLS };
enum tls_argument { UNSAID, OFF, ON };
enum clash { OK, PORT, PROTOCOL, TLS_CLASH };

/* One row of the table: what is said, then the clash, or what comes out. */
static const struct row {
    enum scheme_kind scheme;
    bool host_port, port, protocol;
    enum tls_argument tls;
    enum clash clash;
    int want_port; /* 80, 443, 1111 (the host's), 2222 (the argument's) */
    bool want_tls;
} rows[] = {
  /* 1-12: bare host */
    {NONE,  0, 0, 0, UNSAID, OK,        80,   0},
    {NONE,  0, 0, 0, OFF,    OK,        80,   0},
    {NONE,  0, 0, 0, ON,     OK,        443,  1},
    {NONE,  0, 0, 1, UNSAID, OK,        80,   0},
    {NONE,  0, 0, 1, OFF,    OK,        80,   0},
    {NONE,  0, 0, 1, ON,     OK,        443,  1},
    {NONE,  0, 1, 0, UNSAID, OK,        2222, 0},
    {NONE,  0, 1, 0, OFF,    OK,        2222, 0},
    {NONE,  0, 1, 0, ON,     OK,        2222, 1},
    {NONE,  0, 1, 1, UNSAID, OK,        2222, 0},
    {NONE,  0, 1, 1, OFF,    OK,        2222, 0},
    {NONE,  0, 1, 1, ON,     OK,        2222, 1},
 /* 13-24: host:port */
    {NONE,  1, 0, 0, UNSAID, OK,        1111, 0},
    {NONE,  1, 0, 0, OFF,    OK,        1111, 0},
    {NONE,  1, 0, 0, ON,     OK,        1111, 1},
    {NONE,  1, 0, 1, UNSAID, OK,        1111, 0},
    {NONE,  1, 0, 1, OFF,    OK,        1111, 0},
    {NONE,  1, 0, 1, ON,     OK,        1111, 1},
    {NONE,  1, 1, 0, UNSAID, PORT,      0,    0},
    {NONE,  1, 1, 0, OFF,    PORT,      0,    0},
    {NONE,  1, 1, 0, ON,     PORT,      0,    0},
    {NONE,  1, 1, 1, UNSAID, PORT,      0,    0},
    {NONE,  1, 1, 1, OFF,    PORT,      0,    0},
    {NONE,  1, 1, 1, ON,     PORT,      0,    0},
 /* 25-36: plain scheme */
    {PLAIN, 0, 0, 0, UNSAID, OK,        80,   0},
    {PLAIN, 0, 0, 0, OFF,    OK,        80,   0},
    {PLAIN, 0, 0, 0, ON,     OK,        443,  1},
    {PLAIN, 0, 0, 1, UNSAID, PROTOCOL,  0,    0},
    {PLAIN, 0, 0, 1, OFF,    PROTOCOL,  0,    0},
    {PLAIN, 0, 0, 1, ON,     PROTOCOL,  0,    0},
    {PLAIN, 0, 1, 0, UNSAID, OK,        2222, 0},
    {PLAIN, 0, 1, 0, OFF,    OK,        2222, 0},
    {PLAIN, 0, 1, 0, ON,     OK,        2222, 1},
    {PLAIN, 0, 1, 1, UNSAID, PROTOCOL,  0,    0},
    {PLAIN, 0, 1, 1, OFF,    PROTOCOL,  0,    0},
    {PLAIN, 0, 1, 1, ON,     PROTOCOL,  0,    0},
 /* 37-48: plain scheme, host:port */
    {PLAIN, 1, 0, 0, UNSAID, OK,        1111, 0},
    {PLAIN, 1, 0, 0, OFF,    OK,        1111, 0},
    {PLAIN, 1, 0, 0, ON,     OK,        1111, 1},
    {PLAIN, 1, 0, 1, UNSAID, PROTOCOL,  0,    0},
    {PLAIN, 1, 0, 1, OFF,    PROTOCOL,  0,    0},
    {PLAIN, 1, 0, 1, ON,     PROTOCOL,  0,    0},
    {PLAIN, 1, 1, 0, UNSAID, PORT,      0,    0},
    {PLAIN, 1, 1, 0, OFF,    PORT,      0,    0},
    {PLAIN, 1, 1, 0, ON,     PORT,      0,    0},
    {PLAIN, 1, 1, 1, UNSAID, PORT,      0,    0},
    {PLAIN, 1, 1, 1, OFF,    PORT,      0,    0},
    {PLAIN, 1, 1, 1, ON,     PORT,      0,    0},
 /* 49-60: TLS scheme */
    {TLS,   0, 0, 0, UNSAID, OK,        443,  1},
    {TLS,   0, 0, 0, OFF,    TLS_CLASH, 0,    0},
    {TLS,   0, 0, 0, ON,     TLS_CLASH, 0,    0},
    {TLS,   0, 0, 1, UNSAID, PROTOCOL,  0,    0},
    {TLS,   0, 0, 1, OFF,    PROTOCOL,  0,    0},
    {TLS,   0, 0, 1, ON,     PROTOCOL,  0,    0},
    {TLS,   0, 1, 0, UNSAID, OK,        2222, 1},
    {TLS,   0, 1, 0, OFF,    TLS_CLASH, 0,    0},
    {TLS,   0, 1, 0, ON,     TLS_CLASH, 0,    0},
    {TLS,   0, 1, 1, UNSAID, PROTOCOL,  0,    0},
    {TLS,   0, 1, 1, OFF,    PROTOCOL,  0,    0},
    {TLS,   0, 1, 1, ON,     PROTOCOL,  0,    0},
 /* 61-72: TLS scheme, host:port */
    {TLS,   1, 0, 0, UNSAID, OK,        1111, 1},
    {TLS,   1, 0, 0, OFF,    TLS_CLASH, 0,    0},
    {TLS,   1, 0, 0, ON,     TLS_CLASH, 0,    0},
    {TLS,   1, 0, 1, UNSAID, PROTOCOL,  0,    0},
    {TLS,   1, 0, 1, OFF,    PROTOCOL,  0,    0},
    {TLS,   1, 0, 1, ON,     PROTOCOL,  0,    0},
    {TLS,   1, 1, 0, UNSAID, PORT,      0,    0},
    {TLS,   1, 1, 0, OFF,    PORT,      0,    0},
    {TLS,   1, 1, 0, ON,     PORT,      0,    0},
    {TLS,   1, 1, 1, UNSAID, PORT,      0,    0},
    {TLS,   1, 1, 1, OFF,    PORT,      0,    0},
    {TLS,   1, 1, 1, ON,     PORT,      0,    0},
};
_Static_assert(sizeof rows / sizeof *rows == 72, "the whole table");

static const struct scheme {
    enum scheme_kind kind;
    const char *text;
    enum address_protocol protocol;
} schemes[] = {
    {NONE,  "",             ADDRESS_GRPC     },
    {PLAIN, "grpc://",      ADDRESS_GRPC     },
    {PLAIN, "http://",      ADDRESS_HTTP     },
    {PLAIN, "ws://",        ADDRESS_WEBSOCKET},
    {PLAIN, "websocket://", ADDRESS_WEBSOCKET},
    {PLAIN, "GRPC://",      ADDRESS_GRPC     },
    {TLS,   "grpcs://",     ADDRESS_GRPC     },
    {TLS,   "https://",     ADDRESS_HTTP     },
    {TLS,   "wss://",       ADDRESS_WEBSOCKET},
    {TLS,   "HTTPS://",     ADDRESS_HTTP     },
};

static void check_row(const struct row *row, const struct scheme *scheme, const char *host_name)
{
    static const char *const clash_names[] = {"", "port", "protocol", "tls"};
    char host[64];
    snprintf(host, sizeof host, "%s%s%s", scheme->text, host_name, row->host_port ? ":1111" : "");
    struct address_arguments arguments = {
        .host = host,
        .port_given = row->port,
        .port = row->port ? 2222 : 0,
        .protocol = row->protocol ? "WebSocket" : NULL,
        .tls_given = row->tls != UNSAID,
        .tls = row->tls == ON,
    };
    struct address address = {0};
    sluice_error error = {0};
    sluice_status status = address_resolve(&arguments, &address, &error);
    if (row->clash != OK) {
        ck_assert_int_eq(status, SLUICE_INVALID);
        ck_assert_str_eq(error.where, clash_names[row->clash]);
        ck_assert_ptr_nonnull(strstr(error.text, "twice"));
        return;
    }
    ck_assert_msg(status == SLUICE_OK, "%s: %s", host, error.text);
    ck_assert_int_eq(address.protocol, row->protocol ? ADDRESS_WEBSOCKET : scheme->protocol);
    ck_assert_int_eq(address.port, row->want_port);
    ck_assert_int_eq(address.tls, row->want_tls);
    ck_assert_str_eq(address.host, host_name[0] == '[' ? "::1" : "example.org");
}

START_TEST(each_row_of_the_truth_table)
{
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++)
        if (schemes[i].kind == rows[_i].scheme) {
            check_row(&rows[_i], &schemes[i], "example.org");
            check_row(&rows[_i], &schemes[i], "[::1]");
        }
}
END_TEST

START_TEST(presence_counts_and_not_the_value)
{
    struct address address;
    sluice_error error;
    struct address_arguments same = {.host = "http://localhost:1234", .port_given = true, .port = 1234};
    ck_assert_int_eq(address_resolve(&same, &address, &error), SLUICE_INVALID);
    ck_assert_str_eq(error.where, "port");
    struct address_arguments none = {.host = "localhost:1234", .port_given = true, .port = 0};
    ck_assert_int_eq(address_resolve(&none, &address, &error), SLUICE_INVALID);
    ck_assert_str_eq(error.where, "port");
    struct address_arguments off = {.host = "https://localhost", .tls_given = true, .tls = false};
    ck_assert_int_eq(address_resolve(&off, &address, &error), SLUICE_INVALID);
    ck_assert_str_eq(error.where, "tls");
}
END_TEST

START_TEST(port_zero_is_the_default_port)
{
    struct address address;
    struct address_arguments argument = {.host = "h", .port_given = true, .port = 0, .tls_given = true, .tls = true};
    ck_assert_int_eq(address_resolve(&argument, &address, NULL), SLUICE_OK);
    ck_assert_int_eq(address.port, 443);
    struct address_arguments host = {.host = "h:0"};
    ck_assert_int_eq(address_resolve(&host, &address, NULL), SLUICE_OK);
    ck_assert_int_eq(address.port, 80);
}
END_TEST

/* Accepted: host, then what comes out. */
static const struct accepted {
    const char *host, *name;
    int port;
} accepted[] = {
    {NULL,                  "0.0.0.0",      80   },
    {"",                    "0.0.0.0",      80   },
    {":51234",              "0.0.0.0",      51234},
    {"grpc://",             "0.0.0.0",      80   },
    {"localhost/",          "localhost",    80   },
    {"http://h:80/",        "h",            80   },
    {"grpc://[::1]:51234/", "::1",          51234},
    {"[fe80::1%eth0]",      "fe80::1%eth0", 80   },
    {"h:65535",             "h",            65535},
};

START_TEST(accepted_hosts)
{
    struct address address;
    sluice_error error = {0};
    struct address_arguments arguments = {.host = accepted[_i].host};
    ck_assert_msg(address_resolve(&arguments, &address, &error) == SLUICE_OK, "%s", error.text);
    ck_assert_str_eq(address.host, accepted[_i].name);
    ck_assert_int_eq(address.port, accepted[_i].port);
}
END_TEST

/* Refused: host, protocol, and what the sentence must name. */
static const struct refused {
    const char *host, *protocol, *names;
} refused[] = {
    {"grpc://a://b",           NULL, "more than one \"://\""  },
    {"websockets://h",         NULL, "did you mean websocket?"},
    {"gprc://h",               NULL, "did you mean grpc?"     },
    {"://h",                   NULL, "scheme"                 },
    {"a:1:2",                  NULL, "brackets"               },
    {"::1",                    NULL, "brackets"               },
    {"[::1",                   NULL, "\"]\""                  },
    {"[::1]x",                 NULL, "\"]\""                  },
    {"h:80a",                  NULL, "80a"                    },
    {"h:",                     NULL, "port"                   },
    {"h:65536",                NULL, "65536"                  },
    {"h:99999999999999999999", NULL, "99999999999999999999"   },
    {"h:-1",                   NULL, "-1"                     },
    {"http://h:80/path",       NULL, "path"                   },
    {"a b",                    NULL, "0x20"                   },
    {"h",                      "ws", "websocket"              },
};

START_TEST(refused_hosts)
{
    struct address address;
    sluice_error error = {0};
    struct address_arguments arguments = {.host = refused[_i].host, .protocol = refused[_i].protocol};
    ck_assert_int_eq(address_resolve(&arguments, &address, &error), SLUICE_INVALID);
    ck_assert_msg(strstr(error.text, refused[_i].names) != NULL, "\"%s\" names no %s", error.text, refused[_i].names);
}
END_TEST

START_TEST(host_names_have_a_longest_size)
{
    char host[ADDRESS_HOST_MAX + 2];
    struct address address;
    struct address_arguments arguments = {.host = host};
    memset(host, 'h', sizeof host);
    host[ADDRESS_HOST_MAX] = '\0';
    ck_assert_int_eq(address_resolve(&arguments, &address, NULL), SLUICE_OK);
    host[ADDRESS_HOST_MAX] = 'h';
    host[ADDRESS_HOST_MAX + 1] = '\0';
    ck_assert_int_eq(address_resolve(&arguments, &address, NULL), SLUICE_INVALID);
}
END_TEST

START_TEST(port_argument_out_of_range)
{
    struct address address;
    struct address_arguments arguments = {.host = "h", .port_given = true, .port = 65536};
    ck_assert_int_eq(address_resolve(&arguments, &address, NULL), SLUICE_INVALID);
    arguments.port = -1;
    ck_assert_int_eq(address_resolve(&arguments, &address, NULL), SLUICE_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("client.address");
    TCase *test = tcase_create("address");
    tcase_add_loop_test(test, each_row_of_the_truth_table, 0, 72);
    tcase_add_test(test, presence_counts_and_not_the_value);
    tcase_add_test(test, port_zero_is_the_default_port);
    tcase_add_loop_test(test, accepted_hosts, 0, (int)(sizeof accepted / sizeof *accepted));
    tcase_add_loop_test(test, refused_hosts, 0, (int)(sizeof refused / sizeof *refused));
    tcase_add_test(test, host_names_have_a_longest_size);
    tcase_add_test(test, port_argument_out_of_range);
    suite_add_tcase(suite, test);
    return suite_run(suite);
}
