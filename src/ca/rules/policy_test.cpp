#include "ca/rules/policy.h"

#include <gtest/gtest.h>

#include "ca/rules/profile.h"

namespace cairn::ca::policy_test {
namespace {

using protocol::Identifier;

// Checks 72, 73, 124.
TEST(NamePolicyTest, RefusesWhatIsNoPublicName) {
    const NamePolicy policy{NamePolicy::Choices{}};
    struct Case {
        const char* name;
        const char* reason;  ///< empty: accepted
    };
    const Case cases[] = {
        {"a.example.com", ""},
        {"example.com", ""},
        {"*.example.com", ""},
        {"a.test", ""},
        {"*.a.test", ""},
        {"example.co.uk", ""},
        {"xn--bcher-kva.example", ""},
        {"xn--zn8h.example.com", ""},
        {"a.b.c.d.e.f.g.h.example.com", ""},
        {"db.internal", ""},
        {"router.home.arpa", ""},
        {"com", "is a public suffix"},
        {"co.uk", "is a public suffix"},
        {"*.com", "above a public suffix"},
        {"*.co.uk", "above a public suffix"},
        {"home.arpa", "RFC 8375"},
        {"*.home.arpa", "RFC 8375"},
        {"localhost", "public DNS"},
        {"test", "public DNS"},
        {"*.test", "public DNS"},
        {"host.localhost", "public DNS"},
        {"printer.local", "public DNS"},
        {"a.invalid", "public DNS"},
        {"a.walt", "public DNS"},
        {"walt", "public DNS"},
        {"1.0.0.127.in-addr.arpa", "reverse DNS"},
        {"*.1.ip6.arpa", "reverse DNS"},
        {"in-addr.arpa", "reverse DNS"},
        {"a.b.c.d.e.f.g.h.i.example.com", "10 labels"},
        {"pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion", "onion"},
        {"onion", "onion"},
        {"a.alt", ".alt"},
        {"*.a.alt", ".alt"},
        {"ipv4only.arpa", "NAT64"},
        {"a.resolver.arpa", "resolver"},
        {"a.service.arpa", "services"},
        {"a.eap.arpa", "provisioning"},
    };
    for (const auto& [name, reason] : cases) {
        const auto refusal = policy.refusal(*Identifier::dns(name));
        EXPECT_EQ(refusal.has_value(), *reason != '\0') << name;
        EXPECT_TRUE(refusal.value_or("").contains(reason)) << name << ": " << refusal.value_or("");
    }
}

TEST(NamePolicyTest, InternalNamesAreTheOperatorsChoice) {
    const NamePolicy policy{{.internal_names = true}};
    for (const char* name :
         {"localhost", "printer.local", "db.internal", "*.db.internal", "a.walt"})
        EXPECT_FALSE(policy.refusal(*Identifier::dns(name))) << name;
    for (const char* name : {"com", "*.co.uk", "1.in-addr.arpa", "*.internal", "a.alt", "alt",
                             "a.onion", "ipv4only.arpa"})
        EXPECT_TRUE(policy.refusal(*Identifier::dns(name))) << name;
}

TEST(NamePolicyTest, PrivateSuffixesAreTheOperatorsChoice) {
    const NamePolicy policy{{.private_suffixes = {"walt", "eu.corp"}}};
    for (const char* name : {"a.walt", "*.a.walt", "eu.corp", "*.eu.corp", "a.eu.corp"})
        EXPECT_FALSE(policy.refusal(*Identifier::dns(name))) << name;
    for (const char* name : {"walt", "*.walt", "us.corp", "*.corp", "db.internal", "a.test"})
        EXPECT_TRUE(policy.refusal(*Identifier::dns(name))) << name;
}

TEST(NamePolicyTest, APublicCaKnowsThePublicDnsAlone) {
    const NamePolicy policy{{.internal_names = true,
                             .networks = {*base::IpNetwork::from_text("10.1.0.0/16")},
                             .kind = PolicyKind::public_ca}};
    EXPECT_FALSE(policy.refusal(*Identifier::dns("www.cairn-ca.org")));
    for (const char* name : {"db.internal", "a.test", "localhost", "a.walt", "a.corp"})
        EXPECT_TRUE(policy.refusal(*Identifier::dns(name)).value_or("").contains("BR 4.2.2"))
            << name;
    EXPECT_TRUE(policy.refusal(*Identifier::dns("a.home.arpa")));
    for (const char* name : {"example.com", "a.example.net", "*.example.org"})
        EXPECT_TRUE(policy.refusal(*Identifier::dns(name)).value_or("").contains("RFC 6761"))
            << name;
    EXPECT_TRUE(policy.refusal(*Identifier::ip("10.1.2.3")));
    EXPECT_FALSE(policy.refusal(*Identifier::ip("8.8.8.8")));
}

TEST(NamePolicyTest, TakesTheOperatorsListOfTopLevelDomains) {
    const NamePolicy policy{{.kind = PolicyKind::public_ca, .top_level_domains = {"com", "walt"}}};
    EXPECT_FALSE(policy.refusal(*Identifier::dns("a.walt")));
    EXPECT_FALSE(policy.refusal(*Identifier::dns("cairn-ca.com")));
    EXPECT_TRUE(policy.refusal(*Identifier::dns("cairn-ca.org")));
}

TEST(NamePolicyTest, AllowsAndDeniesByLists) {
    const std::vector<std::string> allowed{".corp.example", "8.8.0.0/16"};
    const std::vector<std::string> denied{"secret.corp.example"};
    const NamePolicy policy{
        {.names = {NameList::of(allowed).value(), NameList::of(denied).value()}}};
    EXPECT_FALSE(policy.refusal(*Identifier::dns("a.corp.example")));
    EXPECT_FALSE(policy.refusal(*Identifier::ip("8.8.8.8")));
    EXPECT_TRUE(policy.refusal(*Identifier::dns("corp.example")));
    EXPECT_TRUE(policy.refusal(*Identifier::ip("9.9.9.9")));
    EXPECT_TRUE(policy.refusal(*Identifier::dns("secret.corp.example")));
    EXPECT_TRUE(policy.refusal(*Identifier::dns("*.corp.example")));
}

// Check 121.
TEST(NamePolicyTest, AddressesArePublicOrAllowed) {
    const NamePolicy policy{
        {.internal_names = false, .networks = {*base::IpNetwork::from_text("10.1.0.0/16")}}};
    EXPECT_FALSE(policy.refusal(*Identifier::ip("8.8.8.8")));
    EXPECT_FALSE(policy.refusal(*Identifier::ip("10.1.2.3")));
    for (const char* address : {"10.2.0.1", "127.0.0.1", "169.254.169.254", "::1", "fe80::1"})
        EXPECT_TRUE(policy.refusal(*Identifier::ip(address))) << address;
}

TEST(KeyPolicyTest, CertificatesHoldOnlyWhatTheBaselineRequirementsAllow) {
    using crypto::KeyType;
    const auto key = [](KeyType type) { return crypto::PrivateKey::generate(type).public_key(); };
    for (const auto type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa2048})
        EXPECT_FALSE(certificate_key_refusal(key(type)));
    EXPECT_FALSE(Profile().certifies(crypto::KeyAlgorithm::ed25519));
    EXPECT_TRUE(Profile().certifies(crypto::KeyAlgorithm::ec_p521));
    EXPECT_FALSE(account_key_refusal(key(KeyType::ed25519)));
}

}  // namespace
}  // namespace cairn::ca::policy_test
