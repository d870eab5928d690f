/*
 * replay.c - runs every file of the folders named as arguments through a fuzz target.
 *
 * With it a fuzz target is an ordinary test of any compiler's build: what was once found stays found. A folder that is
 * missing or empty is a failure, because a test without input cannot fail.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return fprintf(stderr, "%s: %s\n", path, strerror(errno)), -1;
    long size = ftell(file);
    rewind(file);
    /* Exactly as large as the input, so that a sanitizer sees a read beyond it. */
    uint8_t *data = size >= 0 ? malloc(size > 0 ? (size_t)size : 1) : NULL;
    if (data == NULL || fread(data, 1, (size_t)size, file) != (size_t)size) {
        fprintf(stderr, "%s: cannot be read\n", path);
        free(data);
        fclose(file);
        return -1;
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return 0;
}

/* Number of files replayed, -1 on failure. */
static int replay_folder(const char *path)
{
    DIR *folder = opendir(path);
    if (folder == NULL)
        return fprintf(stderr, "%s: %s\n", path, strerror(errno)), -1;
    int count = 0;
    struct dirent *entry;
    while (count >= 0 && (entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.')
            continue;
        char name[4096];
        if (snprintf(name, sizeof name, "%s/%s", path, entry->d_name) >= (int)sizeof name || replay_file(name) != 0)
            count = -1;
        else
            count++;
    }
    closedir(folder);
    return count;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return fprintf(stderr, "usage: %s FOLDER...\n", argv[0]), 2;
    for (int i = 1; i < argc; i++) {
        int count = replay_folder(argv[i]);
        if (count == 0)
            fprintf(stderr, "%s: no files to replay\n", argv[i]);
        if (count <= 0)
            return 1;
        printf("%s: %d files\n", argv[i], count);
    }
    return 0;
}
