#include "pki/ocsp_response.h"

#include <memory>

#include <openssl/ocsp.h>
#include <openssl/x509.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asn1/der.h"
#include "pki/testing/status_response.h"

namespace cairn::pki::ocsp_response_test {
namespace {

using ::testing::HasSubstr;
using testing::StatusBench;

TEST(OcspResponse, SaysWhatWasDrafted) {
    const StatusBench bench;
    for (const auto hash : {OcspHash::sha1, OcspHash::sha256}) {
        for (const OcspStatus& status :
             {OcspStatus{OcspStatus::Kind::good}, OcspStatus{OcspStatus::Kind::unknown},
              OcspStatus{OcspStatus::Kind::revoked, bench.start},
              OcspStatus{OcspStatus::Kind::revoked, bench.start, CrlReason::superseded}}) {
            auto fields = bench.answer();
            fields.hash = hash;
            fields.status = status;
            const auto response = OcspResponse::from_der(bench.sign_answer(fields));
            ASSERT_TRUE(response) << response.error().message;
            EXPECT_EQ(response->status(), status);
            EXPECT_EQ(response->id(), OcspCertId::of(bench.issuer, bench.leaf.serial(), hash));
            EXPECT_EQ(response->produced_at(), fields.produced_at);
            EXPECT_EQ(response->this_update(), fields.this_update);
            EXPECT_EQ(response->next_update(), fields.next_update);
            EXPECT_TRUE(response->is_signed_by(bench.issuer));
        }
    }
}

// OpenSSL reads it as we do.
TEST(OcspResponse, ConvincesOpenSsl) {
    const StatusBench bench;
    const auto der = bench.sign_answer(bench.answer());
    const auto* octets = der.data();
    const std::unique_ptr<OCSP_RESPONSE, decltype(&OCSP_RESPONSE_free)> response(
        d2i_OCSP_RESPONSE(nullptr, &octets, static_cast<long>(der.size())), &OCSP_RESPONSE_free);
    ASSERT_TRUE(response);
    EXPECT_EQ(OCSP_response_status(response.get()), OCSP_RESPONSE_STATUS_SUCCESSFUL);
    const std::unique_ptr<OCSP_BASICRESP, decltype(&OCSP_BASICRESP_free)> basic(
        OCSP_response_get1_basic(response.get()), &OCSP_BASICRESP_free);
    ASSERT_TRUE(basic);
    const std::unique_ptr<X509_STORE, decltype(&X509_STORE_free)> store(X509_STORE_new(),
                                                                        &X509_STORE_free);
    X509_STORE_add_cert(store.get(), bench.issuer.handle());
    const std::unique_ptr<STACK_OF(X509), void (*)(STACK_OF(X509)*)> issuers(
        sk_X509_new_null(), [](STACK_OF(X509) * stack) { sk_X509_free(stack); });
    sk_X509_push(issuers.get(), bench.issuer.handle());
    // The bench's certificates are of another time.
    X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store.get()),
                               bench.start.time_since_epoch().count());
    EXPECT_EQ(OCSP_basic_verify(basic.get(), issuers.get(), store.get(), OCSP_TRUSTOTHER), 1);
    const std::unique_ptr<OCSP_CERTID, decltype(&OCSP_CERTID_free)> id(
        OCSP_cert_to_id(EVP_sha1(), bench.leaf.handle(), bench.issuer.handle()), &OCSP_CERTID_free);
    int status = 0;
    int reason = 0;
    EXPECT_EQ(
        OCSP_resp_find_status(basic.get(), id.get(), &status, &reason, nullptr, nullptr, nullptr),
        1);
    EXPECT_EQ(status, V_OCSP_CERTSTATUS_REVOKED);
    EXPECT_EQ(reason, OCSP_REVOKED_STATUS_KEYCOMPROMISE);
}

TEST(OcspResponse, IsNotSignedByAnother) {
    const StatusBench bench;
    const StatusBench other;
    const auto der = bench.sign_answer(bench.answer());
    EXPECT_FALSE(OcspResponse::from_der(der)->is_signed_by(other.issuer));
    EXPECT_FALSE(OcspResponse::from_der(der)->is_signed_by(bench.leaf));
    // keyCompromise becomes unspecified.
    const auto forged = bench.altered(der, "a0030a0101", "a0030a0100");
    EXPECT_FALSE(OcspResponse::from_der(forged)->is_signed_by(bench.issuer));
}

TEST(OcspResponse, MayBeAnError) {
    EXPECT_EQ(base::to_hex(ocsp_response_of(OcspError::unauthorized)), "30030a0106");
    const auto read = OcspResponse::from_der(ocsp_response_of(OcspError::malformed_request));
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("the responder answers: malformedRequest"));
}

TEST(OcspResponse, IsRefusedWithItsReason) {
    const StatusBench bench;
    const auto der = bench.sign_answer(bench.answer());
    const auto error = [](const base::Bytes& octets) {
        const auto read = OcspResponse::from_der(octets);
        return read ? std::string("accepted") : read.error().message;
    };
    const auto altered = [&](std::string_view from, std::string_view to) {
        return error(testing::RevocationBench::altered(der, from, to));
    };
    auto longer = der;
    longer.push_back(0);
    EXPECT_THAT(error(longer), HasSubstr("not DER"));
    EXPECT_THAT(error({}), HasSubstr("not DER"));
    EXPECT_THAT(error(base::Bytes(OcspResponse::max_size + 1)), HasSubstr("more than 65536"));
    EXPECT_THAT(altered("0a0100a0", "0a0104a0"), HasSubstr("responseStatus is unknown"));
    EXPECT_THAT(altered("2b0601050507300101", "2b0601050507300103"), HasSubstr("another type"));
    EXPECT_THAT(altered("a0030a0101", "a0030a0107"), HasSubstr("a reason is unknown"));
    EXPECT_THAT(altered("2b0e03021a", "2b0e03021b"), HasSubstr("neither SHA-1 nor SHA-256"));
    // The time at which it was produced, without its place among the years.
    EXPECT_THAT(altered("180f3230323631313232313430303030", "0c0f3230323631313232313430303030"),
                HasSubstr("producedAt is no GeneralizedTime"));
}

TEST(OcspResponse, OfAnotherResponderIsRefused) {
    const StatusBench bench;
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.raw(draft_ocsp_response(bench.answer(), bench.issuer));
        writer.raw(signature_algorithm_for(bench.key.public_key()));
        writer.octet_aligned_bits(base::BytesView());
        writer.nested(asn1::tag::context_constructed(0), [&] {
            writer.nested(asn1::tag::sequence, [&] { writer.raw(bench.leaf.der()); });
        });
    });
    const auto read = OcspResponse::from_der(ocsp_response_of(writer.view()));
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("did not sign it itself"));
}

}  // namespace
}  // namespace cairn::pki::ocsp_response_test
