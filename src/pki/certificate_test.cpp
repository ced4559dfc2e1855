#include "pki/certificate.h"

#include <array>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "crypto/openssl.h"
#include "pki/chain.h"
#include "pki/extension.h"
#include "pki/x509_signature.h"

namespace cairn::pki::certificate_test {
namespace {

using crypto::KeyType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

base::Bytes octets(std::string_view hex) {
    return base::from_hex(hex).value();
}

const crypto::PrivateKey& ec_key() {
    static const crypto::PrivateKey key = crypto::PrivateKey::generate(KeyType::ec_p256);
    return key;
}

// The parts of a certificate, so that each can be malformed by itself.

std::string encode(std::uint8_t tag, std::string_view content) {
    asn1::Writer writer;
    writer.element(tag, content);
    return std::string(base::text_of(writer.view()));
}

std::string hex(std::string_view text) {
    return std::string(base::text_of(octets(text)));
}

std::string name(std::uint8_t tag, std::string_view common_name,
                 base::BytesView type = asn1::oid::common_name) {
    return encode(
        asn1::tag::sequence,
        encode(asn1::tag::set, encode(asn1::tag::sequence,
                                      encode(asn1::tag::object_identifier, base::text_of(type)) +
                                          encode(tag, common_name))));
}

std::string extension(base::BytesView object_id, std::string_view value_hex,
                      Criticality criticality = Criticality::non_critical) {
    asn1::Writer writer;
    write_extension(writer, object_id, criticality, [&] { writer.raw(octets(value_hex)); });
    return std::string(base::text_of(writer.view()));
}

struct Plan {
    std::string version = hex("a003020102");
    std::string serial = hex("020101");
    std::string algorithm = hex("300a06082a8648ce3d040302");
    std::string issuer = name(asn1::tag::utf8_string, "CA");
    std::string not_before = encode(asn1::tag::utc_time, "261122000000Z");
    std::string not_after = encode(asn1::tag::utc_time, "270219235959Z");
    std::string subject = name(asn1::tag::utf8_string, "a.example");
    std::string public_key =
        std::string(base::text_of(base::BytesView(ec_key().public_key().spki())));
    std::string unique_ids = {};
    std::string extensions = {};
    std::string after = {};

