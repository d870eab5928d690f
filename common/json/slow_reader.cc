#include "common/json/slow_reader.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <string>

extern "C" {
#include "common/foundation/number.h"
}

namespace
{

class Reader
{
  public:
    Reader(const char *text, size_t size, size_t depth, const json_events *events, void *context, size_t stop_at,
           json_failure *failure)
        : start_(text), at_(text), end_(text + size), depth_max_(depth), events_(events), context_(context),
          stop_at_(stop_at), failure_(failure)
    {
    }

    json_outcome run()
    {
        if (end_ - at_ >= 3 && std::memcmp(at_, "\xEF\xBB\xBF", 3) == 0)
            at_ += 3; /* byte order mark */
        if (value(0)) {
            blanks();
            if (at_ != end_)
                malformed(at_, "the value is complete, but text follows");
        }
        return outcome_;
    }

  private:
    const char *start_, *at_, *end_;
    size_t depth_max_;
    const json_events *events_;
    void *context_;
    size_t stop_at_, count_ = 0;
    json_failure *failure_;
    json_outcome outcome_ = JSON_DONE;
    std::string scratch_;

    bool fail(const char *at, json_outcome outcome)
    {
        failure_->line = 1;
        const char *line = start_;
        for (const char *seen = start_; seen < at; seen++) {
            if (*seen == '\n') {
                failure_->line++;
                line = seen + 1;
            }
        }
        failure_->column = static_cast<size_t>(at - line) + 1;
        outcome_ = outcome;
        return false;
    }

    bool malformed(const char *at, const char *what)
    {
        std::snprintf(failure_->text, sizeof failure_->text, "%s", what);
        return fail(at, JSON_MALFORMED);
    }

    bool expected(const char *what)
    {
        char text[120];
        if (at_ == end_)
            std::snprintf(text, sizeof text, "the text ends where %s is expected", what);
        else
            std::snprintf(text, sizeof text, "%s is expected", what);
        return malformed(at_, text);
    }

    /* Counts an event that begins at `at` and lets `call` tell it. */
    template <typename Call> bool event(const char *at, Call call)
    {
        count_++;
        if (events_ == nullptr ? count_ != stop_at_ : call())
            return true;
        return fail(at, JSON_STOPPED);
    }

    void blanks()
    {
        while (at_ < end_ && (*at_ == ' ' || *at_ == '\t' || *at_ == '\n' || *at_ == '\r'))
            at_++;
    }

    bool take(char wanted)
    {
        if (at_ == end_ || *at_ != wanted)
            return false;
        at_++;
        return true;
    }

    bool take_word(const char *word)
    {
        size_t size = std::strlen(word);
        if (static_cast<size_t>(end_ - at_) < size || std::memcmp(at_, word, size) != 0)
            return false;
        at_ += size;
        return true;
    }

    bool value(size_t depth)
    {
        blanks();
        const char *begin = at_;
        if (at_ == end_)
            return expected("a value");
        switch (*at_) {
        case '{': return object(depth + 1);
        case '[': return array(depth + 1);
        case '"':
            return text() && event(begin, [&] { return events_->string(context_, scratch_.data(), scratch_.size()); });
        default: break;
        }
        if (take_word("null"))
            return event(begin, [&] { return events_->null(context_); });
        if (take_word("true"))
            return event(begin, [&] { return events_->boolean(context_, true); });
        if (take_word("false"))
            return event(begin, [&] { return events_->boolean(context_, false); });
        if (take_word("NaN"))
            return number(begin, std::numeric_limits<double>::quiet_NaN());
        if (take_word("Infinity"))
            return number(begin, std::numeric_limits<double>::infinity());
        if (take_word("-Infinity"))
            return number(begin, -std::numeric_limits<double>::infinity());
        if (*at_ == '-' || (*at_ >= '0' && *at_ <= '9'))
            return digits();
        return expected("a value (text, number, object, array, true, false or null)");
    }

    bool object(size_t depth)
    {
        const char *begin = at_++;
        if (depth > depth_max_)
            return fail(begin, JSON_TOO_DEEP);
        if (!event(begin, [&] { return events_->begin_object(context_); }))
            return false;
        blanks();
        if (!(at_ < end_ && *at_ == '}') && !members(depth))
            return false;
        begin = at_++;
        return event(begin, [&] { return events_->end_object(context_); });
    }

    bool members(size_t depth)
    {
        for (;;) {
            blanks();
            const char *begin = at_;
            if (at_ == end_ || *at_ != '"')
                return expected("a key in double quotes");
            if (!text() || !event(begin, [&] { return events_->key(context_, scratch_.data(), scratch_.size()); }))
                return false;
            blanks();
            if (!take(':'))
                return expected("':' after the key");
            if (!value(depth))
                return false;
            blanks();
            if (at_ < end_ && *at_ == '}')
                return true;
            if (!take(','))
                return expected("',' or '}'");
        }
    }

    bool array(size_t depth)
    {
        const char *begin = at_++;
        if (depth > depth_max_)
            return fail(begin, JSON_TOO_DEEP);
        if (!event(begin, [&] { return events_->begin_array(context_); }))
            return false;
        blanks();
        if (!(at_ < end_ && *at_ == ']')) {
            do {
                if (!value(depth))
                    return false;
                blanks();
            } while (take(','));
            if (at_ == end_ || *at_ != ']')
                return expected("',' or ']'");
        }
        begin = at_++;
        return event(begin, [&] { return events_->end_array(context_); });
    }

    bool number(const char *begin, double value)
    {
        return event(begin, [&] { return events_->numbers(context_, JSON_DOUBLES, &value, 1); });
    }

