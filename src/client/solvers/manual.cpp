#include "client/solvers/manual.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <optional>

#include <fmt/format.h>

#include "client/solvers/person.h"

namespace cairn::client {
namespace {

using protocol::ChallengeType;

constexpr std::array types_by_hand = {ChallengeType::dns_01, ChallengeType::dns_account_01,
                                      ChallengeType::http_01};

class ManualSolver final : public Solver {
  public:
    /// `only`: the one type that is wanted; without it every one that a person can do.
    ManualSolver(const SolverContext& context, std::optional<ChallengeType> only)
        : context_(context), only_(only) {}

    std::string specification() const override {
        return only_ ? fmt::format("manual:{}", protocol::to_string(*only_)) : "manual";
    }
    std::span<const ChallengeType> challenge_types() const override {
        if (only_) return {&*only_, 1};
        return types_by_hand;
    }

    Attendance attendance() const override { return Attendance::by_a_person; }

    void present(const Challenge& challenge) override {
        const auto& name = challenge.identifier.base_value();
        if (challenge.type != protocol::ChallengeType::http_01)
            tell_of_record(context_, challenge);
        else
            context_.listener(challenge).tell(
                {.kind = ProgressKind::put_up_file,
                 .identifiers = {challenge.identifier},
                 .place = fmt::format("http://{}/.well-known/acme-challenge/{}",
                                      challenge.identifier.type() == protocol::IdentifierType::ip
                                          ? challenge.identifier.ip_address().to_url_host()
                                          : name,
                                      challenge.token.text()),
                 .text = challenge.key_authorization});
    }

    void wait(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        await_confirmation(context_, challenge);
    }

    void clean_up(const Challenge& challenge) override {
        context_.listener(challenge).tell(
            {.kind = ProgressKind::answer_may_go, .identifiers = {challenge.identifier}});
    }

  private:
    SolverContext context_;
    std::optional<ChallengeType> only_;
    std::mutex mutex_;
};

}  // namespace

base::Result<std::unique_ptr<Solver>> make_manual_solver(std::string_view argument,
                                                         const SolverContext& context) {
    if (argument.empty()) return std::make_unique<ManualSolver>(context, std::nullopt);
    const auto* const type = std::ranges::find(
        types_by_hand, argument, [](ChallengeType each) { return protocol::to_string(each); });
    if (type == types_by_hand.end())
        return base::fail(
            fmt::format("\"{}\" is nothing to be done by hand; there are dns-01, "
                        "dns-account-01 and http-01",
                        base::printable(argument)));
    return std::make_unique<ManualSolver>(context, *type);
}

}  // namespace cairn::client
