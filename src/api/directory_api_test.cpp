#include "api/directory_api.h"

#include "api/testing/api_bench.h"
#include "protocol/directory.h"

namespace cairn::api::testing::directory_api_test {
namespace {

using enum protocol::ProblemType;

class DirectoryApiTest : public ApiBench {};

TEST_F(DirectoryApiTest, NamesEveryResource) {
    const auto response = unsigned_request("GET", "/directory");
    const auto directory = object<protocol::Directory>(response);
    EXPECT_EQ(directory.new_nonce, site + "/acme/new-nonce");
    EXPECT_EQ(directory.new_account, site + "/acme/new-account");
    EXPECT_EQ(directory.new_order, site + "/acme/new-order");
    EXPECT_EQ(directory.revoke_cert, site + "/acme/revoke-cert");
    EXPECT_EQ(directory.key_change, site + "/acme/key-change");
    EXPECT_TRUE(directory.new_authz.empty());
    EXPECT_EQ(unsigned_request("HEAD", "/directory").status, 200);
    EXPECT_EQ(read(client(), site + "/directory").body, response.body);
}

// Check 2.
TEST_F(DirectoryApiTest, SaysWhatItsOwnerConfigured) {
    protocol::Directory meta;
    meta.terms_of_service = "https://ca.example/terms";
    meta.profiles = {{"default", "for servers"}};
    DirectoryApi api(links, face().gate, meta);
    http::Router router;
    api.add_to(router);
    const auto response = await((*router.find("GET", "/directory").handler)({}, {}));
    const auto directory = object<protocol::Directory>(response);
    EXPECT_EQ(directory.terms_of_service, meta.terms_of_service);
    EXPECT_EQ(directory.profiles, meta.profiles);
}

// Check 14.
TEST_F(DirectoryApiTest, GivesNonces) {
    EXPECT_EQ(unsigned_request("HEAD", "/acme/new-nonce").status, 200);
    const auto response = unsigned_request("GET", "/acme/new-nonce");
    EXPECT_EQ(response.status, 204);
    EXPECT_TRUE(nonces.take(field(response, "Replay-Nonce")));
    EXPECT_EQ(read(client(), site + "/acme/new-nonce").status, 204);
}

TEST_F(DirectoryApiTest, IsReadWithAnEmptyPayload) {
    const auto sender = client();
    for (const auto* path : {"/directory", "/acme/new-nonce"})
        EXPECT_EQ(refused(post(sender, site + path, "{}")),
                  (Refused{malformed, 400,
                           "this resource is read by POST-as-GET, with an empty payload"}));
}

}  // namespace
}  // namespace cairn::api::testing::directory_api_test
