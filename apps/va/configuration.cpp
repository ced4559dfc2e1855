#include "apps/va/configuration.h"

#include <stdexcept>

#include "apps/command_line/files.h"
#include "base/json_quoted.h"
#include "base/log_line.h"
#include "base/toml_section.h"
#include "net/socket_address.h"
#include "net/url.h"
#include "va/enrolment_message.h"

namespace cairn::apps {

namespace {

void check_address(const base::TomlSection& section, const std::string& key,
                   const std::string& text) {
    const auto address = net::SocketAddress::from_text(text);
    if (!address) section.find(key, "must be ADDRESS:PORT; " + address.error().message);
}

void read_validation(base::TomlSection section, PerspectiveConfiguration::Validation& validation) {
    section.take_port("http_port", validation.http_port);
    section.take_port("https_port", validation.https_port);
    section.take_port("tls_alpn_port", validation.tls_alpn_port);
    section.take("dns_servers", validation.dns_servers);
    section.take("dnssec", validation.dnssec);
    section.take("dns_trust_anchor_file", validation.dns_trust_anchor_file);
    section.take("dns_root_hints_file", validation.dns_root_hints_file);
    section.take_networks("allow_networks", validation.allow_networks);
    section.take_duration("timeout", validation.timeout);
    section.take_count("in_flight", validation.in_flight, 1, 100'000);
    section.report_unknown();
}

void read_log(base::TomlSection section, PerspectiveConfiguration::Log& log) {
    section.take("file", log.file);
    std::string level = "info", format = "auto";
    section.take("level", level);
    if (const auto found = base::log_level_from(level))
        log.level = *found;
    else
        section.find("level", "must be debug, info, warning or error");
    section.take("format", format);
    if (format == "json")
        log.format = base::LogFormat::json;
    else if (format == "text")
        log.format = base::LogFormat::text;
    else if (format != "auto")
        section.find("format", "must be auto, json or text");
    section.report_unknown();
}

PerspectiveConfiguration read_root(const toml::table& root, base::TomlReading& reading) {
    PerspectiveConfiguration configuration;
    base::TomlSection top(&root, "", reading);
    top.take("name", configuration.name);
    if (!va::is_perspective_name(configuration.name))
        top.find("name", "must be 1 to 40 lower-case letters, digits and inner hyphens");
    std::string region;
    top.take("region", region);
    if (const auto found = protocol::internet_registry_from(region))
        configuration.region = *found;
    else
        top.find("region", "must be one of " + base::listed(protocol::internet_registry_names));
    top.take("ca_url", configuration.ca_url);
    const auto url = net::Url::from_text(configuration.ca_url);
    if (!url || !url->is_https() || url->target() != "/")
        top.find("ca_url", "must be an https URL without a path, as the CA's server.public_url");
    else
        configuration.ca_url = "https://" + url->authority();
    top.take("listen", configuration.listen);
    if (configuration.listen.empty()) top.find("listen", "must name at least one address");
    for (const auto& text : configuration.listen) check_address(top, "listen", text);
    top.take("admin_listen", configuration.admin_listen);
    if (!configuration.admin_listen.empty())
        check_address(top, "admin_listen", configuration.admin_listen);
    read_validation(top.section("validation"), configuration.validation);
    configuration.open_mpic = read_open_mpic(top.section("open_mpic"), configuration.name);
    read_log(top.section("log"), configuration.log);
    top.report_unknown();
    reading.report_unknown();
    return configuration;
}

}  // namespace

base::Result<PerspectiveConfiguration, std::vector<base::Error>> read_perspective_configuration(
    const std::string& toml, const std::vector<std::string>& overrides) {
    base::TomlReading reading;
    auto root = base::parse_toml(toml);
    if (!root) return std::unexpected(std::vector{root.error()});
    for (const auto& text : overrides) base::apply_override(*root, text, reading);
    auto configuration = read_root(*root, reading);
    if (!reading.findings.empty()) return std::unexpected(std::move(reading.findings));
    return configuration;
}

PerspectiveConfiguration load_perspective_configuration(const std::filesystem::path& folder,
                                                        const std::vector<std::string>& overrides) {
    const auto path = folder / "va.toml";
    auto configuration = read_perspective_configuration(read_file(path), overrides);
    if (configuration) return std::move(*configuration);
    std::string text = path.string() + " cannot be used:";
    for (const auto& finding : configuration.error()) text += "\n  " + finding.message;
    throw std::runtime_error(text);
}

std::string initial_perspective_configuration(const PerspectiveConfiguration& configuration) {
    std::string listen;
    for (const auto& address : configuration.listen)
        listen += (listen.empty() ? "" : ", ") + base::json_quoted(address);
    return R"(# The configuration of this network perspective. Every key can be overridden with
# `cairn-va serve DIR --set KEY=VALUE`. What is commented out shows its default.

name = )" + base::json_quoted(configuration.name) +
           R"(              # as the CA's operator calls it
region = )" +
           base::json_quoted(std::string(to_string(configuration.region))) +
           R"(            # AFRINIC, APNIC, ARIN, LACNIC or RIPE: in whose service region it stands
ca_url = )" +
           base::json_quoted(configuration.ca_url) +
           R"(   # the CA that may ask: its server.public_url
listen = [)" +
           listen + R"(]   # where the CA asks, by mutual TLS
# admin_listen = ""        # e.g. "127.0.0.1:8444": /healthz, without TLS

[validation]               # from here, with a resolver and an egress policy of its own
# http_port = 80
# https_port = 443         # where a redirect of http-01 to https may lead
# tls_alpn_port = 443
# dns_servers = []         # empty: resolve from the roots; else forwarders, "127.0.0.1:8053"
# dnssec = true            # false: for forwarders that serve unsigned private zones only
# dns_trust_anchor_file = ""   # empty: the root's keys that came with this system
# dns_root_hints_file = ""
# allow_networks = []      # destinations outside public address space, for a private CA: "10.0.0.0/8"
# timeout = "10s"          # for one validation
# in_flight = 4096         # so many at once; further questions are refused

# [open_mpic]              # serves POST /mpic of the Open MPIC API, for other CAs or their coordinators
# listen = []              # e.g. "0.0.0.0:8445"; empty: it is not served
# certificate_file = ""    # PEM, by which this service is known, and its key; SIGHUP reads files again
# key_file = ""
# api_key_file = ""        # keys of those who may ask, one on a line, in x-api-key or as Bearer
# client_roots_file = ""   # PEM: clients must show a certificate below it; this or keys, or both
# caa_domains = []         # the CA's names in CAA records, for requests that name none

# [[open_mpic.peer]]       # another service that looks as well, as one perspective
# code = "nyc1"            # as it calls itself
# region = "ARIN"
# url = "https://va-nyc1.internal:8445"
# api_key_file = ""        # the key that is sent there; api_key_field: "x-api-key" or "authorization"
# roots_file = ""          # empty: the system's roots

[log]
# file = "-"               # "-": standard error
# level = "info"           # debug, info, warning, error
# format = "auto"          # json, text; auto: text on a terminal
)";
}

std::vector<std::string> perspective_configuration_keys() {
    base::TomlReading reading;
    read_root(toml::parse("[[open_mpic.peer]]\n"), reading);
    return {reading.keys.begin(), reading.keys.end()};
}

}  // namespace cairn::apps
