/* file.h - descriptors and files. All functions set errno as the system call did; any thread. */
#ifndef SLUICE_FOUNDATION_FILE_H
#define SLUICE_FOUNDATION_FILE_H

#include <sluice/error.h>

#include <stdbool.h>
#include <stddef.h>

struct buffer;

/* Write all of `data`, waiting with poll() where the descriptor does not block. */
sluice_status file_write_all(int fd, const void *data, size_t size, sluice_error *error);

/* Append the whole of a file, pipe or memory file to `buffer`; more than the buffer's limit is SLUICE_TOO_LARGE. */
sluice_status file_read_all(int fd, const char *name, struct buffer *buffer, sluice_error *error);
sluice_status file_read_path(const char *path, struct buffer *buffer, sluice_error *error);

/* An anonymous memory file with these bytes, positioned at its start, inheritable by a child. -1 on failure. */
int file_memory(const char *name, const void *data, size_t size);

bool file_set_nonblocking(int fd, bool on);
bool file_set_close_on_exec(int fd, bool on);

/*
 * Where the other parts of this installation are: `relative` ("bin/sluice-gateway", "lib/sluice/plugins/echo.so") below
 * the prefix of the running program or library, found from the file that contains the address `of` (its folder's
 * parent, or that one's, as for a module in lib/sluice). Writes a path and returns true, or returns false when there is no such file.
 */
bool file_installed(const void *of, const char *relative, char *path, size_t capacity);

/* Raise the soft limit of open descriptors to the hard one (design, Drain). */
void file_raise_descriptor_limit(void);

#endif
