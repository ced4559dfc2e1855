#include "crypto/mac.h"

#include <array>
#include <string>

#include <openssl/hmac.h>

#include "base/enum_table.h"
#include "crypto/openssl.h"

namespace cairn::crypto {
namespace {

using DigestHandle = Handle<EVP_MD, &EVP_MD_free>;

DigestHandle fetch(HashFunction function) {
    DigestHandle algorithm(
        EVP_MD_fetch(nullptr, std::string(to_string(function)).c_str(), nullptr));
    require(algorithm != nullptr, "fetching a hash function");
    return algorithm;
}

}  // namespace

std::string_view to_string(HashFunction function) {
    switch (function) {
        case HashFunction::md5:
            return "md5";
        case HashFunction::sha1:
            return "sha1";
        case HashFunction::sha224:
            return "sha224";
        case HashFunction::sha256:
            return "sha256";
        case HashFunction::sha384:
            return "sha384";
        case HashFunction::sha512:
            return "sha512";
    }
    return "?";
}

base::Result<HashFunction> hash_function_from(std::string_view text) {
    std::string known;
    for (const auto function : base::enumerators<HashFunction>) {
        if (to_string(function) == text) return function;
        known += (known.empty() ? "" : ", ") + std::string(to_string(function));
    }
    return base::fail("\"" + base::printable(text) + "\" is none of " + known);
}

base::Bytes digest(HashFunction function, base::BytesView data) {
    const auto algorithm = fetch(function);
    base::Bytes result(static_cast<std::size_t>(EVP_MD_get_size(algorithm.get())));
    static_cast<void>(hash(algorithm.get(), data, result));
    return result;
}

base::Bytes hmac(HashFunction function, base::BytesView key, base::BytesView data) {
    const auto algorithm = fetch(function);
    static constexpr std::uint8_t no_octets = 0;
    base::Bytes result(static_cast<std::size_t>(EVP_MD_get_size(algorithm.get())));
    unsigned int size = 0;
    require(
        HMAC(algorithm.get(), key.empty() ? &no_octets : key.data(), static_cast<int>(key.size()),
             data.data(), data.size(), result.data(), &size) != nullptr &&
            size == result.size(),
        "HMAC");
    return result;
}

}  // namespace cairn::crypto
