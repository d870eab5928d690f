/* The file of vector_index: what a start makes of every kind of wrong file, a full disk, a folder that cannot be written. */
#include "index_kit.h"

#include <check.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* SQLite's calls to the C library's functions of these names end here: how often something was forced to the disk. */
static atomic_uint syncs;

SLUICE_API int fsync(int file);
SLUICE_API int fdatasync(int file);

int fsync(int file)
{
    atomic_fetch_add(&syncs, 1);
    return (int)syscall(SYS_fsync, file);
}

int fdatasync(int file)
{
    atomic_fetch_add(&syncs, 1);
    return (int)syscall(SYS_fdatasync, file);
}

/* A file with two documents, closed. */
static void make_file(void)
{
    index_open(NULL);
    kit_begin(&index_kit);
    INDEX_ADD("a", 1, 0);
    INDEX_ADD("b", 0, 1);
    index_send("/index", NULL);
    kit_close(&index_kit);
}

/* Change the closed file as another program would. */
static void change(const char *sql)
{
    sqlite3 *database;
    char *message = NULL;
    ck_assert_int_eq(sqlite3_open(index_file, &database), SQLITE_OK);
    ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, &message) == SQLITE_OK, "%s: %s", sql, message);
    ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
}

static void write_bytes(const void *data, size_t size, off_t at)
{
    int file = open(index_file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_ge(file, 0);
    ck_assert_int_eq(pwrite(file, data, size, at), (ssize_t)size);
    close(file);
}

START_TEST(a_normal_stop_leaves_one_file)
{
    make_file();
    char log[128];
    struct stat about;
    snprintf(log, sizeof log, "%s-wal", index_file);
    ck_assert_int_ne(stat(log, &about), 0);
    ck_assert_int_eq(stat(index_file, &about), 0);
}
END_TEST

START_TEST(folders_are_made)
{
    snprintf(index_file, sizeof index_file, "%s/new/folder/a.sqlite", index_folder);
    make_file();
    ck_assert_int_eq(access(index_file, F_OK), 0);
}
END_TEST

START_TEST(folders_that_are_made_are_on_the_disk)
{
    unsigned before = atomic_load(&syncs);
    make_file();
    unsigned file_alone = atomic_load(&syncs) - before;
    snprintf(index_file, sizeof index_file, "%s/new/folder/a.sqlite", index_folder);
    before = atomic_load(&syncs);
    make_file();
    ck_assert_uint_eq(atomic_load(&syncs) - before, file_alone + 2);
}
END_TEST

START_TEST(a_relative_path_starts_at_the_workspace)
{
    char place[128];
    ck_assert_int_eq(setenv("JINA_DEFAULT_WORKSPACE_BASE", index_folder, 1), 0);
    kit_open(&index_kit, "vector_index", "{\"path\": \"own.sqlite\"}");
    snprintf(place, sizeof place, "%s/vector_index/0/own.sqlite", index_folder);
    ck_assert_int_eq(access(place, F_OK), 0);
    kit_close(&index_kit);
    kit_open(&index_kit, "vector_index", NULL);
    snprintf(place, sizeof place, "%s/vector_index/0/index.sqlite", index_folder);
    ck_assert_int_eq(access(place, F_OK), 0);
}
END_TEST

START_TEST(no_database)
{
    char text[8192];
    memset(text, 'x', sizeof text);
    write_bytes(text, sizeof text, 0);
    index_refused(NULL, "is no SQLite database; name another path");
}
END_TEST

START_TEST(another_programs_database)
{
    change("CREATE TABLE notes(text); PRAGMA application_id = 252006674");
    index_refused(NULL, "is a database of another program (application id 0xf055112)");
    change("PRAGMA application_id = 0");
    index_refused(NULL, "is a database of another program (application id 0)");
}
END_TEST

START_TEST(a_newer_schema)
{
    make_file();
    change("PRAGMA user_version = 2");
    index_refused(NULL, "has schema 2, this version reads up to 1");
}
END_TEST

static const struct {
    const char *sql, *words;
} changes[] = {
    {"ALTER TABLE documents ADD COLUMN more", "does not have the tables of an index"},
    {"CREATE TRIGGER t AFTER INSERT ON documents BEGIN DELETE FROM documents; END", "does not have the tables of an index"},
    {"DROP TABLE documents; CREATE VIEW documents AS SELECT 1 AS number", "does not have the tables of an index"},
    {"DROP TABLE properties", "does not have the tables of an index"},
    {"UPDATE properties SET value = -1", "its dimension is -1"},
    {"UPDATE properties SET value = 65537", "its dimension is 65537"},
    {"UPDATE properties SET value = 3", "document 1 has a vector of another dimension"},
    {"DELETE FROM properties", "document 1 has a vector of another dimension"},
    {"UPDATE documents SET vector = x'00' WHERE number = 2", "document 2 has a vector of another dimension"},
    {"UPDATE documents SET vector = x'0000807f00000000' WHERE number = 2", "document 2 has a vector that is not finite"},
    {"UPDATE documents SET vector = 'text' WHERE number = 2", "document 2 has a value of a wrong type"},
    {"UPDATE documents SET id = x'61' WHERE number = 2", "document 2 has a value of a wrong type"},
    {"UPDATE documents SET document = x'ffff' WHERE number = 2", "document 2 cannot be read"},
    {"UPDATE documents SET document = x'' WHERE number = 2", "document 2 has another id than its row"},
    {"UPDATE documents SET id = 'c' WHERE number = 2", "document 2 has another id than its row"},
    {"INSERT INTO documents SELECT 3, id, vector, document FROM documents WHERE number = 1", "document 3 has the id of another"},
    {"UPDATE documents SET number = -5 WHERE number = 2", "document -5 has a number that was never given"},
    {"UPDATE documents SET number = 9223372036854775807 WHERE number = 2", "has a number that was never given"},
};

START_TEST(tables_and_rows_that_are_not_ours)
{
    make_file();
    change(changes[_i].sql);
    index_refused(NULL, changes[_i].words);
}
END_TEST

START_TEST(damaged_pages)
{
    make_file();
    char rubbish[4096];
    memset(rubbish, 0xA5, sizeof rubbish);
    write_bytes(rubbish, sizeof rubbish, 2 * 4096); /* the page of the documents: the schema's and properties' stand before it */
    index_refused(NULL, "is damaged: ");
    ck_assert_int_eq(truncate(index_file, 4096), 0);
    index_refused(NULL, "is damaged: ");
}
END_TEST

START_TEST(two_at_once)
{
    index_open(NULL);
    kit_begin(&index_kit);
    INDEX_ADD("a", 1);
    index_send("/index", NULL);
    int status = -1;
    pid_t child = fork(); /* the child only opens; the parent's connection stays the parent's */
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        execl("/proc/self/exe", "again", index_file, (char *)NULL);
        _exit(9);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "ended with %#x", (unsigned)status);
    index_send("/index", NULL);
    ck_assert_double_eq(index_status("count"), 1);
}
END_TEST

