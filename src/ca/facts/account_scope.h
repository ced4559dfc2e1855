#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ca/facts/name_list.h"
#include "ca/facts/uri_pattern.h"

namespace cairn::ca {

/// What the operator lets one account have in its certificates, beyond what the CA's policy and a
/// profile let everybody have. An empty one limits nothing, and allows no URIs.
struct AccountScope {
    NameRules names;
    /// URIs that the account may have beside its names, under a profile that has URIs at all.
    std::vector<UriPattern> uris;

    [[nodiscard]] bool is_empty() const { return names.are_empty() && uris.empty(); }
    /// Whether one of `uris` is for this URI.
    [[nodiscard]] bool allows_uri(std::string_view uri) const;

    /// One line for each entry, as the stores keep it; empty text for an empty scope.
    [[nodiscard]] std::string to_text() const;
    /// The reverse.
    [[nodiscard]] static base::Result<AccountScope> from_text(std::string_view text);
    /// From what an operator lists. The error says which entry is none.
    [[nodiscard]] static base::Result<AccountScope> of(const std::vector<std::string>& allow,
                                                       const std::vector<std::string>& deny,
                                                       const std::vector<std::string>& uris);
    friend bool operator==(const AccountScope&, const AccountScope&) = default;
};

}  // namespace cairn::ca
