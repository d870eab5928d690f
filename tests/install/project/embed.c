/* embed.c PLUGIN: a program that brings its Flow along; the Flow's programs are those beside the library. */
#include <sluice/flow.h>

int main(int argc, char **argv)
{
    sluice_flow *flow = NULL;
    sluice_results *results = NULL;
    sluice_error error = {0};
    sluice_text text = sluice_text_of("one");
    bool right = false;

    sluice_flow_builder *builder = sluice_flow_builder_new();
    sluice_flow_builder_add(builder, "first", "echo", NULL);
    sluice_flow_builder_add(builder, "louder", argc > 1 ? argv[1] : "shout", "workers", "2", NULL);
    sluice_status status = sluice_flow_builder_start(builder, NULL, &flow, &error);
    if (status == SLUICE_OK)
        status = sluice_flow_post(flow, "/", sluice_inputs_texts(&text, 1), NULL, &results, &error);
    if (status == SLUICE_OK) {
        sluice_document_array *documents = sluice_results_documents(results);
        right = sluice_text_is(sluice_document_text(sluice_document_array_at(documents, 0)), "one!");
    }
    sluice_results_free(results);
    if (flow != NULL && status == SLUICE_OK)
        status = sluice_flow_stop(flow, &error);
    if (status != SLUICE_OK)
        fprintf(stderr, "%s: %s\n", error.where, error.text);
    sluice_flow_builder_free(builder);
    return status == SLUICE_OK && right ? 0 : 1;
}
