// Azure DNS with a service principal. A record set is written with the tag (ETag) of what was read,
// so that a change by somebody else in between is refused instead of lost.

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/dns/access_token.h"
#include "client/dns/json_body.h"
#include "client/dns/provider.h"
#include "client/dns/provider_http.h"
#include "client/dns/query_text.h"
#include "client/dns/service_login.h"
#include "client/dns/zone_ids.h"
#include "net/ascii.h"

namespace cairn::client::providers {
namespace {

using namespace std::chrono_literals;

constexpr int max_merges = 10;
constexpr int max_pages = 50;
constexpr int not_found = 404;
constexpr int precondition_failed = 412;
constexpr std::string_view version = "api-version=2018-05-01";

class Azure final : public DnsProvider {
  public:
    /// Where the zones are.
    struct Place {
        std::string subscription, resource_group;
    };
    Azure(ProviderHttp::Options options, ProviderHttp::Options login, ServicePrincipal principal,
          Place place, const ProviderContext& context)
        : http_(std::move(options), context),
          login_(std::move(login), context),
          context_(context),
          principal_(std::move(principal)),
          place_(std::move(place)),
          token_(context.timer, [this] { return log_in(); }) {}

    void set(const TxtRecord& record) override {
        change(record, fmt::format("add the TXT record {}", record.name),
               [&](std::vector<std::string>& values) {
                   if (std::ranges::find(values, record.value) != values.end()) return false;
                   values.push_back(record.value);
                   return true;
               });
    }
    void remove(const TxtRecord& record) override {
        change(
            record, fmt::format("remove the TXT record {}", record.name),
            [&](std::vector<std::string>& values) { return std::erase(values, record.value) > 0; });
    }
    std::optional<bool> has_zone(const std::string& zone) override {
        if (!place_.resource_group.empty()) return std::nullopt;
        return find_zone(zone).has_value();
    }

  private:
    AccessToken::Granted log_in() {
        auto granted = client::log_in(login_, principal_);
        http_.hide(granted.text);
        return granted;
    }

    http::Reply ask(ProviderHttp::Call call) {
        call.fields.emplace_back("Authorization", "Bearer " + token_.text());
        return http_.ask(call);
    }

    /// The path of the zone's resource.
    std::optional<std::string> find_zone(const std::string& zone) {
        if (!place_.resource_group.empty())
            return fmt::format(
                "/subscriptions/{}/resourceGroups/{}/providers/Microsoft.Network/dnsZones/{}",
                percent_encoded(place_.subscription), percent_encoded(place_.resource_group),
                percent_encoded(zone));
        return paths_.find(zone, [&]() -> std::optional<std::string> {
            const auto aim = fmt::format("find the zone {}", zone);
            auto path = fmt::format("/subscriptions/{}/providers/Microsoft.Network/dnszones?{}",
                                    percent_encoded(place_.subscription), version);
            for (int page = 0; page < max_pages && !path.empty(); ++page) {
                const auto body = json_body(http_, aim, ask({.path = path, .aim = aim}));
                for (const auto& each : list_at(body, "value"))
                    if (net::ascii_lower(text_at(each, "name")) == zone) return text_at(each, "id");
                path = text_at(body, "nextLink");
            }
            return std::nullopt;
        });
    }

    /// `edit` returns false if nothing is to be changed.
    template <class Edit>
    void change(const TxtRecord& record, const std::string& aim, const Edit& edit) {
        const auto zone = find_zone(record.zone);
        if (!zone)
            throw http_.failure(aim, fmt::format("the subscription has no zone {}", record.zone));
        const auto path =
            fmt::format("{}/TXT/{}?{}", *zone, percent_encoded(record.relative_name()), version);
        for (int attempt = 1;; ++attempt) {
            const auto reply = ask({.path = path, .aim = aim, .accepted = {not_found}});
            std::vector<std::string> values;
            std::string tag;
            if (reply.status != not_found) {
                const auto body = json_body(http_, aim, reply);
                tag = text_at(body, "etag");
                for (const auto& each : list_at(body, "properties.TXTRecords")) {
                    std::string value;
                    for (const auto& part : list_at(each, "value"))
                        if (part.is_string()) value += std::string(part.get_string());
                    values.push_back(std::move(value));
                }
            }
            if (!edit(values)) return;
            const auto changed = write(path, values, tag, aim);
            if (changed.status != precondition_failed) return;
            if (attempt == max_merges) throw http_.failure(aim, changed.body);
            context_.timer.wait(500ms * attempt);
        }
    }

