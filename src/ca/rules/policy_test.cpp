#include "ca/rules/policy.h"

#include <gtest/gtest.h>

namespace cairn::ca {
namespace {

using protocol::Identifier;

// Checks 72, 73, 124.
TEST(NamePolicyTest, RefusesWhatIsNoPublicName) {
    const NamePolicy policy{NamePolicy::Choices{}};
    struct Case {
        const char* name;
        bool accepted;
    };
    const Case cases[] = {
        {"a.example.com", true},
        {"example.com", true},
        {"*.example.com", true},
        {"a.test", true},
        {"*.a.test", true},
        {"example.co.uk", true},
        {"xn--bcher-kva.example", true},
        {"com", false},
        {"co.uk", false},
        {"*.com", false},
        {"*.co.uk", false},
        {"localhost", false},
        {"*.test", false},
        {"host.localhost", false},
        {"printer.local", false},
        {"db.internal", false},
        {"router.home.arpa", false},
        {"1.0.0.127.in-addr.arpa", false},
        {"1.ip6.arpa", false},
        {"a.b.c.d.e.f.g.h.example.com", true},
        {"a.b.c.d.e.f.g.h.i.example.com", false},
        {"pg6mmjiyjmcrsslvykfwnntlaru7p5svn6y2ymmju6nubxndf4pscryd.onion", false},
        {"onion", false},
        {"a.alt", false},
        {"*.a.alt", false},
        {"alt", false},
        {"walt", false},  // one label, as internal names have
        {"a.walt", true},
        {"a.invalid", false},
        {"a.private", false},
        {"ipv4only.arpa", false},
        {"a.resolver.arpa", false},
        {"a.service.arpa", false},
        {"xn--zn8h.example.com", true},
    };
    for (const auto& [name, accepted] : cases)
        EXPECT_EQ(!policy.refusal(*Identifier::dns(name)).has_value(), accepted) << name;
}

TEST(NamePolicyTest, InternalNamesAreTheOperatorsChoice) {
    const NamePolicy policy{{.internal_names = true, .networks = {}}};
    for (const char* name : {"localhost", "printer.local", "db.internal", "*.db.internal"})
        EXPECT_FALSE(policy.refusal(*Identifier::dns(name))) << name;
    for (const char* name : {"com", "*.co.uk", "1.in-addr.arpa", "*.internal", "a.alt", "alt",
                             "a.onion", "ipv4only.arpa"})
        EXPECT_TRUE(policy.refusal(*Identifier::dns(name))) << name;
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
    EXPECT_TRUE(certificate_key_refusal(key(KeyType::ed25519)));
    EXPECT_FALSE(account_key_refusal(key(KeyType::ed25519)));
}

}  // namespace
}  // namespace cairn::ca
