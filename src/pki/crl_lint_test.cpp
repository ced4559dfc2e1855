#include "pki/crl_lint.h"

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pki/testing/revocation_list.h"

namespace cairn::pki::crl_lint_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::RevocationBench;

std::vector<std::string> findings_in(base::BytesView draft, const CrlFields& wanted,
                                     const Certificate& issuer) {
    std::vector<std::string> result;
    for (const auto& finding : lint_crl(draft, wanted, issuer)) result.push_back(finding.message);
    return result;
}

TEST(CrlLint, FindsNothingInWhatTheBuilderMakes) {
    const RevocationBench bench;
    auto fields = bench.fields();
    EXPECT_THAT(findings_in(draft_crl(fields, bench.issuer), fields, bench.issuer), IsEmpty());
    fields.distribution_point.clear();
    fields.revoked = {};
    fields.number = UINT64_MAX;
    EXPECT_THAT(findings_in(draft_crl(fields, bench.issuer), fields, bench.issuer), IsEmpty());
}

struct BadList {
    const char* name;
    std::function<void(CrlFields&, std::vector<RevokedCertificate>&)> spoil;
    const char* finding;
};
class CrlLintOfFields : public ::testing::TestWithParam<BadList> {};

// Check 149.
TEST_P(CrlLintOfFields, Finds) {
    const RevocationBench bench;
    auto entries = bench.revoked;
    auto fields = bench.fields();
    GetParam().spoil(fields, entries);
    fields.revoked = entries;
    EXPECT_THAT(findings_in(draft_crl(fields, bench.issuer), fields, bench.issuer),
                ElementsAre(HasSubstr(GetParam().finding)));
}

INSTANTIATE_TEST_SUITE_P(
    CrlLint, CrlLintOfFields,
    ::testing::Values(
        BadList{"LivesTooLong",
                [](auto& fields, auto&) { fields.next_update += std::chrono::days(4); },
                "more than 10 days"},
        BadList{"IsOverAtOnce",
                [](auto& fields, auto&) { fields.next_update = fields.this_update; },
                "not after thisUpdate"},
        BadList{"Twice", [](auto&, auto& entries) { entries[1].serial = entries[0].serial; },
                "stands there twice"},
        BadList{"Future", [](auto&, auto& entries) { entries[1].at += std::chrono::hours(3); },
                "in the future"},
        BadList{"OnHold",
                [](auto&, auto& entries) { entries[1].reason = CrlReason::certificate_hold; },
                "no subscriber's certificate may have"},
        BadList{"UrlOverTls",
                [](auto& fields, auto&) { fields.distribution_point = "https://ca.example/crl/1"; },
                "no http URL"}),
    [](const auto& instance) { return instance.param.name; });

// What is signed is what was wanted, whatever the builder made of it.
TEST(CrlLint, FindsWhatWasNotWanted) {
    const RevocationBench bench;
    const auto draft = draft_crl(bench.fields(), bench.issuer);
    const auto wanting = [&](const auto& change) {
        auto wanted = bench.fields();
        change(wanted);
        return findings_in(draft, wanted, bench.issuer);
    };
    EXPECT_THAT(wanting([](auto& wanted) { wanted.revoked = wanted.revoked.first(2); }),
                ElementsAre("the entries are not those that were chosen"));
    EXPECT_THAT(wanting([](auto& wanted) { wanted.number = 1; }),
                ElementsAre("the CRL number is not the one that was chosen"));
    EXPECT_THAT(wanting([](auto& wanted) { wanted.next_update += base::Seconds(1); }),
                ElementsAre("thisUpdate or nextUpdate is not the one that was chosen"));
    EXPECT_THAT(wanting([](auto& wanted) { wanted.distribution_point.clear(); }),
                ElementsAre("the issuing distribution point is not the one that was chosen"));
}

TEST(CrlLint, FindsAnotherIssuer) {
    const RevocationBench bench;
    const RevocationBench other;
    const auto fields = bench.fields();
    const auto draft = draft_crl(fields, bench.issuer);
    EXPECT_THAT(findings_in(draft, fields, other.issuer),
                ElementsAre(HasSubstr("authorityKeyIdentifier is not")));
    const auto by_leaf = findings_in(draft, fields, bench.leaf);
    EXPECT_THAT(by_leaf, Contains(HasSubstr("no cRLSign")));
    EXPECT_THAT(by_leaf, Contains(HasSubstr("not the subject of the issuer")));
}

TEST(CrlLint, FindsWhatIsNotAList) {
    const RevocationBench bench;
    const auto fields = bench.fields();
    auto draft = draft_crl(fields, bench.issuer);
    EXPECT_THAT(findings_in(bench.altered(draft, "0603551d1c0101ff", "0603551d630101ff"), fields,
                            bench.issuer),
                ElementsAre(HasSubstr("critical extension that is not known")));
    EXPECT_THAT(findings_in(bench.altered(draft, "0603551d14", "0603551d63"), fields, bench.issuer),
                Contains(HasSubstr("CRL number is missing")));
    draft.pop_back();
    EXPECT_THAT(findings_in(draft, fields, bench.issuer), ElementsAre(HasSubstr("not DER")));
}

}  // namespace
}  // namespace cairn::pki::crl_lint_test
