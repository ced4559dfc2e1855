// OVHcloud's interface, version 1. Each request is signed with the time of its server.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/dns/json_body.h"
#include "client/dns/provider.h"
#include "client/dns/provider_http.h"
#include "client/dns/query_text.h"
#include "crypto/mac.h"

namespace cairn::client::providers {
namespace {

using namespace std::chrono_literals;

/// How far the server's clock is from ours, before it is known.
constexpr std::int64_t not_known = std::numeric_limits<std::int64_t>::min();

struct Application {
    std::string key, secret, consumer_key;
};

class Ovh final : public DnsProvider {
  public:
    Ovh(ProviderHttp::Options options, Application application, const ProviderContext& context)
        : http_(std::move(options), context),
          context_(context),
          application_(std::move(application)) {}

    void set(const TxtRecord& record) override {
        const auto aim = fmt::format("add the TXT record {}", record.name);
        if (!records_with(record, aim).empty()) return;
        const boost::json::object wanted{{"fieldType", "TXT"},
                                         {"subDomain", sub_domain(record)},
                                         {"target", quoted_txt(record.value)},
                                         {"ttl", default_time_to_live}};
        static_cast<void>(ask({.method = "POST",
                               .path = zone_path(record.zone) + "/record",
                               .body = boost::json::serialize(wanted),
                               .aim = aim}));
        refresh(record.zone, aim);
    }
    void remove(const TxtRecord& record) override {
        const auto aim = fmt::format("remove the TXT record {}", record.name);
        const auto ids = records_with(record, aim);
        for (const auto& id : ids)
            static_cast<void>(ask({.method = "DELETE",
                                   .path = fmt::format("{}/record/{}", zone_path(record.zone), id),
                                   .aim = aim,
                                   .accepted = {404}}));
        if (!ids.empty()) refresh(record.zone, aim);
    }
    std::optional<bool> has_zone(const std::string& zone) override {
        const auto aim = fmt::format("find the zone {}", zone);
        const auto reply = ask({.path = zone_path(zone), .aim = aim, .accepted = {403, 404}});
        // A key for the records alone may not look at the zone itself.
        if (reply.status == 403) return std::nullopt;
        return reply.status != 404;
    }

  private:
    static std::string zone_path(const std::string& zone) {
        return "/domain/zone/" + percent_encoded(zone);
    }
    static std::string sub_domain(const TxtRecord& record) {
        const auto name = record.relative_name();
        return name == "@" ? std::string() : name;
    }

    http::Reply ask(ProviderHttp::Call call) {
        if (!call.body.empty()) call.fields.emplace_back("Content-Type", "application/json");
        const auto offset = time_offset();
        call.prepare = [this, offset](http::ClientRequest& request) {
            const auto time =
                std::to_string(context_.clock.now().time_since_epoch().count() + offset);
            const auto text =
                fmt::format("{}+{}+{}+{}+{}+{}", application_.secret, application_.consumer_key,
                            request.method, request.url, request.body, time);
            const auto digest = crypto::digest(crypto::HashFunction::sha1, base::bytes_of(text));
            request.fields.emplace_back("X-Ovh-Application", application_.key);
            request.fields.emplace_back("X-Ovh-Consumer", application_.consumer_key);
            request.fields.emplace_back("X-Ovh-Timestamp", time);
            request.fields.emplace_back("X-Ovh-Signature", "$1$" + base::to_hex(digest));
        };
        return http_.ask(call);
    }

    std::int64_t time_offset() {
        if (const auto known = offset_.load(); known != not_known) return known;
        const std::string aim = "read the provider's clock";
        const auto body = json_body(http_, aim, http_.ask({.path = "/auth/time", .aim = aim}));
        if (!body.is_int64()) throw http_.failure(aim, "it tells no time");
        const auto offset = body.get_int64() - context_.clock.now().time_since_epoch().count();
        offset_ = offset;
        return offset;
    }

    /// The numbers of the records that hold the value.
    std::vector<std::string> records_with(const TxtRecord& record, const std::string& aim) {
        const auto list = json_body(
            http_, aim,
            ask({.path = fmt::format("{}/record?fieldType=TXT&subDomain={}", zone_path(record.zone),
                                     percent_encoded(sub_domain(record))),
                 .aim = aim}));
        std::vector<std::string> found;
        for (const auto& each : list_at(list, "")) {
            const auto id = text_at(each, "");
            const auto reply = ask(
                {.path = fmt::format("{}/record/{}", zone_path(record.zone), percent_encoded(id)),
                 .aim = aim,
                 .accepted = {404}});
            if (reply.status == 404) continue;
            if (unquoted_txt(text_at(json_body(http_, aim, reply), "target")) == record.value)
                found.push_back(percent_encoded(id));
        }
        return found;
    }

    /// Nothing is served before.
    void refresh(const std::string& zone, const std::string& aim) {
        static_cast<void>(
            ask({.method = "POST", .path = zone_path(zone) + "/refresh", .aim = aim}));
    }

    ProviderHttp http_;
    ProviderContext context_;
    Application application_;
    std::atomic<std::int64_t> offset_ = not_known;
};

base::Result<std::unique_ptr<DnsProvider>> make_ovh(const ProviderKind& kind,
                                                    const DnsCredentials& credentials,
                                                    const ProviderContext& context) {
    auto endpoint = credentials.text("endpoint");
    if (endpoint.empty() || endpoint == "ovh-eu")
        endpoint = "https://eu.api.ovh.com/1.0";
    else if (endpoint == "ovh-ca")
        endpoint = "https://ca.api.ovh.com/1.0";
    else if (endpoint == "ovh-us")
        endpoint = "https://api.us.ovhcloud.com/1.0";
    else
        return base::fail("endpoint: must be ovh-eu, ovh-ca or ovh-us");
    auto options = http_options(kind, credentials, endpoint);
    if (!options) return std::unexpected(options.error());
    return std::make_unique<Ovh>(
        std::move(*options),
        Application{credentials.text("application_key"), credentials.text("application_secret"),
                    credentials.text("consumer_key")},
        context);
}

}  // namespace

ProviderKind ovh() {
    using Need = CredentialKey::Need;
    using Kind = CredentialKey::Kind;
    return {
        .name = "ovh",
        .title = "OVHcloud",
        .access =
            "A consumer key with GET, POST /domain/zone/ZONE/record, GET and DELETE "
            "/domain/zone/ZONE/record/*, and POST /domain/zone/ZONE/refresh "
            "(https://api.ovh.com/createToken).",
        .documentation = "https://api.ovh.com/console/ (2026-11-30)",
        .keys = with_http_keys(
            {{.name = "application_key",
              .meaning = "of the application",
              .kind = Kind::open,
              .variables = {"CAIRN_OVH_APPLICATION_KEY", "OVH_APPLICATION_KEY", "OVH_AK"}},
             {.name = "application_secret",
              .meaning = "of the application",
              .variables = {"CAIRN_OVH_APPLICATION_SECRET", "OVH_APPLICATION_SECRET", "OVH_AS"}},
             {.name = "consumer_key",
              .meaning = "of whoever has the zone",
              .variables = {"CAIRN_OVH_CONSUMER_KEY", "OVH_CONSUMER_KEY", "OVH_CK"}},
             {.name = "endpoint",
              .meaning = "ovh-eu unless said; or ovh-ca, ovh-us",
              .need = Need::optional,
              .kind = Kind::open,
              .variables = {"CAIRN_OVH_ENDPOINT", "OVH_ENDPOINT", "OVH_END_POINT"}}}),
        .patience = 600s,
        .make = &make_ovh};
}

}  // namespace cairn::client::providers
