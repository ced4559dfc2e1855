#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"

namespace cairn::crypto {

/// A list of RSA keys that anybody can know, as Debian's package openssl-blacklist has those that
/// its OpenSSL made from too little randomness (CVE-2008-0166; BR 6.1.1.3). It keeps ten octets for
/// each key; a sound key is taken for one of a million listed ones with a probability below 2^-59.
class WeakKeys {
  public:
    /// Lines in one text, and keys in all, beyond which nothing is read.
    static constexpr std::size_t most_keys = 10'000'000;

    /// Adds the keys of a text: in each line the last 20 hexadecimal digits, or all 40, of the
    /// SHA-1 of "Modulus=", the modulus in upper-case hexadecimal and a line feed, as `openssl rsa
    /// -modulus` prints it. Empty lines and those that begin with # do not count. The error names
    /// the first other line; a text without any key is an error, too. Nothing is added then.
    [[nodiscard]] base::Result<void> add(std::string_view text);
    /// Whether `key` is listed. False for every key that is not RSA.
    [[nodiscard]] bool contains(const PublicKey& key) const;
    [[nodiscard]] std::size_t size() const { return keys_.size(); }

  private:
    using Tail = std::array<std::uint8_t, 10>;
    /// Sorted, each once.
    std::vector<Tail> keys_;
};

}  // namespace cairn::crypto
