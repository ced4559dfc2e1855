#include "apps/ca/perspective_link.h"

#include <stdexcept>
#include <utility>

#include "base/base64url.h"
#include "crypto/base64.h"
#include "net/url.h"
#include "pki/csr.h"
#include "va/perspective_message.h"

namespace cairn::apps {

namespace {

http::ClientOptions usual_options(base::Milliseconds timeout) {
    http::ClientOptions options;
    options.user_agent = "cairn-ca/" CAIRN_VERSION;
    options.timeout = timeout;
    options.max_body = va::largest_perspective_message;
    return options;
}

// No code is used up by an answer that is slow.
constexpr base::Milliseconds enrolment_patience{30000};

}  // namespace

PerspectiveLink::PerspectiveLink(Configuration::Perspective perspective, Context context,
                                 base::Executor executor)
    : perspective_(std::move(perspective)),
      context_(std::move(context)),
      executor_(std::move(executor)),
      client_(executor_, context_.in_flight, options_of_link()) {}

http::ClientOptions PerspectiveLink::options_of_link() const {
    auto options = usual_options(context_.timeout);
    options.root_file = context_.authority.file().string();
    options.identity = context_.authority.identify_ca(context_.ca_url);
    return options;
}

void PerspectiveLink::show_another() {
    client_.replace(options_of_link());
}

base::Task<std::string> PerspectiveLink::exchange_by(const QuestionClient& client,
                                                     std::string method, std::string path,
                                                     std::string body) const {
    return client.ask({.method = std::move(method),
                       .url = perspective_.url + path,
                       .fields = {},
                       .body = std::move(body)});
}

base::Task<std::string> PerspectiveLink::exchange(std::string method, std::string path,
                                                  std::string body) {
    return exchange_by(client_, std::move(method), std::move(path), std::move(body));
}

va::PerspectiveStatus PerspectiveLink::require_same(const std::string& body) const {
    auto status = va::PerspectiveStatus::from_json(base::bytes_of(body));
    if (!status)
        throw std::runtime_error(
            perspective_.url +
            " answered what is no status of a perspective: " + status.error().message);
    if (status->perspective != perspective_.name || status->region != perspective_.region)
        throw std::runtime_error(perspective_.url + " is the perspective " + status->perspective +
                                 " in the region of " + std::string(to_string(status->region)) +
                                 ", and not " + perspective_.name + " in that of " +
                                 std::string(to_string(perspective_.region)));
    return *std::move(status);
}

base::Task<va::PerspectiveStatus> PerspectiveLink::status() {
    auto exchanging = exchange("GET", "/v1/status", "");
    co_return require_same(co_await std::move(exchanging));
}

base::Task<va::PerspectiveStatus> PerspectiveLink::certify_by(const QuestionClient& client,
                                                              std::string secret) const {
    const va::IdentityRequest wanted{.perspective = perspective_.name,
                                     .region = perspective_.region,
                                     .ca_url = context_.ca_url,
                                     .secret = secret};
    auto asking = exchange_by(client, "POST", "/v1/csr", wanted.to_json());
    const auto answer = co_await std::move(asking);
    const auto offer = va::IdentityOffer::from_json(base::bytes_of(answer));
    if (!offer)
        throw std::runtime_error(perspective_.url +
                                 "/v1/csr answered what cannot be read: " + offer.error().message);
    const auto csr = pki::Csr::from_der(offer->csr);
    if (!csr)
        throw std::runtime_error(
            perspective_.url +
            "/v1/csr answered no request for a certificate: " + csr.error().front().message);
    const auto host = net::Url::from_text(perspective_.url)->host();
    const va::IdentityGrant grant{
        .certificate = context_.authority.certify(csr->public_key(), host).pem(),
        .authority = context_.authority.certificate().pem(),
        .secret = std::move(secret)};
    auto giving = exchange_by(client, "POST", "/v1/certificate", grant.to_json());
    co_return require_same(co_await std::move(giving));
}

base::Task<va::PerspectiveStatus> PerspectiveLink::renew() {
    auto certifying = certify_by(client_, "");
    co_return co_await std::move(certifying);
}

base::Task<va::PerspectiveStatus> PerspectiveLink::enrol(const va::EnrolmentCode& code) {
    auto options = usual_options(enrolment_patience);
    options.server_proof = http::ServerProof::none;  // but for its key, which the code names
    options.pinned_key = crypto::base64(code.key);
    const QuestionClient stranger(executor_, context_.in_flight, std::move(options));
    auto certifying = certify_by(stranger, base::base64url(code.secret));
    (void)co_await std::move(certifying);
    // Both certificates are what counts from now on.
    auto looking = status();
    co_return co_await std::move(looking);
}

}  // namespace cairn::apps
