// client.cc URI SENT EXPECTED: as client.c. Includes every header, to see that C++ takes them.
#include <sluice/client.h>
#include <sluice/document.h>
#include <sluice/error.h>
#include <sluice/executor.h>
#include <sluice/flow.h>
#include <sluice/testkit.h>
#include <sluice/version.h>

#include <cstdio>
#include <memory>
#include <string>

int main(int argc, char **argv)
{
    if (argc < 4)
        return std::string(sluice_version()) == SLUICE_VERSION ? 0 : 3;
    sluice_error error = {};
    sluice_client *opened = nullptr;
    if (sluice_client_open(argv[1], &opened, &error) != SLUICE_OK) {
        std::fprintf(stderr, "%s: %s\n", error.where, error.text);
        return 1;
    }
    std::unique_ptr<sluice_client, decltype(&sluice_client_free)> client(opened, sluice_client_free);
    sluice_text text = sluice_text_of(argv[2]);
    sluice_results *got = nullptr;
    if (sluice_client_post(client.get(), "/", sluice_inputs_texts(&text, 1), nullptr, &got, &error) != SLUICE_OK) {
        std::fprintf(stderr, "%s: %s\n", error.where, error.text);
        return 1;
    }
    std::unique_ptr<sluice_results, decltype(&sluice_results_free)> results(got, sluice_results_free);
    text = sluice_document_text(sluice_document_array_at(sluice_results_documents(got), 0));
    return std::string(text.data, text.size) == argv[3] ? 0 : 2;
}