    [[nodiscard]] base::Bytes sign(const crypto::PrivateKey& key = ec_key()) const {
        std::string fields = version + serial + algorithm + issuer;
        fields += encode(asn1::tag::sequence, not_before + not_after) + subject + public_key;
        fields += unique_ids;
        if (!extensions.empty()) {
            fields +=
                encode(asn1::tag::context_constructed(3), encode(asn1::tag::sequence, extensions));
        }
        fields += after;
        return sign_object(key, base::bytes_of(encode(asn1::tag::sequence, fields)));
    }
    [[nodiscard]] base::Result<Certificate> read() const { return Certificate::from_der(sign()); }
};

std::string names_extension(std::string_view entries_hex) {
    return extension(asn1::oid::subject_alt_name,
                     base::to_hex(base::bytes_of(encode(asn1::tag::sequence, hex(entries_hex)))));
}

TEST(Certificate, GivesItsFields) {
    const Plan plan{
        .serial = hex("02050087654321"),
        .extensions =
            names_extension("8209612e6578616d706c658704c0000201810161") +
            extension(asn1::oid::authority_key_identifier, "3006800401020304") +
            extension(asn1::oid::subject_key_identifier, "04020506") +
            extension(asn1::oid::basic_constraints, "30060101ff020100", Criticality::critical)};
    const base::Bytes der = plan.sign();
    const auto certificate = Certificate::from_der(der);
    ASSERT_TRUE(certificate) << certificate.error().message;
    EXPECT_EQ(certificate->der(), der);
    EXPECT_EQ(certificate->serial().to_hex(), "87654321");
    EXPECT_EQ(base::to_rfc3339(certificate->not_before()), "2026-11-22T00:00:00Z");
    EXPECT_EQ(base::to_rfc3339(certificate->not_after()), "2027-02-19T23:59:59Z");
    EXPECT_THAT(certificate->names().dns_names, ElementsAre("a.example"));
    EXPECT_THAT(certificate->names().ip_addresses,
                ElementsAre(base::IpAddress::from_text("192.0.2.1").value()));
    EXPECT_EQ(certificate->names().other_names, 1U);
    EXPECT_EQ(certificate->subject_common_name(), "a.example");
    EXPECT_EQ(certificate->issuer_common_name(), "CA");
    EXPECT_EQ(certificate->public_key(), ec_key().public_key());
    EXPECT_EQ(certificate->authority_key_id(), octets("01020304"));
    EXPECT_EQ(certificate->subject_key_id(), octets("0506"));
    EXPECT_TRUE(certificate->is_ca());
    ASSERT_NE(certificate->handle(), nullptr);
    EXPECT_EQ(certificate->handle(), Certificate(*certificate).handle());
}

TEST(Certificate, LacksWhatItsExtensionsLack) {
    const auto certificate = Plan{}.read();
    ASSERT_TRUE(certificate);
    EXPECT_EQ(certificate->names(), SubjectNames());
    EXPECT_EQ(certificate->authority_key_id(), std::nullopt);
    EXPECT_EQ(certificate->subject_key_id(), std::nullopt);
    EXPECT_FALSE(certificate->is_ca());
    EXPECT_THAT(certificate->extensions("2.5.29.17"), IsEmpty());
}

TEST(Certificate, ReadsAuthorityKeyIdentifiersWithoutKeyIdentifier) {
    const auto certificate =
        Plan{.extensions = extension(asn1::oid::authority_key_identifier, "3003820101")}.read();
    ASSERT_TRUE(certificate);
    EXPECT_EQ(certificate->authority_key_id(), std::nullopt);
}

TEST(Certificate, IsNoAuthorityByDefault) {
    const auto certificate =
        Plan{.extensions = extension(asn1::oid::basic_constraints, "3000", Criticality::critical)}
            .read();
    ASSERT_TRUE(certificate);
    EXPECT_FALSE(certificate->is_ca());
}

TEST(Certificate, IsWrittenAsPemAndReadBack) {
    const auto certificate = Plan{}.read();
    ASSERT_TRUE(certificate);
    const std::string pem = certificate->pem();
    EXPECT_EQ(Certificate::from_pem(pem).value(), *certificate);
    EXPECT_FALSE(Certificate::from_pem(pem + pem));
    EXPECT_FALSE(Certificate::from_pem("CN = a\n" + pem));

    const crypto::BioHandle bio(BIO_new(BIO_s_mem()));
    ASSERT_EQ(PEM_write_bio_X509(bio.get(), certificate->handle()), 1);
    char* written = nullptr;
    const long size = BIO_get_mem_data(bio.get(), &written);
    EXPECT_EQ(pem, std::string_view(written, static_cast<std::size_t>(size)));
}

TEST(Certificate, TakesOldVersions) {
    EXPECT_TRUE(Plan{.version = ""}.read());
    EXPECT_TRUE((Plan{.version = hex("a003020101"), .unique_ids = hex("810200aa820200bb")}.read()));
    EXPECT_TRUE((Plan{.unique_ids = hex("820200bb")}.read()));
}

TEST(Certificate, TakesEveryTime) {
    const auto certificate =
        Plan{.not_before = encode(asn1::tag::utc_time, "500101000000Z"),
             .not_after = encode(asn1::tag::generalized_time, "99991231235959Z")}
            .read();
    ASSERT_TRUE(certificate);
    using namespace std::chrono_literals;
    EXPECT_EQ(certificate->not_before(), std::chrono::sys_days(1950y / 1 / 1));
    EXPECT_EQ(certificate->not_after(), std::chrono::sys_days(10000y / 1 / 1) - 1s);
}

TEST(Certificate, ReadsCommonNamesAsUtf8) {
    struct Case {
        std::string subject;
        std::string_view common_name;
    };
    const std::string two = name(asn1::tag::utf8_string, "first").substr(2) +
                            name(asn1::tag::utf8_string, "second").substr(2);
    for (const auto& [subject, common_name] : {
             Case{name(asn1::tag::utf8_string,
                       "B\xc3\xbc"
                       "cher"),
                  "B\xc3\xbc"
                  "cher"},
             Case{name(asn1::tag::printable_string, "CA"), "CA"},
             Case{name(asn1::tag::ia5_string, "CA"), "CA"},
             Case{name(0x14,
                       "B\xfc"
                       "cher"),
                  "B\xc3\xbc"
                  "cher"},
             Case{name(0x1e, std::string("\x00"
                                         "B\x00\xfc",
                                         4)),
                  "B\xc3\xbc"},
             Case{name(asn1::tag::utf8_string, "an organization", asn1::oid::organization), ""},
             Case{encode(asn1::tag::sequence, two), "first"},
             Case{hex("3000"), ""},
         }) {
        const auto certificate = Plan{.issuer = subject, .subject = subject}.read();
        ASSERT_TRUE(certificate) << certificate.error().message;
        EXPECT_EQ(certificate->subject_common_name(), common_name);
        EXPECT_EQ(certificate->issuer_common_name(), common_name);
    }
}

// RFC 8737 section 3 wants the extension exactly; a validator must see what is there.
TEST(Certificate, GivesExtensionsAsTheyStand) {
    const auto certificate =
        Plan{.extensions = extension(asn1::oid::acme_identifier, "0401aa", Criticality::critical) +
                           names_extension("820161") +
                           extension(asn1::oid::acme_identifier, "ffff")}
            .read();
    ASSERT_TRUE(certificate) << certificate.error().message;
    const auto found = certificate->extensions("1.3.6.1.5.5.7.1.31");
    ASSERT_THAT(found, SizeIs(2));
    EXPECT_TRUE(found[0].critical);
    EXPECT_EQ(found[0].value, octets("0401aa"));
    EXPECT_FALSE(found[1].critical);
    EXPECT_EQ(found[1].value, octets("ffff"));
    EXPECT_THAT(certificate->extensions("1.3.6.1.5.5.7.1.30.1"), IsEmpty());
    EXPECT_THROW(static_cast<void>(certificate->extensions("no identifier")), std::runtime_error);
}

TEST(Certificate, KnowsWhoSignedIt) {
    const auto other_key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const std::string ca = name(asn1::tag::utf8_string, "CA");
    const auto self_signed = Plan{.subject = ca}.read();
    const auto other_ca = Plan{.subject = ca,
                               .public_key = std::string(
                                   base::text_of(base::BytesView(other_key.public_key().spki())))}
                              .read();
    const auto leaf = Plan{}.read();
    const auto of_other = Certificate::from_der(Plan{}.sign(other_key));
    ASSERT_TRUE(self_signed && other_ca && leaf && of_other);
    EXPECT_TRUE(self_signed->is_signed_by(*self_signed));
    EXPECT_TRUE(leaf->is_signed_by(*self_signed));
    EXPECT_FALSE(leaf->is_signed_by(*other_ca)) << "the name fits, but not the key";
    EXPECT_FALSE(leaf->is_signed_by(*leaf)) << "the key fits, but not the name";
    EXPECT_TRUE(of_other->is_signed_by(*other_ca));
    EXPECT_TRUE(leaf->is_self_signed());
    EXPECT_TRUE(self_signed->is_self_signed());
    EXPECT_FALSE(of_other->is_self_signed());
}

TEST(Certificate, SaysWhyItRefuses) {
    struct Case {
        Plan plan;
        std::string_view reason;
    };
    const std::string id = extension(asn1::oid::subject_key_identifier, "04020506");
    for (const auto& [plan, reason] : {
             Case{{.version = hex("a003020100")}, "the version"},
             Case{{.version = hex("a003020103")}, "the version"},
             Case{{.version = hex("a00402020102")}, "the version"},
             Case{{.version = hex("a0050201020500")}, "the version has more in it"},
             Case{{.version = "", .extensions = id}, "tbsCertificate has more in it"},
             Case{{.version = "", .unique_ids = hex("810200aa")}, "tbsCertificate has more in it"},
             Case{{.version = hex("a003020101"), .extensions = id},
                  "tbsCertificate has more in it"},
             Case{{.serial = hex("0201ff")}, "serial number is negative"},
             Case{{.serial = hex("02020001")}, "INTEGER is not the shortest"},
             Case{{.serial = hex("0221" + std::string(66, '1'))}, "more than 32 octets"},
             Case{{.serial = hex("0500")}, "the serial number has the tag 05"},
             Case{{.algorithm = hex("300a06082a8648ce3d040303")}, "signature algorithms differ"},
             Case{{.not_before = encode(asn1::tag::utc_time, "2611220000Z")}, "notBefore"},
             Case{{.not_after = encode(asn1::tag::generalized_time, "20270219235959.0Z")},
                  "notAfter"},
             Case{{.not_after = ""}, "notAfter is missing"},
             Case{{.not_after = hex("17000500")}, "notAfter"},
             Case{{.subject = hex("30023100")}, "the subject is missing"},
             Case{{.subject = hex("3003020101")}, "the subject has the tag 02"},
             Case{{.subject = name(asn1::tag::utf8_string, "\xff")}, "a common name is not text"},
             Case{{.subject = name(asn1::tag::integer, "1")}, "a common name is not text"},
             Case{{.public_key = hex("3000")}, "public key"},
             Case{{.unique_ids = hex("820200bb810200aa")}, "tbsCertificate has more in it"},
             Case{{.extensions = id, .after = hex("0500")}, "tbsCertificate has more in it"},
             Case{{.extensions = hex("300c0603551d0e01010004020506")}, "not TRUE"},
             Case{{.extensions = hex("300c0603551d0e01010104020506")}, "neither 00 nor FF"},
             Case{{.extensions = hex("300b0603551d0e040205060500")}, "an extension has more"},
             Case{{.extensions = id + id}, "subjectKeyIdentifier is there more than once"},
             Case{{.extensions = extension(asn1::oid::subject_key_identifier, "3000")},
                  "subjectKeyIdentifier has the tag 30"},
             Case{{.extensions = extension(asn1::oid::subject_key_identifier, "0402050600")},
                  "subjectKeyIdentifier: there are octets after the end"},
             Case{{.extensions = extension(asn1::oid::authority_key_identifier, "0401aa")},
                  "authorityKeyIdentifier"},
             Case{{.extensions = extension(asn1::oid::basic_constraints, "3003010100")}, "cA"},
             Case{{.extensions = extension(asn1::oid::basic_constraints, "30030201ff0500")},
                  "basicConstraints"},
             Case{{.extensions = names_extension("820161") + names_extension("820162")},
                  "subjectAltName is there more than once"},
             Case{{.extensions = names_extension("")}, "subjectAltName is empty"},
             Case{{.extensions = names_extension("8203610062")}, "dNSName \"a?b\""},
             Case{{.extensions = names_extension("870100")}, "iPAddress has 1 octets"},
         }) {
        const auto certificate = plan.read();
        ASSERT_FALSE(certificate) << reason;
        EXPECT_THAT(certificate.error().message, HasSubstr(reason));
    }
}

TEST(Certificate, RefusesWhatIsNotOneCertificate) {
    const base::Bytes good = Plan{.extensions = names_extension("820161")}.sign();
    base::Bytes trailing = good;
    trailing.push_back(0);
    EXPECT_FALSE(Certificate::from_der(trailing));
    EXPECT_FALSE(Certificate::from_der(base::bytes_of("-----BEGIN CERTIFICATE-----\n")));
    const auto large = Certificate::from_der(base::Bytes(Certificate::max_size + 1, 0x30));
    ASSERT_FALSE(large);
    EXPECT_THAT(large.error().message, HasSubstr("65536"));
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(Certificate::from_der(base::BytesView(good).first(size))) << size;
    }
}

TEST(Certificate, SurvivesEveryFlippedBit) {
    const base::Bytes good =
        Plan{.extensions =
                 names_extension("820161") + extension(asn1::oid::basic_constraints, "30030101ff")}
            .sign();
    const auto original = Certificate::from_der(good);
    ASSERT_TRUE(original);
    for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
        base::Bytes bad = good;
        bad[bit / 8] ^= static_cast<std::uint8_t>(1U << bit % 8);
        const auto certificate = Certificate::from_der(bad);
        EXPECT_FALSE(certificate && certificate->is_self_signed()) << "bit " << bit;
    }
}

