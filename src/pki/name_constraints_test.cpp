#include "pki/name_constraints.h"

#include <openssl/x509v3.h>

#include <gtest/gtest.h>

#include "crypto/openssl.h"
#include "pki/chain.h"

namespace cairn::pki::name_constraints_test {
namespace {

/// A certificate made by OpenSSL, self-signed unless `issuer` signs it, with extensions as its
/// configuration files have them.
struct Made {
    crypto::PrivateKey key;
    Certificate certificate;
};

using Extensions = std::vector<std::pair<int, std::string>>;

Made made(const Extensions& extensions, const Made* issuer = nullptr,
          const std::string& name = "CA", bool with_organization = true) {
    auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const crypto::Handle<X509, &X509_free> certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 86400);
    const auto add = [&](const char* field, const std::string& value) {
        X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate.get()), field, MBSTRING_ASC,
                                   reinterpret_cast<const unsigned char*>(value.c_str()), -1, -1,
                                   0);
    };
    if (with_organization) add("O", "Example");
    if (!name.empty()) add("CN", name);
    X509* const by = issuer == nullptr ? certificate.get() : issuer->certificate.handle();
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(by));
    X509_set_pubkey(certificate.get(), key.handle());
    X509V3_CTX context;
    X509V3_set_ctx(&context, by, certificate.get(), nullptr, nullptr, 0);
    for (const auto& [kind, value] : extensions) {
        const crypto::Handle<X509_EXTENSION, &X509_EXTENSION_free> extension(
            X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str()));
        EXPECT_NE(extension, nullptr) << value;
        X509_add_ext(certificate.get(), extension.get(), -1);
    }
    X509_sign(certificate.get(), (issuer == nullptr ? key : issuer->key).handle(), EVP_sha256());
    base::Bytes der(static_cast<std::size_t>(i2d_X509(certificate.get(), nullptr)));
    unsigned char* at = der.data();
    i2d_X509(certificate.get(), &at);
    return {std::move(key), Certificate::from_der(der).value()};
}

Made authority(const std::string& constraints) {
    return made({{NID_basic_constraints, "critical,CA:TRUE"},
                 {NID_key_usage, "critical,keyCertSign"},
                 {NID_name_constraints, constraints}});
}

NameConstraints constraints_of(const std::string& constraints) {
    return NameConstraints::of(authority(constraints).certificate).value();
}

TEST(NameConstraints, PermitEverythingWithoutTheExtension) {
    const auto constraints =
        NameConstraints::of(made({{NID_basic_constraints, "critical,CA:TRUE"}}).certificate);
    ASSERT_TRUE(constraints);
    EXPECT_FALSE(constraints->has_any());
    EXPECT_TRUE(constraints->permits("a.example"));
    EXPECT_TRUE(constraints->permits(*base::IpAddress::from_text("192.0.2.1")));
    EXPECT_TRUE(constraints->permits_common_name());
}

struct Case {
    const char *constraints, *name;
    bool permitted;
};

