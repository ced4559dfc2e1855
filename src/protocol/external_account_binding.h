#pragma once

#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/key.h"
#include "protocol/jwk.h"
#include "protocol/problem.h"

namespace cairn::protocol {

/// The externalAccountBinding of a newAccount request (RFC 8555 section 7.3.4): a JWS by which the
/// holder of a MAC key, which the CA gave out outside ACME, confirms an account key. Parsed, not
/// yet verified: do not use its content before `is_keyed_with` has returned true.
class ExternalAccountBinding {
  public:
    /// Reads the JSON text of the member. badSignatureAlgorithm for an alg other than HS256;
    /// malformed for anything else that is wrong: what `Jws` refuses in a serialization, a nonce, a
    /// jwk in the header, no kid or url, a payload that is not a JWK.
    [[nodiscard]] static OrProblem<ExternalAccountBinding> from_json(base::BytesView json);

    /// The name that the CA gave the MAC key.
    [[nodiscard]] const std::string& key_id() const { return key_id_; }
    /// Must be equal to the `url` of the request around it.
    [[nodiscard]] const std::string& url() const { return url_; }
    /// Must be equal to the key of the request around it.
    [[nodiscard]] const Jwk& account_key() const { return account_key_; }

    /// True if the MAC over the octets as received was made with `mac_key`. The time does not
    /// depend on the result.
    [[nodiscard]] bool is_keyed_with(base::BytesView mac_key) const;

  private:
    ExternalAccountBinding(std::string key_id, std::string url, Jwk account_key)
        : key_id_(std::move(key_id)), url_(std::move(url)), account_key_(std::move(account_key)) {}
    std::string key_id_, url_;
    Jwk account_key_;
    std::string signing_input_;
    base::Bytes mac_;
};

/// The externalAccountBinding object for newAccount: HS256 over the account's JWK, keyed with
/// `mac_key`, named `key_id`.
[[nodiscard]] std::string make_external_account_binding(const crypto::PublicKey& account_key,
                                                        std::string_view key_id,
                                                        base::BytesView mac_key,
                                                        std::string_view new_account_url);

}  // namespace cairn::protocol
