#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "client/nginx/configuration.h"
#include "protocol/identifier.h"

namespace cairn::client::nginx {

/// True if a certificate for `names` is good for `host` (in lower case), which may be a wildcard.
[[nodiscard]] bool covers(std::span<const protocol::Identifier> names, std::string_view host);

/// The file that `ssl_certificate` leads to: nginx looks for it from the folder of its main file.
[[nodiscard]] std::filesystem::path file_of(const Configuration& configuration,
                                            std::string_view parameter);

/// Names for which the server has a certificate now, and would not have one any more if it got one
/// for `names` in its place. None where its present certificate is signed by itself, as a
/// placeholder is, or cannot be read. `files` are its `ssl_certificate` parameters.
[[nodiscard]] std::vector<std::string> names_left_without(
    const Configuration& configuration, std::size_t server, std::span<const std::string> files,
    std::span<const protocol::Identifier> names);

}  // namespace cairn::client::nginx
