#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace cairn::command_line {

/// A script by which bash completes the commands and flags of `program`, and files elsewhere; zsh
/// reads it after `bashcompinit`.
[[nodiscard]] std::string bash_completion(CLI::App& program);

}  // namespace cairn::command_line
