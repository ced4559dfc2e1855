#include "api/jws_gate.h"

#include "api/testing/api_bench.h"

namespace cairn::api::testing::jws_gate_test {
namespace {

using enum protocol::ProblemType;

const std::string url = site + "/acme/new-order";

// Counts nonces.
struct NonceTally final : RequestObserver {
    void nonce_redeemed(Nonce outcome) override {
        ++(outcome == Nonce::redeemed ? redeemed : refused);
    }
    int redeemed = 0, refused = 0;
};

// Checks whose answer comes later, as that of a store elsewhere does.
class LateChecks final : public ca::RequestChecks {
  public:
    explicit LateChecks(std::function<ca::RequestCheck()> answer) : answer_(std::move(answer)) {}
    Pending begin(std::string_view, std::optional<ca::AccountId>, const base::Executor&) override {
        return Pending(later());
    }

  private:
    base::Task<ca::RequestCheck> later() { co_return answer_(); }
    std::function<ca::RequestCheck()> answer_;
};

class JwsGateTest : public ApiBench {
  protected:
    /// A request with one thing changed.
    template <class Change>
    http::Request changed(const Client& sender, Change change) {
        auto made = request(sender, url, "{}");
        change(made);
        return made;
    }
    base::Task<JwsGate::FromAccount> from_account(http::Request made) {
        co_return co_await gate.from_account(made);
    }
    base::Task<JwsGate::FromKey> from_key(http::Request made) {
        co_return co_await gate.from_key(made);
    }

