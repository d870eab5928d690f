/*
 * flow_cases.c - Flow shapes with the requests of tests/golden/flows, sent by our client.
 *
 * An answer is compared in the form that the recording has (its README): status, results, parameters, names of the
 * routes, documents by field. An empty __results__ counts as absent, as the reference page asks of comparing programs.
 */
#include "cases.h"
#include "running.h"
#include "common/foundation/buffer.h"
#include "common/foundation/file.h"

#include <sluice/client.h>

#include <glob.h>
#include <stdlib.h>

static const struct {
    const char *class_name, *plugin;
} twins[] = {
    {"Tagger",  "lib/sluice/plugins/tag.so"    },
    {"Crud",    "tests/plugins/twin_crud.so"   },
    {"Results", "tests/plugins/twin_results.so"},
    {"Echo",    "tests/plugins/twin_echo.so"   },
    {"Odd",     "tests/plugins/twin_odd.so"    }
};

static void use_twin(const char *class_name, struct buffer *adapted)
{
    for (size_t i = 0; i < sizeof twins / sizeof twins[0]; i++)
        if (strcmp(twins[i].class_name, class_name) == 0)
            buffer_printf(adapted, "    uses: %s\n    py_modules: [\"%s/%s\"]\n", class_name, build_folder(),
                          twins[i].plugin);
}

/* The recorded YAML with each Python class replaced by its twin and the ports left to the system. */
static void adapt(const char *yaml, struct buffer *adapted)
{
    for (const char *line = yaml; *line != '\0';) {
        const char *end = strchr(line, '\n');
        size_t size = end != NULL ? (size_t)(end - line) + 1 : strlen(line);
        char name[64], class_name[64];
        if (sscanf(line, " - {name: %63[^,], uses: %63[^,],", name, class_name) == 2) {
            buffer_printf(adapted, "  - name: %s\n", name);
            use_twin(class_name, adapted);
        } else if (sscanf(line, " uses: %63s", class_name) == 1 && memmem(line, size, "uses: ", 6) != NULL) {
            use_twin(class_name, adapted);
        } else if (memmem(line, size, "py_modules:", 11) != NULL) {
            /* the Python file: dropped */
        } else if (memmem(line, size, " port: ", 7) != NULL) {
            buffer_append_text(adapted, memchr(line, '[', size) != NULL ? "  port: [0, 0]\n" : "  port: 0\n");
        } else {
            buffer_append(adapted, line, size);
        }
        line += size;
    }
}

static void set_text(sluice_value *map, const char *key, sluice_text text)
{
    if (text.size > 0)
        sluice_value_set_text(map, sluice_text_of(key), text);
}

static void set_array(sluice_value *map, const char *key, const sluice_tensor *tensor)
{
    static const char *const names[] = {
        [SLUICE_DTYPE_INT64] = "int64", [SLUICE_DTYPE_FLOAT32] = "float32", [SLUICE_DTYPE_FLOAT64] = "float64"};
    sluice_value *array = sluice_value_set_map(map, key);
    sluice_value_set_string(array, "dtype",
                            tensor->dtype <= SLUICE_DTYPE_FLOAT64 && names[tensor->dtype] != NULL ? names[tensor->dtype]
                                                                                                  : "?");
    sluice_value *shape = sluice_value_set_list(array, "shape"), *values = sluice_value_set_list(array, "values");
    for (size_t i = 0; i < tensor->dimensions; i++)
        sluice_value_append_number(shape, tensor->shape[i]);
    for (size_t i = 0; i < sluice_tensor_count(tensor); i++)
        sluice_value_append_number(values, sluice_tensor_number(tensor, i));
}

static void describe_documents(const sluice_document_array *documents, sluice_value *list);

