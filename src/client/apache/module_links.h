#pragma once

#include <filesystem>
#include <map>
#include <string_view>

#include "base/result.h"

namespace cairn::client::apache {

/// The links, with what they lead to, that a2enmod of Debian would make in `folder`
/// (/etc/apache2) to enable `module` ("ssl") and what it depends on, as far as they are missing. An
/// error if the folder is not laid out so, or the module is not installed.
[[nodiscard]] base::Result<std::map<std::filesystem::path, std::filesystem::path>> links_to_enable(
    const std::filesystem::path& folder, std::string_view module);

}  // namespace cairn::client::apache
