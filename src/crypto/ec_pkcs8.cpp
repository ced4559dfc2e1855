#include "crypto/ec_pkcs8.h"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <openssl/evp.h>

namespace cairn::crypto {
namespace {

using namespace std::string_view_literals;

/// What stands before the scalar, and between it and the coordinates.
struct Shape {
    KeyAlgorithm curve;
    std::size_t size;  ///< of a number
    std::string_view head, middle;
    [[nodiscard]] std::size_t der_size() const { return head.size() + middle.size() + 3 * size; }
};

// 1.2.840.10045.2.1 with 1.2.840.10045.3.1.7 and 1.3.132.0.34.
constexpr std::array shapes = {
    Shape{KeyAlgorithm::ec_p256, 32,
          "\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
          "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x04\x6d\x30\x6b\x02\x01\x01\x04\x20"sv,
          "\xa1\x44\x03\x42\x00\x04"sv},
    Shape{KeyAlgorithm::ec_p384, 48,
          "\x30\x81\xb6\x02\x01\x00\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
          "\x06\x05\x2b\x81\x04\x00\x22\x04\x81\x9e\x30\x81\x9b\x02\x01\x01\x04\x30"sv,
          "\xa1\x64\x03\x62\x00\x04"sv},
};

constexpr std::string_view begin_line = "-----BEGIN PRIVATE KEY-----\n";
constexpr std::string_view end_line = "-----END PRIVATE KEY-----\n";
constexpr std::size_t line_length = 64;

std::size_t letters_of(std::size_t octets) {
    return 4 * ((octets + 2) / 3);
}

void append(base::SecretBytes& octets, base::BytesView more) {
    octets.insert(octets.end(), more.begin(), more.end());
}

/// The letters of the lines between the first and the last one; nothing if these are of another
/// length.
std::optional<base::SecretBytes> letters_in(std::string_view pem) {
    if (!pem.starts_with(begin_line) || !pem.ends_with(end_line) ||
        pem.size() < begin_line.size() + end_line.size())
        return std::nullopt;
    pem.remove_prefix(begin_line.size());
    pem.remove_suffix(end_line.size());
    base::SecretBytes letters;
    letters.reserve(pem.size());
    while (!pem.empty()) {
        const auto line = pem.substr(0, pem.find('\n'));
        const bool is_last = line.size() + 1 == pem.size();
        if (line.size() == pem.size() || line.empty() || line.size() > line_length ||
            (line.size() < line_length && !is_last))
            return std::nullopt;
        append(letters, base::bytes_of(line));
        pem.remove_prefix(line.size() + 1);
    }
    return letters;
}

/// The octets that the letters stand for, if there are `size` of them.
std::optional<base::SecretBytes> octets_in(const base::SecretBytes& letters, std::size_t size) {
    if (letters.size() != letters_of(size)) return std::nullopt;
    const std::size_t padding = letters.size() / 4 * 3 - size;
    if (std::ranges::count(letters, '=') != static_cast<std::ptrdiff_t>(padding))
        return std::nullopt;
    if (!std::ranges::all_of(letters.end() - static_cast<std::ptrdiff_t>(padding), letters.end(),
                             [](std::uint8_t letter) { return letter == '='; }))
        return std::nullopt;
    base::SecretBytes octets(size + padding);
    if (EVP_DecodeBlock(octets.data(), letters.data(), static_cast<int>(letters.size())) !=
        static_cast<int>(octets.size()))
        return std::nullopt;
    octets.resize(size);
    return octets;
}

}  // namespace

std::optional<EcPrivateNumbers> from_ec_pem(std::string_view pem) {
    const auto letters = letters_in(pem);
    if (!letters) return std::nullopt;
    for (const auto& shape : shapes) {
        const auto octets = octets_in(*letters, shape.der_size());
        if (!octets) continue;
        const base::BytesView der(*octets);
        const auto scalar = der.subspan(shape.head.size(), shape.size);
        const auto middle = der.subspan(shape.head.size() + shape.size, shape.middle.size());
        const auto point = der.last(2 * shape.size);
        if (base::text_of(der.first(shape.head.size())) != shape.head ||
            base::text_of(middle) != shape.middle)
            return std::nullopt;
        return EcPrivateNumbers{.curve = shape.curve,
                                .scalar = {scalar.begin(), scalar.end()},
                                .x = base::copy_of(point.first(shape.size)),
                                .y = base::copy_of(point.last(shape.size))};
    }
    return std::nullopt;
}

base::SecretBytes to_ec_pem(const EcPrivateNumbers& numbers) {
    const auto* const shape = std::ranges::find(shapes, numbers.curve, &Shape::curve);
    if (shape == shapes.end() || numbers.scalar.size() != shape->size ||
        numbers.x.size() != shape->size || numbers.y.size() != shape->size)
        throw std::logic_error("an EC key is written whose numbers have no such curve");
    base::SecretBytes der;
    der.reserve(shape->der_size());
    append(der, base::bytes_of(shape->head));
    append(der, numbers.scalar);
    append(der, base::bytes_of(shape->middle));
    append(der, numbers.x);
    append(der, numbers.y);

    base::SecretBytes letters(letters_of(der.size()) + 1);
    letters.resize(static_cast<std::size_t>(
        EVP_EncodeBlock(letters.data(), der.data(), static_cast<int>(der.size()))));
    base::SecretBytes pem;
    pem.reserve(begin_line.size() + letters.size() + letters.size() / line_length + 1 +
                end_line.size());
    append(pem, base::bytes_of(begin_line));
    for (base::BytesView rest(letters); !rest.empty();) {
        const auto line = rest.first(std::min(line_length, rest.size()));
        append(pem, line);
        pem.push_back('\n');
        rest = rest.subspan(line.size());
    }
    append(pem, base::bytes_of(end_line));
    return pem;
}

}  // namespace cairn::crypto