static void describe_document(const sluice_document *document, sluice_value *map)
{
    set_text(map, "id", sluice_document_id(document));
    set_text(map, "parent_id", sluice_document_parent_id(document));
    set_text(map, "text", sluice_document_text(document));
    set_text(map, "uri", sluice_document_uri(document));
    set_text(map, "modality", sluice_document_modality(document));
    set_text(map, "mime_type", sluice_document_mime_type(document));
    if (sluice_document_granularity(document) != 0)
        sluice_value_set_number(map, "granularity", sluice_document_granularity(document));
    if (sluice_document_adjacency(document) != 0)
        sluice_value_set_number(map, "adjacency", sluice_document_adjacency(document));
    if (sluice_document_weight(document) != 0)
        sluice_value_set_number(map, "weight", (double)sluice_document_weight(document));
    size_t count;
    const float *location = sluice_document_location(document, &count);
    sluice_value *list = count > 0 ? sluice_value_set_list(map, "location") : NULL;
    for (size_t i = 0; i < count; i++)
        sluice_value_append_number(list, (double)location[i]);
    sluice_tensor tensor;
    if (sluice_document_embedding(document, &tensor))
        set_array(map, "embedding", &tensor);
    if (sluice_document_tensor(document, &tensor))
        set_array(map, "tensor", &tensor);
    if (sluice_value_size(sluice_document_tags(document)) > 0)
        sluice_value_set_copy(map, sluice_text_of("tags"), sluice_document_tags(document));
    for (size_t i = 0; i < sluice_document_scores_size(document); i++) {
        sluice_score score;
        char name[64];
        sluice_text text = sluice_document_score_at(document, i, &score);
        snprintf(name, sizeof name, "%.*s", (int)text.size, text.data);
        sluice_value *scores =
            i == 0 ? sluice_value_set_map(map, "scores") : (sluice_value *)sluice_value_get(map, "scores");
        sluice_value_set_number(sluice_value_set_map(scores, name), "value", (double)score.value);
    }
    if (sluice_document_array_size(sluice_document_chunks(document)) > 0)
        describe_documents(sluice_document_chunks(document), sluice_value_set_list(map, "chunks"));
    if (sluice_document_array_size(sluice_document_matches(document)) > 0)
        describe_documents(sluice_document_matches(document), sluice_value_set_list(map, "matches"));
}

static void describe_documents(const sluice_document_array *documents, sluice_value *list)
{
    for (size_t i = 0; i < sluice_document_array_size(documents); i++)
        describe_document(sluice_document_array_at(documents, i), sluice_value_append_map(list));
}

/* The parameters without __results__, which is compared on its own. */
static void describe_parameters(const sluice_value *parameters, sluice_value *map)
{
    sluice_value *plain = sluice_value_set_map(map, "parameters");
    for (size_t i = 0; i < sluice_value_size(parameters); i++)
        if (!sluice_text_is(sluice_value_key_at(parameters, i), "__results__"))
            sluice_value_set_copy(plain, sluice_value_key_at(parameters, i), sluice_value_at(parameters, i));
    const sluice_value *results = sluice_value_get(parameters, "__results__");
    if (sluice_value_size(results) > 0)
        sluice_value_set_copy(map, sluice_text_of("results"), results);
    else
        sluice_value_set_null(map, "results");
}

static void describe_response(sluice_response *response, sluice_value *map)
{
    sluice_value_set_string(map, "status", sluice_response_failed(response) ? "ERROR" : "SUCCESS");
    const sluice_exception *exception = sluice_response_exception(response);
    if (sluice_response_failed(response))
        sluice_value_set_text(map, sluice_text_of("description"), sluice_response_description(response));
    if (exception != NULL) {
        sluice_value *told = sluice_value_set_map(map, "exception"), *arguments;
        sluice_value_set_text(told, sluice_text_of("name"), exception->name);
        arguments = sluice_value_set_list(told, "args");
        for (size_t i = 0; i < exception->arg_count; i++)
            sluice_value_append_text(arguments, exception->args[i]);
        sluice_value_set_text(told, sluice_text_of("executor"), exception->executor);
    }
    describe_parameters(sluice_response_parameters(response), map);
    sluice_value *routes = sluice_value_set_list(map, "routes");
    for (size_t i = 0; i < sluice_response_route_count(response); i++) {
        sluice_route route = sluice_response_route(response, i);
        char name[128];
        snprintf(name, sizeof name, "%.*s%s", (int)route.executor.size, route.executor.data,
                 route.code != 0 ? " ERROR" : "");
        sluice_value_append_text(routes, sluice_text_of(name));
    }
    sluice_value_set_text(map, sluice_text_of("target_executor"), sluice_response_target_executor(response));
    describe_documents(sluice_response_documents(response, NULL), sluice_value_set_list(map, "documents"));
}

