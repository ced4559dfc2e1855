#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "apps/cairn/output.h"
#include "client/failure.h"

namespace cairn {

/// What a command has come to.
enum class Result {
    done,
    nothing_to_do,  ///< all was as it should be already
    failed,
    usage_error  ///< the command line says nothing that can be done
};

/// What "nothing to do" is to the program that has started this one.
enum class NothingToDo { counts_as_done, is_told };

/// How a command has ended, and what --json tells of it.
struct Outcome {
    Result result = Result::done;
    /// Members that are named after what they hold: `certificates`, `account`.
    boost::json::object data{};
    /// Why it failed. One that is returned has been told to people already; one that is thrown has
    /// not.
    std::optional<client::Failure> failure{};
    /// `required`: to tell is all that the command does, so it fails if it cannot.
    Delivery delivery = Delivery::attempted;
};

/// "nothing-to-do".
[[nodiscard]] std::string_view to_string(Result result);
/// The exit code of the program: 0 done, 1 nothing to do where that is asked for, 2 failed.
[[nodiscard]] int exit_code(Result result, NothingToDo nothing_to_do);
/// The one object that every command prints with --json, whatever has come of it: `version` (1),
/// `ok`, `command`, `result`, where it failed `error`, and the command's data.
[[nodiscard]] boost::json::object to_json(std::string_view command, const Outcome& outcome);

}  // namespace cairn
