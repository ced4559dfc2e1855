#include "apps/cairn/certbot_words.h"

#include <algorithm>
#include <array>
#include <span>

#include <fmt/format.h>

#include "apps/cairn/certbot_dns.h"

namespace cairn {
namespace {

/// A flag of certbot 1.0 to 5: its first name, whether a value follows, and its other names.
struct KnownFlag {
    std::string_view name;
    bool takes_value = false;
    std::array<std::string_view, 2> others{};
};

constexpr bool with_value = true;

constexpr auto known_flags = std::to_array<KnownFlag>({
    {"--domains", with_value, {"-d", "--domain"}},
    {"--ip-address", with_value, {"--ip-addresses"}},
    {"--cert-name", with_value},
    // Who proves control of the names
    {"--standalone"},
    {"--webroot"},
    {"--webroot-path", with_value, {"-w"}},
    {"--webroot-map", with_value},
    {"--manual"},
    {"--manual-auth-hook", with_value},
    {"--manual-cleanup-hook", with_value},
    {"--manual-public-ip-logging-ok"},
    {"--preferred-challenges", with_value, {"--preferred-chall"}},
    {"--http-01-port", with_value},
    {"--http-01-address", with_value},
    {"--https-port", with_value},
    {"--authenticator", with_value, {"-a"}},
    {"--installer", with_value, {"-i"}},
    {"--configurator", with_value},
    {"--apache"},
    {"--nginx"},
    {"--nginx-server-root", with_value},
    {"--nginx-ctl", with_value},
    {"--nginx-sleep-seconds", with_value},
    {"--apache-server-root", with_value},
    {"--apache-vhost-root", with_value},
    {"--apache-logs-root", with_value},
    {"--apache-challenge-location", with_value},
    {"--apache-handle-modules", with_value},
    {"--apache-handle-sites", with_value},
    {"--apache-enmod", with_value},
    {"--apache-dismod", with_value},
    {"--apache-le-vhost-ext", with_value},
    {"--apache-ctl", with_value},
    {"--apache-bin", with_value},
    // What is asked for
    {"--csr", with_value},
    {"--key-type", with_value},
    {"--rsa-key-size", with_value},
    {"--elliptic-curve", with_value},
    {"--reuse-key"},
    {"--no-reuse-key"},
    {"--new-key"},
    {"--preferred-chain", with_value},
    {"--preferred-profile", with_value},
    {"--required-profile", with_value},
    {"--must-staple"},
    {"--force-renewal", false, {"--renew-by-default"}},
    {"--keep-until-expiring", false, {"--keep", "--reinstall"}},
    {"--expand"},
    {"--renew-with-new-domains"},
    {"--allow-subset-of-names"},
    {"--duplicate"},
    {"--dry-run"},
    // The CA and the account
    {"--server", with_value},
    {"--staging", false, {"--test-cert"}},
    {"--no-verify-ssl"},
    {"--email", with_value, {"-m"}},
    {"--register-unsafely-without-email"},
    {"--agree-tos"},
    {"--eff-email"},
    {"--no-eff-email"},
    {"--account", with_value},
    {"--eab-kid", with_value},
    {"--eab-hmac-key", with_value},
    {"--eab-hmac-alg", with_value},
    // Hooks
    {"--pre-hook", with_value},
    {"--post-hook", with_value},
    {"--deploy-hook", with_value},
    {"--renew-hook", with_value},
    {"--run-deploy-hooks"},
    {"--disable-hook-validation"},
    {"--no-directory-hooks"},
    {"--directory-hooks"},
    {"--disable-renew-updates"},
    // Revocation
    {"--cert-path", with_value},
    {"--key-path", with_value},
    {"--fullchain-path", with_value},
    {"--chain-path", with_value},
    {"--reason", with_value},
    {"--delete-after-revoke"},
    {"--no-delete-after-revoke"},
    // Installers
    {"--redirect"},
    {"--no-redirect"},
    {"--hsts"},
    {"--no-hsts"},
    {"--uir"},
    {"--no-uir"},
    {"--staple-ocsp"},
    {"--no-staple-ocsp"},
    // The run
    {"--config-dir", with_value},
    {"--work-dir", with_value},
    {"--logs-dir", with_value},
    {"--config", with_value, {"-c"}},
    {"--max-log-backups", with_value},
    {"--verbose", false, {"-v"}},
    {"--quiet", false, {"-q"}},
    {"--non-interactive", false, {"-n", "--noninteractive"}},
    {"--force-interactive"},
    {"--text", false, {"-t"}},
    {"--debug"},
    {"--debug-challenges"},
    {"--issuance-timeout", with_value},
    {"--no-random-sleep-on-renew"},
    {"--random-sleep-on-renew"},
    {"--autorenew"},
    {"--no-autorenew"},
    {"--no-self-upgrade"},
    {"--no-bootstrap"},
    {"--no-permissions-check"},
    {"--os-packages-only"},
    {"--strict-permissions"},
    {"--preconfigured-renewal"},
    {"--break-my-certs"},
    {"--user-agent", with_value},
    {"--user-agent-comment", with_value},
    {"--help", false, {"-h"}},
    {"--version"},
    // Ours
    {"--explain"},
    {"--state", with_value},
    {"--json"},
    {"--exit-code"},
    {"--messages", with_value},
    {"--ca-root", with_value},
});

constexpr auto verbs = std::to_array<std::string_view>(
    {"run", "certonly", "renew", "enhance", "certificates", "revoke", "delete", "reconfigure",
     "register", "unregister", "update_account", "show_account", "install", "rollback", "plugins",
     "update_symlinks", "config_changes", "auth", "everything"});

/// Other plugins are many, and their flags stand for themselves: "--dns-hetzner",
/// "--dns-hetzner-credentials FILE". Those with a value are known by their ends.
bool is_plugin_flag(std::string_view word) {
    return word.starts_with("--dns-");
}

bool plugin_flag_takes_value(std::string_view word) {
    const auto rest = word.substr(std::string_view("--dns-").size());
    return rest.find('-') != std::string_view::npos && rest != "gehirn" && rest != "sakuracloud";
}

bool has_name(const KnownFlag& flag, std::string_view word) {
    return flag.name == word ||
           (!word.empty() && std::ranges::find(flag.others, word) != flag.others.end());
}

bool begins_with(const KnownFlag& flag, std::string_view word) {
    return flag.name.starts_with(word) ||
           std::ranges::any_of(flag.others,
                               [&](std::string_view other) { return other.starts_with(word); });
}

/// The flag that a long word means, shortened or not.
base::Result<const KnownFlag*> flag_of(std::string_view word) {
    if (const auto* exact = std::ranges::find_if(
            known_flags, [&](const KnownFlag& flag) { return has_name(flag, word); });
        exact != known_flags.end())
        return exact;
    std::vector<const KnownFlag*> meant;
    if (word.starts_with("--") && word.size() > 3)
        for (const auto& flag : known_flags)
            if (begins_with(flag, word)) meant.push_back(&flag);
    if (meant.size() == 1) return meant.front();
    if (meant.empty())
        return base::fail(fmt::format("certbot has no flag {}", base::printable(word, 60)));
    return base::fail(fmt::format("{} may be {} or {}", base::printable(word, 60),
                                  meant.front()->name, meant.back()->name));
}

}  // namespace

std::vector<std::string> parted_at_commas(std::string_view text) {
    std::vector<std::string> parts;
    while (!text.empty()) {
        const auto comma = std::min(text.find(','), text.size());
        auto part = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        while (part.starts_with(' ')) part.remove_prefix(1);
        while (part.ends_with(' ')) part.remove_suffix(1);
        if (!part.empty()) parts.emplace_back(part);
    }
    return parts;
}

bool CertbotWords::has(std::string_view flag) const {
    return std::ranges::find(flags, flag, &CertbotFlag::name) != flags.end();
}

std::optional<std::string> CertbotWords::value_of(std::string_view flag) const {
    std::optional<std::string> value;
    for (const auto& each : flags)
        if (each.name == flag) value = each.value;
    return value;
}

std::vector<std::string> CertbotWords::list_of(std::string_view flag) const {
    std::vector<std::string> list;
    for (const auto& each : flags)
        if (each.name == flag)
            for (auto& part : parted_at_commas(each.value)) list.push_back(std::move(part));
    return list;
}

namespace {

/// Takes the words one after the other.
class Reading {
  public:
    explicit Reading(std::span<const std::string> words) : rest_(words) {}

