// Amazon Route 53. A change states the whole record set before and after, so that a change by
// somebody else in between is refused instead of lost.

#include <algorithm>

#include <fmt/format.h>

#include "client/dns/aws_signature.h"
#include "client/dns/json_body.h"
#include "client/dns/provider.h"
#include "client/dns/provider_http.h"
#include "client/dns/query_text.h"
#include "client/dns/xml_document.h"
#include "client/dns/zone_ids.h"

namespace cairn::client::providers {
namespace {

using namespace std::chrono_literals;

constexpr int max_merges = 10;
constexpr int bad_request = 400;

struct RecordSet {
    std::string time_to_live;
    /// With quotes, as Route 53 writes them.
    std::vector<std::string> values;
};

std::string change_xml(std::string_view action, const std::string& name, const RecordSet& set) {
    std::string values;
    for (const auto& value : set.values)
        values +=
            fmt::format("<ResourceRecord><Value>{}</Value></ResourceRecord>", xml_escaped(value));
    return fmt::format(
        "<Change><Action>{}</Action><ResourceRecordSet><Name>{}.</Name><Type>TXT</Type><TTL>{}"
        "</TTL><ResourceRecords>{}</ResourceRecords></ResourceRecordSet></Change>",
        action, xml_escaped(name), set.time_to_live, values);
}

class Route53 final : public DnsProvider {
  public:
    Route53(ProviderHttp::Options options, AwsSigner signer, std::string zone_id,
            const ProviderContext& context)
        : http_(std::move(options), context),
          context_(context),
          signer_(std::move(signer)),
          fixed_zone_id_(std::move(zone_id)) {}

    void set(const TxtRecord& record) override {
        change(record, fmt::format("add the TXT record {}", record.name), [&](RecordSet& wanted) {
            const auto value = quoted_txt(record.value);
            if (std::ranges::find(wanted.values, value) != wanted.values.end()) return false;
            wanted.values.push_back(value);
            return true;
        });
    }
    void remove(const TxtRecord& record) override {
        change(record, fmt::format("remove the TXT record {}", record.name),
               [&](RecordSet& wanted) {
                   return std::erase(wanted.values, quoted_txt(record.value)) > 0;
               });
    }
    std::optional<bool> has_zone(const std::string& zone) override {
        if (!fixed_zone_id_.empty()) return std::nullopt;
        return find_zone(zone).has_value();
    }

  private:
    XmlElement ask(ProviderHttp::Call call, int* status = nullptr) {
        call.prepare = [this](http::ClientRequest& request) {
            sign(request, signer_, context_.clock.now());
        };
        const auto reply = http_.ask(call);
        if (status != nullptr) *status = reply.status;
        auto document = parse_xml(reply.body);
        if (!document) throw http_.failure(call.aim, document.error().message);
        return std::move(*document);
    }

    std::optional<std::string> find_zone(const std::string& zone) {
        return ids_.find(zone, [&]() -> std::optional<std::string> {
            const auto document =
                ask({.path = fmt::format("/2013-04-01/hostedzonesbyname?dnsname={}&maxitems=20",
                                         percent_encoded(zone + ".")),
                     .aim = fmt::format("find the zone {}", zone)});
            const auto* zones = document.child("HostedZones");
            if (zones == nullptr) return std::nullopt;
            for (const auto& each : zones->children) {
                const auto* config = each.child("Config");
                if (each.text_of("Name") != zone + "." ||
                    (config != nullptr && config->text_of("PrivateZone") == "true"))
                    continue;
                const auto id = each.text_of("Id");  // "/hostedzone/Z123"
                return id.substr(id.rfind('/') + 1);
            }
            return std::nullopt;
        });
    }

    std::string zone_path(const std::string& zone, const std::string& aim) {
        const auto id = fixed_zone_id_.empty() ? find_zone(zone) : fixed_zone_id_;
        if (!id) throw http_.failure(aim, fmt::format("this account has no public zone {}", zone));
        return fmt::format("/2013-04-01/hostedzone/{}/rrset", percent_encoded(*id));
    }

    RecordSet read(const std::string& path, const TxtRecord& record, const std::string& aim) {
        const auto document = ask({.path = fmt::format("{}?maxitems=1&name={}&type=TXT", path,
                                                       percent_encoded(record.name + ".")),
                                   .aim = aim});
        RecordSet set;
        const auto* sets = document.child("ResourceRecordSets");
        if (sets == nullptr) return set;
        for (const auto& each : sets->children) {
            // The list begins at the name asked for, or behind it.
            if (each.text_of("Name") != record.name + "." || each.text_of("Type") != "TXT")
                continue;
            set.time_to_live = each.text_of("TTL");
            if (const auto* records = each.child("ResourceRecords"))
                for (const auto& one : records->children)
                    set.values.push_back(one.text_of("Value"));
        }
        return set;
    }