const Case cases[] = {
    {"permitted;DNS:corp.example", "corp.example", true},
    {"permitted;DNS:corp.example", "a.b.corp.example", true},
    {"permitted;DNS:corp.example", "*.corp.example", true},
    {"permitted;DNS:CORP.example", "a.corp.example", true},
    {"permitted;DNS:corp.example", "xcorp.example", false},
    {"permitted;DNS:corp.example", "example", false},
    {"permitted;DNS:corp.example", "*.example", false},
    {"permitted;DNS:.corp.example", "a.corp.example", true},
    {"permitted;DNS:.corp.example", "corp.example", false},
    {"permitted;DNS:.corp.example", "*.corp.example", true},
    {"permitted;DNS:a.corp.example", "*.corp.example", false},
    {"permitted;DNS:a.example,permitted;DNS:b.example", "x.b.example", true},
    {"DER:30:06:a0:04:30:02:82:00", "a.example", true},  // permitted: all
    {"excluded;DNS:corp.example", "a.corp.example", false},
    {"excluded;DNS:corp.example", "corp.example", false},
    {"excluded;DNS:corp.example", "*.corp.example", false},
    {"excluded;DNS:corp.example", "corp.example.org", true},
    {"excluded;DNS:corp.example", "example", true},
    {"excluded;DNS:.corp.example", "corp.example", true},
    {"excluded;DNS:.corp.example", "a.corp.example", false},
    {"DER:30:06:a1:04:30:02:82:00", "a.example", false},  // excluded: all
    {"permitted;DNS:example,excluded;DNS:corp.example", "a.example", true},
    {"permitted;DNS:example,excluded;DNS:corp.example", "a.corp.example", false},
    {"permitted;IP:10.0.0.0/255.0.0.0", "a.example", true},
    {"permitted;email:example.com", "a.example", true},
    {"permitted;IP:10.0.0.0/255.0.0.0", "10.1.2.3", true},
    {"permitted;IP:10.0.0.0/255.0.0.0", "11.1.2.3", false},
    {"permitted;IP:10.0.0.0/255.0.0.0", "2001:db8::1", false},
    {"permitted;IP:2001:db8::/ffff:ffff::", "2001:db8:1::1", true},
    {"permitted;IP:2001:db8::/ffff:ffff::", "2001:db9::1", false},
    {"permitted;IP:2001:db8::/ffff:ffff::", "10.0.0.1", false},
    {"excluded;IP:10.0.0.0/255.0.0.0", "10.1.2.3", false},
    {"excluded;IP:10.0.0.0/255.0.0.0", "11.1.2.3", true},
    {"excluded;IP:0.0.0.0/0.0.0.0", "11.1.2.3", false},
    {"excluded;IP:0.0.0.0/0.0.0.0", "2001:db8::1", true},
    {"permitted;DNS:corp.example", "10.1.2.3", true},
};

TEST(NameConstraints, AreThoseOfTheStandardAndOfOpenSsl) {
    for (const auto& [constraints, name, permitted] : cases) {
        const auto issuer = authority(constraints);
        const auto address = base::IpAddress::from_text(name);
        const auto read = NameConstraints::of(issuer.certificate).value();
        EXPECT_EQ(address ? read.permits(*address) : read.permits(name), permitted)
            << constraints << ' ' << name;
        const auto leaf = made({{NID_basic_constraints, "critical,CA:FALSE"},
                                {NID_ext_key_usage, "serverAuth"},
                                {NID_subject_alt_name,
                                 std::string(address ? "critical,IP:" : "critical,DNS:") + name}},
                               &issuer, "", false);
        const std::vector chain{leaf.certificate, issuer.certificate};
        const std::vector roots{issuer.certificate};
        EXPECT_EQ(verify_chain(chain, roots, leaf.certificate.not_after() - base::Seconds(60))
                      .has_value(),
                  permitted)
            << constraints << ' ' << name;
    }
}

// OpenSSL compares a wildcard as text; other verifiers look at the names that it stands for.
TEST(NameConstraints, ExcludeAWildcardThatStandsForSomethingExcluded) {
    EXPECT_FALSE(constraints_of("excluded;DNS:a.corp.example").permits("*.corp.example"));
    EXPECT_FALSE(constraints_of("excluded;DNS:.a.corp.example").permits("*.a.corp.example"));
    EXPECT_TRUE(constraints_of("excluded;DNS:a.b.corp.example").permits("*.corp.example"));
    EXPECT_TRUE(constraints_of("excluded;DNS:corp").permits("*.corp.example"));
}

TEST(NameConstraints, AreToldToPeople) {
    EXPECT_EQ(constraints_of("permitted;DNS:.corp.example,permitted;IP:10.0.0.0/255.0.0.0,"
                             "excluded;DNS:b.example")
                  .text(),
              "only .corp.example, only 10.0.0.0/8, not b.example");
}

