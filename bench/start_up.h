#pragma once

#include <filesystem>
#include <string>

namespace cairn::bench {

/// Seconds from starting `cairn-ca serve`, with an empty store that was served before or with
/// `store_file`, until it has answered its first request over HTTPS: the median of several starts.
/// Throws std::runtime_error.
[[nodiscard]] double measure_serve_start(const std::string& cairn_ca,
                                         const std::filesystem::path& work_folder,
                                         const std::filesystem::path& store_file);

/// Milliseconds from starting `cairn issue` until the first octet that it sends to the CA has
/// arrived, which begins a TLS handshake: the median of several starts. Throws std::runtime_error.
[[nodiscard]] double measure_client_start(const std::string& cairn,
                                          const std::filesystem::path& work_folder);

}  // namespace cairn::bench