/* The recorded answer in the same form: an empty results map counts as absent. */
static void normalise(sluice_value *answer)
{
    const sluice_value *responses = sluice_value_get(answer, "responses");
    for (size_t i = 0; i < sluice_value_size(responses); i++) {
        sluice_value *response = (sluice_value *)sluice_value_at(responses, i);
        if (sluice_value_size(sluice_value_get(response, "results")) == 0)
            sluice_value_set_null(response, "results");
    }
}

/* Documents of a request: plain JSON, but for arrays and scores. */
static sluice_document_array *make_documents(const sluice_value *list)
{
    sluice_document_array *documents = sluice_document_array_new();
    for (size_t i = 0; i < sluice_value_size(list); i++) {
        sluice_value *plain = sluice_value_new_map();
        const sluice_value *given = sluice_value_at(list, i);
        for (size_t j = 0; j < sluice_value_size(given); j++) {
            sluice_text key = sluice_value_key_at(given, j);
            if (!sluice_text_is(key, "embedding") && !sluice_text_is(key, "tensor") && !sluice_text_is(key, "scores"))
                sluice_value_set_copy(plain, key, sluice_value_at(given, j));
        }
        char *json = NULL;
        sluice_error error;
        if (sluice_value_to_json(plain, &json, &error) != SLUICE_OK ||
            sluice_document_array_append_json(documents, json, strlen(json), &error) != SLUICE_OK)
            printf("a recorded document cannot be made: %s\n", error.text);
        free(json);
        sluice_value_free(plain);
        sluice_document *document = sluice_document_array_at(documents, i);
        for (int which = 0; which < 2; which++) {
            const sluice_value *array = sluice_value_get(given, which == 0 ? "embedding" : "tensor");
            const sluice_value *values = sluice_value_get(array, "values");
            uint32_t shape = (uint32_t)sluice_value_size(values);
            bool floats = sluice_text_is(sluice_value_string(sluice_value_get(array, "dtype")), "float32");
            float as_floats[16];
            int64_t as_integers[16];
            for (uint32_t k = 0; k < shape; k++) {
                as_floats[k] = (float)sluice_value_number(sluice_value_at(values, k), 0);
                as_integers[k] = sluice_value_integer(sluice_value_at(values, k), 0);
            }
            sluice_tensor tensor = {.dtype = floats ? SLUICE_DTYPE_FLOAT32 : SLUICE_DTYPE_INT64,
                                    .shape = &shape,
                                    .dimensions = 1,
                                    .data = floats ? (void *)as_floats : (void *)as_integers,
                                    .size = shape * (floats ? sizeof as_floats[0] : sizeof as_integers[0])};
            /* In docarray text and tensor share a slot; the recording program set text first. */
            if (array != NULL && which == 0)
                sluice_document_set_embedding(document, &tensor);
            else if (array != NULL)
                sluice_document_set_tensor(document, &tensor);
        }
        const sluice_value *scores = sluice_value_get(given, "scores");
        for (size_t j = 0; j < sluice_value_size(scores); j++) {
            char name[64];
            sluice_text key = sluice_value_key_at(scores, j);
            snprintf(name, sizeof name, "%.*s", (int)key.size, key.data);
            sluice_score score = {.value = (float)sluice_value_number(sluice_value_at(scores, j), 0)};
            score.op_name = score.description = score.ref_id = sluice_text_of("");
            sluice_document_set_score(document, name, &score);
        }
    }
    return documents;
}

static int collect(sluice_response *response, void *context)
{
    if (response != NULL)
        describe_response(response, sluice_value_append_map(context));
    return 0;
}

static int accept_failure(sluice_response *response, const sluice_error *error, void *context)
{
    (void)response, (void)error, (void)context;
    return 0;
}

static void text_copy(const sluice_value *map, const char *key, char *target, size_t capacity)
{
    sluice_text text = sluice_value_string(sluice_value_get(map, key));
    snprintf(target, capacity, "%.*s", (int)text.size, text.data);
}