TEST(NameConstraints, ThatNobodyAppliesAreRefused) {
    // DER of nameConstraints with a permitted subtree "a" whose minimum is 1.
    const auto odd = made({{NID_name_constraints, "DER:30:0a:a0:08:30:06:82:01:61:80:01:01"}});
    const auto constraints = NameConstraints::of(odd.certificate);
    ASSERT_FALSE(constraints);
    EXPECT_NE(constraints.error().message.find("minimum"), std::string::npos);
    const auto broken = made({{NID_name_constraints, "DER:30:03:a0:01:05"}});
    EXPECT_FALSE(NameConstraints::of(broken.certificate));
    const auto network = made({{NID_name_constraints, "DER:30:09:a0:07:30:05:87:03:0a:00:00"}});
    EXPECT_FALSE(NameConstraints::of(network.certificate));
}

// A chain of one below the root: what is wrong with it, or an empty text.
std::string flaw_of(const Extensions& extensions) {
    const auto checked = check_authorities(std::vector{made(extensions).certificate});
    return checked ? "" : checked.error().message;
}

TEST(CheckAuthorities, WantsCasForServers) {
    const std::pair<int, std::string> basic{NID_basic_constraints, "critical,CA:TRUE"};
    EXPECT_EQ(flaw_of({basic}), "");
    EXPECT_EQ(flaw_of({basic, {NID_key_usage, "critical,keyCertSign,cRLSign"}}), "");
    EXPECT_EQ(flaw_of({basic, {NID_ext_key_usage, "serverAuth,clientAuth"}}), "");
    EXPECT_NE(flaw_of({}).find("basicConstraints"), std::string::npos);
    EXPECT_NE(flaw_of({{NID_basic_constraints, "CA:FALSE"}}).find("basicConstraints"),
              std::string::npos);
    EXPECT_NE(flaw_of({basic, {NID_key_usage, "critical,cRLSign"}}).find("keyUsage"),
              std::string::npos);
    EXPECT_NE(flaw_of({basic, {NID_ext_key_usage, "clientAuth"}}).find("extendedKeyUsage"),
              std::string::npos);
    EXPECT_NE(flaw_of({basic, {NID_netscape_comment, "critical,x"}}).find("critical extension"),
              std::string::npos);
}

TEST(CheckAuthorities, CountsThePathLength) {
    const auto top = [](const char* constraints) {
        return made({{NID_basic_constraints, constraints}}, nullptr, "Top");
    };
    for (const auto& [constraints, flawless] : {std::pair{"critical,CA:TRUE", true},
                                                {"critical,CA:TRUE,pathlen:1", true},
                                                {"critical,CA:TRUE,pathlen:0", false}}) {
        const auto root = top(constraints);
        const auto below = made({{NID_basic_constraints, "critical,CA:TRUE"}}, &root);
        EXPECT_EQ(check_authorities(std::vector{below.certificate, root.certificate}).has_value(),
                  flawless)
            << constraints;
        EXPECT_TRUE(check_authorities(std::vector{root.certificate}));
    }
}

TEST(NameConstraints, MayForbidACommonName) {
    const auto permits = [](const std::string& der) {
        return constraints_of("DER:" + der).permits_common_name();
    };
    // A subtree of directory names: O=E, and the empty one.
    const std::string organization = "30:10:a4:0e:30:0c:31:0a:30:08:06:03:55:04:0a:0c:01:45";
    const std::string all = "30:04:a4:02:30:00";
    EXPECT_FALSE(permits("30:14:a0:12:" + organization));
    EXPECT_TRUE(permits("30:14:a1:12:" + organization));
    EXPECT_TRUE(permits("30:08:a0:06:" + all));
    EXPECT_FALSE(permits("30:08:a1:06:" + all));
}

}  // namespace
}  // namespace cairn::pki::name_constraints_test
