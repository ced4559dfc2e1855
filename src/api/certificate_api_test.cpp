#include "api/certificate_api.h"

#include "api/testing/api_bench.h"
#include "pki/chain.h"
#include "protocol/revocation.h"

namespace cairn::api::testing::certificate_api_test {
namespace {

using enum protocol::ProblemType;
using protocol::RevocationReason;

const std::string revoke_url = site + "/acme/revoke-cert";

class CertificateApiTest : public ApiBench {
  protected:
    void SetUp() override {
        const auto& issuer = issuers.all().front();
        await(repository.save_issuer(issuer.id(), {issuer.certificate().pem()}));
    }
    static std::string revocation_of(const ca::IssuedCertificate& certificate, int reason = 0) {
        return protocol::RevocationRequest{.certificate = certificate.der,
                                           .reason = static_cast<RevocationReason>(reason)}
            .to_json();
    }
    std::optional<ca::Revocation> state_of(const ca::IssuedCertificate& certificate) {
        return await(repository.find_certificate(certificate.serial)).value().revocation;
    }

    const Client sender = client();
    const Refused none{malformed, 404, "no such certificate"};
};

TEST_F(CertificateApiTest, GivesACertificateWithItsChain) {
    const auto certificate = issued(*sender.account);
    const auto response = read(sender, links.certificate(certificate.serial));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.content_type, "application/pem-certificate-chain");
    const auto chain = pki::chain_from_pem(response.body).value();
    ASSERT_EQ(chain.size(), 2U);
    EXPECT_EQ(base::copy_of(chain[0].der()), certificate.der);
    EXPECT_TRUE(chain[0].is_signed_by(chain[1]));
}

TEST_F(CertificateApiTest, GivesOtherChainsAndTellsOfThemInEachAnswer) {
    const auto& issuer = issuers.all().front();
    await(repository.save_issuer(issuer.id(), {"usual\n", {"first\n", "second\n"}}));
    const auto certificate = issued(*sender.account);
    const auto url = links.certificate(certificate.serial);
    const auto leaf = pki::Certificate::pem_of(certificate.der);
    const std::vector<std::pair<std::string, std::string>> chains{
        {url, "usual\n"}, {url + "/1", "first\n"}, {url + "/2", "second\n"}};
    for (const auto& [chosen, pem] : chains) {
        const auto response = read(sender, chosen);
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.content_type, "application/pem-certificate-chain");
        EXPECT_EQ(response.body, leaf + pem);
        std::vector<std::string> told, expected;
        for (const auto& [name, value] : response.fields)
            if (value.ends_with("rel=\"alternate\"")) told.push_back(value);
        for (const auto& [other, text] : chains)
            if (other != chosen) expected.push_back("<" + other + ">;rel=\"alternate\"");
        EXPECT_EQ(told, expected);
    }
    for (const auto* number : {"/0", "/3", "/01", "/x", "/1-", "/4294967297"})
        EXPECT_EQ(refused(read(sender, url + number)),
                  (Refused{malformed, 404, "the certificate has no such chain"}))
            << number;
    EXPECT_EQ(refused(read(client(), url + "/1")), none);
}

TEST_F(CertificateApiTest, GivesItToNobodyElse) {
    const auto certificate = issued(*sender.account);
    EXPECT_EQ(refused(read(client(), links.certificate(certificate.serial))), none);
    EXPECT_EQ(refused(read(sender, links.certificate(pki::SerialNumber::random(random)))), none);
    EXPECT_EQ(refused(read(sender, site + "/acme/certificate/xyz")), none);
    EXPECT_EQ(
        refused(post(sender, links.certificate(certificate.serial), "{}")),
        (Refused{malformed, 400, "this resource is read by POST-as-GET, with an empty payload"}));
}

TEST_F(CertificateApiTest, IsBrokenWithoutTheChain) {
    const auto certificate = issued(*sender.account);
    facts->issuers.clear();
    EXPECT_THROW(read(sender, links.certificate(certificate.serial)), std::runtime_error);
}

TEST_F(CertificateApiTest, RevokesForTheAccount) {
    const auto certificate = issued(*sender.account);
    const auto response = post(sender, revoke_url, revocation_of(certificate, 4));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, "");
    EXPECT_EQ(state_of(certificate).value().reason, RevocationReason::superseded);
    EXPECT_EQ(refused(post(sender, revoke_url, revocation_of(certificate, 4))),
              (Refused{already_revoked, 400, "the certificate is revoked already"}));
}

TEST_F(CertificateApiTest, RevokesForTheKey) {
    const auto key = new_key();
    const auto certificate = issued(*sender.account, {"www.example.org"}, key);
    EXPECT_EQ(
        refused(post(stranger(), revoke_url, revocation_of(certificate))),
        (Refused{unauthorized, 403, "the request is not signed by the key of this certificate"}));
    EXPECT_EQ(post({key, {}}, revoke_url, revocation_of(certificate)).status, 200);
    EXPECT_EQ(state_of(certificate).value().reason, RevocationReason::key_compromise);
}

TEST_F(CertificateApiTest, RefusesWhatIsNoRevocation) {
    const auto certificate = issued(*sender.account);
    EXPECT_EQ(refused(post(sender, revoke_url, revocation_of(certificate, 9))).type,
              bad_revocation_reason);
    EXPECT_EQ(refused(post(sender, revoke_url, "{}")).type, malformed);
    EXPECT_EQ(refused(post(client(), revoke_url, revocation_of(certificate))),
              (Refused{unauthorized, 403,
                       "the account neither got this certificate nor holds valid authorizations "
                       "for all its names"}));
    EXPECT_FALSE(state_of(certificate));
}

TEST_F(CertificateApiTest, GivesAnIssuersCertificateToEverybody) {
    const auto& issuer = issuers.all().front();
    const auto response = unsigned_request("GET", "/issuer/" + base::to_hex(issuer.id()));
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.content_type, "application/pkix-cert");
    EXPECT_EQ(response.body, base::text_of(issuer.certificate().der()));
    for (const auto* id : {"00", "xyz"})
        EXPECT_EQ(refused(unsigned_request("GET", std::string("/issuer/") + id)), none) << id;
    EXPECT_EQ(refused(unsigned_request("GET", "/issuer/" + std::string(64, '0'))), none);
}

}  // namespace
}  // namespace cairn::api::testing::certificate_api_test