/* Sends one request and describes what came back. */
static sluice_value *ask(sluice_client *client, const sluice_value *request)
{
    sluice_value *answer = sluice_value_new_map();
    sluice_value *responses = sluice_value_set_list(answer, "responses");
    char endpoint[64], target[64];
    text_copy(request, "endpoint", endpoint, sizeof endpoint);
    text_copy(request, "target_executor", target, sizeof target);
    sluice_post_options options = sluice_post_options_default();
    options.parameters = sluice_value_get(request, "parameters");
    options.target_executor = target;
    options.request_size = sluice_value_integer(sluice_value_get(request, "request_size"), 100);
    options.results_in_order = sluice_value_bool(sluice_value_get(request, "results_in_order"), false);
    options.on_always = collect;
    options.on_error = accept_failure;
    options.context = responses;
    const sluice_value *given = sluice_value_get(request, "documents");
    sluice_document_array *documents = make_documents(given);
    sluice_error error;
    sluice_status status =
        sluice_client_post(client, endpoint, given != NULL ? sluice_inputs_array(documents) : sluice_inputs_none(),
                           &options, NULL, &error);
    if (status != SLUICE_OK) {
        sluice_value *call = sluice_value_set_map(answer, "call");
        sluice_value_set_string(call, "kind", sluice_status_name(status));
        sluice_value_set_string(call, "text", error.text);
    }
    sluice_document_array_free(documents);
    return answer;
}

/* The smallest difference from any of the recorded answers. */
static void compare_with_recorded(const sluice_value *ours, const sluice_value *recorded, char *difference,
                                  size_t capacity)
{
    const sluice_value *observed = sluice_value_get(recorded, "observed");
    snprintf(difference, capacity, "nothing was recorded");
    size_t count = observed != NULL ? sluice_value_size(observed) : 1;
    for (size_t i = 0; i < count; i++) {
        sluice_value *one =
            (sluice_value *)(observed != NULL ? sluice_value_at(observed, i) : sluice_value_get(recorded, "answer"));
        normalise(one);
        compare_values(ours, one, difference, capacity);
        if (*difference == '\0')
            return;
    }
}

static void run_shape(const char *shape, struct tally *tally)
{
    char path[512];
    struct buffer yaml, adapted;
    buffer_init(&yaml, BUFFER_NO_LIMIT);
    buffer_init(&adapted, BUFFER_NO_LIMIT);
    snprintf(path, sizeof path, "%s/tests/golden/flows/%s.yml", source_folder(), shape);
    sluice_error error = {0};
    if (file_read_path(path, &yaml, &error) != SLUICE_OK)
        printf("%s: %s\n", path, error.text);
    adapt(buffer_text(&yaml), &adapted);
    snprintf(path, sizeof path, "%s/tests/golden/flows/%s.requests.json", source_folder(), shape);
    sluice_value *requests = cases_read_json(path);
    snprintf(path, sizeof path, "%s/tests/golden/flows/%s.answers.json", source_folder(), shape);
    sluice_value *answers = cases_read_json(path);
    const sluice_value *request_list = sluice_value_get(requests, "requests"),
                       *answer_list = sluice_value_get(answers, "answers");

    sluice_client *client = NULL;
    sluice_flow *flow = running_flow_start(buffer_text(&adapted));
    if (flow != NULL && sluice_flow_client(flow, &client, NULL) == SLUICE_OK) {
        for (size_t i = 0; i < sluice_value_size(request_list); i++) {
            const sluice_value *request = sluice_value_at(request_list, i);
            char name[160], label[64], difference[1024];
            text_copy(request, "name", label, sizeof label);
            snprintf(name, sizeof name, "flows/%s/%s", shape, label);
            sluice_value *ours = ask(client, request);
            compare_with_recorded(ours, sluice_value_at(answer_list, i), difference, sizeof difference);
            compare_count(tally, name, difference);
            sluice_value_free(ours);
        }
    } else {
        tally->unexplained += (unsigned)sluice_value_size(request_list);
    }
    running_flow_stop(flow, tally);
    sluice_value_free(requests);
    sluice_value_free(answers);
    buffer_done(&yaml);
    buffer_done(&adapted);
}

void cases_run_flows(struct tally *tally, const char *only)
{
    static const char end[] = ".requests.json";
    char pattern[512];
    glob_t found;
    snprintf(pattern, sizeof pattern, "%s/tests/golden/flows/*%s", source_folder(), end);
    if (glob(pattern, 0, NULL, &found) != 0) {
        printf("%s: nothing is recorded\n", pattern);
        tally->unexplained++;
        return;
    }
    for (size_t i = 0; i < found.gl_pathc; i++) {
        char *shape = strrchr(found.gl_pathv[i], '/') + 1;
        shape[strlen(shape) - strlen(end)] = '\0';
        if (only == NULL || strcmp(only, shape) == 0)
            run_shape(shape, tally);
    }
    globfree(&found);
}
