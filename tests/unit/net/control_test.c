#include "common/net/control.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int supervisor = -1, child = -1;
static struct control_message message;

static void set_up(void)
{
    ck_assert_int_eq(control_pair(&supervisor, &child, NULL), SLUICE_OK);
}

static void tear_down(void)
{
    close(supervisor);
    if (child >= 0)
        close(child);
}

START_TEST(a_message_arrives_with_its_pairs)
{
    ck_assert_int_eq(CONTROL_SEND(child, "ready", "protocol", "grpc", "host", "127.0.0.1", "port", "51234"), SLUICE_OK);
    ck_assert_int_eq(control_receive(supervisor, &message), SLUICE_OK);
    ck_assert_str_eq(message.word, "ready");
    ck_assert_uint_eq(message.pair_count, 3);
    ck_assert_str_eq(control_value(&message, "protocol"), "grpc");
    ck_assert_str_eq(control_value(&message, "host"), "127.0.0.1");
    ck_assert_str_eq(control_value(&message, "port"), "51234");
    ck_assert_ptr_null(control_value(&message, "pod"));
}
END_TEST

START_TEST(a_bare_word_and_messages_in_both_directions)
{
    ck_assert_int_eq(CONTROL_SEND(supervisor, "drain"), SLUICE_OK);
    ck_assert_int_eq(control_receive(child, &message), SLUICE_OK);
    ck_assert_str_eq(message.word, "drain");
    ck_assert_uint_eq(message.pair_count, 0);
}
END_TEST

START_TEST(any_text_survives)
{
    static const char text[] = "cannot open \"x = 5%.so\":\n\tno such file \xC3\xA4 \x7F \x01=";
    ck_assert_int_eq(CONTROL_SEND(child, "failed", "text", text, "empty", ""), SLUICE_OK);
    ck_assert_int_eq(control_receive(supervisor, &message), SLUICE_OK);
    ck_assert_str_eq(control_value(&message, "text"), text);
    ck_assert_str_eq(control_value(&message, "empty"), "");
}
END_TEST

START_TEST(the_end_of_the_stream_is_unavailable)
{
    close(child);
    child = -1;
    ck_assert_int_eq(control_receive(supervisor, &message), SLUICE_UNAVAILABLE);
    ck_assert_int_eq(CONTROL_SEND(supervisor, "drain"), SLUICE_UNAVAILABLE);
}
END_TEST

START_TEST(what_is_no_message_is_invalid)
{
    static const char *const wrong[] = {" ready", "ready port", "ready port=%zz", "ready port=%0", "ready %00=1", "%",
                                        "ready  a=b", "a b=c d"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ck_assert_int_gt(send(child, wrong[i], strlen(wrong[i]), 0), 0);
        ck_assert_msg(control_receive(supervisor, &message) == SLUICE_INVALID, "accepted: %s", wrong[i]);
    }
    ck_assert_int_gt(send(child, "a\0b", 3, 0), 0);
    ck_assert_int_eq(control_receive(supervisor, &message), SLUICE_INVALID);
}
END_TEST

START_TEST(size_and_number_of_pairs_are_bounded)
{
    char *text = malloc(CONTROL_MESSAGE_MAX + 1);
    memset(text, 'x', CONTROL_MESSAGE_MAX);
    text[CONTROL_MESSAGE_MAX] = '\0';
    ck_assert_int_eq(CONTROL_SEND(child, "failed", "text", text), SLUICE_LIMIT);
    text[CONTROL_MESSAGE_MAX - 1 - strlen("failed text=")] = '\0';
    ck_assert_int_eq(CONTROL_SEND(child, "failed", "text", text), SLUICE_OK);
    ck_assert_int_eq(control_receive(supervisor, &message), SLUICE_OK);
    ck_assert_str_eq(control_value(&message, "text"), text);
    memset(text, 'x', CONTROL_MESSAGE_MAX);
    ck_assert_int_gt(send(child, text, CONTROL_MESSAGE_MAX, 0), 0);
    ck_assert_int_eq(control_receive(supervisor, &message), SLUICE_INVALID);
    free(text);

    static const char sixteen[] = "w a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1 n=1 o=1 p=1";
    ck_assert_int_gt(send(child, sixteen, strlen(sixteen), 0), 0);
    ck_assert_int_eq(control_receive(supervisor, &message), SLUICE_OK);
    static const char seventeen[] = "w a=1 b=1 c=1 d=1 e=1 f=1 g=1 h=1 i=1 j=1 k=1 l=1 m=1 n=1 o=1 p=1 q=1";
    ck_assert_int_gt(send(child, seventeen, strlen(seventeen), 0), 0);
    ck_assert_int_eq(control_receive(supervisor, &message), SLUICE_INVALID);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net.control");
    TCase *tcase = tcase_create("control");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, a_message_arrives_with_its_pairs);
    tcase_add_test(tcase, a_bare_word_and_messages_in_both_directions);
    tcase_add_test(tcase, any_text_survives);
    tcase_add_test(tcase, the_end_of_the_stream_is_unavailable);
    tcase_add_test(tcase, what_is_no_message_is_invalid);
    tcase_add_test(tcase, size_and_number_of_pairs_are_bounded);
    return suite_run(suite);
}
