#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/App.hpp>

namespace cairn {

/// What a word of certbot, lego or acme.sh is here, in half a sentence: "certbot's --webroot-path
/// DIR is --solver webroot:DIR here". Nothing for a word of none of them.
[[nodiscard]] std::optional<std::string> our_way(std::string_view word);

/// The first of `words` (a command line without the program's name) that is no command or flag of
/// `program`, in a sentence with what it is here if another client has it, else with the nearest
/// known word. Nothing if all are known.
[[nodiscard]] std::optional<std::string> answer_to_unknown_word(
    CLI::App& program, const std::vector<std::string>& words);

}  // namespace cairn
