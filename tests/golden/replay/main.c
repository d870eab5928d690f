/*
 * golden-replay - send the recorded requests of the real thing to a running Sluice and compare the answers.
 *
 * usage: golden-replay flows|grpc|http|websocket|graphql [NAME]
 * Prints `N equal, N deviations, 0 unexplained`; exit status 1 when something is unexplained.
 */
#include "cases.h"
#include "running.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

sluice_value *cases_read_json(const char *path)
{
    struct buffer text;
    buffer_init(&text, BUFFER_NO_LIMIT);
    sluice_error error = {0};
    sluice_value *value = NULL;
    sluice_status status = file_read_path(path, &text, &error);
    if (status == SLUICE_OK)
        status = sluice_value_from_json((const char *)text.data, text.size, &value, &error);
    buffer_done(&text);
    if (status != SLUICE_OK) {
        fprintf(stderr, "%s: %s: %s\n", path, error.where, error.text);
        exit(2);
    }
    return value;
}

int main(int argc, char **argv)
{
    struct tally tally = {0};
    char path[512];
    setvbuf(stdout, NULL, _IOLBF, 0);
    snprintf(path, sizeof path, "%s/tests/golden/deviations", source_folder());
    compare_load_deviations(path);
    const char *only = argc > 2 ? argv[2] : NULL;
    if (argc > 1 && strcmp(argv[1], "flows") == 0)
        cases_run_flows(&tally, only);
    else if (argc > 1 && strcmp(argv[1], "grpc") == 0)
        cases_run_grpc(&tally, only);
    else if (argc > 1 && strcmp(argv[1], "websocket") == 0)
        cases_run_websocket(&tally, only);
    else if (argc > 1 && (strcmp(argv[1], "http") == 0 || strcmp(argv[1], "graphql") == 0))
        cases_run_http(&tally, argv[1], only);
    else
        return fprintf(stderr, "usage: golden-replay flows|grpc|http|websocket|graphql [NAME]\n"), 2;
    compare_report_unused(&tally, argv[1], only == NULL);
    printf("%u equal, %u deviations, %u unexplained\n", tally.equal, tally.deviations, tally.unexplained);
    return tally.unexplained == 0 && tally.equal > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
