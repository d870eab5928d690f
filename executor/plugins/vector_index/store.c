#include "store_impl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The log is copied into the file when it has so many pages: rarely against a commit, often against the disk's size. */
#define CHECKPOINT_PAGES "4000"

/* ---- errors ---- */

sluice_status store_explain(const struct store *store, int code, const char *doing, sluice_error *error)
{
    const char *path = store->path;
    const char *words = store->database != NULL ? sqlite3_errmsg(store->database) : sqlite3_errstr(code);
    switch (code & 0xFF) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return sluice_fail(error, SLUICE_UNAVAILABLE, NULL,
                           "%s is in use by another process; stop that one, or give this executor another path", path);
    case SQLITE_NOTADB:
        return sluice_fail(error, SLUICE_INVALID, NULL,
                           "%s is no SQLite database; name another path, or move the file away", path);
    case SQLITE_CORRUPT:
        return sluice_fail(error, SLUICE_INVALID, NULL, "%s is damaged: %s; put a copy in its place, or index anew", path,
                           words);
    case SQLITE_FULL:
        if (store->max_bytes > 0)
            return sluice_fail(error, SLUICE_LIMIT, NULL,
                               "%s is full: max_bytes is %llu, or the disk has no room; raise it, or delete documents", path,
                               (unsigned long long)store->max_bytes);
        return sluice_fail(error, SLUICE_LIMIT, NULL, "%s cannot grow: the disk is full; make room", path);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_PERM:
        return sluice_fail(error, SLUICE_SYSTEM, NULL,
                           "%s cannot be written: %s; let this user write the file and its folder, or name another path", path,
                           words);
    case SQLITE_NOMEM: return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for %s", path);
    case SQLITE_IOERR:
        return sluice_fail(error, SLUICE_SYSTEM, NULL, "%s %s: %s (%s); look after the disk", path, doing, words,
                           strerror(sqlite3_system_errno(store->database)));
    default: return sluice_fail(error, SLUICE_SYSTEM, NULL, "%s %s: %s", path, doing, words);
    }
}

static sluice_status execute(struct store *store, const char *sql, sluice_error *error)
{
    int code = sqlite3_exec(store->database, sql, NULL, NULL, NULL);
    return code == SQLITE_OK ? SLUICE_OK : store_explain(store, code, "cannot be opened", error);
}

sluice_status store_prepare(struct store *store, const char *sql, sqlite3_stmt **ret_statement, sluice_error *error)
{
    int code = sqlite3_prepare_v3(store->database, sql, -1, SQLITE_PREPARE_PERSISTENT, ret_statement, NULL);
    return code == SQLITE_OK ? SLUICE_OK : store_explain(store, code, "cannot be read", error);
}

/* ---- opening ---- */

/* This folder is new: it stays, whatever happens to the power. As far as the file system can, so there is no error. */
static void sync_parent(const char *folder)
{
    char parent[STORE_PATH_MAX + sizeof "/.."];
    snprintf(parent, sizeof parent, "%s/..", folder);
    int file = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return;
    fsync(file);
    close(file);
}

