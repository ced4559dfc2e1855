// Namecheap's interface knows no single records: a zone's whole list of hosts is read, changed and
// written, so the zone is locked meanwhile, and what was written is read again.

#include <algorithm>

#include <fmt/format.h>

#include "client/dns/json_body.h"
#include "client/dns/provider.h"
#include "client/dns/provider_http.h"
#include "client/dns/query_text.h"
#include "client/dns/xml_document.h"

namespace cairn::client::providers {
namespace {

using namespace std::chrono_literals;

constexpr int max_merges = 5;

struct Host {
    std::string name, type, address, preference, time_to_live;
};
struct HostList {
    std::vector<Host> hosts;
    /// How the zone's mail is set up, which is lost if it is not said again.
    std::string email_type;
};

auto is_of(const TxtRecord& record) {
    return [name = record.relative_name(), value = record.value](const Host& host) {
        return host.type == "TXT" && host.name == name && unquoted_txt(host.address) == value;
    };
}

class Namecheap final : public DnsProvider {
  public:
    struct User {
        std::string name, api_key, client_address;
    };
    Namecheap(ProviderHttp::Options options, User user, const ProviderContext& context)
        : http_(std::move(options), context), context_(context), user_(std::move(user)) {}

    void set(const TxtRecord& record) override {
        change(record, fmt::format("add the TXT record {}", record.name),
               [&](std::vector<Host>& hosts) {
                   if (std::ranges::any_of(hosts, is_of(record))) return false;
                   hosts.push_back({record.relative_name(), "TXT", record.value, "10",
                                    std::to_string(default_time_to_live)});
                   return true;
               });
    }
    void remove(const TxtRecord& record) override {
        change(record, fmt::format("remove the TXT record {}", record.name),
               [&](std::vector<Host>& hosts) { return std::erase_if(hosts, is_of(record)) > 0; });
    }

  private:
    using Parameters = std::vector<std::pair<std::string, std::string>>;

    Parameters parameters(std::string_view command, const std::string& zone) const {
        const auto dot = zone.find('.');
        return {{"ApiUser", user_.name},
                {"ApiKey", user_.api_key},
                {"UserName", user_.name},
                {"ClientIp", user_.client_address},
                {"Command", std::string(command)},
                {"SLD", zone.substr(0, dot)},
                {"TLD", dot == std::string::npos ? std::string() : zone.substr(dot + 1)}};
    }

    XmlElement ask(const Parameters& parameters, const std::string& aim) {
        // As a form, since a long list of hosts makes a URL that is too long.
        const auto reply =
            http_.ask({.method = "POST",
                       .fields = {{"Content-Type", "application/x-www-form-urlencoded"}},
                       .body = query_text(parameters),
                       .aim = aim});
        auto document = parse_xml(reply.body);
        if (!document) throw http_.failure(aim, document.error().message);
        if (document->attribute("Status") != "OK") {
            std::string words;
            if (const auto* errors = document->child("Errors"))
                for (const auto& error : errors->children)
                    words += fmt::format("{}{} {}", words.empty() ? "" : "; ",
                                         error.attribute("Number"), error.text);
            throw http_.failure(
                aim, words.empty() ? "it says that it failed" : words,
                "is access allowed from this address (Profile, Tools, API Access)?");
        }
        return std::move(*document);
    }

    HostList read(const std::string& zone, const std::string& aim) {
        const auto document = ask(parameters("namecheap.domains.dns.getHosts", zone), aim);
        const auto* response = document.child("CommandResponse");
        const auto* result =
            response == nullptr ? nullptr : response->child("DomainDNSGetHostsResult");
        if (result == nullptr) throw http_.failure(aim, "its answer has no list of hosts");
        if (result->attribute("IsUsingOurDNS") == "false")
            throw http_.failure(aim, fmt::format("{} is not served by it", zone));
        HostList list;
        list.email_type = result->attribute("EmailType");
        for (const auto& each : result->children) {
            if (each.name != "host" && each.name != "Host") continue;
            list.hosts.push_back({each.attribute("Name"), each.attribute("Type"),
                                  each.attribute("Address"), each.attribute("MXPref"),
                                  each.attribute("TTL")});
        }
        return list;
    }

    void write(const std::string& zone, const HostList& list, const std::string& aim) {
        auto all = parameters("namecheap.domains.dns.setHosts", zone);
        if (!list.email_type.empty()) all.emplace_back("EmailType", list.email_type);
        for (std::size_t i = 0; i < list.hosts.size(); ++i) {
            const auto& host = list.hosts[i];
            const auto number = std::to_string(i + 1);
            all.emplace_back("HostName" + number, host.name);
            all.emplace_back("RecordType" + number, host.type);
            all.emplace_back("Address" + number, host.address);
            if (host.type == "MX" || host.type == "MXE")
                all.emplace_back("MXPref" + number, host.preference);
            all.emplace_back("TTL" + number, host.time_to_live);
        }
        static_cast<void>(ask(all, aim));
    }

    /// `edit` returns false if nothing is to be changed.
    template <class Edit>
    void change(const TxtRecord& record, const std::string& aim, const Edit& edit) {
        for (int attempt = 1;; ++attempt) {
            auto list = read(record.zone, aim);
            const auto before = list.hosts.size();
            // Another host may write at the same time; then this is not yet so.
            if (!edit(list.hosts)) return;
            // An empty answer by mistake must not empty the zone.
            if (list.hosts.empty() && before != 1)
                throw http_.failure(aim, "its list of hosts would become empty");
            if (attempt > max_merges)
                throw http_.failure(aim, "others overwrite the change each time");
            write(record.zone, list, aim);
            context_.timer.wait(200ms);
        }
    }

    ProviderHttp http_;
    ProviderContext context_;
    User user_;
};

base::Result<std::unique_ptr<DnsProvider>> make_namecheap(const ProviderKind& kind,
                                                          const DnsCredentials& credentials,
                                                          const ProviderContext& context) {
    auto options = http_options(kind, credentials, "https://api.namecheap.com/xml.response");
    if (!options) return std::unexpected(options.error());
    return std::make_unique<Namecheap>(
        std::move(*options),
        Namecheap::User{credentials.text("api_user"), credentials.text("api_key"),
                        credentials.text("client_ip")},
        context);
}

}  // namespace

ProviderKind namecheap() {
    using Kind = CredentialKey::Kind;
    return {.name = "namecheap",
            .title = "Namecheap",
            .access =
                "The account's API key, which may do everything that the account may: delegate "
                "_acme-challenge by CNAME to another provider where that is too much. The "
                "address of this machine must be allowed (Profile, Tools, API Access).",
            .documentation = "https://www.namecheap.com/support/api/methods/ (2026-11-30)",
            .keys = with_http_keys(
                {{.name = "api_user",
                  .meaning = "name of the account",
                  .kind = Kind::open,
                  .variables = {"CAIRN_NAMECHEAP_API_USER", "NAMECHEAP_API_USER",
                                "NAMECHEAP_USERNAME"}},
                 {.name = "api_key",
                  .meaning = "API key of the account",
                  .variables = {"CAIRN_NAMECHEAP_API_KEY", "NAMECHEAP_API_KEY"}},
                 {.name = "client_ip",
                  .meaning = "the address of this machine that is allowed at Namecheap",
                  .kind = Kind::open,
                  .variables = {"CAIRN_NAMECHEAP_CLIENT_IP", "NAMECHEAP_SOURCEIP"}}}),
            .scope = ChangeScope::zone,
            .patience = 3600s,
            .make = &make_namecheap};
}

}  // namespace cairn::client::providers
