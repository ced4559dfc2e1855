#include "client/settings.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/toml_section.h"
#include "client/certificate_authorities.h"
#include "client/command_words.h"
#include "client/durable_file.h"
#include "client/failure.h"
#include "client/tls_place.h"
#include "net/url.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr const char* file_name = "cairn.toml";
constexpr std::size_t max_file = std::size_t{1} << 20;
constexpr std::size_t max_secret_file = 8192;
constexpr std::size_t max_recipients = 20;

/// Whether it can stand in the head of a mail and in a command to its server.
bool is_mail_address(std::string_view text) {
    const auto at = text.find('@');
    return text.size() <= 254 && at != std::string_view::npos && at > 0 && at + 1 < text.size() &&
           std::ranges::all_of(text, [](unsigned char c) {
               return c > ' ' && c < 0x7f &&
                      std::string_view("<>,;\"\\()").find(static_cast<char>(c)) ==
                          std::string_view::npos;
           });
}

bool is_field_name(std::string_view text) {
    return !text.empty() && text.size() <= 64 && std::ranges::all_of(text, [](unsigned char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '_';
    });
}

void take_secret(base::TomlSection& section, const std::string& name, SettingSecret& secret) {
    std::string file;
    section.take(name, secret.text);
    section.take(name + "_file", file);
    secret.file = file;
    if (!secret.text.empty() && !file.empty())
        section.find(name + "_file", fmt::format("stands beside {}; give one of the two", name));
    if (!secret.file.empty() && !secret.file.is_absolute())
        section.find(name + "_file", "must be an absolute path");
}

void take_root(base::TomlSection& section, std::string& root_file) {
    section.take("root_file", root_file);
    if (!root_file.empty() && !fs::path(root_file).is_absolute())
        section.find("root_file", "must be an absolute path");
}

void take_command(base::TomlSection& section, const std::string& key, std::string& command) {
    section.take(key, command);
    if (command.empty()) return;
    if (const auto words = CommandWords::from_text(command); !words)
        section.find(key, "cannot be run: " + words.error().message);
}

bool has_scheme(std::string_view text, std::string_view scheme) {
    return text.starts_with(scheme) && text.size() > scheme.size() &&
           ServedPlace::from_text(text.substr(scheme.size())).has_value();
}

std::optional<MailSettings> mail_from(base::TomlSection section) {
    if (!section.is_there()) return std::nullopt;
    MailSettings mail;
    section.take("to", mail.to);
    section.take("from", mail.from);
    section.take("server", mail.server);
    section.take("user", mail.user);
    take_secret(section, "password", mail.password);
    take_root(section, mail.root_file);
    take_command(section, "program", mail.program);
    section.report_unknown();
    if (mail.to.empty()) section.find("to", "is missing: it lists who is to be told");
    if (mail.to.size() > max_recipients) section.find("to", "names too many");
    for (const auto& address : mail.to)
        if (!is_mail_address(address))
            section.find("to", fmt::format("\"{}\" is no mail address", base::printable(address)));
    if (!mail.from.empty() && !is_mail_address(mail.from))
        section.find("from", "is no mail address");
    if (!mail.server.empty() && !has_scheme(mail.server, "smtps://") &&
        !has_scheme(mail.server, "smtp://"))
        section.find("server", "must be smtps://HOST[:PORT] or smtp://HOST[:PORT]");
    if (mail.server.empty())
        for (const char* key : {"user", "password", "password_file", "root_file"})
            if (section.has(key)) section.find(key, "needs a server");
    if (!mail.server.empty() && section.has("program"))
        section.find("program", "stands beside server; give one of the two");
    if (mail.user.empty() != !mail.password.is_set())
        section.find("user", "needs a password or password_file, and they need it");
    return mail;
}

std::optional<WebhookSettings> webhook_from(base::TomlSection section) {
    if (!section.is_there()) return std::nullopt;
    WebhookSettings webhook;
    section.take("url", webhook.url);
    section.take("header", webhook.header);
    take_secret(section, "secret", webhook.secret);
    take_root(section, webhook.root_file);
    section.report_unknown();
    const auto url = net::Url::from_text(webhook.url);
    if (!url || !url->is_https()) section.find("url", "must be an https:// URL");
    if (!is_field_name(webhook.header)) section.find("header", "is no name of a header field");
    return webhook;
}

