#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/apache/config_edits.h"
#include "client/apache/configuration.h"

namespace cairn::client::apache {

/// True if a directive (Redirect and its kin, RewriteRule) leads to https at one of the names of
/// `host`, or at whatever name was asked for, in a way that would go round in a circle if it held
/// for https as well. `name` is that of the directive in lower case.
[[nodiscard]] bool leads_to_https(std::string_view name, const std::vector<std::string>& words,
                                  const VirtualHost& host);

/// Takes those directives out of the text of `host` itself, with the conditions in front of them.
void erase_https_redirects(ConfigEdits& edits, const VirtualHost& host);

/// The first such directive that is in effect in `host` without being in its own text, and without
/// a condition on %{HTTPS} or the port: it stands in a file that is included. Null: there is none.
[[nodiscard]] const Statement* included_https_redirect(const VirtualHost& host);

/// True if `host` leads all requests to https already.
[[nodiscard]] bool redirects_to_https(const VirtualHost& host);

/// The lines that lead requests to `names`, all of them names of `host`, to https. An error, with
/// what is to be done, if they cannot be written.
[[nodiscard]] base::Result<std::vector<std::string>> redirect_lines(
    const Configuration& configuration, const VirtualHost& host,
    const std::vector<std::string>& names, std::uint16_t https_port);

}  // namespace cairn::client::apache
