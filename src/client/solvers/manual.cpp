#include "client/solvers/manual.h"

#include <array>
#include <mutex>

#include <errno.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "client/failure.h"

namespace cairn::client {
namespace {

constexpr int glance_milliseconds = 200;

class ManualSolver final : public Solver {
  public:
    explicit ManualSolver(const SolverContext& context) : context_(context) {}

    std::string specification() const override { return "manual"; }
    std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::dns_01,
                                             protocol::ChallengeType::http_01};
        return types;
    }

    Attendance attendance() const override { return Attendance::by_a_person; }

    void present(const Challenge& challenge) override {
        const auto& name = challenge.identifier.base_value();
        if (challenge.type == protocol::ChallengeType::dns_01)
            tell({.kind = ProgressKind::put_up_record,
                  .identifiers = {challenge.identifier},
                  .place = fmt::format("_acme-challenge.{}.", name),
                  .text = protocol::dns_record_value(challenge.key_authorization)});
        else
            tell({.kind = ProgressKind::put_up_file,
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
        tell({.kind = ProgressKind::confirm_answer, .identifiers = {challenge.identifier}});
        read_line(challenge);
    }

    void clean_up(const Challenge& challenge) override {
        tell({.kind = ProgressKind::answer_may_go, .identifiers = {challenge.identifier}});
    }

  private:
    void tell(const ProgressEvent& event) { context_.progress.tell(event); }

    void read_line(const Challenge& challenge) {
        for (;;) {
            if (context_.timer.is_stopped()) throw_interrupted();
            pollfd readable{context_.input, POLLIN, 0};
            if (::poll(&readable, 1, glance_milliseconds) <= 0) continue;
            char character = 0;
            const auto count = ::read(context_.input, &character, 1);
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0)
                throw Failure({fmt::format("prove control of {}", challenge.identifier.value()),
                               Phase::challenge, challenge.identifier},
                              "nobody answered: standard input is closed",
                              "run the command at a terminal, or use another --solver.");
            if (character == '\n') return;
        }
    }

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
