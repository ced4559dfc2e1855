#include "client/lineage_key.h"

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "client/certificate_request.h"
#include "client/failure.h"
#include "client/key_text.h"
#include "crypto/digest.h"
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

/// The keys that were read last, since each step of an order reads the facts with its key, and
/// OpenSSL takes longer for a key's PEM than for a signature.
class KnownKeys {
  public:
    std::optional<LineageKey> find(const crypto::Sha256Digest& text) const {
        const std::scoped_lock lock(mutex_);
        const auto known = std::ranges::find(keys_, text, &Known::text);
        return known == keys_.end() ? std::nullopt : std::optional(known->key);
    }

    void keep(const crypto::Sha256Digest& text, const LineageKey& key) {
        const std::scoped_lock lock(mutex_);
        if (keys_.size() == most_kept) keys_.pop_front();
        keys_.push_back({text, key});
    }

  private:
    static constexpr std::size_t most_kept = 64;
    struct Known {
        crypto::Sha256Digest text;
        LineageKey key;
    };
    mutable std::mutex mutex_;
    std::deque<Known> keys_;
};

base::Result<LineageKey> read_private_key(std::string_view text) {
    static KnownKeys known_keys;
    const auto digest = crypto::sha256(base::bytes_of(text));
    if (auto known = known_keys.find(digest)) return *std::move(known);
    const auto key = crypto::PrivateKey::from_pem(text);
    if (!key) return std::unexpected(key.error());
    LineageKey read(*key);
    known_keys.keep(digest, read);
    return read;
}

base::Result<LineageKey> read_pem(std::string_view text) {
    if (!is_reference(text)) return read_private_key(text);
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
