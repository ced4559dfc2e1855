#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "protocol/challenge_type.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"

namespace cairn::client {

/// The part of a certificate's way that something belongs to: a problem of one type asks for
/// another remedy in each.
enum class Phase {
    other,    ///< none of these: options, state, the directory of the CA
    account,  ///< finding or registering it
    binding,  ///< of a new account to an external one
    order,
    authorization,  ///< what the CA says of the identifiers of an order
    challenge,      ///< putting up its answer, and the CA's look at it
    finalize,
    download,
    install,
    deploy,
    revocation
};
/// "finalize": as programs read it.
[[nodiscard]] std::string_view to_string(Phase phase);
/// The reverse; nothing for what is no phase.
[[nodiscard]] std::optional<Phase> phase_from(std::string_view text);

/// What is attempted.
struct Aim {
    /// `aim_text` completes "Could not ...".
    Aim(std::string aim_text, Phase aim_phase = Phase::other,
        std::optional<protocol::Identifier> aim_identifier = std::nullopt)
        : text(std::move(aim_text)), phase(aim_phase), identifier(std::move(aim_identifier)) {}
    Aim(std::string_view aim_text) : text(aim_text) {}
    Aim(const char* aim_text) : text(aim_text) {}
    std::string text;
    Phase phase = Phase::other;
    /// What it is about, if that is one identifier.
    std::optional<protocol::Identifier> identifier;
};

/// What a CA that has looked at the answer to a challenge was not content with.
struct Finding {
    protocol::Identifier identifier;
    protocol::ChallengeType challenge;
    protocol::Problem problem;
};

/// Why a job of the client came to nothing. Programs read its parts; its text tells people what was
/// attempted, what came back, and what to do next. Workflows throw it; it is caught once for each
/// job.
class Failure : public std::exception {
  public:
    /// `came_back` is a sentence or half of one, `next` is an advice or empty.
    Failure(const Aim& aim, std::string came_back, std::string next = {});
    /// The same for a problem document that `host` answered with; subproblems are told one by one.
    /// Without `next`, what can be done about such a problem in this phase.
    Failure(const Aim& aim, std::string_view host, const protocol::Problem& problem,
            std::string next);
    /// The same for another answer with this HTTP status.
    Failure(const Aim& aim, int status, std::string came_back, std::string next);
    /// Of a proof of control, by what `host` has found; there is at least one finding.
    [[nodiscard]] static Failure of_proof(std::string_view host, std::vector<Finding> findings);

    [[nodiscard]] Phase phase() const { return phase_; }
    /// What it is about, if that is one identifier.
    [[nodiscard]] const std::optional<protocol::Identifier>& identifier() const {
        return identifier_;
    }
    [[nodiscard]] const std::string& tried() const { return tried_; }
    [[nodiscard]] const std::string& came_back() const { return came_back_; }
    [[nodiscard]] const std::string& next() const { return next_; }
    /// The type of the CA's problem document, if there was one.
    [[nodiscard]] std::optional<protocol::ProblemType> problem() const;
    /// The document itself.
    [[nodiscard]] const std::optional<protocol::Problem>& document() const { return document_; }
    /// The HTTP status of the CA's answer, if it answered.
    [[nodiscard]] std::optional<int> status() const { return status_; }
    /// When the CA wants to be asked again, if it says so.
    [[nodiscard]] std::optional<base::Time> retry_at() const { return retry_at_; }
    /// What the CA has found about each identifier that it was not convinced of.
    [[nodiscard]] const std::vector<Finding>& findings() const { return findings_; }

    /// The attempt that has failed with it, as `cairn explain` takes it; empty: none, or not known.
    [[nodiscard]] const std::string& attempt() const { return attempt_; }

    /// The same failure with another advice.
    [[nodiscard]] Failure advising(std::string next) const;
    /// The same failure, to be tried again at this time.
    [[nodiscard]] Failure retrying_at(std::optional<base::Time> time) const;
    /// The same failure, as that of this attempt.
    [[nodiscard]] Failure of_attempt(std::string id) const;
    /// The same failure; where it is of no phase, of this one.
    [[nodiscard]] Failure in(Phase phase) const;
    /// The same failure; where it is about no identifier, about this one.
    [[nodiscard]] Failure about(const protocol::Identifier& identifier) const;
    /// The same failure with these parts, for one that was kept and is read
    /// again.
    [[nodiscard]] Failure with(std::optional<protocol::Problem> document, std::optional<int> status,
                               std::vector<Finding> findings) const;

    /// All of it: "Could not T: C" and, on a line of its own, "Next: N".
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  private:
    Phase phase_;
    std::optional<protocol::Identifier> identifier_;
    std::string tried_, came_back_, next_, text_;
    std::optional<protocol::Problem> document_;
    std::optional<int> status_;
    std::optional<base::Time> retry_at_;
    std::vector<Finding> findings_;
    std::string attempt_;
};

/// The outcome of `work`; a Failure of no phase that it throws becomes one of `phase`.
template <class Work>
auto in_phase(Phase phase, const Work& work) {
    try {
        return work();
    } catch (const Failure& failure) {
        if (failure.phase() != Phase::other) throw;
        throw failure.in(phase);
    }
}

/// "403 unauthorized: detail", with a line for each subproblem. The CA's words only as printable
/// text of bounded length.
[[nodiscard]] std::string describe(const protocol::Problem& problem);
/// What a subscriber can do about this problem in this phase; may be empty.
[[nodiscard]] std::string_view advice_for(const protocol::Problem& problem, Phase phase);

}  // namespace cairn::client