    http::Reply write(const std::string& path, const std::vector<std::string>& values,
                      const std::string& tag, const std::string& aim) {
        http::Fields condition;
        if (tag.empty())
            condition.emplace_back("If-None-Match", "*");
        else
            condition.emplace_back("If-Match", tag);
        if (values.empty())
            return ask({.method = "DELETE",
                        .path = path,
                        .fields = std::move(condition),
                        .aim = aim,
                        .accepted = {not_found, precondition_failed}});
        boost::json::array records;
        for (const auto& value : values)
            records.push_back(
                boost::json::object{{"value", boost::json::array{boost::json::value(value)}}});
        condition.emplace_back("Content-Type", "application/json");
        return ask({.method = "PUT",
                    .path = path,
                    .fields = std::move(condition),
                    .body = boost::json::serialize(boost::json::object{
                        {"properties",
                         {{"TTL", default_time_to_live}, {"TXTRecords", std::move(records)}}}}),
                    .aim = aim,
                    .accepted = {precondition_failed}});
    }

    ProviderHttp http_, login_;
    ProviderContext context_;
    ServicePrincipal principal_;
    Place place_;
    AccessToken token_;
    ZoneIds paths_;
};

base::Result<std::unique_ptr<DnsProvider>> make_azure(const ProviderKind& kind,
                                                      const DnsCredentials& credentials,
                                                      const ProviderContext& context) {
    auto options = http_options(kind, credentials, "https://management.azure.com");
    if (!options) return std::unexpected(options.error());
    auto login = *options;
    login.base_url = azure_token_url(credentials.text("login_url"), credentials.text("tenant_id"));
    ServicePrincipal principal{.client_id = credentials.text("client_id"),
                               .client_secret = credentials.text("client_secret"),
                               .scope = options->base_url + "/.default"};
    Azure::Place place{.subscription = credentials.text("subscription_id"),
                       .resource_group = credentials.text("resource_group")};
    return std::make_unique<Azure>(std::move(*options), std::move(login), std::move(principal),
                                   std::move(place), context);
}

}  // namespace

ProviderKind azure() {
    using Need = CredentialKey::Need;
    using Kind = CredentialKey::Kind;
    return {.name = "azure",
            .title = "Azure DNS",
            .access =
                "A service principal with a role on the zone that has "
                "Microsoft.Network/dnsZones/TXT/* alone; without resource_group also "
                "Microsoft.Network/dnsZones/read on the subscription.",
            .documentation = "https://learn.microsoft.com/rest/api/dns/ (2026-11-30)",
            .keys = with_http_keys(
                {{.name = "tenant_id",
                  .meaning = "of the directory",
                  .kind = Kind::open,
                  .variables = {"CAIRN_AZURE_TENANT_ID", "AZURE_TENANT_ID", "AZUREDNS_TENANTID"}},
                 {.name = "client_id",
                  .meaning = "of the service principal",
                  .kind = Kind::open,
                  .variables = {"CAIRN_AZURE_CLIENT_ID", "AZURE_CLIENT_ID", "AZUREDNS_APPID"}},
                 {.name = "client_secret",
                  .meaning = "of the service principal",
                  .variables = {"CAIRN_AZURE_CLIENT_SECRET", "AZURE_CLIENT_SECRET",
                                "AZUREDNS_CLIENTSECRET"}},
                 {.name = "subscription_id",
                  .meaning = "of the zone",
                  .kind = Kind::open,
                  .variables = {"CAIRN_AZURE_SUBSCRIPTION_ID", "AZURE_SUBSCRIPTION_ID",
                                "AZUREDNS_SUBSCRIPTIONID"}},
                 {.name = "resource_group",
                  .meaning = "of the zone; looked for unless said",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_AZURE_RESOURCE_GROUP", "AZURE_RESOURCE_GROUP"}},
                 {.name = "login_url",
                  .meaning = "of another cloud than the public one",
                  .need = Need::optional,
                  .kind = Kind::open}}),
            .patience = 300s,
            .make = &make_azure};
}

}  // namespace cairn::client::providers
