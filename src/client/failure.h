#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "protocol/problem.h"

namespace cairn::client {

/// The part of a certificate's way that a request belongs to: a problem of one type asks for
/// another remedy in each.
enum class Step {
    other,
    registration,  ///< of an account
    binding,       ///< of a new account to an external one
    order,
    validation,
    issuance,
    revocation
};

/// What a request is for.
struct Aim {
    /// `aim_text` completes "Could not ...".
    Aim(std::string aim_text, Step aim_step = Step::other)
        : text(std::move(aim_text)), step(aim_step) {}
    Aim(std::string_view aim_text) : text(aim_text) {}
    Aim(const char* aim_text) : text(aim_text) {}
    std::string text;
    Step step = Step::other;
};

/// Why a job of the client came to nothing, told so that its reader can act: what was attempted,
/// what came back, and what to do next. Workflows throw it; it is caught once for each job.
class Failure : public std::exception {
  public:
    /// `tried` completes "Could not ...", `came_back` is a sentence or half of one, `next` is an
    /// advice or empty.
    Failure(std::string tried, std::string came_back, std::string next = {});
    /// The same for a problem document that `host` answered with; subproblems are told one by one.
    /// Without `next`, what can be done about such a problem at this step.
    Failure(const Aim& aim, std::string_view host, const protocol::Problem& problem,
            std::string next);
    /// The same for another answer with this HTTP status.
    Failure(const Aim& aim, int status, std::string came_back, std::string next);

    [[nodiscard]] const std::string& tried() const { return tried_; }
    [[nodiscard]] const std::string& came_back() const { return came_back_; }
    [[nodiscard]] const std::string& next() const { return next_; }
    /// The type of the CA's problem document, if there was one.
    [[nodiscard]] std::optional<protocol::ProblemType> problem() const { return problem_; }
    /// The HTTP status of the CA's answer, if it answered.
    [[nodiscard]] std::optional<int> status() const { return status_; }
    /// The same failure with another advice.
    [[nodiscard]] Failure advising(std::string next) const;
    /// All of it: "Could not T: C" and, on a line of its own, "Next: N".
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  private:
    std::string tried_, came_back_, next_, text_;
    std::optional<protocol::ProblemType> problem_;
    std::optional<int> status_;
};

/// "403 unauthorized: detail", with a line for each subproblem. The CA's words only as printable
/// text of bounded length.
[[nodiscard]] std::string describe(const protocol::Problem& problem);
/// What a subscriber can do about this problem at this step; may be empty.
[[nodiscard]] std::string_view advice_for(const protocol::Problem& problem, Step step);

}  // namespace cairn::client
