/* Tests of the plugin `echo`: what comes in goes out. */
#include "kit.h"

#include <check.h>
#include <string.h>

START_TEST(documents_come_back_as_they_were)
{
    struct kit kit;
    kit_open(&kit, "echo", NULL);
    kit_begin(&kit);
    kit_add(&kit, "a\0b", 3);
    sluice_value_set_number(sluice_document_edit_tags(kit_add(&kit, "", 0)), "n", 1);
    kit_send(&kit, "/any", "{\"p\": 1}");
    ck_assert_uint_eq(sluice_document_array_size(kit.answer), 2);
    kit_equal(sluice_document_text(kit_document(&kit, 0)), "a\0b", 3);
    ck_assert(sluice_value_equal(sluice_document_tags(kit_document(&kit, 1)),
                                 sluice_document_tags(sluice_document_array_at(kit.sent, 1))));
    ck_assert_ptr_null(sluice_testkit_results(kit.kit));
    kit_close(&kit);
}
END_TEST

START_TEST(a_request_without_documents_is_fine)
{
    struct kit kit;
    kit_open(&kit, "echo", NULL);
    kit_post(&kit, "/", NULL, NULL);
    ck_assert_int_eq(kit.status, SLUICE_OK);
    ck_assert_uint_eq(sluice_document_array_size(kit.answer), 0);
    kit_close(&kit);
}
END_TEST

START_TEST(it_takes_no_parameters)
{
    kit_refused("echo", "{\"loud\": true}", "loud");
}
END_TEST

int main(void)
{
    TCase *tests = tcase_create("echo");
    tcase_add_test(tests, documents_come_back_as_they_were);
    tcase_add_test(tests, a_request_without_documents_is_fine);
    tcase_add_test(tests, it_takes_no_parameters);
    return kit_run("plugins.echo", tests);
}
