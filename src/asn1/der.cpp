#include "asn1/der.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace cairn::asn1 {
namespace {

constexpr int max_depth = 32;
constexpr std::uint8_t constructed_bit = 0x20;
constexpr std::uint8_t class_bits = 0xc0;

/// The first element of `octets` by its tag and length alone.
base::Result<Element> first_element(base::BytesView octets) {
    if (octets.size() < 2) return base::fail("the encoding ends within an element");
    const std::uint8_t tag = octets[0];
    if ((tag & 0x1fU) == 0x1fU) return base::fail("a tag number is above 30");
    std::size_t length = octets[1];
    std::size_t header = 2;
    if (length >= 0x80) {
        const std::size_t count = length & 0x7fU;
        if (count == 0) return base::fail("a length is indefinite");
        if (count > 4) return base::fail("a length has more than 4 octets");
        header += count;
        if (octets.size() < header) return base::fail("the encoding ends within a length");
        length = 0;
        for (std::size_t i = 2; i < header; ++i) length = (length << 8U) | octets[i];
        if (octets[2] == 0 || length < 0x80) return base::fail("a length is not the shortest");
    }
    if (octets.size() - header < length) return base::fail("the encoding ends within an element");
    return Element{tag, octets.subspan(header, length), octets.first(header + length)};
}

base::Result<void> check_integer(base::BytesView content) {
    if (content.empty()) return base::fail("an INTEGER is empty");
    if (content.size() > 1 &&
        ((content[0] == 0x00 && content[1] < 0x80) || (content[0] == 0xff && content[1] >= 0x80))) {
        return base::fail("an INTEGER is not the shortest");
    }
    return {};
}

base::Result<void> check_bit_string(base::BytesView content) {
    if (content.empty()) return base::fail("a BIT STRING is empty");
    const unsigned unused = content[0];
    if (unused > 7 || (unused > 0 && content.size() == 1)) {
        return base::fail("a BIT STRING has too many unused bits");
    }
    if ((content.back() & ((1U << unused) - 1U)) != 0) {
        return base::fail("a BIT STRING has padding that is not zero");
    }
    return {};
}

base::Result<void> check_object_identifier(base::BytesView content) {
    if (content.empty() || content.back() >= 0x80) {
        return base::fail("an OBJECT IDENTIFIER is cut short");
    }
    bool at_start = true;
    for (const std::uint8_t octet : content) {
        if (at_start && octet == 0x80)
            return base::fail("an OBJECT IDENTIFIER is not the shortest");
        at_start = octet < 0x80;
    }
    return {};
}

base::Result<void> check_primitive(const Element& element) {
    switch (element.tag) {
        case tag::boolean:
            if (element.content.size() != 1 ||
                (element.content[0] != 0x00 && element.content[0] != 0xff)) {
                return base::fail("a BOOLEAN is neither 00 nor FF");
            }
            return {};
        case tag::integer:
            return check_integer(element.content);
        case tag::bit_string:
            return check_bit_string(element.content);
        case tag::null:
            if (!element.content.empty()) return base::fail("a NULL is not empty");
            return {};
        case tag::object_identifier:
            return check_object_identifier(element.content);
        case 0x00:
        case tag::sequence & ~constructed_bit:
        case tag::set & ~constructed_bit:
            return base::fail(fmt::format("an element has the impossible tag {:02x}", element.tag));
        default:
            return {};
    }
}

base::Result<void> check_element(const Element& element, int depth) {
    if ((element.tag & constructed_bit) == 0) return check_primitive(element);
    if ((element.tag & class_bits) == 0 && element.tag != tag::sequence &&
        element.tag != tag::set) {
        return base::fail("a string is in pieces");
    }
    if (depth == max_depth) return base::fail("elements are nested too deeply");
    base::BytesView previous;
    for (base::BytesView rest = element.content; !rest.empty();) {
        const auto inner = first_element(rest);
        if (!inner) return std::unexpected(inner.error());
        if (const auto sound = check_element(*inner, depth + 1); !sound) return sound;
        if (element.tag == tag::set && !in_set_order(previous, inner->whole)) {
            return base::fail("a SET is not sorted");
        }
        previous = inner->whole;
        rest = rest.subspan(inner->whole.size());
    }
    return {};
}

/// Reads "YYMMDDHHMMSSZ" or "YYYYMMDDHHMMSSZ".
std::optional<base::Time> parse_time(std::uint8_t tag, std::string_view text) {
    const std::size_t year_digits = tag == tag::utc_time ? 2 : 4;
    if (text.size() != year_digits + 11 || text.back() != 'Z') return std::nullopt;
    text.remove_suffix(1);
    if (!std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; })) {
        return std::nullopt;
    }
    const auto take = [&text](std::size_t digits) {
        int number = 0;
        for (const char c : text.substr(0, digits)) number = number * 10 + (c - '0');
        text.remove_prefix(digits);
        return number;
    };
    int year = take(year_digits);
    if (tag == tag::utc_time) year += year < 50 ? 2000 : 1900;
    const auto month = static_cast<unsigned>(take(2));
    const auto day = static_cast<unsigned>(take(2));
    const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                           std::chrono::day(day)};
    const int hour = take(2);
    const int minute = take(2);
    const int second = take(2);
    if (!date.ok() || hour > 23 || minute > 59 || second > 59) return std::nullopt;
    return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
           std::chrono::seconds(second);
}

}  // namespace

base::Result<void> check(base::BytesView octets) {
    const auto element = first_element(octets);
    if (!element) return std::unexpected(element.error());
    if (element->whole.size() != octets.size()) {
        return base::fail("there are octets after the end");
    }
    return check_element(*element, 1);
}

