// The interface of the PowerDNS authoritative server, version 4.1 and later. It changes whole
// record sets: they are read, merged and written.

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/dns/json_body.h"
#include "client/dns/provider.h"
#include "client/dns/provider_http.h"
#include "client/dns/query_text.h"

namespace cairn::client::providers {
namespace {

using namespace std::chrono_literals;

class PowerDns final : public DnsProvider {
  public:
    PowerDns(ProviderHttp::Options options, std::string server, const ProviderContext& context)
        : http_(std::move(options), context), server_(std::move(server)) {}

    void set(const TxtRecord& record) override {
        const auto aim = fmt::format("add the TXT record {}", record.name);
        auto values = values_of(record, aim);
        const auto value = quoted_txt(record.value);
        if (std::ranges::find(values, value) != values.end()) return;
        values.push_back(value);
        replace(record, values, aim);
    }
    void remove(const TxtRecord& record) override {
        const auto aim = fmt::format("remove the TXT record {}", record.name);
        auto values = values_of(record, aim);
        if (std::erase(values, quoted_txt(record.value)) > 0) replace(record, values, aim);
    }
    std::optional<bool> has_zone(const std::string& zone) override {
        const auto reply =
            http_.ask({.path = fmt::format("/api/v1/servers/{}/zones?zone={}",
                                           percent_encoded(server_), percent_encoded(zone + ".")),
                       .aim = fmt::format("find the zone {}", zone)});
        const auto body = json_body(http_, fmt::format("find the zone {}", zone), reply);
        return std::ranges::any_of(list_at(body, ""), [&](const boost::json::value& each) {
            return text_at(each, "name") == zone + ".";
        });
    }

  private:
    [[nodiscard]] std::string path_of(const std::string& zone) const {
        return fmt::format("/api/v1/servers/{}/zones/{}.", percent_encoded(server_),
                           percent_encoded(zone));
    }

    /// As PowerDNS writes them, with quotes.
    std::vector<std::string> values_of(const TxtRecord& record, const std::string& aim) {
        // Servers before 4.6 ignore the restriction and send all.
        const auto reply =
            http_.ask({.path = fmt::format("{}?rrset_name={}.&rrset_type=TXT", path_of(record.zone),
                                           percent_encoded(record.name)),
                       .aim = aim});
        const auto body = json_body(http_, aim, reply);
        std::vector<std::string> values;
        for (const auto& set : list_at(body, "rrsets")) {
            if (text_at(set, "type") != "TXT" || text_at(set, "name") != record.name + ".")
                continue;
            for (const auto& each : list_at(set, "records"))
                values.push_back(text_at(each, "content"));
        }
        return values;
    }

    void replace(const TxtRecord& record, const std::vector<std::string>& values,
                 const std::string& aim) {
        boost::json::object set{{"name", record.name + "."}, {"type", "TXT"}};
        if (values.empty()) {
            set["changetype"] = "DELETE";
        } else {
            set["changetype"] = "REPLACE";
            set["ttl"] = default_time_to_live;
            boost::json::array records;
            for (const auto& value : values)
                records.push_back({{"content", value}, {"disabled", false}});
            set["records"] = std::move(records);
        }
        static_cast<void>(http_.ask({.method = "PATCH",
                                     .path = path_of(record.zone),
                                     .fields = {{"Content-Type", "application/json"}},
                                     .body = boost::json::serialize(boost::json::object{
                                         {"rrsets", boost::json::array{std::move(set)}}}),
                                     .aim = aim}));
    }

    ProviderHttp http_;
    std::string server_;
};

base::Result<std::unique_ptr<DnsProvider>> make_powerdns(const ProviderKind& kind,
                                                         const DnsCredentials& credentials,
                                                         const ProviderContext& context) {
    auto options = http_options(kind, credentials, "");
    if (!options) return std::unexpected(options.error());
    options->fields = {{"X-API-Key", credentials.text("api_key")}, {"Accept", "application/json"}};
    auto server = credentials.text("server_id");
    if (server.empty()) server = "localhost";
    return std::make_unique<PowerDns>(std::move(*options), std::move(server), context);
}

}  // namespace

ProviderKind powerdns() {
    using Need = CredentialKey::Need;
    using Kind = CredentialKey::Kind;
    return {.name = "powerdns",
            .title = "PowerDNS",
            .access =
                "The key of the server's webserver (api-key in pdns.conf), which may do "
                "everything: let the interface listen on loopback, or set "
                "webserver-allow-from.",
            .documentation = "https://doc.powerdns.com/authoritative/http-api/ (2026-11-30)",
            .keys = with_http_keys(
                {{.name = "api_url",
                  .meaning = "address of the server's interface: http://127.0.0.1:8081",
                  .kind = Kind::open,
                  .variables = {"CAIRN_POWERDNS_API_URL", "PDNS_API_URL", "PDNS_Url"}},
                 {.name = "api_key",
                  .meaning = "api-key of pdns.conf",
                  .variables = {"CAIRN_POWERDNS_API_KEY", "PDNS_API_KEY", "PDNS_Token"}},
                 {.name = "server_id",
                  .meaning = "name of the server, localhost unless said",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_POWERDNS_SERVER_ID", "PDNS_SERVER_NAME", "PDNS_ServerId"}}}),
            .scope = ChangeScope::record_set,
            .patience = 300s,
            .trial = ProviderKind::Trial::real,
            .make = &make_powerdns};
}

}  // namespace cairn::client::providers
