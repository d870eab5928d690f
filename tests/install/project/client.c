/* client.c URI SENT EXPECTED: posts a text; 0 when it comes back as expected. Without arguments: the library is there. */
#include <sluice/client.h>
#include <sluice/version.h>

int main(int argc, char **argv)
{
    sluice_client *client = NULL;
    sluice_results *results = NULL;
    sluice_error error = {0};
    int code = 1;

    if (argc < 4)
        return strcmp(sluice_version(), SLUICE_VERSION) == 0 ? 0 : 3;
    sluice_text text = sluice_text_of(argv[2]);
    sluice_status status = sluice_client_open(argv[1], &client, &error);
    if (status == SLUICE_OK)
        status = sluice_client_post(client, "/", sluice_inputs_texts(&text, 1), NULL, &results, &error);
    if (status == SLUICE_OK) {
        text = sluice_document_text(sluice_document_array_at(sluice_results_documents(results), 0));
        code = sluice_text_is(text, argv[3]) ? 0 : 2;
        if (code != 0)
            fprintf(stderr, "got %.*s\n", (int)text.size, text.data);
    } else {
        fprintf(stderr, "%s: %s\n", error.where, error.text);
    }
    sluice_results_free(results);
    sluice_client_free(client);
    return code;
}
