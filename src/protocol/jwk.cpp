#include "protocol/jwk.h"

#include <array>
#include <optional>

#include "base/base64url.h"
#include "base/enum_table.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"
#include "protocol/jwk_json.h"

namespace cairn::protocol {
namespace {

/// Members that hold secrets (RFC 7518 sections 6.2.2, 6.3.2 and 6.4.1, RFC 8037 section 2).
constexpr std::array<std::string_view, 8> secret_members = {"d",  "p",  "q",   "dp",
                                                            "dq", "qi", "oth", "k"};

/// `crv` of elliptic curves (RFC 7518 section 6.2.1.1); empty for other keys.
constexpr base::EnumTable<crypto::KeyAlgorithm, std::string_view> curve_names({
    {crypto::KeyAlgorithm::rsa, {}},
    {crypto::KeyAlgorithm::ec_p256, "P-256"},
    {crypto::KeyAlgorithm::ec_p384, "P-384"},
    {crypto::KeyAlgorithm::ec_p521, "P-521"},
    {crypto::KeyAlgorithm::ed25519, {}},
});

std::optional<crypto::KeyAlgorithm> curve_from(std::string_view name) {
    return name.empty() ? std::nullopt : curve_names.find(name);
}

/// RFC 7638 section 3.2: the required members alone, in lexical order.
std::string canonical_json(const crypto::PublicKey& key) {
    JsonWriter writer;
    writer.begin_object();
    switch (key.algorithm()) {
        case crypto::KeyAlgorithm::rsa: {
            const crypto::PublicKey::RsaNumbers numbers = key.rsa_numbers();
            writer.member("e", base::base64url(numbers.exponent));
            writer.member("kty", "RSA");
            writer.member("n", base::base64url(numbers.modulus));
            break;
        }
        case crypto::KeyAlgorithm::ed25519:
            writer.member("crv", "Ed25519");
            writer.member("kty", "OKP");
            writer.member("x", base::base64url(key.ed25519_raw()));
            break;
        case crypto::KeyAlgorithm::ec_p256:
        case crypto::KeyAlgorithm::ec_p384:
        case crypto::KeyAlgorithm::ec_p521: {
            const crypto::PublicKey::EcPoint point = key.ec_point();
            writer.member("crv", curve_names[key.algorithm()]);
            writer.member("kty", "EC");
            writer.member("x", base::base64url(point.x));
            writer.member("y", base::base64url(point.y));
            break;
        }
    }
    writer.end_object();
    return writer.take();
}

std::unexpected<Problem> bad_public_key(std::string detail) {
    return std::unexpected(Problem(ProblemType::bad_public_key, std::move(detail)));
}

/// A member with octets as base64url; otherwise empty, and an error is recorded.
base::Bytes octets(MemberReader& members, std::string_view name) {
    const std::string_view text = members.required_text(name);
    base::Result<base::Bytes> octets = base::from_base64url(text);
    if (octets) return *std::move(octets);
    members.refuse(name, octets.error().message);
    return {};
}

/// The key that `members` describe. `members` records errors of single members; then ignore the
/// result.
base::Result<crypto::PublicKey> key_from(MemberReader& members, std::string_view kind) {
    if (kind == "RSA") {
        const base::Bytes modulus = octets(members, "n");
        const base::Bytes exponent = octets(members, "e");
        return crypto::PublicKey::from_rsa(modulus, exponent);
    }
    if (kind != "EC" && kind != "OKP") {
        return base::fail("keys of kty EC, OKP and RSA are taken, not of kty " +
                          base::printable(kind, 50));
    }
    const std::string_view curve = members.required_text("crv");
    if (kind == "OKP") {
        if (curve != "Ed25519") {
            return base::fail("the curve for OKP is Ed25519, not " + base::printable(curve, 50));
        }
        return crypto::PublicKey::from_ed25519(octets(members, "x"));
    }
    const std::optional<crypto::KeyAlgorithm> known_curve = curve_from(curve);
    if (!known_curve) {
        return base::fail("the curves for EC are P-256, P-384 and P-521, not " +
                          base::printable(curve, 50));
    }
    const base::Bytes x = octets(members, "x");
    const base::Bytes y = octets(members, "y");
    return crypto::PublicKey::from_ec_point(*known_curve, x, y);
}

}  // namespace

Jwk::Jwk(crypto::PublicKey key)
    : key_(std::move(key)),
      json_(canonical_json(key_)),
      thumbprint_(crypto::sha256(base::bytes_of(json_))) {}

Jwk Jwk::of(const crypto::PublicKey& key) {
    return Jwk(key);
}

OrProblem<Jwk> Jwk::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return malformed(object.error().within("jwk"));
    return read_jwk(*object);
}

OrProblem<Jwk> read_jwk(const boost::json::object& object) {
    for (const std::string_view secret : secret_members) {
        if (object.contains(secret)) {
            return bad_public_key("the jwk holds a private or symmetric key");
        }
    }
    MemberReader members(object, NullMember::wrong_type);
    const std::string_view kind = members.required_text("kty");
    if (members.error()) return malformed(members.error()->within("jwk"));
    const base::Result<crypto::PublicKey> key = key_from(members, kind);
    if (members.error()) return malformed(members.error()->within("jwk"));
    if (!key) return bad_public_key(key.error().within("jwk").message);
    return Jwk::of(*key);
}

}  // namespace cairn::protocol
