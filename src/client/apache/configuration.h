#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "client/apache/config_source.h"

namespace cairn::client::apache {

/// A directive that is in effect, or a section that is no mere condition, with variables and
/// parameters of macros put in. It points into the tree that it stands in: several statements can
/// stand at one place, if a file is included twice or a macro used twice.
struct Statement {
    const ConfigFile* file = nullptr;
    const ConfigNode* node = nullptr;
    /// In lower case.
    std::string name;
    std::vector<std::string> words;

    [[nodiscard]] std::string_view word(std::size_t number) const {
        return number < words.size() ? std::string_view(words[number]) : std::string_view();
    }
    /// "/etc/apache2/ports.conf:5".
    [[nodiscard]] std::string place() const;
    /// True if it stands at the same place as `other`.
    [[nodiscard]] bool is_at(const Statement& other) const { return node == other.node; }
};

/// Where a virtual host answers, or the server listens.
struct HostAddress {
    /// Nothing: any address ("*", "_default_", "0.0.0.0", "[::]").
    std::optional<base::IpAddress> address{};
    /// A name in its place, which httpd looks up; then `address` is empty, too.
    std::string name{};
    /// Nothing: any port.
    std::optional<std::uint16_t> port{};

    [[nodiscard]] bool is_any() const { return !address && name.empty(); }
    /// "*:80", "[2001:db8::1]:443".
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const HostAddress&, const HostAddress&) = default;
};
/// Reads that, as <VirtualHost> and Listen have it.
[[nodiscard]] std::optional<HostAddress> host_address_from(std::string_view text);

/// A Listen directive.
struct Listener {
    Statement statement;
    HostAddress address;
    /// "https", "http", in lower case: as it is said, else by the port.
    std::string protocol;
};

/// A <VirtualHost>, with the directives that are in effect in it, also by Include.
struct VirtualHost {
    Statement opening;
    std::vector<HostAddress> addresses{};
    /// Its ServerName without scheme and port, in lower case; empty: it has none.
    std::string server_name{};
    /// ServerAlias, in lower case; some with * and ?.
    std::vector<std::string> aliases{};
    std::vector<Statement> statements{};

    /// "www.example (/etc/apache2/sites-available/www.conf:1)".
    [[nodiscard]] std::string label() const;
    /// True if `name`, a host name or an address in lower case, is its name or one of its aliases.
    [[nodiscard]] bool claims(std::string_view name) const;
    /// The last of its statements with this name, which is in lower case; null: there is none.
    [[nodiscard]] const Statement* last(std::string_view statement_name) const;
};

/// What the server is started with, besides its files.
struct ServerFacts {
    std::filesystem::path config_file, server_root;
    /// The environment, from which ${NAME} is taken.
    std::map<std::string, std::string> environment{};
    /// Those of -D.
    std::set<std::string> defines{};
    /// What is compiled in, by source file: "mod_so.c".
    std::set<std::string> modules{};
    /// 2.4.62.
    std::vector<unsigned long> version{2, 4, 62};
};

/// The whole configuration of a server as it is in effect: conditions decided, files included,
/// macros used, variables put in. What is in other sections, as <Directory>, stays as it is.
class Configuration {
  public:
    /// An error for what cannot be read; it names the place. `source` outlives it.
    [[nodiscard]] static base::Result<Configuration> read(ConfigSource& source,
                                                          const ServerFacts& facts);

    /// Those outside of virtual hosts, in order.
    [[nodiscard]] const std::vector<Statement>& statements() const { return statements_; }
    [[nodiscard]] const std::vector<VirtualHost>& hosts() const { return hosts_; }
    [[nodiscard]] const std::vector<Listener>& listeners() const { return listeners_; }
    [[nodiscard]] const ConfigFile& main_file() const { return *main_file_; }
    /// By its identifier or source file: "ssl_module", "mod_ssl.c".
    [[nodiscard]] bool has_module(std::string_view name) const { return modules_.contains(name); }
    /// The last one outside of virtual hosts; null: there is none.
    [[nodiscard]] const Statement* last(std::string_view statement_name) const;
    /// A path of the configuration, which may be relative to ServerRoot.
    [[nodiscard]] std::filesystem::path absolute(std::string_view path) const {
        return (server_root_ / std::filesystem::path(path)).lexically_normal();
    }

  private:
    friend class ConfigurationReader;
    Configuration() = default;
    const ConfigFile* main_file_ = nullptr;
    std::filesystem::path server_root_;
    std::set<std::string, std::less<>> modules_;
    std::vector<Statement> statements_;
    std::vector<VirtualHost> hosts_;
    std::vector<Listener> listeners_;
};

}  // namespace cairn::client::apache
