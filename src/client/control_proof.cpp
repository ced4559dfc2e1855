#include "client/control_proof.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/base64url.h"
#include "client/answer_place.h"
#include "client/pace.h"
#include "client/side_by_side.h"
#include "crypto/digest.h"
#include "protocol/jwk.h"
#include "protocol/persistent_record.h"

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

/// Tells a challenge without a token from others.
protocol::Token stand_in_token(const std::string& challenge_url) {
    const auto digest = crypto::sha256(base::bytes_of(challenge_url));
    return protocol::Token::from_text(base::base64url(digest)).value();
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

/// How one authorization is getting on, and when to do something about it.
class ControlProof::Watch {
  public:
    Watch(ControlProof& proof, const PresentedChallenge& presented,
          std::optional<base::Seconds> wait)
        : proof_(proof),
          presented_(presented),
          aim_(fmt::format("prove control of {}", identifier().value()), Phase::challenge,
               identifier()),
          pace_(proof.timer_, proof.session_, aim_, proof.patience_) {
        look_again(wait);
    }

    [[nodiscard]] bool is_decided() const { return is_decided_; }
    [[nodiscard]] Timer::TimePoint due() const { return due_; }
    /// Why control is not proven, as the CA says.
    [[nodiscard]] std::optional<Finding> finding() const {
        if (!problem_) return std::nullopt;
        return Finding{identifier(), presented_.challenge.type, *problem_};
    }
    /// Why the CA was not waited for any longer.
    [[nodiscard]] const std::optional<Failure>& lateness() const { return lateness_; }

    /// Asks the CA for what is due. May run beside others of the same proof.
    void ask() {
        if (is_to_remind_) {
            proof_.progress_.tell(
                {.kind = ProgressKind::asking_to_look_again, .identifiers = {identifier()}});
            is_to_remind_ = false;
            look_again(proof_.respond(presented_));
            return;
        }
        const auto reply = proof_.session_.post_as_get(presented_.authorization_url, aim_);
        judge(proof_.authorization_from(reply, aim_), reply.retry_after);
    }

  private:
    [[nodiscard]] const protocol::Identifier& identifier() const {
        return presented_.challenge.identifier;
    }

    void look_again(const std::optional<base::Seconds>& wait) {
        try {
            due_ = pace_.next_question(wait);
        } catch (const Failure& failure) {
            lateness_ = failure;
            is_decided_ = true;
        }
    }

    void decide(std::optional<protocol::Problem> problem) {
        problem_ = std::move(problem);
        is_decided_ = true;
    }

    void judge(const protocol::AuthorizationObject& authorization,
               const std::optional<base::Seconds>& wait) {
        if (authorization.status == AuthorizationStatus::valid) {
            decide(std::nullopt);
            return;
        }
        if (auto problem = verdict_on(authorization, presented_.challenge_url)) {
            proof_.is_refused_ = true;
            decide(std::move(problem));
            return;
        }
        pace_.end_by(authorization.expires);
        tell_of_long_wait();
        const auto challenge = std::ranges::find(authorization.challenges, presented_.challenge_url,
                                                 &protocol::ChallengeObject::url);
        if (challenge == authorization.challenges.end() || !challenge->error) {
            look_again(wait);
            return;
        }
        tell(*challenge->error);
        // A CA that looks again by itself leaves the challenge processing or says
        // when (RFC 8555 section 8.2). This one does not: it has to be asked.
        if (challenge->status != protocol::ChallengeStatus::pending || wait)
            look_again(wait);
        else if (reminders_ == max_reminders)
            decide(challenge->error);
        else {
            is_to_remind_ = true;
            due_ = proof_.timer_.now() + first_reminder_pause * (1 << reminders_++);
        }
    }

    /// Once for all names.
    void tell_of_long_wait() {
        if (!pace_.is_worth_a_word() || proof_.is_wait_told_.exchange(true)) return;
        proof_.progress_.tell(
            {.kind = ProgressKind::waiting_for_authority,
             .identifiers = {identifier()},
             .host = proof_.session_.host(),
             .number = static_cast<unsigned long>(pace_.whole().count()),
             .text = fmt::format("it has not judged the proof for {} yet", identifier().value())});
    }