    base::Result<CertbotWords> run() {
        while (!rest_.empty()) {
            const auto word = take();
            auto done = word.starts_with("--")  ? take_long(word)
                        : word.starts_with('-') ? take_short(word)
                                                : take_verb(word);
            if (!done) return std::unexpected(done.error());
        }
        if (read_.verb.empty()) read_.verb = "run";
        return std::move(read_);
    }

  private:
    std::string take() {
        auto word = rest_.front();
        rest_ = rest_.subspan(1);
        return word;
    }

    base::Result<void> take_verb(const std::string& word) {
        if (std::ranges::find(verbs, word) == verbs.end())
            return base::fail(fmt::format("certbot has no command {}", base::printable(word, 60)));
        if (!read_.verb.empty())
            return base::fail(fmt::format("both {} and {} are said", read_.verb, word));
        read_.verb = word;
        return {};
    }

    base::Result<void> take_value(std::string_view name, std::optional<std::string> value) {
        if (!value && rest_.empty()) return base::fail(fmt::format("{} needs a value", name));
        read_.flags.push_back({name, value ? std::move(*value) : take()});
        return {};
    }

    base::Result<void> take_long(const std::string& word) {
        const auto equals = word.find('=');
        const auto name = word.substr(0, equals);
        std::optional<std::string> value;
        if (equals != std::string::npos) value = word.substr(equals + 1);
        if (const auto* plugin = certbot_dns_of_flag(name)) {
            if (name != plugin->flag)
                return take_value(
                    name == plugin->credentials ? plugin->credentials : plugin->propagation,
                    std::move(value));
            if (value) return base::fail(fmt::format("{} takes no value", name));
            read_.flags.push_back({plugin->flag});
            return {};
        }
        if (is_plugin_flag(name)) {
            read_.flags.push_back({"--plugin", name});
            if (plugin_flag_takes_value(name) && !value && !rest_.empty()) take();
            return {};
        }
        const auto flag = flag_of(name);
        if (!flag) return std::unexpected(flag.error());
        if ((*flag)->takes_value) return take_value((*flag)->name, std::move(value));
        if (value) return base::fail(fmt::format("{} takes no value", (*flag)->name));
        read_.flags.push_back({(*flag)->name});
        return {};
    }

    /// "-d", "-da.example", "-nq".
    base::Result<void> take_short(const std::string& word) {
        for (std::size_t i = 1; i < word.size(); ++i) {
            const auto flag = flag_of(std::string{'-', word[i]});
            if (!flag) return std::unexpected(flag.error());
            if (!(*flag)->takes_value) {
                read_.flags.push_back({(*flag)->name});
                continue;
            }
            auto rest = word.substr(i + 1);
            if (rest.starts_with('=')) rest.erase(0, 1);
            return take_value((*flag)->name, rest.empty() ? std::nullopt : std::optional(rest));
        }
        return {};
    }

    std::span<const std::string> rest_;
    CertbotWords read_;
};

}  // namespace

base::Result<CertbotWords> CertbotWords::from_words(const std::vector<std::string>& words) {
    return Reading(words).run();
}

}  // namespace cairn
