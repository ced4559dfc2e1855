#include "crypto/weak_keys.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "base/bytes.h"
#include "crypto/sha1.h"

namespace cairn::crypto {
namespace {

constexpr std::size_t digest_size = 20;
constexpr std::size_t tail_size = 10;

std::string modulus_line(const PublicKey& key) {
    std::string line = "Modulus=";
    for (const char digit : base::to_hex(key.rsa_numbers().modulus))
        line += static_cast<char>(std::toupper(static_cast<unsigned char>(digit)));
    // OpenSSL prints a number without leading zeros, digit by digit.
    if (line[8] == '0') line.erase(8, 1);
    return line + "\n";
}

}  // namespace

base::Result<void> WeakKeys::add(std::string_view text) {
    std::vector<Tail> added;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        const auto octets = base::from_hex(line);
        if (!octets || (octets->size() != tail_size && octets->size() != digest_size))
            return base::fail("line " + std::to_string(number) +
                              " is not 20 or 40 hexadecimal digits: " + base::printable(line, 60));
        if (keys_.size() + added.size() >= most_keys)
            return base::fail("there are more than " + std::to_string(most_keys) + " keys");
        Tail tail{};
        std::ranges::copy(base::BytesView(*octets).last(tail_size), tail.begin());
        added.push_back(tail);
    }
    if (added.empty()) return base::fail("there is no key in it");
    keys_.insert(keys_.end(), added.begin(), added.end());
    std::ranges::sort(keys_);
    const auto repeated = std::ranges::unique(keys_);
    keys_.erase(repeated.begin(), repeated.end());
    keys_.shrink_to_fit();
    return {};
}

bool WeakKeys::contains(const PublicKey& key) const {
    if (keys_.empty() || key.algorithm() != KeyAlgorithm::rsa) return false;
    const auto digest = sha1(base::bytes_of(modulus_line(key)));
    Tail tail{};
    std::ranges::copy(base::BytesView(digest).last(tail_size), tail.begin());
    return std::ranges::binary_search(keys_, tail);
}

}  // namespace cairn::crypto
