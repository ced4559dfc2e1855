#include "http/router.h"

#include <gtest/gtest.h>

namespace cairn::http::router_test {
namespace {

Router::Handler nothing() {
    return [](Request, Router::Parameters) -> base::Task<Response> { co_return Response{}; };
}

class RouterTest : public ::testing::Test {
  protected:
    RouterTest() {
        router_.add("POST", "/order/{}", nothing());
        router_.add("POST", "/order/{}/finalize", nothing());
        router_.add("GET", "/directory", nothing());
        router_.add("HEAD", "/directory", nothing());
        router_.add("GET", "/pair/{.}", nothing());
    }
    Router router_;
};

TEST_F(RouterTest, FindsLiteralAndVariableSegments) {
    const auto match = router_.find("POST", "/order/aB-_9/finalize");
    ASSERT_NE(match.handler, nullptr);
    EXPECT_EQ(match.parameters, std::vector<std::string>{"aB-_9"});
    EXPECT_TRUE(router_.find("GET", "/directory").parameters.empty());
}

TEST_F(RouterTest, FindsPairsWithADot) {
    EXPECT_EQ(router_.find("GET", "/pair/aB-_9.x").parameters, std::vector<std::string>{"aB-_9.x"});
    for (const char* path : {"/pair/a", "/pair/.", "/pair/..", "/pair/a.", "/pair/.b",
                             "/pair/a.b.c", "/pair/a=.b", "/pair/a.b/", "/pair/a%2eb"})
        EXPECT_TRUE(router_.find("GET", path).methods.empty()) << path;
    EXPECT_TRUE(router_.find("POST", "/order/a.b").methods.empty());
}

TEST_F(RouterTest, HandsOverARestAsItIs) {
    router_.add("GET", "/rest/{*}", nothing());
    for (const char* rest : {"a", "a/b", "/", "a%2Fb+=", "..", "a/b/c/d/e/f/g/h/i/j/k"})
        EXPECT_EQ(router_.find("GET", std::string("/rest/") + rest).parameters,
                  std::vector<std::string>{rest});
    EXPECT_EQ(router_.find("GET", "/rest/a").pattern, "/rest/{*}");
    for (const char* path : {"/rest/", "/rest", "/restless/a", "/a/rest/b"})
        EXPECT_TRUE(router_.find("GET", path).methods.empty()) << path;
}

TEST_F(RouterTest, NamesTheMethodsOfAPathThatHasAnother) {
    const auto match = router_.find("POST", "/directory");
    EXPECT_EQ(match.handler, nullptr);
    EXPECT_EQ(match.methods, (std::vector<std::string_view>{"GET", "HEAD"}));
}

TEST_F(RouterTest, MatchesNothingThatIsNotExactlyAPath) {
    for (const char* path :
         {"", "order/x", "/order", "/order/", "/order//finalize", "/order/../directory",
          "/order/a%2fb", "/order/a b", "//directory", "/directory/", "/Directory",
          "/order/x/finalize/", "/order/\xc3\xa9"}) {
        const auto match = router_.find("POST", path);
        EXPECT_EQ(match.handler, nullptr) << path;
        EXPECT_TRUE(match.methods.empty()) << path;
    }
    EXPECT_TRUE(router_.find("POST", "/order/" + std::string(161, 'a')).methods.empty());
}

}  // namespace
}  // namespace cairn::http::router_test
