#include "client/dns/acme_sh.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/duration.h"
#include "client/child_process.h"
#include "client/command_words.h"
#include "client/dns/redaction.h"
#include "client/durable_file.h"
#include "client/failure.h"
#include "client/solver_program.h"
#include "client/throwaway_folder.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;

constexpr std::size_t max_script = std::size_t{1} << 20U;
constexpr std::size_t max_info = 16384;
constexpr std::size_t max_options = 50;
constexpr std::size_t max_word = 100;
constexpr seconds usual_deadline{300};
constexpr seconds longest_deadline{3600};

/// The same for every script, and without arguments: all that differs is in variables, and what is
/// secret in the file that acme.sh reads its own settings from. acme.sh gives its help when it is
/// read without arguments, and then its functions are there.
constexpr std::string_view bridge = R"(umask 077
unset ACCOUNT_CONF_PATH DEBUG LOG_FILE SYS_LOG LE_TEMP_DIR CERT_HOME
. "$CAIRN_ACME_SH" >/dev/null
if ! command -v _initpath >/dev/null; then
    echo "$CAIRN_ACME_SH is not acme.sh: it has no _initpath" >&2
    exit 96
fi
_initpath
if ! . "$CAIRN_ACME_SH_FILE"; then
    echo "$CAIRN_ACME_SH_FILE could not be read" >&2
    exit 97
fi
"$CAIRN_ACME_SH_FUNCTION" "$CAIRN_DNS_NAME" "$CAIRN_DNS_VALUE"
)";

/// As a shell reads it back, whatever is in it.
std::string single_quoted(std::string_view text) {
    std::string quoted = "'";
    for (const char character : text) {
        if (character == '\'')
            quoted += "'\\''";
        else if (character != '\0')
            quoted += character;
    }
    return quoted + "'";
}

std::string home() {
    return variable_of_process("HOME").value_or("");
}

/// acme.sh itself: the one named, else that in PATH, else where it installs itself.
base::Result<fs::path> find_acme_sh(const std::string& named) {
    if (!named.empty()) {
        auto path = program_path(named);
        if (!path) return std::unexpected(path.error().within("script"));
        return path;
    }
    if (const auto found = CommandWords::find("acme.sh")) return found->program();
    if (!home().empty())
        if (auto path = program_path(home() + "/.acme.sh/acme.sh")) return path;
    return base::fail(
        "acme.sh is neither in PATH nor in ~/.acme.sh; say where it is: script = "
        "\"/PATH/acme.sh\"");
}

/// The file of a script: beside acme.sh, or where users keep their own.
base::Result<fs::path> find_file(const fs::path& acme_sh, const std::string& name) {
    std::error_code ignored;
    auto folder = fs::canonical(acme_sh, ignored).parent_path();
    std::vector<fs::path> folders{folder / "dnsapi", folder};
    if (!home().empty()) {
        folders.push_back(fs::path(home()) / ".acme.sh/dnsapi");
        folders.push_back(fs::path(home()) / ".acme.sh");
    }
    std::string looked;
    for (const auto& each : folders) {
        auto file = each / (name + ".sh");
        if (fs::is_regular_file(file, ignored)) return file;
        looked += (looked.empty() ? "" : ", ") + each.string();
    }
    return base::fail(fmt::format("there is no {}.sh in {}", name, looked));
}

class AcmeSh final : public DnsProvider {
  public:
    struct Options {
        fs::path acme_sh, file;
        /// "dns_cf"
        std::string name;
        /// What acme.sh reads as its settings.
        std::string settings;
        seconds deadline = usual_deadline;
    };
    AcmeSh(Options options, const std::vector<std::string>& secrets, const ProviderContext& context)
        : options_(std::move(options)), context_(context) {
        for (const auto& secret : secrets) redaction_.add(secret);
    }

    void set(const TxtRecord& record) override { run("add", "add", record); }
    void remove(const TxtRecord& record) override { run("rm", "remove", record); }

  private:
    void run(std::string_view action, std::string_view verb, const TxtRecord& record) {
        const auto function = fmt::format("{}_{}", options_.name, action);
        const auto line = fmt::format("{} {} {}", function, record.name, record.value);
        if (context_.trace != nullptr) context_.trace->tell("> " + line);
        const ThrowawayFolder folder("acmesh");
        folder.write("account.conf", options_.settings);
        const auto script = folder.write("run", bridge);
        const auto output = run_for_proof(
            {.program = {.path = "/bin/sh",
                         .arguments = {script.string()},
                         .environment = {{"LE_WORKING_DIR", folder.path().string()},
                                         {"LE_CONFIG_HOME", folder.path().string()},
                                         {"CAIRN_ACME_SH", options_.acme_sh.string()},
                                         {"CAIRN_ACME_SH_FILE", options_.file.string()},
                                         {"CAIRN_ACME_SH_FUNCTION", function},
                                         {"CAIRN_DNS_NAME", record.name},
                                         {"CAIRN_DNS_VALUE", record.value}},
                         .deadline = options_.deadline},
             .line = line,
             .aim = {fmt::format("{} the TXT record {}", verb, record.name), Phase::challenge},
             .advice = fmt::format(
                 "does `acme.sh --issue --dns {}` work with the same credentials?", options_.name),
             .redact = [this](std::string text) { return redaction_(std::move(text)); }},
            context_.timer, record.proof.progress);
        if (context_.trace != nullptr)
            context_.trace->tell("< status 0: " + base::printable(output, 4000));
    }

    const Options options_;
    ProviderContext context_;
    Redaction redaction_;
};

