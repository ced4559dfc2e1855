#include "va/enrolment_message.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "crypto/random.h"

namespace cairn::va::enrolment_message_test {
namespace {

using ::testing::ElementsAre;

TEST(EnrolmentCodeTest, IsOneWord) {
    crypto::SystemRandom random;
    const auto code = EnrolmentCode::make(crypto::sha256(base::bytes_of("key")), random);
    const auto text = code.to_text();
    EXPECT_EQ(text.find_first_of(" \n"), std::string::npos);
    const auto read = EnrolmentCode::from_text(text);
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->key, code.key);
    EXPECT_EQ(read->secret, code.secret);
    for (const auto& wrong : {text.substr(1), text.substr(0, text.size() - 2), text + "AA",
                              std::string("cva1."), std::string("cva1.."), std::string()})
        EXPECT_FALSE(EnrolmentCode::from_text(wrong)) << wrong;
}

TEST(EnrolmentMessageTest, ComeBackAsTheyWereSent) {
    const IdentityRequest request{.perspective = "lon1",
                                  .region = protocol::InternetRegistry::ripe,
                                  .ca_url = "https://ca.example",
                                  .secret = "AAAA"};
    const auto asked = IdentityRequest::from_json(base::bytes_of(request.to_json()));
    ASSERT_TRUE(asked) << asked.error().message;
    EXPECT_EQ(asked->to_json(), request.to_json());
    const auto offered =
        IdentityOffer::from_json(base::bytes_of(IdentityOffer{{1, 2, 3}}.to_json()));
    ASSERT_TRUE(offered) << offered.error().message;
    EXPECT_THAT(offered->csr, ElementsAre(1, 2, 3));
    const IdentityGrant grant{.certificate = "PEM", .authority = "PEM 2"};
    const auto granted = IdentityGrant::from_json(base::bytes_of(grant.to_json()));
    ASSERT_TRUE(granted) << granted.error().message;
    EXPECT_EQ(granted->to_json(), grant.to_json());
    const PerspectiveStatus status{.perspective = "lon1",
                                   .region = protocol::InternetRegistry::ripe,
                                   .program = "cairn-va 1",
                                   .certificate_ends = *base::from_rfc3339("2026-11-22T12:00:00Z")};
    const auto told = PerspectiveStatus::from_json(base::bytes_of(status.to_json()));
    ASSERT_TRUE(told) << told.error().message;
    EXPECT_EQ(told->to_json(), status.to_json());
    for (const auto* wrong : {"{}", "[]", R"({"protocol":2,"csr":""})", R"({"protocol":1,"csr":7})",
                              R"({"protocol":1,"csr":"=="})"})
        EXPECT_FALSE(IdentityOffer::from_json(base::bytes_of(wrong))) << wrong;
}

TEST(PerspectiveNameTest, IsPlain) {
    for (const auto* good : {"a", "lon1", "eu-west-2"}) EXPECT_TRUE(is_perspective_name(good));
    for (const auto* bad : {"", "local", "Lon1", "-a", "a-", "a.b", "a b", "é"})
        EXPECT_FALSE(is_perspective_name(bad)) << bad;
}

}  // namespace
}  // namespace cairn::va::enrolment_message_test
