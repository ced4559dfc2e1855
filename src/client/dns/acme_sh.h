#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/dns/provider.h"

namespace cairn::client {

/// The names of providers that are scripts of the user's own acme.sh begin so: "acme.sh-dns_cf".
inline constexpr std::string_view acme_sh_prefix = "acme.sh-";

/// One of them; nothing if the name is none of theirs. Which variables the script knows is read
/// from it, as far as it can be found.
[[nodiscard]] std::optional<ProviderKind> acme_sh_kind(std::string_view name);

/// What a script of acme.sh tells of itself, in its variable NAME_info.
struct AcmeShInfo {
    std::string title;
    /// Variables, each with what it means.
    std::vector<std::pair<std::string, std::string>> options;
    /// Of a script's text; empty if it tells nothing. What is too long, or no name of a variable,
    /// is left out.
    [[nodiscard]] static AcmeShInfo from_script(std::string_view script, std::string_view name);
};

/// Whether a shell could have a variable of this name.
[[nodiscard]] bool is_shell_variable(std::string_view name);

}  // namespace cairn::client
