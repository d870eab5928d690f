/* The table of failures (design, invariant 5), walked row by row. */
#include "common/foundation/status.h"
#include "tests/unit/suite.h"

#include <string.h>

START_TEST(every_status_has_its_codes_on_every_protocol)
{
    static const struct status_codes wanted[] = {
        {SLUICE_OK, "ok", 0, 200, 0, 0},
        {SLUICE_INVALID, "invalid", 3, 400, 1007, 1},
        {SLUICE_NOT_FOUND, "not found", 5, 404, 1011, 1},
        {SLUICE_LIMIT, "limit reached", 8, 429, 1013, 4},
        {SLUICE_TOO_LARGE, "too large", 8, 413, 1009, 4},
        {SLUICE_UNAVAILABLE, "unavailable", 14, 503, 1011, 3},
        {SLUICE_DRAINING, "shutting down", 14, 503, 1012, 3},
        {SLUICE_TIMEOUT, "timed out", 4, 504, 1011, 5},
        {SLUICE_CANCELLED, "cancelled", 1, 499, 1001, 6},
        {SLUICE_UNIMPLEMENTED, "not implemented", 12, 501, 1011, 1},
        {SLUICE_EXECUTOR, "executor failed", 0, 200, 0, 7},
        {SLUICE_CALLBACK, "callback failed", 2, 500, 1011, 8},
        {SLUICE_SYSTEM, "system error", 13, 500, 1011, 9},
        {SLUICE_NO_MEMORY, "out of memory", 8, 503, 1013, 9},
        {SLUICE_INTERNAL, "internal error", 13, 500, 1011, 9},
    };
    ck_assert_uint_eq(sizeof wanted / sizeof wanted[0], SLUICE_STATUS_COUNT);
    for (int i = 0; i < SLUICE_STATUS_COUNT; i++) {
        const struct status_codes *codes = status_codes_of((sluice_status)i);
        ck_assert_int_eq(codes->status, i);
        ck_assert_int_eq(wanted[i].status, i);
        ck_assert_str_eq(codes->name, wanted[i].name);
        ck_assert_int_eq(codes->grpc, wanted[i].grpc);
        ck_assert_int_eq(codes->http, wanted[i].http);
        ck_assert_int_eq(codes->websocket, wanted[i].websocket);
        ck_assert_int_eq(codes->exit_code, wanted[i].exit_code);
        ck_assert_str_eq(sluice_status_name((sluice_status)i), wanted[i].name);
    }
    ck_assert_int_eq(status_codes_of((sluice_status)99)->status, SLUICE_INTERNAL);
    ck_assert_int_eq(status_codes_of((sluice_status)-1)->status, SLUICE_INTERNAL);
    ck_assert_str_eq(sluice_status_name((sluice_status)99), "unknown");
}
END_TEST

START_TEST(codes_of_a_grpc_peer_become_a_status)
{
    static const int wanted[] = {SLUICE_OK,       SLUICE_CANCELLED, SLUICE_INTERNAL, SLUICE_INVALID,  SLUICE_TIMEOUT,
                                 SLUICE_NOT_FOUND, SLUICE_INTERNAL,  SLUICE_INTERNAL, SLUICE_LIMIT,    SLUICE_INTERNAL,
                                 SLUICE_INTERNAL, SLUICE_INTERNAL,  SLUICE_UNIMPLEMENTED, SLUICE_INTERNAL, SLUICE_UNAVAILABLE};
    for (int code = 0; code < 15; code++)
        ck_assert_int_eq(status_from_grpc(code), wanted[code]);
    ck_assert_int_eq(status_from_grpc(-5), SLUICE_INTERNAL);
}
END_TEST

START_TEST(an_error_holds_place_and_sentence)
{
    sluice_error error = {0};
    ck_assert_int_eq(sluice_fail(&error, SLUICE_INVALID, "flow.yml:1:2", "no %s here", "cats"), SLUICE_INVALID);
    ck_assert_int_eq(error.status, SLUICE_INVALID);
    ck_assert_str_eq(error.where, "flow.yml:1:2");
    ck_assert_str_eq(error.text, "no cats here");
    sluice_fail(&error, SLUICE_LIMIT, NULL, "x");
    ck_assert_str_eq(error.where, "");
    ck_assert_int_eq(sluice_fail(NULL, SLUICE_TIMEOUT, "a", "b"), SLUICE_TIMEOUT);
}
END_TEST

/* 3 bytes per sign: neither 159 nor 735 is a multiple, so a naive cut would split one. */
START_TEST(long_text_is_cut_between_characters)
{
    char text[1201];
    for (int i = 0; i < 400; i++)
        memcpy(text + 3 * i, "\xe2\x82\xac", 3);
    text[1200] = '\0';
    sluice_error error = {0};
    sluice_fail(&error, SLUICE_INVALID, text, "%s", text);
    ck_assert_uint_eq(strlen(error.where), 159);
    ck_assert_uint_eq(strlen(error.text), 735);
    sluice_fail(&error, SLUICE_INVALID, text + 2, "x%s", text);
    ck_assert_uint_eq(strlen(error.text), 733);
}
END_TEST

SUITE_MAIN("common.status", every_status_has_its_codes_on_every_protocol, codes_of_a_grpc_peer_become_a_status,
           an_error_holds_place_and_sentence, long_text_is_cut_between_characters)
