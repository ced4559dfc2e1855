#include "apps/ca/configuration.h"

#include <optional>
#include <sstream>

#include "apps/ca/audit_configuration.h"
#include "apps/ca/crl_configuration.h"
#include "apps/ca/directory_section.h"
#include "apps/ca/limits_configuration.h"
#include "apps/ca/perspective_configuration.h"
#include "apps/ca/policy_configuration.h"
#include "apps/ca/zone_configuration.h"
#include "apps/command_line/files.h"
#include "base/json_quoted.h"
#include "base/log_line.h"
#include "base/toml_section.h"
#include "crypto/pkcs11/uri.h"
#include "net/socket_address.h"
#include "net/url.h"
#include "protocol/challenge_type.h"
#include "protocol/identifier.h"

namespace cairn::apps {

namespace {

std::string common_part(toml::table root) {
    for (const auto* own : {"server", "store", "log", "clock", "audit"}) root.erase(own);
    std::ostringstream text;
    text << root;
    return text.str();
}

void check_address(const base::TomlSection& section, const std::string& key,
                   const std::string& text) {
    const auto address = net::SocketAddress::from_text(text);
    if (!address) section.find(key, "must be ADDRESS:PORT; " + address.error().message);
}

// A name or an address that a server's certificate can have.
bool is_host(const std::string& text) {
    return base::IpAddress::from_lenient_text(text) || protocol::Identifier::dns(text);
}

// Keeps the URL in the one spelling that is given out, and as it was written.
void read_public_url(const base::TomlSection& section, Configuration::Server& server) {
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

void read_server(base::TomlSection section, Configuration::Server& server) {
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

void read_store(base::TomlSection section, Configuration::Store& store) {
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

void read_log(base::TomlSection section, Configuration::Log& log) {
    section.take("file", log.file);
    section.take("access", log.access);
    std::string level = "info";
    section.take("level", level);
    if (const auto found = base::log_level_from(level))
        log.level = *found;
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

void read_challenges(base::TomlSection& section, Configuration::Validation& validation) {
    std::vector<std::string> names;
    for (const auto type : validation.challenges) names.emplace_back(to_string(type));
    section.take("challenges", names);
    validation.challenges.clear();
    for (const auto& name : names) {
        if (const auto type = protocol::challenge_type_from(name))
            validation.challenges.insert(*type);
        else
            section.find("challenges", "names \"" + base::printable(name) + "\"; there are " +
                                           base::listed(protocol::challenge_type_names));
    }
    if (names.empty()) section.find("challenges", "must name at least one");
}

constexpr std::size_t most_issuer_names = 10;

// Draft-ietf-acme-dns-persist section 3.
void read_persist_issuers(base::TomlSection& section, Configuration::Validation& validation) {
    auto& names = validation.persist_issuers;
    section.take("persist_issuers", names);
    for (const auto& name : names) {
        const auto read = protocol::DnsName::from_text(name);
        if (!read || read->text() != name)
            section.find("persist_issuers",
                         "names \"" + base::printable(name) +
                             "\", which is no domain name in lower case without a final dot");
    }
    if (names.size() > most_issuer_names)
        section.find("persist_issuers", "must not name more than 10");
    if (names.empty() && validation.challenges.contains(protocol::ChallengeType::dns_persist_01))
        section.find("persist_issuers",
                     "must name this CA, since challenges has dns-persist-01: as \"ca.example\", "
                     "which stands in the records of clients");
}

void read_validation(base::TomlSection section, Configuration::Validation& validation) {
    read_challenges(section, validation);
    read_persist_issuers(section, validation);
    section.take("subdomains", validation.subdomains);
    section.take_count("preauthorizations", validation.preauthorizations, 0, 100'000);
    section.take_port("http_port", validation.http_port);
    section.take_port("https_port", validation.https_port);
    section.take_port("tls_alpn_port", validation.tls_alpn_port);
    section.take("dns_servers", validation.dns_servers);
    section.take("dnssec", validation.dnssec);
    section.take("dns_trust_anchor_file", validation.dns_trust_anchor_file);
    section.take("dns_root_hints_file", validation.dns_root_hints_file);
    read_zones(section.section("zones"), validation.zones);
    section.take_duration("timeout", validation.timeout);
    std::optional<base::Seconds> retry_for;
    section.take_limit("retry_for", retry_for);
    validation.retry_for = retry_for.value_or(base::Seconds(0));
    if (validation.retry_for > longest_retry)
        section.find("retry_for", "must not exceed 1h: clients wait meanwhile");
    section.take_networks("allow_networks", validation.allow_networks);
    section.report_unknown();
}

void read_retention(base::TomlSection section, ca::RetentionLimits& retention) {
    section.take_limit("orders", retention.orders);
    section.take_limit("authorizations", retention.authorizations);
    section.take_limit("certificates", retention.certificates);
    section.report_unknown();
}

void read_clock(base::TomlSection section, Configuration::Clock& clock) {
    std::string text;
    section.take("confirmed", text);
    if (const auto time = base::from_rfc3339(text))
        clock.confirmed = *time;
    else if (!text.empty())
        section.find("confirmed",
                     "must be a time such as \"2026-11-22T12:00:00Z\": " + time.error().message);
    section.report_unknown();
}

void read_renewal(base::TomlSection section, Configuration::Renewal& renewal) {
    section.take_duration("retry_after", renewal.retry_after);
    // Clients go by it within these bounds alone (RFC 9773 section 4.3.2).
    if (renewal.retry_after < std::chrono::minutes(1) || renewal.retry_after > std::chrono::days(1))
        section.find("retry_after", "must be from 1m to 1d (RFC 9773 section 4.3.2)");
    section.report_unknown();
}

/// Clients of several CAs look at no more than this many.
constexpr std::size_t most_alternate_chains = 10;

void read_issuer(base::TomlSection section, Configuration::Issuer& issuer,
                 const Configuration& whole) {
    section.take("certificate", issuer.certificate);
    section.take("key", issuer.key);
    section.take("tcti", issuer.tcti);
    section.take("active", issuer.use.active);
    section.take("alternate_chains", issuer.alternate_chains);
    if (issuer.alternate_chains.size() > most_alternate_chains)
        section.find("alternate_chains",
                     "must name at most " + std::to_string(most_alternate_chains) + " files");
    section.take("root", issuer.root);
    if (issuer.root.empty()) section.find("root", "must be the path of a PEM file");
    auto& passphrase = issuer.passphrase;
    section.take("passphrase_file", passphrase.file);
    section.take("passphrase_command", passphrase.command);
    section.take("passphrase_credential", passphrase.credential);
    if (passphrase.count() > 1)
        section.find("passphrase_file",
                     "must not stand beside passphrase_command or passphrase_credential: a "
                     "passphrase has one source");
    if (!passphrase.command.empty() && passphrase.command.front().empty())
        section.find("passphrase_command", "must begin with a program");
    std::vector<std::string> profiles, key_types;
    section.take("profiles", profiles);
    section.take("key_types", key_types);
    if (issuer.certificate.empty()) section.find("certificate", "must be the path of a PEM file");
    if (issuer.key.empty())
        section.find("key", "must be the path of a PEM file, or a PKCS #11 URI");
    if (crypto::Pkcs11Uri::is_one(issuer.key)) {
        const auto uri = crypto::Pkcs11Uri::from_text(issuer.key);
        if (!uri)
            section.find("key", "is wrong: " + uri.error().message);
        else if (!uri->names_key())
            section.find("key", "names a token and no key in it: add object=NAME or id=%XX...");
    }
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

void read_issuers(base::TomlSection section, Configuration& configuration) {
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

Configuration read_root(const toml::table& root, base::Time now, base::TomlReading& reading) {
    Configuration configuration;
    configuration.common = common_part(root);
    base::TomlSection top(&root, "", reading);
    read_server(top.section("server"), configuration.server);
    configuration.common += "\npublic_url " + configuration.server.public_url;
    read_store(top.section("store"), configuration.store);
    read_log(top.section("log"), configuration.log);
    read_clock(top.section("clock"), configuration.clock);
    read_retention(top.section("retention"), configuration.retention);
    read_validation(top.section("validation"), configuration.validation);
    read_renewal(top.section("renewal"), configuration.renewal);

    read_directory(top.section("directory"), configuration.directory);

    auto issuance = top.section("issuance");
    auto& issuer_base_url = configuration.issuance.issuer_base_url;
    issuance.take("issuer_base_url", issuer_base_url);
    const auto issuer_base = net::Url::from_text(issuer_base_url);
    if (!issuer_base_url.empty() && (!issuer_base || issuer_base->is_https()))
        issuance.find("issuer_base_url", "must be an http URL (RFC 5280 section 4.2.2.1)");
    issuance.report_unknown();

    read_crl(top.section("crl"), configuration.crl);
    read_ocsp(top.section("ocsp"), configuration.ocsp);

    read_policy(top.section("policy"), configuration.policy);
    read_perspectives(top, configuration.policy.kind, configuration);
    read_audit(top.section("audit"), configuration.policy.kind, configuration.audit);

    read_profiles(top.section("profiles"), configuration, now);
    read_default_profile(top, configuration);
    read_issuers(top.section("issuers"), configuration);

    read_limits(top.section("limits"), configuration.policy.kind, configuration.limits);

    top.report_unknown();
    reading.report_unknown();
    return configuration;
}

}  // namespace

base::Result<Configuration, std::vector<base::Error>> read_configuration(
    const std::string& toml, const std::vector<std::string>& overrides, base::Time now) {
    base::TomlReading reading;
    auto root = base::parse_toml(toml);
    if (!root) return std::unexpected(std::vector{root.error()});
    for (const auto& text : overrides) base::apply_override(*root, text, reading);
    auto configuration = read_root(*root, now, reading);
    if (!reading.findings.empty()) return std::unexpected(std::move(reading.findings));
    return configuration;
}

Configuration load_configuration(const std::filesystem::path& folder,
                                 const std::vector<std::string>& overrides, base::Time now) {
    const auto path = folder / "ca.toml";
    auto configuration = read_configuration(read_file(path), overrides, now);
    if (configuration) return std::move(*configuration);
    std::string text = path.string() + " cannot be used:";
    for (const auto& finding : configuration.error()) text += "\n  " + finding.message;
    throw std::runtime_error(text);
}

std::vector<std::string> keys_for_next_start(const Configuration& present,
                                             const Configuration& fresh) {
    std::vector<std::string> keys;
    const auto compare = [&](const char* key, const auto& before, const auto& after) {
        if (before != after) keys.emplace_back(key);
    };
    const auto texts = [](const std::vector<base::IpNetwork>& networks) {
        std::vector<std::string> result;
        for (const auto& network : networks) result.push_back(network.to_string());
        return result;
    };
    compare("server.listen", present.server.listen, fresh.server.listen);
    compare("server.admin_listen", present.server.admin_listen, fresh.server.admin_listen);
    compare("server.threads", present.server.threads, fresh.server.threads);
    compare("server.trusted_proxies", texts(present.server.trusted_proxies),
            texts(fresh.server.trusted_proxies));
    compare("ocsp.enabled", present.ocsp.enabled, fresh.ocsp.enabled);
    compare("server.connections_per_client", present.server.connections_per_client,
            fresh.server.connections_per_client);
    if (present.store.sqlite_path != fresh.store.sqlite_path ||
        present.store.postgres_url != fresh.store.postgres_url)
        keys.emplace_back("store.url");
    compare("store.schema", present.store.schema, fresh.store.schema);
    compare("store.connections", present.store.connections, fresh.store.connections);
    compare("audit.folder", present.audit.folder, fresh.audit.folder);
    compare("audit.rotate_size", present.audit.rotate_size, fresh.audit.rotate_size);
    compare("audit.rotate_after", present.audit.rotate_after, fresh.audit.rotate_after);
    compare("audit.keep", present.audit.keep, fresh.audit.keep);
    compare("log.file", present.log.file, fresh.log.file);
    compare("log.level", present.log.level, fresh.log.level);
    compare("log.format", present.log.format, fresh.log.format);
    compare("log.access", present.log.access, fresh.log.access);
    return keys;
}

std::vector<std::string> configuration_keys() {
    base::TomlReading reading;
    read_root(toml::parse("[profiles.NAME]\n[issuers.NAME]\n[validation.zones.NAME]\n"
                          "[[perspective]]\n[[open_mpic]]\n"),
              {}, reading);
    return {reading.keys.begin(), reading.keys.end()};
}

}  // namespace cairn::apps
