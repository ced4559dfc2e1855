#include "api/order_api.h"

#include "api/testing/api_bench.h"
#include "pki/certificate.h"
#include "pki/renewal_identifier.h"
#include "protocol/authorization.h"
#include "protocol/order.h"

namespace cairn::api::testing::order_api_test {
namespace {

using enum protocol::ProblemType;
using protocol::OrderObject;
using protocol::OrderStatus;

const std::string new_order = site + "/acme/new-order";

class OrderApiTest : public ApiBench {
  protected:
    http::Response place(std::string_view payload) { return post(sender, new_order, payload); }

    const Client sender = client();
};

TEST_F(OrderApiTest, PlacesAnOrder) {
    const auto response = place(R"({"identifiers":[{"type":"dns","value":"www.example.org"}]})");
    EXPECT_EQ(response.status, 201);
    const auto order = object<OrderObject>(response);
    EXPECT_EQ(order.status, OrderStatus::pending);
    EXPECT_EQ(order.expires, start_time + 7 * 24h);
    EXPECT_EQ(order.profile, "default");
    ASSERT_EQ(order.authorizations.size(), 1U);
    const auto url = field(response, "Location");
    EXPECT_EQ(order.finalize, url + "/finalize");
    EXPECT_TRUE(order.certificate.empty());
    EXPECT_EQ(read(sender, url).body, response.body);
    EXPECT_EQ(read(sender, order.authorizations[0]).status, 200);
}

TEST_F(OrderApiTest, AnswersTheSameRequestWithTheSameOrder) {
    const auto* wanted = R"({"identifiers":[{"type":"dns","value":"www.example.org"}]})";
    const auto first = place(wanted);
    const auto again = place(wanted);
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(field(again, "Location"), field(first, "Location"));
    EXPECT_EQ(again.body, first.body);
}

TEST_F(OrderApiTest, ShowsWhatAnOrderReplaces) {
    const auto former = issued(*sender.account);
    const auto name =
        pki::RenewalIdentifier::of(pki::Certificate::from_der(former.der).value())->to_text();
    const auto response = place(
        R"({"identifiers":[{"type":"dns","value":"www.example.org"}],"replaces":")" + name + "\"}");
    EXPECT_EQ(response.status, 201);
    EXPECT_EQ(object<OrderObject>(response).replaces, name);
    EXPECT_EQ(object<OrderObject>(read(sender, field(response, "Location"))).replaces, name);
    EXPECT_EQ(refused(place(R"({"identifiers":[{"type":"dns","value":"a.example.org"},)"
                            R"({"type":"dns","value":"www.example.org"}],"replaces":")" +
                            name + "\"}"))
                  .type,
              already_replaced);
    EXPECT_EQ(
        refused(place(R"({"identifiers":[{"type":"dns","value":"a.example"}],"replaces":7})")).type,
        malformed);
}

TEST_F(OrderApiTest, RefusesWhatIsNoOrder) {
    EXPECT_EQ(refused(place("{}")), (Refused{malformed, 400, "the order names no identifiers"}));
    EXPECT_EQ(refused(place("[]")).type, malformed);
    EXPECT_EQ(
        refused(place(R"({"identifiers":[{"type":"dns","value":"a.example"}],"profile":"x"})")),
        (Refused{invalid_profile, 400, "profile \"x\" is not offered"}));
    EXPECT_TRUE(facts->orders.empty());
}

TEST_F(OrderApiTest, ShowsNobodyAnothersOrder) {
    const Refused none{malformed, 404, "no such order"};
    const auto url = links.order(placed(*sender.account).order.id);
    const auto other = client();
    EXPECT_EQ(refused(read(other, url)), none);
    EXPECT_EQ(refused(read(sender, links.order(ca::OrderId::fresh(start_time, random)))), none);
    EXPECT_EQ(refused(read(sender, site + "/acme/order/x")), none);
    EXPECT_EQ(refused(post(other, url + "/finalize", csr_for().to_json())), none);
}

TEST_F(OrderApiTest, IsReadWithAnEmptyPayload) {
    EXPECT_EQ(
        refused(post(sender, links.order(placed(*sender.account).order.id), "{}")),
        (Refused{malformed, 400, "this resource is read by POST-as-GET, with an empty payload"}));
}

TEST_F(OrderApiTest, FinalizesAnOrder) {
    const auto id = ready(*sender.account).order.id;
    const auto response = post(sender, links.finalize(id), csr_for().to_json());
    EXPECT_EQ(response.status, 200);
    const auto order = object<OrderObject>(response);
    EXPECT_EQ(order.status, OrderStatus::valid);
    EXPECT_EQ(order.certificate, links.certificate(found(id).order.intent.value().serial));
    EXPECT_EQ(field(response, "Location"), links.order(id));
    EXPECT_EQ(read(sender, links.order(id)).body, response.body);
}

