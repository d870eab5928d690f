// whisper.cc - a plugin in C++: takes the last byte off each ASCII text. No exception may leave a handler.
#include <sluice/executor.h>

#include <new>
#include <string>

namespace {

sluice_status whisper(sluice_call *call)
try {
    sluice_document_array *documents = sluice_call_documents(call);
    sluice_status status = SLUICE_OK;
    for (size_t i = 0; i < sluice_document_array_size(documents) && status == SLUICE_OK; i++) {
        sluice_document *document = sluice_document_array_at(documents, i);
        sluice_text text = sluice_document_text(document);
        std::string shorter(text.data, text.size);
        if (!shorter.empty())
            shorter.pop_back();
        status = sluice_document_set_text(document, shorter.data(), shorter.size());
    }
    return status;
} catch (const std::bad_alloc &) {
    return SLUICE_NO_MEMORY;
}

const sluice_handler handlers[] = {{"whisper", "/default", whisper}, {}};

} // namespace

SLUICE_PLUGIN(.name = "whisper", .version = "1.0", .help = "Makes every text shorter.", .handlers = handlers)
