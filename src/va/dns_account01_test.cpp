#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "va/testing/challenge.h"
#include "va/testing/event_loop.h"
#include "va/testing/fake_resolver.h"
#include "va/validation.h"

namespace cairn::va::dns_account01_test {
namespace {

using dns::RecordType;
using protocol::ProblemType;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr const char* account = "https://example.com/acme/acct/ExampleAccount";
constexpr const char* record_name = "_ujmmovf2vn55tgye._acme-challenge.example.com";

class DnsAccount01 : public ::testing::Test {
  protected:
    auto validate(std::string_view name = "example.com", std::string account_url = account) {
        auto validation = testing::challenge_for(name);
        validation.account_url = std::move(account_url);
        return loop.run(validate_dns_account01(validation, settings, resolver));
    }

    testing::EventLoop loop;
    testing::FakeResolver resolver;
    Settings settings = testing::public_settings();
    const std::string value = protocol::dns_record_value(testing::key_authorization);
};

// Check 110.
TEST_F(DnsAccount01, TheDigestUnderTheAccountsLabelIsEnough) {
    for (const char* name : {"example.com", "*.example.com"}) {
        resolver = {};
        resolver.add(record_name, RecordType::txt, testing::with_texts({value}));
        const auto evidence = validate(name);
        ASSERT_TRUE(evidence) << evidence.error().detail;
        EXPECT_THAT(resolver.queries(), ElementsAre(record_name));
        EXPECT_FALSE(evidence->reliable_for);
    }
}

// Check 110.
TEST_F(DnsAccount01, AnotherAccountsLabelIsNot) {
    resolver.add(record_name, RecordType::txt, testing::with_texts({value}));
    const auto result = validate("example.com", std::string(account) + "2");
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().type, ProblemType::unauthorized);
}

TEST_F(DnsAccount01, NorIsTheNameOfDns01) {
    resolver.add("_acme-challenge.example.com", RecordType::txt, testing::with_texts({value}));
    EXPECT_EQ(validate().error().type, ProblemType::unauthorized);
    resolver.add(record_name, RecordType::txt, testing::with_texts({"another value"}));
    EXPECT_THAT(validate().error().detail, HasSubstr(record_name));
}

TEST_F(DnsAccount01, NeedsAnAccountAndAName) {
    EXPECT_THROW(static_cast<void>(validate("example.com", "")), std::logic_error);
    auto address = testing::challenge_for(protocol::Identifier::ip("192.0.2.1").value());
    address.account_url = account;
    EXPECT_THROW(static_cast<void>(loop.run(validate_dns_account01(address, settings, resolver))),
                 std::logic_error);
}

}  // namespace
}  // namespace cairn::va::dns_account01_test
