#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cairn::client {

/// Two versions of a text to compare, each with the name that stands in the head of the difference.
struct TextVersions {
    std::string before_name, after_name;
    std::string_view before, after;
};

/// The difference as `diff -u` writes it and `patch` reads it, with three lines around each change;
/// empty if there is none. Lines are kept octet for octet, also with CR LF and without a new line
/// at the end. A text that differs in more than about a thousand lines is shown as replaced.
[[nodiscard]] std::string unified_diff(const TextVersions& versions);

/// `base` with the lines that were changed on the way to `one` and those that were changed on the
/// way to `other`; nothing if the two changes meet.
[[nodiscard]] std::optional<std::string> merged_texts(std::string_view base, std::string_view one,
                                                      std::string_view other);

}  // namespace cairn::client
