#include "pki/ocsp_request.h"

#include <memory>

#include <openssl/ocsp.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asn1/der.h"
#include "pki/ocsp_parts.h"
#include "pki/testing/status_response.h"

namespace cairn::pki::ocsp_request_test {
namespace {

using ::testing::HasSubstr;
using testing::StatusBench;

/// A question as OpenSSL asks it, about the bench's leaf as often as is said.
base::Bytes question(const StatusBench& bench, const EVP_MD* hash, int count = 1,
                     bool has_nonce = false) {
    const std::unique_ptr<OCSP_REQUEST, decltype(&OCSP_REQUEST_free)> request(OCSP_REQUEST_new(),
                                                                              &OCSP_REQUEST_free);
    for (int i = 0; i < count; ++i)
        OCSP_request_add0_id(request.get(),
                             OCSP_cert_to_id(hash, bench.leaf.handle(), bench.issuer.handle()));
    if (has_nonce) OCSP_request_add1_nonce(request.get(), nullptr, -1);
    base::Bytes der(static_cast<std::size_t>(i2d_OCSP_REQUEST(request.get(), nullptr)));
    auto* octets = der.data();
    i2d_OCSP_REQUEST(request.get(), &octets);
    return der;
}

TEST(OcspRequest, IsReadAsOpenSslWritesIt) {
    const StatusBench bench;
    for (const bool has_nonce : {false, true}) {
        const auto request = OcspRequest::from_der(question(bench, EVP_sha1(), 1, has_nonce));
        ASSERT_TRUE(request) << request.error().message;
        EXPECT_EQ(request->id(), OcspCertId::of(bench.issuer, bench.leaf.serial(), OcspHash::sha1));
        EXPECT_TRUE(request->id().is_of(bench.issuer));
        EXPECT_FALSE(request->id().is_of(StatusBench().issuer));
    }
    EXPECT_EQ(OcspRequest::from_der(question(bench, EVP_sha256()))->id(),
              OcspCertId::of(bench.issuer, bench.leaf.serial(), OcspHash::sha256));
}

TEST(OcspRequest, IsWrittenAsOpenSslWritesIt) {
    const StatusBench bench;
    for (const auto hash : {OcspHash::sha1, OcspHash::sha256})
        EXPECT_EQ(ocsp_request_for(OcspCertId::of(bench.issuer, bench.leaf.serial(), hash)),
                  question(bench, hash == OcspHash::sha1 ? EVP_sha1() : EVP_sha256()));
}

/// A request whose parts are as `write_fields` writes them.
template <class WriteFields>
std::string error_of(const WriteFields& write_fields) {
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence,
                  [&] { writer.nested(asn1::tag::sequence, [&] { write_fields(writer); }); });
    const auto read = OcspRequest::from_der(writer.view());
    return read ? "accepted" : read.error().message;
}

TEST(OcspRequest, IsRefusedWithItsReason) {
    const StatusBench bench;
    const auto id = OcspCertId::of(bench.issuer, bench.leaf.serial(), OcspHash::sha1);
    const auto write_list = [&](asn1::Writer& writer) {
        writer.nested(asn1::tag::sequence, [&] {
            writer.nested(asn1::tag::sequence, [&] { write_cert_id(writer, id); });
        });
    };
    EXPECT_EQ(error_of(write_list), "accepted");
    EXPECT_EQ(error_of([&](asn1::Writer& writer) {
                  writer.nested(asn1::tag::context_constructed(1),
                                [&] { writer.element(asn1::tag::context(2), "requestor"); });
                  write_list(writer);
              }),
              "accepted");
    EXPECT_THAT(error_of([&](asn1::Writer& writer) {
                    writer.nested(asn1::tag::context_constructed(0),
                                  [&] { writer.small_integer(0); });
                    write_list(writer);
                }),
                HasSubstr("the version is not 1"));
    EXPECT_THAT(error_of([&](asn1::Writer& writer) {
                    write_list(writer);
                    writer.nested(asn1::tag::context_constructed(2), [&] {
                        writer.nested(asn1::tag::sequence, [&] {
                            write_extension(writer, asn1::oid::crl_number, Criticality::critical,
                                            [&] { writer.small_integer(1); });
                        });
                    });
                }),
                HasSubstr("critical extension"));
    EXPECT_THAT(error_of([](asn1::Writer& writer) { writer.nested(asn1::tag::sequence, [] {}); }),
                HasSubstr("a request"));
}

TEST(OcspRequest, AsksAboutOneCertificateByAHashThatIsKnown) {
    const StatusBench bench;
    const auto error = [](const base::Bytes& der) {
        return OcspRequest::from_der(der).error().message;
    };
    EXPECT_THAT(error(question(bench, EVP_sha1(), 2)), HasSubstr("about several certificates"));
    EXPECT_THAT(error(question(bench, EVP_sha512())), HasSubstr("neither SHA-1 nor SHA-256"));
    const auto der = question(bench, EVP_sha1());
    EXPECT_THAT(error(testing::RevocationBench::altered(der, "2b0e03021a", "2b0e03021b")),
                HasSubstr("neither SHA-1 nor SHA-256"));
    auto longer = der;
    longer.push_back(0);
    EXPECT_THAT(error(longer), HasSubstr("not DER"));
    EXPECT_THAT(error(base::Bytes(OcspRequest::max_size + 1)), HasSubstr("more than 4096"));
}

}  // namespace
}  // namespace cairn::pki::ocsp_request_test
