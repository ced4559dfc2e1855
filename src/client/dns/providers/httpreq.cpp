// A server of somebody's own that speaks the protocol of lego's "httpreq": it is told a name and a
// value, and does the rest.

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/dns/lego_mode.h"
#include "client/dns/provider.h"
#include "client/dns/provider_http.h"
#include "crypto/base64.h"

namespace cairn::client::providers {
namespace {

class HttpRequestProvider final : public DnsProvider {
  public:
    HttpRequestProvider(ProviderHttp::Options options, LegoMode mode,
                        const ProviderContext& context)
        : http_(std::move(options), context), mode_(mode) {}

    void set(const TxtRecord& record) override { tell("/present", "add", record); }
    void remove(const TxtRecord& record) override { tell("/cleanup", "remove", record); }

  private:
    void tell(const std::string& path, std::string_view verb, const TxtRecord& record) {
        const auto aim = fmt::format("{} the TXT record {}", verb, record.name);
        static_cast<void>(http_.ask({.method = "POST",
                                     .path = path,
                                     .fields = {{"Content-Type", "application/json"}},
                                     .body = boost::json::serialize(message(record, aim)),
                                     .aim = aim}));
    }
    [[nodiscard]] boost::json::object message(const TxtRecord& record,
                                              const std::string& aim) const {
        if (mode_ == LegoMode::usual) return {{"fqdn", record.name + "."}, {"value", record.value}};
        require_raw_proof(record, aim);
        return {{"domain", record.proof.domain},
                {"token", record.proof.token},
                {"keyAuth", record.proof.key_authorization}};
    }

    ProviderHttp http_;
    const LegoMode mode_;
};

base::Result<std::unique_ptr<DnsProvider>> make_httpreq(const ProviderKind& kind,
                                                        const DnsCredentials& credentials,
                                                        const ProviderContext& context) {
    auto options = http_options(kind, credentials, "");
    if (!options) return std::unexpected(options.error());
    const auto mode = lego_mode(credentials);
    if (!mode) return std::unexpected(mode.error());
    if (credentials.has("username") != credentials.has("password"))
        return base::fail("username and password go together");
    if (credentials.has("username"))
        options->fields = {{"Authorization", "Basic " + crypto::base64(base::bytes_of(
                                                            credentials.text("username") + ":" +
                                                            credentials.text("password")))}};
    return std::make_unique<HttpRequestProvider>(std::move(*options), *mode, context);
}

}  // namespace

ProviderKind httpreq() {
    using Need = CredentialKey::Need;
    using Kind = CredentialKey::Kind;
    return {.name = "httpreq",
            .title = "a server that speaks lego's httpreq",
            .access = "What your server allows: it is told the name and the value of each record.",
            .documentation = "https://go-acme.github.io/lego/dns/httpreq/ (2026-11-30)",
            .keys = with_http_keys({{.name = "api_url",
                                     .meaning = "address of the server, in front of /present",
                                     .kind = Kind::open,
                                     .variables = {"CAIRN_HTTPREQ_API_URL", "HTTPREQ_ENDPOINT"}},
                                    lego_mode_key("HTTPREQ"),
                                    {.name = "username",
                                     .meaning = "for basic authentication",
                                     .need = Need::optional,
                                     .kind = Kind::open,
                                     .variables = {"CAIRN_HTTPREQ_USERNAME", "HTTPREQ_USERNAME"}},
                                    {.name = "password",
                                     .meaning = "for basic authentication",
                                     .need = Need::optional,
                                     .variables = {"CAIRN_HTTPREQ_PASSWORD", "HTTPREQ_PASSWORD"}}}),
            .make = &make_httpreq};
}

}  // namespace cairn::client::providers
