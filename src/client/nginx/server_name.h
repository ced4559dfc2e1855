#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::client::nginx {

/// One parameter of `server_name`.
struct ServerName {
    enum class Kind {
        exact,          ///< "a.example", also "" for requests without a host
        leading_star,   ///< "*.a.example"
        dotted,         ///< ".a.example": a.example and everything below it
        trailing_star,  ///< "www.a.*"
        regex           ///< "~^www\d+\.a\.example$"
    };
    Kind kind = Kind::exact;
    /// In lower case, without stars, dots in front, and ~: "a.example", "www.a".
    std::string text;
    /// As it stands in the configuration.
    std::string said;

    [[nodiscard]] static ServerName from_text(std::string_view text);
};

/// How a name is answered, the strongest first: nginx takes the first that there is.
enum class NameMatch {
    exact,
    leading_star,   ///< of two, the longer one
    trailing_star,  ///< of two, the longer one
    regex,          ///< of two, the first in the configuration
    none
};

/// How well `name` answers for `host`, which is in lower case. A wildcard "*.a.example" as host is
/// answered by the same wildcard, or a dotted name. The error is of a regular expression that
/// cannot be read or takes too long.
[[nodiscard]] base::Result<NameMatch> match_of(const ServerName& name, std::string_view host);

}  // namespace cairn::client::nginx
