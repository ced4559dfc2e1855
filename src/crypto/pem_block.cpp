#include "crypto/pem_block.h"

#include "crypto/base64.h"

namespace cairn::crypto {
namespace {

constexpr std::size_t letters_in_line = 64;
constexpr std::size_t longest_block = 65536;

std::string boundary(std::string_view word, std::string_view label) {
    return "-----" + std::string(word) + " " + std::string(label) + "-----";
}

}  // namespace

std::string to_pem(std::string_view label, base::BytesView octets) {
    auto pem = boundary("BEGIN", label) + "\n";
    const auto letters = base64(octets);
    for (std::size_t i = 0; i < letters.size(); i += letters_in_line)
        pem += letters.substr(i, letters_in_line) + "\n";
    return pem + boundary("END", label) + "\n";
}

base::Result<base::Bytes> from_pem(std::string_view pem, std::string_view label) {
    const auto begin = boundary("BEGIN", label);
    const auto start = pem.find(begin);
    if (start == std::string_view::npos)
        return base::fail("there is no " + std::string(label) + " in PEM");
    pem.remove_prefix(start + begin.size());
    const auto stop = pem.find(boundary("END", label));
    if (stop == std::string_view::npos || stop > longest_block)
        return base::fail("the " + std::string(label) + " in PEM has no end");
    return from_base64(pem.substr(0, stop));
}

}  // namespace cairn::crypto
