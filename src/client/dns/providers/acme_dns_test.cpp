#include "client/testing/provider_fixture.h"

namespace cairn::client::acme_dns_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::response;

class AcmeDnsTest : public testing::ProviderTest {
  protected:
    AcmeDnsTest() {
        answer_ = [](const http::Request&) { return response(200, R"({"txt":"the-value"})"); };
    }
    std::unique_ptr<DnsProvider> acme_dns() {
        return provider("acme-dns", {{"username", "u-1"},
                                     {"password", "pass-word"},
                                     {"subdomain", "s-1"},
                                     {"fulldomain", "s-1.auth.example"}});
    }
};

TEST_F(AcmeDnsTest, UpdatesItsOneName) {
    acme_dns()->set({.zone = "auth.example", .name = "s-1.auth.example", .value = "the-value"});
    const auto request = server_.requests().at(0);
    EXPECT_EQ(request.method + request.target, "POST/update");
    EXPECT_EQ(request.field("X-Api-User"), "u-1");
    EXPECT_EQ(request.field("X-Api-Key"), "pass-word");
    EXPECT_EQ(request.body, R"({"subdomain":"s-1","txt":"the-value"})");
    EXPECT_THAT(trace_.text(), Not(HasSubstr("pass-word")));
}

TEST_F(AcmeDnsTest, SaysWhichAliasIsMissing) {
    EXPECT_THAT(failure_of([&] { acme_dns()->set(record_); }),
                HasSubstr("_acme-challenge.www.example.com CNAME s-1.auth.example."));
    EXPECT_TRUE(server_.requests().empty());
}

TEST_F(AcmeDnsTest, KnowsTheAccountsOfAFile) {
    const testing::TemporaryFolder folder;
    write_durably(folder / "accounts",
                  std::string_view(R"({"example.com":{"fulldomain":"S-2.auth.example",)"
                                   R"("subdomain":"s-2","username":"u-2","password":"p-2-secret",)"
                                   R"("allowfrom":[]}})"),
                  FileAccess::owner);
    const auto two = provider("acme-dns", {{"accounts_file", (folder / "accounts").string()}});
    two->set({.zone = "auth.example", .name = "s-2.auth.example", .value = "v"});
    EXPECT_EQ(server_.requests().at(0).field("X-Api-User"), "u-2");
    EXPECT_THAT(trace_.text(), Not(HasSubstr("p-2-secret")));
}

}  // namespace
}  // namespace cairn::client::acme_dns_test
