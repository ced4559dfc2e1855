// Public keys. What is accepted must have one canonical text and one thumbprint, and no secret.

#include "fuzz/target.h"
#include "protocol/jwk.h"

using namespace cairn;

CAIRN_FUZZ_TARGET(jwk) {
    const auto jwk = protocol::Jwk::from_json({data, size});
    if (!jwk) return 0;
    const auto again = protocol::Jwk::from_json(base::bytes_of(jwk->to_json()));
    require(again.has_value());
    require(again->to_json() == jwk->to_json());
    require(again->thumbprint() == jwk->thumbprint());
    require(again->public_key() == jwk->public_key());
    require(jwk->to_json().find("\"d\"") == std::string::npos);

    const auto same = crypto::PublicKey::from_spki(jwk->public_key().spki());
    require(same.has_value());
    require(*same == jwk->public_key());
    return 0;
}
