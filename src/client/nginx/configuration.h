#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/nginx/listen_address.h"
#include "client/nginx/server_name.h"
#include "client/nginx/syntax_tree.h"

namespace cairn::client::nginx {

/// One file of a configuration.
struct ConfigurationFile {
    /// As the configuration names it, absolute.
    std::filesystem::path path;
    std::string text;
    SyntaxTree tree;
};

/// A directive and the file that it stands in.
struct PlacedDirective {
    const ConfigurationFile* file = nullptr;
    const Directive* directive = nullptr;
    /// The `include` directives that have led from the block to it, the outermost first; empty if
    /// it stands in the block itself.
    std::vector<std::pair<const ConfigurationFile*, const Directive*>> includes{};
};

/// A `server` block of `http`.
struct ServerBlock {
    PlacedDirective place;
    /// What it consists of, with what it includes.
    std::vector<PlacedDirective> directives;
    std::vector<ListenAddress> listens;
    /// It says nothing of where it listens, and so is at port 80 of IPv4.
    bool listens_by_default = false;
    std::vector<ServerName> names;

    /// Its directives of this name, in their order.
    [[nodiscard]] std::vector<const PlacedDirective*> find(std::string_view name) const;
    /// "a.example (/etc/nginx/sites-enabled/a:3)", for messages.
    [[nodiscard]] std::string description() const;
};

/// The configuration of nginx as it stands in its files: `include` followed, patterns and all, from
/// the folder of the main file on. Immutable.
class Configuration {
  public:
    static constexpr std::size_t max_files = 2000;
    static constexpr std::size_t max_octets = std::size_t{64} << 20U;

    /// The error names the file, and the line where one cannot be read as nginx reads it.
    [[nodiscard]] static base::Result<Configuration> load(const std::filesystem::path& main_file);

    /// The main file first.
    [[nodiscard]] const std::vector<std::unique_ptr<ConfigurationFile>>& files() const {
        return files_;
    }
    [[nodiscard]] const std::vector<ServerBlock>& servers() const { return servers_; }
    /// What stands in `http` itself, with what it includes.
    [[nodiscard]] const std::vector<PlacedDirective>& http() const { return http_; }
    /// What stands outside of all blocks.
    [[nodiscard]] const std::vector<PlacedDirective>& top() const { return top_; }
    /// Where servers of `stream` and `mail` listen.
    [[nodiscard]] const std::vector<ListenAddress>& other_listens() const { return others_; }
    /// True if a directive of this name stands in `http` itself.
    [[nodiscard]] bool has_in_http(std::string_view name) const;

  private:
    class Loader;
    std::vector<std::unique_ptr<ConfigurationFile>> files_;
    std::vector<PlacedDirective> top_, http_;
    std::vector<ServerBlock> servers_;
    std::vector<ListenAddress> others_;
};

}  // namespace cairn::client::nginx
