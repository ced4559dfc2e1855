#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "client/failure.h"
#include "client/session.h"
#include "client/timer.h"

namespace cairn::client {

/// The intervals of polling a CA for something unfinished: those that the CA wants, otherwise
/// growing ones, and not without end.
class Pace {
  public:
    /// Of waiting for `aim`, for at most `patience`.
    Pace(Timer& timer, const Session& session, const Aim& aim, std::chrono::milliseconds patience);

    /// When the next question is to be asked. Throws Failure, with what is known,
    /// if that would be too late.
    [[nodiscard]] Timer::TimePoint next_question(const std::optional<base::Seconds>& asked_for);
    /// Waits until then. Throws Failure.
    void wait(const std::optional<base::Seconds>& asked_for);
    /// Nothing can come after this time, which the CA has named. One that has passed is not
    /// believed: a clock is wrong.
    void end_by(const std::optional<base::Time>& expires);
    /// What is known so far.
    void note(std::string text) { note_ = std::move(text); }
    /// True once the wait is so long that people should be told of it.
    [[nodiscard]] bool is_worth_a_word() const;
    /// How long it may be in all.
    [[nodiscard]] base::Seconds whole() const {
        return std::chrono::ceil<base::Seconds>(deadline_ - began_);
    }
    /// What to do when it has become too late.
    void advise(std::string next) { next_ = std::move(next); }

  private:
    [[nodiscard]] std::string reason(const std::optional<base::Seconds>& asked_for) const;

    Timer& timer_;
    const Session& session_;
    Timer::TimePoint began_, deadline_;
    Aim aim_;
    std::string note_, next_;
    std::optional<base::Time> expires_;
    /// The first question is asked at once: a quick CA has the answer by then.
    std::chrono::milliseconds own_{0};
};

}  // namespace cairn::client
