/*
 * The codec against Google's own protobuf library: both read the same messages, and what Sluice writes means to the
 * library what it was given (compared after writing with sorted maps, so -0.0, NaNs and unknown fields count).
 *
 * Two differences are known and left out: docs_bytes and the bounds of Sluice; tags beyond 32 bits, which this library
 * cuts off, and Sluice refuses as Python's does.
 */
extern "C" {
#include "tests/fuzz/oracle.h"
#include "tests/fuzz/require.h"
}

#include "jina.pb.h"

#include <google/protobuf/io/coded_stream.h>
#include <google/protobuf/io/zero_copy_stream_impl_lite.h>

#include <cstring>
#include <string>

namespace {

using Content = jina::DataRequestProto::DataContentProto;

enum { DEPTH = 100000 }; /* Sluice's own bound comes first */

bool parse(const uint8_t *data, size_t size, Content *content)
{
    google::protobuf::io::ArrayInputStream stream(data, static_cast<int>(size));
    google::protobuf::io::CodedInputStream input(&stream);
    input.SetRecursionLimit(DEPTH);
    return content->ParseFromCodedStream(&input) && input.ConsumedEntireMessage();
}

std::string with_sorted_maps(const Content &content)
{
    std::string bytes;
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream output(&stream);
    output.SetSerializationDeterministic(true);
    content.SerializeToCodedStream(&output);
    output.Trim();
    return bytes;
}

/* Does the error's position ("at byte 7") hold a tag beyond 32 bits? */
bool is_long_tag(const uint8_t *data, size_t size, const char *text)
{
    const char *place = std::strstr(text, "at byte ");
    size_t at = place != nullptr ? std::strtoul(place + 8, nullptr, 10) : size;
    uint64_t tag = 0;
    for (unsigned i = 0; i < 10 && at + i < size; i++) {
        tag |= static_cast<uint64_t>(data[at + i] & 0x7F) << (7 * i);
        if (data[at + i] < 0x80)
            break;
    }
    return tag > UINT32_MAX;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    data++; /* the corpus is that of documents.c, where the first byte chooses */
    size--;
    static google::protobuf::LogSilencer quiet;
    uint8_t *bytes = nullptr;
    size_t bytes_size = 0;
    char text[1024] = "";
    oracle_outcome outcome = oracle_round(data, size, &bytes, &bytes_size, text);
    if (outcome == ORACLE_BOUND)
        return 0;
    Content before, after;
    bool readable = parse(data, size, &before);
    if (outcome == ORACLE_INVALID && readable && is_long_tag(data, size, text))
        return 0;
    require(readable == (outcome == ORACLE_READ));
    if (!readable)
        return 0;
    before.mutable_docs(); /* Sluice always writes docs */
    require(parse(bytes, bytes_size, &after));
    require(with_sorted_maps(before) == with_sorted_maps(after));
    free(bytes);
    return 0;
}
