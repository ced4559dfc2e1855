#pragma once
// Private to the .cpp files of store: objects out of the rows of either database. `Row` gives the
// values in the order of the columns, which stands with each function.

#include <optional>
#include <string>

#include "ca/facts/account.h"
#include "ca/facts/authorization.h"
#include "ca/facts/certificate.h"
#include "ca/facts/external_key.h"
#include "ca/facts/order.h"
#include "ca/ports/repository.h"
#include "store/stored_form.h"

namespace cairn::store {

/// What read_account reads.
inline constexpr std::string_view account_columns =
    "id, jwk, contacts, created, terms_agreed, deactivated, scope, terms_url, bound_to, binding";

/// `account_columns`.
template <class Row>
ca::Account read_account(Row& row) {
    ca::Account account{
        .id = id_from<ca::AccountKind>(row.blob()),
        .key = jwk_from(row.text()),
        .contacts = from_lines(row.text()),
        .created = row.time(),
        .terms_agreed = row.optional_time(),
        .deactivated = row.optional_time(),
        .scope = scope_from(row.optional_text()),
        .terms_url = std::string(row.optional_text().value_or("")),
    };
    if (const auto kid = row.optional_text())
        account.binding = {std::string(*kid), std::string(row.text())};
    return account;
}

/// kid, hmac_key, created, not_after, most_uses, uses, names, networks, profiles, uris,
/// is_vouching, note, revoked.
template <class Row>
ca::ExternalKey read_external_key(Row& row) {
    ca::ExternalKey key{.kid = std::string(row.text()), .hmac_key = {}, .created = {}};
    const auto octets = row.blob();
    key.hmac_key.assign(octets.begin(), octets.end());
    key.created = row.time();
    key.not_after = row.optional_time();
    key.most_uses = row.optional_integer();
    key.uses = row.integer();
    key.scope.names = name_patterns_from(row.text());
    key.scope.networks = networks_from(row.text());
    key.scope.profiles = from_lines(row.text());
    key.scope.uris = uri_patterns_from(row.text());
    key.scope.names_are_vouched_for = row.integer() != 0;
    key.note = row.text();
    key.revoked = row.optional_time();
    return key;
}

/// pinned_issuer, pinned_octets.
template <class Row>
ca::IssuancePin read_pin(Row& row) {
    return {.issuer = digest_from(row.blob()), .to_be_signed = base::copy_of(row.blob())};
}

/// replaced_serial, replaced_key_id: both or none.
template <class Row>
std::optional<pki::RenewalIdentifier> read_replaced(Row& row) {
    const auto serial = row.optional_blob();
    const auto key_id = row.optional_blob();
    if (!serial || !key_id) return std::nullopt;
    return pki::RenewalIdentifier{.issuer_key_id = base::copy_of(*key_id),
                                  .serial = serial_from(*serial)};
}

/// id, account, created, expires, identifiers, authorizations, profile, not_before, not_after,
/// replaced_serial, replaced_key_id, completed, problem, begun, csr, serial,
/// certificate_not_before, certificate_not_after, request, pinned_issuer, pinned_octets.
template <class Row>
ca::Order read_order(Row& row) {
    ca::Order order{
        .id = id_from<ca::OrderKind>(row.blob()),
        .account = id_from<ca::AccountKind>(row.blob()),
        .created = row.time(),
        .expires = row.time(),
        .identifiers = identifiers_from(row.text()),
        .authorizations = authorization_ids_from(row.blob()),
        .profile = std::string(row.text()),
        .not_before = row.optional_time(),
        .not_after = row.optional_time(),
        .replaces = read_replaced(row),
        .intent = std::nullopt,
        .completed = row.optional_time(),
        .problem = std::nullopt,
    };
    if (const auto problem = row.optional_text()) order.problem = problem_from(*problem);
    if (const auto begun = row.optional_time()) {
        order.intent = ca::IssuanceIntent{
            .begun = *begun,
            .csr = base::copy_of(row.blob()),
            .serial = serial_from(row.blob()),
            .validity = {.not_before = row.time(), .not_after = row.time()},
            .request = std::string(row.optional_text().value_or("")),
        };
        if (const auto issuer = row.optional_blob())
            order.intent->pin = ca::IssuancePin{.issuer = digest_from(*issuer),
                                                .to_be_signed = base::copy_of(row.blob())};
    }
    return order;
}

/// id, account, identifier, created, expires, token, offered, profile, subdomains, deactivated,
/// started, method, finished, problem, request, vouched_by.
template <class Row>
ca::Authorization read_authorization(Row& row) {
    ca::Authorization authorization{
        .id = id_from<ca::AuthorizationKind>(row.blob()),
        .account = id_from<ca::AccountKind>(row.blob()),
        .identifier = identifier_from(row.text()),
        .created = row.time(),
        .expires = row.time(),
        .token = token_from(row.text()),
        .offered = challenge_types_from(row.text()),
        .attempt = std::nullopt,
        .deactivated = std::nullopt,
        .profile = std::string(row.optional_text().value_or("")),
        .for_subdomains = row.optional_integer().has_value(),
    };
    authorization.deactivated = row.optional_time();
    if (const auto started = row.optional_time()) {
        authorization.attempt = ca::ValidationAttempt{
            .method = challenge_types_from(row.text()).at(0),
            .started = *started,
            .finished = row.optional_time(),
            .problem = std::nullopt,
        };
        if (const auto problem = row.optional_text())
            authorization.attempt->problem = problem_from(*problem);
        authorization.attempt->request = row.optional_text().value_or("");
    } else {
        row.skip(4);
    }
    authorization.vouched_by = row.optional_text().value_or("");
    return authorization;
}

/// id, account, identifier.
template <class Row>
ca::OrderStore::UnfinishedValidation read_unfinished_validation(Row& row) {
    return {.id = id_from<ca::AuthorizationKind>(row.blob()),
            .account = id_from<ca::AccountKind>(row.blob()),
            .identifier = identifier_from(row.text())};
}

/// id, account.
template <class Row>
ca::OrderStore::UnfinishedIssuance read_unfinished_issuance(Row& row) {
    return {.id = id_from<ca::OrderKind>(row.blob()),
            .account = id_from<ca::AccountKind>(row.blob())};
}

/// serial, der, issuer, key, not_after, issued, account, order, profile, crl, and when and why it
/// was revoked.
template <class Row>
ca::IssuedCertificate read_certificate(Row& row) {
    ca::IssuedCertificate certificate{
        .serial = serial_from(row.blob()),
        .der = base::copy_of(row.blob()),
        .issuer = digest_from(row.blob()),
        .key = digest_from(row.blob()),
        .not_after = row.time(),
        .account = std::nullopt,
        .order = std::nullopt,
        .issued = row.time(),
        .revocation = std::nullopt,
    };
    if (const auto account = row.optional_blob())
        certificate.account = id_from<ca::AccountKind>(*account);
    if (const auto order = row.optional_blob()) certificate.order = id_from<ca::OrderKind>(*order);
    certificate.profile = row.optional_text().value_or("");
    certificate.shard = row.optional_integer();
    if (const auto at = row.optional_time())
        certificate.revocation = {.at = *at, .reason = reason_from(row.integer())};
    return certificate;
}

}  // namespace cairn::store
