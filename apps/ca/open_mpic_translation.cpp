#include "apps/ca/open_mpic_translation.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <stdexcept>
#include <utility>

#include "ca/rules/quorum.h"
#include "crypto/digest.h"
#include "protocol/dns_challenge.h"

namespace cairn::apps {

using ca::Evidence;
using ca::Validator;
using protocol::ChallengeType;
using protocol::Identifier;
using protocol::IdentifierType;
using protocol::Problem;
using protocol::ProblemType;

namespace {

/// A look that lies further back than this is none at this question; clocks may differ as much.
constexpr std::chrono::minutes oldest_look{5};

// The prefix of the record of dns-account-01 before the name.
constexpr std::string_view challenge_label = "._acme-challenge";

va::OpenMpicCounts counts_for(const Configuration::OpenMpicService& service) {
    const auto count = service.perspectives.size();
    // Each vote is counted here, by the CA's own rule; the service's says nothing more.
    return {.perspectives = static_cast<std::int64_t>(count),
            .quorum = static_cast<std::int64_t>(count - ca::usual_dissent(count)),
            .attempts = 1};
}

Identifier without_wildcard(const Identifier& identifier) {
    return identifier.is_wildcard() ? Identifier::of(identifier.dns_name(), false) : identifier;
}

va::OpenMpicProof proof_of(const Validator::Question& question) {
    using va::OpenMpicMethod;
    const auto digest = crypto::sha256(base::bytes_of(question.key_authorization));
    switch (question.method) {
        case ChallengeType::http_01:
            return {.method = OpenMpicMethod::acme_http_01,
                    .token = question.token.text(),
                    .key_authorization = question.key_authorization};
        case ChallengeType::dns_01:
            return {.method = OpenMpicMethod::acme_dns_01, .digest = digest};
        case ChallengeType::tls_alpn_01:
            return {.method = OpenMpicMethod::acme_tls_alpn_01, .digest = digest};
        case ChallengeType::dns_account_01:
            return {.method = OpenMpicMethod::dns_change,
                    .record_prefix = protocol::dns_account_label(question.account_url) +
                                     std::string(challenge_label),
                    .record_text = protocol::dns_record_value(question.key_authorization)};
        case ChallengeType::dns_persist_01:
            return {.method = OpenMpicMethod::dns_persistent,
                    .issuer_names = {question.issuer_names.begin(), question.issuer_names.end()},
                    .account_url = question.account_url};
    }
    throw std::logic_error("no such method");
}

const va::OpenMpicVote* vote_of(const std::optional<va::OpenMpicResponse>& response,
                                const std::string& code) {
    if (!response) return nullptr;
    const auto found = std::ranges::find(response->votes, code, &va::OpenMpicVote::code);
    return found == response->votes.end() ? nullptr : &*found;
}

std::string listed(const std::vector<std::string>& texts) {
    std::string list;
    for (const auto& text : texts) list += (list.empty() ? "" : ", ") + ("\"" + text + "\"");
    return list;
}

std::string faults_of(const va::OpenMpicVote& vote) {
    std::string text;
    for (const auto& fault : vote.faults)
        text += (text.empty() ? "" : "; ") + (fault.message.empty() ? fault.type : fault.message);
    return base::printable(text.empty() ? "it says no reason" : text, 400);
}

std::vector<std::string> steps_of(const va::OpenMpicVote& vote, std::string_view what,
                                  const std::string& url) {
    std::vector<std::string> steps{"POST " + url + " " + std::string(what) + ": " +
                                   (!vote.is_completed ? "not completed"
                                    : vote.has_passed  ? "passed"
                                                       : "not passed")};
    if (vote.resolved_address) steps.push_back("address " + *vote.resolved_address);
    if (vote.web) {
        for (const auto& redirect : vote.web->redirects)
            steps.push_back(redirect.url + ": " + std::to_string(redirect.status));
        steps.push_back(vote.web->url + ": " + std::to_string(vote.web->status));
    }
    if (vote.texts)
        steps.push_back(vote.texts->name + " TXT: response code " +
                        std::to_string(vote.texts->response_code) + ", " +
                        listed(vote.texts->records));
    if (vote.caa)
        steps.push_back(vote.caa->is_present
                            ? "CAA at " + vote.caa->owner + ": " + listed(vote.caa->records)
                            : "no CAA records");
    if (!vote.faults.empty()) steps.push_back(faults_of(vote));
    return steps;
}

protocol::CaaFinding caa_of(const va::OpenMpicVote& vote, const Identifier& identifier) {
    protocol::CaaFinding finding{.name = identifier.value(),
                                 .verdict = vote.has_passed ? "permitted" : "forbidden"};
    if (!vote.has_passed) finding.verdict += ": " + faults_of(vote);
    if (!vote.caa) return finding;
    finding.owner = vote.caa->is_present ? vote.caa->owner : "";
    finding.records = vote.caa->records;
    finding.count = vote.caa->records.size();
    return finding;
}

// Why a vote says nothing about this question, or nothing if it does.
std::optional<std::string> silence_of(const va::OpenMpicVote* vote, std::string_view what,
                                      const std::string& url, base::Time begun) {
    const auto about = std::string(what) + " by " + url;
    if (vote == nullptr) return "it is not in the answer about " + about;
    if (!vote->is_completed)
        return "it could not find out about " + about + ": " + faults_of(*vote);
    if (!vote->nanoseconds) return std::nullopt;
    const auto seconds =
        std::chrono::duration_cast<base::Seconds>(std::chrono::nanoseconds(*vote->nanoseconds));
    const base::Time looked{seconds};
    if (looked < begun - oldest_look)
        return "it looked at " + base::to_rfc3339(std::max(looked, base::Time{})) +
               ", before it was asked about " + about;
    return std::nullopt;
}

/// One perspective, as its evidence is put together from both responses.
class Seen {
  public:
    Seen(Evidence evidence, const std::string& url, const Identifier& identifier)
        : evidence_(std::move(evidence)), url_(url), identifier_(identifier) {}

