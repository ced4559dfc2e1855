#include "protocol/contact.h"

#include <string>

#include <gtest/gtest.h>

namespace cairn::protocol::contact_test {
namespace {

TEST(Contact, IsAMailtoUrlWithOneAddress) {
    for (const std::string& url :
         {std::string("mailto:admin@example.org"), std::string("MailTo:Admin@Example.ORG"),
          std::string("mailto:first.last+acme@mail.example.org"),
          std::string("mailto:root@localhost"),
          std::string("mailto:o'neill_{x}!@xn--mnchen-3ya.example"),
          "mailto:" + std::string(64, 'a') + "@example.org"}) {
        EXPECT_FALSE(contact_problem(url)) << url << contact_problem(url)->detail;
    }
}

TEST(Contact, OfAnotherSchemeIsUnsupported) {
    for (const char* url : {"", "admin@example.org", "tel:+12025551212", "mailto",
                            "mail:a@b.example", "https://example.org/", " mailto:a@b.example"}) {
        const auto problem = contact_problem(url);
        ASSERT_TRUE(problem) << url;
        EXPECT_EQ(problem->type, ProblemType::unsupported_contact) << url;
    }
}

TEST(Contact, WithoutExactlyOneGoodAddressIsInvalid) {
    for (const std::string& url : {std::string("mailto:"),
                                   std::string("mailto:admin"),
                                   std::string("mailto:@example.org"),
                                   std::string("mailto:admin@"),
                                   std::string("mailto:a@b@example.org"),
                                   std::string("mailto:a@example.org?subject=x"),
                                   std::string("mailto:a@example.org?"),
                                   std::string("mailto:a@example.org,b@example.org"),
                                   std::string("mailto:a@example.org;b@example.org"),
                                   std::string("mailto:a@example.org\r\nBcc:x@example.org"),
                                   std::string("mailto:a@example.org%0d%0aBcc:x@example.org"),
                                   std::string("mailto:a%40example.org"),
                                   std::string("mailto:a b@example.org"),
                                   std::string("mailto:a\0@example.org", 21),
                                   std::string("mailto:.a@example.org"),
                                   std::string("mailto:a.@example.org"),
                                   std::string("mailto:a..b@example.org"),
                                   std::string("mailto:\"a b\"@example.org"),
                                   std::string("mailto:<a@example.org>"),
                                   std::string("mailto:a@example.org."),
                                   std::string("mailto:a@[192.0.2.1]"),
                                   std::string("mailto:a@192.0.2.1"),
                                   std::string("mailto:a@_x.example"),
                                   std::string("mailto:a@m\xc3\xbcnchen.example"),
                                   std::string("mailto://a@example.org"),
                                   "mailto:" + std::string(65, 'a') + "@example.org",
                                   "mailto:a@" + std::string(63, 'a') + "." + std::string(63, 'a') +
                                       "." + std::string(63, 'a') + "." + std::string(61, 'a')}) {
        const auto problem = contact_problem(url);
        ASSERT_TRUE(problem) << url;
        EXPECT_EQ(problem->type, ProblemType::invalid_contact) << url;
        EXPECT_EQ(problem->detail.find('\r'), std::string::npos);
        EXPECT_LT(problem->detail.size(), 250U);
    }
}

}  // namespace
}  // namespace cairn::protocol::contact_test
