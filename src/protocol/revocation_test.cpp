#include "protocol/revocation.h"

#include <gtest/gtest.h>

namespace cairn::protocol::revocation_test {
namespace {

using base::bytes_of;

TEST(RevocationReason, HasTheNamesOfTheStandard) {
    const struct {
        RevocationReason reason;
        const char *name, *hyphenated, *number;
    } cases[] = {
        {RevocationReason::unspecified, "unspecified", "Unspecified", "0"},
        {RevocationReason::key_compromise, "keyCompromise", "key-compromise", "1"},
        {RevocationReason::affiliation_changed, "affiliationChanged", "Affiliation-Changed", "3"},
        {RevocationReason::superseded, "superseded", "SUPERSEDED", "4"},
        {RevocationReason::cessation_of_operation, "cessationOfOperation", "cessation-of-operation",
         "5"},
        {RevocationReason::privilege_withdrawn, "privilegeWithdrawn", "privilege-withdrawn", "9"},
    };
    for (const auto& [reason, name, hyphenated, number] : cases) {
        EXPECT_EQ(to_string(reason), name);
        for (const char* text : {name, hyphenated, number}) {
            const auto read = revocation_reason_from(text);
            ASSERT_TRUE(read) << text;
            EXPECT_EQ(*read, reason) << text;
        }
    }
}

TEST(RevocationReason, RefusesOthers) {
    for (const char* text :
         {"", "2", "6", "7", "8", "10", "-1", "1 ", "1x", "99999999999999999999", "caCompromise",
          "certificateHold", "removeFromCRL", "key compromise"}) {
        EXPECT_FALSE(revocation_reason_from(text)) << text;
    }
}

TEST(RevocationRequest, IsReadAsWritten) {
    for (const char* json :
         {R"({"certificate":"MAA"})", R"({"certificate":"MAA","reason":1})",
          R"({"certificate":"MAA","reason":3})", R"({"certificate":"MAA","reason":4})",
          R"({"certificate":"MAA","reason":5})"}) {
        const auto request = RevocationRequest::from_json(bytes_of(json));
        ASSERT_TRUE(request) << json << request.error().detail;
        EXPECT_EQ(request->certificate, (base::Bytes{0x30, 0x00}));
        EXPECT_EQ(request->to_json(), json);
    }
    EXPECT_EQ(RevocationRequest::from_json(bytes_of(R"({"certificate":"MAA","reason":0})"))->reason,
              RevocationReason::unspecified);
}

TEST(RevocationRequest, NamesTheProblem) {
    const auto with_reason = [](std::string_view reason) {
        return R"({"certificate":"MAA","reason":)" + std::string(reason) + "}";
    };
    const struct {
        std::string json;
        ProblemType type;
    } cases[] = {
        {"", ProblemType::malformed},
        {"{}", ProblemType::malformed},
        {R"({"reason":1})", ProblemType::malformed},
        {R"({"certificate":1})", ProblemType::malformed},
        {R"({"certificate":"MAA="})", ProblemType::malformed},
        {R"({"certificate":"-----BEGIN CERTIFICATE-----"})", ProblemType::malformed},
        {R"({"certificate":")" + std::string(64 * 1024 / 3 * 4 + 4, 'A') + "\"}",
         ProblemType::malformed},
        {with_reason("\"1\""), ProblemType::malformed},
        {with_reason("1.0"), ProblemType::malformed},
        {with_reason("true"), ProblemType::malformed},
        {with_reason("[1]"), ProblemType::malformed},
        {with_reason("2"), ProblemType::bad_revocation_reason},
        {with_reason("6"), ProblemType::bad_revocation_reason},
        {with_reason("7"), ProblemType::bad_revocation_reason},
        {with_reason("8"), ProblemType::bad_revocation_reason},
        {with_reason("9"), ProblemType::bad_revocation_reason},
        {with_reason("10"), ProblemType::bad_revocation_reason},
        {with_reason("11"), ProblemType::bad_revocation_reason},
        {with_reason("-1"), ProblemType::bad_revocation_reason},
        {with_reason("1099511627776"), ProblemType::bad_revocation_reason},
        {with_reason("4294967297"), ProblemType::bad_revocation_reason},
    };
    for (const auto& [json, type] : cases) {
        const auto request = RevocationRequest::from_json(bytes_of(json));
        ASSERT_FALSE(request) << json.substr(0, 100);
        EXPECT_EQ(request.error().type, type) << json.substr(0, 100);
    }
}

}  // namespace
}  // namespace cairn::protocol::revocation_test
