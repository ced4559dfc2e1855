#include "client/dns/certbot_credentials.h"

#include <algorithm>
#include <span>
#include <vector>

#include <fmt/format.h>

namespace cairn::client {
namespace {

using Values = std::map<std::string, std::string>;

constexpr std::size_t max_lines = 1000;
constexpr std::string_view prefix = "dns_";

struct Key {
    std::string_view theirs;
    /// Empty: it says nothing that is needed here.
    std::string_view ours;
};

constexpr Key cloudflare_keys[] = {
    {"api_token", "api_token"}, {"email", "email"}, {"api_key", "api_key"}};
constexpr Key digitalocean_keys[] = {{"token", "api_token"}};
// certbot asks for the number of the account; here it may stand in the file.
constexpr Key dnsimple_keys[] = {{"token", "api_token"}, {"account_id", "account_id"}};
constexpr Key linode_keys[] = {{"key", "api_token"}, {"version", ""}};
constexpr Key luadns_keys[] = {{"email", "email"}, {"token", "api_token"}};
constexpr Key nsone_keys[] = {{"api_key", "api_key"}};
constexpr Key ovh_keys[] = {{"endpoint", "endpoint"},
                            {"application_key", "application_key"},
                            {"application_secret", "application_secret"},
                            {"consumer_key", "consumer_key"}};
constexpr Key rfc2136_keys[] = {{"server", "server"},
                                {"port", "port"},
                                {"name", "tsig_name"},
                                {"secret", "tsig_secret"},
                                {"algorithm", "tsig_algorithm"},
                                {"sign_query", ""}};

/// A plugin of certbot whose file has lines.
struct Plugin {
    std::string_view name;
    std::string_view provider;
    std::span<const Key> keys;
};

constexpr Plugin plugins[] = {
    {"cloudflare", "cloudflare", cloudflare_keys},
    {"digitalocean", "digitalocean", digitalocean_keys},
    {"dnsimple", "dnsimple", dnsimple_keys},
    {"linode", "linode", linode_keys},
    {"luadns", "luadns", luadns_keys},
    {"nsone", "ns1", nsone_keys},
    {"ovh", "ovh", ovh_keys},
    {"rfc2136", "rfc2136", rfc2136_keys},
};

constexpr std::string_view google_provider = "gcloud";

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view blanks = " \t\r";
    while (!text.empty() && blanks.find(text.front()) != std::string_view::npos)
        text.remove_prefix(1);
    while (!text.empty() && blanks.find(text.back()) != std::string_view::npos)
        text.remove_suffix(1);
    return text;
}

/// The lines that say something.
std::vector<std::string_view> lines_of(std::string_view text) {
    std::vector<std::string_view> lines;
    while (!text.empty() && lines.size() <= max_lines) {
        const auto line = trimmed(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(text.find('\n'), text.size() - 1) + 1);
        if (!line.empty() && line.front() != '#' && line.front() != ';' && line.front() != '[')
            lines.push_back(line);
    }
    return lines;
}

/// A value as ConfigObj, which certbot reads with, takes it: in quotes, or up to a comment.
std::optional<std::string> value_in(std::string_view text) {
    text = trimmed(text);
    if (!text.empty() && (text.front() == '"' || text.front() == '\'')) {
        const auto end = text.find(text.front(), 1);
        if (end == std::string_view::npos) return std::nullopt;
        const auto rest = trimmed(text.substr(end + 1));
        if (!rest.empty() && rest.front() != '#') return std::nullopt;
        return std::string(text.substr(1, end - 1));
    }
    return std::string(trimmed(text.substr(0, text.find('#'))));
}

const Plugin* plugin_of(std::string_view key) {
    if (!key.starts_with(prefix)) return nullptr;
    const auto found = std::ranges::find_if(plugins, [&](const Plugin& plugin) {
        const auto rest = key.substr(prefix.size());
        return rest.starts_with(plugin.name) && rest.substr(plugin.name.size()).starts_with('_');
    });
    return found == std::end(plugins) ? nullptr : found;
}

/// certbot has the port apart, MD5 where nothing is said, and names in capitals.
void settle_rfc2136(Values& values) {
    if (const auto port = values.find("port"); port != values.end()) {
        auto& server = values["server"];
        if (server.find(':') != std::string::npos && !server.starts_with('['))
            server = "[" + server + "]";
        server += ":" + port->second;
        values.erase(port);
    }
    if (!values.contains("tsig_name")) return;
    auto& algorithm = values["tsig_algorithm"];
    if (algorithm.empty()) algorithm = "hmac-md5";
    std::ranges::transform(algorithm, algorithm.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
    });
}

base::Result<Values> values_of(const Plugin& plugin, const std::vector<std::string_view>& lines) {
    Values values;
    for (const auto line : lines) {
        const auto equals = line.find('=');
        const auto key = trimmed(line.substr(0, equals));
        const auto printable = base::printable(key, 60);
        if (equals == std::string_view::npos) return base::fail("a line of it is not KEY = VALUE");
        if (plugin_of(key) != &plugin)
            return base::fail(
                fmt::format("{} is no key of certbot's plugin dns-{}", printable, plugin.name));
        const auto name = key.substr(prefix.size() + plugin.name.size() + 1);
        const auto known = std::ranges::find(plugin.keys, name, &Key::theirs);
        if (known == plugin.keys.end())
            return base::fail(
                fmt::format("{} is no key of certbot's plugin dns-{}", printable, plugin.name));
        auto value = value_in(line.substr(equals + 1));
        if (!value) return base::fail(fmt::format("the value of {} does not end", printable));
        if (!known->ours.empty()) values[std::string(known->ours)] = std::move(*value);
    }
    if (plugin.provider == "rfc2136") settle_rfc2136(values);
    return values;
}

}  // namespace

base::Result<std::optional<Values>> certbot_credentials(std::string_view provider,
                                                        std::string_view text) {
    const auto lines = lines_of(text);
    if (lines.empty()) return std::nullopt;
    // TOML cannot begin like this.
    if (provider == google_provider && lines.front().starts_with('{'))
        return Values{{"service_account", std::string(text)}};
    if (!lines.front().starts_with(prefix)) return std::nullopt;
    const auto* plugin = plugin_of(trimmed(lines.front().substr(0, lines.front().find('='))));
    if (plugin == nullptr)
        return base::fail("it looks like a file of a plugin of certbot that is not known here");
    if (plugin->provider != provider)
        return base::fail(fmt::format("it is for certbot's plugin dns-{}, which is dns:{} here",
                                      plugin->name, plugin->provider));
    if (lines.size() > max_lines) return base::fail("it has too many lines");
    auto values = values_of(*plugin, lines);
    if (!values) return std::unexpected(values.error());
    return std::move(*values);
}

}  // namespace cairn::client
