#include "apps/ca/configuration.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <sstream>

#include <toml++/toml.h>

#include "base/json_quoted.h"
#include "base/nearest_word.h"
#include "net/socket_address.h"
#include "net/url.h"
#include "protocol/identifier.h"

namespace cairn::apps {

namespace {

using Findings = std::vector<base::Error>;

// What comes to light while a file is read.
struct Reading {
    Findings findings{};
    // Every key that was looked for, dotted, and those of the file that are none of them.
    std::set<std::string> keys{};
    std::vector<std::string> unknown{};

    void report_unknown() {
        for (const auto& key : unknown) {
            std::string text = base::printable(key) + " is not a known key";
            if (const auto meant = meant_by(key)) text += "; did you mean " + *meant + "?";
            findings.push_back({std::move(text)});
        }
    }

  private:
    // One that is spelled alike, or the same key of another table.
    [[nodiscard]] std::optional<std::string> meant_by(const std::string& key) const {
        const std::vector<std::string> known(keys.begin(), keys.end());
        if (auto nearest = base::nearest_word(key, known)) return nearest;
        const auto name = key.substr(key.rfind('.') + 1);
        const auto elsewhere = std::ranges::find_if(
            known, [&](const std::string& other) { return other.ends_with("." + name); });
        if (elsewhere == known.end()) return std::nullopt;
        return *elsewhere;
    }
};

// A table of the file: values are taken by key, and what nobody took is reported as unknown.
class Section {
  public:
    Section(const toml::table* table, std::string path, Reading& reading)
        : table_(table), path_(std::move(path)), reading_(reading) {}

    void report_unknown() const {
        if (table_ == nullptr) return;
        for (const auto& [key, value] : *table_) {
            const std::string name(key.str());
            if (!taken_.contains(name)) reading_.unknown.push_back(path_ + name);
        }
    }

    template <class T>
    void take(const std::string& key, T& target) {
        const auto* node = node_at(key);
        if (node == nullptr) return;
        if (auto value = value_of<T>(*node))
            target = std::move(*value);
        else
            find(key, std::string("must be ") + name_of<T>());
    }

    void take_port(const std::string& key, std::uint16_t& target) {
        std::int64_t number = target;
        take(key, number);
        if (number < 1 || number > 65535)
            find(key, "must be a port number");
        else
            target = static_cast<std::uint16_t>(number);
    }

    void take_duration(const std::string& key, base::Seconds& target) {
        std::string text;
        take(key, text);
        if (text.empty()) return;
        if (auto duration = duration_from(text))
            target = *duration;
        else
            find(key, duration.error().message);
    }

    /// A duration, or "never" for none.
    void take_limit(const std::string& key, std::optional<base::Seconds>& target) {
        std::string text;
        take(key, text);
        if (text.empty()) return;
        if (text == "never")
            target.reset();
        else if (const auto duration = duration_from(text))
            target = *duration;
        else
            find(key, duration.error().message + ", or \"never\"");
    }

    void take_count(const std::string& key, std::size_t& target, std::int64_t least,
                    std::int64_t most) {
        auto number = static_cast<std::int64_t>(target);
        take(key, number);
        if (number < least || number > most)
            find(key, "must be from " + std::to_string(least) + " to " + std::to_string(most));
        else
            target = static_cast<std::size_t>(number);
    }

    void take_networks(const std::string& key, std::vector<base::IpNetwork>& target) {
        std::vector<std::string> texts;
        take(key, texts);
        for (const auto& text : texts) {
            if (auto network = base::IpNetwork::from_text(text))
                target.push_back(*network);
            else
                find(key, "\"" + text + "\": " + network.error().message);
        }
    }

    [[nodiscard]] Section section(const std::string& key) {
        const auto* node = node_at(key);
        const auto* table = node == nullptr ? nullptr : node->as_table();
        if (node != nullptr && table == nullptr) find(key, "must be a table");
        return {table, path_ + key + ".", reading_};
    }
    [[nodiscard]] std::vector<std::string> keys() const {
        std::vector<std::string> result;
        if (table_ != nullptr)
            for (const auto& [key, value] : *table_) result.emplace_back(key.str());
        return result;
    }

    void find(const std::string& key, const std::string& what) const {
        reading_.findings.push_back({path_ + key + " " + what});
    }
    [[nodiscard]] bool is_there() const { return table_ != nullptr; }

