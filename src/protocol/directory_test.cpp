#include "protocol/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::protocol::directory_test {
namespace {

using base::bytes_of;
using ::testing::ElementsAre;
using ::testing::Pair;

constexpr const char* required_members = R"("newNonce":"https://example.com/acme/new-nonce",)"
                                         R"("newAccount":"https://example.com/acme/new-account",)"
                                         R"("newOrder":"https://example.com/acme/new-order",)"
                                         R"("revokeCert":"https://example.com/acme/revoke-cert",)"
                                         R"("keyChange":"https://example.com/acme/key-change")";

// The example of RFC 8555 section 7.1.1, with what RFC 9773 and the profiles draft add.
TEST(Directory, IsRead) {
    const auto directory = Directory::from_json(bytes_of(
        "{" + std::string(required_members) +
        R"(,"newAuthz":"https://example.com/acme/new-authz",)"
        R"("renewalInfo":"https://example.com/acme/renewal-info",)"
        R"("keyzfpqWg2k":"https://example.com/adding-random-entries",)"
        R"("meta":{"termsOfService":"https://example.com/acme/terms/2017-5-30",)"
        R"("website":"https://www.example.com/","caaIdentities":["example.com","example.net"],)"
        R"("externalAccountRequired":true,"subdomainAuthAllowed":true,"new":{"a":1},)"
        R"("profiles":{"classic":"https://example.com/classic","short":"6 days"}}})"));
    ASSERT_TRUE(directory) << directory.error().message;
    EXPECT_EQ(directory->new_nonce, "https://example.com/acme/new-nonce");
    EXPECT_EQ(directory->new_account, "https://example.com/acme/new-account");
    EXPECT_EQ(directory->new_order, "https://example.com/acme/new-order");
    EXPECT_EQ(directory->new_authz, "https://example.com/acme/new-authz");
    EXPECT_EQ(directory->revoke_cert, "https://example.com/acme/revoke-cert");
    EXPECT_EQ(directory->key_change, "https://example.com/acme/key-change");
    EXPECT_EQ(directory->renewal_info, "https://example.com/acme/renewal-info");
    EXPECT_EQ(directory->terms_of_service, "https://example.com/acme/terms/2017-5-30");
    EXPECT_EQ(directory->website, "https://www.example.com/");
    EXPECT_THAT(directory->caa_identities, ElementsAre("example.com", "example.net"));
    EXPECT_TRUE(directory->external_account_required);
    EXPECT_TRUE(directory->subdomain_auth_allowed);
    EXPECT_THAT(directory->profiles, ElementsAre(Pair("classic", "https://example.com/classic"),
                                                 Pair("short", "6 days")));
    EXPECT_EQ(Directory::from_json(bytes_of(directory->to_json()))->to_json(),
              directory->to_json());
}

TEST(Directory, IsWrittenWithTheMembersThatItHas) {
    Directory directory;
    directory.new_nonce = "n";
    directory.new_account = "a";
    directory.new_order = "o";
    directory.revoke_cert = "r";
    directory.key_change = "k";
    EXPECT_EQ(
        directory.to_json(),
        R"({"newNonce":"n","newAccount":"a","newOrder":"o","revokeCert":"r","keyChange":"k"})");
    directory.renewal_info = "i";
    directory.external_account_required = true;
    EXPECT_EQ(directory.to_json(),
              R"({"newNonce":"n","newAccount":"a","newOrder":"o","revokeCert":"r","keyChange":"k",)"
              R"("renewalInfo":"i","meta":{"externalAccountRequired":true}})");
    directory.external_account_required = false;
    directory.profiles = {{"short", "6 days"}};
    directory.caa_identities = {"ca.example"};
    directory.website = "w";
    directory.terms_of_service = "t";
    directory.new_authz = "z";
    EXPECT_EQ(directory.to_json(),
              R"({"newNonce":"n","newAccount":"a","newOrder":"o","newAuthz":"z","revokeCert":"r",)"
              R"("keyChange":"k","renewalInfo":"i","meta":{"termsOfService":"t","website":"w",)"
              R"("caaIdentities":["ca.example"],"profiles":{"short":"6 days"}}})");
}

TEST(Directory, NeedsTheUrlsOfACertificate) {
    for (const char* name : {"newNonce", "newAccount", "newOrder"}) {
        std::string json = "{" + std::string(required_members) + "}";
        ASSERT_TRUE(Directory::from_json(bytes_of(json)));
        json.replace(json.find(name), 1, "x");
        const auto directory = Directory::from_json(bytes_of(json));
        ASSERT_FALSE(directory) << name;
        EXPECT_EQ(directory.error().message, std::string(name) + ": missing");
    }
}

TEST(Directory, LeavesOutWhatIsWrongBesides) {
    for (const char* more :
         {R"("newAuthz":1)", R"("renewalInfo":[])", R"("meta":[])", R"("meta":{"website":1})",
          R"("meta":{"termsOfService":{}})", R"("meta":{"caaIdentities":"example.com"})",
          R"("meta":{"externalAccountRequired":"true"})", R"("meta":{"profiles":["classic"]})",
          R"("meta":{"profiles":{"classic":1}})"}) {
        const auto directory =
            Directory::from_json(bytes_of("{" + std::string(required_members) + "," + more + "}"));
        ASSERT_TRUE(directory) << more << directory.error().message;
        EXPECT_FALSE(directory->new_order.empty());
        EXPECT_TRUE(directory->terms_of_service.empty());
    }
    EXPECT_FALSE(
        Directory::from_json(bytes_of(R"({"newNonce":"n","newAccount":1,"newOrder":"o"})")));
    EXPECT_FALSE(Directory::from_json(bytes_of("<html>")));
}

}  // namespace
}  // namespace cairn::protocol::directory_test