/* In the other process, which is no test of Check: the file is in use. */
static int open_again(const char *path)
{
    char settings[256];
    sluice_testkit *kit = NULL;
    sluice_error error = {0};
    snprintf(settings, sizeof settings, "{\"path\": \"%s\"}", path);
    const char *build = getenv("SLUICE_BUILD");
    char plugin[4096];
    snprintf(plugin, sizeof plugin, "%s/lib/sluice/plugins/vector_index.so", build == NULL ? "build/dev" : build);
    void *library = dlopen(plugin, RTLD_NOW | RTLD_LOCAL);
    const sluice_plugin *(*entry)(void) = NULL;
    if (library != NULL)
        *(void **)&entry = dlsym(library, "sluice_plugin_entry");
    if (entry == NULL || sluice_testkit_open(entry(), settings, &kit, &error) == SLUICE_OK)
        return 1;
    return strstr(error.text, "is in use by another process; stop that one") != NULL ? 0 : 2;
}

/* Root may write everywhere, so the test is nobody for a while. */
static void become_nobody(void)
{
    kit_plugin("vector_index"); /* loaded while it can be read for certain */
    if (geteuid() == 0)
        ck_assert_int_eq(setresuid(65534, 65534, 0), 0);
}

static void become_oneself(void)
{
    uid_t real, effective, saved;
    ck_assert_int_eq(getresuid(&real, &effective, &saved), 0);
    if (saved != effective)
        ck_assert_int_eq(setresuid(saved, saved, saved), 0);
    ck_assert_int_eq(chmod(index_folder, 0700), 0);
}

START_TEST(a_folder_that_cannot_be_written)
{
    ck_assert_int_eq(chmod(index_folder, 0555), 0);
    become_nobody();
    index_refused(NULL, "cannot be written: ");
    snprintf(index_file, sizeof index_file, "%s/new/a.sqlite", index_folder);
    index_refused(NULL, "cannot be made: Permission denied");
    become_oneself();
}
END_TEST

