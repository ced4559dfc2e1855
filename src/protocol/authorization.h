#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "protocol/challenge_type.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"
#include "protocol/status.h"

namespace cairn::protocol {

/// A challenge object (RFC 8555 sections 7.1.5 and 8).
struct ChallengeObject {
    /// The type as sent; a client ignores types that it does not know.
    std::string type;
    std::string url;
    ChallengeStatus status = ChallengeStatus::pending;
    /// Empty where the type has none, as dns-persist-01.
    std::string token;
    std::optional<base::Time> validated;
    std::optional<Problem> error;
    /// dns-persist-01 alone (draft-ietf-acme-dns-persist section 3): the names by which a record
    /// may name the CA, 1 to 10, and the account that it must name.
    std::vector<std::string> issuer_domain_names;
    std::string account_uri;

    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static base::Result<ChallengeObject> from_json(base::BytesView json);
};

/// An authorization object (section 7.1.4). The identifier has no "*.".
struct AuthorizationObject {
    Identifier identifier;
    AuthorizationStatus status = AuthorizationStatus::pending;
    std::optional<base::Time> expires;
    std::vector<ChallengeObject> challenges;
    bool wildcard = false;
    /// Whether it is good for names below the identifier, too (RFC 9444 section 4.1).
    bool subdomain_auth_allowed = false;

    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static base::Result<AuthorizationObject> from_json(base::BytesView json);
};

/// The payload of newAuthz (section 7.4.1).
struct NewAuthorizationRequest {
    Identifier identifier;
    /// Whether it is to be good for names below the identifier, too (RFC 9444 section 4.2).
    bool subdomain_auth_allowed = false;

    [[nodiscard]] std::string to_json() const;
    /// malformed for broken JSON and for a wildcard, which cannot be authorized in advance; the
    /// identifier's own type (unsupportedIdentifier, rejectedIdentifier), with status 403, for a
    /// bad one. Only a domain name has names below it: malformed for an address with
    /// `subdomainAuthAllowed`.
    [[nodiscard]] static OrProblem<NewAuthorizationRequest> from_json(base::BytesView json);
};

/// The payload of a POST to an authorization URL (section 7.5.2): `{"status":"deactivated"}` or
/// malformed.
[[nodiscard]] OrProblem<void> parse_authorization_update(base::BytesView json);
/// The payload of a POST to a challenge URL (section 7.5.1): any object; its members are ignored.
[[nodiscard]] OrProblem<void> parse_challenge_response(base::BytesView json);

}  // namespace cairn::protocol
