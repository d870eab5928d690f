/* listen_test.c - addresses that a front listens on, and what is said of those that cannot be had. */
#include "gateway/front/listen.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The family that it listens on; the port is given and free. */
static int family_of(const char *host)
{
    struct sockaddr_storage address;
    socklen_t size = sizeof address;
    sluice_error error;
    uint16_t port = 0;
    int fd = -1, on = 0;
    socklen_t on_size = sizeof on;

    sluice_status status = front_listen("HTTP", host, 0, &fd, &port, &error);
    ck_assert_msg(status == SLUICE_OK, "%s: %s", error.where, error.text);
    ck_assert_uint_ne(port, 0);
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    ck_assert_int_eq(getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &on_size), 0);
    ck_assert_int_eq(on, 1);
    close(fd);
    return address.ss_family;
}

/* Machines without IPv6 exist; there the same calls must fail with a reason. */
static bool has_ipv6(void)
{
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    int fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool bound = fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        close(fd);
    return bound;
}

START_TEST(test_addresses)
{
    ck_assert_int_eq(family_of("127.0.0.1"), AF_INET);
    ck_assert_int_eq(family_of("0.0.0.0"), AF_INET);
    int family = family_of("localhost");
    ck_assert(family == AF_INET || family == AF_INET6);
}
END_TEST

START_TEST(test_ipv6)
{
    static const char *const hosts[] = {"::1", "[::1]"};
    for (size_t i = 0; i < 2; i++) {
        sluice_error error;
        uint16_t port;
        int fd;
        if (has_ipv6()) {
            ck_assert_int_eq(family_of(hosts[i]), AF_INET6);
        } else {
            ck_assert_int_eq(front_listen("HTTP", hosts[i], 0, &fd, &port, &error), SLUICE_SYSTEM);
            ck_assert_str_eq(error.where, "[::1]:0");
        }
    }
}
END_TEST

START_TEST(test_taken)
{
    sluice_error error;
    uint16_t port, other;
    int fd, second;
    char where[32];
    ck_assert_int_eq(front_listen("HTTP", "127.0.0.1", 0, &fd, &port, &error), SLUICE_OK);
    ck_assert_int_eq(front_listen("HTTP", "127.0.0.1", port, &second, &other, &error), SLUICE_SYSTEM);
    snprintf(where, sizeof where, "127.0.0.1:%u", port);
    ck_assert_str_eq(error.where, where);
    ck_assert_ptr_nonnull(strstr(error.text, strerror(EADDRINUSE)));
    ck_assert_ptr_nonnull(strstr(error.text, "choose another `port`"));
    close(fd);
}
END_TEST

START_TEST(test_no_such_address)
{
    sluice_error error;
    uint16_t port;
    int fd;
    ck_assert_int_eq(front_listen("HTTP", "192.0.2.1", 0, &fd, &port, &error), SLUICE_SYSTEM); /* a documentation address */
    ck_assert_ptr_nonnull(strstr(error.text, strerror(EADDRNOTAVAIL)));
}
END_TEST

SUITE_MAIN("gateway.http.listen", test_addresses, test_ipv6, test_taken, test_no_such_address)