/* Every folder of the path that is missing. SQLite sees to the last one, in which its files are made. */
static sluice_status make_folders(const char *path, sluice_error *error)
{
    char folder[STORE_PATH_MAX];
    snprintf(folder, sizeof folder, "%s", path);
    for (char *slash = strchr(folder + 1, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        int failure = mkdir(folder, 0777) == 0 ? 0 : errno;
        if (failure == 0)
            sync_parent(folder);
        else if (failure != EEXIST)
            return sluice_fail(error, SLUICE_SYSTEM, NULL,
                               "%s cannot be written: its folder %s cannot be made: %s; name another path", path, folder,
                               strerror(failure));
        *slash = '/';
    }
    return SLUICE_OK;
}

/* The lock is taken by the first read and kept. A database that may not be changed is refused here. */
static sluice_status lock(struct store *store, sluice_error *error)
{
    if (sqlite3_db_readonly(store->database, "main") == 1)
        return sluice_fail(error, SLUICE_SYSTEM, NULL,
                           "%s cannot be written: it is read-only; let this user write it, or name another path", store->path);
    return execute(store, "PRAGMA locking_mode = EXCLUSIVE; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; "
                          "SELECT count(*) FROM sqlite_schema",
                   error);
}

/* How it is written; the file is known to be an index. */
static sluice_status set_up(struct store *store, const struct store_settings *settings, sluice_error *error)
{
    char sql[256];
    sluice_status status = execute(store, "PRAGMA journal_mode = WAL; PRAGMA wal_autocheckpoint = " CHECKPOINT_PAGES, error);
    if (status == SLUICE_OK)
        status = execute(store, settings->relaxed ? "PRAGMA synchronous = NORMAL" : "PRAGMA synchronous = FULL", error);
    if (status == SLUICE_OK && settings->max_bytes > 0) {
        snprintf(sql, sizeof sql, "PRAGMA max_page_count = %llu",
                 (unsigned long long)(settings->max_bytes / 4096 > 0 ? settings->max_bytes / 4096 : 1));
        status = execute(store, sql, error);
    }
    return status;
}

static sluice_status prepare_all(struct store *store, sluice_error *error)
{
    const struct {
        const char *sql;
        sqlite3_stmt **statement;
    } rows[] = {
        {"BEGIN IMMEDIATE", &store->begin},
        {"COMMIT", &store->commit},
        {"ROLLBACK", &store->rollback},
        {"INSERT OR REPLACE INTO documents(number, id, vector, document) VALUES(?, ?, ?, ?)", &store->put},
        {"DELETE FROM documents WHERE number = ?", &store->remove},
        {"INSERT OR REPLACE INTO properties(name, value) VALUES('dimension', ?)", &store->set_dimension},
    };
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0] && status == SLUICE_OK; i++)
        status = store_prepare(store, rows[i].sql, rows[i].statement, error);
    return status;
}

static sluice_status check_dimension(struct store *store, const struct store_settings *settings, sluice_error *error)
{
    if (settings->dimension == 0 || store->dimension == 0 || settings->dimension == store->dimension)
        return SLUICE_OK;
    return sluice_fail(error, SLUICE_INVALID, NULL,
                       "%s holds vectors of %zu numbers, dimension is set to %zu; set it to %zu or to 0, or name another path",
                       store->path, store->dimension, settings->dimension, store->dimension);
}

static struct store *new_store(const struct store_settings *settings)
{
    struct store *store = calloc(1, sizeof *store);
    if (store == NULL)
        return NULL;
    snprintf(store->path, sizeof store->path, "%s", settings->path);
    store->max_bytes = settings->max_bytes;
    return store;
}

/* The connection is open. */
static sluice_status open_database(struct store *store, const struct store_settings *settings, struct store **ret_store,
                                   sluice_error *error)
{
    sqlite3_extended_result_codes(store->database, 1);
    sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sluice_status status = lock(store, error);
    if (status == SLUICE_OK)
        status = store_check(store, error);
    if (status == SLUICE_OK)
        status = check_dimension(store, settings, error);
    if (status == SLUICE_OK)
        status = set_up(store, settings, error);
    if (status == SLUICE_OK)
        status = prepare_all(store, error);
    if (status == SLUICE_OK)
        *ret_store = store;
    else
        store_close(store);
    return status;
}

sluice_status store_adopt(struct sqlite3 *database, const struct store_settings *settings, struct store **ret_store,
                          sluice_error *error)
{
    struct store *store = new_store(settings);
    if (store == NULL) {
        sqlite3_close(database);
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for %s", settings->path);
    }
    store->database = database;
    return open_database(store, settings, ret_store, error);
}

