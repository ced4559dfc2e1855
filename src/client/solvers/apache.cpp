#include "client/solvers/apache.h"

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>
#include <vector>

#include "client/apache/challenge_server.h"
#include "client/failure.h"

namespace cairn::client {
namespace {

using apache::ChallengeAnswer;

class ApacheSolver final : public Solver {
  public:
    ApacheSolver(apache::Place place, const SolverContext& context)
        : place_(place), server_(std::move(place), context.state_folder, context.timer) {}

    std::string specification() const override {
        const auto text = place_.text();
        return text.empty() ? "apache" : "apache:" + text;
    }
    std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::http_01};
        return types;
    }
    Residue residue() const override { return Residue::outlives_process; }

    std::optional<Failure> obstacle() override {
        const std::scoped_lock lock(mutex_);
        return server_.obstacle();
    }

    void present(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        // All that an order presents is put into the configuration at once, when it is waited for.
        answers_.insert_or_assign(
            challenge.token.text(),
            ChallengeAnswer{challenge.identifier.base_value(), challenge.token.text(),
                            challenge.key_authorization});
    }

    void wait(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        const auto answer = answers_.find(challenge.token.text());
        if (answer == answers_.end()) return;
        if (!in_place_.contains(answer->first)) {
            std::vector<ChallengeAnswer> all;
            std::set<std::string> tokens;
            for (const auto& [token, each] : answers_) {
                all.push_back(each);
                tokens.insert(token);
            }
            in_place_.clear();
            server_.answer(all);
            in_place_ = std::move(tokens);
        }
        server_.wait_until_seen(answer->second);
    }

    void clean_up(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        const bool is_of_this_run = answers_.erase(challenge.token.text()) != 0;
        if (!answers_.empty()) return;
        if (is_of_this_run && in_place_.empty()) return;
        // What a run has left that died is put back as a whole, with its first answer.
        if (!is_of_this_run && std::exchange(is_mended_, true)) return;
        server_.restore();
        in_place_.clear();
    }

  private:
    apache::Place place_;
    std::mutex mutex_;
    apache::ChallengeServer server_;
    /// By token.
    std::map<std::string, ChallengeAnswer> answers_;
    /// The tokens in the configuration of the server.
    std::set<std::string> in_place_;
    bool is_mended_ = false;
};

}  // namespace

base::Result<std::unique_ptr<Solver>> make_apache_solver(std::string_view argument,
                                                         const SolverContext& context) {
    auto place = apache::Place::from_text(argument, apache::Place::Use::solver);
    if (!place) return std::unexpected(place.error());
    return std::make_unique<ApacheSolver>(std::move(*place), context);
}

}  // namespace cairn::client
