#pragma once
// For the tests of client.

#include <filesystem>
#include <string>

#include "client/issuance.h"
#include "client/testing/fake_ca.h"
#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::testing {

/// A CA and a state directory with all that jobs need, where no wait takes time.
struct Bench {
    [[nodiscard]] Environment environment() {
        return {.state = state,
                .clock = clock,
                .timer = timer,
                .random = random,
                .solvers = solvers,
                .user_agent = "Cairn/test"};
    }
    [[nodiscard]] Session session() {
        return environment().session(ca.directory_url(), ca.server.root_file());
    }
    /// A plan for these names, proven by files in a folder.
    [[nodiscard]] CertificatePlan plan(const std::vector<std::string>& names) {
        std::filesystem::create_directory(webroot);
        CertificatePlan plan;
        plan.directory_url = ca.directory_url();
        plan.root_file = ca.server.root_file();
        for (const auto& name : names)
            plan.names.push_back(
                RequestedName::from_text(name, "webroot:" + webroot.string()).value());
        return plan;
    }

    TemporaryFolder folder;
    std::filesystem::path webroot = folder / "webroot";
    StateDirectory state{folder / "state"};
    base::SystemClock clock;
    InstantTimer timer;
    crypto::SystemRandom random;
    Heard heard;
    SolverSet solvers{SolverContext{clock, timer, heard}};
    FakeCa ca;
};

/// What went wrong in `action`, in full.
template <class Action>
std::string failure_of(Action action) {
    try {
        action();
    } catch (const Failure& failure) {
        return failure.what();
    }
    return "no failure";
}

}  // namespace cairn::client::testing