sluice_status store_open(const struct store_settings *settings, struct store **ret_store, sluice_error *error)
{
    if (strlen(settings->path) >= STORE_PATH_MAX - sizeof "-wal")
        return sluice_fail(error, SLUICE_INVALID, NULL, "path has more than %zu bytes", STORE_PATH_MAX - sizeof "-wal");
    sluice_status status = make_folders(settings->path, error);
    if (status != SLUICE_OK)
        return status;
    struct store *store = new_store(settings);
    if (store == NULL)
        return sluice_fail(error, SLUICE_NO_MEMORY, NULL, "no memory for %s", settings->path);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;
    int code = sqlite3_open_v2(settings->path, &store->database, flags, NULL);
    if (code == SQLITE_OK)
        return open_database(store, settings, ret_store, error);
    status = store_explain(store, code, "cannot be opened", error);
    store_close(store);
    return status;
}

void store_close(struct store *store)
{
    if (store == NULL)
        return;
    sqlite3_stmt *statements[] = {store->begin, store->commit, store->rollback, store->put, store->remove,
                                  store->set_dimension};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++)
        sqlite3_finalize(statements[i]);
    sqlite3_close(store->database);
    free(store);
}

const char *store_path(const struct store *store)
{
    return store->path;
}

size_t store_dimension(const struct store *store)
{
    return store->dimension;
}

static uint64_t size_of_file(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (uint64_t)about.st_size : 0;
}

uint64_t store_bytes(const struct store *store)
{
    char log[STORE_PATH_MAX + sizeof "-wal"];
    snprintf(log, sizeof log, "%s-wal", store->path);
    return size_of_file(store->path) + size_of_file(log);
}

/* ---- transactions ---- */

/* Run a statement that gives no rows, and make it ready for the next time. A damaged file is no fault of who writes. */
static sluice_status run(struct store *store, sqlite3_stmt *statement, sluice_error *error)
{
    int code = sqlite3_step(statement);
    sluice_status status = code == SQLITE_DONE ? SLUICE_OK : store_explain(store, code, "cannot be written", error);
    sqlite3_reset(statement);
    if (status != SLUICE_INVALID)
        return status;
    if (error != NULL)
        error->status = SLUICE_SYSTEM;
    return SLUICE_SYSTEM;
}

sluice_status store_begin(struct store *store, sluice_error *error)
{
    return run(store, store->begin, error);
}

sluice_status store_set_dimension(struct store *store, size_t dimension, sluice_error *error)
{
    sqlite3_bind_int64(store->set_dimension, 1, (int64_t)dimension);
    sluice_status status = run(store, store->set_dimension, error);
    if (status == SLUICE_OK)
        store->dimension = dimension;
    return status;
}

sluice_status store_put(struct store *store, const struct entry *entry, const float *vector, sluice_error *error)
{
    sluice_text id = entry_id(entry);
    sqlite3_stmt *put = store->put;
    sqlite3_bind_int64(put, 1, entry->number);
    sqlite3_bind_text64(put, 2, id.data, id.size, SQLITE_STATIC, SQLITE_UTF8);
    sqlite3_bind_blob64(put, 3, vector, store->dimension * sizeof *vector, SQLITE_STATIC);
    sqlite3_bind_blob64(put, 4, entry->bytes, entry->document_size, SQLITE_STATIC);
    sluice_status status = run(store, put, error);
    sqlite3_clear_bindings(put);
    return status;
}

sluice_status store_remove(struct store *store, int64_t number, sluice_error *error)
{
    sqlite3_bind_int64(store->remove, 1, number);
    return run(store, store->remove, error);
}

sluice_status store_commit(struct store *store, sluice_error *error)
{
    sluice_status status = run(store, store->commit, error);
    if (status == SLUICE_OK)
        store->saved_dimension = store->dimension;
    return status;
}

void store_rollback(struct store *store)
{
    if (sqlite3_get_autocommit(store->database) == 0)
        run(store, store->rollback, NULL);
    store->dimension = store->saved_dimension;
}
