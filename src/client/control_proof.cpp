#include "client/control_proof.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "client/pace.h"
#include "protocol/jwk.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using protocol::AuthorizationStatus;
using std::chrono::milliseconds;

/// How often a CA that leaves a failed challenge as it was is asked to look again.
constexpr int max_reminders = 3;
constexpr milliseconds first_reminder_pause = 1s;

std::string types_of(const protocol::AuthorizationObject& authorization) {
    std::string text;
    for (const auto& challenge : authorization.challenges)
        text += (text.empty() ? "" : ", ") + base::printable(challenge.type, 40);
    return text.empty() ? "nothing" : text;
}

std::string types_of(const Solver& solver) {
    std::string text;
    for (const auto type : solver.challenge_types())
        text += (text.empty() ? "" : " or ") + std::string(protocol::to_string(type));
    return text;
}

/// Why an authorization is not valid and will not become it; nothing while it may.
std::optional<protocol::Problem> verdict_on(const protocol::AuthorizationObject& authorization,
                                            const std::string& challenge_url) {
    using enum protocol::ProblemType;
    const auto challenge =
        std::ranges::find(authorization.challenges, challenge_url, &protocol::ChallengeObject::url);
    const bool has_failed = challenge != authorization.challenges.end() &&
                            challenge->status == protocol::ChallengeStatus::invalid;
    // An `error` beside `processing` is no verdict yet (erratum 5732 of RFC 8555).
    if (authorization.status == AuthorizationStatus::pending && !has_failed) return std::nullopt;
    if (challenge != authorization.challenges.end() && challenge->error) return challenge->error;
    return protocol::Problem(unauthorized, fmt::format("the authorization is {}",
                                                       protocol::to_string(authorization.status)));
}

}  // namespace

class ControlProof::Presentations {
  public:
    explicit Presentations(ControlProof& proof) : proof_(proof) {}
    Presentations(const Presentations&) = delete;
    Presentations& operator=(const Presentations&) = delete;
    ~Presentations() {
        for (const auto& presented : all_) take_down(presented);
    }
    void add(Presented presented) {
        proof_.journal_.record(presented.challenge, *presented.solver);
        // Before it presents: what it has half done is taken down too.
        const auto& added = all_.emplace_back(std::move(presented));
        added.solver->present(added.challenge);
    }
    [[nodiscard]] const std::vector<Presented>& all() const { return all_; }

  private:
    void take_down(const Presented& presented) {
        // If it fails, the record stays, so a later run tries again.
        const auto tell = [&](const Failure& failure) {
            proof_.progress_.tell({.kind = ProgressKind::answer_left_up,
                                   .identifiers = {presented.challenge.identifier},
                                   .failure = failure});
        };
        try {
            presented.solver->clean_up(presented.challenge);
            proof_.journal_.erase(presented.challenge);
        } catch (const Failure& failure) {
            tell(failure);
        } catch (const std::exception& fault) {
            tell({"take it down", fault.what()});
        }
    }

    ControlProof& proof_;
    std::vector<Presented> all_;
};

ControlProof::ControlProof(Session& session, const ChallengeJournal& journal, Timer& timer,
                           Progress& progress, const std::vector<NameToProve>& names,
                           milliseconds patience)
    : session_(session),
      journal_(journal),
      timer_(timer),
      progress_(progress),
      names_(names),
      patience_(patience) {}

void ControlProof::give(const std::vector<std::string>& authorization_urls) {
    Presentations presentations(*this);
    for (const auto& url : authorization_urls) {
        const Aim aim("read an authorization", Phase::authorization);
        const auto authorization = authorization_from(session_.post_as_get(url, aim), aim);
        const auto& name = asked_for(authorization).identifier;
        if (authorization.status == AuthorizationStatus::valid) {
            progress_.tell({.kind = ProgressKind::valid_already, .identifiers = {name}});
            continue;
        }
        is_refused_ = authorization.status != AuthorizationStatus::pending;
        if (is_refused_)
            throw Failure(
                {fmt::format("prove control of {}", name.value()), Phase::authorization, name},
                fmt::format("the authorization is {}", protocol::to_string(authorization.status)),
                "run the command again.");
        presentations.add(choose(authorization, url));
    }
    for (const auto& presented : presentations.all()) presented.solver->wait(presented.challenge);
    std::vector<std::optional<base::Seconds>> waits;
    for (const auto& presented : presentations.all())
        waits.push_back(presented.is_answered ? std::nullopt : respond(presented));
    await_authorizations(presentations.all(), waits);
}

