#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "client/apache/config_edits.h"
#include "client/apache/configuration.h"

namespace cairn::client::apache {

/// What is to be answered for one name (a host name or an address) by http-01.
struct ChallengeAnswer {
    std::string name, token, key_authorization;
    friend auto operator<=>(const ChallengeAnswer&, const ChallengeAnswer&) = default;
};

/// The lines that make the server answer these challenges at `port`, and nothing else: in each
/// virtual host that answers the name at one of its addresses, by the name or as the first one, or
/// in the main server if there is none. The path of a token is answered by a status of 200, which
/// ErrorDocument gives its text, before files, access rules, other redirects or a proxy are looked
/// at: so no folder and no permission is needed, and nothing that holds for other paths changes.
///
/// Throws Failure if the server does not listen at the port, or lacks the modules for it.
[[nodiscard]] ConfigEdits lines_for(const Configuration& configuration,
                                    const std::vector<ChallengeAnswer>& answers,
                                    std::uint16_t port);

/// `text` without the lines that `lines_for` puts in, whichever tokens they are for.
[[nodiscard]] std::string without_challenge_lines(std::string_view text);

}  // namespace cairn::client::apache