CredentialKey own_key(std::string name, std::string meaning, std::vector<std::string> variables) {
    return {.name = std::move(name),
            .meaning = std::move(meaning),
            .need = CredentialKey::Need::optional,
            .kind = CredentialKey::Kind::open,
            .variables = std::move(variables)};
}

std::vector<CredentialKey> own_keys() {
    std::vector<CredentialKey> keys;
    keys.push_back(own_key("script", "path of acme.sh; else it is sought in PATH and ~/.acme.sh",
                           {"CAIRN_ACME_SH"}));
    keys.push_back(own_key("timeout", "how long the script may run, 5m unless said",
                           {"CAIRN_ACME_SH_TIMEOUT"}));
    keys.push_back(own_key(
        "account_conf", "what acme.sh has kept: { file = \"/root/.acme.sh/account.conf\" }", {}));
    keys.back().kind = CredentialKey::Kind::secret;
    return keys;
}

base::Result<std::unique_ptr<DnsProvider>> make_acme_sh(const ProviderKind& kind,
                                                        const DnsCredentials& credentials,
                                                        const ProviderContext& context) {
    AcmeSh::Options options;
    options.name = kind.name.substr(acme_sh_prefix.size());
    auto acme_sh = find_acme_sh(credentials.text("script"));
    if (!acme_sh) return std::unexpected(acme_sh.error());
    options.acme_sh = std::move(*acme_sh);
    auto file = find_file(options.acme_sh, options.name);
    if (!file) return std::unexpected(file.error());
    options.file = std::move(*file);
    if (credentials.has("timeout")) {
        const auto deadline = base::duration_from(credentials.text("timeout"));
        if (!deadline || *deadline <= seconds::zero() || *deadline > longest_deadline)
            return base::fail("timeout is no time of an hour at most, such as 10m");
        options.deadline = *deadline;
    }
    if (credentials.has("account_conf")) options.settings = credentials.text("account_conf") + "\n";
    const auto ours = own_keys();
    for (const auto& name : credentials.names())
        if (std::ranges::find(ours, name, &CredentialKey::name) == ours.end())
            options.settings += name + "=" + single_quoted(credentials.text(name)) + "\n";
    return std::make_unique<AcmeSh>(std::move(options), credentials.secrets(kind), context);
}

}  // namespace

bool is_shell_variable(std::string_view name) {
    const auto is_letter = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
    };
    return !name.empty() && name.size() <= max_word && is_letter(name.front()) &&
           std::ranges::all_of(name,
                               [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

AcmeShInfo AcmeShInfo::from_script(std::string_view script, std::string_view name) {
    AcmeShInfo info;
    const auto start = script.find(fmt::format("{}_info='", name));
    if (start == std::string_view::npos) return info;
    auto text = script.substr(script.find('\'', start) + 1);
    text = text.substr(0, std::min(text.find('\''), max_info));
    bool is_of_options = false;
    for (bool is_first = true; !text.empty(); is_first = false) {
        const auto end = std::min(text.find('\n'), text.size());
        auto line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (is_first) {
            info.title = base::printable(line, max_word);
        } else if (!line.starts_with(' ')) {
            is_of_options = line.starts_with("Options");
        } else if (is_of_options && info.options.size() < max_options) {
            line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
            const auto blank = std::min(line.find(' '), line.size());
            if (is_shell_variable(line.substr(0, blank)))
                info.options.emplace_back(
                    line.substr(0, blank),
                    base::printable(line.substr(std::min(blank + 1, line.size())), max_word));
        }
    }
    return info;
}

std::optional<ProviderKind> acme_sh_kind(std::string_view name) {
    if (!name.starts_with(acme_sh_prefix)) return std::nullopt;
    const auto script = name.substr(acme_sh_prefix.size());
    if (!script.starts_with("dns_") || !is_shell_variable(script)) return std::nullopt;
    AcmeShInfo info;
    if (const auto acme_sh = find_acme_sh(variable_of_process("CAIRN_ACME_SH").value_or("")))
        if (const auto file = find_file(*acme_sh, std::string(script)))
            if (const auto text = read_file(*file, max_script))
                info = AcmeShInfo::from_script(*text, script);
    ProviderKind kind{
        .name = std::string(name),
        .title = fmt::format("{} by the user's own acme.sh",
                             info.title.empty() ? std::string(script) : info.title),
        .access = "What the script's own documentation says.",
        .documentation = "https://github.com/acmesh-official/acme.sh/wiki/dnsapi (2026-11-30)",
        .keys = own_keys(),
        // Some of its scripts write whole zones.
        .scope = ChangeScope::zone,
        .accepts = &is_shell_variable,
        .make = &make_acme_sh};
    for (auto& [variable, meaning] : info.options)
        kind.keys.push_back({.name = variable,
                             .meaning = std::move(meaning),
                             .need = CredentialKey::Need::optional,
                             .variables = {variable}});
    return kind;
}

namespace providers {

/// Stands for all of them in lists.
ProviderKind acme_sh() {
    return {.name = std::string(acme_sh_prefix) + "dns_NAME",
            .title = "the script dns_NAME of the user's own acme.sh",
            .access = "What the script's own documentation says.",
            .documentation = "https://github.com/acmesh-official/acme.sh/wiki/dnsapi (2026-11-30)",
            .keys = own_keys(),
            .scope = ChangeScope::zone,
            .accepts = &is_shell_variable,
            .make = [](const ProviderKind&, const DnsCredentials&,
                       const ProviderContext&) -> base::Result<std::unique_ptr<DnsProvider>> {
                return base::fail("name a script of acme.sh, such as acme.sh-dns_cf");
            }};
}

}  // namespace providers
}  // namespace cairn::client
