#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "client/challenge_journal.h"
#include "client/presentations.h"
#include "client/progress.h"
#include "client/session.h"
#include "client/solver.h"
#include "client/timer.h"
#include "protocol/authorization.h"

namespace cairn::client {

/// A name of the order, and the solver that proves control of it.
struct NameToProve {
    protocol::Identifier identifier;
    Solver* solver = nullptr;
};

/// Proves control of the names of one order (RFC 8555 sections 7.5 and 8), of
/// several at a time: every challenge is presented, and can be seen, before the
/// CA is told of any; then the CA is asked about all until it has decided each.
/// The session must speak for an account. Used once.
class ControlProof {
  public:
    /// The CA may take `patience`, for however many names.
    ControlProof(Session& session, const ChallengeJournal& journal, Timer& timer,
                 Progress& progress, const std::vector<NameToProve>& names,
                 std::chrono::milliseconds patience);
    /// Returns when all authorizations behind these URLs are valid. Throws Failure; whatever
    /// happens, what was presented to the CA has been taken down afterwards.
    void give(const std::vector<std::string>& authorization_urls);
    /// True if an authorization can no longer become valid.
    [[nodiscard]] bool is_refused() const { return is_refused_; }

  private:
    class Watch;

    [[nodiscard]] std::vector<PresentedChallenge> challenges_of(
        const std::vector<std::string>& authorization_urls);
    /// Says to each which others its solver has in this order.
    void tell_of_each_other(std::vector<PresentedChallenge>& chosen) const;
    [[nodiscard]] const NameToProve& asked_for(
        const protocol::AuthorizationObject& authorization) const;
    [[nodiscard]] PresentedChallenge choose(const protocol::AuthorizationObject& authorization,
                                            const std::string& authorization_url) const;
    /// The challenge with its answer.
    [[nodiscard]] Challenge challenge_of(const protocol::ChallengeObject& offered,
                                         protocol::ChallengeType type,
                                         const protocol::Identifier& name, const Aim& aim) const;
    /// The record that a challenge of dns-persist-01 wants for `name`.
    [[nodiscard]] std::string persistent_record(const protocol::ChallengeObject& offered,
                                                const protocol::Identifier& name,
                                                const Aim& aim) const;
    /// How long the CA then asks to wait, if it does.
    std::optional<base::Seconds> respond(const PresentedChallenge& presented);
    void await_verdicts(const std::vector<PresentedChallenge>& presented,
                        const std::vector<std::optional<base::Seconds>>& waits);
    [[nodiscard]] protocol::AuthorizationObject authorization_from(const Reply& reply,
                                                                   const Aim& aim) const;

    Session& session_;
    const ChallengeJournal& journal_;
    Timer& timer_;
    Progress& progress_;
    const std::vector<NameToProve>& names_;
    std::chrono::milliseconds patience_;
    std::atomic<bool> is_wait_told_ = false;
    std::atomic<bool> is_refused_ = false;
};

}  // namespace cairn::client
