#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/process_usage.h"

namespace cairn::bench {

/// The servers that are compared.
enum class ServerKind { cairn_embedded, cairn_postgresql, pebble };
/// "cairn-embedded", "cairn-postgresql", "pebble".
[[nodiscard]] std::string to_string(ServerKind kind);

/// Where a CA finds those who answer its challenges.
struct ValidationPorts {
    unsigned http = 0, dns = 0, tls = 0;
};

struct AuthorityOptions {
    ServerKind kind = ServerKind::cairn_embedded;
    /// None: the CA is asked for no certificates.
    std::optional<ValidationPorts> ports;
    /// The cairn-ca to start.
    std::string program;
    /// Where the folder of the run is made; on the disk that is to be measured.
    std::filesystem::path work_folder;
    /// An embedded store to serve, which then grows; empty: a new one.
    std::filesystem::path store_file;
    /// How many certificates a new PostgreSQL store holds when the CA begins.
    long filled_certificates = 0;
};

/// A CA that runs with everything it needs in a temporary folder, as long as this object lives.
class Authority {
  public:
    virtual ~Authority() = default;

    /// HTTPS port on the loopback, under the name localhost.
    [[nodiscard]] virtual unsigned port() const = 0;
    [[nodiscard]] virtual std::string directory_url() const = 0;
    /// PEM file of the root to trust for its HTTPS.
    [[nodiscard]] virtual std::filesystem::path root_file() const = 0;
    /// It deadlocks if a newOrder request meets another or the reading of an authorization.
    [[nodiscard]] virtual bool orders_must_be_alone() const { return false; }
    /// The CA's own process.
    [[nodiscard]] virtual ProcessUsage usage() const = 0;
    /// The processes of its database, if it has one.
    [[nodiscard]] virtual std::optional<ProcessUsage> database_usage() const {
        return std::nullopt;
    }
    /// Durable writes (fsync, fdatasync) so far, of the CA and its database.
    [[nodiscard]] virtual std::optional<std::uint64_t> syncs() const { return std::nullopt; }
    /// Holds the CA's process still until `go_on`; its database then has nothing to do.
    virtual void hold() = 0;
    virtual void go_on() = 0;
    /// Ends the CA's process; its files stay until this object goes.
    virtual void stop() = 0;
};

/// Starts one and waits until it serves. Throws std::runtime_error if it does not.
[[nodiscard]] std::unique_ptr<Authority> start_authority(const AuthorityOptions& options);
/// The two ways to do so.
[[nodiscard]] std::unique_ptr<Authority> start_cairn(const AuthorityOptions& options);
[[nodiscard]] std::unique_ptr<Authority> start_pebble(const AuthorityOptions& options);

/// The words that serve the CA in the folder `home`; with `ports` it validates there.
[[nodiscard]] std::vector<std::string> serve_command(const std::string& program,
                                                     const std::filesystem::path& home,
                                                     const std::optional<ValidationPorts>& ports);

/// The setting that serves an embedded store elsewhere than in the CA's folder.
[[nodiscard]] std::string store_setting(const std::filesystem::path& store_file);

class Child;
/// Waits until `url` answers 200. Throws std::runtime_error with the end of `log_file` if `server`
/// ends, or after 30 seconds.
void wait_until_served(const std::string& url, const std::filesystem::path& root_file,
                       Child& server, const std::filesystem::path& log_file);

}  // namespace cairn::bench
