#include "ca/work/ordering.h"

#include <algorithm>
#include <set>

#include <gmock/gmock.h>

#include "ca/testing/bench.h"

namespace cairn::ca::testing::ordering_test {
namespace {

using enum protocol::ProblemType;
using protocol::AuthorizationStatus;
using protocol::OrderStatus;

class OrderingTest : public Bench {
  protected:
    base::Task<OrderView> place(protocol::NewOrderRequest request) {
        return ordering().place(account, std::move(request), just_now());
    }
    base::Task<OrderView> place(const std::vector<std::string>& names) {
        return place(for_names(names));
    }
    /// The way of a request that reads an order, or gives an authorization up.
    base::Task<OrderView> read(AccountId reader, OrderId id) {
        auto found = co_await ordering().find(id);
        co_return Ordering::require_own(std::move(found), reader);
    }
    base::Task<Authorization> read(AccountId reader, AuthorizationId id) {
        auto found = co_await ordering().find_authorization(id);
        co_return Ordering::require_own(std::move(found), reader);
    }

    Account account = stored_account();
};

TEST_F(OrderingTest, PlacesAnOrderWithAnAuthorizationForEachName) {
    auto request = for_names({"b.example.org", "*.a.example.org"});
    request.not_after = start_time + 240h;
    const auto view = await(place(request));
    EXPECT_EQ(view.status(), OrderStatus::pending);
    EXPECT_EQ(view.order.account, account.id);
    EXPECT_EQ(view.order.profile, "default");
    EXPECT_EQ(view.order.expires, start_time + 7 * 24h);
    EXPECT_EQ(view.order.not_after, request.not_after);
    ASSERT_EQ(view.proofs.size(), 2U);
    using enum protocol::ChallengeType;
    EXPECT_EQ(view.proofs[0].offered, (std::vector{http_01, dns_01, tls_alpn_01}));
    EXPECT_EQ(view.proofs[1].offered, std::vector{dns_01});
    EXPECT_NE(view.proofs[0].token, view.proofs[1].token);

    const auto kept = found(view.order.id);
    EXPECT_EQ(kept.order.identifiers, request.identifiers);
    for (std::size_t i = 0; i < 2; ++i) {
        EXPECT_EQ(kept.proofs[i].id, view.proofs[i].id);
        EXPECT_EQ(kept.proofs[i].identifier, request.identifiers[i]);
        EXPECT_EQ(kept.proofs[i].expires, start_time + 7 * 24h);
    }
}

TEST_F(OrderingTest, StandsOnWhatIsProvedAlready) {
    const auto first = ready(account.id, {"a.example.org"});
    const auto second = await(place({"b.example.org", "a.example.org"}));
    EXPECT_EQ(second.order.authorizations[1], first.proofs[0].id);
    EXPECT_EQ(second.proofs[1].status(start_time), AuthorizationStatus::valid);
    EXPECT_EQ(second.proofs[0].status(start_time), AuthorizationStatus::pending);
    EXPECT_EQ(found(second.order.id).order.authorizations, second.order.authorizations);
}

// Check 79.
TEST_F(OrderingTest, StandsOnNothingThatSoonLapses) {
    const auto first = placed(account.id);
    prove(first.proofs[0], 1h);
    EXPECT_NE(await(place({"www.example.org"})).proofs[0].id, first.proofs[0].id);
    const auto third = placed(account.id);
    prove(third.proofs[0], 1h + 1s);
    EXPECT_EQ(await(place({"www.example.org"})).proofs[0].id, third.proofs[0].id);
}

// Check 79.
TEST_F(OrderingTest, StandsOnNothingOfAnotherAccount) {
    const auto other = ready(stored_account().id);
    EXPECT_NE(await(place({"www.example.org"})).proofs[0].id, other.proofs[0].id);
}

TEST_F(OrderingTest, PlacesOneOrderForTheSameAskedTwentyTimesAtOnce) {
    auto& gate = script->gate(StoreCall::create_order);
    gate.close();
    std::vector<std::future<OrderView>> started;
    for (int i = 0; i < 20; ++i) started.push_back(loop.start(place({"www.example.org"})));
    ASSERT_TRUE(eventually([&] { return gate.waiting() == 20; }));
    gate.open();
    std::set<OrderId> orders;
    for (auto& each : started) orders.insert(EventLoop::result(std::move(each)).order.id);
    EXPECT_EQ(orders.size(), 1U);
    EXPECT_EQ(facts->orders.size(), 1U);
    EXPECT_EQ(facts->authorizations.size(), 1U);
}

TEST_F(OrderingTest, GivesOutAnOpenOrderAgainUntilItIsFinalizedOrLost) {
    const auto first = placed(account.id);
    const auto again = await(place({"www.example.org"}));
    EXPECT_EQ(again.order.id, first.order.id);
    EXPECT_EQ(again.proofs.at(0).id, first.proofs[0].id);
    prove(first.proofs[0]);
    EXPECT_EQ(await(place({"www.example.org"})).status(), OrderStatus::ready);

    (void)await(ordering().deactivate(found(first.proofs[0].id)));
    const auto second = await(place({"www.example.org"}));
    EXPECT_NE(second.order.id, first.order.id);
    EXPECT_EQ(await(place({"www.example.org"})).order.id, second.order.id);

    clock.advance(7 * 24h - 59min);
    const auto third = await(place({"www.example.org"}));
    EXPECT_NE(third.order.id, second.order.id) << "there is too little time left";
    const auto finalized =
        await(issuance().finalize(ready(account.id), csr_for(), just_now(), 10s));
    EXPECT_EQ(finalized.order.id, third.order.id);
    EXPECT_EQ(finalized.status(), OrderStatus::valid);
    EXPECT_NE(await(place({"www.example.org"})).order.id, third.order.id);
}

TEST_F(OrderingTest, GivesAnOrderToNobodyElseAndForNothingElse) {
    const auto first = placed(account.id);
    EXPECT_NE(placed(stored_account().id).order.id, first.order.id);
    EXPECT_NE(placed(account.id, {"www.example.org", "a.example.org"}).order.id, first.order.id);
    auto dated = for_names({"www.example.org"});
    dated.not_after = start_time + 240h;
    EXPECT_NE(await(place(dated)).order.id, first.order.id);
    EXPECT_EQ(placed(account.id).order.id, first.order.id);
}

TEST_F(OrderingTest, PlacesAnOrderThatStandsOnMoreThanTheOpenOne) {
    const auto both = std::vector<std::string>{"a.example.org", "b.example.org"};
    const auto first = placed(account.id, both);
    (void)ready(account.id, {"a.example.org"});
    const auto second = await(place(both));
    EXPECT_NE(second.order.id, first.order.id);
    EXPECT_EQ(second.proofs[0].status(clock.now()), AuthorizationStatus::valid);
    EXPECT_EQ(await(place(both)).order.id, second.order.id);
}

TEST_F(OrderingTest, PlacesAnOrderBesideOneThatHasExpired) {
    const auto first = placed(account.id);
    for (auto& [id, kept] : facts->orders) kept.order.expires = start_time;
    const auto second = await(place({"www.example.org"}));
    EXPECT_NE(second.order.id, first.order.id);
    EXPECT_EQ(facts->orders.size(), 2U);
}

TEST_F(OrderingTest, PlacesTwoOrdersAtOnceApart) {
    auto& gate = script->gate(StoreCall::create_order);
    gate.close();
    auto first = loop.start(place({"www.example.org"}));
    auto second = loop.start(place({"www.example.org", "a.example.org"}));
    ASSERT_TRUE(eventually([&] { return gate.waiting() == 2; }));
    gate.open();
    const auto one = EventLoop::result(std::move(first));
    const auto other = EventLoop::result(std::move(second));
    EXPECT_NE(one.order.id, other.order.id);
    EXPECT_NE(one.proofs[0].id, other.proofs[0].id);
}

TEST_F(OrderingTest, RefusesWhatNoOrderCanBe) {
    const auto many = [] {
        std::vector<std::string> names;
        for (int i = 0; i < 101; ++i) names.push_back("n" + std::to_string(i) + ".example.org");
        return for_names(names);
    }();
    auto other_profile = for_names({"www.example.org"});
    other_profile.profile = "long\nlived";
    auto begins_late = for_names({"www.example.org"});
    begins_late.not_before = start_time + 49h;
    auto is_over = for_names({"www.example.org"});
    is_over.not_after = start_time;
    const std::vector<std::pair<protocol::NewOrderRequest, Refused>> cases{
        {other_profile, {invalid_profile, 400, "profile \"long?lived\" is not offered"}},
        {many, {malformed, 400, "the order has 101 identifiers; profile \"default\" allows 100"}},
        {for_names({"host.local"}),
         {rejected_identifier, 400,
          "host.local: the name does not exist in the public DNS (the operator can allow its "
          "suffix, or internal names)"}},
        {begins_late, {malformed, 400, "notBefore is more than 48 hours away from now"}},
        {is_over, {malformed, 400, "notAfter is not after notBefore and now"}}};
    for (const auto& [request, refused] : cases) EXPECT_EQ(refusal(place(request)), refused);
    EXPECT_TRUE(facts->orders.empty());
}

TEST_F(OrderingTest, TellsNobodyOfWhatIsSomebodyElses) {
    const auto stranger = stored_account().id;
    const auto view = placed(account.id);
    const Refused no_order{malformed, 404, "no such order"};
    const Refused no_authorization{malformed, 404, "no such authorization"};
    EXPECT_EQ(await(read(account.id, view.order.id)).order.id, view.order.id);
    EXPECT_EQ(refusal(read(stranger, view.order.id)), no_order);
    EXPECT_EQ(refusal(read(account.id, OrderId::fresh(start_time, random))), no_order);
    const auto proof = view.proofs[0].id;
    EXPECT_EQ(await(read(account.id, proof)).id, proof);
    EXPECT_EQ(refusal(read(stranger, proof)), no_authorization);
    EXPECT_EQ(refusal(read(account.id, AuthorizationId::fresh(start_time, random))),
              no_authorization);

    script->fail(StoreCall::find_order_and_proofs, StoreScript::Moment::before,
                 StoreUnavailable("not to be asked"));
    EXPECT_FALSE(await(ordering().find(OrderId::from_text("no id"))));
    EXPECT_FALSE(await(ordering().find_authorization(AuthorizationId::from_text("no id"))));
}

TEST_F(OrderingTest, GivesUpWhatIsPendingOrValid) {
    const auto pending = placed(account.id);
    EXPECT_EQ(await(ordering().deactivate(pending.proofs[0])).status(start_time),
              AuthorizationStatus::deactivated);
    EXPECT_EQ(found(pending.order.id).status(), OrderStatus::invalid);
    const auto valid = ready(account.id);
    EXPECT_EQ(await(ordering().deactivate(valid.proofs[0])).deactivated, start_time);
    EXPECT_EQ(found(valid.proofs[0].id).deactivated, start_time);
}

TEST_F(OrderingTest, GivesUpNothingElse) {
    const Refused refused{malformed, 400,
                          "only a pending or valid authorization that is not being validated can "
                          "be deactivated"};
    const auto processing = placed(account.id).proofs[0];
    ASSERT_TRUE(await(repository.begin_validation(
        processing.id, {.method = protocol::ChallengeType::http_01, .started = start_time})));
    EXPECT_EQ(refusal(ordering().deactivate(processing)), refused);
    const auto twice = placed(account.id, {"a.example.org"}).proofs[0];
    (void)await(ordering().deactivate(twice));
    EXPECT_EQ(refusal(ordering().deactivate(twice)), refused);
}

TEST_F(OrderingTest, ListsOrdersPageByPage) {
    std::vector<OrderId> ids;
    for (std::size_t i = 0; i < Ordering::page_size + 2; ++i) {
        ids.push_back(placed(account.id, {"n" + std::to_string(i) + ".example.org"}).order.id);
        clock.advance(1s);
    }
    (void)placed(stored_account().id);
    std::ranges::reverse(ids);
    const auto first = await(ordering().list(account.id, std::nullopt));
    EXPECT_EQ(first.orders, std::vector(ids.begin(), ids.end() - 2));
    ASSERT_EQ(first.next, ids[Ordering::page_size - 1]);
    const auto second = await(ordering().list(account.id, first.next));
    EXPECT_EQ(second.orders, std::vector(ids.end() - 2, ids.end()));
    EXPECT_FALSE(second.next);
}

// --- what the operator lets clients prove control with

TEST_F(OrderingTest, OffersWhatTheOperatorChose) {
    using enum protocol::ChallengeType;
    challenge_choices.types = {http_01, dns_account_01, dns_persist_01};
    restart();
    EXPECT_EQ(await(place({"a.example.org"})).proofs[0].offered,
              (std::vector{http_01, dns_account_01, dns_persist_01}));
    EXPECT_EQ(await(place({"*.example.org"})).proofs[0].offered,
              (std::vector{dns_account_01, dns_persist_01}));
    challenge_choices.types = {http_01};
    restart();
    EXPECT_EQ(refusal(place({"a.example.org", "*.example.org"})),
              (Refused{rejected_identifier, 400,
                       "none of the challenges that this CA offers can prove control of "
                       "*.example.org"}));
}

// --- names above (RFC 9444)

class SubdomainsTest : public OrderingTest {
  protected:
    SubdomainsTest() {
        challenge_choices.subdomains = true;
        restart();
    }
    static protocol::NewOrderRequest below(const std::vector<std::string>& names,
                                           const std::string& ancestor) {
        auto request = for_names(names);
        for (const auto& identifier : request.identifiers)
            request.ancestors.emplace(identifier, protocol::DnsName::from_text(ancestor).value());
        return request;
    }
    static protocol::NewAuthorizationRequest in_advance(const std::string& name,
                                                        bool subdomains = false) {
        return {protocol::Identifier::dns(name).value(), subdomains};
    }
    base::Task<Authorization> preauthorize(protocol::NewAuthorizationRequest request) {
        return ordering().preauthorize(account, std::move(request), just_now());
    }
};

TEST_F(SubdomainsTest, ProvesNamesByOneAuthorizationAboveThem) {
    using enum protocol::ChallengeType;
    auto request = below({"a.example.org", "*.b.example.org"}, "example.org");
    request.identifiers.push_back(protocol::Identifier::dns("example.org").value());
    request.identifiers.push_back(protocol::Identifier::dns("example.net").value());
    const auto view = await(place(request));
    ASSERT_EQ(view.proofs.size(), 4U);
    EXPECT_EQ(view.proofs[0].identifier.value(), "example.org");
    EXPECT_TRUE(view.proofs[0].for_subdomains);
    EXPECT_EQ(view.proofs[0].offered, std::vector{dns_01});
    EXPECT_EQ(view.proofs[1].id, view.proofs[0].id);
    EXPECT_EQ(view.proofs[2].id, view.proofs[0].id) << "the ancestor itself is ordered, too";
    EXPECT_FALSE(view.proofs[3].for_subdomains);
    prove(view.proofs[0]);
    EXPECT_EQ(found(view.order.id).status(), OrderStatus::pending);
    prove(view.proofs[3]);
    EXPECT_EQ(found(view.order.id).status(), OrderStatus::ready);

    // Later orders stand on it, whether or not they name it.
    for (const auto& later : {below({"c.example.org"}, "example.org"),
                              for_names({"d.e.example.org", "*.example.org"})}) {
        const auto next = await(place(later));
        EXPECT_EQ(next.status(), OrderStatus::ready);
        EXPECT_EQ(next.proofs[0].id, view.proofs[0].id);
    }
    EXPECT_EQ(await(place({"badexample.org"})).status(), OrderStatus::pending);
    const auto stranger = stored_account();
    EXPECT_EQ(placed(stranger.id, {"a.example.org"}).status(), OrderStatus::pending);
}

TEST_F(SubdomainsTest, StandsOnNoNameAboveOnceTheOperatorSaysSo) {
    const auto view = await(place(below({"a.example.org"}, "example.org")));
    prove(view.proofs[0]);
    challenge_choices.subdomains = false;
    restart();
    const auto next = await(place(below({"b.example.org"}, "example.org")));
    EXPECT_EQ(next.proofs[0].identifier.value(), "b.example.org");
    EXPECT_FALSE(next.proofs[0].for_subdomains);
    EXPECT_EQ(next.status(), OrderStatus::pending);
}

TEST_F(SubdomainsTest, RefusesAnAncestorForWhichNothingIsIssued) {
    const auto refused = refusal(place(below({"a.example.org"}, "org")));
    EXPECT_EQ(refused.type, rejected_identifier);
    EXPECT_THAT(refused.detail, ::testing::StartsWith("org: "));
}

TEST_F(SubdomainsTest, AuthorizesInAdvance) {
    const auto first = await(preauthorize(in_advance("example.org")));
    EXPECT_EQ(found(first.id).status(clock.now()), AuthorizationStatus::pending);
    EXPECT_EQ(first.profile, "default");
    prove(first);
    EXPECT_EQ(await(preauthorize(in_advance("example.org"))).id, first.id);
    EXPECT_EQ(await(place({"example.org"})).status(), OrderStatus::ready);
    EXPECT_EQ(await(place({"a.example.org"})).status(), OrderStatus::pending);

    const auto broad = await(preauthorize(in_advance("example.org", true)));
    EXPECT_NE(broad.id, first.id);
    EXPECT_TRUE(broad.for_subdomains);
    prove(broad);
    EXPECT_EQ(await(place({"b.example.org"})).status(), OrderStatus::ready);
}

// Check 82.
TEST_F(SubdomainsTest, ForbidsToAuthorizeWhatIsNotIssuedFor) {  // RFC 8555 section 7.4.1
    const auto refused = refusal(preauthorize(in_advance("org")));
    EXPECT_EQ(refused.type, rejected_identifier);
    EXPECT_EQ(refused.status, 403);
    challenge_choices.types = {protocol::ChallengeType::http_01};
    restart();
    const auto unprovable = refusal(preauthorize(in_advance("example.org", true)));
    EXPECT_EQ(unprovable.type, rejected_identifier);
    EXPECT_EQ(unprovable.status, 403);
    challenge_choices.subdomains = false;
    restart();
    EXPECT_EQ(
        refusal(preauthorize(in_advance("example.org", true))),
        (Refused{unauthorized, 403, "this CA gives no authorizations for subdomains (RFC 9444)"}));
}

TEST_F(SubdomainsTest, BoundsWhatIsPendingInAdvance) {
    challenge_choices.pending_preauthorizations = 1;
    restart();
    const auto first = await(preauthorize(in_advance("a.example.org")));
    const auto refused = refusal(preauthorize(in_advance("b.example.org")));
    EXPECT_EQ(refused.type, rate_limited);
    EXPECT_EQ(refused.status, 429);
    prove(first);
    EXPECT_EQ(await(preauthorize(in_advance("b.example.org"))).status(clock.now()),
              AuthorizationStatus::pending);
}

}  // namespace
}  // namespace cairn::ca::testing::ordering_test
