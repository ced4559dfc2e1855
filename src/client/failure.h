#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>

#include "protocol/problem.h"

namespace cairn::client {

/// Why a job of the client came to nothing, told so that its reader can act: what was attempted,
/// what came back, and what to do next. Workflows throw it; it is caught once for each job.
class Failure : public std::exception {
  public:
    /// `tried` completes "Could not ...", `came_back` is a sentence or half of one, `next` is an
    /// advice or empty.
    Failure(std::string tried, std::string came_back, std::string next = {});
    /// The same for a problem document that `host` answered with; subproblems are told one by one.
    Failure(std::string tried, std::string_view host, const protocol::Problem& problem,
            std::string next);

    [[nodiscard]] const std::string& tried() const { return tried_; }
    [[nodiscard]] const std::string& came_back() const { return came_back_; }
    [[nodiscard]] const std::string& next() const { return next_; }
    /// The type of the CA's problem document, if there was one.
    [[nodiscard]] std::optional<protocol::ProblemType> problem() const { return problem_; }
    /// All of it: "Could not T: C" and, on a line of its own, "Next: N".
    [[nodiscard]] const char* what() const noexcept override { return text_.c_str(); }

  private:
    std::string tried_, came_back_, next_, text_;
    std::optional<protocol::ProblemType> problem_;
};

/// "403 unauthorized: detail", with a line for each subproblem. The CA's words only as printable
/// text of bounded length.
[[nodiscard]] std::string describe(const protocol::Problem& problem);
/// What a subscriber can do about a problem of this type; may be empty.
[[nodiscard]] std::string_view advice_for(protocol::ProblemType type);

}  // namespace cairn::client
