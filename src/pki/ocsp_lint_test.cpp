#include "pki/ocsp_lint.h"

#include <functional>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pki/testing/status_response.h"

namespace cairn::pki::ocsp_lint_test {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using testing::StatusBench;

std::vector<std::string> findings_in(base::BytesView draft, const OcspFields& wanted,
                                     const Certificate& issuer) {
    std::vector<std::string> result;
    for (const auto& finding : lint_ocsp_response(draft, wanted, issuer))
        result.push_back(finding.message);
    return result;
}

TEST(OcspLint, FindsNothingInWhatTheBuilderMakes) {
    const StatusBench bench;
    auto fields = bench.answer();
    for (const auto kind : {OcspStatus::Kind::good, OcspStatus::Kind::unknown}) {
        fields.status = {kind};
        EXPECT_THAT(findings_in(draft_ocsp_response(fields, bench.issuer), fields, bench.issuer),
                    IsEmpty());
    }
}

struct BadAnswer {
    const char* name;
    std::function<void(OcspFields&)> spoil;
    const char* finding;
};
class OcspLintOfFields : public ::testing::TestWithParam<BadAnswer> {};

TEST_P(OcspLintOfFields, Finds) {
    const StatusBench bench;
    auto fields = bench.answer();
    GetParam().spoil(fields);
    EXPECT_THAT(findings_in(draft_ocsp_response(fields, bench.issuer), fields, bench.issuer),
                ElementsAre(HasSubstr(GetParam().finding)));
}

INSTANTIATE_TEST_SUITE_P(
    OcspLint, OcspLintOfFields,
    ::testing::Values(
        BadAnswer{"LivesTooLong", [](auto& fields) { fields.next_update += std::chrono::days(7); },
                  "8 hours to 10 days"},
        BadAnswer{
            "LivesTooShort",
            [](auto& fields) { fields.next_update = fields.this_update + std::chrono::hours(7); },
            "8 hours to 10 days"},
        BadAnswer{"OfTheFuture", [](auto& fields) { fields.this_update += std::chrono::hours(3); },
                  "thisUpdate is after producedAt"},
        BadAnswer{"OverAlready", [](auto& fields) { fields.produced_at = fields.next_update; },
                  "nextUpdate is not after producedAt"},
        BadAnswer{"RevokedInTheFuture",
                  [](auto& fields) { fields.status.revoked_at += std::chrono::hours(9); },
                  "revoked in the future"},
        BadAnswer{"OnHold",
                  [](auto& fields) { fields.status.reason = CrlReason::certificate_hold; },
                  "no subscriber's certificate may have"}),
    [](const auto& instance) { return instance.param.name; });

// What is signed is what was wanted, whatever the builder made of it.
TEST(OcspLint, FindsWhatWasNotWanted) {
    const StatusBench bench;
    const auto draft = draft_ocsp_response(bench.answer(), bench.issuer);
    const auto wanting = [&](const auto& change) {
        auto wanted = bench.answer();
        change(wanted);
        return findings_in(draft, wanted, bench.issuer);
    };
    EXPECT_THAT(wanting([](auto& wanted) { wanted.status = {OcspStatus::Kind::good}; }),
                ElementsAre("the status is not the one that was chosen"));
    EXPECT_THAT(wanting([](auto& wanted) { wanted.next_update += base::Seconds(1); }),
                ElementsAre(HasSubstr("is not the one that was chosen")));
    EXPECT_THAT(wanting([&](auto& wanted) { wanted.serial = bench.issuer.serial(); }),
                ElementsAre("the answer is not about the certificate that was chosen"));
    EXPECT_THAT(wanting([](auto& wanted) { wanted.hash = OcspHash::sha256; }),
                ElementsAre("the answer is not about the certificate that was chosen"));
}

TEST(OcspLint, FindsAnotherIssuer) {
    const StatusBench bench;
    const StatusBench other;
    const auto fields = bench.answer();
    const auto draft = draft_ocsp_response(fields, bench.issuer);
    EXPECT_THAT(findings_in(draft, fields, other.issuer),
                ElementsAre(HasSubstr("responderID is not"), HasSubstr("not about")));
    EXPECT_THAT(findings_in(draft, fields, bench.leaf), Contains(HasSubstr("the issuer is no CA")));
}

TEST(OcspLint, FindsWhatIsNotAResponse) {
    const StatusBench bench;
    const auto fields = bench.answer();
    auto draft = draft_ocsp_response(fields, bench.issuer);
    EXPECT_THAT(findings_in(bench.altered(draft, "a0030a0101", "a0030a0107"), fields, bench.issuer),
                ElementsAre("a reason is unknown"));
    draft.pop_back();
    EXPECT_THAT(findings_in(draft, fields, bench.issuer), ElementsAre(HasSubstr("not DER")));
}

}  // namespace
}  // namespace cairn::pki::ocsp_lint_test