void take_defaults(base::TomlSection& root, Settings& settings) {
    root.take("email", settings.email);
    if (!settings.email.empty() && !is_mail_address(settings.email))
        root.find("email", "is no mail address");
    std::vector<std::string> authorities, key_types;
    std::string root_file;
    root.take("ca", authorities);
    root.take("ca_root", root_file);
    root.take("key_types", key_types);
    std::string timeout;
    root.take("ca_timeout", timeout);
    if (const auto read = ca_timeout_from(timeout); read)
        settings.ca_timeout = *read;
    else if (!timeout.empty())
        root.find("ca_timeout", read.error().message);
    for (const auto& text : authorities) {
        if (auto url = directory_url_from(text))
            settings.authorities.push_back({std::move(*url), root_file});
        else
            root.find("ca", url.error().message);
    }
    if (!root_file.empty() && authorities.empty()) root.find("ca_root", "needs a ca");
    for (const auto& text : key_types) {
        if (const auto type = crypto::key_type_from(text))
            settings.key_types.push_back(*type);
        else
            root.find("key_types", type.error().message);
    }
}

void take_served(base::TomlSection section, Settings& settings) {
    for (const auto& lineage : section.keys()) {
        auto& places = settings.served[lineage];
        section.take(lineage, places);
        for (const auto& place : places)
            if (const auto read = TlsPlace::from_text(place); !read)
                section.find(lineage, read.error().message);
    }
}

/// Of the ways to tell people, those in which something is found are left out.
void take_notify(base::TomlSection section, const base::TomlReading& reading,
                 NotifySettings& notify) {
    section.take_duration("before_expiry", notify.before_expiry);
    section.take_duration("repeat", notify.repeat);
    const auto count = [&] { return reading.findings.size(); };
    auto before = count();
    take_command(section, "program", notify.program);
    if (count() > before) notify.program.clear();
    before = count();
    notify.mail = mail_from(section.section("mail"));
    if (count() > before) notify.mail.reset();
    before = count();
    notify.webhook = webhook_from(section.section("webhook"));
    if (count() > before) notify.webhook.reset();
    section.report_unknown();
}

void take_hooks(base::TomlSection section, Settings& settings) {
    auto patience = std::chrono::duration_cast<base::Seconds>(settings.hook_patience);
    section.take_duration("timeout", patience);
    settings.hook_patience = patience;
    section.report_unknown();
}

SettingsPart part_of_key(std::string_view key) {
    using enum SettingsPart;
    if (key.starts_with("hooks.")) return hooks;
    if (key.starts_with("served.")) return served;
    if (key.starts_with("notify.")) return notify;
    return defaults;
}

/// Takes away whoever would be told with a secret that the file itself holds; false if there is
/// nobody.
bool drop_secrets(NotifySettings& notify) {
    const bool is_in_mail = notify.mail && !notify.mail->password.text.empty();
    const bool is_in_webhook = notify.webhook && !notify.webhook->secret.text.empty();
    if (is_in_mail) notify.mail.reset();
    if (is_in_webhook) notify.webhook.reset();
    return is_in_mail || is_in_webhook;
}

}  // namespace

base::Result<std::string> SettingSecret::read() const {
    if (file.empty()) return text;
    struct stat status{};
    if (::stat(file.c_str(), &status) == 0 && (status.st_mode & 077) != 0)
        return base::fail(fmt::format("{} can be read by others; say chmod 600 {}", file.string(),
                                      file.string()));
    auto secret = read_file(file, max_secret_file);
    if (!secret) return secret;
    while (!secret->empty() && (secret->back() == '\n' || secret->back() == '\r'))
        secret->pop_back();
    if (secret->empty() ||
        std::ranges::any_of(*secret, [](unsigned char c) { return c < ' ' || c == 0x7f; }))
        return base::fail(fmt::format("{} does not hold one line of text", file.string()));
    return secret;
}

