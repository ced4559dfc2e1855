#include "client/lineage_key.h"

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "client/certificate_request.h"
#include "client/failure.h"
#include "client/key_text.h"
#include "crypto/key_unavailable.h"

namespace cairn::client {
namespace {

/// A way to keep a key, told apart by its text.
struct Keeping {
    bool (*has_written)(std::string_view text);
    base::Result<LineageKey> (*find)(std::string_view text);
};

bool is_request(std::string_view text) {
    return text.contains("-----BEGIN CERTIFICATE REQUEST-----");
}

base::Result<LineageKey> read_request(std::string_view text) {
    const auto request = CertificateRequest::from_octets(base::bytes_of(text));
    if (!request) return std::unexpected(request.error());
    return LineageKey::elsewhere(*request);
}

/// Knows the public half alone.
class AbsentKey final : public crypto::KeyHolder {
  public:
    explicit AbsentKey(crypto::PublicKey key) : key_(std::move(key)) {}
    const crypto::PublicKey& public_key() const override { return key_; }
    base::Bytes sign(base::BytesView) const override {
        throw std::runtime_error("the key of a request from elsewhere is not here");
    }

  private:
    crypto::PublicKey key_;
};

/// Whether a key is written as this program does: PKCS #8, and nothing else.
bool is_own_pem(std::string_view text) {
    return text.starts_with("-----BEGIN PRIVATE KEY-----\n") &&
           text.ends_with("-----END PRIVATE KEY-----\n") &&
           text.find("-----BEGIN ", 1) == std::string_view::npos;
}

base::Result<LineageKey> read_pem(std::string_view text) {
    if (!is_reference(text) && !is_own_pem(text)) {
        // As other programs write keys; from here on as this one does.
        const auto key = crypto::PrivateKey::from_pem(text);
        if (!key) return std::unexpected(key.error());
        return LineageKey(*key);
    }
    auto signer = signer_from(text);
    if (!signer) return std::unexpected(signer.error());
    const auto octets = base::bytes_of(text);
    return LineageKey(*std::move(signer), base::SecretBytes(octets.begin(), octets.end()));
}

/// All ways; a further one is a line here and a file with its two functions.
constexpr std::array keepings = {Keeping{&is_request, &read_request},
                                 Keeping{&is_key_text, &read_pem}};

}  // namespace

LineageKey::LineageKey(const crypto::PrivateKey& key) : LineageKey(key, key.to_pem()) {}

LineageKey::LineageKey(crypto::Signer signer, base::SecretBytes text)
    : signer_(std::move(signer)),
      text_(std::make_shared<const base::SecretBytes>(std::move(text))) {}

LineageKey LineageKey::elsewhere(const CertificateRequest& request) {
    const auto pem = request.pem();
    return {crypto::Signer(std::make_shared<const AbsentKey>(request.public_key())),
            base::SecretBytes(pem.begin(), pem.end())};
}

bool LineageKey::is_elsewhere() const {
    return is_request(base::text_of(base::BytesView(text())));
}

LineageKey LineageKey::generate(crypto::KeyType type) {
    return crypto::PrivateKey::generate(type);
}

LineageKey LineageKey::make(const KeyStore& store, crypto::KeyType type, const std::string& label) {
    auto key = key_or_fail(store, type, label, Phase::order);
    return {std::move(key.signer), std::move(key.text)};
}

bool LineageKey::is_kept_in(const KeyStore& store) const {
    if (is_elsewhere()) return false;
    const auto kept = store_of(base::text_of(base::BytesView(text())));
    return kept && *kept == store;
}

base::Result<LineageKey> LineageKey::from_text(std::string_view text) {
    const auto* const keeping = std::ranges::find_if(
        keepings, [&](const Keeping& candidate) { return candidate.has_written(text); });
    if (keeping == keepings.end()) return base::fail("it holds no private key in PEM");
    return keeping->find(text);
}

bool is_of_type(const crypto::PublicKey& key, crypto::KeyType type) {
    using crypto::KeyAlgorithm;
    using crypto::KeyType;
    const auto is = [&](KeyAlgorithm algorithm) { return key.algorithm() == algorithm; };
    switch (type) {
        case KeyType::ec_p256:
            return is(KeyAlgorithm::ec_p256);
        case KeyType::ec_p384:
            return is(KeyAlgorithm::ec_p384);
        case KeyType::ed25519:
            return is(KeyAlgorithm::ed25519);
        case KeyType::rsa2048:
            return is(KeyAlgorithm::rsa) && key.bits() == 2048;
        case KeyType::rsa3072:
            return is(KeyAlgorithm::rsa) && key.bits() == 3072;
        case KeyType::rsa4096:
            return is(KeyAlgorithm::rsa) && key.bits() == 4096;
    }
    return false;
}

}  // namespace cairn::client
