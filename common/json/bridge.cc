/*
 * bridge.cc - the module json.so: simdjson behind a C table.
 *
 * simdjson checks the whole text before the first event. What it refuses is read again by slow_reader.cc, which accepts
 * a little more and tells the place of errors. The outer functions let no exception out.
 */
#include "common/json/slow_reader.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <new>
#include <vector>

namespace
{

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr size_t KEPT_MAX = 16 << 10;

/* Tells a parsed value event by event and counts them, each number for itself. */
class Teller
{
  public:
    Teller(const json_events *events, void *context) : events_(events), context_(context)
    {
    }

    /* Number of the event that stopped the telling. */
    size_t stopped_at() const
    {
        return count_;
    }

    bool tell(element value)
    {
        switch (value.type()) {
        case element_type::ARRAY: return tell_array(value);
        case element_type::OBJECT: return tell_object(value);
        case element_type::STRING: {
            std::string_view text = value.get_string().value_unsafe();
            return count() && events_->string(context_, text.data(), text.size());
        }
        case element_type::BOOL: return count() && events_->boolean(context_, value.get_bool().value_unsafe());
        case element_type::NULL_VALUE: return count() && events_->null(context_);
        default: return tell_number(value);
        }
    }

  private:
    const json_events *events_;
    void *context_;
    size_t count_ = 0;
    std::vector<uint64_t> row_; /* bits of the numbers of an array */

    bool count()
    {
        count_++;
        return true;
    }

    bool tell_number(element value)
    {
        json_numbers kind = kind_of(value);
        uint64_t bits = bits_of(value, kind);
        return count() && events_->numbers(context_, kind, &bits, 1);
    }

    bool tell_object(element value)
    {
        if (!count() || !events_->begin_object(context_))
            return false;
        simdjson::dom::object object = value.get_object().value_unsafe(); /* a temporary would end before the loop */
        for (auto member : object)
            if (!count() || !events_->key(context_, member.key.data(), member.key.size()) || !tell(member.value))
                return false;
        return count() && events_->end_object(context_);
    }

    bool tell_array(element value)
    {
        simdjson::dom::array array = value.get_array().value_unsafe();
        if (!count() || !events_->begin_array(context_))
            return false;
        json_numbers kind;
        if (all_numbers(array, &kind)) {
            if (!tell_row(array, kind))
                return false;
        } else {
            for (element item : array)
                if (!tell(item))
                    return false;
        }
        return count() && events_->end_array(context_);
    }

    static json_numbers kind_of(element value)
    {
        switch (value.type()) {
        case element_type::INT64: return JSON_INTEGERS;
        case element_type::UINT64: return JSON_UNSIGNED;
        default: return JSON_DOUBLES;
        }
    }

    static uint64_t bits_of(element value, json_numbers kind)
    {
        if (kind == JSON_DOUBLES) {
            double number = value.get_double().value_unsafe();
            uint64_t bits;
            std::memcpy(&bits, &number, sizeof bits);
            return bits;
        }
        return value.type() == element_type::UINT64 ? value.get_uint64().value_unsafe()
                                                    : static_cast<uint64_t>(value.get_int64().value_unsafe());
    }

    /* The kind that holds all numbers of an array; false when something else or nothing is in it. */
    static bool all_numbers(simdjson::dom::array array, json_numbers *ret_kind)
    {
        bool any = false, doubles = false, large = false, negative = false;
        for (element item : array) {
            any = true;
            switch (item.type()) {
            case element_type::DOUBLE: doubles = true; break;
            case element_type::UINT64: large = true; break;
            case element_type::INT64: negative |= item.get_int64().value_unsafe() < 0; break;
            default: return false;
            }
        }
        *ret_kind = doubles || (large && negative) ? JSON_DOUBLES : large ? JSON_UNSIGNED : JSON_INTEGERS;
        return any;
    }

    bool tell_row(simdjson::dom::array array, json_numbers kind)
    {
        row_.clear();
        for (element item : array)
            row_.push_back(bits_of(item, kind));
        count_++;
        if (!events_->numbers(context_, kind, row_.data(), row_.size()))
            return false;
        count_ += row_.size() - 1;
        return true;
    }
};

json_outcome fast_or_slow(const char *text, size_t size, size_t depth, const json_events *events, void *context,
                          json_failure *failure)
{
    /* Lines of JSON come one after the other: the memory of small ones is kept for the next. */
    static thread_local simdjson::dom::parser kept;
    simdjson::dom::parser single;
    simdjson::dom::parser &parser = size <= KEPT_MAX ? kept : single;
    element root;
    size_t mark = size >= 3 && std::memcmp(text, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
    depth = depth < 1 ? 1 : depth;
    simdjson::error_code error = simdjson::SUCCESS;
    if (parser.capacity() < size - mark || parser.max_depth() != depth)
        error = parser.allocate(size <= KEPT_MAX ? KEPT_MAX : size, depth);
    if (error == simdjson::SUCCESS)
        error = parser.parse(text + mark, size - mark).get(root);
    if (error == simdjson::MEMALLOC)
        return JSON_NO_MEMORY;
    if (error != simdjson::SUCCESS)
        return slow_read(text, size, depth, events, context, 0, failure);
    Teller teller(events, context);
    if (teller.tell(root))
        return JSON_DONE;
    return slow_read(text, size, depth, nullptr, nullptr, teller.stopped_at(), failure);
}

json_outcome read(const char *text, size_t size, size_t depth, const json_events *events, void *context,
                  json_failure *failure)
{
    try {
        return fast_or_slow(text, size, depth, events, context, failure);
    } catch (const std::bad_alloc &) {
        return JSON_NO_MEMORY;
    } catch (...) {
        failure->line = failure->column = 1;
        std::strcpy(failure->text, "it cannot be read");
        return JSON_MALFORMED;
    }
}

size_t word(char *text, const char *what)
{
    size_t size = std::strlen(what);
    std::memcpy(text, what, size);
    return size;
}

/* Python prints exponents below 1e-4 and from 1e16 on, and always a point or an exponent. */
size_t print_double(double value, char *text)
{
    if (std::isnan(value))
        return word(text, "NaN");
    if (std::isinf(value))
        return word(text, value > 0 ? "Infinity" : "-Infinity");
    double size = std::fabs(value);
    bool fixed = size == 0 || (size >= 1e-4 && size < 1e16);
    char *end = std::to_chars(text, text + JSON_NUMBER_MAX, value,
                              fixed ? std::chars_format::fixed : std::chars_format::scientific)
                    .ptr;
    if (fixed && std::memchr(text, '.', static_cast<size_t>(end - text)) == nullptr) {
        *end++ = '.';
        *end++ = '0';
    }
    return static_cast<size_t>(end - text);
}

size_t print_doubles(const double *values, size_t count, const char *separator, char *text)
{
    size_t gap = std::strlen(separator);
    char *at = text;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            std::memcpy(at, separator, gap);
            at += gap;
        }
        at += print_double(values[i], at);
    }
    return static_cast<size_t>(at - text);
}

} // namespace

extern "C" __attribute__((visibility("default"))) const json_module *sluice_json_module(void);

extern "C" const json_module *sluice_json_module(void)
{
    static const json_module module = {JSON_MODULE_VERSION, read, print_double, print_doubles};
    return &module;
}
