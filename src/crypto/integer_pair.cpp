#include "crypto/integer_pair.h"

namespace cairn::crypto {

void write(asn1::Writer& writer, const IntegerPair& pair) {
    writer.nested(asn1::tag::sequence, [&] {
        writer.natural_number(pair.first);
        writer.natural_number(pair.second);
    });
}

base::Bytes to_der(const IntegerPair& pair) {
    // Three headers of 4 octets, and two zeros before a leading bit, at most.
    asn1::Writer writer(pair.first.size() + pair.second.size() + 14);
    write(writer, pair);
    return std::move(writer).take();
}

std::optional<IntegerPair> integer_pair_from_der(base::BytesView der) {
    asn1::Failure failure;
    asn1::Reader reader(der, failure);
    asn1::Reader numbers = reader.inside(asn1::tag::sequence, "the pair");
    reader.end("the pair");
    const base::BytesView first = numbers.natural_number("the first number");
    const base::BytesView second = numbers.natural_number("the second number");
    numbers.end("the pair");
    if (failure) return std::nullopt;
    return IntegerPair{first, second};
}

}  // namespace cairn::crypto
