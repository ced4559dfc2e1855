// Google Cloud DNS, version 1, with a service account. A change states the record set before and
// after, so that a change by somebody else in between is refused instead of lost.

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
#include "client/durable_file.h"

namespace cairn::client::providers {
namespace {

using namespace std::chrono_literals;

constexpr int max_merges = 10;

class GoogleCloud final : public DnsProvider {
  public:
    GoogleCloud(ProviderHttp::Options options, ProviderHttp::Options login, ServiceAccount account,
                const ProviderContext& context)
        : http_(std::move(options), context),
          login_(std::move(login), context),
          context_(context),
          account_(std::move(account)),
          token_(context.timer, [this] { return log_in(); }) {}

    void set(const TxtRecord& record) override {
        change(record, fmt::format("add the TXT record {}", record.name),
               [&](std::vector<std::string>& values) {
                   const auto value = quoted_txt(record.value);
                   if (std::ranges::find(values, value) != values.end()) return false;
                   values.push_back(value);
                   return true;
               });
    }
    void remove(const TxtRecord& record) override {
        change(record, fmt::format("remove the TXT record {}", record.name),
               [&](std::vector<std::string>& values) {
                   return std::erase(values, quoted_txt(record.value)) > 0;
               });
    }
    std::optional<bool> has_zone(const std::string& zone) override {
        return find_zone(zone).has_value();
    }

  private:
    AccessToken::Granted log_in() {
        auto granted = client::log_in(login_, account_,
                                      "https://www.googleapis.com/auth/ndev.clouddns.readwrite",
                                      context_.clock.now());
        http_.hide(granted.text);
        return granted;
    }

    http::Reply ask(ProviderHttp::Call call) {
        call.path =
            fmt::format("/dns/v1/projects/{}{}", percent_encoded(account_.project), call.path);
        call.fields.emplace_back("Authorization", "Bearer " + token_.text());
        return http_.ask(call);
    }

    std::optional<std::string> find_zone(const std::string& zone) {
        return names_.find(zone, [&]() -> std::optional<std::string> {
            const auto aim = fmt::format("find the zone {}", zone);
            const auto reply =
                ask({.path = fmt::format("/managedZones?dnsName={}", percent_encoded(zone + ".")),
                     .aim = aim});
            const auto body = json_body(http_, aim, reply);
            for (const auto& each : list_at(body, "managedZones"))
                if (text_at(each, "dnsName") == zone + "." &&
                    text_at(each, "visibility") != "private")
                    return text_at(each, "name");
            return std::nullopt;
        });
    }

    static boost::json::object record_set(const std::string& name,
                                          const std::vector<std::string>& values,
                                          const std::string& time_to_live) {
        boost::json::array data;
        for (const auto& value : values) data.emplace_back(value);
        return {{"name", name + "."},
                {"type", "TXT"},
                {"ttl", std::stoll(time_to_live)},
                {"rrdatas", std::move(data)}};
    }

    /// `edit` returns false if nothing is to be changed.
    template <class Edit>
    void change(const TxtRecord& record, const std::string& aim, const Edit& edit) {
        const auto zone = find_zone(record.zone);
        if (!zone)
            throw http_.failure(aim, fmt::format("the project {} has no public zone {}",
                                                 account_.project, record.zone));
        const auto path = fmt::format("/managedZones/{}", percent_encoded(*zone));
        for (int attempt = 1;; ++attempt) {
            const auto reply = ask({.path = fmt::format("{}/rrsets?name={}&type=TXT", path,
                                                        percent_encoded(record.name + ".")),
                                    .aim = aim});
            const auto body = json_body(http_, aim, reply);
            boost::json::object wanted;
            std::vector<std::string> values;
            for (const auto& set : list_at(body, "rrsets")) {
                for (const auto& each : list_at(set, "rrdatas"))
                    if (each.is_string()) values.emplace_back(each.get_string());
                wanted["deletions"] = boost::json::array{set};
            }
            if (!edit(values)) return;
            if (!values.empty())
                wanted["additions"] = boost::json::array{
                    record_set(record.name, values, std::to_string(default_time_to_live))};
            const auto changed = ask({.method = "POST",
                                      .path = path + "/changes",
                                      .fields = {{"Content-Type", "application/json"}},
                                      .body = boost::json::serialize(wanted),
                                      .aim = aim,
                                      .accepted = {404, 409, 412}});
            if (changed.status < 300) return;
            // Somebody else has changed it since it was read.
            if (attempt == max_merges) throw http_.failure(aim, changed.body);
            context_.timer.wait(500ms * attempt);
        }
    }

    ProviderHttp http_, login_;
    ProviderContext context_;
    ServiceAccount account_;
    AccessToken token_;
    ZoneIds names_;
};

base::Result<std::unique_ptr<DnsProvider>> make_gcloud(const ProviderKind& kind,
                                                       const DnsCredentials& credentials,
                                                       const ProviderContext& context) {
    auto options = http_options(kind, credentials, "https://dns.googleapis.com");
    if (!options) return std::unexpected(options.error());
    auto json = credentials.text("service_account");
    if (json.empty()) {
        constexpr std::size_t max_file = 65536;
        const auto file = credentials.text("service_account_file");
        if (file.empty()) return base::fail("service_account_file is missing");
        auto text = read_private_file(file, max_file);
        if (!text) return std::unexpected(text.error().within("service_account_file"));
        json = std::move(*text);
    }
    auto account = service_account_from(json);
    if (!account) return std::unexpected(account.error().within("the key of the service account"));
    if (credentials.has("project")) account->project = credentials.text("project");
    if (account->project.empty()) return base::fail("project is missing");
    auto login = *options;
    login.base_url = account->token_url;
    return std::make_unique<GoogleCloud>(std::move(*options), std::move(login), std::move(*account),
                                         context);
}

}  // namespace

ProviderKind gcloud() {
    using Need = CredentialKey::Need;
    using Kind = CredentialKey::Kind;
    return {.name = "gcloud",
            .title = "Google Cloud DNS",
            .access =
                "A service account with dns.managedZones.list for the project, and "
                "dns.resourceRecordSets.list, create, update, delete and dns.changes.create "
                "for the zone (a role of one's own; roles/dns.admin on the zone has more).",
            .documentation = "https://cloud.google.com/dns/docs/reference/rest/v1 (2026-11-30)",
            .keys = with_http_keys(
                {{.name = "service_account_file",
                  .meaning = "the JSON key file of the service account",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_GCLOUD_SERVICE_ACCOUNT_FILE", "GCE_SERVICE_ACCOUNT_FILE",
                                "GOOGLE_APPLICATION_CREDENTIALS"}},
                 {.name = "service_account",
                  .meaning = "the text of that file instead",
                  .need = Need::optional,
                  .variables = {"CAIRN_GCLOUD_SERVICE_ACCOUNT", "GCE_SERVICE_ACCOUNT"}},
                 {.name = "project",
                  .meaning = "of the zone, if it is not that of the account",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_GCLOUD_PROJECT", "GCE_PROJECT"}}}),
            .patience = 300s,
            .make = &make_gcloud};
}

}  // namespace cairn::client::providers
