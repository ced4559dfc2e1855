#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/timer.h"

namespace cairn::client {

struct ProviderKind;

/// One key of a provider's credentials.
struct CredentialKey {
    std::string name;       ///< as in the file: "api_token"
    std::string meaning{};  ///< half a sentence for people
    enum class Need { required, optional };
    Need need = Need::required;
    enum class Kind { secret, open };
    Kind kind = Kind::secret;
    /// Variables of the environment that hold it, ours first, then those of other clients.
    /// NAME_FILE may name a file that holds it instead.
    std::vector<std::string> variables{};
};

/// Where credentials are.
struct CredentialSource {
    enum class Kind {
        named,        ///< a file that the user names
        systemd,      ///< a file that systemd hands to the service ($CREDENTIALS_DIRECTORY)
        settings,     ///< credentials/PROVIDER.toml in the folder of settings
        environment,  ///< variables
        none          ///< nowhere, which is enough for who needs none
    };
    Kind kind = Kind::none;
    std::filesystem::path file{};
    /// The names of variables that were found.
    std::vector<std::string> variables{};
    /// "the environment (CF_DNS_API_TOKEN)", "/etc/cairn/credentials/cloudflare.toml".
    [[nodiscard]] std::string text() const;
};

/// The value of a variable of the environment; nothing if it is not there.
using EnvironmentReader = std::function<std::optional<std::string>(const std::string& name)>;
[[nodiscard]] std::optional<std::string> variable_of_process(const std::string& name);

/// A file with secrets; refused if others than its owner may read it. The error says what to do.
[[nodiscard]] base::Result<std::string> read_private_file(const std::filesystem::path& file,
                                                          std::size_t limit);

/// What a provider wants to know of whoever changes records there.
class DnsCredentials {
  public:
    /// Where the credentials for `kind` are: `named_file` if there is one, else what systemd
    /// handed over, else `settings_folder`/credentials/PROVIDER.toml, else the environment.
    [[nodiscard]] static CredentialSource find(const ProviderKind& kind,
                                               const std::filesystem::path& named_file,
                                               const std::filesystem::path& settings_folder,
                                               const EnvironmentReader& variable);
    /// Reads them. A file is TOML with the keys of the kind, as strings; instead of a value it may
    /// hold `{ from = ["PROGRAM", "ARGUMENT"...] }`, whose output is the value, or `{ file = "..."
    /// }`; `from` in place of all keys is a program that writes such a file, JSON, or the only
    /// value that is wanted. Refuses unknown keys, a file that others may read, and a lack of what
    /// is required. A file of certbot's plugin for the provider is understood as well
    /// (`certbot_credentials`). Throws Failure, which says how to give them.
    [[nodiscard]] static DnsCredentials read(const ProviderKind& kind,
                                             const CredentialSource& source,
                                             const EnvironmentReader& variable, Timer& timer);
    /// For tests, and for what is made on the way.
    explicit DnsCredentials(std::map<std::string, std::string> values)
        : values_(std::move(values)) {}

    /// Empty if it is not there.
    [[nodiscard]] std::string text(const std::string& key) const;
    [[nodiscard]] bool has(const std::string& key) const { return values_.contains(key); }
    /// The keys that are there, in order.
    [[nodiscard]] std::vector<std::string> names() const;
    /// The values that nobody may see.
    [[nodiscard]] std::vector<std::string> secrets(const ProviderKind& kind) const;
    /// A file with these values, as `read` takes it.
    [[nodiscard]] std::string to_toml() const;

  private:
    std::map<std::string, std::string> values_;
};

/// How to give credentials for `kind`: a sentence with the file and its keys.
[[nodiscard]] std::string credential_advice(const ProviderKind& kind,
                                            const std::filesystem::path& settings_folder);

}  // namespace cairn::client