    void add_proof(const va::OpenMpicVote* vote, std::string_view method) {
        if (!add(vote, method)) return;
        if (!vote->has_passed)
            evidence_.problem.emplace(ProblemType::unauthorized,
                                      std::string(method) + ": " + faults_of(*vote));
    }
    void add_caa(const va::OpenMpicVote* vote) {
        if (!add(vote, "caa")) return;
        evidence_.caa = caa_of(*vote, identifier_);
        // What is wrong with the proof is the client's next step.
        if (!vote->has_passed && !evidence_.problem)
            evidence_.problem.emplace(ProblemType::caa,
                                      "the CAA records of " + identifier_.value() +
                                          " forbid issuance: " + faults_of(*vote));
    }
    [[nodiscard]] Evidence take() { return std::move(evidence_); }

  private:
    // Whether the vote says anything.
    bool add(const va::OpenMpicVote* vote, std::string_view what) {
        if (is_silent_) return false;
        if (auto reason = silence_of(vote, what, url_, evidence_.begun)) {
            is_silent_ = true;
            evidence_.steps = {*std::move(reason)};
            evidence_.problem.emplace(ProblemType::server_internal, "no answer");
            return false;
        }
        std::ranges::move(steps_of(*vote, what, url_), std::back_inserter(evidence_.steps));
        return true;
    }

    Evidence evidence_;
    const std::string& url_;
    const Identifier& identifier_;
    bool is_silent_ = false;
};

}  // namespace

std::string seat_name(const Configuration::OpenMpicService& service, std::string_view code) {
    return service.name + "/" + std::string(code);
}

std::optional<va::OpenMpicRequest> proof_request_of(const Validator::Question& question,
                                                    const Configuration::OpenMpicService& service) {
    if (question.aim == Validator::Aim::caa_alone) return std::nullopt;
    const bool is_wide = question.identifier.is_wildcard() || question.for_subdomains;
    const bool keeps = question.method == ChallengeType::dns_persist_01 && is_wide;
    return va::OpenMpicRequest{.target = keeps
                                             ? Identifier::of(question.identifier.dns_name(), true)
                                             : without_wildcard(question.identifier),
                               .proof = proof_of(question),
                               .counts = counts_for(service),
                               .trace = question.token.text().substr(0, 200)};
}

std::optional<va::OpenMpicRequest> caa_request_of(const Validator::Question& question,
                                                  const Configuration::OpenMpicService& service) {
    if (question.caa_identities.empty() || question.identifier.type() != IdentifierType::dns)
        return std::nullopt;
    return va::OpenMpicRequest{
        .target = question.identifier,
        .caa_domains = {question.caa_identities.begin(), question.caa_identities.end()},
        .counts = counts_for(service),
        .trace = question.token.text().substr(0, 200)};
}

Validator::Answer answer_of(const OpenMpicResponses& responses, const Validator::Question& question,
                            const Configuration::OpenMpicService& service, const std::string& url,
                            base::Time begun, base::Time ended) {
    Validator::Answer answer;
    for (const auto& seat : service.perspectives) {
        Seen seen({.perspective = seat_name(service, seat.code),
                   .begun = begun,
                   .ended = ended,
                   .region = seat.region},
                  url, question.identifier);
        if (responses.proof)
            seen.add_proof(vote_of(responses.proof, seat.code), to_string(question.method));
        if (responses.caa) seen.add_caa(vote_of(responses.caa, seat.code));
        answer.evidence.push_back(seen.take());
    }
    for (const auto& one : answer.evidence)
        if (one.problem && one.problem->type != ProblemType::server_internal && !answer.failure)
            // Nobody says whether a record or a page may still come.
            answer.failure = Validator::Failure{.problem = *one.problem,
                                                .outlook = Validator::Failure::Outlook::may_heal};
    return answer;
}

}  // namespace cairn::apps
