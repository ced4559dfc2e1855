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

}  // namespace cairn::crypto