ControlProof::Presented ControlProof::choose(const protocol::AuthorizationObject& authorization,
                                             const std::string& authorization_url) const {
    const auto& [name, solver] = asked_for(authorization);
    const Aim aim(fmt::format("prove control of {}", name.value()), Phase::challenge, name);
    for (const auto type : solver->challenge_types()) {
        const auto offered = std::ranges::find(authorization.challenges, protocol::to_string(type),
                                               &protocol::ChallengeObject::type);
        if (offered == authorization.challenges.end()) continue;
        auto token = protocol::Token::from_text(offered->token);
        if (!token)
            throw Failure(aim,
                          fmt::format("{} sent a token that is refused: {}", session_.host(),
                                      token.error().message),
                          "ask another CA; this one does not follow RFC 8555 section 8.1.");
        const auto thumbprint = protocol::Jwk::of(session_.account_key().public_key()).thumbprint();
        auto answer = protocol::key_authorization(*token, thumbprint);
        progress_.tell(
            {.kind = ProgressKind::proving_control, .identifiers = {name}, .challenge = type});
        return {authorization_url, offered->url,
                Challenge{type, authorization.identifier, std::move(*token), std::move(answer)},
                solver, offered->status == protocol::ChallengeStatus::processing};
    }
    throw Failure(
        aim,
        fmt::format("the CA offers {}, but the solver {} answers {}", types_of(authorization),
                    solver->specification(), types_of(*solver)),
        fmt::format("choose another solver for this name: -d '{}=SOLVER'.", name.value()));
}

const NameToProve& ControlProof::asked_for(
    const protocol::AuthorizationObject& authorization) const {
    const auto& subject = authorization.identifier;
    const auto matches = [&](const NameToProve& name) {
        return name.identifier.type() == subject.type() &&
               name.identifier.base_value() == subject.base_value();
    };
    const auto exact = std::ranges::find_if(names_, [&](const NameToProve& name) {
        return matches(name) && name.identifier.is_wildcard() == authorization.wildcard;
    });
    if (exact != names_.end()) return *exact;
    const auto similar = std::ranges::find_if(names_, matches);
    if (similar != names_.end()) return *similar;
    throw Failure({"prove control of the names", Phase::authorization},
                  fmt::format("{} wants a proof for {}, which was not asked for", session_.host(),
                              subject.value()));
}

std::optional<base::Seconds> ControlProof::respond(const Presented& presented) {
    const Aim aim(
        fmt::format("answer the challenge for {}", presented.challenge.identifier.value()),
        Phase::challenge, presented.challenge.identifier);
    return session_.post(presented.challenge_url, "{}", aim).retry_after;
}

void ControlProof::await_authorizations(const std::vector<Presented>& presented,
                                        const std::vector<std::optional<base::Seconds>>& waits) {
    std::vector<Finding> findings;
    for (std::size_t i = 0; i < presented.size(); ++i) {
        const auto& challenge = presented[i].challenge;
        if (auto problem = await_verdict(presented[i], waits[i]))
            findings.push_back({challenge.identifier, challenge.type, std::move(*problem)});
    }
    if (!findings.empty()) throw Failure::of_proof(session_.host(), std::move(findings));
}

std::optional<protocol::Problem> ControlProof::await_verdict(const Presented& presented,
                                                             std::optional<base::Seconds> wait) {
    const auto& identifier = presented.challenge.identifier;
    const Aim aim(fmt::format("prove control of {}", identifier.value()), Phase::challenge,
                  identifier);
    Pace pace(timer_, session_, aim, patience_);
    int reminders = 0;
    std::string told;
    for (;;) {
        pace.wait(wait);
        const auto reply = session_.post_as_get(presented.authorization_url, aim);
        const auto authorization = authorization_from(reply, aim);
        if (authorization.status == AuthorizationStatus::valid) return std::nullopt;
        if (auto problem = verdict_on(authorization, presented.challenge_url)) {
            is_refused_ = true;
            return problem;
        }
        wait = reply.retry_after;
        pace.end_by(authorization.expires);
        const auto challenge = std::ranges::find(authorization.challenges, presented.challenge_url,
                                                 &protocol::ChallengeObject::url);
        if (challenge == authorization.challenges.end() || !challenge->error) continue;

        const auto text = describe(*challenge->error);
        pace.note(text);
        if (text != told)
            progress_.tell({.kind = ProgressKind::proof_refused_so_far,
                            .identifiers = {identifier},
                            .host = session_.host(),
                            .problem = challenge->error});
        told = text;
        // A CA that looks again by itself leaves the challenge processing or says when (RFC 8555
        // section 8.2). This one does not: it has to be asked.
        if (challenge->status != protocol::ChallengeStatus::pending || wait) continue;
        if (reminders == max_reminders) return challenge->error;
        timer_.wait(first_reminder_pause * (1 << reminders++));
        progress_.tell({.kind = ProgressKind::asking_to_look_again, .identifiers = {identifier}});
        wait = respond(presented);
    }
}

protocol::AuthorizationObject ControlProof::authorization_from(const Reply& reply,
                                                               const Aim& aim) const {
    auto authorization = protocol::AuthorizationObject::from_json(base::bytes_of(reply.body));
    if (!authorization)
        throw Failure(aim, fmt::format("{} sent an authorization that is wrong: {}",
                                       session_.host(), authorization.error().message));
    return std::move(*authorization);
}

}  // namespace cairn::client
