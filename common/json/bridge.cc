/*
 * bridge.cc - the module json.so: simdjson and the shortest decimals of fmt behind a C table.
 *
 * simdjson checks the whole text before the first event. What it refuses is read again by slow_reader.cc, which accepts
 * a little more and tells the place of errors. The outer functions let no exception out.
 *
 * fmt's Dragonbox is used without fmt's own printing, which takes twice the time (and std::to_chars three times).
 */
#include "common/json/slow_reader.h"

#include <fmt/format.h>
#include <simdjson.h>

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
        if (fill_row(array, &kind)) {
            if (!tell_row(kind))
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

    static uint64_t bits_of(double number)
    {
        uint64_t bits;
        std::memcpy(&bits, &number, sizeof bits);
        return bits;
    }

    static uint64_t bits_of(element value, json_numbers kind)
    {
        if (kind == JSON_DOUBLES)
            return bits_of(value.get_double().value_unsafe());
        return value.type() == element_type::UINT64 ? value.get_uint64().value_unsafe()
                                                    : static_cast<uint64_t>(value.get_int64().value_unsafe());
    }

    /* All numbers of an array as doubles into row_; false when something else or nothing is in it. */
    bool fill_doubles(simdjson::dom::array array)
    {
        row_.clear();
        for (element item : array) {
            double number;
            if (item.get_double().get(number) != simdjson::SUCCESS)
                return false;
            row_.push_back(bits_of(number));
        }
        return !row_.empty();
    }

    /* All numbers of an array into row_, in the kind that holds them all. */
    bool fill_row(simdjson::dom::array array, json_numbers *ret_kind)
    {
        bool large = false, negative = false;
        row_.clear();
        *ret_kind = JSON_DOUBLES;
        for (element item : array) {
            switch (item.type()) {
            case element_type::UINT64: large = true; break;
            case element_type::INT64: negative |= item.get_int64().value_unsafe() < 0; break;
            case element_type::DOUBLE: return fill_doubles(array);
            default: return false;
            }
            row_.push_back(bits_of(item, JSON_INTEGERS));
        }
        if (large && negative)
            return fill_doubles(array);
        *ret_kind = large ? JSON_UNSIGNED : JSON_INTEGERS;
        return !row_.empty();
    }

    bool tell_row(json_numbers kind)
    {
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
    if (error != simdjson::SUCCESS) /* also for want of the fourteen bytes per character that it takes */
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

json_outcome parse(const char *text, size_t size, size_t depth)
{
    static thread_local simdjson::dom::parser parser; /* warm, as simdjson's own benchmarks have it */
    try {
        element root;
        if (parser.capacity() < size && parser.allocate(size, depth) != simdjson::SUCCESS)
            return JSON_NO_MEMORY;
        return parser.parse(text, size).get(root) == simdjson::SUCCESS ? JSON_DONE : JSON_MALFORMED;
    } catch (...) {
        return JSON_NO_MEMORY;
    }
}

size_t word(char *text, const char *what)
{
    size_t size = std::strlen(what);
    std::memcpy(text, what, size);
    return size;
}

/*
 * Digits are copied in pieces of a fixed size, which costs less than asking for the exact one; what is too much is
 * written over or lies behind the end. JSON_NUMBER_MAX has room for that.
 */
constexpr int PIECE = 17;              /* the most digits that the shortest decimal of a double has */
constexpr int DIGITS_ROOM = 2 * PIECE; /* so that a piece may begin at any digit */

void put_two(char *at, uint32_t number)
{
    std::memcpy(at, fmt::detail::digits2(number), 2);
}

/* Eight digits of a number below 10^8; the two halves do not wait for each other. */
void put_eight(char *at, uint32_t number)
{
    uint32_t high = number / 10000, low = number % 10000;
    put_two(at, high / 100);
    put_two(at + 2, high % 100);
    put_two(at + 4, low / 100);
    put_two(at + 6, low % 100);
}

/* Where the digits of a number below 10^17 begin in `room`; they end at room + PIECE. */
const char *to_digits(uint64_t number, char room[DIGITS_ROOM])
{
    uint64_t high = number / 100000000;
    uint32_t low = static_cast<uint32_t>(number % 100000000);
    room[0] = static_cast<char>('0' + high / 100000000);
    put_eight(room + 1, static_cast<uint32_t>(high % 100000000));
    put_eight(room + 9, low);
    const char *first = room;
    while (*first == '0')
        first++;
    return first;
}

/* d.ddde-05, d.ddde+16 */
char *put_scientific(char *at, const char *digits, int count, int exponent)
{
    *at = digits[0];
    at[1] = '.';
    std::memcpy(at + 2, digits + 1, PIECE);
    at += count > 1 ? count + 1 : 1;
    *at++ = 'e';
    *at++ = exponent < 0 ? '-' : '+';
    uint32_t size = static_cast<uint32_t>(exponent < 0 ? -exponent : exponent);
    if (size >= 100)
        *at++ = static_cast<char>('0' + size / 100);
    put_two(at, size % 100);
    return at + 2;
}

/* `point`: how many of the digits stand before it; may be none or more than there are. Always with a point. */
char *put_fixed(char *at, const char *digits, int count, int point)
{
    if (point <= 0) {
        std::memcpy(at, "0.000", 5);
        at += 2 - point;
        std::memcpy(at, digits, PIECE);
        return at + count;
    }
    std::memcpy(at, digits, PIECE);
    if (point < count) {
        at += point;
        *at++ = '.';
        std::memcpy(at, digits + point, PIECE);
        return at + count - point;
    }
    std::memset(at + count, '0', static_cast<size_t>(point - count));
    std::memcpy(at + point, ".0", 2);
    return at + point + 2;
}

/* The shortest decimal comes from the library; Python prints it with an exponent below 1e-4 and from 1e16 on. */
size_t print_double(double value, char *text)
{
    if (std::isnan(value))
        return word(text, "NaN");
    if (std::isinf(value))
        return word(text, value > 0 ? "Infinity" : "-Infinity");
    char *at = text;
    if (std::signbit(value))
        *at++ = '-';
    if (value == 0)
        return static_cast<size_t>(at - text) + word(at, "0.0");
    auto decimal = fmt::detail::dragonbox::to_decimal(value);
    char room[DIGITS_ROOM] = {};
    const char *digits = to_digits(decimal.significand, room);
    int count = static_cast<int>(room + PIECE - digits), point = count + decimal.exponent;
    at = point > -4 && point <= 16 ? put_fixed(at, digits, count, point) : put_scientific(at, digits, count, point - 1);
    return static_cast<size_t>(at - text);
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
    static const json_module module = {JSON_MODULE_VERSION, read, print_double, parse, print_doubles};
    return &module;
}
