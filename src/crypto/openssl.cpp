#include "crypto/openssl.h"

#include <array>
#include <stdexcept>

#include <openssl/err.h>

namespace cairn::crypto {
namespace {

using DigestHandle = Handle<EVP_MD, &EVP_MD_free>;

DigestHandle fetch_digest(const char* name) {
    DigestHandle digest(EVP_MD_fetch(nullptr, name, nullptr));
    require(digest != nullptr, "fetching a digest");
    return digest;
}

}  // namespace

std::string openssl_error() {
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    if (code == 0) return "no reason given";
    if (const char* reason = ERR_reason_error_string(code)) return reason;
    std::array<char, 128> text{};
    ERR_error_string_n(code, text.data(), text.size());
    return text.data();
}

void require(bool ok, const char* what) {
    if (!ok) throw std::runtime_error(std::string(what) + ": " + openssl_error());
}

const EVP_MD* sha256_algorithm() {
    static const DigestHandle digest = fetch_digest("SHA256");
    return digest.get();
}

const EVP_MD* sha384_algorithm() {
    static const DigestHandle digest = fetch_digest("SHA384");
    return digest.get();
}

const EVP_MD* sha512_algorithm() {
    static const DigestHandle digest = fetch_digest("SHA512");
    return digest.get();
}

std::size_t hash(const EVP_MD* algorithm, base::BytesView data, std::span<std::uint8_t> digest) {
    // Each thread keeps one: its set-up costs a good part of hashing a JWS.
    thread_local const DigestContextHandle context(EVP_MD_CTX_new());
    const auto size = static_cast<std::size_t>(EVP_MD_get_size(algorithm));
    if (digest.size() < size) throw std::logic_error("a digest has no room");
    require(context && EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1 &&
                EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
                EVP_DigestFinal_ex(context.get(), digest.data(), nullptr) == 1,
            "digest");
    return size;
}

}  // namespace cairn::crypto
