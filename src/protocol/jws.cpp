#include "protocol/jws.h"

#include "base/base64url.h"
#include "protocol/flattened_jws.h"
#include "protocol/json_writer.h"
#include "protocol/jwk_json.h"

namespace cairn::protocol {
namespace {

std::unexpected<Problem> malformed_header(const base::Error& error) {
    return malformed(error.within("protected header"));
}

/// The problem for an alg that is "none", symmetric or unknown.
std::unexpected<Problem> unacceptable_algorithm(std::string_view name) {
    Problem problem(ProblemType::bad_signature_algorithm,
                    "the signature algorithm " + base::printable(name, 50) + " is not accepted");
    problem.algorithms = accepted_algorithms();
    return std::unexpected(std::move(problem));
}

}  // namespace

const std::vector<std::string>& accepted_algorithms() {
    static const std::vector<std::string> names = {"ES256", "EdDSA", "Ed25519", "ES384",
                                                   "ES512", "RS256", "PS256",   "RS384",
                                                   "PS384", "RS512", "PS512"};
    return names;
}

OrProblem<Jws> Jws::from_json(base::BytesView body, Nonce nonce) {
    JsonMemory memory;
    OrProblem<FlattenedJws> flattened = read_flattened_jws(body, memory);
    if (!flattened) return std::unexpected(std::move(flattened.error()));

    MemberReader header(flattened->header, NullMember::wrong_type);
    const std::string_view algorithm_name = header.required_text("alg");
    const boost::json::object* jwk = header.object("jwk");
    const std::optional<std::string_view> kid = header.text("kid");
    const std::optional<std::string_view> url = header.text("url");
    const std::optional<std::string_view> nonce_text = header.text("nonce");
    if (header.error()) return malformed_header(*header.error());

    const base::Result<crypto::SignatureAlgorithm> algorithm =
        crypto::signature_algorithm_from(algorithm_name);
    if (!algorithm) return unacceptable_algorithm(algorithm_name);
    if ((jwk != nullptr) == kid.has_value()) {
        return malformed_header({"exactly one of jwk and kid must be there"});
    }
    if (nonce == Nonce::forbidden) {
        // The inner JWS of a key change (RFC 8555 section 7.3.5).
        if (nonce_text) return malformed_header({"there must be no nonce"});
        if (!url) return malformed_header({"there is no url"});
    } else {
        if (nonce_text && !base::is_base64url(*nonce_text)) {
            return malformed_header({"the nonce is not base64url text"});  // section 6.5.2
        }
        if (!url) {
            return std::unexpected(  // section 6.4
                Problem(ProblemType::unauthorized, "the JWS names no url in its protected header"));
        }
        if (!nonce_text) {
            return std::unexpected(Problem(ProblemType::bad_nonce, "the JWS holds no nonce"));
        }
    }

    Jws jws;
    jws.algorithm_ = *algorithm;
    jws.nonce_ = nonce_text.value_or(std::string_view());
    jws.url_ = *url;
    if (kid) jws.kid_ = *kid;
    if (jwk != nullptr) {
        OrProblem<Jwk> key = read_jwk(*jwk);
        if (!key) return std::unexpected(std::move(key.error()));
        if (!crypto::fits(*algorithm, key->public_key())) {
            return malformed_header({"the alg does not fit the jwk"});
        }
        jws.jwk_ = *std::move(key);
    }
    jws.payload_ = std::move(flattened->payload);
    jws.signature_ = std::move(flattened->signature);
    jws.signing_input_ = std::move(flattened->signing_input);
    return jws;
}

bool Jws::is_signed_by(const crypto::PublicKey& key) const {
    return crypto::verify(key, algorithm_, base::bytes_of(signing_input_), signature_);
}

std::string make_jws(const crypto::Signer& signer, const JwsHeader& header,
                     std::string_view payload) {
    JsonWriter protected_header;
    protected_header.begin_object();
    protected_header.member("alg", to_string(signer.algorithm()));
    if (header.kid.empty()) {
        protected_header.name("jwk");
        protected_header.raw(Jwk::of(signer.public_key()).to_json());
    } else {
        protected_header.member("kid", header.kid);
    }
    protected_header.optional_member("nonce", header.nonce);
    protected_header.member("url", header.url);
    protected_header.end_object();

    const std::string signing_input = base::base64url(base::bytes_of(protected_header.take())) +
                                      '.' + base::base64url(base::bytes_of(payload));
    return write_flattened_jws(signing_input, signer.sign(base::bytes_of(signing_input)));
}

}  // namespace cairn::protocol
