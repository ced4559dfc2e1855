#include "client/deploy/vault_access.h"

#include <algorithm>
#include <cstdlib>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/deploy/secret_file.h"
#include "client/dns/query_text.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr const char* token_advice =
    "say token-file=FILE (mode 0600), give systemd's service the credential vault-token, or log in "
    "by role-id=ID and secret-id-file=FILE.";
constexpr const char* login_advice =
    "say secret-id-file=FILE (mode 0600), or give systemd's service the credential "
    "vault-secret-id.";
/// Of a token that ends later or never: its role may change.
constexpr std::chrono::seconds longest_use{3600};

std::string variable(const char* name) {
    const char* const value = std::getenv(name);
    return value == nullptr ? std::string() : value;
}

/// A credential that systemd gave to this service; empty for none.
fs::path credential(const char* name) {
    const auto folder = variable("CREDENTIALS_DIRECTORY");
    if (folder.empty()) return {};
    const auto file = fs::path(folder) / name;
    std::error_code none;
    return fs::exists(file, none) ? file : fs::path();
}

/// As the value of a field of a request takes it.
bool is_token(std::string_view text) {
    return !text.empty() && text.size() <= 8192 &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
}

}  // namespace

std::string vault_path(std::string_view path) {
    std::string text;
    while (true) {
        const auto slash = path.find('/');
        text += percent_encoded(std::string(path.substr(0, slash)));
        if (slash == std::string_view::npos) return text;
        text += '/';
        path.remove_prefix(slash + 1);
    }
}

VaultAccess VaultAccess::take(TargetOptions& options, const TargetContext& context) {
    Parts parts;
    // Where a renewal runs, the variable may be missing: it is kept with the target.
    parts.address = options.take_or_keep("address", variable("VAULT_ADDR"));
    while (parts.address.ends_with('/')) parts.address.pop_back();
    if (parts.address.empty())
        options.refuse("address", "is missing: address=https://vault.example:8200");
    else if (const auto fault = JsonService::fault_of(parts.address); !fault.empty())
        options.refuse("address", fault);
    parts.space = options.take("namespace").value_or("");
    if (const auto file = options.take_path("ca-file")) parts.root_file = *file;
    if (const auto file = options.take_path("token-file")) parts.token_file = *file;
    parts.role_id = options.take("role-id").value_or("");
    if (const auto file = options.take_path("secret-id-file")) parts.secret_id_file = *file;
    const auto login = options.take("login");
    parts.login = login.value_or("approle");
    while (parts.login.ends_with('/')) parts.login.pop_back();
    if (parts.login.empty()) options.refuse("login", "names no mount of AppRole");
    if (parts.role_id.empty() && !parts.secret_id_file.empty())
        options.refuse("secret-id-file", "goes with role-id=ID");
    if (parts.role_id.empty() && login) options.refuse("login", "goes with role-id=ID");
    if (!parts.role_id.empty() && !parts.token_file.empty())
        options.refuse("token-file", "and role-id are two ways to log in: say one");
    parts.user_agent = context.user_agent;
    return VaultAccess(std::move(parts));
}

std::vector<fs::path> VaultAccess::files_read() const {
    std::vector<fs::path> files;
    for (const auto& file : {parts_.token_file, parts_.secret_id_file, parts_.root_file})
        if (!file.empty()) files.push_back(file);
    return files;
}

std::optional<Failure> VaultAccess::obstacle() const {
    if (parts_.role_id.empty()) {
        if (const auto secret = standing_token(); !secret)
            return Failure({"read the token for Vault", Phase::deploy}, secret.error().message,
                           token_advice);
    } else if (const auto secret = secret_id(); !secret) {
        return Failure({"read the secret id for Vault", Phase::deploy}, secret.error().message,
                       login_advice);
    }
    return std::nullopt;
}

JsonService VaultAccess::open(const TargetRun& run) {
    if (const auto fault = obstacle()) throw Failure(*fault);
    if (parts_.role_id.empty()) {
        const auto token = standing_token();
        return service(base::BytesView(*token));
    }
    if (given_.empty() || std::chrono::steady_clock::now() >= given_until_) log_in(run);
    return service(base::BytesView(given_));
}

JsonService VaultAccess::service(base::BytesView token) const {
    http::ClientOptions client{.user_agent = parts_.user_agent,
                               .root_file = parts_.root_file.string()};
    if (!token.empty())
        client.fields.emplace_back("X-Vault-Token", std::string(base::text_of(token)));
    client.fields.emplace_back("X-Vault-Request", "true");
    if (!parts_.space.empty()) client.fields.emplace_back("X-Vault-Namespace", parts_.space);
    return JsonService({.title = "Vault",
                        .base_url = parts_.address + "/v1",
                        .client = std::move(client),
                        .error_member = "errors",
                        .root_option = "ca-file"});
}

base::Result<base::SecretBytes> VaultAccess::standing_token() const {
    auto file = parts_.token_file;
    if (file.empty()) file = credential("vault-token");
    if (file.empty()) {
        const auto text = variable("VAULT_TOKEN");
        if (text.empty()) return base::fail("there is none");
        if (!is_token(text)) return base::fail("VAULT_TOKEN: it has an octet that no token has");
        return base::SecretBytes(text.begin(), text.end());
    }
    auto token = secret_from(file);
    if (token && !is_token(base::text_of(base::BytesView(*token))))
        return base::fail(fmt::format("{}: its first line has an octet that no token has",
                                      base::printable(file.string())));
    return token;
}

base::Result<base::SecretBytes> VaultAccess::secret_id() const {
    auto file = parts_.secret_id_file;
    if (file.empty()) file = credential("vault-secret-id");
    // A role may be bound to the addresses of its machines instead.
    if (file.empty()) return base::SecretBytes();
    return secret_from(file);
}

void VaultAccess::log_in(const TargetRun& run) {
    const std::string aim = "log in to Vault by AppRole";
    const auto secret = secret_id();
    if (!secret)
        throw Failure({"read the secret id for Vault", Phase::deploy}, secret.error().message,
                      login_advice);
    boost::json::object body{{"role_id", parts_.role_id}};
    if (!secret->empty()) body["secret_id"] = base::text_of(base::BytesView(*secret));
    auto text = boost::json::serialize(body);
    auto open = service({});
    const auto answer =
        open.ask(run, aim, "POST", fmt::format("/auth/{}/login", vault_path(parts_.login)), text);
    base::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    protocol::MemberReader reader(answer.body);
    const auto* const granted = reader.object("auth");
    if (granted == nullptr)
        throw Failure(
            {aim, Phase::deploy}, "it answered without a token",
            fmt::format("see what is mounted at auth/{}.", base::printable(parts_.login)));
    protocol::MemberReader members(*granted);
    const auto token = members.text_or_empty("client_token");
    if (!is_token(token))
        throw Failure({aim, Phase::deploy}, "it answered without a token that can be used");
    given_.assign(token.begin(), token.end());
    // Zero: it does not end.
    const std::chrono::seconds life{members.integer("lease_duration").value_or(0)};
    given_until_ = std::chrono::steady_clock::now() +
                   (life.count() > 0 ? std::min(life / 2, longest_use) : longest_use);
}

}  // namespace cairn::client
