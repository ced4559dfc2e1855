#include "protocol/external_account_binding.h"

#include "base/base64url.h"
#include "crypto/digest.h"
#include "protocol/flattened_jws.h"
#include "protocol/json_writer.h"

namespace cairn::protocol {
namespace {

/// The only algorithm: RFC 8555 section 7.3.4 names it, and every client has it.
constexpr std::string_view algorithm = "HS256";

std::unexpected<Problem> malformed_binding(const base::Error& error) {
    return malformed(error.within("externalAccountBinding"));
}

}  // namespace

OrProblem<ExternalAccountBinding> ExternalAccountBinding::from_json(base::BytesView json) {
    JsonMemory memory;
    OrProblem<FlattenedJws> flattened = read_flattened_jws(json, memory);
    if (!flattened) return malformed_binding({flattened.error().detail});

    MemberReader header(flattened->header, NullMember::wrong_type);
    const std::string_view algorithm_name = header.required_text("alg");
    const std::string_view key_id = header.required_text("kid");
    const std::string_view url = header.required_text("url");
    if (header.error()) return malformed_binding(*header.error());
    if (algorithm_name != algorithm) {
        Problem problem(ProblemType::bad_signature_algorithm,
                        "externalAccountBinding: the algorithm must be HS256, not " +
                            base::printable(algorithm_name, 50));
        problem.algorithms = {std::string(algorithm)};
        return std::unexpected(std::move(problem));
    }
    for (const std::string_view forbidden : {"nonce", "jwk"}) {
        if (flattened->header.contains(forbidden)) {
            return malformed_binding({"there must be no " + std::string(forbidden)});
        }
    }
    OrProblem<Jwk> account_key = Jwk::from_json(flattened->payload);
    if (!account_key)
        return malformed_binding(base::Error{account_key.error().detail}.within("payload"));

    ExternalAccountBinding binding{std::string(key_id), std::string(url), *std::move(account_key)};
    binding.signing_input_ = std::move(flattened->signing_input);
    binding.mac_ = std::move(flattened->signature);
    return binding;
}

bool ExternalAccountBinding::is_keyed_with(base::BytesView mac_key) const {
    return crypto::equal_in_constant_time(
        crypto::hmac_sha256(mac_key, base::bytes_of(signing_input_)), mac_);
}

std::string make_external_account_binding(const crypto::PublicKey& account_key,
                                          std::string_view key_id, base::BytesView mac_key,
                                          std::string_view new_account_url) {
    JsonWriter protected_header;
    protected_header.begin_object();
    protected_header.member("alg", algorithm);
    protected_header.member("kid", key_id);
    protected_header.member("url", new_account_url);
    protected_header.end_object();

    const std::string signing_input =
        base::base64url(base::bytes_of(protected_header.take())) + '.' +
        base::base64url(base::bytes_of(Jwk::of(account_key).to_json()));
    return write_flattened_jws(signing_input,
                               crypto::hmac_sha256(mac_key, base::bytes_of(signing_input)));
}

}  // namespace cairn::protocol
