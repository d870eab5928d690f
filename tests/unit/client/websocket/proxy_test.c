/* What the environment may say about a proxy, and what is no proxy at all. */
#include "client/websocket/proxy.h"
#include "tests/unit/suite.h"

#include <stdio.h>
#include <string.h>

static struct proxy proxy;
static sluice_error error;

static sluice_status proxy_for(const char *host, bool tls)
{
    struct address address = {.protocol = ADDRESS_WEBSOCKET, .port = 80, .tls = tls};
    snprintf(address.host, sizeof address.host, "%s", host);
    return proxy_from_environment(&address, &proxy, &error);
}

static void nothing_is_set(void)
{
    static const char *const names[] = {"http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "no_proxy", "NO_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        unsetenv(names[i]);
}

static const struct {
    const char *value, *host, *credentials;
    unsigned port;
} right[] = {
    {"http://proxy.example:3128", "proxy.example", "", 3128},
    {"HTTP://proxy.example:3128/", "proxy.example", "", 3128},
    {"proxy.example:1", "proxy.example", "", 1},
    {"proxy.example", "proxy.example", "", 80},
    {"http://proxy.example/", "proxy.example", "", 80},
    {"http://10.0.0.1:65535", "10.0.0.1", "", 65535},
    {"http://[::1]:8080/", "::1", "", 8080},
    {"[fe80::1]", "fe80::1", "", 80},
    {"http://user:pass@word@proxy.example:8080", "proxy.example", "user:pass@word", 8080},
};

START_TEST(a_proxy_is_read)
{
    setenv("http_proxy", right[_i].value, 1);
    ck_assert_int_eq(proxy_for("gateway", false), SLUICE_OK);
    ck_assert(proxy.on);
    ck_assert_str_eq(proxy.host, right[_i].host);
    ck_assert_uint_eq(proxy.port, right[_i].port);
    ck_assert_str_eq(proxy.credentials, right[_i].credentials);
}
END_TEST

static const char *const wrong[] = {"https://proxy:1", "socks5://proxy:1", "http://", "http://:80", "proxy:", "proxy:x", "proxy:80x",
                                    "proxy:0", "proxy:65536", "[::1", "[]:80", "[::1]x", "[::1]x:80"};

START_TEST(what_is_no_proxy_is_told)
{
    setenv("https_proxy", wrong[_i], 1);
    ck_assert_msg(proxy_for("gateway", true) == SLUICE_INVALID, "%s", wrong[_i]);
    ck_assert_str_eq(error.where, "https_proxy");
    ck_assert_ptr_nonnull(strstr(error.text, "http://[user:password@]host:port"));
}
END_TEST

START_TEST(the_bounds_hold_at_their_edge)
{
    char value[1024], name[ADDRESS_HOST_MAX + 2], user[PROXY_CREDENTIALS_MAX + 2];
    memset(name, 'a', sizeof name);
    memset(user, 'u', sizeof user);
    snprintf(value, sizeof value, "http://%.*s@%.*s:1", PROXY_CREDENTIALS_MAX, user, ADDRESS_HOST_MAX, name);
    setenv("http_proxy", value, 1);
    ck_assert_int_eq(proxy_for("gateway", false), SLUICE_OK);
    ck_assert_uint_eq(strlen(proxy.host), ADDRESS_HOST_MAX);
    ck_assert_uint_eq(strlen(proxy.credentials), PROXY_CREDENTIALS_MAX);
    snprintf(value, sizeof value, "http://%.*s:1", ADDRESS_HOST_MAX + 1, name);
    setenv("http_proxy", value, 1);
    ck_assert_int_eq(proxy_for("gateway", false), SLUICE_INVALID);
    snprintf(value, sizeof value, "http://%.*s@b:1", PROXY_CREDENTIALS_MAX + 1, user);
    setenv("http_proxy", value, 1);
    ck_assert_int_eq(proxy_for("gateway", false), SLUICE_INVALID);
}
END_TEST

START_TEST(each_variable_has_its_turn)
{
    ck_assert_int_eq(proxy_for("gateway", false), SLUICE_OK);
    ck_assert(!proxy.on);
    setenv("HTTP_PROXY", "http://loud:1", 1); /* a CGI's clients could set it */
    ck_assert_int_eq(proxy_for("gateway", false), SLUICE_OK);
    ck_assert(!proxy.on);
    setenv("HTTPS_PROXY", "http://loud:1", 1);
    ck_assert_int_eq(proxy_for("gateway", true), SLUICE_OK);
    ck_assert_str_eq(proxy.host, "loud");
    setenv("https_proxy", "http://quiet:1", 1);
    ck_assert_int_eq(proxy_for("gateway", true), SLUICE_OK);
    ck_assert_str_eq(proxy.host, "quiet");
    setenv("https_proxy", "", 1); /* said, and nothing */
    ck_assert_int_eq(proxy_for("gateway", true), SLUICE_OK);
    ck_assert(!proxy.on);
}
END_TEST

static const struct {
    const char *no_proxy, *host;
    bool on;
} exceptions[] = {
    {"*", "gateway", false},
    {"gateway", "gateway", false},
    {"gateway", "GATEWAY", false},
    {"a, gateway", "gateway", false},
    {"a gateway", "gateway", false},
    {"example.com", "a.example.com", false},
    {".example.com", "a.example.com", false},
    {".example.com", "example.com", false},
    {"example.com", "badexample.com", true},
    {"example.com.au", "example.com", true},
    {"10.0.0.1", "10.0.0.1", false},
    {"10.0.0.1", "10.0.0.10", true},
    {"", "gateway", true},
    {", ,", "gateway", true},
    {".", "gateway", true},
};

START_TEST(exceptions_are_kept)
{
    setenv("http_proxy", "http://proxy:1", 1);
    setenv(_i % 2 == 0 ? "no_proxy" : "NO_PROXY", exceptions[_i].no_proxy, 1);
    ck_assert_int_eq(proxy_for(exceptions[_i].host, false), SLUICE_OK);
    ck_assert_msg(proxy.on == exceptions[_i].on, "no_proxy=%s for %s", exceptions[_i].no_proxy, exceptions[_i].host);
}
END_TEST

#define COUNT(table) (int)(sizeof table / sizeof table[0])

int main(void)
{
    Suite *suite = suite_create("client.websocket.proxy");
    TCase *group = tcase_create("proxy");
    tcase_set_timeout(group, SUITE_TIMEOUT_SECONDS);
    tcase_add_checked_fixture(group, nothing_is_set, NULL);
    tcase_add_loop_test(group, a_proxy_is_read, 0, COUNT(right));
    tcase_add_loop_test(group, what_is_no_proxy_is_told, 0, COUNT(wrong));
    tcase_add_test(group, the_bounds_hold_at_their_edge);
    tcase_add_test(group, each_variable_has_its_turn);
    tcase_add_loop_test(group, exceptions_are_kept, 0, COUNT(exceptions));
    suite_add_tcase(suite, group);
    return suite_run(suite);
}
