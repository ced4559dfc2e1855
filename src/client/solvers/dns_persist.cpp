#include "client/solvers/dns_persist.h"

#include <array>
#include <mutex>

#include <unistd.h>

#include "client/solvers/person.h"

namespace cairn::client {
namespace {

class DnsPersistSolver final : public Solver {
  public:
    explicit DnsPersistSolver(const SolverContext& context)
        : context_(context), has_person_(::isatty(context.input) == 1) {}

    std::string specification() const override { return "dns-persist"; }
    std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::dns_persist_01};
        return types;
    }
    Attendance attendance() const override {
        return has_person_ ? Attendance::by_a_person : Attendance::none;
    }

    // The CA has looked when the order was placed, and has not seen it.
    void present(const Challenge& challenge) override { tell_of_record(context_, challenge); }
    void wait(const Challenge& challenge) override {
        if (!has_person_) return;
        const std::scoped_lock lock(mutex_);
        await_confirmation(context_, challenge);
    }
    void clean_up(const Challenge&) override {}

  private:
    SolverContext context_;
    const bool has_person_;
    std::mutex mutex_;
};

}  // namespace

base::Result<std::unique_ptr<Solver>> make_dns_persist_solver(std::string_view argument,
                                                              const SolverContext& context) {
    if (!argument.empty()) return base::fail("takes no argument");
    return std::make_unique<DnsPersistSolver>(context);
}

}  // namespace cairn::client
