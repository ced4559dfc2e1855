#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn::client {

/// The variables that a file as acme.sh keeps its settings assigns, read without a shell: lines
/// such as Le_Domain='example.com'. Values that acme.sh has put into base64
/// (__ACME_BASE64__START_...) are decoded.
struct ShellAssignments {
    static constexpr std::size_t max_text = std::size_t{1} << 20U;
    static constexpr std::size_t max_variables = 10000;

    /// The last value of each, as a shell has it in the end.
    std::map<std::string, std::string, std::less<>> values;
    /// Variables whose value only a shell could tell, since it is made of others or by a program.
    std::vector<std::string> unread;

    /// The error names the line of what is no assignment, and quotes no value.
    [[nodiscard]] static base::Result<ShellAssignments> from_text(std::string_view text);

    /// Empty if it is not there.
    [[nodiscard]] std::string text(std::string_view name) const;
};

}  // namespace cairn::client
