#include "client/deploy/kubeconfig.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::kubeconfig_test {
namespace {

using ::testing::HasSubstr;

std::string config(const std::string& user, const std::string& cluster = "") {
    return "current-context: one\n"
           "clusters:\n- name: c\n  cluster: {server: \"https://k:6443\"" +
           cluster +
           "}\n"
           "contexts:\n- name: one\n  context: {cluster: c, user: u, namespace: web}\n"
           "users:\n- name: u\n  user: {" +
           user + "}\n";
}

std::string error_of(const std::string& text, const std::string& context = "") {
    const auto access = kube_access_from(text, context, "/folder");
    return access ? "" : access.error().message;
}

TEST(Kubeconfig, GivesServerNamespaceAndUser) {
    const auto access =
        kube_access_from(config("token: abc", ", certificate-authority: ca.pem"), "", "/folder");
    ASSERT_TRUE(access) << access.error().message;
    EXPECT_EQ(access->server, "https://k:6443");
    EXPECT_EQ(access->space, "web");
    EXPECT_EQ(access->root_file, "/folder/ca.pem");
    EXPECT_EQ(base::text_of(base::BytesView(access->token)), "abc");
    const auto by_key = kube_access_from(
        config("client-certificate: /x.pem, client-key-data: a2V5"), "one", "/folder");
    ASSERT_TRUE(by_key);
    EXPECT_EQ(by_key->chain_file, "/x.pem");
    EXPECT_EQ(base::text_of(base::BytesView(by_key->key_pem)), "key");
}

TEST(Kubeconfig, JsonIsReadAsWell) {
    EXPECT_TRUE(kube_access_from(
        R"({"current-context": "a", "clusters": [{"name": "c", "cluster": {"server": "https://k"}}],
            "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u"}}],
            "users": [{"name": "u", "user": {"token": "t"}}]})",
        "", "/"));
}

TEST(Kubeconfig, RefusesWhatIsUnsafeOrMissing) {
    EXPECT_THAT(error_of(config("exec: {command: x}")), HasSubstr("programs are not run"));
    EXPECT_THAT(error_of(config("token: t", ", insecure-skip-tls-verify: true")),
                HasSubstr("unverified"));
    EXPECT_THAT(error_of(config("client-key-data: '*'")), HasSubstr("base64"));
    EXPECT_THAT(error_of(config("token: t"), "two"), HasSubstr("\"two\""));
    EXPECT_THAT(error_of("a: [b"), HasSubstr("line"));
    EXPECT_NE(error_of(""), "");
    EXPECT_NE(error_of("- a"), "");
    EXPECT_THAT(error_of(std::string(5000, '[')), HasSubstr("deeper"));
    EXPECT_THAT(error_of("- " + std::string(3000, '-')), HasSubstr("deeper"));
    EXPECT_NE(error_of(std::string(2 << 20, 'a')), "");
}

}  // namespace
}  // namespace cairn::client::kubeconfig_test
