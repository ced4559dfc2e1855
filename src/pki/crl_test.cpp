#include "pki/crl.h"

#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/openssl.h"
#include "pki/testing/revocation_list.h"
#include "pki/x509_signature.h"

namespace cairn::pki::crl_test {
namespace {

using ::testing::HasSubstr;
using testing::RevocationBench;

std::string refusal_of(base::BytesView der) {
    const auto crl = Crl::from_der(der);
    return crl ? "accepted" : crl.error().message;
}

TEST(Crl, IsReadAsItWasWritten) {
    const RevocationBench bench;
    const auto der = bench.sign(bench.fields());
    const auto crl = Crl::from_der(der);
    ASSERT_TRUE(crl) << crl.error().message;
    EXPECT_EQ(crl->der(), der);
    EXPECT_EQ(crl->issuer_name(), bench.issuer.subject_name());
    EXPECT_EQ(crl->this_update(), bench.fields().this_update);
    EXPECT_EQ(crl->next_update(), bench.fields().next_update);
    EXPECT_EQ(base::to_hex(crl->number()), "0100");
    EXPECT_EQ(crl->authority_key_id(), bench.issuer.subject_key_id());
    EXPECT_EQ(crl->distribution_point(), bench.url);
    EXPECT_EQ(crl->revoked(), bench.revoked);
    EXPECT_TRUE(crl->is_signed_by(bench.issuer));
}

TEST(Crl, MayTellOfNothing) {
    const RevocationBench bench;
    auto fields = bench.fields();
    fields.revoked = {};
    fields.distribution_point.clear();
    const auto crl = Crl::from_der(bench.sign(fields));
    ASSERT_TRUE(crl) << crl.error().message;
    EXPECT_TRUE(crl->revoked().empty());
    EXPECT_EQ(crl->distribution_point(), "");
}

TEST(Crl, IsSignedByItsIssuerAlone) {
    const RevocationBench bench;
    const RevocationBench twin;  // of the same name
    const auto crl = Crl::from_der(bench.sign(bench.fields())).value();
    EXPECT_FALSE(crl.is_signed_by(twin.issuer));
    auto der = crl.der();
    der[der.size() / 2] ^= 1U;  // in a serial number or a time
    const auto changed = Crl::from_der(der);
    EXPECT_FALSE(changed && changed->is_signed_by(bench.issuer));
}

// What a reader that does not know it would take for something else.
TEST(Crl, RefusesWhatItDoesNotUnderstand) {
    const RevocationBench bench;
    const auto altered = [&](std::string_view from, std::string_view to) {
        return refusal_of(bench.altered(bench.sign(bench.fields()), from, to));
    };
    // cRLNumber becomes deltaCRLIndicator, and critical as such it would be; here the number lacks.
    EXPECT_THAT(altered("0603551d14", "0603551d1b"), HasSubstr("CRL number is missing"));
    EXPECT_THAT(altered("0603551d1c0101ff", "0603551d1b0101ff"),
                HasSubstr("critical extension that is not known"));
    // onlyContainsUserCerts becomes onlyContainsCACerts.
    EXPECT_THAT(altered("8101ff", "8201ff"), HasSubstr("has more in it than it should"));
    // The reason 1 becomes 7, which nobody has defined.
    EXPECT_THAT(altered("0603551d1504030a0101", "0603551d1504030a0107"),
                HasSubstr("a reason is unknown"));
    EXPECT_THAT(altered("020101300a", "020100300a"), HasSubstr("version is not 2"));
}

TEST(Crl, RefusesWhatIsNotOneList) {
    const RevocationBench bench;
    auto der = bench.sign(bench.fields());
    der.push_back(0);
    EXPECT_THAT(refusal_of(der), HasSubstr("not DER"));
    EXPECT_THAT(refusal_of({}), HasSubstr("not DER"));
    EXPECT_THAT(refusal_of(bench.issuer.der()), HasSubstr("has the tag"));
}

TEST(Crl, IsTakenByOpenssl) {
    const RevocationBench bench;
    const auto der = bench.sign(bench.fields());
    const std::uint8_t* at = der.data();
    const crypto::Handle<X509_CRL, &X509_CRL_free> crl(
        d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
    ASSERT_NE(crl, nullptr);
    EXPECT_EQ(X509_CRL_verify(crl.get(), bench.key.handle()), 1);
    EXPECT_EQ(X509_CRL_get_version(crl.get()), X509_CRL_VERSION_2);
    EXPECT_EQ(sk_X509_REVOKED_num(X509_CRL_get_REVOKED(crl.get())), 3);

    const crypto::Handle<ASN1_INTEGER, &ASN1_INTEGER_free> number(static_cast<ASN1_INTEGER*>(
        X509_CRL_get_ext_d2i(crl.get(), NID_crl_number, nullptr, nullptr)));
    ASSERT_NE(number, nullptr);
    EXPECT_EQ(ASN1_INTEGER_get(number.get()), 256);
    X509_REVOKED* entry = nullptr;
    ASSERT_EQ(X509_CRL_get0_by_cert(crl.get(), &entry, bench.leaf.handle()), 1);
    const crypto::Handle<ASN1_ENUMERATED, &ASN1_ENUMERATED_free> reason(
        static_cast<ASN1_ENUMERATED*>(
            X509_REVOKED_get_ext_d2i(entry, NID_crl_reason, nullptr, nullptr)));
    ASSERT_NE(reason, nullptr);
    EXPECT_EQ(ASN1_ENUMERATED_get(reason.get()), 1);
}

// A verifier finds the list by the leaf's distribution point, which the list's own has to match.
TEST(Crl, RevokesForOpenssl) {
    const RevocationBench bench;
    const auto verify = [&](const CrlFields& fields) {
        const auto der = bench.sign(fields);
        const std::uint8_t* at = der.data();
        const crypto::Handle<X509_CRL, &X509_CRL_free> crl(
            d2i_X509_CRL(nullptr, &at, static_cast<long>(der.size())));
        const crypto::Handle<X509_STORE, &X509_STORE_free> store(X509_STORE_new());
        X509_STORE_add_cert(store.get(), bench.issuer.handle());
        X509_STORE_add_crl(store.get(), crl.get());
        X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_EXTENDED_CRL_SUPPORT);
        const crypto::Handle<X509_STORE_CTX, &X509_STORE_CTX_free> context(X509_STORE_CTX_new());
        X509_STORE_CTX_init(context.get(), store.get(), bench.leaf.handle(), nullptr);
        X509_VERIFY_PARAM_set_time(X509_STORE_CTX_get0_param(context.get()),
                                   bench.fields().this_update.time_since_epoch().count() + 1);
        X509_verify_cert(context.get());
        return X509_STORE_CTX_get_error(context.get());
    };
    EXPECT_EQ(verify(bench.fields()), X509_V_ERR_CERT_REVOKED);
    auto others = bench.fields();
    others.revoked = others.revoked.subspan(1);
    EXPECT_EQ(verify(others), X509_V_OK);
    auto elsewhere = others;
    elsewhere.distribution_point = "http://ca.example/crl/2";
    EXPECT_EQ(verify(elsewhere), X509_V_ERR_DIFFERENT_CRL_SCOPE);
}

}  // namespace
}  // namespace cairn::pki::crl_test
