#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace cairn::apps {

/// Why nobody could listen on "address:port" now; none: somebody could. It is bound for a moment.
[[nodiscard]] std::optional<std::string> why_not_to_listen(const std::string& listen);
/// Why no connection to "address:port" is accepted here; none: one is.
[[nodiscard]] std::optional<std::string> why_nobody_answers(const std::string& listen);
/// Why there can be no operator's socket in this folder; none: there can be.
[[nodiscard]] std::optional<std::string> operator_socket_finding(
    const std::filesystem::path& folder);
/// Whether this is a program that can be started: a path, or a word that is sought in PATH.
[[nodiscard]] bool is_program(const std::string& word);

}  // namespace cairn::apps
