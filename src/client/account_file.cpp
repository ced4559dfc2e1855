#include "client/account_file.h"

#include <utility>

#include <fmt/format.h>

#include "base/base64url.h"
#include "base/json_quoted.h"
#include "crypto/private_key_numbers.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

constexpr std::string_view no_account =
    "it is no account of cairn's, no private key in PEM form and none in JWK form";

/// A member of a JWK, base64url; empty and an error of the reader if it is not there.
base::Bytes octets(protocol::MemberReader& reader, std::string_view name) {
    auto value = base::from_base64url(reader.required_text(name));
    if (value) return std::move(*value);
    reader.refuse(name, value.error().message);
    return {};
}

base::Result<crypto::PrivateKey> rsa_key(protocol::MemberReader& reader) {
    const crypto::RsaPrivateNumbers numbers{
        octets(reader, "n"), octets(reader, "e"),  octets(reader, "d"),  octets(reader, "p"),
        octets(reader, "q"), octets(reader, "dp"), octets(reader, "dq"), octets(reader, "qi")};
    if (reader.error()) return std::unexpected(*reader.error());
    return crypto::private_key_from(numbers);
}

base::Result<crypto::PrivateKey> ec_key(protocol::MemberReader& reader) {
    const auto curve = reader.required_text("crv");
    const auto scalar = octets(reader, "d");
    const auto x = octets(reader, "x");
    const auto y = octets(reader, "y");
    if (reader.error()) return std::unexpected(*reader.error());
    for (const auto& [name, algorithm] :
         {std::pair<std::string_view, crypto::KeyAlgorithm>{"P-256", crypto::KeyAlgorithm::ec_p256},
          {"P-384", crypto::KeyAlgorithm::ec_p384},
          {"P-521", crypto::KeyAlgorithm::ec_p521}}) {
        if (curve != name) continue;
        auto key = crypto::private_key_from(algorithm, scalar);
        if (!key) return key;
        const auto point = key->public_key().ec_point();
        if (point.x != x || point.y != y)
            return base::fail("its private number does not belong to its point");
        return key;
    }
    return base::fail("its curve is not known here");
}

/// RFC 8037 section 2.
base::Result<crypto::PrivateKey> okp_key(protocol::MemberReader& reader) {
    const auto curve = reader.required_text("crv");
    const auto seed = octets(reader, "d");
    const auto x = octets(reader, "x");
    if (reader.error()) return std::unexpected(*reader.error());
    if (curve != "Ed25519") return base::fail("its curve is not known here, or does not sign");
    auto key = crypto::ed25519_key_from(seed);
    if (key && key->public_key().ed25519_raw() != x)
        return base::fail("its private number does not belong to its point");
    return key;
}

base::Result<AccountFile> from_json(std::string_view text) {
    const auto object = protocol::parse_json_object(base::bytes_of(text));
    if (!object) return base::fail(std::string(no_account));
    protocol::MemberReader reader(*object);
    if (const auto kind = reader.text_or_empty("kty"); !kind.empty()) {
        if (kind != "RSA" && kind != "EC" && kind != "OKP")
            return base::fail("keys of this kind are not known here");
        auto key = kind == "RSA"  ? rsa_key(reader)
                   : kind == "EC" ? ec_key(reader)
                                  : okp_key(reader);
        if (!key) return std::unexpected(key.error());
        return AccountFile{std::move(*key)};
    }
    const auto pem = reader.required_text("key");
    const std::string directory_url(reader.required_text("ca"));
    const auto name = reader.text_or_empty("name");
    if (reader.error()) return base::fail(std::string(no_account));
    auto key = crypto::PrivateKey::from_pem(pem);
    if (!key) return std::unexpected(key.error());
    return AccountFile{std::move(*key), directory_url, name};
}

}  // namespace

base::Result<AccountFile> read_account_file(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first != std::string_view::npos && text[first] == '{') return from_json(text);
    auto key = crypto::PrivateKey::from_pem(text);
    if (!key) return base::fail(std::string(no_account));
    return AccountFile{std::move(*key)};
}

std::string account_file_text(const StoredAccount& account, const base::SecretBytes& key_pem) {
    std::string contacts;
    for (const auto& contact : account.contact)
        contacts += (contacts.empty() ? "" : ", ") + base::json_quoted(contact);
    return fmt::format(
        "{{\n  \"version\": 1,\n  \"ca\": {},\n  \"url\": {},\n  \"name\": {},\n  \"contact\": "
        "[{}],\n  \"key\": {}\n}}\n",
        base::json_quoted(account.directory_url), base::json_quoted(account.url),
        base::json_quoted(account.name), contacts,
        base::json_quoted(base::text_of(base::BytesView(key_pem))));
}

}  // namespace cairn::client
