// Requests and external account bindings. What is accepted must keep what its types promise, and
// must not be signed by a key that never signed anything.

#include <array>

#include "base/base64url.h"
#include "fuzz/target.h"
#include "protocol/external_account_binding.h"
#include "protocol/jws.h"

namespace {

using namespace cairn;

void check(base::BytesView body, protocol::Jws::Nonce nonce) {
    const auto jws = protocol::Jws::from_json(body, nonce);
    if (!jws) {
        const bool lists = jws.error().type == protocol::ProblemType::bad_signature_algorithm;
        require(jws.error().algorithms.empty() != lists);
        return;
    }
    require(jws->jwk().has_value() != jws->kid().has_value());
    require(base::is_base64url(jws->nonce()) || jws->nonce().empty());
    require(nonce == protocol::Jws::Nonce::required || jws->nonce().empty());
    if (jws->jwk()) {
        require(crypto::algorithm_for(jws->jwk()->public_key()) == jws->algorithm());
        (void)jws->is_signed_by(jws->jwk()->public_key());
    }
    static const auto stranger = crypto::PrivateKey::generate(crypto::KeyType::ed25519);
    require(!jws->is_signed_by(stranger.public_key()));
}

void check_binding(base::BytesView json) {
    const auto binding = protocol::ExternalAccountBinding::from_json(json);
    if (!binding) return;
    static const std::array<std::uint8_t, 32> strange_key = {0x5a, 0xa5};
    require(!binding->is_keyed_with(strange_key));
}

}  // namespace

CAIRN_FUZZ_TARGET(jws) {
    const base::BytesView body(data, size);
    check(body, protocol::Jws::Nonce::required);
    check(body, protocol::Jws::Nonce::forbidden);

    check_binding(body);

    // Mutations seldom get through base64url, so the same octets as a protected header and payload.
    const std::string encoded = base::base64url(body);
    const std::string wrapped =
        R"({"protected":")" + encoded + R"(","payload":")" + encoded + R"(","signature":"AQI"})";
    check(base::bytes_of(wrapped), protocol::Jws::Nonce::required);
    check(base::bytes_of(wrapped), protocol::Jws::Nonce::forbidden);
    check_binding(base::bytes_of(wrapped));
    return 0;
}
