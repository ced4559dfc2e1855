#include "api/jws_gate.h"

#include <boost/asio/this_coro.hpp>

#include "ca/policy.h"
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

}  // namespace

JwsGate::JwsGate(const Links& links, ca::Nonces& nonces, ca::AccountStore& accounts,
                 RequestObserver& observer)
    : links_(links), nonces_(nonces), accounts_(accounts), observer_(observer) {}

void JwsGate::FromAccount::require_post_as_get() const {
    if (!is_post_as_get())
        throw Problem(ProblemType::malformed,
                      "this resource is read by POST-as-GET, with an empty payload");
}

base::Task<JwsGate::FromAccount> JwsGate::from_account(const net::HttpRequest& request) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    auto opened = open(request, executor);
    if (!opened.jws.kid()) {
        co_await require(std::move(opened.nonce));
        throw Problem(ProblemType::malformed,
                      "this resource wants the account's URL as kid, no jwk");
    }
    co_return co_await as_account(std::move(opened));
}

base::Task<JwsGate::FromKey> JwsGate::from_key(const net::HttpRequest& request) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    auto opened = open(request, executor);
    if (!opened.jws.jwk()) {
        co_await require(std::move(opened.nonce));
        throw Problem(ProblemType::malformed, "this resource wants the key as jwk, no kid");
    }
    co_return co_await as_key(std::move(opened));
}

base::Task<JwsGate::FromEither> JwsGate::from_either(const net::HttpRequest& request) {
    const base::Executor executor = co_await boost::asio::this_coro::executor;
    auto opened = open(request, executor);
    FromEither result;
    if (opened.jws.jwk())
        result.key = co_await as_key(std::move(opened));
    else
        result.account = co_await as_account(std::move(opened));
    co_return result;
}

JwsGate::Opened JwsGate::open(const net::HttpRequest& request, const base::Executor& executor) {
    if (!is_jose_json(request.field("Content-Type")))
        throw Problem(ProblemType::malformed, "the Content-Type must be application/jose+json",
                      415);
    auto jws = Jws::from_json(base::bytes_of(request.body), Jws::Nonce::required);
    if (!jws) throw std::move(jws.error());
    if (!links_.is_url_of(jws->url(), request.target))
        throw Problem(ProblemType::unauthorized, "the url in the protected header is \"" +
                                                     base::printable(jws->url()) +
                                                     "\"; the request was sent to another");
    auto nonce = nonces_.redeem(jws->nonce(), executor);
    return {std::move(*jws), std::move(nonce)};
}

base::Task<void> JwsGate::require(ca::Nonces::Redemption nonce) {
    const bool is_good = co_await std::move(nonce).outcome();
    using Nonce = RequestObserver::Nonce;
    observer_.nonce_redeemed(is_good ? Nonce::redeemed : Nonce::refused);
    if (!is_good)
        throw Problem(
            ProblemType::bad_nonce,
            "the nonce is not known here or was used before; use the one in this response");
}

base::Task<JwsGate::FromAccount> JwsGate::as_account(Opened opened) {
    const auto& jws = opened.jws;
    const auto id = links_.account_from(*jws.kid());
    // The store looks for the account while it redeems the nonce; a bad nonce goes first.
    std::optional<ca::Account> account;
    if (id) account = co_await accounts_.find_account(*id);
    co_await require(std::move(opened.nonce));
    if (!id) throw Problem(ProblemType::malformed, "the kid is not an account URL of this CA");
    if (!account)
        throw Problem(ProblemType::account_does_not_exist, "the kid names no account of this CA");
    if (!jws.is_signed_by(account->key.public_key()))
        throw Problem(ProblemType::malformed,
                      "the signature does not verify under the key of the account");
    if (account->deactivated)
        throw Problem(ProblemType::unauthorized, "the account is deactivated", 401);
    co_return FromAccount{std::move(*account), base::copy_of(jws.payload()), jws.url()};
}

base::Task<JwsGate::FromKey> JwsGate::as_key(Opened opened) {
    const auto& jws = opened.jws;
    co_await require(std::move(opened.nonce));
    if (auto refusal = ca::account_key_refusal(jws.jwk()->public_key()))
        throw Problem(ProblemType::bad_public_key, "the key is refused: " + *refusal);
    if (!jws.is_signed_by(jws.jwk()->public_key()))
        throw Problem(ProblemType::malformed, "the signature does not verify under the jwk");
    co_return FromKey{*jws.jwk(), base::copy_of(jws.payload()), jws.url()};
}

}  // namespace cairn::api