SettingsReading SettingsReading::from_toml(const std::string& text) {
    using enum SettingsPart;
    SettingsReading result;
    const auto table = base::parse_toml(text);
    if (!table) {
        result.faults.push_back({SettingsPart::file, table.error().message});
        return result;
    }
    base::TomlReading reading;
    base::TomlSection root(&*table, "", reading);
    auto& settings = result.settings;
    const auto take = [&](SettingsPart part, const auto& work) {
        const auto before = reading.findings.size();
        work();
        for (auto i = before; i < reading.findings.size(); ++i)
            result.faults.push_back({part, reading.findings[i].message});
        return reading.findings.size() == before;
    };
    if (!take(defaults, [&] { take_defaults(root, settings); })) settings = {};
    take(hooks, [&] { take_hooks(root.section("hooks"), settings); });
    if (!take(served, [&] { take_served(root.section("served"), settings); }))
        settings.served.clear();
    take(notify, [&] { take_notify(root.section("notify"), reading, settings.notify); });
    root.report_unknown();
    const auto first = reading.findings.size();
    reading.report_unknown();
    for (std::size_t i = 0; i < reading.unknown.size(); ++i)
        result.faults.push_back(
            {part_of_key(reading.unknown[i]), reading.findings[first + i].message});
    return result;
}

SettingsReading SettingsReading::read(const fs::path& folder) {
    SettingsReading reading;
    const auto file = folder / file_name;
    struct stat status{};
    if (::stat(file.c_str(), &status) == 0 || errno != ENOENT) {
        if (const auto text = read_file(file, max_file))
            reading = from_toml(*text);
        else
            reading.faults.push_back(
                {SettingsPart::file, text.error().message,
                 "let this user read it, or name another folder with --config."});
    }
    reading.file = file;
    if ((status.st_mode & 077) != 0 && drop_secrets(reading.settings.notify))
        reading.faults.push_back(
            {SettingsPart::notify, "it holds a secret, and others can read it",
             fmt::format("say chmod 600 {}, or keep the secret in a file of its own.",
                         file.string())});
    return reading;
}

std::optional<Failure> SettingsReading::failure_of(const std::vector<SettingsPart>& parts) const {
    std::string all, next;
    for (const auto& fault : faults) {
        if (fault.part != SettingsPart::file && std::ranges::find(parts, fault.part) == parts.end())
            continue;
        all += (all.empty() ? "" : "; ") + fault.message;
        if (next.empty()) next = fault.next;
    }
    if (all.empty()) return std::nullopt;
    return Failure(fmt::format("read the settings in {}", file.string()), all,
                   next.empty() ? "mend the file." : next);
}

std::optional<Failure> SettingsReading::failure() const {
    using enum SettingsPart;
    return failure_of({defaults, hooks, served, notify});
}

fs::path Settings::usual_folder() {
    if (::geteuid() == 0) return "/etc/cairn";
    // An empty variable, or one that is no absolute path, counts as none (XDG Base Directory).
    if (const char* folder = std::getenv("XDG_CONFIG_HOME"); folder != nullptr && *folder == '/')
        return fs::path(folder) / "cairn";
    if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/')
        return fs::path(home) / ".config" / "cairn";
    return "/etc/cairn";
}

base::Result<ServedPlace> ServedPlace::from_text(std::string_view text) {
    const auto refuse = [&] {
        return base::fail(fmt::format("\"{}\" is not HOST or HOST:PORT", base::printable(text)));
    };
    ServedPlace place;
    auto host = text;
    std::string_view port;
    if (text.starts_with('[')) {
        const auto end = text.find(']');
        if (end == std::string_view::npos) return refuse();
        host = text.substr(1, end - 1);
        const auto rest = text.substr(end + 1);
        if (!rest.empty() && !rest.starts_with(':')) return refuse();
        if (!rest.empty()) port = rest.substr(1);
        if (!rest.empty() && port.empty()) return refuse();
    } else if (std::ranges::count(text, ':') == 1) {
        host = text.substr(0, text.find(':'));
        port = text.substr(text.find(':') + 1);
        if (port.empty()) return refuse();
    }
    if (!port.empty()) {
        const auto [end, error] =
            std::from_chars(port.data(), port.data() + port.size(), place.port);
        if (error != std::errc{} || end != port.data() + port.size() || place.port == 0)
            return refuse();
    }
    const bool is_host =
        !host.empty() && host.size() <= 253 && std::ranges::all_of(host, [](unsigned char c) {
            return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                   c == '.' || c == '-' || c == '_' || c == ':';
        });
    if (!is_host) return refuse();
    if (host.find(':') != std::string_view::npos && !base::IpAddress::from_lenient_text(host))
        return refuse();
    place.host = host;
    return place;
}

std::string ServedPlace::to_string() const {
    return host.find(':') == std::string::npos ? fmt::format("{}:{}", host, port)
                                               : fmt::format("[{}]:{}", host, port);
}

}  // namespace cairn::client
