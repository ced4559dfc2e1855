#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/deploy/file_edits.h"
#include "client/nginx/configuration.h"
#include "client/nginx/server_choice.h"

// The answer to an http-01 challenge (RFC 8555 section 8.3) as a directive of nginx:
//
//     if ($uri = /.well-known/acme-challenge/TOKEN) { return 200 TOKEN.THUMBPRINT; }
//
// It is the first in the server block. So it comes before every redirect and rewrite of the server,
// and before its locations are looked at, with their passwords, proxies and further redirects; and
// no file is to be read. It fits a block with any locations, and is gone without a trace
// afterwards.

namespace cairn::client::nginx {

/// A token and what is to be answered for it. Both of base64url, with a dot in the second.
struct HttpAnswer {
    std::string token;
    std::string key_authorization;
};

/// The directive.
[[nodiscard]] std::string directive_of(const HttpAnswer& answer);

/// The servers that may be asked for `host` at this port, with the socket of each. Where no name
/// matches, the default server is one that may be. The error says what is missing.
struct AskedServer {
    std::size_t server = 0;
    Socket socket;
};
[[nodiscard]] base::Result<std::vector<AskedServer>> asked_servers(
    const Configuration& configuration, std::string_view host, std::uint16_t port);

/// The edits that put an answer up in these servers; none where it is up already.
[[nodiscard]] std::vector<FileEdit> edits_to_answer(const Configuration& configuration,
                                                    const std::vector<AskedServer>& servers,
                                                    const HttpAnswer& answer);

/// `text` without the directive, octet for octet as it was before, wherever it stands.
[[nodiscard]] std::string without_answer(std::string_view text, const HttpAnswer& answer);
/// The edits that take the answer down in all files of the configuration.
[[nodiscard]] std::vector<FileEdit> edits_to_take_down(const Configuration& configuration,
                                                       const HttpAnswer& answer);

}  // namespace cairn::client::nginx
