#include "client/solvers/manual.h"

#include <array>
#include <mutex>

#include <fmt/format.h>

#include "client/solvers/person.h"

namespace cairn::client {
namespace {

class ManualSolver final : public Solver {
  public:
    explicit ManualSolver(const SolverContext& context) : context_(context) {}

    std::string specification() const override { return "manual"; }
    std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::dns_01,
                                             protocol::ChallengeType::dns_account_01,
                                             protocol::ChallengeType::http_01};
        return types;
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
    std::mutex mutex_;
};

}  // namespace

base::Result<std::unique_ptr<Solver>> make_manual_solver(std::string_view argument,
                                                         const SolverContext& context) {
    if (!argument.empty()) return base::fail("takes no argument");
    return std::make_unique<ManualSolver>(context);
}

}  // namespace cairn::client
