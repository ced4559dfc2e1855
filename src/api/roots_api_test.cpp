#include "api/roots_api.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "ca/testing/event_loop.h"
#include "crypto/random.h"
#include "pki/certificate_builder.h"
#include "protocol/problem.h"

namespace cairn::api::roots_api_test {
namespace {

pki::Certificate root(const std::string& name) {
    static crypto::SystemRandom random;
    const base::Time now{base::Seconds{1'800'000'000}};
    return pki::make_root_certificate({.serial = pki::SerialNumber::random(random),
                                       .validity = {now, now + std::chrono::days(1)},
                                       .common_name = name,
                                       .organization = "Test",
                                       .path_length = std::nullopt},
                                      crypto::PrivateKey::generate(crypto::KeyType::ec_p256));
}

class RootsApiTest : public ::testing::Test {
  protected:
    RootsApiTest() { api.add_to(router); }

    http::Response ask(const std::string& path,
                       std::vector<std::pair<std::string, std::string>> fields = {},
                       const std::string& method = "GET") {
        auto match = router.find(method, path);
        if (match.handler == nullptr) throw std::runtime_error("there is no handler");
        http::Request request{.method = method,
                              .target = path,
                              .body = {},
                              .remote_address = {},
                              .id = {},
                              .received = {},
                              .fields = std::move(fields)};
        return loop.await((*match.handler)(std::move(request), std::move(match.parameters)));
    }
    std::string refusal(const std::string& path) {
        try {
            (void)ask(path);
        } catch (const protocol::Problem& problem) {
            EXPECT_EQ(problem.status, 404) << path;
            return problem.detail;
        }
        return "";
    }
    static std::string field(const http::Response& response, std::string_view name) {
        const auto found = std::ranges::find(
            response.fields, name, [](const auto& each) { return std::string_view(each.first); });
        return found == response.fields.end() ? "" : found->second;
    }

    ca::testing::EventLoop loop;
    const pki::Certificate first = root("First"), second = root("Second");
    RootsApi api{{first, second}};
    http::Router router;
};

TEST_F(RootsApiTest, ServesAllWithWhatCachesWantToKnow) {
    const auto response = ask("/roots.pem");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.content_type, "application/x-pem-file");
    EXPECT_EQ(response.body, first.pem() + second.pem());
    EXPECT_EQ(field(response, "Cache-Control"), "public, max-age=3600");
    const auto tag = field(response, "ETag");
    EXPECT_EQ(tag.size(), 34U);
    const auto again = ask("/roots.pem", {{"If-None-Match", "\"x\", W/" + tag}}, "HEAD");
    EXPECT_EQ(again.status, 304);
    EXPECT_EQ(again.body, "");
    EXPECT_EQ(field(again, "ETag"), tag);
    EXPECT_EQ(ask("/roots.pem", {{"If-None-Match", "\"x\""}}).status, 200);
}

TEST_F(RootsApiTest, ServesOneByItsFingerprint) {
    const auto hex = base::to_hex(crypto::sha256(second.der()));
    std::string upper, with_colons;
    for (const char c : hex) {
        upper += static_cast<char>(c >= 'a' ? c - 'a' + 'A' : c);
        if (with_colons.size() % 3 == 2) with_colons += ':';
        with_colons += upper.back();
    }
    for (const auto& name : {hex, upper, with_colons})
        EXPECT_EQ(ask("/roots/" + name + ".pem").body, second.pem()) << name;
    EXPECT_EQ(refusal("/roots/" + std::string(64, '0') + ".pem"),
              "no root of this CA has that fingerprint");
    for (const auto& path : {"/roots/" + hex, "/roots/" + hex + ".der", "/roots/" + hex + "00.pem",
                             "/roots/" + std::string(62, '0') + ".pem", std::string("/roots/.pem"),
                             "/roots/" + std::string(64, 'g') + ".pem", "/roots/../" + hex + ".pem",
                             "/roots/" + std::string(100'000, ':') + ".pem"})
        EXPECT_TRUE(refusal(path).contains("SHA-256 in hexadecimal")) << path.substr(0, 100);
}

TEST_F(RootsApiTest, SaysThatThereIsNone) {
    RootsApi none{{}};
    router = {};
    none.add_to(router);
    EXPECT_TRUE(refusal("/roots.pem").contains("pki/root.pem"));
}

}  // namespace
}  // namespace cairn::api::roots_api_test