    /// `edit` returns false if nothing is to be changed.
    template <class Edit>
    void change(const TxtRecord& record, const std::string& aim, const Edit& edit) {
        const auto path = zone_path(record.zone, aim);
        for (int attempt = 1;; ++attempt) {
            const auto before = read(path, record, aim);
            auto after = before;
            if (!edit(after)) return;
            std::string changes;
            if (!before.values.empty()) changes += change_xml("DELETE", record.name, before);
            if (!after.values.empty()) {
                after.time_to_live = std::to_string(default_time_to_live);
                changes += change_xml("CREATE", record.name, after);
            }
            int status = 0;
            const auto document = ask(
                {.method = "POST",
                 .path = path + "/",
                 .fields = {{"Content-Type", "application/xml"}},
                 .body = fmt::format(
                     "<?xml version=\"1.0\" encoding=\"UTF-8\"?><ChangeResourceRecordSetsRequest "
                     "xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch>"
                     "<Changes>{}</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>",
                     changes),
                 .aim = aim,
                 .accepted = {bad_request}},
                &status);
            if (status != bad_request) return;
            const auto* error = document.child("Error");
            const auto code = error == nullptr ? document.name : error->text_of("Code");
            const auto words = error == nullptr
                                   ? std::string("the record set has changed meanwhile")
                                   : fmt::format("{}: {}", code, error->text_of("Message"));
            const bool is_of_the_moment = code == "InvalidChangeBatch" || code == "Throttling" ||
                                          code == "PriorRequestNotComplete";
            if (!is_of_the_moment || attempt == max_merges) throw http_.failure(aim, words);
            context_.timer.wait(500ms * attempt);
        }
    }

    ProviderHttp http_;
    ProviderContext context_;
    AwsSigner signer_;
    std::string fixed_zone_id_;
    ZoneIds ids_;
};

base::Result<std::unique_ptr<DnsProvider>> make_route53(const ProviderKind& kind,
                                                        const DnsCredentials& credentials,
                                                        const ProviderContext& context) {
    auto options = http_options(kind, credentials, "https://route53.amazonaws.com");
    if (!options) return std::unexpected(options.error());
    AwsSigner signer{.access_key_id = credentials.text("access_key_id"),
                     .secret_access_key = credentials.text("secret_access_key"),
                     .session_token = credentials.text("session_token"),
                     .region = credentials.text("region"),
                     .service = "route53"};
    if (signer.region.empty()) signer.region = "us-east-1";
    return std::make_unique<Route53>(std::move(*options), std::move(signer),
                                     credentials.text("hosted_zone_id"), context);
}

}  // namespace

ProviderKind route53() {
    using Need = CredentialKey::Need;
    using Kind = CredentialKey::Kind;
    return {
        .name = "route53",
        .title = "Amazon Route 53",
        .access =
            "A policy with route53:ListHostedZonesByName, and for the zone's ARN "
            "route53:ListResourceRecordSets and route53:ChangeResourceRecordSets, the "
            "latter with the condition route53:ChangeResourceRecordSetsRecordTypes = TXT "
            "and NormalizedRecordNames = _acme-challenge.*. With hosted_zone_id the first "
            "is not needed.",
        .documentation = "https://docs.aws.amazon.com/Route53/latest/APIReference/ (2026-11-30)",
        .keys = with_http_keys(
            {{.name = "access_key_id",
              .meaning = "of the access key",
              .kind = Kind::open,
              .variables = {"CAIRN_ROUTE53_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID"}},
             {.name = "secret_access_key",
              .meaning = "of the access key",
              .variables = {"CAIRN_ROUTE53_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"}},
             {.name = "session_token",
              .meaning = "of temporary credentials",
              .need = Need::optional,
              .variables = {"CAIRN_ROUTE53_SESSION_TOKEN", "AWS_SESSION_TOKEN"}},
             {.name = "hosted_zone_id",
              .meaning = "of the one zone, for a key that may not list them",
              .need = Need::optional,
              .kind = Kind::open,
              .variables = {"CAIRN_ROUTE53_HOSTED_ZONE_ID", "AWS_HOSTED_ZONE_ID"}},
             {.name = "region",
              .meaning = "us-east-1 unless said; the one that a partition signs for",
              .need = Need::optional,
              .kind = Kind::open,
              .variables = {"CAIRN_ROUTE53_REGION"}}}),
        .patience = 300s,
        .make = &make_route53};
}

}  // namespace cairn::client::providers