  private:
    const toml::node* node_at(const std::string& key) {
        taken_.insert(key);
        reading_.keys.insert(path_ + key);
        return table_ == nullptr ? nullptr : table_->get(key);
    }

    template <class T>
    static std::optional<T> value_of(const toml::node& node) {
        if constexpr (std::is_same_v<T, std::vector<std::string>>) {
            const auto* array = node.as_array();
            if (array == nullptr) return std::nullopt;
            T result;
            for (const auto& element : *array) {
                auto text = element.value_exact<std::string>();
                if (!text) return std::nullopt;
                result.push_back(std::move(*text));
            }
            return result;
        } else {
            return node.value_exact<T>();
        }
    }
    template <class T>
    static const char* name_of() {
        if constexpr (std::is_same_v<T, std::string>) return "a string";
        if constexpr (std::is_same_v<T, bool>) return "true or false";
        if constexpr (std::is_same_v<T, std::int64_t>) return "a whole number";
        return "a list of strings";
    }

    const toml::table* table_;
    std::string path_;
    Reading& reading_;
    std::set<std::string> taken_;
};

// What the parser says, without what it quotes: a value may hold a password.
std::string describe(const toml::parse_error& error) {
    std::string text;
    bool is_quoted = false;
    for (const char character : error.description()) {
        if (character == '\'') {
            if (!is_quoted) text += "'...'";
            is_quoted = !is_quoted;
        } else if (!is_quoted) {
            text += character;
        }
    }
    return text + " (line " + std::to_string(error.source().begin.line) + ", column " +
           std::to_string(error.source().begin.column) + ")";
}

bool is_dotted_key(std::string_view text) {
    const auto is_part = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '.';
    };
    return !text.empty() && std::ranges::all_of(text, is_part);
}

// Puts the value at the dotted key, making tables on the way. Of what is malformed no more than the
// key is told: the value may hold a password.
void apply(toml::table& root, const std::string& text, Findings& findings) {
    const auto equals = text.find('=');
    const std::string key = text.substr(0, equals);
    if (!is_dotted_key(key)) {
        findings.push_back({"--set: wants KEY=VALUE, a dotted key before the first ="});
        return;
    }
    if (equals == std::string::npos) {
        findings.push_back({"--set " + key + ": wants KEY=VALUE"});
        return;
    }
    toml::table parsed;
    try {
        parsed = toml::parse("value = " + text.substr(equals + 1));
    } catch (const toml::parse_error&) {
        findings.push_back({"--set " + key + ": the value is not TOML (strings need quotes)"});
        return;
    }
    if (parsed.size() != 1) {
        findings.push_back({"--set " + key + ": the value is more than one value"});
        return;
    }
    toml::table* table = &root;
    std::size_t from = 0;
    for (auto dot = key.find('.'); dot != std::string::npos; dot = key.find('.', from)) {
        const std::string name = key.substr(from, dot - from);
        auto* node = table->get(name);
        if (node == nullptr) {
            table->insert(name, toml::table{});
            node = table->get(name);
        }
        if (node->as_table() == nullptr) {
            findings.push_back({"--set " + key + ": " + name + " is no table"});
            return;
        }
        table = node->as_table();
        from = dot + 1;
    }
    table->insert_or_assign(key.substr(from), std::move(*parsed.get("value")));
}

std::string common_part(toml::table root) {
    for (const auto* own : {"server", "store", "log", "clock"}) root.erase(own);
    std::ostringstream text;
    text << root;
    return text.str();
}

void check_address(const Section& section, const std::string& key, const std::string& text) {
    const auto address = net::SocketAddress::from_text(text);
    if (!address) section.find(key, "must be ADDRESS:PORT; " + address.error().message);
}

// A name or an address that a server's certificate can have.
bool is_host(const std::string& text) {
    return base::IpAddress::from_lenient_text(text) || protocol::Identifier::dns(text);
}

// Keeps the URL in the one spelling that is given out, and as it was written.
void read_public_url(const Section& section, Configuration::Server& server) {
    auto& text = server.public_url;
    while (text.ends_with('/')) text.pop_back();
    server.written_public_url = text;
    const auto url = net::Url::from_text(text);
    if (text.contains('@'))
        section.find("public_url", "must name no user");
    else if (!url)
        section.find("public_url", "must be an https URL: " + url.error().message);
    else if (!url->is_https() || url->target() != "/")
        section.find("public_url", "must be an https URL without a path");
    else if (!is_host(url->host()))
        section.find("public_url", "must have a host that can be named in a certificate");
    else
        text = "https://" + url->authority();
}

void read_server(Section section, Configuration::Server& server) {
    section.take("listen", server.listen);
    section.take("public_url", server.public_url);
    section.take("admin_listen", server.admin_listen);
    section.take("hosts", server.hosts);
    section.take_count("threads", server.threads, 0, 1024);
    section.take_networks("trusted_proxies", server.trusted_proxies);
    section.take_count("connections_per_client", server.connections_per_client, 1, 1'000'000);
    if (server.listen.empty()) section.find("listen", "must name at least one address");
    for (const auto& text : server.listen) check_address(section, "listen", text);
    if (!server.admin_listen.empty()) check_address(section, "admin_listen", server.admin_listen);
    read_public_url(section, server);
    for (const auto& host : server.hosts) {
        if (!is_host(host))
            section.find("hosts", "names \"" + base::printable(host) +
                                      "\", which is neither a domain name nor an address");
    }
    section.report_unknown();
}

// Whether libpq would take another @ for the one behind the password: it would look for the rest of
// the password as a host, and say so aloud.
bool has_stray_at(std::string_view url) {
    const auto at = url.find('@');
    const auto authority = url.find("://");
    return at != std::string_view::npos &&
           (url.find('@', at + 1) != std::string_view::npos ||
            url.find_first_of("/?#", authority == std::string_view::npos ? 0 : authority + 3) < at);
}

void read_store(Section section, Configuration::Store& store) {
    constexpr std::string_view sqlite = "sqlite:";
    std::string url = "sqlite:store/cairn.sqlite";
    section.take("url", url);
    section.take("schema", store.schema);
    section.take_count("connections", store.connections, 1, 64);
    if (url.starts_with(sqlite) && url.size() > sqlite.size())
        store.sqlite_path = url.substr(sqlite.size());
    else if ((url.starts_with("postgresql://") || url.starts_with("postgres://")) &&
             !has_stray_at(url))
        store.postgres_url = url;
    else if (has_stray_at(url))
        section.find("url", "must write an @ in a user, password or parameter as %40");
    else
        section.find("url", "must be sqlite:PATH or postgresql://USER@HOST/DATABASE");
    const auto& schema = store.schema;
    if (schema.empty() || schema.size() > 40 || schema[0] < 'a' || schema[0] > 'z' ||
        schema.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
        section.find("schema", "must be at most 40 of a-z, 0-9 and _, a letter first");
    section.report_unknown();
}

void read_log(Section section, Configuration::Log& log) {
    static const std::map<std::string, base::LogLevel> levels{{"debug", base::LogLevel::debug},
                                                              {"info", base::LogLevel::info},
                                                              {"warning", base::LogLevel::warning},
                                                              {"error", base::LogLevel::error}};
    section.take("file", log.file);
    section.take("access", log.access);
    std::string level = "info";
    section.take("level", level);
    if (const auto found = levels.find(level); found != levels.end())
        log.level = found->second;
    else
        section.find("level", "must be debug, info, warning or error");
    std::string format = "auto";
    section.take("format", format);
    if (format == "json")
        log.format = base::LogFormat::json;
    else if (format == "text")
        log.format = base::LogFormat::text;
    else if (format != "auto")
        section.find("format", "must be auto, json or text");
    section.report_unknown();
}

constexpr base::Seconds longest_retry = std::chrono::hours(1);

void read_validation(Section section, Configuration::Validation& validation) {
    section.take_port("http_port", validation.http_port);
    section.take_port("https_port", validation.https_port);
    section.take_port("tls_alpn_port", validation.tls_alpn_port);
    section.take("dns_servers", validation.dns_servers);
    section.take("dnssec", validation.dnssec);
    section.take("dns_trust_anchor_file", validation.dns_trust_anchor_file);
    section.take("dns_root_hints_file", validation.dns_root_hints_file);
    section.take_duration("timeout", validation.timeout);
    std::optional<base::Seconds> retry_for;
    section.take_limit("retry_for", retry_for);
    validation.retry_for = retry_for.value_or(base::Seconds(0));
    if (validation.retry_for > longest_retry)
        section.find("retry_for", "must not exceed 1h: clients wait meanwhile");
    section.take_networks("allow_networks", validation.allow_networks);
    section.report_unknown();
}

void read_retention(Section section, ca::RetentionLimits& retention) {
    section.take_limit("orders", retention.orders);
    section.take_limit("authorizations", retention.authorizations);
    section.take_limit("certificates", retention.certificates);
    section.report_unknown();
}

void read_clock(Section section, Configuration::Clock& clock) {
    std::string text;
    section.take("confirmed", text);
    if (const auto time = base::from_rfc3339(text))
        clock.confirmed = *time;
    else if (!text.empty())
        section.find("confirmed",
                     "must be a time such as \"2026-11-22T12:00:00Z\": " + time.error().message);
    section.report_unknown();
}

constexpr base::Seconds longest_reuse = std::chrono::days(200);

void read_profile(Section section, ca::Profile& profile, bool baseline, base::Time now) {
    section.take("description", profile.description);
    section.take_duration("validity", profile.validity);
    profile.backdate = ca::Profile::usual_backdate(profile.validity);
    section.take_duration("backdate", profile.backdate);
    section.take_count("max_names", profile.max_names, 1, 1000);
    section.take("common_name", profile.common_name);
    section.take_duration("order_lifetime", profile.order_lifetime);
    section.take_duration("pending_lifetime", profile.pending_lifetime);
    section.take_duration("reuse_lifetime", profile.reuse_lifetime);
    profile.baseline_requirements = baseline;
    if (baseline && profile.reuse_lifetime > longest_reuse)
        section.find("reuse_lifetime", "must not exceed 200d (BR 4.2.1)");
    const auto longest_backdate = ca::Profile::longest_backdate(profile.validity);
    if (profile.backdate > longest_backdate)
        section.find("backdate", "must not exceed a third of validity, " +
                                     std::to_string(longest_backdate.count()) +
                                     "s: clients that renew after two thirds would do so at once");
    if (profile.backdate > std::chrono::hours(48))
        section.find("backdate", "must not exceed 48h (BR 7.1.2.7)");
    if (baseline && profile.validity > ca::longest_validity(now))
        section.find("validity",
                     "exceeds what the Baseline Requirements allow today (6.3.2); "
                     "policy.baseline_requirements = false lifts this for a private CA");
    section.report_unknown();
}

void read_profiles(Section section, Configuration& configuration, base::Time now) {
    for (const auto& name : section.keys()) {
        ca::Profile profile;
        profile.name = name;
        profile.description = name;
        read_profile(section.section(name), profile, configuration.policy.baseline_requirements,
                     now);
        configuration.profiles.emplace(name, std::move(profile));
    }
    if (configuration.profiles.empty()) {
        ca::Profile profile;
        profile.name = "default";
        profile.description = "certificates for TLS servers, 90 days";
        configuration.profiles.emplace(profile.name, profile);
    }
}

// Another profile must not become the one of all orders by its name alone.
void read_default_profile(Section& top, Configuration& configuration) {
    auto& name = configuration.default_profile;
    top.take("default_profile", name);
    const auto& profiles = configuration.profiles;
    if (name.empty()) name = profiles.size() == 1 ? profiles.begin()->first : "default";
    if (profiles.contains(name)) return;
    std::string names;
    for (const auto& [known, profile] : profiles) names += (names.empty() ? "" : ", ") + known;
    top.find("default_profile", "must say which profile orders get that name none: " + names +
                                    " (without it, it is the one named default)");
}

// There are no limits yet, and none is promised.
void read_limits(Section section) {
    bool enabled = true;
    section.take("enabled", enabled);
    if (section.is_there() && enabled)
        section.find("enabled",
                     "must be false: this version has no rate limits; remove [limits], or say "
                     "enabled = false");
    section.report_unknown();
}

void read_issuer(Section section, Configuration::Issuer& issuer, const Configuration& whole) {
    section.take("certificate", issuer.certificate);
    section.take("key", issuer.key);
    section.take("active", issuer.use.active);
    std::vector<std::string> profiles, key_types;
    section.take("profiles", profiles);
    section.take("key_types", key_types);
    if (issuer.certificate.empty()) section.find("certificate", "must be the path of a PEM file");
    if (issuer.key.empty()) section.find("key", "must be the path of a PEM file");
    for (const auto& name : profiles) {
        if (!whole.profiles.contains(name))
            section.find("profiles", "names \"" + name + "\", which is no profile");
        issuer.use.profiles.insert(name);
    }
    for (const auto& name : key_types) {
        if (const auto algorithm = crypto::key_algorithm_from(name))
            issuer.use.key_algorithms.insert(*algorithm);
        else
            section.find("key_types", algorithm.error().message);
    }
    section.report_unknown();
}

void read_issuers(Section section, Configuration& configuration) {
    for (const auto& name : section.keys()) {
        Configuration::Issuer issuer;
        read_issuer(section.section(name), issuer, configuration);
        configuration.issuers.emplace(name, std::move(issuer));
    }
    if (configuration.issuers.empty())
        configuration.issuers.emplace(
            "intermediate",
            Configuration::Issuer{"pki/intermediate.pem", "pki/intermediate-key.pem", {}});
}

Configuration read_root(const toml::table& root, base::Time now, Reading& reading) {
    Configuration configuration;
    configuration.common = common_part(root);
    Section top(&root, "", reading);
    read_server(top.section("server"), configuration.server);
    configuration.common += "\npublic_url " + configuration.server.public_url;
    read_store(top.section("store"), configuration.store);
    read_log(top.section("log"), configuration.log);
    read_clock(top.section("clock"), configuration.clock);
    read_retention(top.section("retention"), configuration.retention);
    read_validation(top.section("validation"), configuration.validation);

    auto directory = top.section("directory");
    directory.take("terms_of_service", configuration.directory.terms_of_service);
    directory.take("website", configuration.directory.website);
    directory.report_unknown();

    auto issuance = top.section("issuance");
    auto& issuer_base_url = configuration.issuance.issuer_base_url;
    issuance.take("issuer_base_url", issuer_base_url);
    const auto issuer_base = net::Url::from_text(issuer_base_url);
    if (!issuer_base_url.empty() && (!issuer_base || issuer_base->is_https()))
        issuance.find("issuer_base_url", "must be an http URL (RFC 5280 section 4.2.2.1)");
    issuance.report_unknown();

    auto policy = top.section("policy");
    policy.take("internal_names", configuration.policy.internal_names);
    policy.take("baseline_requirements", configuration.policy.baseline_requirements);
    policy.report_unknown();

    read_profiles(top.section("profiles"), configuration, now);
    read_default_profile(top, configuration);
    read_issuers(top.section("issuers"), configuration);

    read_limits(top.section("limits"));

    top.report_unknown();
    reading.report_unknown();
    return configuration;
}

}  // namespace

base::Result<base::Seconds> duration_from(std::string_view text) {
    static const std::map<char, base::Seconds> units{{'s', base::Seconds(1)},
                                                     {'m', std::chrono::minutes(1)},
                                                     {'h', std::chrono::hours(1)},
                                                     {'d', std::chrono::days(1)}};
    const auto bad = base::fail("must be a duration such as \"90d\", \"12h\", \"30m\" or \"45s\"");
    if (text.size() < 2) return bad;
    const auto unit = units.find(text.back());
    std::int64_t number = 0;
    const char* end = text.data() + text.size() - 1;
    const auto [stop, failure] = std::from_chars(text.data(), end, number);
    if (unit == units.end() || failure != std::errc{} || stop != end || number < 1 ||
        number > 1'000'000)
        return bad;
    return unit->second * number;
}

base::Result<Configuration, std::vector<base::Error>> read_configuration(
    const std::string& toml, const std::vector<std::string>& overrides, base::Time now) {
    Reading reading;
    toml::table root;
    try {
        root = toml::parse(toml);
    } catch (const toml::parse_error& error) {
        return std::unexpected(Findings{{"not TOML: " + describe(error)}});
    }
    for (const auto& text : overrides) apply(root, text, reading.findings);
    auto configuration = read_root(root, now, reading);
    if (!reading.findings.empty()) return std::unexpected(std::move(reading.findings));
    return configuration;
}

std::vector<std::string> configuration_keys() {
    Reading reading;
    read_root(toml::parse("[profiles.NAME]\n[issuers.NAME]\n"), {}, reading);
    return {reading.keys.begin(), reading.keys.end()};
}

}  // namespace cairn::apps