TEST(Certificate, HasOneHandleForAllThreads) {
    const Certificate certificate = Plan{}.read().value();
    std::array<X509*, 4> handles{};
    {
        std::vector<std::jthread> threads;
        for (X509*& handle : handles) {
            threads.emplace_back([&handle, certificate] { handle = certificate.handle(); });
        }
    }
    EXPECT_THAT(handles, ::testing::Each(certificate.handle()));
}

// A BMPString of an odd length.
TEST(Certificate, MayBeBeyondOpenssl) {
    const std::string odd = name(0x1e, "odd", asn1::oid::organization);
    const auto certificate = Plan{.issuer = odd, .subject = odd}.read();
    ASSERT_TRUE(certificate) << certificate.error().message;
    EXPECT_FALSE(certificate->has_handle());
    EXPECT_THROW(static_cast<void>(certificate->handle()), std::runtime_error);
    EXPECT_TRUE(certificate->is_self_signed());
    EXPECT_TRUE(certificate->is_signed_by(*certificate));
    EXPECT_FALSE(verify_chain(Chain{*certificate}, Chain{*certificate}, certificate->not_before()));
    EXPECT_THAT(certificate->extensions("2.5.29.17"), IsEmpty());
}

}  // namespace
}  // namespace cairn::pki::certificate_test
