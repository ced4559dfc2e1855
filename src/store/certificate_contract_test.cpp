#include <algorithm>

#include "store/testing/repository_contract.h"

namespace cairn::store::testing::certificate_contract_test {
namespace {

using enum ca::CertificateStore::RevocationOutcome;
using RevocationOutcome = ca::CertificateStore::RevocationOutcome;
using protocol::RevocationReason;

class CertificateContract : public RepositoryContract {
  protected:
    ca::IssuedCertificate stored() {
        auto certificate = make.own_certificate();
        await(store().add_certificate(certificate));
        return certificate;
    }
    RevocationOutcome revoke(const ca::IssuedCertificate& certificate, RevocationReason reason,
                             base::Time at = now) {
        return await(store().revoke_certificate(certificate.serial, {at, reason}));
    }
    bool is_blocked(const ca::IssuedCertificate& certificate) {
        return await(store().is_key_blocked(certificate.key));
    }
};
INSTANTIATE_TEST_SUITE_P(, CertificateContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(CertificateContract, KeepsEveryFact) {
    auto own = make.own_certificate();
    own.der.assign(20000, 7);
    auto subscriber = make.certificate(make.order(make.account_id(), {}), make.intent());
    auto high = make.own_certificate();
    high.serial = pki::SerialNumber::from_hex("ff000000000000000000000000000001").value();
    auto low = make.own_certificate();
    low.serial = pki::SerialNumber::from_hex("01").value();

    for (const auto& certificate : {own, subscriber, high, low}) {
        await(store().add_certificate(certificate));
        expect_found(await(store().find_certificate(certificate.serial)), certificate);
    }
    reopen();
    for (const auto& certificate : {own, subscriber, high, low})
        expect_found(await(store().find_certificate(certificate.serial)), certificate);
    EXPECT_FALSE(await(store().find_certificate(make.serial())));
}

TEST_P(CertificateContract, RefusesASecondCertificateWithASerialNumber) {
    const auto first = stored();
    auto second = make.own_certificate();
    second.serial = first.serial;
    EXPECT_THROW(await(store().add_certificate(second)), std::runtime_error);
    expect_found(await(store().find_certificate(first.serial)), first);
}

TEST_P(CertificateContract, RevokesOnce) {
    auto certificate = stored();
    const auto other = stored();
    EXPECT_EQ(revoke(certificate, RevocationReason::superseded), revoked);
    certificate.revocation = {now, RevocationReason::superseded};
    expect_found(await(store().find_certificate(certificate.serial)), certificate);

    EXPECT_EQ(revoke(certificate, RevocationReason::unspecified, now + 1s), already_revoked);
    reopen();
    expect_found(await(store().find_certificate(certificate.serial)), certificate);
    expect_found(await(store().find_certificate(other.serial)), other);
    EXPECT_FALSE(is_blocked(certificate));
}

TEST_P(CertificateContract, KeepsEveryReason) {
    using enum RevocationReason;
    for (const auto reason : {unspecified, key_compromise, affiliation_changed, superseded,
                              cessation_of_operation, privilege_withdrawn}) {
        const auto certificate = stored();
        EXPECT_EQ(revoke(certificate, reason), revoked);
        EXPECT_EQ(await(store().find_certificate(certificate.serial)).value().revocation,
                  (ca::Revocation{now, reason}));
        EXPECT_FALSE(is_blocked(certificate));
    }
}

TEST_P(CertificateContract, RaisesARevocationToKeyCompromise) {
    const auto certificate = stored();
    revoke(certificate, RevocationReason::superseded);
    EXPECT_EQ(revoke(certificate, RevocationReason::key_compromise, now + 1s),
              raised_to_key_compromise);
    // Since when it is revoked does not change.
    const ca::Revocation raised{now, RevocationReason::key_compromise};
    EXPECT_EQ(await(store().find_certificate(certificate.serial)).value().revocation, raised);

    EXPECT_EQ(revoke(certificate, RevocationReason::key_compromise, now + 2s), already_revoked);
    EXPECT_EQ(revoke(certificate, RevocationReason::superseded, now + 2s), already_revoked);
    reopen();
    EXPECT_EQ(await(store().find_certificate(certificate.serial)).value().revocation, raised);
}

TEST_P(CertificateContract, RevokesNothingThatIsNotThere) {
    const auto stranger = make.own_certificate();
    EXPECT_EQ(revoke(stranger, RevocationReason::key_compromise), unknown);
    EXPECT_FALSE(is_blocked(stranger));
}

TEST_P(CertificateContract, RevokesOnceOfFiftyAtOnce) {
    const auto certificate = stored();
    std::vector<base::Task<RevocationOutcome>> revocations;
    for (int i = 0; i < 50; ++i) {
        const auto reason =
            i % 2 == 0 ? RevocationReason::superseded : RevocationReason::key_compromise;
        revocations.push_back(store().revoke_certificate(certificate.serial, {now, reason}));
    }
    const auto results = await_all(std::move(revocations));
    EXPECT_EQ(std::ranges::count(results, revoked), 1);
    EXPECT_LE(std::ranges::count(results, raised_to_key_compromise), 1);
    EXPECT_EQ(await(store().find_certificate(certificate.serial)).value().revocation.value().reason,
              RevocationReason::key_compromise);
}

TEST_P(CertificateContract, RemembersIssuers) {
    const auto id = digest("issuer");
    const ca::IssuerChains chains{"issuer\nroot\n"};
    EXPECT_FALSE(await(store().find_issuer(id)));
    await(store().save_issuer(id, chains));
    await(store().save_issuer(id, chains));
    await(store().save_issuer(digest("other"), {"other\n"}));
    reopen();
    EXPECT_EQ(await(store().find_issuer(id)), chains);
    for (const auto& present :
         {ca::IssuerChains{"issuer\ncross-signed root\n"},
          ca::IssuerChains{"issuer\ncross-signed root\n", {"cross\nfirst\n", "cross\n"}},
          ca::IssuerChains{"issuer\ncross-signed root\n", {"cross\n"}}, chains}) {
        await(store().save_issuer(id, present));
        EXPECT_EQ(await(store().find_issuer(id)), present);
        reopen();
        EXPECT_EQ(await(store().find_issuer(id)), present);
    }
}

TEST_P(CertificateContract, FindsACertificateWithTheChainsOfItsIssuer) {
    EXPECT_FALSE(await(store().find_download(make.serial())));
    const auto certificate = stored();
    const auto bare = await(store().find_download(certificate.serial)).value();
    expect_found(std::optional(bare.certificate), certificate);
    EXPECT_FALSE(bare.issuer);

    const ca::IssuerChains chains{"issuer\nroot\n", {"cross\n", "cross\nabove\n"}};
    await(store().save_issuer(digest("other"), {"other\n"}));
    await(store().save_issuer(certificate.issuer, chains));
    revoke(certificate, RevocationReason::superseded);
    for (const bool is_reopened : {false, true}) {
        if (is_reopened) reopen();
        const auto found = await(store().find_download(certificate.serial)).value();
        EXPECT_EQ(found.certificate.der, certificate.der);
        EXPECT_EQ(found.certificate.revocation.value().reason, RevocationReason::superseded);
        EXPECT_EQ(found.issuer, chains);
    }
    await(store().save_issuer(certificate.issuer, {"issuer\ncross-signed root\n"}));
    EXPECT_EQ(await(store().find_download(certificate.serial)).value().issuer,
              ca::IssuerChains{"issuer\ncross-signed root\n"});
}

}  // namespace
}  // namespace cairn::store::testing::certificate_contract_test
