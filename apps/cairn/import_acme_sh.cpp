#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "apps/cairn/import_translation.h"
#include "apps/cairn/parted_names.h"
#include "client/dns/acme_sh.h"
#include "client/dns/credentials.h"
#include "client/dns/provider.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

/// Scripts of acme.sh whose provider has another name here.
constexpr auto providers = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"dns_cf", "cloudflare"},
    {"dns_aws", "route53"},
    {"dns_dgon", "digitalocean"},
    {"dns_gd", "godaddy"},
    {"dns_nsupdate", "rfc2136"},
    {"dns_linode_v4", "linode"},
    {"dns_pdns", "powerdns"},
    {"dns_ali", "alidns"},
    {"dns_dp", "dnspod"},
    {"dns_tencent", "tencentcloud"},
    {"dns_gandi_livedns", "gandi"},
    {"dns_me", "dnsmadeeasy"},
    {"dns_lua", "luadns"},
    {"dns_nsone", "ns1"},
    {"dns_zone", "zoneee"},
    {"dns_namecom", "namecom"},
    {"dns_huaweicloud", "huaweicloud"},
});

/// Settings that ask for something that is not here, with what is to be known of each.
constexpr auto not_here = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"Le_DeployHook",
     "scripts of acme.sh's for deployment do not run here; name a program with --deploy-hook."},
    {"Le_OCSP_Staple", "CAs offer no OCSP any more."},
    {"Le_Valid_From", "a certificate is valid for as long as its CA makes it."},
    {"Le_Valid_To", "a certificate is valid for as long as its CA makes it."},
    {"Le_ExtKeyUse", "the CA says what a key may be used for; a profile may ask for more."},
    {"Le_ChallengeAlias",
     "a CNAME at _acme-challenge.NAME is followed by itself; without one, the record is made in "
     "the name's own zone."},
});

std::vector<std::string> parted(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        parts.emplace_back(text.substr(0, comma));
        text.remove_prefix(std::min(comma + 1, text.size()));
    }
    return parts;
}

class AcmeShTranslation {
  public:
    AcmeShTranslation(const client::ForeignLineage& lineage, const TranslationContext& context,
                      TranslatedLineage& result)
        : lineage_(lineage), context_(context), result_(result) {}

    void run() {
        add_names();
        // acme.sh keeps the key unless it is told not to.
        if (text("Le_ForceNewDomainKey") != "1") {
            result_.words.emplace_back("--reuse-key");
            remark(
                "acme.sh keeps the key at a renewal, and so it stays here: `cairn set` "
                "--fresh-key changes that.");
        }
        if (const auto chain = text("Le_Preferred_Chain"); !chain.empty())
            add("--preferred-chain", chain);
        if (const auto profile = text("Le_Certificate_Profile"); !profile.empty())
            add("--profile", profile);
        if (const auto seconds = text("Le_DNSSleep"); !seconds.empty() && has_dns_)
            add("--propagation", seconds + "s");
        if (const auto days = text("Le_RenewalDays"); !days.empty() && days != "60" && days != "30")
            remark(
                fmt::format("Le_RenewalDays = {} is not taken: `cairn set` --renew-before says "
                            "it, counted from the end.",
                            base::printable(days, 20)));
        for (const auto& [word, why] : not_here)
            if (const auto value = text(word); !value.empty())
                remark(fmt::format("{} = {} is not taken: {}", word, base::printable(value, 100),
                                   why));
        const auto roots = context_.installation.variables.text("CA_BUNDLE");
        if (!context_.said.root_file && !roots.empty() && fs::exists(roots))
            add("--ca-root", roots);
    }

  private:
    [[nodiscard]] std::string text(std::string_view name) const {
        auto value = lineage_.variables.text(name);
        return value == "no" ? std::string() : value;
    }
    void add(const std::string& option, const std::string& value) {
        result_.words.insert(result_.words.end(), {option, value});
    }
    void remark(std::string sentence) {
        if (std::ranges::find(result_.remarks, sentence) == result_.remarks.end())
            result_.remarks.push_back(std::move(sentence));
    }

    void add_names() {
        const auto ways = parted(lineage_.variables.text("Le_Webroot"));
        std::vector<std::string> named{lineage_.variables.text("Le_Domain")};
        for (auto& name : parted(text("Le_Alt"))) named.push_back(std::move(name));
        auto names = lineage_.certificate().names().dns_names;
        for (const auto& address : lineage_.certificate().names().ip_addresses)
            names.push_back(address.to_string());
        for (const auto& name : names) {
            if (context_.said.solver) {
                add("-d", name);
                continue;
            }
            // Of a list that is too short, the last that is said counts on.
            const auto place =
                static_cast<std::size_t>(std::ranges::find(named, name) - named.begin());
            std::string way;
            for (std::size_t i = 0; i < ways.size() && (i <= place || place == named.size()); ++i)
                if (!ways[i].empty() && (place != named.size() || way.empty())) way = ways[i];
            if (const auto solver = solver_of(way))
                add("-d", name + "=" + with_escaped_commas(*solver));
        }
    }

