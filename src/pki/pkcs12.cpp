#include "pki/pkcs12.h"

#include <cstdint>
#include <memory>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pkcs12.h>

#include "crypto/openssl.h"

namespace cairn::pki {
namespace {

constexpr std::size_t longest_file = std::size_t{1} << 20U;
constexpr int most_certificates = 100;
constexpr std::uint64_t most_rounds = 2'000'000;

using Pkcs12Handle = crypto::Handle<PKCS12, &PKCS12_free>;

/// A stack of certificates and what it holds.
struct StackRelease {
    void operator()(STACK_OF(X509) * stack) const noexcept { sk_X509_pop_free(stack, &X509_free); }
};
using CertificateStackHandle = std::unique_ptr<STACK_OF(X509), StackRelease>;

/// Of the outermost element: its header's and its whole length; nothing if it does not say.
struct Frame {
    std::size_t header, whole;
};
std::optional<Frame> frame_of(base::BytesView octets) {
    if (octets.size() < 2 || octets[0] != 0x30) return std::nullopt;
    if (octets[1] < 0x80) return Frame{2, std::size_t{2} + octets[1]};
    const std::size_t count = octets[1] & 0x7fU;
    if (count == 0 || count > 4 || octets.size() < 2 + count) return std::nullopt;
    std::size_t length = 0;
    for (const auto octet : octets.subspan(2, count)) length = length << 8U | octet;
    return Frame{2 + count, 2 + count + length};
}

base::Result<Pkcs12Handle> parse(base::BytesView octets) {
    if (octets.size() > longest_file)
        return base::fail(fmt::format("the PKCS#12 file has more than {} octets", longest_file));
    const auto frame = frame_of(octets);
    if (frame && frame->whole > octets.size())
        return base::fail(
            fmt::format("the PKCS#12 file is cut short: it has {} octets, and says it has {}",
                        octets.size(), frame->whole));
    const unsigned char* data = octets.data();
    Pkcs12Handle file(d2i_PKCS12(nullptr, &data, static_cast<long>(octets.size())));
    if (!file) return base::fail("the file is no PKCS#12: " + crypto::openssl_error());
    if (data != octets.data() + octets.size())
        return base::fail("octets follow behind the PKCS#12 file");
    if (PKCS12_mac_present(file.get()) != 1)
        return base::fail(
            "the PKCS#12 file has no MAC, by which its passphrase and its wholeness are known; "
            "`openssl pkcs12 -export` writes one");
    const ASN1_INTEGER* rounds = nullptr;
    PKCS12_get0_mac(nullptr, nullptr, nullptr, &rounds, file.get());
    std::uint64_t count = 1;
    if (rounds != nullptr && ASN1_INTEGER_get_uint64(&count, rounds) != 1) count = UINT64_MAX;
    ERR_clear_error();
    if (count > most_rounds)
        return base::fail(
            fmt::format("the PKCS#12 file wants more than {} rounds to be opened", most_rounds));
    return file;
}

/// Both ways in which files without a passphrase are written.
bool opens_plainly(PKCS12* file) {
    const bool opens =
        PKCS12_verify_mac(file, nullptr, 0) == 1 || PKCS12_verify_mac(file, "", 0) == 1;
    ERR_clear_error();
    return opens;
}

base::Result<Certificate> certificate_from(X509* handle) {
    unsigned char* der = nullptr;
    const int size = i2d_X509(handle, &der);
    crypto::require(size > 0, "writing a certificate");
    const base::Bytes octets(der, der + size);
    OPENSSL_free(der);
    return Certificate::from_der(octets);
}

}  // namespace

bool is_pkcs12(base::BytesView octets) {
    // With a length that is not told before the end, as BER may have it, the version comes at once.
    const auto frame = frame_of(octets);
    const std::size_t at = frame ? frame->header : 2;
    return octets.size() >= at + 3 && octets[0] == 0x30 && (frame || octets[1] == 0x80) &&
           octets[at] == 0x02 && octets[at + 1] == 0x01 && octets[at + 2] == 0x03;
}

bool opens_without_passphrase(base::BytesView pkcs12) {
    const auto file = parse(pkcs12);
    return file && opens_plainly(file->get());
}

base::Result<Pkcs12> read_pkcs12(base::BytesView octets, base::BytesView passphrase) {
    const auto file = parse(octets);
    if (!file) return std::unexpected(file.error());
    base::SecretBytes text(passphrase.begin(), passphrase.end());
    text.push_back(0);
    const auto* const words = reinterpret_cast<const char*>(text.data());
    if (passphrase.empty()) {
        if (!opens_plainly(file->get()))
            return base::fail("the PKCS#12 file is encrypted, and there is no passphrase for it");
    } else if (PKCS12_verify_mac(file->get(), words, static_cast<int>(passphrase.size())) != 1) {
        ERR_clear_error();
        return base::fail("the passphrase does not open the PKCS#12 file (its MAC is another)");
    }
    ERR_clear_error();

    EVP_PKEY* raw_key = nullptr;
    X509* raw_certificate = nullptr;
    STACK_OF(X509)* raw_others = nullptr;
    const int parsed = PKCS12_parse(file->get(), words, &raw_key, &raw_certificate, &raw_others);
    std::shared_ptr<EVP_PKEY> key(raw_key, &EVP_PKEY_free);
    const crypto::X509Handle first(raw_certificate);
    const CertificateStackHandle others(raw_others);
    if (parsed != 1)
        return base::fail(
            "the content of the PKCS#12 file cannot be read: " + crypto::openssl_error() +
            "; if it is encrypted by RC2 or 3DES, `openssl pkcs12 -legacy` reads it, and `openssl "
            "pkcs12 -export` writes it anew");
    ERR_clear_error();
    if (!key) return base::fail("the PKCS#12 file has no private key");
    auto private_key = crypto::PrivateKey::from_handle(std::move(key));
    if (!private_key)
        return std::unexpected(private_key.error().within("the private key of the PKCS#12 file"));
    Pkcs12 result{*std::move(private_key), {}};
    const int count = others ? sk_X509_num(others.get()) : 0;
    if (count >= most_certificates)
        return base::fail("the PKCS#12 file has more than 100 certificates");
    for (int i = -1; i < count; ++i) {
        X509* const handle = i < 0 ? first.get() : sk_X509_value(others.get(), i);
        if (handle == nullptr) continue;
        auto certificate = certificate_from(handle);
        if (!certificate)
            return std::unexpected(certificate.error().within("a certificate of the PKCS#12 file"));
        result.certificates.push_back(*std::move(certificate));
    }
    return result;
}

}  // namespace cairn::pki