    bool row_of_digits()
    {
        const char *begin = at_;
        while (at_ < end_ && *at_ >= '0' && *at_ <= '9')
            at_++;
        return at_ > begin;
    }

    bool digits()
    {
        const char *begin = at_;
        bool integer = true;
        take('-');
        if (!take('0') && !row_of_digits())
            return expected("a digit");
        if (take('.')) {
            integer = false;
            if (!row_of_digits())
                return expected("a digit after the point");
        }
        if (at_ < end_ && (*at_ == 'e' || *at_ == 'E')) {
            at_++;
            integer = false;
            if (!take('+'))
                take('-');
            if (!row_of_digits())
                return expected("a digit in the exponent");
        }
        return integer ? whole(begin) : fraction(begin);
    }

    bool whole(const char *begin)
    {
        int64_t value;
        uint64_t large;
        if (std::from_chars(begin, at_, value).ec == std::errc())
            return event(begin, [&] { return events_->numbers(context_, JSON_INTEGERS, &value, 1); });
        if (*begin != '-' && std::from_chars(begin, at_, large).ec == std::errc())
            return event(begin, [&] { return events_->numbers(context_, JSON_UNSIGNED, &large, 1); });
        if (events_ != nullptr && events_->big_integer != nullptr)
            return event(begin,
                         [&] { return events_->big_integer(context_, begin, static_cast<size_t>(at_ - begin)); });
        return fraction(begin);
    }

    /* from_chars() calls too small numbers out of range as well; those are zero (number_read() knows), the others an error. */
    bool fraction(const char *begin)
    {
        double value = 0;
        if (std::from_chars(begin, at_, value).ec != std::errc()) {
            value = number_read(std::string(begin, at_).c_str(), nullptr);
            if (std::isinf(value) && !as_python())
                return malformed(begin, "the number is larger than a double can be");
        }
        return number(begin, value);
    }

    /* A string into scratch_. */
    bool text()
    {
        const char *begin = at_++;
        scratch_.clear();
        for (;;) {
            const char *plain = at_;
            while (at_ < end_ && *at_ != '"' && *at_ != '\\' && static_cast<unsigned char>(*at_) >= 0x20) {
                size_t size = sequence(at_);
                if (size == 0)
                    return malformed(at_, "the text is not UTF-8");
                at_ += size;
            }
            scratch_.append(plain, at_);
            if (at_ == end_)
                return malformed(begin, "the string that begins here has no closing quote");
            if (take('"'))
                return true;
            if (*at_ != '\\')
                return malformed(at_, "a control character in a string must be written as \\u00..");
            if (!escape())
                return false;
        }
    }

    /* Size of the UTF-8 sequence at `at`, 0 when it is none. */
    size_t sequence(const char *at) const
    {
        auto byte = [&](int i) { return static_cast<unsigned char>(at[i]); };
        unsigned char first = byte(0);
        if (first < 0x80)
            return 1;
        size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
        if (first < 0xC2 || first > 0xF4 || static_cast<size_t>(end_ - at) < size)
            return 0;
        for (size_t i = 1; i < size; i++)
            if ((byte(static_cast<int>(i)) & 0xC0) != 0x80)
                return 0;
        bool bad = (first == 0xE0 && byte(1) < 0xA0) || (first == 0xED && byte(1) > 0x9F) ||
                   (first == 0xF0 && byte(1) < 0x90) || (first == 0xF4 && byte(1) > 0x8F);
        return bad ? 0 : size;
    }

    bool escape()
    {
        const char *begin = at_++;
        static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
        const char *found = at_ < end_ && *at_ != '\0' ? std::strchr(letters, *at_) : nullptr;
        if (found != nullptr) {
            at_++;
            scratch_.push_back(meanings[found - letters]);
            return true;
        }
        uint32_t code;
        if (!take('u') || !hex(&code))
            return malformed(begin, "this escape sequence is not known to JSON");
        if (code >= 0xD800 && code < 0xE000) {
            const char *after = at_;
            uint32_t low;
            if (code < 0xDC00 && take('\\') && take('u') && hex(&low) && low >= 0xDC00 && low <= 0xDFFF)
                code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
            else if (as_python())
                at_ = after;
            else
                return malformed(begin, "a lone surrogate: \\ud800 to \\udfff come in pairs only");
        }
        append(code);
        return true;
    }

    bool as_python() const
    {
        return events_ != nullptr && events_->as_python;
    }

    bool hex(uint32_t *ret_code)
    {
        if (end_ - at_ < 4 || *at_ == '-')
            return false;
        auto result = std::from_chars(at_, at_ + 4, *ret_code, 16);
        if (result.ec != std::errc() || result.ptr != at_ + 4)
            return false;
        at_ += 4;
        return true;
    }

    void append(uint32_t code)
    {
        auto add = [&](uint32_t byte) { scratch_.push_back(static_cast<char>(byte)); };
        if (code < 0x80) {
            add(code);
        } else if (code < 0x800) {
            add(0xC0 | code >> 6);
            add(0x80 | (code & 63));
        } else if (code < 0x10000) {
            add(0xE0 | code >> 12);
            add(0x80 | (code >> 6 & 63));
            add(0x80 | (code & 63));
        } else {
            add(0xF0 | code >> 18);
            add(0x80 | (code >> 12 & 63));
            add(0x80 | (code >> 6 & 63));
            add(0x80 | (code & 63));
        }
    }
};

} // namespace

json_outcome slow_read(const char *text, size_t size, size_t depth, const json_events *events, void *context,
                       size_t stop_at, json_failure *failure)
{
    return Reader(text, size, depth, events, context, stop_at, failure).run();
}
