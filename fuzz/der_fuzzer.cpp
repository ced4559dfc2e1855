// DER. What is accepted must come out of the writer as it went in, and must not be accepted with
// another octet behind it; what is refused must be told in printable words.

#include <algorithm>
#include <string_view>

#include "asn1/der.h"
#include "fuzz/target.h"

namespace {

using namespace cairn;

constexpr std::uint8_t constructed_bit = 0x20;

void require_told(const base::Error& error) {
    require(!error.message.empty() && error.message.size() < 1000 &&
            std::ranges::all_of(error.message, [](char c) { return c >= ' ' && c <= '~'; }));
}

/// Reads all elements, and those in them, and writes them again.
void rewrite(asn1::Reader reader, asn1::Failure& failure, asn1::Writer& writer) {
    while (!reader.at_end()) {
        const asn1::Element element = reader.element("an element");
        if ((element.tag & constructed_bit) == 0) {
            writer.element(element.tag, element.content);
            continue;
        }
        writer.nested(element.tag,
                      [&] { rewrite(asn1::Reader(element.content, failure), failure, writer); });
    }
}

/// One way to read an element, tried on whatever comes next.
template <class Read>
void try_to_read(base::BytesView input, const Read& read) {
    asn1::Failure failure;
    asn1::Reader reader(input, failure);
    read(reader, failure);
    if (failure) {
        require_told(*failure);
        require(reader.at_end());
    }
}

void check_number(base::BytesView input) {
    try_to_read(input, [&](asn1::Reader& reader, const asn1::Failure& failure) {
        const base::BytesView number = reader.natural_number("the number");
        if (failure) return;
        require(number.empty() || number.front() != 0);
        // There is one encoding of a number.
        asn1::Writer writer;
        writer.natural_number(number);
        require(std::ranges::equal(writer.view(), input.first(writer.view().size())));
    });
    asn1::Writer writer;
    writer.natural_number(input);
    asn1::Failure failure;
    const base::BytesView number = asn1::Reader(writer.view(), failure).natural_number("it");
    require(!failure && std::ranges::equal(number, input.last(number.size())));
}

void check_time(base::BytesView input) {
    try_to_read(input, [](asn1::Reader& reader, const asn1::Failure& failure) {
        const base::Time time = reader.time("the time");
        if (failure || time < base::Time(std::chrono::sys_days(std::chrono::year(1950) / 1 / 1)))
            return;
        asn1::Writer writer;
        writer.time(time);
        asn1::Failure again;
        require(asn1::Reader(writer.view(), again).time("it") == time && !again);
    });
}

}  // namespace

CAIRN_FUZZ_TARGET(der) {
    const base::BytesView input(data, size);
    check_number(input);
    check_time(input);
    try_to_read(input, [&](asn1::Reader& reader, const asn1::Failure& failure) {
        const base::BytesView octets = reader.octet_aligned_bits("the bits");
        require(octets.size() < size || failure);
    });
    try_to_read(input, [](asn1::Reader& reader, const asn1::Failure&) {
        static_cast<void>(reader.flag("the flag"));
        static_cast<void>(reader.inside(asn1::tag::sequence, "the sequence").element("its first"));
        reader.end("all");
    });

    const auto sound = asn1::check(input);
    if (!sound) {
        require_told(sound.error());
        return 0;
    }
    asn1::Failure failure;
    asn1::Writer writer;
    rewrite(asn1::Reader(input, failure), failure, writer);
    require(!failure && std::ranges::equal(writer.view(), input));
    base::Bytes longer = base::copy_of(input);
    longer.push_back(0);
    require(!asn1::check(longer));
    return 0;
}
