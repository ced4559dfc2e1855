#include "api/renewal_api.h"

#include "api/testing/api_bench.h"
#include "pki/certificate.h"
#include "protocol/renewal_info.h"

namespace cairn::api::testing::renewal_api_test {
namespace {

using enum protocol::ProblemType;

class RenewalApiTest : public ApiBench {
  protected:
    static std::string name_of(const ca::IssuedCertificate& certificate) {
        return pki::RenewalIdentifier::of(pki::Certificate::from_der(certificate.der).value())
            .value()
            .to_text();
    }
    http::Response ask(const std::string& name, const std::string& method = "GET") {
        return unsigned_request(method, "/renewal-info/" + name);
    }

    const Client sender = client();
};

TEST_F(RenewalApiTest, TellsAnybodyWhenToRenew) {
    const auto certificate = issued(*sender.account);
    const auto response = ask(name_of(certificate));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(field(response, "Retry-After"), "21600");
    EXPECT_EQ(field(response, "Replay-Nonce"), "");
    const auto info = object<protocol::RenewalInfo>(response);
    EXPECT_LT(info.start, info.end);
    EXPECT_GT(info.start, clock.now());
    EXPECT_LT(info.end, certificate.not_after);
    EXPECT_EQ(info.explanation_url, "");
    clock.advance(1h);
    EXPECT_EQ(ask(name_of(certificate)).body, response.body) << "it does not depend on when";
    EXPECT_EQ(ask(name_of(certificate), "HEAD").status, 200);
}

TEST_F(RenewalApiTest, KnowsNoOtherNames) {
    const auto certificate = issued(*sender.account);
    const auto name = name_of(certificate);
    const auto dot = name.find('.');
    const auto serial = name.substr(dot + 1);
    const Refused unknown{malformed, 404, "this CA did not issue such a certificate"};
    EXPECT_EQ(refused(ask("aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE")), unknown);
    EXPECT_EQ(refused(ask("aYhba4dGQEHhs3uEe6CuLN4ByNQ." + serial)), unknown);
    EXPECT_EQ(refused(ask(name.substr(0, dot) + ".AIdlQyE")), unknown);
    for (const auto& text :
         {name + "=", name + ".", "." + name, name.substr(0, dot), serial, name + "." + serial,
          name.substr(0, dot) + ".h2VDIQ", name.substr(0, dot + 1), std::string(),
          std::string("aYhba4dGQEHhs3uEe6CuLN4ByNQ=.AIdlQyE="), name + "/x",
          std::string(200, 'A') + ".AIdlQyE"}) {
        const auto refusal = refused(ask(text));
        EXPECT_EQ(refusal.type, malformed) << text;
        EXPECT_EQ(refusal.status, 404) << text;
    }
    EXPECT_EQ(refused(ask(name, "POST")).status, 405);
}

TEST_F(RenewalApiTest, TellsThatARevokedOneIsDue) {
    const auto certificate = issued(*sender.account);
    clock.advance(1h);
    await(revoking().revoke_for_account(*sender.account, {.certificate = certificate.der},
                                        just_now()));
    const auto info = object<protocol::RenewalInfo>(ask(name_of(certificate)));
    EXPECT_EQ(info.start, clock.now() - 1h);
    EXPECT_EQ(info.end, clock.now() - 30min);
}

TEST_F(RenewalApiTest, TellsWhatAnOperatorHasPulledForward) {
    const auto certificate = issued(*sender.account);
    const auto usual = ask(name_of(certificate)).body;
    clock.advance(1h);
    const ca::PullForward rule{.id = ca::PullForwardId::fresh(clock.now(), random),
                               .created = clock.now(),
                               .profile = "default",
                               .issued_before = clock.now(),
                               .explanation_url = "https://ca.example/why"};
    ASSERT_TRUE(await(repository.add_pull_forward(rule)));
    const auto info = object<protocol::RenewalInfo>(ask(name_of(certificate)));
    EXPECT_LT(info.end, clock.now());
    EXPECT_EQ(info.explanation_url, "https://ca.example/why");

    // As a version before kept it; the order tells the profile.
    facts->certificates.at(certificate.serial).profile.clear();
    facts->orders.at(*certificate.order).order.profile = "mtls";
    EXPECT_EQ(ask(name_of(certificate)).body, usual);
    EXPECT_TRUE(await(repository.remove_pull_forward(rule.id)));
    EXPECT_EQ(ask(name_of(certificate)).body, usual);
}

TEST_F(RenewalApiTest, StandsInTheDirectory) {
    EXPECT_EQ(object<protocol::Directory>(unsigned_request("GET", "/directory")).renewal_info,
              site + "/renewal-info");
}

}  // namespace
}  // namespace cairn::api::testing::renewal_api_test
