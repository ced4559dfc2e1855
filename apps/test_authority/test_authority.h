#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace cairn {

/// How a TestAuthority is to be.
struct TestAuthorityOptions {
    /// Where it looks for the names that it validates.
    enum class Names {
        all_here,  ///< at 127.0.0.1, but for what the test says of a name; no packet leaves for it
        looked_up  ///< in the DNS
    };
    Names names = Names::all_here;
    /// For `looked_up`: "ADDR[:PORT]" of name servers; empty: from the roots.
    std::vector<std::string> resolvers{};
    /// The ports at which it validates.
    std::uint16_t http_port = 80, https_port = 443, tls_alpn_port = 443;
    /// What is to be otherwise: "KEY=VALUE" with a key of ca.toml, as `cairn-ca serve --set` takes
    /// it: "profiles.default.validity=\"1h\"".
    std::vector<std::string> settings{};
    /// Where it keeps all of it, which must not exist; empty: a temporary folder that goes with it.
    std::filesystem::path folder{};
};

/// A whole CA inside this process, which nobody trusts, for tests: it listens at a free port of
/// loopback with HTTPS, validates from this machine, private names and addresses too, has no
/// limits, and is gone with this object. Several at once do not disturb each other. Thread-safe.
///
///     cairn::TestAuthority authority({.http_port = 5002});
///     // A client of authority.directory_url(), which trusts authority.root_file(), has a
///     // certificate issued for any name, if port 5002 of this machine answers http-01.
class TestAuthority {
  public:
    /// Makes it and starts it. Throws client::Failure, a std::exception that says what to do.
    explicit TestAuthority(TestAuthorityOptions options = {});
    /// Ends it, after requests that are under way were answered, and removes its temporary folder.
    ~TestAuthority();
    TestAuthority(const TestAuthority&) = delete;
    TestAuthority& operator=(const TestAuthority&) = delete;

    /// "https://127.0.0.1:PORT/directory"
    [[nodiscard]] const std::string& directory_url() const;
    /// PEM file of its root, above its own TLS certificate and all that it issues.
    [[nodiscard]] const std::filesystem::path& root_file() const;

    // What it finds of names with `Names::all_here`; other calls are without effect.

    /// A name (case does not matter) has exactly these addresses; none: it does not exist.
    void set_addresses(const std::string& name, const std::vector<std::string>& addresses);
    /// A name has these TXT records; none: it has none any more. For dns-01 that is
    /// "_acme-challenge.NAME" (`client::dns_record_of`).
    void set_texts(const std::string& name, const std::vector<std::string>& texts);

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace cairn
