#include "tests/bench/load_cpu.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

/* /proc/PID/schedstat counts the first thread only, /proc/PID/stat only in steps of 10 ms: sum up the threads. */
uint64_t load_cpu_ns(int pid)
{
    char path[64];
    snprintf(path, sizeof(path), "/proc/%d/task", pid);
    DIR *folder = opendir(path);
    if (!folder)
        return 0;
    uint64_t total = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char file[400];
        snprintf(file, sizeof(file), "%s/%s/schedstat", path, entry->d_name);
        FILE *in = entry->d_name[0] == '.' ? NULL : fopen(file, "re");
        unsigned long long run = 0;
        if (in && fscanf(in, "%llu", &run) == 1)
            total += run;
        if (in)
            fclose(in);
    }
    closedir(folder);
    return total;
}
