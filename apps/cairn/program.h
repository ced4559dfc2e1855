#pragma once

#include <memory>
#include <string>

#include <CLI/App.hpp>

#include "apps/cairn/commands.h"

namespace cairn {

/// The command line of `cairn`, with all its commands. When it has been parsed, `common` is what
/// was said for all commands, and `chosen` what is to be done; both outlive it.
[[nodiscard]] std::unique_ptr<CLI::App> make_program(CommonOptions& common, Command& chosen);

/// The words that chose the command, as far as it is known: "account show".
[[nodiscard]] std::string name_of_chosen(const CLI::App& program);

}  // namespace cairn
