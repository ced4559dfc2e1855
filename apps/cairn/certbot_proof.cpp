#include "apps/cairn/certbot_proof.h"

#include <algorithm>

#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "apps/cairn/certbot_installer.h"
#include "apps/cairn/parted_names.h"
#include "base/result.h"
#include "client/command_words.h"
#include "client/dns/propagation.h"

namespace cairn {

void add_finding(std::vector<std::string>& findings, std::string_view what, std::string_view text) {
    auto finding = fmt::format("{}: {}", what, text);
    if (std::ranges::find(findings, finding) == findings.end())
        findings.push_back(std::move(finding));
}

namespace {

/// Of two that are to prove control: `other` is said beside `one`.
std::string is_said_too(std::string_view one, std::string_view other) {
    if (other != "nginx" && other != "apache") return fmt::format("{} is said too.", one);
    return fmt::format("{} is said too; where {} is only to get the certificate, say -i {}.", one,
                       other, other);
}

}  // namespace

std::string CertbotProof::preferred_challenge() {
    for (auto kind : words_.list_of("--preferred-challenges")) {
        if (kind == "http-01") kind = "http";
        if (kind == "dns-01") kind = "dns";
        if (kind == "http" || kind == "dns") return kind;
        find("--preferred-challenges",
             fmt::format("\"{}\" is not to be had; certbot has http and dns. tls-alpn-01 is "
                         "`cairn issue --solver tls-alpn`.",
                         base::printable(kind, 60)));
    }
    return {};
}

void CertbotProof::require_preference(std::string_view kind, std::string_view authenticator) {
    const auto preferred = words_.list_of("--preferred-challenges");
    const auto is_it = [&](const std::string& each) {
        return each == kind || each == std::string(kind) + "-01";
    };
    if (preferred.empty() || std::ranges::any_of(preferred, is_it)) return;
    if (!preferred_challenge().empty())
        find("--preferred-challenges",
             fmt::format("{} proves control by {}.", authenticator, kind));
}

std::string CertbotProof::standalone() const {
    const auto port = value("--http-01-port");
    const auto address = value("--http-01-address");
    if (!port && !address) return "standalone";
    auto host = address.value_or("0.0.0.0");
    if (host.find(':') != std::string::npos && !host.starts_with('[')) host = "[" + host + "]";
    return fmt::format("standalone:{}:{}", host, port.value_or("80"));
}

std::string CertbotProof::manual() {
    const auto preferred = preferred_challenge();
    const auto auth = value("--manual-auth-hook");
    if (!auth) {
        if (value("--manual-cleanup-hook"))
            find("--manual-cleanup-hook", "it goes with --manual-auth-hook.");
        if (has("--non-interactive"))
            find("--manual",
                 "nobody can be asked with --non-interactive: name a program with "
                 "--manual-auth-hook.");
        return preferred == "http" ? "manual:http-01" : "manual";
    }
    auto solver = fmt::format("certbot-hooks:{}-01 {}", preferred.empty() ? "http" : preferred,
                              client::shell_quoted(*auth));
    if (const auto cleanup = value("--manual-cleanup-hook"))
        solver += " " + client::shell_quoted(*cleanup);
    return solver;
}

const CertbotDnsPlugin* CertbotProof::dns_plugin() const {
    for (const auto& flag : words_.flags)
        if (const auto* plugin = certbot_dns_of_flag(flag.name)) return plugin;
    // Once, plugins had the names of their packages before their own.
    auto name = value("--authenticator").value_or("");
    if (const auto colon = name.find(':'); colon != std::string::npos) name.erase(0, colon + 1);
    return find_certbot_dns(name);
}

std::optional<std::string> CertbotProof::provider() {
    const auto* plugin = dns_plugin();
    require_preference("dns", plugin->name);
    for (const auto& flag : words_.flags)
        if (const auto* other = certbot_dns_of_flag(flag.name); other && other != plugin)
            find(flag.name, fmt::format("{} is said too.", plugin->name));
    for (const char* kind : {"--standalone", "--webroot", "--manual", "--nginx", "--apache"})
        if (has(kind)) find(kind, is_said_too(plugin->name, kind + 2));
    if (!plugin->provider.empty()) return fmt::format("dns:{}", plugin->provider);
    find(plugin->flag,
         "there is no such DNS provider here; `cairn dns list` has all. Name a program "
         "that changes the DNS with `cairn issue --solver exec:PROGRAM`.");
    return std::nullopt;
}

void CertbotProof::add_solver(std::vector<std::string>& words) {
    const auto ours = solver();
    if (!ours) return;
    words.insert(words.end(), {"--solver", *ours});
    const auto* plugin = dns_plugin();
    if (plugin == nullptr) return;
    if (const auto file = value(plugin->credentials); file && !plugin->credentials.empty())
        words.insert(words.end(), {"--credentials", *file});
    if (const auto seconds = value(plugin->propagation)) {
        if (const auto read = client::Propagation::from_text(*seconds + "s"); !read)
            find(plugin->propagation, read.error().message + ".");
        else
            words.insert(words.end(), {"--propagation", *seconds + "s"});
    }
}

std::string_view CertbotProof::note_on_credentials() const {
    const auto* plugin = dns_plugin();
    return plugin == nullptr ? std::string_view() : plugin->note;
}

std::optional<std::string> CertbotProof::solver() {
    if (dns_plugin() != nullptr) return provider();
    auto authenticator = value("--authenticator").value_or("");
    if (authenticator.empty()) authenticator = value("--configurator").value_or("");
    for (const std::string kind : {"standalone", "webroot", "manual", "nginx", "apache"}) {
        if (!has("--" + kind)) continue;
        if (!authenticator.empty() && authenticator != kind)
            find("--" + kind, is_said_too(authenticator, kind));
        authenticator = kind;
    }
    if (authenticator.empty() && (has("--webroot-path") || has("--webroot-map")))
        authenticator = "webroot";
    if (authenticator == "manual") return manual();
    if (!authenticator.empty()) require_preference("http", authenticator);
    if (authenticator == "standalone") return standalone();
    if (authenticator == "nginx" || authenticator == "apache")
        return solver_of_server(words_, authenticator);
    if (authenticator == "webroot") {
        const auto first = std::ranges::find(words_.flags, "--webroot-path", &CertbotFlag::name);
        if (first != words_.flags.end()) return "webroot:" + first->value;
        if (!has("--webroot-map")) find("--webroot", "say the folder with -w DIR.");
        return std::nullopt;
    }
    if (!authenticator.empty())
        find("--authenticator " + base::printable(authenticator, 60),
             "there is no such plugin here: standalone, webroot, manual, nginx, apache and "
             "certbot's own for the DNS are known.");
    return std::nullopt;
}

std::map<std::string, std::string> CertbotProof::webroot_map() {
    std::map<std::string, std::string> folders;
    const auto text = value("--webroot-map");
    if (!text) return folders;
    boost::system::error_code error;
    const auto json = boost::json::parse(*text, error);
    const auto* object = error ? nullptr : json.if_object();
    if (object == nullptr) {
        find("--webroot-map", "it is no JSON object of folders by names.");
        return folders;
    }
    for (const auto& [names, folder] : *object) {
        const auto* path = folder.if_string();
        if (path == nullptr) {
            find("--webroot-map", "a folder in it is no text.");
            continue;
        }
        for (const auto& name : parted_at_commas(names)) folders[name] = std::string(*path);
    }
    return folders;
}

void CertbotProof::add_names(std::vector<std::string>& words) {
    const auto folders = webroot_map();
    // In certbot a folder is for the names behind it, and the first one also for those before.
    std::optional<std::string> first, current;
    std::size_t count = 0;
    for (const auto& flag : words_.flags) {
        if (flag.name != "--webroot-path") continue;
        if (!first) first = flag.value;
        ++count;
    }
    for (const auto& flag : words_.flags) {
        if (flag.name == "--webroot-path") current = flag.value;
        if (flag.name != "--domains" && flag.name != "--ip-address") continue;
        for (const auto& name : parted_at_commas(flag.value)) {
            auto word = name;
            if (const auto mapped = folders.find(name); mapped != folders.end())
                word += with_escaped_commas("=webroot:" + mapped->second);
            else if (count > 1 && current.value_or(*first) != *first)
                word += with_escaped_commas("=webroot:" + *current);
            words.insert(words.end(), {"-d", word});
        }
    }
    for (const auto& [name, folder] : folders)
        if (std::ranges::none_of(
                words, [&](const std::string& word) { return word.starts_with(name + "="); }))
            words.insert(words.end(),
                         {"-d", fmt::format("{}=webroot:{}", name, with_escaped_commas(folder))});
}

}  // namespace cairn
