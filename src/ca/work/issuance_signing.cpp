#include "ca/work/issuance.h"
#include "pki/linted_form.h"

namespace cairn::ca {

using protocol::Problem;
using protocol::ProblemType;

base::Task<std::optional<IssuanceEnding>> Issuance::draw_up_and_sign(const Order& order,
                                                                     ProvenIntent proven) {
    IssuanceEnding ending;
    std::optional<BoundDraft> bound;
    try {
        auto linted = co_await bind_linted(order, std::move(proven));
        if (!linted) co_return std::nullopt;
        bound.emplace(*std::move(linted));
    } catch (const LintRefused&) {
        ending.problem.emplace(ProblemType::server_internal,
                               "the CA could not issue the certificate");
    }
    if (!bound) co_return ending;
    const auto& issuer = bound->issuer;
    log_.debug("issuance begins", {{"request", order.intent->request},
                                   {"order", order.id.to_string()},
                                   {"issuer", issuer.name()}});
    auto certificate = std::move(bound->record);
    certificate.account = order.account;
    certificate.order = order.id;
    certificate.profile = order.profile;
    certificate.der = co_await issuer.sign(std::move(bound->draft), observer_);
    certificate.issued = clock_.now();
    ending.certificate = std::move(certificate);
    ending.issuer = issuer.name();
    co_return ending;
}

base::Task<std::optional<Issuance::BoundDraft>> Issuance::bind_linted(const Order& order,
                                                                      ProvenIntent proven) {
    std::optional<BoundDraft> bound;
    try {
        auto made = co_await bind(order, std::move(proven));
        if (!made) co_return std::nullopt;
        bound.emplace(*std::move(made));
    } catch (const LintRefused& refusal) {
        tell_refused(Observer::Lint::own, order, refusal.what());
        throw;
    }
    if (options_.linter == nullptr) co_return bound;
    auto judged =
        pki::linted_form(bound->draft.to_be_signed(), bound->issuer.certificate().public_key());
    const auto finding = co_await options_.linter->finding(std::move(judged));
    if (finding) {
        tell_refused(Observer::Lint::linter, order, *finding);
        throw LintRefused(*finding);
    }
    co_return bound;
}

void Issuance::tell_refused(Observer::Lint lint, const Order& order, std::string_view findings) {
    observer_.lint_refused(lint);
    log_.error("lint refused", {{"request", order.intent->request},
                                {"order", order.id.to_string()},
                                {"lint", lint == Observer::Lint::own ? "own" : "linter"},
                                {"findings", base::printable(findings, 2000)}});
}

base::Task<std::optional<Issuance::BoundDraft>> Issuance::bind(const Order& order,
                                                               ProvenIntent proven) {
    const auto& issuer = proven.issuer;
    auto& proof = proven.proof;
    const auto& pin = order.intent->pin;
    if (pin)
        co_return BoundDraft{issuer, issuer.record_of(proof.fields(), *pin),
                             issuer.draft(proof, *pin)};
    if (issuer.signing_place() == Signer::Place::in_process) {
        auto record = issuer.record_of(proof.fields(), proof.profile());
        co_return BoundDraft{issuer, std::move(record), issuer.draft(std::move(proof))};
    }
    // Another node may run the same job, and have come first.
    IssuancePin wanted{issuer.id(), issuer.draft(proof).to_be_signed()};
    const auto standing = co_await repository_.pin_issuance(order.id, std::move(wanted));
    if (!standing) co_return std::nullopt;
    const auto& bound = require_bound(*standing);
    co_return BoundDraft{bound, bound.record_of(proof.fields(), *standing),
                         bound.draft(proof, *standing)};
}

const Issuer& Issuance::require_bound(const IssuancePin& pin) const {
    const auto* issuer = issuers_.find(pin.issuer);
    if (issuer == nullptr)
        throw SignerUnavailable("the issuer that the certificate is bound to is not configured");
    return *issuer;
}

}  // namespace cairn::ca
