#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::client {

/// A public CA that can be named by one word.
struct KnownAuthority {
    std::string_view name;
    std::string_view directory_url;
};

/// Every CA that has a name here; the first is asked if none is named.
[[nodiscard]] std::span<const KnownAuthority> known_authorities();

/// The directory URL for what `--ca` was given: a known name, or an https URL as it stands.
[[nodiscard]] base::Result<std::string> directory_url_from(std::string_view name_or_url);

}  // namespace cairn::client
