#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::client {

/// A public CA that can be named by one word.
struct KnownAuthority {
    std::string_view name;
    std::string_view directory_url;
    /// Where the same CA is tried without consequences; empty if it has no such place.
    std::string_view staging_url;
};

/// Every CA that has a name here; the first is asked if none is named.
[[nodiscard]] std::span<const KnownAuthority> known_authorities();

/// The directory URL for what `--ca` was given: a known name, or an https URL as it stands. The
/// error for a CA that has ended its service says what there is instead.
[[nodiscard]] base::Result<std::string> directory_url_from(std::string_view name_or_url);

/// Where a certificate that this directory would issue can be rehearsed: the staging directory of a
/// known CA, which may be this one itself; an error for a known CA that has none. Nothing for a
/// directory that is not known.
[[nodiscard]] base::Result<std::optional<std::string>> staging_directory_of(
    std::string_view directory_url);

/// The directory of the known CA whose staging directory this is; nothing if it is none.
[[nodiscard]] std::optional<std::string> authority_of_staging(std::string_view directory_url);

}  // namespace cairn::client
