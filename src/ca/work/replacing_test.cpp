// Orders that replace a certificate (RFC 9773 section 5).
#include "ca/testing/bench.h"
#include "ca/work/ordering.h"
#include "pki/certificate.h"
#include "pki/renewal_identifier.h"

namespace cairn::ca::testing::replacing_test {
namespace {

using enum protocol::ProblemType;
using protocol::AuthorizationStatus;
using protocol::OrderStatus;

class ReplacingTest : public Bench {
  protected:
    base::Task<OrderView> place(protocol::NewOrderRequest request) {
        return ordering().place(account, std::move(request), just_now());
    }
    protocol::NewOrderRequest replacing(const IssuedCertificate& certificate,
                                        const std::vector<std::string>& names = {
                                            "www.example.org"}) {
        auto request = for_names(names);
        request.replaces = name_of(certificate);
        return request;
    }
    static std::string name_of(const IssuedCertificate& certificate) {
        return pki::RenewalIdentifier::of(pki::Certificate::from_der(certificate.der).value())
            .value()
            .to_text();
    }
    const Refused replaced{already_replaced, 409,
                           "replaces: another order replaces the certificate that it names; order "
                           "without replaces"};
    const Account account = stored_account();
};

TEST_F(ReplacingTest, RefusesWhatCannotBeReplaced) {
    const auto own = issued(account.id);
    const auto other = issued(stored_account().id);
    auto unknown = replacing(own);
    unknown.replaces = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE";
    auto forged = replacing(own);
    forged.replaces =
        "aYhba4dGQEHhs3uEe6CuLN4ByNQ" + forged.replaces.substr(forged.replaces.find('.'));
    auto broken = replacing(own);
    broken.replaces += "=";
    const Refused nobodys{malformed, 404,
                          "replaces: this CA did not issue the certificate that it names"};
    const std::vector<std::pair<protocol::NewOrderRequest, Refused>> cases{
        {unknown, nobodys},
        {forged, nobodys},
        {replacing(other),
         {unauthorized, 403, "replaces: the certificate that it names is not this account's"}},
        {replacing(own, {"a.example.org"}),
         {malformed, 400,
          "replaces: the certificate that it names has none of the identifiers of the order"}}};
    const auto before = facts->orders.size();
    for (const auto& [request, refused] : cases) EXPECT_EQ(refusal(place(request)), refused);
    EXPECT_EQ(refusal(place(broken)).type, malformed);
    EXPECT_EQ(facts->orders.size(), before);
    EXPECT_TRUE(facts->replacements.empty());
}

TEST_F(ReplacingTest, ReplacesACertificateOnce) {
    const auto former = issued(account.id);
    const auto view = await(place(replacing(former, {"www.example.org", "a.example.org"})));
    EXPECT_EQ(view.order.replaces.value().to_text(), name_of(former));
    EXPECT_EQ(found(view.order.id).order.replaces, view.order.replaces);
    EXPECT_EQ(refusal(place(replacing(former))), replaced);
    const auto again = await(place(replacing(former, {"a.example.org", "www.example.org"})));
    EXPECT_EQ(again.order.id, view.order.id) << "it is the same that is asked for";

    for (const auto& proof : found(view.order.id).proofs)
        if (proof.status(clock.now()) == AuthorizationStatus::pending) prove(proof);
    const auto end = await(issuance().finalize(
        found(view.order.id), csr_for({"www.example.org", "a.example.org"}), just_now(), 10s));
    EXPECT_EQ(end.status(), OrderStatus::valid);
    EXPECT_TRUE(await(repository.find_replacement(former.serial)).value().is_issued);
    clock.advance(30 * 24h);
    EXPECT_EQ(refusal(place(replacing(former))), replaced);
    facts->orders.erase(view.order.id);
    EXPECT_EQ(refusal(place(replacing(former))), replaced) << "also when the order is forgotten";
}

TEST_F(ReplacingTest, FreesTheCertificateOfAnOrderThatIsInvalid) {
    const auto former = issued(account.id);
    const auto first = await(place(replacing(former, {"www.example.org", "a.example.org"})));
    (void)await(ordering().deactivate(found(first.proofs[1].id)));
    EXPECT_EQ(found(first.order.id).status(), OrderStatus::invalid);
    const auto second = await(place(replacing(former)));
    EXPECT_NE(second.order.id, first.order.id);
    EXPECT_EQ(refusal(place(replacing(former, {"www.example.org", "b.example.org"}))), replaced);

    clock.advance(7 * 24h);
    const auto third = await(place(replacing(former)));
    EXPECT_NE(third.order.id, second.order.id) << "the one before has expired";
    facts->orders.erase(third.order.id);
    (void)await(place(replacing(former)));
}

TEST_F(ReplacingTest, PlacesOneOfTwentyThatWouldReplaceACertificate) {
    const auto former = issued(account.id);
    auto& gate = script->gate(StoreCall::create_order);
    gate.close();
    std::vector<std::future<OrderView>> started;
    for (int i = 0; i < 20; ++i)
        started.push_back(loop.start(place(
            replacing(former, {"www.example.org", "n" + std::to_string(i) + ".example.org"}))));
    ASSERT_TRUE(eventually([&] { return gate.waiting() == 20; }));
    gate.open();
    int placed = 0;
    for (auto& each : started) {
        try {
            (void)EventLoop::result(std::move(each));
            ++placed;
        } catch (const protocol::Problem& problem) {
            EXPECT_EQ(problem.type, already_replaced);
        }
    }
    EXPECT_EQ(placed, 1);
}

}  // namespace
}  // namespace cairn::ca::testing::replacing_test
