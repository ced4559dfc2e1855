#pragma once
// The distinguished encoding rules (X.690), read strictly and written directly.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace cairn::asn1 {

/// The identifier octets of the types that certificates are made of.
namespace tag {
inline constexpr std::uint8_t boolean = 0x01;
inline constexpr std::uint8_t integer = 0x02;
inline constexpr std::uint8_t bit_string = 0x03;
inline constexpr std::uint8_t octet_string = 0x04;
inline constexpr std::uint8_t null = 0x05;
inline constexpr std::uint8_t object_identifier = 0x06;
inline constexpr std::uint8_t utf8_string = 0x0c;
inline constexpr std::uint8_t printable_string = 0x13;
inline constexpr std::uint8_t ia5_string = 0x16;
inline constexpr std::uint8_t utc_time = 0x17;
inline constexpr std::uint8_t generalized_time = 0x18;
inline constexpr std::uint8_t sequence = 0x30;
inline constexpr std::uint8_t set = 0x31;
/// [number], holding a value that is not built of others.
[[nodiscard]] constexpr std::uint8_t context(std::uint8_t number) {
    return 0x80U | number;
}
/// [number], holding elements.
[[nodiscard]] constexpr std::uint8_t context_constructed(std::uint8_t number) {
    return 0xa0U | number;
}
}  // namespace tag

/// Nothing if `octets` are exactly one element in DER, with all that is nested in it: definite and
/// shortest lengths, strings in one piece, booleans of 00 or FF, shortest integers and object
/// identifiers, zero padding bits, sorted sets. Tag numbers above 30 and nesting beyond 32 levels
/// are refused; octet strings are not looked into.
[[nodiscard]] base::Result<void> check(base::BytesView octets);

/// True if `encodings` of two elements of a SET OF may stand in this order (X.690 section 11.6).
[[nodiscard]] bool in_set_order(base::BytesView left, base::BytesView right);

/// An element as it stands in the encoding, all views into it.
struct Element {
    std::uint8_t tag = 0;
    base::BytesView content;
    /// Tag and length included.
    base::BytesView whole;
};

/// What stopped a reader and those made from it. Nothing yet: all was well.
using Failure = std::optional<base::Error>;

/// Takes the elements of an encoding one after the other. After the first failure, which goes to
/// the `Failure` that readers of one encoding share, every reader is at its end and all that is
/// read is empty, so the failure need only be looked at once, after straight-line reading.
/// The encoding and the failure must outlive the reader.
class Reader {
  public:
    Reader(base::BytesView octets, Failure& failure) : rest_(octets), failure_(&failure) {}

    [[nodiscard]] bool at_end() const { return rest_.empty() || failure_->has_value(); }
    [[nodiscard]] bool next_is(std::uint8_t tag) const { return !at_end() && rest_[0] == tag; }
    /// The next element, which `what` names in the failure if there is none.
    Element element(std::string_view what);
    /// The next element, which must have this tag.
    Element element(std::uint8_t tag, std::string_view what);
    /// A reader of what the next element holds.
    Reader inside(std::uint8_t tag, std::string_view what) {
        return {element(tag, what).content, *failure_};
    }
    /// The octets of an INTEGER that is not negative: big-endian, without leading zeros, none for
    /// zero itself.
    base::BytesView natural_number(std::string_view what);
    /// The octets of a BIT STRING of whole octets.
    base::BytesView octet_aligned_bits(std::string_view what);
    /// A BOOLEAN DEFAULT FALSE, which DER never spells out as FALSE.
    bool flag(std::string_view what);
    /// A UTCTime or GeneralizedTime in the form of RFC 5280 section 4.1.2.5.
    base::Time time(std::string_view what);
    /// Fails if there is anything left in `what`.
    void end(std::string_view what);
    /// Stops all readers of this encoding; only the first failure is kept.
    void fail(std::string message);

  private:
    base::BytesView rest_;
    Failure* failure_;
};

/// Writes elements one after the other.
class Writer {
  public:
    /// There is room for so many octets before memory is taken again.
    explicit Writer(std::size_t expected_octets = 1024) { octets_.reserve(expected_octets); }
    /// Octets that are an encoding already.
    void raw(base::BytesView encoding);
    void element(std::uint8_t tag, base::BytesView content);
    void element(std::uint8_t tag, std::string_view content) {
        element(tag, base::bytes_of(content));
    }
    /// An element that holds what `write_content` writes.
    template <std::invocable Content>
    void nested(std::uint8_t tag, const Content& write_content) {
        const std::size_t start = open(tag);
        write_content();
        close(start);
    }
    /// A BIT STRING of whole octets.
    void octet_aligned_bits(base::BytesView octets);
    /// A BIT STRING of the whole octets that `write_content` writes.
    template <std::invocable Content>
    void octet_aligned_bits(const Content& write_content) {
        nested(tag::bit_string, [&] {
            octets_.push_back(0);
            write_content();
        });
    }
    void flag_true();
    /// An INTEGER of these big-endian octets, which are not negative; leading zeros are left out.
    void natural_number(base::BytesView number);
    /// An INTEGER below 128.
    void small_integer(std::uint8_t number);
    /// UTCTime through 2049, GeneralizedTime from 2050 (RFC 5280 section 4.1.2.5).
    /// Throws std::invalid_argument for years outside 1950 to 9999.
    void time(base::Time time);
    [[nodiscard]] base::BytesView view() const { return octets_; }
    [[nodiscard]] base::Bytes take() && { return std::move(octets_); }

  private:
    std::size_t open(std::uint8_t tag);
    void close(std::size_t start);
    base::Bytes octets_;
};

}  // namespace cairn::asn1
