#include "ca/work/inquiry.h"

#include <chrono>

#include <boost/system/system_error.hpp>

#include "base/shortage.h"
#include "ca/work/evidence_report.h"

namespace cairn::ca {

using protocol::Problem;
using protocol::ProblemType;

namespace {

std::string steps_in(const std::vector<Evidence>& evidence) {
    if (evidence.size() == 1) return evidence.front().step_list();
    std::string steps;
    for (const auto& one : evidence)
        steps += (steps.empty() ? "" : "; ") + one.perspective + ": " + one.step_list();
    return steps;
}

AuditEntry seen_entry(const Authorization& authorization, const std::vector<Evidence>& evidence,
                      const std::optional<Problem>& problem) {
    AuditEntry entry(AuditEvent::validation_seen);
    entry.add("request", std::string_view(authorization.attempt->request));
    entry.add("account", authorization.account).add("authorization", authorization.id);
    entry.add("identifier", std::string_view(authorization.identifier.value()));
    entry.add("method", to_string(authorization.attempt->method));
    if (problem)
        entry.add(*problem);
    else
        entry.add("outcome", "valid");
    entry.add("perspectives", perspective_entries(AuditEvent::validation_seen, evidence));
    return entry;
}

}  // namespace

Inquiry::Inquiry(Options options, Validator& validator, const base::Clock& clock, base::Log& log,
                 Observer& observer)
    : options_(std::move(options)),
      validator_(validator),
      clock_(clock),
      log_(log),
      observer_(observer) {}

Validator::Question Inquiry::question_about(const Authorization& authorization,
                                            const Account& account) const {
    // The account's present key: after a rollover, what was prepared with the old key fails
    // (RFC 8555 section 7.3.5).
    return {.account_url = options_.account_url ? options_.account_url(account.id) : std::string(),
            .profile = authorization.profile,
            .identifier = authorization.identifier,
            .method = authorization.attempt->method,
            .token = authorization.token,
            .key_authorization = key_authorization(authorization.token, account.key.thumbprint()),
            .caa_identities = options_.caa_identities,
            .issuer_names = options_.issuer_names,
            .for_subdomains = authorization.for_subdomains};
}

base::Task<Inquiry::Finding> Inquiry::carry_out(const Authorization& authorization,
                                                Validator::Question question, Occasion occasion,
                                                std::string& seen) {
    Finding finding;
    try {
        auto answer = co_await validator_.validate(std::move(question));
        if (answer.failure)
            answer.failure->problem =
                with_findings(std::move(answer.failure->problem), answer.evidence);
        finding.failure = std::move(answer.failure);
        finding.reliable_for = answer.reliable_for;
        if (!finding.failure) seen = steps_in(answer.evidence);
        if (occasion == Occasion::attempt || !finding.failure) {
            std::optional<Problem> problem;
            if (finding.failure) problem = finding.failure->problem;
            tell(authorization, answer.evidence, problem);
        }
    } catch (const boost::system::system_error&) {
        throw;  // cancelled, or short of something
    } catch (const std::exception& error) {
        // What is lacking says nothing about the identifier. A proof has to come in time, though.
        if (base::shortage_in(std::current_exception()) && clock_.now() < authorization.expires)
            throw;
        log_.error("validator failed",
                   {{"authorization", authorization.id.to_string()}, {"error", error.what()}});
        finding.failure.emplace(
            Problem(ProblemType::server_internal, "the CA could not carry out the validation"));
    }
    co_return finding;
}

base::Task<Inquiry::Finding> Inquiry::ask(const Authorization& authorization,
                                          const Account& account, Occasion occasion) {
    auto question = question_about(authorization, account);
    const auto method = question.method;
    log_.debug("validation begins", {{"request", authorization.attempt->request},
                                     {"authorization", authorization.id.to_string()},
                                     {"method", to_string(method)}});
    const auto from = std::chrono::steady_clock::now();
    std::string seen;
    auto asking = carry_out(authorization, std::move(question), occasion, seen);
    auto finding = co_await std::move(asking);
    if (occasion == Occasion::glance && finding.failure) co_return finding;

    const auto problem = finding.failure ? std::optional(finding.failure->problem) : std::nullopt;
    observer_.validated(method, problem ? std::optional(problem->type) : std::nullopt,
                        std::chrono::steady_clock::now() - from);
    log_.info("validation", {{"request", authorization.attempt->request},
                             {"authorization", authorization.id.to_string()},
                             {"account", authorization.account.to_string()},
                             {"identifier", authorization.identifier.value()},
                             {"method", to_string(method)},
                             {"outcome", problem ? to_string(problem->type) : "valid"},
                             {"detail", problem ? problem->detail : seen}});
    co_return finding;
}

// What is noted is durable before the end of the attempt is recorded.
void Inquiry::tell(const Authorization& authorization, const std::vector<Evidence>& evidence,
                   const std::optional<Problem>& problem) {
    options_.audit.get().note(seen_entry(authorization, evidence, problem));
    for (const auto& one : evidence)
        log_.info("validation evidence",
                  {{"request", authorization.attempt->request},
                   {"authorization", authorization.id.to_string()},
                   {"perspective", one.perspective},
                   {"begun", base::to_rfc3339(one.begun)},
                   {"ended", base::to_rfc3339(one.ended)},
                   {"endpoints", one.endpoint_list()},
                   {"steps", one.step_list()},
                   {"outcome", one.problem ? to_string(one.problem->type) : "valid"}});
    tell_of_forbidden(log_, "authorization", authorization.id.to_string(),
                      authorization.attempt->request, evidence);
}

}  // namespace cairn::ca