    void tell(const protocol::Problem& problem) {
        auto text = describe(problem);
        pace_.note(text);
        if (text == told_) return;
        proof_.progress_.tell({.kind = ProgressKind::proof_refused_so_far,
                               .identifiers = {identifier()},
                               .host = proof_.session_.host(),
                               .problem = problem});
        told_ = std::move(text);
    }

    ControlProof& proof_;
    const PresentedChallenge& presented_;
    Aim aim_;
    Pace pace_;
    Timer::TimePoint due_;
    bool is_to_remind_ = false;
    int reminders_ = 0;
    std::string told_;
    bool is_decided_ = false;
    std::optional<protocol::Problem> problem_;
    std::optional<Failure> lateness_;
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
    Presentations presentations(journal_, progress_, challenges_of(authorization_urls));
    presentations.put_up();
    const auto& all = presentations.all();
    std::vector<std::optional<base::Seconds>> waits(all.size());
    side_by_side(all.size(), max_names_at_a_time, [&](std::size_t i) {
        if (!all[i].is_answered) waits[i] = respond(all[i]);
    });
    await_verdicts(all, waits);
}

/// One challenge of each authorization that is not valid yet.
std::vector<PresentedChallenge> ControlProof::challenges_of(
    const std::vector<std::string>& authorization_urls) {
    const Aim aim("read an authorization", Phase::authorization);
    std::vector<std::optional<protocol::AuthorizationObject>> authorizations(
        authorization_urls.size());
    side_by_side(authorizations.size(), max_names_at_a_time, [&](std::size_t i) {
        authorizations[i] =
            authorization_from(session_.post_as_get(authorization_urls[i], aim), aim);
    });
    std::vector<PresentedChallenge> chosen;
    for (std::size_t i = 0; i < authorizations.size(); ++i) {
        const auto& authorization = *authorizations[i];
        const auto& name = asked_for(authorization).identifier;
        if (authorization.status == AuthorizationStatus::valid) {
            progress_.tell({.kind = ProgressKind::valid_already, .identifiers = {name}});
            asked_for(authorization).solver->found_valid(name, progress_);
            continue;
        }
        is_refused_ = authorization.status != AuthorizationStatus::pending;
        if (is_refused_)
            throw Failure(
                {fmt::format("prove control of {}", name.value()), Phase::authorization, name},
                fmt::format("the authorization is {}", protocol::to_string(authorization.status)),
                "run the command again.");
        chosen.push_back(choose(authorization, authorization_urls[i]));
    }
    tell_of_each_other(chosen);
    return chosen;
}

void ControlProof::tell_of_each_other(std::vector<PresentedChallenge>& chosen) const {
    std::map<const Solver*, std::vector<std::string>> names;
    for (const auto& each : chosen)
        names[each.solver].push_back(each.challenge.identifier.base_value());
    std::map<const Solver*, std::size_t> passed;
    for (auto& each : chosen) {
        const auto& all = names[each.solver];
        auto& setting = each.challenge.setting;
        setting.progress = &progress_;
        setting.remaining = all.size() - ++passed[each.solver];
        // Others do not care, and there may be many.
        if (each.solver->attendance() == Attendance::in_turn) setting.names = all;
    }
}

Challenge ControlProof::challenge_of(const protocol::ChallengeObject& offered,
                                     protocol::ChallengeType type, const protocol::Identifier& name,
                                     const Aim& aim) const {
    const auto& subject =
        name.is_wildcard() ? protocol::Identifier::of(name.dns_name(), false) : name;
    if (type == protocol::ChallengeType::dns_persist_01)
        return {.type = type,
                .identifier = subject,
                .token = stand_in_token(offered.url),
                .key_authorization = persistent_record(offered, name, aim),
                .account_url = session_.account_url(),
                .setting = {.issuers = offered.issuer_domain_names}};
    auto token = protocol::Token::from_text(offered.token);
    if (!token)
        throw Failure(aim,
                      fmt::format("{} sent a token that is refused: {}", session_.host(),
                                  token.error().message),
                      "ask another CA; this one does not follow RFC 8555 section 8.1.");
    const auto thumbprint = protocol::Jwk::of(session_.account_key().public_key()).thumbprint();
    auto answer = protocol::key_authorization(*token, thumbprint);
    return {.type = type,
            .identifier = subject,
            .token = std::move(*token),
            .key_authorization = std::move(answer),
            .account_url = session_.account_url()};
}

std::string ControlProof::persistent_record(const protocol::ChallengeObject& offered,
                                            const protocol::Identifier& name,
                                            const Aim& aim) const {
    const auto& names = offered.issuer_domain_names;
    const auto issuer = protocol::DnsName::from_text(names.empty() ? "" : names.front());
    if (!issuer)
        throw Failure(aim,
                      fmt::format("{} does not say which name of its own the record must hold",
                                  session_.host()),
                      "ask another CA; this one does not follow draft-ietf-acme-dns-persist.");
    // A name and its wildcard stand on one record.
    const bool has_wildcard = std::ranges::any_of(names_, [&](const NameToProve& other) {
        return other.identifier.is_wildcard() && other.identifier.base_value() == name.base_value();
    });
    protocol::PersistentRecord record{*issuer, offered.account_uri, has_wildcard, {}};
    if (record.account_uri.empty()) record.account_uri = session_.account_url();
    auto text = record.to_text();
    if (!protocol::PersistentRecord::from_text(text))
        throw Failure(aim,
                      fmt::format("{} names an account that no record can hold", session_.host()));
    return text;
}

PresentedChallenge ControlProof::choose(const protocol::AuthorizationObject& authorization,
                                        const std::string& authorization_url) const {
    const auto& [name, solver] = asked_for(authorization);
    const Aim aim(fmt::format("prove control of {}", name.value()), Phase::challenge, name);
    for (const auto type : solver->challenge_types()) {
        const auto offered = std::ranges::find(authorization.challenges, protocol::to_string(type),
                                               &protocol::ChallengeObject::type);
        if (offered == authorization.challenges.end()) continue;
        auto challenge = challenge_of(*offered, type, name, aim);
        progress_.tell(
            {.kind = ProgressKind::proving_control, .identifiers = {name}, .challenge = type});
        return {authorization_url, offered->url, std::move(challenge), solver,
                offered->status == protocol::ChallengeStatus::processing};
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

std::optional<base::Seconds> ControlProof::respond(const PresentedChallenge& presented) {
    const Aim aim(
        fmt::format("answer the challenge for {}", presented.challenge.identifier.value()),
        Phase::challenge, presented.challenge.identifier);
    return session_.post(presented.challenge_url, "{}", aim).retry_after;
}

void ControlProof::await_verdicts(const std::vector<PresentedChallenge>& presented,
                                  const std::vector<std::optional<base::Seconds>>& waits) {
    std::deque<Watch> watches;
    for (std::size_t i = 0; i < presented.size(); ++i)
        watches.emplace_back(*this, presented[i], waits[i]);
    for (;;) {
        std::vector<Watch*> open;
        for (auto& watch : watches)
            if (!watch.is_decided()) open.push_back(&watch);
        if (open.empty()) break;
        const auto next = std::ranges::min(open, {}, &Watch::due)->due();
        if (const auto now = timer_.now(); next > now)
            timer_.wait(std::chrono::ceil<milliseconds>(next - now));
        std::erase_if(open,
                      [now = timer_.now()](const Watch* watch) { return watch->due() > now; });
        side_by_side(open.size(), max_names_at_a_time, [&](std::size_t i) { open[i]->ask(); });
    }
    std::vector<Finding> findings;
    std::vector<const PresentedChallenge*> refused;
    for (std::size_t i = 0; i < watches.size(); ++i) {
        auto finding = watches[i].finding();
        if (!finding) continue;
        findings.push_back(std::move(*finding));
        refused.push_back(&presented[i]);
    }
    // Whoever wants to see what the CA has seen can do so while the answers are up.
    side_by_side(findings.size(), max_names_at_a_time, [&](std::size_t i) {
        const auto answer = answer_place_of(refused[i]->challenge);
        progress_.tell({.kind = ProgressKind::proof_failed,
                        .identifiers = {findings[i].identifier},
                        .host = session_.host(),
                        .challenge = findings[i].challenge,
                        .problem = findings[i].problem,
                        .place = answer.place,
                        .text = answer.expected});
    });
    if (!findings.empty()) throw Failure::of_proof(session_.host(), std::move(findings));
    for (const auto& watch : watches)
        if (watch.lateness()) throw *watch.lateness();
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
