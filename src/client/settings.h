#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/certificate_plan.h"
#include "client/failure.h"

namespace cairn::client {

/// A word that nobody else may know, as it is said in the settings: itself, or a file that holds
/// it. Both empty: none.
struct SettingSecret {
    std::string text;
    std::filesystem::path file;
    /// The secret without a line end. The error names the file.
    [[nodiscard]] base::Result<std::string> read() const;
    [[nodiscard]] bool is_set() const { return !text.empty() || !file.empty(); }
};

/// How mail is sent.
struct MailSettings {
    std::vector<std::string> to;
    /// Empty: cairn at this host.
    std::string from;
    /// "smtps://host[:port]" or "smtp://host[:port]", the latter with STARTTLS unless the host is
    /// this machine; empty: by the program.
    std::string server;
    std::string user;
    SettingSecret password;
    /// PEM file of the roots to trust for the server; empty: the system's.
    std::string root_file;
    /// Takes a mail from its standard input, as sendmail -t -i does.
    std::string program = "sendmail -t -i";
};

/// Where notices are posted.
struct WebhookSettings {
    std::string url;
    /// The field that holds the secret, if there is one.
    std::string header = "Authorization";
    SettingSecret secret;
    std::string root_file;
};

/// Who is told of what goes wrong, and when.
struct NotifySettings {
    /// A certificate that is not renewed is told of so long before it expires, but not before the
    /// last sixth of its life.
    base::Seconds before_expiry = std::chrono::days{14};
    /// What stays as wrong as it was is told again after this time.
    base::Seconds repeat = std::chrono::days{1};
    std::optional<MailSettings> mail;
    std::optional<WebhookSettings> webhook;
    /// A program with its arguments; empty: none.
    std::string program;

    [[nodiscard]] bool is_anybody_told() const { return mail || webhook || !program.empty(); }
};

/// What the administrator of a machine says once for all runs: the file cairn.toml. All of it may
/// be left out.
struct Settings {
    // What a new lineage gets unless something else is said.
    std::string email;
    std::vector<Authority> authorities;
    std::vector<crypto::KeyType> key_types;

    /// How long a CA may take for validation and for issuance, each, of lineages whose plan says
    /// nothing about it.
    base::Seconds ca_timeout{90};
    /// How long each hook may take.
    std::chrono::milliseconds hook_patience = std::chrono::minutes{5};
    /// Where each lineage is served, as HOST:PORT, other than at port 443 of its names; empty:
    /// nowhere that can be seen from here.
    std::map<std::string, std::vector<std::string>> served;
    NotifySettings notify;

    /// The folder: what was said, else /etc/cairn for the administrator, and for others
    /// XDG_CONFIG_HOME/cairn or ~/.config/cairn.
    [[nodiscard]] static std::filesystem::path usual_folder();
};

/// A part of the settings, which an act needs or does not.
enum class SettingsPart {
    file,      ///< what cannot be read at all is in the way of every part
    defaults,  ///< what stands above the sections, keys that nobody knows among it
    hooks,
    served,
    notify
};

/// Something that is wrong with them.
struct SettingsFault {
    SettingsPart part = SettingsPart::file;
    std::string message;
    /// What to do, if it is not to mend the file.
    std::string next{};
};

/// The settings as far as they can be read: in place of what is wrong stand the usual ones, so that
/// a mistake keeps nobody from what does not need that part. What is wrong is told all at once.
struct SettingsReading {
    std::filesystem::path file;
    Settings settings;
    std::vector<SettingsFault> faults;

    /// Reads the text of the file, strictly: an unknown key is a fault, which names the known one
    /// that may have been meant. Of several ways to tell people, those without fault remain.
    [[nodiscard]] static SettingsReading from_toml(const std::string& text);
    /// Reads cairn.toml in this folder; the usual settings if there is none. A secret in a file
    /// that others can read is a fault, and whoever would be told with it is not.
    [[nodiscard]] static SettingsReading read(const std::filesystem::path& folder);

    /// What keeps an act from its work that needs these parts; nothing if they are sound.
    [[nodiscard]] std::optional<Failure> failure_of(const std::vector<SettingsPart>& parts) const;
    /// The same for all parts.
    [[nodiscard]] std::optional<Failure> failure() const;
};

/// A host and a port, as settings and the command line name a server.
struct ServedPlace {
    std::string host;
    std::uint16_t port = 443;
    /// Reads "HOST", "HOST:PORT", "ADDRESS", "[ADDRESS]:PORT".
    [[nodiscard]] static base::Result<ServedPlace> from_text(std::string_view text);
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const ServedPlace&, const ServedPlace&) = default;
};

}  // namespace cairn::client