START_TEST(a_file_that_cannot_be_written)
{
    make_file();
    ck_assert_int_eq(chmod(index_folder, 0755), 0);
    ck_assert_int_eq(chmod(index_file, 0444), 0);
    become_nobody();
    index_refused(NULL, "cannot be written: ");
    become_oneself();
}
END_TEST

START_TEST(a_path_that_is_too_long)
{
    static char settings[5000];
    char path[4500];
    memset(path, 'a', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    snprintf(settings, sizeof settings, "{\"path\": \"/%s\"}", path);
    kit_refused("vector_index", settings, "path has more than");
}
END_TEST

/* A write that needs more than there may be fails alone; all else goes on. */
START_TEST(a_full_disk)
{
    enum { DIMENSION = 1000 };
    static float vector[DIMENSION];
    index_open("\"max_bytes\": 65536");
    unsigned kept = 0;
    for (;; kept++) {
        char id[16];
        snprintf(id, sizeof id, "d%u", kept);
        kit_begin(&index_kit);
        vector[0] = (float)kept + 1;
        index_add(id, vector, DIMENSION);
        kit_send(&index_kit, "/index", NULL);
        if (index_kit.status != SLUICE_OK)
            break;
        ck_assert_uint_lt(kept, 100);
    }
    ck_assert_ptr_nonnull(strstr(index_kit.error.text, "RuntimeError"));
    ck_assert_ptr_nonnull(strstr(index_kit.error.text, "is full: max_bytes is 65536"));
    ck_assert_uint_gt(kept, 5);
    ck_assert_double_eq(index_status("count"), kept);
    kit_begin(&index_kit);
    index_send("/delete", "{\"ids\": [\"d0\", \"d1\", \"d2\"]}");
    kit_begin(&index_kit);
    index_add("again", vector, DIMENSION);
    index_send("/index", NULL);
    index_reopen("\"max_bytes\": 65536");
    ck_assert_double_eq(index_status("count"), kept - 2);
}
END_TEST

/* How often the disk is asked while so many documents are indexed one by one. */
static unsigned syncs_of(unsigned count)
{
    unsigned before = atomic_load(&syncs);
    for (unsigned i = 0; i < count; i++) {
        char id[16];
        snprintf(id, sizeof id, "d%u", i);
        kit_begin(&index_kit);
        INDEX_ADD(id, (float)i + 1);
        index_send("/index", NULL);
    }
    return atomic_load(&syncs) - before;
}

START_TEST(an_answer_waits_for_the_disk)
{
    enum { COUNT = 20 };
    index_open(NULL);
    syncs_of(1); /* the log is made */
    ck_assert_uint_ge(syncs_of(COUNT), COUNT);
    index_reopen("\"relaxed_durability\": true");
    syncs_of(1);
    ck_assert_uint_eq(syncs_of(COUNT), 0);
}
END_TEST

START_TEST(relaxed_durability_keeps_all_the_same)
{
    index_open("\"relaxed_durability\": true");
    kit_begin(&index_kit);
    INDEX_ADD("a", 1, 0);
    index_send("/index", NULL);
    index_reopen(NULL);
    ck_assert_double_eq(index_status("count"), 1);
}
END_TEST

int main(int count, char **arguments)
{
    if (count == 2)
        return open_again(arguments[1]);
    TCase *tests = tcase_create("store");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, index_make_folder, index_remove_folder);
    tcase_add_test(tests, a_normal_stop_leaves_one_file);
    tcase_add_test(tests, folders_are_made);
    tcase_add_test(tests, folders_that_are_made_are_on_the_disk);
    tcase_add_test(tests, a_relative_path_starts_at_the_workspace);
    tcase_add_test(tests, no_database);
    tcase_add_test(tests, another_programs_database);
    tcase_add_test(tests, a_newer_schema);
    tcase_add_loop_test(tests, tables_and_rows_that_are_not_ours, 0, sizeof changes / sizeof changes[0]);
    tcase_add_test(tests, damaged_pages);
    tcase_add_test(tests, two_at_once);
    tcase_add_test(tests, a_path_that_is_too_long);
    tcase_add_test(tests, a_full_disk);
    tcase_add_test(tests, an_answer_waits_for_the_disk);
    tcase_add_test(tests, relaxed_durability_keeps_all_the_same);
    tcase_add_test(tests, a_folder_that_cannot_be_written);
    tcase_add_test(tests, a_file_that_cannot_be_written);
    return kit_run("plugins.index.store", tests);
}