    std::optional<std::string> solver_of(const std::string& way) {
        if (way == "no") return standalone("standalone", "Le_HTTPPort", "80");
        if (way == "alpn") return standalone("tls-alpn", "Le_TLSPort", "443");
        if (way.starts_with('/')) return "webroot:" + way;
        if (way.starts_with("dns_") && way != "dns_persist") return provider(way);
        if (way.starts_with("nginx:") || way.starts_with("apache")) {
            const std::string kind = way.starts_with("nginx:") ? "nginx" : "apache";
            if (has_solver(kind)) return kind;
        }
        obstacle(
            fmt::format("Le_Webroot = {}: say how its names are proved instead, with --solver.",
                        base::printable(way, 100)));
        return std::nullopt;
    }

    void obstacle(std::string sentence) {
        if (std::ranges::find(result_.obstacles, sentence) == result_.obstacles.end())
            result_.obstacles.push_back(std::move(sentence));
    }

    std::string standalone(const std::string& kind, std::string_view port_word,
                           const std::string& usual_port) const {
        const auto port = text(port_word);
        auto address = text("Le_LocalAddress");
        if (port.empty() && address.empty()) return kind;
        if (address.empty()) address = "0.0.0.0";
        if (address.find(':') != std::string::npos) address = "[" + address + "]";
        return fmt::format("{}:{}:{}", kind, address, port.empty() ? usual_port : port);
    }

    /// What acme.sh has kept for its scripts, by the names of variables.
    [[nodiscard]] std::map<std::string, std::string> saved() const {
        std::map<std::string, std::string> values;
        for (const auto* kept : {&context_.installation.variables, &lineage_.variables})
            for (const auto& [name, value] : kept->values)
                values[name.starts_with("SAVED_") ? name.substr(6) : name] = value;
        return values;
    }

    /// A provider of ours if what acme.sh has kept is enough for it; else the script itself.
    std::string provider(const std::string& script) {
        has_dns_ = true;
        std::string name = script.substr(4);
        for (const auto& [theirs, ours] : providers)
            if (theirs == script) name = ours;
        if (const auto kind = client::find_provider_kind(name, context_.settings_folder))
            if (auto values = credentials(**kind)) {
                if (!context_.said.has_dns_options) keep(name, *values);
                return "dns:" + name;
            }
        const auto bridge = std::string(client::acme_sh_prefix) + script;
        const auto& folder = context_.installation.folder;
        if (!context_.said.has_dns_options) {
            result_.files.push_back(
                {context_.settings_folder / "credentials" / (bridge + ".toml"),
                 fmt::format("script = \"{}\"\naccount_conf = {{ file = \"{}\" }}\n",
                             (folder / "acme.sh").string(), (folder / "account.conf").string())});
            remark(
                fmt::format("{} stays a script of acme.sh's, which has to stay in {}: what it "
                            "has kept is not enough for a provider of ours.",
                            script, folder.string()));
        }
        return "dns:" + bridge;
    }

    [[nodiscard]] std::optional<std::map<std::string, std::string>> credentials(
        const client::ProviderKind& kind) const {
        const auto known = saved();
        std::map<std::string, std::string> values;
        for (const auto& key : kind.keys) {
            for (const auto& variable : key.variables)
                if (const auto found = known.find(variable);
                    found != known.end() && !values.contains(key.name))
                    values[key.name] = found->second;
            if (key.need == client::CredentialKey::Need::required && !values.contains(key.name))
                return std::nullopt;
        }
        if (values.empty()) return std::nullopt;
        return values;
    }

    void keep(const std::string& name, const std::map<std::string, std::string>& values) {
        const auto path = context_.settings_folder / "credentials" / (name + ".toml");
        const auto is_known = std::ranges::any_of(
            result_.files, [&](const ImportedFile& file) { return file.path == path; });
        if (is_known) return;
        result_.files.push_back({path, client::DnsCredentials(values).to_toml()});
        remark(fmt::format("The credentials of {} are kept in {}.", name, path.string()));
    }

    const client::ForeignLineage& lineage_;
    const TranslationContext& context_;
    TranslatedLineage& result_;
    bool has_dns_ = false;
};

}  // namespace

void translate_acme_sh(const client::ForeignLineage& lineage, const TranslationContext& context,
                       TranslatedLineage& result) {
    AcmeShTranslation(lineage, context, result).run();
}

}  // namespace cairn
