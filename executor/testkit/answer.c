/* answer.c - what a handler gave, kept beyond its call. */
#include "common/document/codec.h"
#include "common/wire/jina_fields.h"
#include "executor/testkit/kit.h"

#include <stdlib.h>

sluice_testkit_answer *answer_new(void)
{
    sluice_testkit_answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL)
        return NULL;
    buffer_init(&answer->failure, BUFFER_NO_LIMIT);
    answer->text = answer->name = answer->executor = sluice_text_of("");
    return answer;
}

void sluice_testkit_answer_free(sluice_testkit_answer *answer)
{
    if (answer == NULL)
        return;
    sluice_document_array_free(answer->documents);
    sluice_value_free(answer->results);
    buffer_done(&answer->failure);
    free(answer);
}

static sluice_text text_of(const struct wire_field *field)
{
    return (sluice_text){(const char *)field->data, field->size};
}

static void read_exception(sluice_testkit_answer *answer)
{
    struct wire_reader reader = answer->exception;
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        if (field.number == EXCEPTION_NAME)
            answer->name = text_of(&field);
        else if (field.number == EXCEPTION_EXECUTOR)
            answer->executor = text_of(&field);
        else if (field.number == EXCEPTION_ARGS)
            answer->argument_count++;
    }
}

/* The message was written by failure_write(), so it is well-formed. */
static sluice_status take_failure(sluice_testkit_answer *answer, const struct buffer *status, sluice_error *error)
{
    buffer_append(&answer->failure, status->data, status->size);
    if (answer->failure.failed != SLUICE_OK)
        return sluice_fail(error, answer->failure.failed, "answer", "no memory for the failure");
    struct wire_reader reader = wire_read(answer->failure.data, answer->failure.size);
    struct wire_field field;
    while (wire_next(&reader, &field)) {
        if (field.number == STATUS_DESCRIPTION)
            answer->text = text_of(&field);
        else if (field.number == STATUS_EXCEPTION)
            answer->exception = wire_read(field.data, field.size);
    }
    read_exception(answer);
    return SLUICE_OK;
}

sluice_status answer_take(sluice_testkit_answer *answer, const struct call_answer *given, const struct rope *sent,
                          sluice_error *error)
{
    answer->bound = given->has_endpoint;
    answer->failed = given->outcome == CALL_FAILED;
    answer->untouched = given->outcome == CALL_UNCHANGED;
    struct rope body;
    rope_init(&body);
    sluice_status status = given->body != NULL ? rope_append(&body, given->body, given->body->data, given->body->size)
                                               : rope_append_rope(&body, sent);
    if (status == SLUICE_OK)
        status = document_array_read_content(&body, NULL, &answer->documents, error);
    else
        sluice_fail(error, status, "answer", "no memory for the documents");
    rope_done(&body);
    if (status == SLUICE_OK && given->has_results)
        status = value_read_struct(given->results->data, given->results->size, NULL, &answer->results, error);
    if (status == SLUICE_OK && answer->failed)
        status = take_failure(answer, given->failure, error);
    return status;
}

/* ---- what it says ---- */

bool sluice_testkit_answer_bound(const sluice_testkit_answer *answer)
{
    return answer->bound;
}

bool sluice_testkit_answer_failed(const sluice_testkit_answer *answer)
{
    return answer->failed;
}

bool sluice_testkit_answer_untouched(const sluice_testkit_answer *answer)
{
    return answer->untouched;
}

sluice_document_array *sluice_testkit_answer_documents(const sluice_testkit_answer *answer)
{
    return answer->documents;
}

const sluice_value *sluice_testkit_answer_results(const sluice_testkit_answer *answer)
{
    return answer->results;
}

sluice_text sluice_testkit_answer_failure_text(const sluice_testkit_answer *answer)
{
    return answer->text;
}

sluice_text sluice_testkit_answer_failure_name(const sluice_testkit_answer *answer)
{
    return answer->name;
}

sluice_text sluice_testkit_answer_failure_executor(const sluice_testkit_answer *answer)
{
    return answer->executor;
}

size_t sluice_testkit_answer_failure_argument_count(const sluice_testkit_answer *answer)
{
    return answer->argument_count;
}

sluice_text sluice_testkit_answer_failure_argument(const sluice_testkit_answer *answer, size_t index)
{
    struct wire_reader reader = answer->exception;
    struct wire_field field;
    while (reader.at != NULL && wire_next(&reader, &field))
        if (field.number == EXCEPTION_ARGS && index-- == 0)
            return text_of(&field);
    return sluice_text_of("");
}

uint32_t sluice_testkit_answer_worker(const sluice_testkit_answer *answer)
{
    return answer->worker;
}

double sluice_testkit_answer_seconds(const sluice_testkit_answer *answer)
{
    return answer->seconds;
}
