#include "api/jws_gate.h"

#include <boost/asio/this_coro.hpp>

#include "ca/rules/policy.h"
#include "net/ascii.h"

namespace cairn::api {

using protocol::Jws;
using protocol::Problem;
using protocol::ProblemType;

namespace {

constexpr std::string_view jose_json = "application/jose+json";

bool is_jose_json(std::string_view content_type) {
    content_type = content_type.substr(0, content_type.find(';'));
    while (content_type.ends_with(' ')) content_type.remove_suffix(1);
    return net::same_ignoring_case(content_type, jose_json);
}

ca::RequestContext context_of(const http::Request& request, base::Time now) {
    ca::RequestContext context{.request = request.id, .received = request.received, .time = now};
    if (auto client = base::IpAddress::from_lenient_text(request.remote_address))
        context.client = *client;
    return context;
}

}  // namespace

JwsGate::JwsGate(const Links& links, ca::RequestChecks& checks, const base::Clock& clock,
                 RequestObserver& observer)
    : links_(links), checks_(checks), clock_(clock), observer_(observer) {}

void JwsGate::FromAccount::require_post_as_get() const {
    if (!is_post_as_get())
        throw Problem(ProblemType::malformed,
                      "this resource is read by POST-as-GET, with an empty payload");
}

base::Task<JwsGate::FromAccount> JwsGate::from_account(const http::Request& request) {
    auto opened = co_await open(request);
    co_return co_await as_account(std::move(opened));
}

base::Task<JwsGate::FromKey> JwsGate::from_key(const http::Request& request) {
    auto opened = co_await open(request);
    co_return co_await as_key(std::move(opened));
}

base::Task<JwsGate::FromEither> JwsGate::from_either(const http::Request& request) {
    auto opened = co_await open(request);
    FromEither result;
    if (opened.jws.jwk())
        result.key = co_await as_key(std::move(opened));
    else
        result.account = co_await as_account(std::move(opened));
    co_return result;
}

base::Task<JwsGate::Opened> JwsGate::open(const http::Request& request) {
    if (!is_jose_json(request.field("Content-Type")))
        throw Problem(ProblemType::malformed, "the Content-Type must be application/jose+json",
                      415);
    auto jws = Jws::from_json(base::bytes_of(request.body), Jws::Nonce::required);
    if (!jws) throw std::move(jws.error());
    if (!links_.is_url_of(jws->url(), request.target))
        throw Problem(ProblemType::unauthorized, "the url in the protected header is \"" +
                                                     base::printable(jws->url()) +
                                                     "\"; the request was sent to another");
    const auto account = jws->kid() ? links_.account_from(*jws->kid()) : std::nullopt;
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    auto check = checks_.begin(jws->nonce(), account, executor);
    if (check.is_refused()) throw bad_nonce();
    co_return Opened{std::move(*jws), std::move(check), context_of(request, clock_.now())};
}

Problem JwsGate::bad_nonce() {
    observer_.nonce_redeemed(RequestObserver::Nonce::refused);
    return {ProblemType::bad_nonce,
            "the nonce is not known here or was used before; use the one in this response"};
}

base::Task<std::optional<ca::Account>> JwsGate::require_nonce(ca::RequestChecks::Pending check) {
    auto outcome = co_await std::move(check).outcome();
    if (!outcome.nonce_is_good) throw bad_nonce();
    observer_.nonce_redeemed(RequestObserver::Nonce::redeemed);
    co_return std::move(outcome.account);
}

base::Task<JwsGate::FromAccount> JwsGate::as_account(Opened opened) {
    const auto& jws = opened.jws;
    auto account = co_await require_nonce(std::move(opened.check));
    if (!jws.kid())
        throw Problem(ProblemType::malformed,
                      "this resource wants the account's URL as kid, no jwk");
    if (!links_.is_under_accounts(*jws.kid()))
        throw Problem(ProblemType::malformed, "the kid is not an account URL of this CA");
    if (!account)
        throw Problem(ProblemType::account_does_not_exist, "the kid names no account of this CA");
    if (!jws.is_signed_by(account->key.public_key()))
        throw Problem(ProblemType::malformed,
                      "the signature does not verify under the key of the account");
    if (account->deactivated)
        throw Problem(ProblemType::unauthorized, "the account is deactivated", 401);
    co_return FromAccount{std::move(*account), base::copy_of(jws.payload()), jws.url(),
                          std::move(opened.context)};
}

base::Task<JwsGate::FromKey> JwsGate::as_key(Opened opened) {
    const auto& jws = opened.jws;
    co_await require_nonce(std::move(opened.check));
    if (!jws.jwk())
        throw Problem(ProblemType::malformed, "this resource wants the key as jwk, no kid");
    if (auto refusal = ca::account_key_refusal(jws.jwk()->public_key()))
        throw Problem(ProblemType::bad_public_key, "the key is refused: " + *refusal);
    if (!jws.is_signed_by(jws.jwk()->public_key()))
        throw Problem(ProblemType::malformed, "the signature does not verify under the jwk");
    co_return FromKey{*jws.jwk(), base::copy_of(jws.payload()), jws.url(),
                      std::move(opened.context)};
}

}  // namespace cairn::api
