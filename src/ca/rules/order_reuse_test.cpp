#include "ca/rules/order_reuse.h"

#include <functional>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace cairn::ca::order_reuse_test {
namespace {

using namespace std::chrono_literals;
using protocol::ChallengeType;
using protocol::Identifier;

constexpr base::Time now{base::Seconds(1'800'000'000)};

class OrderReuse : public ::testing::Test {
  protected:
    Authorization proof(const std::string& name) {
        return {.id = AuthorizationId::fresh(now, random_),
                .account = account_,
                .identifier = Identifier::dns(name).value(),
                .created = now - 1h,
                .expires = now + 100h,
                .token = protocol::Token::random(random_),
                .offered = {ChallengeType::http_01},
                .attempt = std::nullopt,
                .deactivated = std::nullopt};
    }
    Order order() {
        return {.id = OrderId::fresh(now, random_),
                .account = account_,
                .created = now - 1h,
                .expires = now + 100h,
                .identifiers = {Identifier::dns("a.example").value(),
                                Identifier::dns("b.example").value()},
                .authorizations = {},
                .profile = "default",
                .not_before = std::nullopt,
                .not_after = std::nullopt,
                .intent = std::nullopt,
                .completed = std::nullopt,
                .problem = std::nullopt};
    }
    static void prove(Authorization& proof, base::Time expires = now + 100h) {
        proof.attempt = ValidationAttempt{ChallengeType::http_01, now - 1min, now - 1min};
        proof.expires = expires;
    }

    crypto::SystemRandom random_;
    const AccountId account_ = AccountId::fresh(now, random_);
};

TEST_F(OrderReuse, KnowsOrdersForTheSameApart) {
    const auto wanted = order();
    auto again = order();
    again.id = OrderId::fresh(now + 1h, random_);
    again.created += 1h;
    std::swap(again.identifiers[0], again.identifiers[1]);
    EXPECT_EQ(likeness_of(again), likeness_of(wanted));

    const auto other = AccountId::fresh(now, random_);
    const auto replaced =
        pki::RenewalIdentifier::from_text("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE").value();
    const std::vector<std::function<void(Order&)>> changes{
        [&](Order& o) { o.account = other; },
        [](Order& o) { o.profile = "short"; },
        [](Order& o) { o.not_before = now; },
        [](Order& o) { o.not_after = now; },
        [&](Order& o) { o.replaces = replaced; },
        [](Order& o) { o.identifiers.pop_back(); },
        [](Order& o) { o.identifiers.push_back(Identifier::dns("*.a.example").value()); },
        [](Order& o) { o.identifiers[0] = Identifier::dns("*.a.example").value(); },
        [](Order& o) { o.identifiers[0] = Identifier::ip("192.0.2.1").value(); },
    };
    std::set<crypto::Sha256Digest> seen{likeness_of(wanted)};
    for (const auto& change : changes) {
        auto changed = wanted;
        change(changed);
        EXPECT_TRUE(seen.insert(likeness_of(changed)).second);
    }
}

TEST_F(OrderReuse, GivesOutAgainWhatIsOpenAndLasts) {
    const std::vector fresh{proof("a.example"), proof("b.example")};
    struct Case {
        std::string what;
        bool may;
        std::function<void(Order&, std::vector<Authorization>&)> change;
    };
    using Proofs = std::vector<Authorization>;
    for (const auto& [what, may, change] : std::vector<Case>{
             {"pending", true, [](Order&, Proofs&) {}},
             {"one is proved", true, [](Order&, Proofs& p) { prove(p[0]); }},
             {"one is being proved", true,
              [](Order&, Proofs& p) { p[0].attempt = {ChallengeType::http_01, now}; }},
             {"ready", true,
              [](Order&, Proofs& p) {
                  prove(p[0]);
                  prove(p[1]);
              }},
             {"a proof lapses soon", false, [](Order&, Proofs& p) { prove(p[0], now + 1h); }},
             {"an authorization lapses soon", false,
              [](Order&, Proofs& p) { p[1].expires = now + 59min; }},
             {"a short one has half of its life", true,
              [](Order& o, Proofs& p) {
                  o.created = p[0].created = p[1].created = now - 5min;
                  o.expires = p[0].expires = p[1].expires = now + 5min;
              }},
             {"a short one has less", false,
              [](Order& o, Proofs&) {
                  o.created = now - 6min;
                  o.expires = now + 5min;
              }},
             {"it was made by a clock ahead", false,
              [](Order& o, Proofs&) { o.created = now + 1s; }},
             {"one was made by a clock ahead", false,
              [](Order&, Proofs& p) { p[0].created = now + 1s; }},
             {"one was proved by a clock ahead", false,
              [](Order&, Proofs& p) {
                  prove(p[0]);
                  p[0].attempt->finished = now + 1s;
              }},
             {"it expires soon", false, [](Order& o, Proofs&) { o.expires = now + 59min; }},
             {"it has expired", false, [](Order& o, Proofs&) { o.expires = now; }},
             {"one was deactivated", false, [](Order&, Proofs& p) { p[1].deactivated = now; }},
             {"one failed", false,
              [](Order&, Proofs& p) {
                  prove(p[0]);
                  p[0].attempt->problem =
                      protocol::Problem(protocol::ProblemType::dns, "no such name");
              }},
             {"it is being finalized", false,
              [this](Order& o, Proofs&) {
                  o.intent = IssuanceIntent{.begun = now,
                                            .csr = {},
                                            .serial = pki::SerialNumber::random(random_),
                                            .validity = {now, now + 1h}};
              }},
             {"other challenges are offered now", false,
              [](Order&, Proofs& p) { p[0].offered = {ChallengeType::dns_01}; }},
             {"the operator's word stood for it, and does not any more", false,
              [](Order&, Proofs& p) {
                  prove(p[0]);
                  p[0].vouched_by = "a key";
              }},
             {"they are, but that is proved", true,
              [](Order&, Proofs& p) {
                  p[0].offered = {ChallengeType::dns_01};
                  prove(p[0]);
              }},
         }) {
        auto open = order();
        std::vector proofs{proof("a.example"), proof("b.example")};
        change(open, proofs);
        EXPECT_EQ(may_serve_again(open, proofs, fresh, now), may) << what;
    }
}

}  // namespace
}  // namespace cairn::ca::order_reuse_test
