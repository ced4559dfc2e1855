// Requests that are refused for what stands behind the HTTP face: a full queue, the issuer's chain,
// the strength of a key.

#include <memory>

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include "api/testing/api_bench.h"
#include "protocol/account.h"

namespace cairn::api::testing::refused_requests_test {
namespace {

using enum protocol::ProblemType;

class FullQueueTest : public ApiBench {
  protected:
    FullQueueTest() {
        validation_options.in_flight = 1;
        validation_options.waiting = 2;
        validator.gate().close();
    }
    ~FullQueueTest() override { validator.gate().open(); }
    /// The answer of a challenge by a client with an account of its own.
    std::future<http::Response> answered_challenge(const std::string& name) {
        const auto sender = client();
        const auto proof = placed(*sender.account, {name}).proofs.at(0);
        return loop.start(
            posted(sender, links.challenge(proof.id, protocol::ChallengeType::http_01), "{}"));
    }
};

TEST_F(FullQueueTest, IsToldToEverybody) {
    std::vector<std::future<http::Response>> taken;
    taken.push_back(answered_challenge("a.example.org"));
    ASSERT_TRUE(eventually([&] { return validator.gate().waiting() == 1; }));
    taken.push_back(answered_challenge("b.example.org"));
    taken.push_back(answered_challenge("c.example.org"));
    const auto response = EventLoop::result(answered_challenge("d.example.org"));
    EXPECT_EQ(refused(response), (Refused{server_internal, 503,
                                          "too many validations are under way; try again later"}));
    EXPECT_EQ(field(response, "Retry-After"), "10");
    validator.gate().open();
    for (auto& each : taken) EXPECT_EQ(EventLoop::result(std::move(each)).status, 200);
    EXPECT_EQ(EventLoop::result(answered_challenge("d.example.org")).status, 200);
}

/// A CA certificate with name constraints as OpenSSL's configuration files have them.
pki::Certificate constrained_authority(const crypto::PrivateKey& key, const char* constraints) {
    const std::unique_ptr<X509, decltype(&X509_free)> made(X509_new(), &X509_free);
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
    ASN1_TIME_set(X509_getm_notBefore(made.get()), start_time.time_since_epoch().count() - 86400);
    ASN1_TIME_set(X509_getm_notAfter(made.get()),
                  start_time.time_since_epoch().count() + 1000L * 86400);
    const std::string name = "Example Issuer";
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(made.get(), X509_get_subject_name(made.get()));
    X509_set_pubkey(made.get(), key.handle());
    X509V3_CTX context;
    X509V3_set_ctx(&context, made.get(), made.get(), nullptr, nullptr, 0);
    for (const auto& [kind, value] : {std::pair{NID_basic_constraints, "critical,CA:TRUE"},
                                      std::pair{NID_key_usage, "critical,keyCertSign"},
                                      std::pair{NID_subject_key_identifier, "hash"},
                                      std::pair{NID_name_constraints, constraints}}) {
        const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> extension(
            X509V3_EXT_conf_nid(nullptr, &context, kind, value), &X509_EXTENSION_free);
        EXPECT_NE(extension, nullptr) << value;
        X509_add_ext(made.get(), extension.get(), -1);
    }
    X509_sign(made.get(), key.handle(), EVP_sha256());
    base::Bytes der(static_cast<std::size_t>(i2d_X509(made.get(), nullptr)));
    unsigned char* at = der.data();
    i2d_X509(made.get(), &at);
    return pki::Certificate::from_der(der).value();
}

class ConstrainedIssuerTest : public ApiBench {
  protected:
    ConstrainedIssuerTest() {
        std::vector<ca::Issuer> all;
        all.emplace_back(
            "first",
            pki::Chain{constrained_authority(issuer_key, "critical,permitted;DNS:example.org")},
            std::make_unique<ca::testing::FakeSigner>(issuer_key, signer),
            "http://ca.example/issuer", ca::Issuer::Use{});
        issuers = ca::Issuers(std::move(all));
    }
    http::Response place(const std::string& identifiers) {
        return post(sender, site + "/acme/new-order", R"({"identifiers":[)" + identifiers + "]}");
    }
    const Client sender = client();
};

TEST_F(ConstrainedIssuerTest, ItsChainDecidesAboutAnOrder) {
    const std::string permitted = R"({"type":"dns","value":"www.example.org"})";
    const std::string forbidden = R"({"type":"dns","value":"www.example.com"})";
    EXPECT_EQ(place(permitted).status, 201);
    for (const auto& identifiers : {forbidden, permitted + "," + forbidden}) {
        const auto response = place(identifiers);
        const auto problem = protocol::Problem::from_json(base::bytes_of(response.body)).value();
        EXPECT_EQ(problem.type, rejected_identifier);
        EXPECT_EQ(problem.status, 400);
        EXPECT_THAT(response.body, ::testing::HasSubstr("name constraints"));
        EXPECT_THAT(response.body, ::testing::HasSubstr("www.example.com"));
    }
    EXPECT_EQ(facts->orders.size(), 1U);
}

TEST_F(ApiBench, RefusesAWeakKeyOfAnAccount) {
    // RSA of 1024 bits: signed well, and not good enough.
    const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> weak(EVP_RSA_gen(1024),
                                                                   &EVP_PKEY_free);
    BIO* const memory = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(memory, weak.get(), nullptr, nullptr, 0, nullptr, nullptr);
    char* text = nullptr;
    const auto size = BIO_get_mem_data(memory, &text);
    const auto key = crypto::PrivateKey::from_pem({text, static_cast<std::size_t>(size)}).value();
    BIO_free(memory);
    const Refused expected{bad_public_key, 400,
                           "the key is refused: RSA modulus has fewer than 2048 bits"};

    // Before anything is computed with it: whether the signature is good makes no difference.
    const auto forged = [](std::string jws) {
        const std::string name = R"("signature":")";
        const auto at = jws.find(name);
        EXPECT_NE(at, std::string::npos) << jws;
        auto& octet = jws[at + name.size()];
        octet = octet == 'A' ? 'B' : 'A';
        return jws;
    };

    const Client stranger{key, {}};
    const auto new_account = site + "/acme/new-account";
    EXPECT_EQ(refused(post(stranger, new_account, R"({"termsOfServiceAgreed":true})")), expected);
    auto made = request(stranger, new_account, R"({"termsOfServiceAgreed":true})");
    made.body = forged(made.body);
    EXPECT_EQ(refused(await(face().door.handle(std::move(made)))), expected);
    EXPECT_TRUE(facts->accounts.empty());

    const auto sender = client();
    const auto url = site + "/acme/key-change";
    const protocol::KeyChangeRequest change{.account = sender.kid,
                                            .old_key = protocol::Jwk::of(sender.key.public_key())};
    const auto inner =
        protocol::make_jws(key, {.url = url, .nonce = {}, .kid = {}}, change.to_json());
    EXPECT_EQ(refused(post(sender, url, inner)), expected);
    EXPECT_EQ(refused(post(sender, url, forged(inner))), expected);

    const auto order = ready(*sender.account);
    pki::SubjectNames names;
    names.dns_names = {"www.example.org"};
    EXPECT_EQ(refused(post(sender, links.finalize(order.order.id),
                           protocol::FinalizeRequest{pki::make_csr(key, names)}.to_json()))
                  .type,
              bad_csr);
}

}  // namespace
}  // namespace cairn::api::testing::refused_requests_test