bool in_set_order(base::BytesView left, base::BytesView right) {
    const auto [at_left, at_right] = std::ranges::mismatch(left, right);
    if (at_right == right.end()) {
        // The shorter one counts as padded with zeros at its end.
        return std::all_of(at_left, left.end(), [](std::uint8_t octet) { return octet == 0; });
    }
    return at_left == left.end() || *at_left < *at_right;
}

Element Reader::element(std::string_view what) {
    if (failure_->has_value()) return {};
    if (rest_.empty()) {
        fail(fmt::format("{} is missing", what));
        return {};
    }
    const auto element = first_element(rest_);
    if (!element) {
        fail(fmt::format("{}: {}", what, element.error().message));
        return {};
    }
    rest_ = rest_.subspan(element->whole.size());
    return *element;
}

Element Reader::element(std::uint8_t tag, std::string_view what) {
    const Element found = element(what);
    if (failure_->has_value()) return {};
    if (found.tag != tag) {
        fail(fmt::format("{} has the tag {:02x}, not {:02x}", what, found.tag, tag));
        return {};
    }
    return found;
}

base::BytesView Reader::natural_number(std::string_view what) {
    base::BytesView content = element(tag::integer, what).content;
    if (failure_->has_value()) return {};
    if (const auto sound = check_integer(content); !sound) {
        fail(fmt::format("{}: {}", what, sound.error().message));
        return {};
    }
    if (content.front() >= 0x80) {
        fail(fmt::format("{} is negative", what));
        return {};
    }
    return content.front() == 0 ? content.subspan(1) : content;
}

base::BytesView Reader::octet_aligned_bits(std::string_view what) {
    const base::BytesView content = element(tag::bit_string, what).content;
    if (failure_->has_value()) return {};
    if (content.empty() || content[0] != 0) {
        fail(fmt::format("{} is not made of whole octets", what));
        return {};
    }
    return content.subspan(1);
}

bool Reader::flag(std::string_view what) {
    if (!next_is(tag::boolean)) return false;
    const base::BytesView content = element(tag::boolean, what).content;
    if (failure_->has_value()) return false;
    if (content.size() != 1 || content[0] != 0xff) {
        fail(fmt::format("{} is spelled out although it is not TRUE", what));
        return false;
    }
    return true;
}

base::Time Reader::time(std::string_view what) {
    const Element found = element(what);
    if (failure_->has_value()) return {};
    if (found.tag != tag::utc_time && found.tag != tag::generalized_time) {
        fail(fmt::format("{} has the tag {:02x}, which is not of a time", what, found.tag));
        return {};
    }
    const auto time = parse_time(found.tag, base::text_of(found.content));
    if (!time) {
        fail(fmt::format("{} is not a time: \"{}\"", what,
                         base::printable(base::text_of(found.content), 32)));
        return {};
    }
    return *time;
}

void Reader::end(std::string_view what) {
    if (!at_end()) fail(fmt::format("{} has more in it than it should", what));
}

void Reader::fail(std::string message) {
    if (!failure_->has_value()) failure_->emplace(std::move(message));
}

void Writer::raw(base::BytesView encoding) {
    octets_.insert(octets_.end(), encoding.begin(), encoding.end());
}

void Writer::element(std::uint8_t tag, base::BytesView content) {
    nested(tag, [&] { raw(content); });
}

void Writer::octet_aligned_bits(base::BytesView octets) {
    octet_aligned_bits([&] { raw(octets); });
}

void Writer::natural_number(base::BytesView number) {
    while (!number.empty() && number.front() == 0) number = number.subspan(1);
    nested(tag::integer, [&] {
        // Zero has an octet, too, and a leading bit would make a number negative.
        if (number.empty() || number.front() >= 0x80) octets_.push_back(0);
        raw(number);
    });
}

void Writer::flag_true() {
    constexpr std::array<std::uint8_t, 1> content{0xff};
    element(tag::boolean, content);
}

void Writer::small_integer(std::uint8_t number) {
    element(tag::integer, base::BytesView(&number, 1));
}

void Writer::time(base::Time time) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(time));
    const int year = static_cast<int>(date.year());
    if (year < 1950 || year > 9999) {
        throw std::invalid_argument("a certificate cannot express the year of this time");
    }
    std::string text;
    base::append_date_and_time(text, time);
    std::erase_if(text, [](char c) { return c == '-' || c == 'T' || c == ':'; });
    text += 'Z';
    if (year < 2050) {
        element(tag::utc_time, std::string_view(text).substr(2));
    } else {
        element(tag::generalized_time, text);
    }
}

std::size_t Writer::open(std::uint8_t tag) {
    octets_.push_back(tag);
    octets_.push_back(0);
    return octets_.size();
}

void Writer::close(std::size_t start) {
    const std::size_t length = octets_.size() - start;
    if (length < 0x80) {
        octets_[start - 1] = static_cast<std::uint8_t>(length);
        return;
    }
    std::array<std::uint8_t, sizeof length> digits{};
    std::size_t count = 0;
    for (std::size_t rest = length; rest > 0; rest >>= 8U) {
        ++count;
        digits[digits.size() - count] = static_cast<std::uint8_t>(rest);
    }
    octets_[start - 1] = static_cast<std::uint8_t>(0x80U | count);
    octets_.insert(octets_.begin() + static_cast<std::ptrdiff_t>(start),
                   digits.end() - static_cast<std::ptrdiff_t>(count), digits.end());
}

}  // namespace cairn::asn1
