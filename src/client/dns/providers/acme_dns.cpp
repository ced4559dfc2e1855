// acme-dns: a name server for challenges alone, to which _acme-challenge names are delegated by
// CNAME. Each account has one name, of which it keeps the last two values.

#include <fstream>
#include <map>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/dns/json_body.h"
#include "client/dns/provider.h"
#include "client/dns/provider_http.h"
#include "client/durable_file.h"
#include "net/ascii.h"
#include "protocol/json.h"

namespace cairn::client::providers {
namespace {

using namespace std::chrono_literals;

struct Account {
    std::string username, password, subdomain;
};

class AcmeDns final : public DnsProvider {
  public:
    /// `accounts`: by the full name of each.
    AcmeDns(ProviderHttp::Options options, std::map<std::string, Account> accounts,
            const ProviderContext& context)
        : http_(std::move(options), context), accounts_(std::move(accounts)) {
        for (const auto& [name, account] : accounts_) http_.hide(account.password);
    }

    void set(const TxtRecord& record) override {
        const auto aim = fmt::format("set the TXT record {}", record.name);
        const auto found = accounts_.find(record.name);
        if (found == accounts_.end()) {
            std::string names;
            for (const auto& [name, account] : accounts_)
                names += (names.empty() ? "" : ", ") + name;
            throw http_.failure(
                aim, fmt::format("these credentials are for {}", names),
                fmt::format("delegate it: {} CNAME {}.", record.name,
                            accounts_.empty() ? "NAME" : accounts_.begin()->first + "."));
        }
        const auto& account = found->second;
        static_cast<void>(http_.ask({.method = "POST",
                                     .path = "/update",
                                     .fields = {{"X-Api-User", account.username},
                                                {"X-Api-Key", account.password},
                                                {"Content-Type", "application/json"}},
                                     .body = boost::json::serialize(boost::json::object{
                                         {"subdomain", account.subdomain}, {"txt", record.value}}),
                                     .aim = aim}));
    }
    /// The server has no word for it: the next values push out the old ones.
    void remove(const TxtRecord&) override {}

  private:
    ProviderHttp http_;
    std::map<std::string, Account> accounts_;
};

/// The file that other clients keep: an object for each name that is proven.
base::Result<std::map<std::string, Account>> accounts_in(const std::string& file) {
    constexpr std::size_t max_file = std::size_t{1} << 20U;
    const auto text = read_private_file(file, max_file);
    if (!text) return std::unexpected(text.error().within("accounts_file"));
    const auto object = protocol::parse_json_object(base::bytes_of(*text));
    if (!object) return std::unexpected(object.error().within("accounts_file"));
    std::map<std::string, Account> accounts;
    for (const auto& member : *object) {
        const auto& value = member.value();
        const auto name = net::ascii_lower(text_at(value, "fulldomain"));
        if (name.empty())
            return base::fail(fmt::format("accounts_file: {} has no fulldomain",
                                          base::printable(std::string(member.key()))));
        accounts.insert_or_assign(name,
                                  Account{text_at(value, "username"), text_at(value, "password"),
                                          text_at(value, "subdomain")});
    }
    return accounts;
}

base::Result<std::unique_ptr<DnsProvider>> make_acme_dns(const ProviderKind& kind,
                                                         const DnsCredentials& credentials,
                                                         const ProviderContext& context) {
    auto options = http_options(kind, credentials, "https://auth.acme-dns.io");
    if (!options) return std::unexpected(options.error());
    std::map<std::string, Account> accounts;
    if (credentials.has("accounts_file")) {
        auto read = accounts_in(credentials.text("accounts_file"));
        if (!read) return std::unexpected(read.error());
        accounts = std::move(*read);
    }
    if (credentials.has("fulldomain")) {
        for (const auto* key : {"username", "password", "subdomain"})
            if (!credentials.has(key)) return base::fail(fmt::format("{} is missing", key));
        accounts.insert_or_assign(
            net::ascii_lower(credentials.text("fulldomain")),
            Account{credentials.text("username"), credentials.text("password"),
                    credentials.text("subdomain")});
    }
    if (accounts.empty())
        return base::fail(
            "fulldomain, with username, password and subdomain, or accounts_file is "
            "missing");
    return std::make_unique<AcmeDns>(std::move(*options), std::move(accounts), context);
}

}  // namespace

ProviderKind acme_dns() {
    using Need = CredentialKey::Need;
    using Kind = CredentialKey::Kind;
    return {.name = "acme-dns",
            .title = "acme-dns",
            .access =
                "An account of the server (POST /register), which may change its one name "
                "alone. It keeps two values at a time.",
            .documentation = "https://github.com/joohoi/acme-dns (2026-11-30)",
            .keys = with_http_keys(
                {{.name = "api_url",
                  .meaning = "address of the server, https://auth.acme-dns.io unless said",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_ACME_DNS_API_URL", "ACME_DNS_API_BASE", "ACMEDNS_BASE_URL"}},
                 {.name = "username",
                  .meaning = "of the account",
                  .need = Need::optional,
                  .variables = {"CAIRN_ACME_DNS_USERNAME", "ACMEDNS_USERNAME"}},
                 {.name = "password",
                  .meaning = "of the account",
                  .need = Need::optional,
                  .variables = {"CAIRN_ACME_DNS_PASSWORD", "ACMEDNS_PASSWORD"}},
                 {.name = "subdomain",
                  .meaning = "of the account",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_ACME_DNS_SUBDOMAIN", "ACMEDNS_SUBDOMAIN"}},
                 {.name = "fulldomain",
                  .meaning = "the name to which _acme-challenge is delegated by CNAME",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_ACME_DNS_FULLDOMAIN"}},
                 {.name = "accounts_file",
                  .meaning = "JSON with several accounts, as lego and acme-dns-client keep it",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_ACME_DNS_ACCOUNTS_FILE", "ACME_DNS_STORAGE_PATH"}}}),
            .patience = 60s,
            .make = &make_acme_dns};
}

}  // namespace cairn::client::providers
