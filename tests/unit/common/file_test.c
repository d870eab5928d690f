/* Descriptors and files, with what goes wrong with them. */
#include "common/foundation/file.h"
#include "common/foundation/buffer.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char path[] = "/tmp/sluice-file-test.XXXXXX";

static int temporary(void)
{
    strcpy(path + sizeof path - 7, "XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    return fd;
}

START_TEST(what_is_written_is_read)
{
    struct buffer buffer;
    int fd = temporary();
    ck_assert_int_eq(file_write_all(fd, "one\0two", 7, NULL), SLUICE_OK);
    close(fd);
    buffer_init(&buffer, 100);
    buffer_append_text(&buffer, "before ");
    ck_assert_int_eq(file_read_path(path, &buffer, NULL), SLUICE_OK);
    ck_assert_uint_eq(buffer.size, 14);
    ck_assert_int_eq(memcmp(buffer.data, "before one\0two", 15), 0); /* with its NUL */
    buffer_done(&buffer);
    unlink(path);
}
END_TEST

START_TEST(an_empty_file_is_read)
{
    struct buffer buffer;
    close(temporary());
    buffer_init(&buffer, 100);
    ck_assert_int_eq(file_read_path(path, &buffer, NULL), SLUICE_OK);
    ck_assert_uint_eq(buffer.size, 0);
    ck_assert_str_eq(buffer_text(&buffer), "");
    buffer_done(&buffer);
    unlink(path);
}
END_TEST

START_TEST(the_limit_holds_at_its_edge)
{
    struct buffer buffer;
    sluice_error error;
    int fd = temporary();
    ck_assert_int_eq(file_write_all(fd, "0123456789", 10, NULL), SLUICE_OK);
    close(fd);
    buffer_init(&buffer, 10);
    ck_assert_int_eq(file_read_path(path, &buffer, NULL), SLUICE_OK);
    ck_assert_uint_eq(buffer.size, 10);
    buffer_done(&buffer);
    buffer_init(&buffer, 9);
    ck_assert_int_eq(file_read_path(path, &buffer, &error), SLUICE_TOO_LARGE);
    ck_assert_str_eq(error.where, path);
    ck_assert_ptr_nonnull(strstr(error.text, "9 bytes"));
    buffer_done(&buffer);
    unlink(path);
}
END_TEST

START_TEST(what_cannot_be_read_is_named)
{
    struct buffer buffer;
    sluice_error error;
    buffer_init(&buffer, 100);
    ck_assert_int_eq(file_read_path("/nowhere/at/all", &buffer, &error), SLUICE_NOT_FOUND);
    ck_assert_str_eq(error.where, "/nowhere/at/all");
    ck_assert_int_eq(file_read_path("/tmp", &buffer, &error), SLUICE_SYSTEM); /* a folder opens, but has no bytes */
    ck_assert_ptr_nonnull(strstr(error.text, strerror(EISDIR)));
    ck_assert_int_eq(file_read_path("/dev/null/x", &buffer, &error), SLUICE_SYSTEM);
    ck_assert_int_eq(file_read_all(-1, "a pipe", &buffer, &error), SLUICE_SYSTEM);
    ck_assert_str_eq(error.where, "a pipe");
    buffer_done(&buffer);
}
END_TEST

START_TEST(what_cannot_be_written_is_told)
{
    sluice_error error;
    int ends[2];
    signal(SIGPIPE, SIG_IGN);
    ck_assert_int_eq(pipe(ends), 0);
    close(ends[0]);
    ck_assert_int_eq(file_write_all(ends[1], "x", 1, &error), SLUICE_SYSTEM);
    ck_assert_ptr_nonnull(strstr(error.text, strerror(EPIPE)));
    ck_assert_int_eq(file_write_all(ends[1], "", 0, &error), SLUICE_OK);
    close(ends[1]);
}
END_TEST

enum { LARGE = 1 << 20 }; /* more than a pipe holds */

struct reader {
    struct buffer buffer;
    int fd;
};

static void *read_everything(void *argument)
{
    struct reader *reader = argument;
    return file_read_all(reader->fd, "the pipe", &reader->buffer, NULL) == SLUICE_OK ? reader : NULL;
}

START_TEST(a_full_pipe_that_does_not_block_is_waited_for)
{
    struct reader reader;
    int ends[2];
    pthread_t thread;
    void *result = NULL;
    char *data = calloc(1, LARGE);
    ck_assert_ptr_nonnull(data);
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert(file_set_nonblocking(ends[1], true));
    ck_assert_int_ne(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    buffer_init(&reader.buffer, BUFFER_NO_LIMIT);
    reader.fd = ends[0];
    ck_assert_int_eq(pthread_create(&thread, NULL, read_everything, &reader), 0);
    ck_assert_int_eq(file_write_all(ends[1], data, LARGE, NULL), SLUICE_OK);
    ck_assert(file_set_nonblocking(ends[1], false));
    ck_assert_int_eq(fcntl(ends[1], F_GETFL) & O_NONBLOCK, 0);
    close(ends[1]);
    pthread_join(thread, &result);
    ck_assert_ptr_nonnull(result);
    ck_assert_uint_eq(reader.buffer.size, LARGE);
    buffer_done(&reader.buffer);
    close(ends[0]);
    free(data);
}
END_TEST

START_TEST(flags_of_what_is_not_open)
{
    ck_assert(!file_set_nonblocking(-1, true));
    ck_assert(!file_set_close_on_exec(-1, true));
    int fd = temporary();
    ck_assert(file_set_close_on_exec(fd, true));
    ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    ck_assert(file_set_close_on_exec(fd, false));
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
    close(fd);
    unlink(path);
}
END_TEST

START_TEST(a_memory_file_begins_at_its_start)
{
    struct buffer buffer;
    int fd = file_memory("flow", "text", 4);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0); /* a child gets it */
    buffer_init(&buffer, 100);
    ck_assert_int_eq(file_read_all(fd, "memory", &buffer, NULL), SLUICE_OK);
    ck_assert_str_eq(buffer_text(&buffer), "text");
    buffer_done(&buffer);
    close(fd);
}
END_TEST

static int here;

START_TEST(parts_of_an_installation_are_found_from_one_of_them)
{
    char found[4096], small[4];
    /* This test is build/PRESET/tests/test_common_file, so the prefix is build/PRESET. */
    ck_assert(file_installed(&here, "tests/test_common_file", found, sizeof found));
    ck_assert_int_eq(access(found, X_OK), 0);
    ck_assert(!file_installed(&here, "lib/no-such-part.so", found, sizeof found));
    ck_assert(!file_installed(&here, "tests/test_common_file", small, sizeof small));
}
END_TEST

START_TEST(the_limit_of_descriptors_is_raised)
{
    struct rlimit limit;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max < 64 ? limit.rlim_max : 64;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    file_raise_descriptor_limit();
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    ck_assert_uint_eq(limit.rlim_cur, limit.rlim_max);
}
END_TEST

SUITE_MAIN("common.file", what_is_written_is_read, an_empty_file_is_read, the_limit_holds_at_its_edge,
           what_cannot_be_read_is_named, what_cannot_be_written_is_told, a_full_pipe_that_does_not_block_is_waited_for,
           flags_of_what_is_not_open, a_memory_file_begins_at_its_start,
           parts_of_an_installation_are_found_from_one_of_them, the_limit_of_descriptors_is_raised)
