// What becomes of orders, certificates and revocation lists.
#include <algorithm>

#include "store/audit/audited_call.h"
#include "store/audit/audited_repository.h"

namespace cairn::store {

namespace {

constexpr std::string_view too_late = "it had ended, or another did it";
constexpr std::string_view by_limit = "a limit refused it";

std::vector<std::string> names_of(const std::vector<protocol::Identifier>& identifiers) {
    std::vector<std::string> names;
    names.reserve(identifiers.size());
    for (const auto& identifier : identifiers) names.push_back(identifier.value());
    return names;
}

std::vector<std::string> ids_of(const std::vector<ca::AuthorizationId>& ids) {
    std::vector<std::string> texts;
    texts.reserve(ids.size());
    for (const auto& id : ids) texts.push_back(id.to_string());
    return texts;
}

std::string_view undone_placement(const ca::OrderStore::Placement& placement) {
    if (placement.twin) return "there is one with the same names";
    if (placement.replacement) return "another order replaces the same certificate";
    if (!placement.decision.accepted) return by_limit;
    return {};
}

std::string_view undone_beginning(ca::OrderStore::IssuanceBeginning beginning) {
    using enum ca::OrderStore::IssuanceBeginning;
    switch (beginning) {
        case begun:
            return {};
        case key_is_blocked:
            return "the key is blocked";
        case key_is_an_accounts:
            return "the key is an account's";
        case refused:
            return "the order is not ready, or is being finalized";
        case over_limit:
            return by_limit;
    }
    return "unknown outcome";
}

std::string_view undone_revocation(ca::CertificateStore::RevocationOutcome outcome) {
    using enum ca::CertificateStore::RevocationOutcome;
    switch (outcome) {
        case revoked:
        case raised_to_key_compromise:
            return {};
        case already_revoked:
            return "it is revoked already";
        case unknown:
            return "there is no such certificate";
    }
    return "unknown outcome";
}

void add_facts(ca::AuditEntry& told, const ca::IssuedCertificate& certificate) {
    if (certificate.order) told.add("order", *certificate.order);
    if (certificate.account) told.add("account", *certificate.account);
    told.add("serial", std::string_view(certificate.serial.to_hex()));
    told.add("issuer", certificate.issuer).add("key", certificate.key);
    told.add("sha256", crypto::sha256(certificate.der)).add("not_after", certificate.not_after);
    told.add("profile", std::string_view(certificate.profile));
}

void add_facts(ca::AuditEntry& told, const ca::AuthorizationId& id,
               const ca::ValidationAttempt& attempt) {
    told.add("authorization", id).add("method", to_string(attempt.method));
}

}  // namespace

base::Task<ca::OrderStore::Placement> AuditedRepository::create_order(
    ca::Order order, std::vector<ca::Authorization> fresh, std::optional<Reuse> reuse,
    ca::Charges charges, Claims claims) {
    auto told = entry(ca::AuditEvent::order_create);
    told.add("account", order.account).add("order", order.id);
    told.add("identifiers", names_of(order.identifiers));
    told.add("authorizations", ids_of(order.authorizations));
    told.add("profile", std::string_view(order.profile));
    if (order.replaces) told.add("replaces", std::string_view(order.replaces->to_text()));
    for (const auto& proof : fresh)
        if (!proof.vouched_by.empty()) told.add("vouched_by", std::string_view(proof.vouched_by));
    const auto id = order.id;
    auto call = store_.create_order(std::move(order), std::move(fresh), std::move(reuse),
                                    std::move(charges), std::move(claims));
    auto& audit = audit_;
    return audited(audit_, std::move(told), std::move(call),
                   [&audit, id](const Placement& placement, std::uint64_t act) {
                       const auto reason = undone_placement(placement);
                       if (!reason.empty()) return reason;
                       std::vector<ca::AuthorizationId> reused;
                       for (const auto& proof : placement.reused)
                           if (proof) reused.push_back(proof->id);
                       if (reused.empty()) return reason;
                       ca::AuditEntry taken(ca::AuditEvent::order_reuse);
                       taken.add("act", act).add("order", id);
                       taken.add("authorizations", ids_of(reused));
                       audit.note(std::move(taken));
                       return reason;
                   });
}

base::Task<ca::OrderStore::Preauthorization> AuditedRepository::create_authorization(
    ca::Authorization fresh, Reuse reuse, std::size_t most_pending, ca::Charges charges) {
    auto told = entry(ca::AuditEvent::authorization_create);
    told.add("account", fresh.account).add("authorization", fresh.id);
    told.add("identifier", std::string_view(fresh.identifier.value()));
    if (fresh.for_subdomains) told.add("subdomains", "yes");
    auto call = store_.create_authorization(std::move(fresh), std::move(reuse), most_pending,
                                            std::move(charges));
    return audited(audit_, std::move(told), std::move(call),
                   [](const Preauthorization& result, std::uint64_t) -> std::string_view {
                       if (result.reused) return "there is a valid one";
                       if (result.is_full) return "too many are pending";
                       return result.decision.accepted ? std::string_view() : by_limit;
                   });
}

base::Task<bool> AuditedRepository::begin_validation(ca::AuthorizationId id,
                                                     ca::ValidationAttempt attempt) {
    auto told = entry(ca::AuditEvent::validation_begin, attempt.request);
    add_facts(told, id, attempt);
    auto call = store_.begin_validation(id, std::move(attempt));
    return audited_if(audit_, std::move(told), std::move(call), too_late);
}

base::Task<bool> AuditedRepository::note_failed_try(ca::AuthorizationId id,
                                                    ca::ValidationAttempt attempt, base::Time now) {
    auto told = entry(ca::AuditEvent::validation_try, attempt.request);
    add_facts(told, id, attempt);
    if (attempt.problem) told.add(*attempt.problem);
    auto call = store_.note_failed_try(id, std::move(attempt), now);
    return audited_if(audit_, std::move(told), std::move(call), too_late);
}

base::Task<ca::OrderStore::ValidationEnd> AuditedRepository::finish_validation(
    ca::AuthorizationId id, ca::ValidationAttempt attempt, base::Time expires,
    ca::Charges charges) {
    auto told = entry(ca::AuditEvent::validation_end, attempt.request);
    add_facts(told, id, attempt);
    if (attempt.problem)
        told.add(*attempt.problem);
    else
        told.add("outcome", "valid").add("expires", expires);
    auto call = store_.finish_validation(id, std::move(attempt), expires, std::move(charges));
    return audited(audit_, std::move(told), std::move(call),
                   [](const ValidationEnd& end, std::uint64_t) {
                       if (!end.decision.accepted) return by_limit;
                       return end.is_recorded ? std::string_view() : too_late;
                   });
}

base::Task<bool> AuditedRepository::deactivate_authorization(ca::AuthorizationId id,
                                                             base::Time now) {
    auto told = entry(ca::AuditEvent::authorization_deactivate);
    told.add("authorization", id);
    auto call = store_.deactivate_authorization(id, now);
    return audited_if(audit_, std::move(told), std::move(call), "it had ended");
}

base::Task<ca::OrderStore::IssuanceBeginning> AuditedRepository::begin_issuance(
    ca::OrderId id, ca::IssuanceIntent intent, RequestedKey key, ca::Charges charges) {
    auto told = entry(ca::AuditEvent::issuance_begin, intent.request);
    told.add("order", id).add("serial", std::string_view(intent.serial.to_hex()));
    told.add("csr", crypto::sha256(intent.csr)).add("key", key.id);
    told.add("not_before", intent.validity.not_before);
    told.add("not_after", intent.validity.not_after);
    auto call = store_.begin_issuance(id, std::move(intent), key, std::move(charges));
    return audited(
        audit_, std::move(told), std::move(call),
        [](IssuanceBeginning beginning, std::uint64_t) { return undone_beginning(beginning); });
}

base::Task<std::optional<ca::IssuancePin>> AuditedRepository::pin_issuance(ca::OrderId id,
                                                                           ca::IssuancePin pin) {
    auto told = entry(ca::AuditEvent::issuance_pin);
    told.add("order", id).add("issuer", pin.issuer);
    told.add("to_be_signed", crypto::sha256(pin.to_be_signed));
    const auto wanted = crypto::sha256(pin.to_be_signed);
    auto call = store_.pin_issuance(id, std::move(pin));
    return audited(audit_, std::move(told), std::move(call),
                   [wanted](const std::optional<ca::IssuancePin>& standing,
                            std::uint64_t) -> std::string_view {
                       if (!standing) return too_late;
                       const bool is_ours = crypto::sha256(standing->to_be_signed) == wanted;
                       return is_ours ? std::string_view() : "it was bound already";
                   });
}

base::Task<bool> AuditedRepository::complete_issuance(ca::OrderId id,
                                                      ca::IssuedCertificate certificate) {
    auto told = entry(ca::AuditEvent::certificate_issue);
    add_facts(told, certificate);
    auto call = store_.complete_issuance(id, std::move(certificate));
    return audited_if(audit_, std::move(told), std::move(call), too_late);
}

base::Task<bool> AuditedRepository::fail_issuance(ca::OrderId id, protocol::Problem problem,
                                                  std::optional<base::Time> now) {
    auto told = entry(ca::AuditEvent::issuance_fail);
    told.add("order", id).add(problem);
    auto call = store_.fail_issuance(id, std::move(problem), now);
    return audited_if(audit_, std::move(told), std::move(call), too_late);
}

base::Task<void> AuditedRepository::add_certificate(ca::IssuedCertificate certificate) {
    auto told = entry(ca::AuditEvent::certificate_add);
    add_facts(told, certificate);
    auto call = store_.add_certificate(std::move(certificate));
    return audited(audit_, std::move(told), std::move(call));
}

base::Task<ca::CertificateStore::RevocationOutcome> AuditedRepository::revoke_certificate(
    pki::SerialNumber serial, ca::Revocation revocation) {
    auto told = entry(ca::AuditEvent::certificate_revoke);
    told.add("serial", std::string_view(serial.to_hex()));
    told.add("reason", to_string(revocation.reason)).add("at", revocation.at);
    auto call = store_.revoke_certificate(std::move(serial), revocation);
    return audited(
        audit_, std::move(told), std::move(call),
        [](RevocationOutcome outcome, std::uint64_t) { return undone_revocation(outcome); });
}

base::Task<void> AuditedRepository::save_issuer(ca::IssuerId id, ca::IssuerChains chains) {
    auto told = entry(ca::AuditEvent::issuer_save);
    told.add("issuer", id);
    auto call = store_.save_issuer(id, std::move(chains));
    return audited(audit_, std::move(told), std::move(call));
}

base::Task<bool> AuditedRepository::save_crl(ca::SignedCrl crl) {
    auto told = entry(ca::AuditEvent::crl_save);
    const auto& head = crl.head;
    told.add("list", static_cast<std::uint64_t>(head.list)).add("number", head.number);
    told.add("entries", head.entries).add("this_update", head.this_update);
    told.add("next_update", head.next_update).add("sha256", crypto::sha256(crl.der));
    auto call = store_.save_crl(std::move(crl));
    return audited_if(audit_, std::move(told), std::move(call), "there is a later one");
}

base::Task<std::size_t> AuditedRepository::wish_for_crls(std::optional<ca::IssuerId> issuer) {
    auto told = entry(ca::AuditEvent::crl_wish);
    if (issuer) told.add("issuer", *issuer);
    auto call = store_.wish_for_crls(issuer);
    return audited(audit_, std::move(told), std::move(call), [](std::size_t lists, std::uint64_t) {
        return lists > 0 ? std::string_view() : "there is no list";
    });
}

// What goes was told of when it ended; each step would be a line, and most remove nothing.
base::Task<ca::Removal> AuditedRepository::remove_expired(ca::RetentionCutoffs cutoffs,
                                                          std::size_t at_most) {
    const auto removal = co_await store_.remove_expired(cutoffs, at_most);
    if (removal.removed > 0) {
        auto told = entry(ca::AuditEvent::objects_remove);
        told.add("objects", static_cast<std::uint64_t>(removal.removed));
        told.add("orders_before", std::max(cutoffs.orders, base::Time{}));
        told.add("authorizations_before", std::max(cutoffs.authorizations, base::Time{}));
        told.add("certificates_before", std::max(cutoffs.certificates, base::Time{}));
        audit_.note(std::move(told));
    }
    co_return removal;
}

}  // namespace cairn::store