    NonceTally observer;
    JwsGate gate{links, checks, clock, observer};
    const Client account = client();
    const Refused bad_nonce_refusal{
        bad_nonce, 400,
        "the nonce is not known here or was used before; use the one in this response"};
};

TEST_F(JwsGateTest, AdmitsWhatAnAccountSigned) {
    const auto admitted = await(from_account(request(account, url, "{}")));
    EXPECT_EQ(admitted.account.id, account.account);
    EXPECT_EQ(base::text_of(admitted.payload), "{}");
    EXPECT_EQ(admitted.url, url);
    EXPECT_FALSE(admitted.is_post_as_get());
    EXPECT_EQ(observer.redeemed, 1);
    EXPECT_TRUE(await(from_account(request(account, url, ""))).is_post_as_get());
}

TEST_F(JwsGateTest, TellsWhichRequestItWas) {
    clock.advance(5s);
    auto made = request(account, url, "{}");
    made.remote_address = "2001:db8::1";
    const auto received = made.received;
    const auto context = await(from_account(std::move(made))).context;
    EXPECT_EQ(context.request, "r1");
    EXPECT_EQ(context.received, received);
    EXPECT_EQ(context.time, start_time + 5s);
    EXPECT_EQ(context.client, base::IpAddress::from_text("2001:db8::1").value());

    auto nowhere = request(account, url, "{}");
    nowhere.remote_address = "";
    EXPECT_FALSE(await(from_account(std::move(nowhere))).context.client);
}

TEST_F(JwsGateTest, AdmitsWhatAKeySigned) {
    const auto sender = stranger();
    const auto admitted = await(from_key(request(sender, url, "{}")));
    EXPECT_EQ(admitted.key.public_key(), sender.key.public_key());
    EXPECT_EQ(base::text_of(admitted.payload), "{}");
}

TEST_F(JwsGateTest, AdmitsOneOrTheOther) {
    const auto either = [&](const Client& sender) -> base::Task<JwsGate::FromEither> {
        const auto made = request(sender, url, "{}");
        co_return co_await gate.from_either(made);
    };
    const auto by_account = await(either(account));
    EXPECT_EQ(by_account.account.value().account.id, account.account);
    EXPECT_FALSE(by_account.key);
    const auto sender = stranger();
    const auto by_key = await(either(sender));
    EXPECT_EQ(by_key.key.value().key.public_key(), sender.key.public_key());
    EXPECT_FALSE(by_key.account);
}

TEST_F(JwsGateTest, TakesItsMediaTypeInEverySpelling) {
    for (const char* type : {"application/jose+json", "Application/JOSE+json",
                             "application/jose+json ; charset=utf-8"}) {
        const auto made =
            changed(account, [&](http::Request& sent) { sent.fields[1].second = type; });
        EXPECT_EQ(await(from_account(made)).account.id, account.account) << type;
    }
    for (const char* type : {"", "application/json", "application/jose", "text/jose+json"}) {
        const auto made =
            changed(account, [&](http::Request& sent) { sent.fields[1].second = type; });
        EXPECT_EQ(refusal(from_account(made)),
                  (Refused{malformed, 415, "the Content-Type must be application/jose+json"}))
            << type;
    }
}

TEST_F(JwsGateTest, RefusesWhatIsNoJws) {
    const auto made = changed(account, [](http::Request& sent) { sent.body = "[]"; });
    EXPECT_EQ(refusal(from_account(made)).type, malformed);
    const auto without_nonce = changed(account, [&](http::Request& sent) {
        sent.body =
            protocol::make_jws(account.key, {.url = url, .nonce = {}, .kid = account.kid}, "{}");
    });
    EXPECT_EQ(refusal(from_account(without_nonce)),
              (Refused{bad_nonce, 400, "the JWS holds no nonce"}));
}

TEST_F(JwsGateTest, RefusesTheUrlOfAnotherRequest) {
    const auto made =
        changed(account, [](http::Request& sent) { sent.target = "/acme/key-change"; });
    EXPECT_EQ(refusal(from_account(made)), (Refused{unauthorized, 403,
                                                    "the url in the protected header is \"" + url +
                                                        "\"; the request was sent to another"}));
    // The nonce stays good: the request was not for this resource.
    EXPECT_EQ(observer.redeemed + observer.refused, 0);
}

TEST_F(JwsGateTest, RefusesANonceThatWasUsedBefore) {
    const auto made = request(account, url, "{}");
    (void)await(from_account(made));
    EXPECT_EQ(refusal(from_account(made)), bad_nonce_refusal);
    EXPECT_EQ(observer.refused, 1);
}

// Check 17.
TEST_F(JwsGateTest, AdmitsOneOfTwoRequestsWithTheSameNonceAtOnce) {
    const auto made = request(account, url, "{}");
    auto& held = script->gate(StoreCall::find_account);
    held.close();
    auto first = loop.start(from_account(made));
    ASSERT_TRUE(held.is_reached());
    EXPECT_EQ(refusal(from_account(made)), bad_nonce_refusal);
    held.open();
    EXPECT_EQ(EventLoop::result(std::move(first)).account.id, account.account);
}

TEST_F(JwsGateTest, RefusesANonceThatTheStoreRefuses) {
    LateChecks late([] { return ca::RequestCheck{}; });
    JwsGate late_gate{links, late, clock, observer};
    const auto made = request(account, url, "{}");
    EXPECT_EQ(refusal(late_gate.from_account(made)), bad_nonce_refusal);
    EXPECT_EQ(observer.refused, 1);
}

TEST_F(JwsGateTest, SaysThatTheStoreIsAway) {
    LateChecks late([]() -> ca::RequestCheck { throw ca::StoreUnavailable("gone"); });
    JwsGate late_gate{links, late, clock, observer};
    const auto made = request(account, url, "{}");
    EXPECT_THROW(await(late_gate.from_account(made)), ca::StoreUnavailable);
}

TEST_F(JwsGateTest, RefusesWhoeverIsNotTheAccountThatIsNamed) {
    const auto named = [&](std::string kid) {
        return refusal(from_account(request({account.key, std::move(kid)}, url, "{}")));
    };
    const Refused no_account{account_does_not_exist, 400, "the kid names no account of this CA"};
    EXPECT_EQ(named(links.account(ca::AccountId::fresh(start_time, random))), no_account);
    EXPECT_EQ(named(site + "/acme/account/x"), no_account);
    const Refused elsewhere{malformed, 400, "the kid is not an account URL of this CA"};
    EXPECT_EQ(named(site + "/acme/order/x"), elsewhere);
    EXPECT_EQ(named("https://other.example" + account.kid.substr(site.size())), elsewhere);
    EXPECT_EQ(refusal(from_account(request({account.key, {}}, url, "{}"))),
              (Refused{malformed, 400, "this resource wants the account's URL as kid, no jwk"}));
    EXPECT_EQ(
        refusal(from_account(request({new_key(), account.kid}, url, "{}"))),
        (Refused{malformed, 400, "the signature does not verify under the key of the account"}));
}

TEST_F(JwsGateTest, RefusesADeactivatedAccount) {
    (void)await(repository.deactivate_account(*account.account, clock.now()));
    EXPECT_EQ(refusal(from_account(request(account, url, "{}"))),
              (Refused{unauthorized, 401, "the account is deactivated"}));
    // Who does not have its key does not learn that.
    EXPECT_EQ(refusal(from_account(request({new_key(), account.kid}, url, "{}"))).type, malformed);
}

TEST_F(JwsGateTest, RefusesKeysThatDidNotSign) {
    EXPECT_EQ(refusal(from_key(request(account, url, "{}"))),
              (Refused{malformed, 400, "this resource wants the key as jwk, no kid"}));
    const auto forged = changed(stranger(), [](http::Request& sent) {
        const std::string payload = R"("payload":"e30")";
        const auto at = sent.body.find(payload);
        ASSERT_NE(at, std::string::npos) << sent.body;
        sent.body.replace(at, payload.size(), R"("payload":"W10")");
    });
    EXPECT_EQ(refusal(from_key(forged)),
              (Refused{malformed, 400, "the signature does not verify under the jwk"}));
}

TEST_F(JwsGateTest, ReadsMeanwhileWhatTheRequestIsAbout) {
    bool was_read = false;
    const auto reading = [&]() -> base::Task<int> {
        was_read = true;
        co_return 7;
    };
    const auto both = [&](http::Request made) -> base::Task<int> {
        const auto [admitted, read] = co_await gate.from_account(made, reading());
        EXPECT_EQ(admitted.account.id, account.account);
        co_return read;
    };
    const auto made = request(account, url, "");
    EXPECT_EQ(await(both(made)), 7);
    was_read = false;
    EXPECT_EQ(refusal(both(made)), bad_nonce_refusal);
    EXPECT_FALSE(was_read) << "what is known to be refused costs no reading";
    EXPECT_EQ(refusal(both(request({new_key(), account.kid}, url, ""))).type, malformed)
        << "what was read is shown to nobody";
}

}  // namespace
}  // namespace cairn::api::testing::jws_gate_test
