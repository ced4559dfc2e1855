#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/facts/account.h"
#include "ca/facts/authorization.h"
#include "ca/facts/request_context.h"
#include "ca/ports/observer.h"
#include "ca/ports/repository.h"
#include "ca/rules/limits.h"
#include "ca/rules/profile.h"
#include "ca/work/inquiry.h"
#include "ca/work/job_queue.h"

namespace cairn::ca {

/// Finds proofs that stand before a client has answered any challenge: records of dns-persist-01
/// (section 5 of its draft, just-in-time validation). Where one stands, the authorization becomes
/// valid by itself; where none does, or it cannot be seen, nothing has happened, and the client
/// answers a challenge as ever. A glance is no attempt: it is not recorded, and is lost with the
/// process.
///
/// Glances share what the CA has for them fairly among accounts and among what is looked at
/// (`FairQueue`), apart from the attempts of clients; where there is no room, there is none.
class StandingProofs {
  public:
    StandingProofs(Inquiry::Options inquiry, Repository& repository, Validator& validator,
                   const Profiles& profiles, const Limits& limits, const base::Clock& clock,
                   std::function<base::Executor()> next_executor,
                   base::Announcements& announcements, base::Log& log, Observer& observer);

    void start();
    /// Lets the glances under way end, `patience` at most.
    void stop(base::Milliseconds patience);

    /// Whether there may be anything to look for.
    [[nodiscard]] static bool concern(std::span<const Authorization> authorizations) {
        return std::ranges::any_of(authorizations, [](const Authorization& each) {
            return !each.attempt && each.offers(protocol::ChallengeType::dns_persist_01);
        });
    }
    /// Glances for those of `authorizations`, which are the account's, that are pending and offer
    /// dns-persist-01, and waits for what comes of it, `patience` at most in all. The
    /// authorizations as they are then; a glance that takes longer goes on.
    [[nodiscard]] base::Task<std::vector<Authorization>> look(
        std::vector<Authorization> authorizations, Account account, RequestContext context,
        base::Milliseconds patience);

  private:
    struct Glance {
        Authorization authorization;  ///< with the attempt that is made if the proof stands
        Account account;
        /// The authorization that was found valid.
        std::optional<Authorization> outcome{};
        bool has_ended = false;
    };
    using Handle = std::shared_ptr<Glance>;
    /// Null if there is no room, or one for the same is under way.
    Handle begin(const Authorization& authorization, const Account& account,
                 const RequestContext& context, const base::Executor& place);
    base::Task<void> carry_out(std::string id);
    /// The glance ends in any case; whoever waits is woken.
    void end(const std::string& id, std::optional<Authorization> outcome);
    [[nodiscard]] Handle find(const std::string& id) const;
    [[nodiscard]] std::optional<Authorization> outcome_of(const Handle& glance) const;
    [[nodiscard]] bool has_ended(const Handle& glance) const;

    Inquiry inquiry_;
    Repository& repository_;
    const Profiles& profiles_;
    const Limits& limits_;
    const base::Clock& clock_;
    base::Announcements& announcements_;
    mutable std::mutex mutex_;
    std::map<std::string, Handle> under_way_;
    JobQueue queue_;
};

}  // namespace cairn::ca
