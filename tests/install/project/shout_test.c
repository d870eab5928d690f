/* shout_test.c [PLUGIN]: the plugin linked in, then that of the file. */
#include <sluice/testkit.h>

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                                  \
    do {                                                                                  \
        if (!(condition)) {                                                               \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);       \
            exit(1);                                                                      \
        }                                                                                 \
    } while (0)

enum { MANY = 100 };

static sluice_text first_text(const sluice_testkit_answer *answer)
{
    return sluice_document_text(sluice_document_array_at(sluice_testkit_answer_documents(answer), 0));
}

static void check_answers(sluice_testkit *kit, const sluice_document_array *sent)
{
    sluice_testkit_answer *answer = NULL;
    sluice_testkit_request request = sluice_testkit_request_default();
    request.documents = sent;
    request.parameters = "{\"times\": 2}";
    CHECK(sluice_testkit_post(kit, &request, &answer, NULL) == SLUICE_OK);
    CHECK(!sluice_testkit_answer_failed(answer));
    CHECK(sluice_text_is(first_text(answer), "hello??"));
    CHECK(sluice_value_number(sluice_value_get(sluice_testkit_answer_results(answer), "marks"), 0) == 2);
    sluice_testkit_answer_free(answer);

    request.parameters = "{\"times\": 11}";
    CHECK(sluice_testkit_post(kit, &request, &answer, NULL) == SLUICE_OK);
    CHECK(sluice_testkit_answer_failed(answer));
    CHECK(sluice_text_is(sluice_testkit_answer_failure_name(answer), "ValueError"));
    CHECK(sluice_text_is(first_text(answer), "hello"));
    sluice_testkit_answer_free(answer);
}

static void check_many(sluice_testkit *kit, const sluice_document_array *sent)
{
    sluice_testkit_request requests[MANY];
    sluice_testkit_answer *answers[MANY];
    for (size_t i = 0; i < MANY; i++) {
        requests[i] = sluice_testkit_request_default();
        requests[i].documents = sent;
    }
    CHECK(sluice_testkit_post_many(kit, requests, MANY, answers, NULL) == SLUICE_OK);
    for (size_t i = 0; i < MANY; i++) {
        CHECK(sluice_text_is(first_text(answers[i]), "hello?"));
        sluice_testkit_answer_free(answers[i]);
    }
}

int main(int argc, char **argv)
{
    sluice_document_array *sent = sluice_document_array_new();
    sluice_document_set_string(sluice_document_array_append(sent), "hello");
    for (int from_file = 0; from_file < argc; from_file++) {
        sluice_testkit *kit = NULL;
        sluice_error error = {0};
        sluice_testkit_options options = sluice_testkit_options_default();
        if (from_file)
            options.file = argv[from_file];
        else
            options.plugin = sluice_plugin_entry();
        options.uses_with = "{mark: '?'}";
        options.workers = from_file ? 4 : 1;
        if (sluice_testkit_open_with(&options, &kit, &error) != SLUICE_OK) {
            fprintf(stderr, "%s: %s\n", error.where, error.text);
            return 1;
        }
        check_answers(kit, sent);
        check_many(kit, sent);
        sluice_testkit_close(kit);
        options.uses_with = "{mrak: '?'}";
        CHECK(sluice_testkit_open_with(&options, &kit, &error) == SLUICE_INVALID);
    }
    sluice_document_array_free(sent);
    return 0;
}
