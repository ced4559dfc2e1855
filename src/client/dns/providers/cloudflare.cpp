// Cloudflare's interface, version 4: a record is an object of its own.

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/dns/json_body.h"
#include "client/dns/provider.h"
#include "client/dns/provider_http.h"
#include "client/dns/query_text.h"
#include "client/dns/zone_ids.h"

namespace cairn::client::providers {
namespace {

using namespace std::chrono_literals;

class Cloudflare final : public DnsProvider {
  public:
    /// `of_zones`: where zones are looked for with another token; none: with the same.
    Cloudflare(ProviderHttp::Options options, std::optional<ProviderHttp::Options> of_zones,
               std::string zone_id, const ProviderContext& context)
        : http_(std::move(options), context), fixed_zone_id_(std::move(zone_id)) {
        if (of_zones) http_of_zones_.emplace(std::move(*of_zones), context);
    }

    void set(const TxtRecord& record) override {
        const auto aim = fmt::format("add the TXT record {}", record.name);
        const auto id = zone_id(record.zone, aim);
        const boost::json::object wanted{{"type", "TXT"},
                                         {"name", record.name},
                                         {"content", quoted_txt(record.value)},
                                         {"ttl", default_time_to_live}};
        const auto reply = http_.ask({.method = "POST",
                                      .path = fmt::format("/zones/{}/dns_records", id),
                                      .fields = {{"Content-Type", "application/json"}},
                                      .body = boost::json::serialize(wanted),
                                      .aim = aim,
                                      .accepted = {400, 409}});
        const auto body = json_body(http_, aim, reply);
        if (at_path(body, "success") != nullptr && at_path(body, "success")->is_bool() &&
            at_path(body, "success")->get_bool())
            return;
        // 81057 and 81058: there is one like it already.
        for (const auto& error : list_at(body, "errors")) {
            const auto code = text_at(error, "code");
            if (code == "81057" || code == "81058") return;
        }
        throw http_.failure(aim, reply.body);
    }

    void remove(const TxtRecord& record) override {
        const auto aim = fmt::format("remove the TXT record {}", record.name);
        const auto id = zone_id(record.zone, aim);
        const auto reply =
            http_.ask({.path = fmt::format("/zones/{}/dns_records?type=TXT&name={}&per_page=100",
                                           id, percent_encoded(record.name)),
                       .aim = aim});
        const auto body = json_body(http_, aim, reply);
        for (const auto& each : list_at(body, "result")) {
            if (unquoted_txt(text_at(each, "content")) != record.value) continue;
            static_cast<void>(http_.ask({.method = "DELETE",
                                         .path = fmt::format("/zones/{}/dns_records/{}", id,
                                                             percent_encoded(text_at(each, "id"))),
                                         .aim = aim,
                                         .accepted = {404}}));
        }
    }

    std::optional<bool> has_zone(const std::string& zone) override {
        if (!fixed_zone_id_.empty()) return std::nullopt;
        return find_zone(zone).has_value();
    }

  private:
    std::optional<std::string> find_zone(const std::string& zone) {
        return ids_.find(zone, [&]() -> std::optional<std::string> {
            const auto aim = fmt::format("find the zone {}", zone);
            auto& http = http_of_zones_ ? *http_of_zones_ : http_;
            const auto reply = http.ask(
                {.path = fmt::format("/zones?name={}", percent_encoded(zone)), .aim = aim});
            const auto body = json_body(http, aim, reply);
            for (const auto& each : list_at(body, "result"))
                if (text_at(each, "name") == zone) return text_at(each, "id");
            return std::nullopt;
        });
    }

    std::string zone_id(const std::string& zone, const std::string& aim) {
        if (!fixed_zone_id_.empty()) return percent_encoded(fixed_zone_id_);
        const auto id = find_zone(zone);
        if (!id)
            throw http_.failure(
                aim, fmt::format("it shows no zone {} to this token", zone),
                "the token needs Zone: Read beside DNS: Edit, or give zone_id or zone_api_token.");
        return percent_encoded(*id);
    }

    ProviderHttp http_;
    std::optional<ProviderHttp> http_of_zones_;
    std::string fixed_zone_id_;
    ZoneIds ids_;
};

base::Result<std::unique_ptr<DnsProvider>> make_cloudflare(const ProviderKind& kind,
                                                           const DnsCredentials& credentials,
                                                           const ProviderContext& context) {
    auto options = http_options(kind, credentials, "https://api.cloudflare.com/client/v4");
    if (!options) return std::unexpected(options.error());
    if (credentials.has("api_token"))
        options->fields = {{"Authorization", "Bearer " + credentials.text("api_token")}};
    else if (credentials.has("email") && credentials.has("api_key"))
        options->fields = {{"X-Auth-Email", credentials.text("email")},
                           {"X-Auth-Key", credentials.text("api_key")}};
    else
        return base::fail("api_token is missing");
    std::optional<ProviderHttp::Options> of_zones;
    if (credentials.has("zone_api_token")) {
        of_zones = *options;
        of_zones->fields = {{"Authorization", "Bearer " + credentials.text("zone_api_token")}};
    }
    return std::make_unique<Cloudflare>(std::move(*options), std::move(of_zones),
                                        credentials.text("zone_id"), context);
}

}  // namespace

ProviderKind cloudflare() {
    using Need = CredentialKey::Need;
    using Kind = CredentialKey::Kind;
    return {.name = "cloudflare",
            .title = "Cloudflare",
            .access =
                "An API token with Zone: DNS: Edit and Zone: Zone: Read for the zone alone "
                "(My Profile, API Tokens). With zone_id, DNS: Edit suffices.",
            .documentation = "https://developers.cloudflare.com/api/resources/dns/ (2026-11-30)",
            .keys = with_http_keys(
                {{.name = "api_token",
                  .meaning = "API token",
                  .need = Need::optional,
                  .variables = {"CAIRN_CLOUDFLARE_API_TOKEN", "CF_DNS_API_TOKEN",
                                "CLOUDFLARE_DNS_API_TOKEN", "CF_Token"}},
                 {.name = "zone_api_token",
                  .meaning = "a token that may look for zones, if api_token may not",
                  .need = Need::optional,
                  .variables = {"CAIRN_CLOUDFLARE_ZONE_API_TOKEN", "CF_ZONE_API_TOKEN",
                                "CLOUDFLARE_ZONE_API_TOKEN"}},
                 {.name = "zone_id",
                  .meaning = "of the one zone, for a token that may not look for it",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_CLOUDFLARE_ZONE_ID", "CF_Zone_ID"}},
                 {.name = "email",
                  .meaning = "of the account, with api_key",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CF_API_EMAIL", "CLOUDFLARE_EMAIL", "CF_Email"}},
                 {.name = "api_key",
                  .meaning = "the Global API Key, which may do everything: a token is better",
                  .need = Need::optional,
                  .variables = {"CF_API_KEY", "CLOUDFLARE_API_KEY", "CF_Key"}}},
                {"CLOUDFLARE_BASE_URL"}),
            .patience = 120s,
            .make = &make_cloudflare};
}

}  // namespace cairn::client::providers
