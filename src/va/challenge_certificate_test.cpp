#include "va/challenge_certificate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "protocol/key_authorization.h"
#include "va/testing/certificate_forge.h"
#include "va/testing/challenge.h"

namespace cairn::va::challenge_certificate_test {
namespace {

using testing::Forgery;
using ::testing::HasSubstr;

const crypto::Sha256Digest digest = protocol::tls_alpn_digest(testing::key_authorization);

/// The DER of an OCTET STRING of `content`.
base::Bytes octet_string(base::BytesView content) {
    base::Bytes der{0x04, static_cast<std::uint8_t>(content.size())};
    der.insert(der.end(), content.begin(), content.end());
    return der;
}
/// The acmeIdentifier extension as RFC 8737 wants it.
testing::ForgedExtension acme_identifier() {
    return {"1.3.6.1.5.5.7.1.31", true, octet_string(digest)};
}
/// The certificate as RFC 8737 wants it, for example.com.
Forgery right() {
    Forgery forgery;
    forgery.alt_names = {"DNS:example.com"};
    forgery.extensions = {acme_identifier()};
    return forgery;
}

/// The judgement about a certificate made from `forgery`. A certificate that cannot be parsed
/// counts as refused.
base::Result<void> judge(
    const Forgery& forgery,
    const protocol::Identifier& identifier = protocol::Identifier::dns("example.com").value()) {
    const auto key = testing::forge_key();
    const auto forged = testing::forge_certificate(key.get(), forgery);
    const auto certificate = pki::Certificate::from_der(testing::der_of(forged.get()));
    if (!certificate) return std::unexpected(certificate.error());
    return check_challenge_certificate(*certificate, identifier, digest);
}

// Check 114.
TEST(ChallengeCertificate, TheRightOneProves) {
    const auto result = judge(right());
    EXPECT_TRUE(result) << result.error().message;
}

// Check 117.
TEST(ChallengeCertificate, NamesAreComparedWithoutCase) {
    auto forgery = right();
    forgery.alt_names = {"DNS:EXAMPLE.cOm"};
    EXPECT_TRUE(judge(forgery));
}

// Check 122.
TEST(ChallengeCertificate, AddressesAreCompared) {
    auto forgery = right();
    forgery.alt_names = {"IP:192.0.2.1"};
    const auto v4 = protocol::Identifier::ip("192.0.2.1").value();
    EXPECT_TRUE(judge(forgery, v4));
    EXPECT_FALSE(judge(forgery));
    forgery.alt_names = {"IP:2001:db8::1"};
    EXPECT_TRUE(judge(forgery, protocol::Identifier::ip("2001:db8::1").value()));
    EXPECT_FALSE(judge(forgery, v4));
    forgery.alt_names = {"DNS:192.0.2.1"};
    EXPECT_FALSE(judge(forgery, v4));
    forgery.alt_names = {"IP:192.0.2.1, IP:192.0.2.1"};
    EXPECT_FALSE(judge(forgery, v4));
}

struct Case {
    const char* name;
    Forgery forgery;
};
/// `right()` with other names.
Forgery named(std::vector<std::string> alt_names, std::string common_name = "") {
    auto forgery = right();
    forgery.alt_names = std::move(alt_names);
    forgery.common_name = std::move(common_name);
    return forgery;
}
/// `right()` with other extensions.
Forgery extended(std::vector<testing::ForgedExtension> extensions) {
    auto forgery = right();
    forgery.extensions = std::move(extensions);
    return forgery;
}

std::vector<Case> wrong_certificates() {
    const auto extension = [](auto change) {
        auto changed = acme_identifier();
        change(changed);
        return extended({changed});
    };
    const base::Bytes short_digest(digest.begin(), digest.end() - 1);
    base::Bytes long_digest(digest.begin(), digest.end());
    long_digest.push_back(0);
    return {
        // conformance check 116
        {"ExtensionAbsent", extended({})},
        {"ExtensionNotCritical", extension([](auto& it) { it.critical = false; })},
        {"OldOid", extension([](auto& it) { it.oid = "1.3.6.1.5.5.7.1.30.1"; })},
        {"OtherDigest", extension([](auto& it) { it.value.back() ^= 1; })},
        {"Digest31Octets", extension([&](auto& it) { it.value = octet_string(short_digest); })},
        {"Digest33Octets", extension([&](auto& it) { it.value = octet_string(long_digest); })},
        {"OctetsBehindTheDigest", extension([](auto& it) { it.value.push_back(0); })},
        {"DigestWithoutOctetString",
         extension([](auto& it) { it.value = base::Bytes(digest.begin(), digest.end()); })},
        {"LengthNotInDer",
         extension([](auto& it) { it.value.insert(it.value.begin() + 1, 0x81); })},
        {"NotAnOctetString", extension([](auto& it) { it.value.front() = 0x03; })},
        {"EmptyExtension", extension([](auto& it) { it.value.clear(); })},
        {"ExtensionTwice", extended({acme_identifier(), acme_identifier()})},
        // conformance check 117
        {"NoSan", named({})},
        {"CommonNameAlone", named({}, "example.com")},
        {"OtherName", named({"DNS:example.org"})},
        {"SubName", named({"DNS:www.example.com"})},
        {"ParentName", named({"DNS:com"})},
        {"Wildcard", named({"DNS:*.example.com"})},
        {"FinalDot", named({"DNS:example.com."})},
        {"SecondName", named({"DNS:example.com, DNS:example.org"})},
        {"SameNameTwice", named({"DNS:example.com, DNS:example.com"})},
        {"AddressBeside", named({"DNS:example.com, IP:192.0.2.1"})},
        {"EmailBeside", named({"DNS:example.com, email:a@example.com"})},
        {"UriBeside", named({"DNS:example.com, URI:http://example.com/"})},
        {"NameAsUri", named({"URI:example.com"})},
        {"TwoSanExtensions", named({"DNS:example.com", "DNS:example.com"})},
    };
}

class WrongCertificate : public ::testing::TestWithParam<Case> {};

// Checks 116, 117.
TEST_P(WrongCertificate, IsRefused) {
    EXPECT_FALSE(judge(GetParam().forgery));
}

INSTANTIATE_TEST_SUITE_P(ChallengeCertificate, WrongCertificate,
                         ::testing::ValuesIn(wrong_certificates()),
                         [](const auto& instance) { return std::string(instance.param.name); });

// Check 119.
TEST(ChallengeCertificate, OneSignedByAnotherKeyIsRefused) {
    const auto other = testing::forge_key();
    auto forgery = right();
    forgery.signer = other.get();
    const auto result = judge(forgery);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("not signed by its own key"));
}

}  // namespace
}  // namespace cairn::va::challenge_certificate_test
