#pragma once
// For the tests of client.

#include <array>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "client/solver.h"

namespace cairn::client::testing {

/// A solver of a program's own, which notes what it is asked to do.
class OwnSolver final : public Solver {
  public:
    [[nodiscard]] std::string specification() const override { return "own"; }
    [[nodiscard]] std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::http_01};
        return types;
    }
    void present(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        presented_.push_back(challenge.identifier.value());
    }
    void clean_up(const Challenge&) override {
        const std::scoped_lock lock(mutex_);
        ++cleaned_up_;
    }
    [[nodiscard]] std::vector<std::string> presented() const {
        const std::scoped_lock lock(mutex_);
        return presented_;
    }
    [[nodiscard]] int cleaned_up() const {
        const std::scoped_lock lock(mutex_);
        return cleaned_up_;
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> presented_;
    int cleaned_up_ = 0;
};

}  // namespace cairn::client::testing