TEST_F(OrderApiTest, HoldsItsAnswerForAMomentWhileTheSignerIsSlow) {
    signer->gate().close();
    const auto id = ready(*sender.account).order.id;
    const auto response = post(sender, links.finalize(id), csr_for().to_json());
    EXPECT_EQ(object<OrderObject>(response).status, OrderStatus::processing);
    EXPECT_EQ(field(response, "Retry-After"), "1");
    auto poll = loop.start(posted(sender, links.order(id), ""));
    signer->gate().open();
    const auto polled = EventLoop::result(std::move(poll));
    EXPECT_EQ(object<OrderObject>(polled).status, OrderStatus::valid);
    EXPECT_EQ(field(polled, "Retry-After"), "");
}

TEST_F(OrderApiTest, AnswersTwoFinalizesAtOnceAlike) {
    const auto id = ready(*sender.account).order.id;
    const auto payload = csr_for().to_json();
    auto& gate = script->gate(StoreCall::begin_issuance);
    gate.close();
    auto first = loop.start(posted(sender, links.finalize(id), payload));
    auto second = loop.start(posted(sender, links.finalize(id), payload));
    ASSERT_TRUE(eventually([&] { return gate.waiting() == 2; }));
    gate.open();
    const auto one = object<OrderObject>(EventLoop::result(std::move(first)));
    const auto other = object<OrderObject>(EventLoop::result(std::move(second)));
    EXPECT_EQ(one.status, OrderStatus::valid);
    EXPECT_EQ(one.certificate, other.certificate);
    EXPECT_EQ(signer->count(), 1);
}

TEST_F(OrderApiTest, RefusesWhatCannotBeFinalized) {
    const auto pending = links.finalize(placed(*sender.account).order.id);
    EXPECT_EQ(refused(post(sender, pending, csr_for().to_json())),
              (Refused{order_not_ready, 403, "the order is pending, not ready"}));
    EXPECT_EQ(refused(post(sender, pending, "")).type, malformed);
    EXPECT_EQ(refused(post(sender, pending, R"({"csr":"="})")).type, bad_csr);
}

TEST_F(OrderApiTest, SaysWhyAnOrderFailed) {
    const auto view = ready(*sender.account);
    (void)await(ordering().deactivate(view.proofs[0]));
    const auto order = object<OrderObject>(read(sender, links.order(view.order.id)));
    EXPECT_EQ(order.status, OrderStatus::invalid);
    EXPECT_EQ(order.error.value().type, unauthorized);
    EXPECT_EQ(order.error.value().detail, "the authorization was deactivated");
}

TEST_F(OrderApiTest, ShowsAnAuthorizationForSeveralNamesOnce) {  // RFC 9444 section 4.3
    challenge_choices.subdomains = true;
    restart();
    const auto order = object<OrderObject>(place(
        R"({"identifiers":[{"type":"dns","value":"a.example.org","ancestorDomain":"example.org"},)"
        R"({"type":"dns","value":"b.example.org","ancestorDomain":"example.org"},)"
        R"({"type":"dns","value":"example.net"}]})"));
    EXPECT_EQ(order.identifiers.size(), 3U);
    ASSERT_EQ(order.authorizations.size(), 2U);
    const auto shared =
        object<protocol::AuthorizationObject>(read(sender, order.authorizations[0]));
    EXPECT_EQ(shared.identifier.value(), "example.org");
    EXPECT_TRUE(shared.subdomain_auth_allowed);
    EXPECT_FALSE(object<protocol::AuthorizationObject>(read(sender, order.authorizations[1]))
                     .subdomain_auth_allowed);
}

TEST_F(OrderApiTest, IsReadyAtOnceWhereProofsStand) {
    challenge_choices.types = {protocol::ChallengeType::dns_persist_01};
    restart();
    const auto placed = place(R"({"identifiers":[{"type":"dns","value":"www.example.org"}]})");
    EXPECT_EQ(placed.status, 201);
    EXPECT_EQ(object<OrderObject>(placed).status, OrderStatus::ready);

    validator.fail({unauthorized, "no record"});
    EXPECT_EQ(
        object<OrderObject>(place(R"({"identifiers":[{"type":"dns","value":"example.net"}]})"))
            .status,
        OrderStatus::pending);
}

}  // namespace
}  // namespace cairn::api::testing::order_api_test
