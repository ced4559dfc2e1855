#include "client/failure.h"

#include <utility>

#include <fmt/format.h>

#include "base/result.h"

namespace cairn::client {
namespace {

/// A compound problem names each identifier that failed; more than this would hide the others.
constexpr std::size_t max_subproblems_told = 100;
constexpr std::size_t max_detail = 600;

std::string name_of(protocol::ProblemType type, const std::string& type_uri) {
    if (type != protocol::ProblemType::unknown) return std::string(protocol::to_string(type));
    return type_uri.empty() ? "a problem without a type" : base::printable(type_uri);
}

std::string text_of(const std::string& tried, const std::string& came_back,
                    const std::string& next) {
    auto text = fmt::format("Could not {}: {}", tried, came_back);
    if (!next.empty()) text += fmt::format("\nNext: {}", next);
    return text;
}

}  // namespace

std::string_view to_string(Phase phase) {
    switch (phase) {
        case Phase::other:
            return "other";
        case Phase::account:
            return "account";
        case Phase::binding:
            return "binding";
        case Phase::order:
            return "order";
        case Phase::authorization:
            return "authorization";
        case Phase::challenge:
            return "challenge";
        case Phase::finalize:
            return "finalize";
        case Phase::download:
            return "download";
        case Phase::install:
            return "install";
        case Phase::deploy:
            return "deploy";
        case Phase::revocation:
            return "revocation";
    }
    return {};
}

std::optional<Phase> phase_from(std::string_view text) {
    for (int number = 0; number <= static_cast<int>(Phase::revocation); ++number)
        if (const auto phase = static_cast<Phase>(number); to_string(phase) == text) return phase;
    return std::nullopt;
}

Failure::Failure(const Aim& aim, std::string came_back, std::string next)
    : phase_(aim.phase),
      identifier_(aim.identifier),
      tried_(aim.text),
      came_back_(std::move(came_back)),
      next_(std::move(next)),
      text_(text_of(tried_, came_back_, next_)) {}

Failure::Failure(const Aim& aim, std::string_view host, const protocol::Problem& problem,
                 std::string next)
    : Failure(aim, fmt::format("{} answered {}", host, describe(problem)),
              next.empty() ? std::string(advice_for(problem, aim.phase)) : std::move(next)) {
    document_ = problem;
    status_ = problem.status;
}

Failure::Failure(const Aim& aim, int status, std::string came_back, std::string next)
    : Failure(aim, std::move(came_back), std::move(next)) {
    status_ = status;
}

Failure Failure::of_proof(std::string_view host, std::vector<Finding> findings) {
    std::string names;
    std::string looks;
    std::string_view advice;
    for (const auto& finding : findings) {
        const auto name = finding.identifier.value();
        names += (names.empty() ? "" : ", ") + name;
        looks += fmt::format("\n  {} by {}: {}", name, protocol::to_string(finding.challenge),
                             describe(finding.problem));
        if (advice.empty()) advice = advice_for(finding.problem, Phase::challenge);
    }
    Failure failure({"prove control of " + names, Phase::challenge},
                    fmt::format("{} has looked and was not convinced:{}", host, looks),
                    std::string(advice));
    if (findings.size() == 1) failure.identifier_ = findings.front().identifier;
    failure.findings_ = std::move(findings);
    return failure;
}

std::optional<protocol::ProblemType> Failure::problem() const {
    if (!document_) return std::nullopt;
    return document_->type;
}

Failure Failure::advising(std::string next) const {
    auto failure = *this;
    failure.next_ = std::move(next);
    failure.text_ = text_of(failure.tried_, failure.came_back_, failure.next_);
    return failure;
}

Failure Failure::retrying_at(std::optional<base::Time> time) const {
    auto failure = *this;
    failure.retry_at_ = time;
    return failure;
}

Failure Failure::of_attempt(std::string id) const {
    auto failure = *this;
    failure.attempt_ = std::move(id);
    return failure;
}

Failure Failure::in(Phase phase) const {
    auto failure = *this;
    if (failure.phase_ == Phase::other) failure.phase_ = phase;
    return failure;
}

Failure Failure::about(const protocol::Identifier& identifier) const {
    auto failure = *this;
    if (!failure.identifier_) failure.identifier_ = identifier;
    return failure;
}

Failure Failure::with(std::optional<protocol::Problem> document, std::optional<int> status,
                      std::vector<Finding> findings) const {
    auto failure = *this;
    failure.document_ = std::move(document);
    failure.status_ = status;
    failure.findings_ = std::move(findings);
    return failure;
}

std::string describe(const protocol::Problem& problem) {
    auto text = fmt::format("{} {}: {}", problem.status, name_of(problem.type, problem.type_uri),
                            base::printable(problem.detail, max_detail));
    std::size_t told = 0;
    for (const auto& part : problem.subproblems) {
        if (++told > max_subproblems_told) {
            text += fmt::format("\n  and {} more", problem.subproblems.size() - told + 1);
            break;
        }
        text += fmt::format(
            "\n  {}: {}: {}", part.identifier ? base::printable(part.identifier->second) : "order",
            protocol::to_string(part.type), base::printable(part.detail, max_detail));
    }
    if (problem.type == protocol::ProblemType::user_action_required && !problem.instance.empty())
        text += fmt::format("\n  see {}", base::printable(problem.instance));
    return text;
}

namespace {

constexpr int not_implemented = 501;

std::string_view advice_for_unauthorized(Phase phase) {
    switch (phase) {
        case Phase::binding:
            return "check --eab-kid and --eab-hmac-key-file: the CA may not know this key id, it "
                   "may "
                   "be used up, or the key belongs to another.";
        case Phase::account:
            return "ask the CA whether the account of this key was deactivated; `cairn account "
                   "list` shows what is kept here, and `cairn issue` with --new-account makes "
                   "another.";
        case Phase::authorization:
        case Phase::challenge:
            return "check that the name points to where the challenge was answered; something else "
                   "may answer there.";
        case Phase::revocation:
            return "name the --state that holds the account or the private key of the certificate.";
        case Phase::order:
        case Phase::finalize:
        case Phase::download:
        case Phase::install:
        case Phase::deploy:
        case Phase::other:
            return "the account may be deactivated or not be allowed this: `cairn account show` "
                   "tells how it stands, and `cairn issue` with --new-account makes another.";
    }
    return {};
}

std::string_view advice_for_type(protocol::ProblemType type, Phase phase) {
    using enum protocol::ProblemType;
    switch (type) {
        case account_does_not_exist:
            return "the CA does not know this account (any more): run `cairn issue` with "
                   "--agree-tos "
                   "to register again.";
        case already_revoked:
            return "nothing: the certificate is revoked already.";
        case bad_csr:
            return "try another --key-type, or, for a request of your own (--csr), make another.";
        case bad_public_key:
            return phase == Phase::account || phase == Phase::binding
                       ? "the CA does not take account keys of this kind; ask another CA (--ca)."
                       : "try another --key-type.";
        case bad_revocation_reason:
            return "give another --reason, or none.";
        case bad_signature_algorithm:
            if (phase == Phase::account || phase == Phase::binding)
                return "the CA does not take account keys of this kind; ask another CA (--ca).";
            return "roll the account over to another kind of key: `cairn account rollover`.";
        case caa:
            return "look at the CAA records of the name and its parents: they must allow this CA.";
        case connection:
            return "check that the name's addresses (A and AAAA) reach this machine from outside "
                   "and "
                   "that no firewall is in the way.";
        case dns:
            return "check that the name resolves from outside, and that its DNSSEC is sound.";
        case external_account_required:
            return "get a key id and an HMAC key from the CA and pass --eab-kid and "
                   "--eab-hmac-key-file.";
        case incorrect_response:
            return advice_for_unauthorized(Phase::challenge);
        case unauthorized:
            return advice_for_unauthorized(phase);
        case invalid_contact:
        case unsupported_contact:
            return "give another --email, or none.";
        case invalid_profile:
            return "leave out --profile, or name one that the CA offers.";
        case rate_limited:
            return "wait before asking again; more attempts only prolong it.";
        case rejected_identifier:
        case unsupported_identifier:
            return "leave this name out, or ask another CA (--ca) for it.";
        case server_internal:
            return "try again later; the fault is the CA's.";
        case tls:
            return "check what answers on the TLS port of the name's addresses.";
        case user_action_required:
            return "do what the CA asks for at the address above, then run the command again.";
        case malformed:
            return phase == Phase::binding ? advice_for_unauthorized(phase) : std::string_view();
        case already_replaced:
        case bad_nonce:
        case compound:
        case order_not_ready:
        case unknown:
            return {};
    }
    return {};
}

}  // namespace

std::string_view advice_for(const protocol::Problem& problem, Phase phase) {
    if (problem.status == not_implemented)
        return "the CA does not offer what was asked for: do without it, or ask another CA (--ca).";
    // Of several problems the first is as good as any.
    const bool is_compound =
        problem.type == protocol::ProblemType::compound && !problem.subproblems.empty();
    return advice_for_type(is_compound ? problem.subproblems.front().type : problem.type, phase);
}

}  // namespace cairn::client
