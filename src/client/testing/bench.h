#pragma once
// For the tests of client.

#include <deque>
#include <filesystem>
#include <string>

#include "client/issuance.h"
#include "client/testing/fake_ca.h"
#include "client/testing/heard.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::testing {

/// A CA and a state directory with all that jobs need, where no wait takes time.
struct Bench {
    /// The environment of another run.
    [[nodiscard]] Environment environment() {
        return {.state = state,
                .clock = clock,
                .timer = timer,
                .random = random,
                .solvers = solvers,
                .sessions = runs.emplace_back(session_options(), clock, timer, random)};
    }
    [[nodiscard]] Session session() {
        auto options = session_options();
        options.directory_url = ca.directory_url();
        options.root_file = ca.server.root_file();
        return Session(std::move(options), clock, timer, random);
    }
    [[nodiscard]] static SessionOptions session_options() {
        return {.directory_url = {}, .root_file = {}, .user_agent = "Cairn/test"};
    }
    /// A plan for these names, proven by files in a folder.
    [[nodiscard]] CertificatePlan plan(const std::vector<std::string>& names) {
        std::filesystem::create_directory(webroot);
        CertificatePlan plan;
        plan.authorities = {{ca.directory_url(), ca.server.root_file()}};
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
    /// The sessions of each run.
    std::deque<SessionPool> runs;
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
