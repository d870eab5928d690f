#include "common/net/local.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/sluice-local-XXXXXX";
static char path[LOCAL_PATH_MAX];
static sluice_error error;

static void set_up(void)
{
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(local_socket_path(folder, "encoder", 3, path, NULL), SLUICE_OK);
}

static void tear_down(void)
{
    unlink(path);
    rmdir(folder);
}

START_TEST(the_path_is_made_of_folder_name_and_replica)
{
    char expected[LOCAL_PATH_MAX];
    snprintf(expected, sizeof expected, "%s/encoder-3.sock", folder);
    ck_assert_str_eq(path, expected);
}
END_TEST

START_TEST(a_path_that_does_not_fit_is_refused_at_the_edge)
{
    char long_path[LOCAL_PATH_MAX], name[LOCAL_PATH_MAX + 1];
    size_t room = LOCAL_PATH_MAX - 1 - strlen("/tmp/") - strlen("-0.sock");
    memset(name, 'n', sizeof name);
    name[room] = '\0';
    ck_assert_int_eq(local_socket_path("/tmp", name, 0, long_path, &error), SLUICE_OK);
    ck_assert_uint_eq(strlen(long_path), LOCAL_PATH_MAX - 1);
    name[room] = 'n';
    name[room + 1] = '\0';
    ck_assert_int_eq(local_socket_path("/tmp", name, 0, long_path, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "longer"));
}
END_TEST

START_TEST(both_ends_meet)
{
    int listening, connected, accepted;
    ck_assert_int_eq(local_listen(path, &listening, &error), SLUICE_OK);
    struct stat mode;
    ck_assert_int_eq(stat(path, &mode), 0);
    ck_assert_uint_eq(mode.st_mode & 0777, 0600);
    ck_assert_int_eq(local_connect(path, &connected, &error), SLUICE_OK);
    ck_assert_int_eq(local_accept(listening, &accepted, &error), SLUICE_OK);
    ck_assert(fcntl(connected, F_GETFL) & O_NONBLOCK);
    ck_assert(fcntl(accepted, F_GETFL) & O_NONBLOCK);
    ck_assert(fcntl(accepted, F_GETFD) & FD_CLOEXEC);
    ck_assert(fcntl(connected, F_GETFD) & FD_CLOEXEC);
    ck_assert(fcntl(listening, F_GETFD) & FD_CLOEXEC);
    ck_assert_int_eq(write(connected, "x", 1), 1);
    char byte;
    ck_assert_int_eq(read(accepted, &byte, 1), 1);
    close(connected);
    close(accepted);
    close(listening);
}
END_TEST

START_TEST(accepting_when_nobody_waits_is_a_timeout)
{
    int listening, accepted;
    ck_assert_int_eq(local_listen(path, &listening, &error), SLUICE_OK);
    ck_assert_int_eq(fcntl(listening, F_SETFL, O_NONBLOCK), 0);
    ck_assert_int_eq(local_accept(listening, &accepted, &error), SLUICE_TIMEOUT);
    close(listening);
}
END_TEST

START_TEST(a_connection_waits_before_anybody_accepts)
{
    int listening, connected, accepted;
    ck_assert_int_eq(local_listen(path, &listening, &error), SLUICE_OK);
    ck_assert_int_eq(local_connect(path, &connected, &error), SLUICE_OK);
    ck_assert_int_eq(write(connected, "x", 1), 1);
    ck_assert_int_eq(local_accept(listening, &accepted, &error), SLUICE_OK);
    char byte;
    ck_assert_int_eq(read(accepted, &byte, 1), 1);
    close(connected);
    close(accepted);
    close(listening);
}
END_TEST

START_TEST(a_left_over_socket_is_replaced_and_another_file_is_not)
{
    int listening;
    ck_assert_int_eq(local_listen(path, &listening, &error), SLUICE_OK);
    close(listening);
    ck_assert_int_eq(local_connect(path, &listening, &error), SLUICE_UNAVAILABLE);
    ck_assert_int_eq(local_listen(path, &listening, &error), SLUICE_OK);
    close(listening);
    unlink(path);
    int file = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    ck_assert_int_ge(file, 0);
    close(file);
    ck_assert_int_eq(local_listen(path, &listening, &error), SLUICE_SYSTEM);
    ck_assert_int_eq(access(path, F_OK), 0);
}
END_TEST

START_TEST(nobody_listening_is_unavailable_and_named)
{
    int connected;
    ck_assert_int_eq(local_connect(path, &connected, &error), SLUICE_UNAVAILABLE);
    ck_assert_str_eq(error.where, path);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net.local");
    TCase *tcase = tcase_create("local");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, the_path_is_made_of_folder_name_and_replica);
    tcase_add_test(tcase, a_path_that_does_not_fit_is_refused_at_the_edge);
    tcase_add_test(tcase, both_ends_meet);
    tcase_add_test(tcase, accepting_when_nobody_waits_is_a_timeout);
    tcase_add_test(tcase, a_connection_waits_before_anybody_accepts);
    tcase_add_test(tcase, a_left_over_socket_is_replaced_and_another_file_is_not);
    tcase_add_test(tcase, nobody_listening_is_unavailable_and_named);
    return suite_run(suite);
}
