#include "ca/rules/terms.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace cairn::ca::terms_test {
namespace {

using Change = Terms::Change;

Account account_that_agreed(std::optional<base::Time> when, const std::string& url) {
    crypto::SystemRandom random;
    static const auto key =
        protocol::Jwk::of(crypto::PrivateKey::generate(crypto::KeyType::ec_p256).public_key());
    return {.id = AccountId::fresh({}, random),
            .key = key,
            .contacts = {},
            .created = {},
            .terms_agreed = when,
            .deactivated = std::nullopt,
            .terms_url = url};
}

// Check 54.
TEST(Terms, HoldUpWhoAgreedToOthersWhereThatIsAskedFor) {
    const std::string present = "https://ca.example/terms-2";
    const base::Time some_time{base::Seconds{1'800'000'000}};
    struct Case {
        std::string terms;
        Change change;
        std::optional<base::Time> agreed;
        std::string agreed_to;
        bool are_agreed_to, is_refused;
    };
    const std::vector<Case> cases{
        {present, Change::asks_for_agreement, some_time, present, true, false},
        {present, Change::asks_for_agreement, some_time, "https://ca.example/terms", false, true},
        {present, Change::asks_for_agreement, some_time, "", true, false},
        {present, Change::asks_for_agreement, std::nullopt, "", false, true},
        {present, Change::asks_for_nothing, some_time, "https://ca.example/terms", true, false},
        {present, Change::asks_for_nothing, std::nullopt, "", false, false},
        {"", Change::asks_for_agreement, some_time, present, true, false},
        {"", Change::asks_for_agreement, std::nullopt, "", false, false},
    };
    int number = 0;
    for (const auto& [url, change, agreed, agreed_to, are_agreed_to, is_refused] : cases) {
        SCOPED_TRACE(number++);
        const Terms terms{url, change};
        const auto account = account_that_agreed(agreed, agreed_to);
        EXPECT_EQ(terms.are_agreed_to_by(account), are_agreed_to);
        const auto refusal = terms.refusal(account);
        ASSERT_EQ(refusal.has_value(), is_refused);
        if (!refusal) continue;
        EXPECT_EQ(refusal->type, protocol::ProblemType::user_action_required);
        EXPECT_EQ(refusal->status, 403);
        EXPECT_EQ(refusal->instance, present);
    }
}

}  // namespace
}  // namespace cairn::ca::terms_test
