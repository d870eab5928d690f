#include "executor/host/bindings.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static sluice_status pass(sluice_call *call)
{
    (void)call;
    return SLUICE_OK;
}

static const sluice_handler handlers[] = {
    {"foo", "/foo", pass}, {"bar", "/bar", pass}, {"twice", "/one", pass}, {"twice", "/two", pass}, {"loose", NULL, pass}, {0}};
static const sluice_handler with_default[] = {{"foo", "/foo", pass}, {"rest", "/default", pass}, {0}};

static struct bindings bindings;
static sluice_value *requests;

static void set_up(void)
{
    requests = sluice_value_new_map();
}

static void tear_down(void)
{
    bindings_done(&bindings);
    sluice_value_free(requests);
}

static void bind(const sluice_handler *table)
{
    sluice_error error;
    ck_assert_int_eq(bindings_init(&bindings, table, requests, "test", &error), SLUICE_OK);
}

static void bound(const char *endpoint, const char *name)
{
    const sluice_handler *handler = bindings_find(&bindings, endpoint, strlen(endpoint));
    ck_assert_msg((handler == NULL) == (name == NULL), "%s is bound to %s", endpoint, handler != NULL ? handler->name : "nothing");
    if (name != NULL)
        ck_assert_str_eq(handler->name, name);
}

START_TEST(the_table_binds)
{
    bind(handlers);
    bound("/foo", "foo");
    bound("/one", "twice");
    bound("/two", "twice");
    bound("/fo", NULL);
    bound("/default", NULL);
    ck_assert_uint_eq(bindings.count, 4);
}
END_TEST

START_TEST(default_takes_the_rest)
{
    bind(with_default);
    bound("/foo", "foo");
    bound("/any", "rest");
    bound("", "rest");
}
END_TEST

START_TEST(rebinding_moves_a_handler)
{
    sluice_value_set_string(requests, "/new", "foo");
    bind(handlers);
    bound("/new", "foo");
    bound("/foo", NULL);
    bound("/bar", "bar");
}
END_TEST

START_TEST(a_handler_may_get_several_endpoints)
{
    sluice_value_set_string(requests, "/new", "foo");
    sluice_value_set_string(requests, "/newer", "foo");
    bind(handlers);
    bound("/new", "foo");
    bound("/newer", "foo");
    bound("/foo", NULL);
}
END_TEST

START_TEST(only_the_last_known_binding_is_taken_away)
{
    sluice_value_set_string(requests, "/new", "twice");
    bind(handlers);
    bound("/new", "twice");
    bound("/one", "twice");
    bound("/two", NULL);
}
END_TEST

START_TEST(two_handlers_may_change_places)
{
    sluice_value_set_string(requests, "/foo", "bar");
    sluice_value_set_string(requests, "/bar", "foo");
    bind(handlers);
    bound("/foo", "bar");
    bound("/bar", "foo");
}
END_TEST

START_TEST(binding_where_it_is_already_changes_nothing)
{
    sluice_value_set_string(requests, "/foo", "foo");
    bind(handlers);
    bound("/foo", "foo");
    ck_assert_uint_eq(bindings.count, 4);
}
END_TEST

START_TEST(an_unbound_handler_and_default_may_be_bound)
{
    sluice_value_set_string(requests, "/default", "loose");
    bind(handlers);
    bound("/any", "loose");
    bound("/foo", "foo");
}
END_TEST

START_TEST(an_unknown_handler_is_named)
{
    sluice_error error;
    sluice_value_set_string(requests, "/x", "fooo");
    ck_assert_int_eq(bindings_init(&bindings, handlers, requests, "test.so", &error), SLUICE_INVALID);
    ck_assert_ptr_nonnull(strstr(error.text, "\"fooo\""));
    ck_assert_str_eq(error.where, "test.so");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("executor.bindings");
    TCase *tcase = tcase_create("bindings");
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    suite_add_tcase(suite, tcase);
    tcase_add_test(tcase, the_table_binds);
    tcase_add_test(tcase, default_takes_the_rest);
    tcase_add_test(tcase, rebinding_moves_a_handler);
    tcase_add_test(tcase, a_handler_may_get_several_endpoints);
    tcase_add_test(tcase, only_the_last_known_binding_is_taken_away);
    tcase_add_test(tcase, two_handlers_may_change_places);
    tcase_add_test(tcase, binding_where_it_is_already_changes_nothing);
    tcase_add_test(tcase, an_unbound_handler_and_default_may_be_bound);
    tcase_add_test(tcase, an_unknown_handler_is_named);
    return suite_run(suite);
}
