/*
 * handshakes URI COUNT CA-FILE: makes so many clients one after the other, each with a connection of its own, one
 * question and an end. Prints a line of JSON: how many failed and why the first did, seconds, and what the process
 * itself kept: bytes of memory and open descriptors, counted from the end of a first tenth on.
 */
#include <sluice/client.h>

#include <dirent.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static long resident_bytes(void)
{
    long size = 0, resident = 0;
    malloc_trim(0);
    FILE *file = fopen("/proc/self/statm", "r");
    if (file == NULL || fscanf(file, "%ld %ld", &size, &resident) != 2)
        resident = 0;
    if (file != NULL)
        fclose(file);
    return resident * sysconf(_SC_PAGESIZE);
}

static long open_descriptors(void)
{
    long count = -1; /* the folder's own */
    DIR *folder = opendir("/proc/self/fd");
    for (const struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        count += entry->d_name[0] != '.';
    if (folder != NULL)
        closedir(folder);
    return count;
}

static double seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static sluice_status once(const char *uri, const char *ca_file, sluice_error *error)
{
    sluice_client_options options = sluice_client_options_default();
    sluice_post_options post = sluice_post_options_default();
    sluice_client *client = NULL;
    sluice_text text = sluice_text_of("x");
    options.host = uri;
    options.tls_ca_file = ca_file;
    post.timeout_seconds = 60;
    sluice_status status = sluice_client_new(&options, &client, error);
    if (status == SLUICE_OK)
        status = sluice_client_post(client, "/", sluice_inputs_texts(&text, 1), &post, NULL, error);
    sluice_client_free(client);
    return status;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fprintf(stderr, "usage: handshakes URI COUNT CA-FILE\n");
        return 2;
    }
    long count = strtol(argv[2], NULL, 10), failed = 0, memory = 0, descriptors = 0;
    sluice_error error, first = {.status = SLUICE_OK};
    double start = seconds();
    for (long i = 0; i < count; i++) {
        if (i == count / 10) {
            memory = resident_bytes();
            descriptors = open_descriptors();
        }
        if (once(argv[1], argv[3], &error) != SLUICE_OK && failed++ == 0)
            first = error;
    }
    printf("{\"failed\": %ld, \"seconds\": %.3f, \"memory\": %ld, \"descriptors\": %ld}\n", failed, seconds() - start,
           resident_bytes() - memory, open_descriptors() - descriptors);
    if (failed > 0)
        fprintf(stderr, "handshakes: %ld failed, the first: %s: %s\n", failed, first.where, first.text);
    return 0;
}
