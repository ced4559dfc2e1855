#include "ca/rules/order_rules.h"

#include <memory>

#include <openssl/x509v3.h>

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace cairn::ca::order_rules_test {
namespace {

using protocol::Identifier;
using protocol::ProblemType;

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

std::vector<Identifier> identifiers(std::initializer_list<const char*> values) {
    std::vector<Identifier> result;
    for (const char* value : values) {
        auto identifier = Identifier::ip(value);
        if (!identifier) identifier = Identifier::dns(value);
        result.push_back(*identifier);
    }
    return result;
}

protocol::NewOrderRequest request_for(std::vector<Identifier> names) {
    protocol::NewOrderRequest request;
    request.identifiers = std::move(names);
    return request;
}

class OrderRulesTest : public ::testing::Test {
  protected:
    Order order_for(std::vector<Identifier> names) {
        return {.id = OrderId::fresh(now, random_),
                .account = account_,
                .created = now,
                .expires = now + std::chrono::days(7),
                .identifiers = std::move(names),
                .authorizations = {},
                .profile = "default",
                .not_before = std::nullopt,
                .not_after = std::nullopt,
                .intent = std::nullopt,
                .completed = std::nullopt,
                .problem = std::nullopt};
    }
    crypto::SystemRandom random_;
    AccountId account_ = AccountId::fresh(now, random_);
    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    Profile profile_ = [] {
        Profile profile;
        profile.name = "default";
        return profile;
    }();
    NamePolicy policy_{NamePolicy::Choices{}};
    NamePolicy open_policy_{NamePolicy::Choices{
        .internal_names = false, .networks = {base::IpNetwork::from_text("192.0.2.0/24").value()}}};
};

TEST_F(OrderRulesTest, NamesEachRefusedIdentifierInASubproblem) {
    const auto request = request_for(identifiers({"ok.example.com", "com", "10.0.0.1"}));
    const auto problem = order_refusal(request, profile_, policy_, now);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->type, ProblemType::rejected_identifier);
    ASSERT_EQ(problem->subproblems.size(), 2U);
    EXPECT_EQ(problem->subproblems[0].identifier,
              std::pair(std::string("dns"), std::string("com")));
    EXPECT_EQ(problem->subproblems[1].identifier,
              std::pair(std::string("ip"), std::string("10.0.0.1")));
}

TEST_F(OrderRulesTest, LimitsTheNumberOfNames) {
    profile_.max_names = 1;
    auto request = request_for(identifiers({"a.example.com"}));
    EXPECT_FALSE(order_refusal(request, profile_, policy_, now));
    request.identifiers = identifiers({"a.example.com", "b.example.com"});
    EXPECT_EQ(order_refusal(request, profile_, policy_, now)->type, ProblemType::malformed);
}

// A client that renews after two thirds of the validity must have most of it before it.
TEST_F(OrderRulesTest, LeavesMostOfTheValidityToComeHoweverShortItIs) {
    using std::chrono::minutes;
    const auto order = order_for(identifiers({"a.example.com"}));
    auto until = order;
    for (const base::Seconds life : {minutes(1), minutes(80), minutes(600), minutes(90 * 1440)}) {
        Profile profile;
        profile.validity = life;
        profile.backdate = Profile::usual_backdate(life);
        const auto far = now + std::chrono::days(1000);
        const auto cut = now + life / 2;
        until.not_after = cut;
        for (const auto& validity :
             {validity_for(order, profile, far, now), validity_for(order, profile, cut, now),
              validity_for(until, profile, far, now)}) {
            const auto whole = validity.not_after - validity.not_before;
            EXPECT_LE(10 * (now - validity.not_before), whole + base::Seconds(10));
            EXPECT_GE(now, validity.not_before);
        }
        const auto whole = validity_for(order, profile, far, now);
        EXPECT_EQ(whole.not_after - whole.not_before + base::Seconds(1), life);
        EXPECT_EQ(now - whole.not_before, std::min<base::Seconds>(minutes(60), life / 10));
        EXPECT_EQ(validity_for(order, profile, cut, now).not_after, cut);
    }
}

TEST_F(OrderRulesTest, JudgesTheValidityAskedFor) {
    using std::chrono::days;
    using std::chrono::hours;
    struct Case {
        std::optional<base::Time> not_before, not_after;
        bool accepted;
    };
    const Case cases[] = {
        {std::nullopt, std::nullopt, true},
        {now, now + days(90) - base::Seconds(1), true},
        {now, now + days(90), false},
        {now + hours(48), std::nullopt, true},
        {now + hours(49), std::nullopt, false},
        {now - hours(49), std::nullopt, false},
        {std::nullopt, now + days(1), true},
        {std::nullopt, now, false},
        {now + hours(2), now + hours(1), false},
    };
    for (const auto& [not_before, not_after, accepted] : cases) {
        auto request = request_for(identifiers({"a.example.com"}));
        request.not_before = not_before;
        request.not_after = not_after;
        EXPECT_EQ(!order_refusal(request, profile_, policy_, now).has_value(), accepted)
            << (not_before ? base::to_rfc3339(*not_before) : "-") << " "
            << (not_after ? base::to_rfc3339(*not_after) : "-");
    }
}

TEST_F(OrderRulesTest, ValidityCountsItsLastSecond) {
    const auto order = order_for(identifiers({"a.example.com"}));
    const auto validity = validity_for(order, profile_, now + std::chrono::days(1000), now);
    EXPECT_EQ(validity.not_before, now - std::chrono::hours(1));
    EXPECT_EQ(validity.not_after - validity.not_before + base::Seconds(1), std::chrono::days(90));
    EXPECT_EQ(validity_for(order, profile_, now + std::chrono::days(1), now).not_after,
              now + std::chrono::days(1));
}

TEST_F(OrderRulesTest, ComparesTheNamesOfACsrWithTheOrder) {
    struct Case {
        std::vector<std::string> csr_names;
        std::size_t findings;
    };
    const auto order = order_for(identifiers({"a.example.com", "*.b.example.com"}));
    const Case cases[] = {
        {{"a.example.com", "*.b.example.com"}, 0},
        {{"*.B.example.com", "A.EXAMPLE.com", "a.example.com"}, 0},
        {{"a.example.com"}, 1},
        {{"a.example.com", "b.example.com"}, 2},
        {{"a.example.com", "*.b.example.com", "c.example.com"}, 1},
        {{"z.example.com"}, 3},
    };
    for (const auto& [names, count] : cases) {
        const auto csr = pki::Csr::from_der(
            pki::make_csr(key_, {.dns_names = names, .ip_addresses = {}, .other_names = 0}));
        ASSERT_TRUE(csr);
        EXPECT_EQ(csr_findings(*csr, order, profile_, {}).size(), count) << names.size();
    }
}

// A CSR as clients make it that put something into the common name.
pki::Csr with_common_name(const crypto::PrivateKey& key, const std::string& common_name,
                          const std::string& alternative_names) {
    const std::unique_ptr<X509_REQ, decltype(&X509_REQ_free)> request(X509_REQ_new(),
                                                                      &X509_REQ_free);
    X509_NAME_add_entry_by_txt(X509_REQ_get_subject_name(request.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1,
                               0);
    STACK_OF(X509_EXTENSION)* extensions = sk_X509_EXTENSION_new_null();
    sk_X509_EXTENSION_push(extensions, X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                                           alternative_names.c_str()));
    X509_REQ_add_extensions(request.get(), extensions);
    sk_X509_EXTENSION_pop_free(extensions, X509_EXTENSION_free);
    X509_REQ_set_pubkey(request.get(), key.handle());
    X509_REQ_sign(request.get(), key.handle(), EVP_sha256());
    base::Bytes der(static_cast<std::size_t>(i2d_X509_REQ(request.get(), nullptr)));
    std::uint8_t* at = der.data();
    i2d_X509_REQ(request.get(), &at);
    return pki::Csr::from_der(der).value();
}

TEST_F(OrderRulesTest, TakesAnyOrderedIdentifierAsCommonName) {
    const auto order = order_for(identifiers({"a.example.com", "192.0.2.7", "2001:db8::1"}));
    const std::string names = "DNS:a.example.com,IP:192.0.2.7,IP:2001:db8::1";
    for (const char* good : {"a.example.com", "A.Example.COM", "192.0.2.7", "2001:db8::1",
                             "2001:DB8:0:0::0:1", "[2001:db8::1]"})
        EXPECT_EQ(csr_findings(with_common_name(key_, good, names), order, profile_, {}),
                  std::vector<std::string>{})
            << good;
    for (const char* bad : {"b.example.com", "192.0.2.8", "2001:db8::2", "192.0.2.7.", "[192.0.2.7",
                            "192.0.2.07", "a.example.com.", "Example Corp"})
        EXPECT_EQ(csr_findings(with_common_name(key_, bad, names), order, profile_, {}).size(), 1U)
            << bad;
    // As a name may stand in the common name alone, so may an address.
    EXPECT_EQ(csr_findings(with_common_name(key_, "192.0.2.7", "DNS:a.example.com,IP:2001:db8::1"),
                           order, profile_, {}),
              std::vector<std::string>{});
}

TEST_F(OrderRulesTest, RefusesMustStapleAndUncertifiableKeys) {
    const auto order = order_for(identifiers({"a.example.com"}));
    const pki::SubjectNames names{
        .dns_names = {"a.example.com"}, .ip_addresses = {}, .other_names = 0};
    const auto stapled = pki::Csr::from_der(pki::make_csr(key_, names, {.must_staple = true}));
    EXPECT_EQ(csr_findings(*stapled, order, profile_, {}).size(), 1U);
    const auto ed25519 = pki::Csr::from_der(
        pki::make_csr(crypto::PrivateKey::generate(crypto::KeyType::ed25519), names));
    EXPECT_EQ(csr_findings(*ed25519, order, profile_, {}).size(), 1U);
    profile_.key_algorithms = {crypto::KeyAlgorithm::ed25519};
    EXPECT_EQ(csr_findings(*ed25519, order, profile_, {}), std::vector<std::string>{});
}

TEST_F(OrderRulesTest, TakesTheKindsOfNamesAndKeysOfTheProfile) {
    profile_.identifier_types = {protocol::IdentifierType::dns};
    auto request = request_for(identifiers({"a.example.com", "192.0.2.7"}));
    const auto problem = order_refusal(request, profile_, open_policy_, now);
    ASSERT_TRUE(problem);
    EXPECT_EQ(problem->type, ProblemType::rejected_identifier);
    ASSERT_EQ(problem->subproblems.size(), 1U);
    EXPECT_EQ(problem->detail, "192.0.2.7: profile \"default\" is not for identifiers of type ip");
    request.profile = "default";  // asked for by name
    EXPECT_EQ(order_refusal(request, profile_, open_policy_, now)->type,
              ProblemType::invalid_profile);

    const auto order = order_for(identifiers({"a.example.com"}));
    const auto csr = pki::Csr::from_der(pki::make_csr(
        key_, {.dns_names = {"a.example.com"}, .ip_addresses = {}, .other_names = 0}));
    profile_.key_algorithms = {crypto::KeyAlgorithm::rsa};
    EXPECT_EQ(csr_findings(*csr, order, profile_, {}),
              std::vector<std::string>{
                  "its key is refused: profile \"default\" does not certify ec-p256 keys"});
    profile_.key_algorithms.insert(crypto::KeyAlgorithm::ec_p256);
    EXPECT_EQ(csr_findings(*csr, order, profile_, {}), std::vector<std::string>{});
}

TEST_F(OrderRulesTest, TakesTheNamesOfProfileAndAccount) {
    const std::vector<std::string> below{".example.com"}, secret{"secret.example.com"};
    profile_.names.allow = NameList::of(below).value();
    AccountScope scope;
    scope.names.deny = NameList::of(secret).value();
    const auto refusal_of = [&](const char* name) -> std::string {
        const auto problem =
            order_refusal(request_for(identifiers({name})), profile_, policy_, now, scope);
        return problem ? problem->detail : "";
    };
    EXPECT_EQ(refusal_of("a.example.com"), "");
    EXPECT_EQ(refusal_of("a.test"), "a.test: profile \"default\" is not for this name");
    EXPECT_EQ(refusal_of("secret.example.com"),
              "secret.example.com: the operator of this CA does not let this account have it");
    EXPECT_EQ(refusal_of("*.example.com"),
              "*.example.com: the operator of this CA does not let this account have it")
        << "it stands for the name that is denied";
}

TEST_F(OrderRulesTest, TakesUrisThatTheOperatorLetTheAccountHave) {
    const auto order = order_for(identifiers({"a.example.com"}));
    const auto findings_for = [&](std::vector<std::string> uris, const AccountScope& scope) {
        const auto csr = pki::Csr::from_der(pki::make_csr(key_, {.dns_names = {"a.example.com"},
                                                                 .ip_addresses = {},
                                                                 .other_names = 0,
                                                                 .uris = std::move(uris)}));
        return csr_findings(*csr, order, profile_, scope);
    };
    const auto scope =
        AccountScope::of({}, {}, {"spiffe://example.com/ns/{namespace}/web"}).value();
    const std::string good = "spiffe://example.com/ns/shop/web";
    EXPECT_EQ(findings_for({good}, scope).size(), 1U) << "the profile is not for URIs";
    profile_.certificate.uris = true;
    EXPECT_EQ(findings_for({good}, scope), std::vector<std::string>{});
    EXPECT_EQ(findings_for({good}, {}).size(), 1U);
    for (const char* bad :
         {"spiffe://example.com/ns/shop/db", "spiffe://example.com/ns/shop/x/web",
          "spiffe://example.com/ns//web", "spiffe://example.com/ns/../web",
          "spiffe://EXAMPLE.com/ns/shop/web", "spiffe://example.com/ns/shop/web?x",
          "spiffe://example.com/ns/%73hop/web", "https://example.com/ns/shop/web",
          "spiffe://example.com/ns/{namespace}/web"})
        EXPECT_EQ(findings_for({bad}, scope).size(), 1U) << bad;
    EXPECT_EQ(findings_for({good, good}, scope).size(), 1U) << "twice";
}

}  // namespace
}  // namespace cairn::ca::order_rules_test
