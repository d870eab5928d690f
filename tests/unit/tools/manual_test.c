/* docs/cli.md shows the table of common/foundation/status.c, row by row. */
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"
#include "common/foundation/status.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

START_TEST(the_manual_has_every_row_of_the_status_table)
{
    struct buffer manual;
    sluice_error error;
    buffer_init(&manual, 1 << 20);
    ck_assert_msg(file_read_path("docs/cli.md", &manual, &error) == SLUICE_OK, "%s", error.text);
    for (int status = 0; status < SLUICE_STATUS_COUNT; status++) {
        const struct status_codes *codes = status_codes_of((sluice_status)status);
        char row[256], websocket[16] = "stays open";
        if (codes->websocket != 0)
            snprintf(websocket, sizeof websocket, "%d", codes->websocket);
        snprintf(row, sizeof row, "\n| %s | %d | %d | %s | %d |\n", codes->name, codes->grpc, codes->http, websocket,
                 codes->exit_code);
        ck_assert_msg(strstr(buffer_text(&manual), row) != NULL, "not in docs/cli.md:%s", row);
        ck_assert_int_ne(codes->exit_code, 2); /* kept for wrong command lines */
    }
    buffer_done(&manual);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("tools.manual");
    TCase *cases = tcase_create("all");
    tcase_add_test(cases, the_manual_has_every_row_of_the_status_table);
    suite_add_tcase(suite, cases);
    return suite_run(suite);
}
