/* The private folder of a running Flow: where, with which rights, and what becomes of left-overs. */
#include "common/net/local.h"
#include "tests/unit/suite.h"
#include "tools/supervisor/folder.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char base[64];
static struct flow_executor executor = {.name = "encoder", .replicas = 1};
static struct flow flow = {.executors = &executor, .executor_count = 1};
static sluice_error error;

static void set_up(void)
{
    snprintf(base, sizeof base, "/tmp/slf-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(base));
    setenv("XDG_RUNTIME_DIR", base, 1);
}

static void tear_down(void)
{
    ck_assert_msg(rmdir(base) == 0, "something is left in %s", base);
}

static bool exists(const char *path)
{
    return access(path, F_OK) == 0;
}

START_TEST(it_is_private_and_goes_with_all_that_is_in_it)
{
    struct folder folder;
    struct stat status;
    ck_assert_msg(folder_make(&folder, &flow, &error) == SLUICE_OK, "%s", error.text);
    ck_assert_int_eq(strncmp(folder.path, base, strlen(base)), 0);
    ck_assert_int_eq(stat(folder.path, &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0700);
    char path[LOCAL_PATH_MAX];
    int fd;
    ck_assert_int_eq(local_socket_path(folder.path, "encoder", 0, path, &error), SLUICE_OK);
    ck_assert_int_eq(local_listen(path, &fd, &error), SLUICE_OK);
    folder_remove(&folder);
    folder_remove(&folder);
    close(fd);
}
END_TEST

START_TEST(left_overs_go_and_folders_in_use_stay)
{
    struct folder used, next;
    char left[128], inside[160], other[128];
    snprintf(left, sizeof left, "%s/sluice-abcdef", base);
    snprintf(inside, sizeof inside, "%s/x-0.sock", left);
    snprintf(other, sizeof other, "%s/sluice-0755xx", base);
    ck_assert_int_eq(folder_make(&used, &flow, &error), SLUICE_OK);
    ck_assert_int_eq(mkdir(left, 0700), 0);
    ck_assert_int_eq(mkdir(other, 0755), 0);
    close(open(inside, O_CREAT | O_WRONLY, 0600));

    ck_assert_int_eq(folder_make(&next, &flow, &error), SLUICE_OK);
    ck_assert(!exists(left));
    ck_assert(exists(used.path));
    ck_assert_msg(exists(other), "a folder with other rights is not ours");
    rmdir(other);
    folder_remove(&used);
    folder_remove(&next);
}
END_TEST

START_TEST(a_base_that_is_too_long_is_passed_over)
{
    char deep[256];
    struct folder folder;
    snprintf(deep, sizeof deep, "%s/%080d", base, 0);
    ck_assert_int_eq(mkdir(deep, 0700), 0);
    setenv("XDG_RUNTIME_DIR", deep, 1);
    setenv("TMPDIR", base, 1);
    ck_assert_int_eq(folder_make(&folder, &flow, &error), SLUICE_OK);
    ck_assert_int_eq(strncmp(folder.path, base, strlen(base)), 0);
    ck_assert_uint_lt(strlen(folder.path), strlen(deep));
    folder_remove(&folder);
    rmdir(deep);
}
END_TEST

START_TEST(a_name_that_is_too_long_is_told)
{
    struct flow_executor long_one = {.name = "0123456789012345678901234567890123456789012345678901234567890123456789"
                                             "012345678901234567890123456789",
                                     .replicas = 1};
    struct flow long_flow = {.executors = &long_one, .executor_count = 1};
    struct folder folder;
    unsetenv("TMPDIR");
    ck_assert_int_eq(folder_make(&folder, &long_flow, &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.where, "0123456789"));
    ck_assert_str_eq(folder.path, "");
    folder_remove(&folder);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.folder");
    TCase *cases = tcase_create("all");
    tcase_add_checked_fixture(cases, set_up, tear_down);
    tcase_add_test(cases, it_is_private_and_goes_with_all_that_is_in_it);
    tcase_add_test(cases, left_overs_go_and_folders_in_use_stay);
    tcase_add_test(cases, a_base_that_is_too_long_is_passed_over);
    tcase_add_test(cases, a_name_that_is_too_long_is_told);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
