#include "apps/cairn/outcome.h"

#include "apps/cairn/certificate_facts.h"

namespace cairn {
namespace {

/// It grows when something that programs read is taken away or changes its meaning.
constexpr int answer_version = 1;

}  // namespace

std::string_view to_string(Result result) {
    switch (result) {
        case Result::done:
            return "done";
        case Result::nothing_to_do:
            return "nothing-to-do";
        case Result::failed:
            return "failed";
        case Result::usage_error:
            return "usage-error";
    }
    return {};
}

int exit_code(Result result, NothingToDo nothing_to_do) {
    constexpr int failed = 2;
    switch (result) {
        case Result::done:
            return 0;
        case Result::nothing_to_do:
            return nothing_to_do == NothingToDo::is_told ? 1 : 0;
        case Result::failed:
        case Result::usage_error:
            return failed;
    }
    return failed;
}

boost::json::object to_json(std::string_view command, const Outcome& outcome) {
    const bool is_well = outcome.result == Result::done || outcome.result == Result::nothing_to_do;
    boost::json::object answer{{"version", answer_version},
                               {"ok", is_well},
                               {"command", json_text(command)},
                               {"result", to_string(outcome.result)}};
    if (outcome.failure) answer["error"] = facts_of(*outcome.failure);
    for (const auto& member : outcome.data) answer.emplace(member.key(), member.value());
    return answer;
}

}  // namespace cairn
