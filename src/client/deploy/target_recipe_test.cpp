#include "client/deploy/target_recipe.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::target_recipe_test {
namespace {

using ::testing::HasSubstr;

std::string error_of(const std::string& text) {
    const auto recipe = TargetRecipe::from_toml(text, "x");
    return recipe ? "" : recipe.error().message;
}

TEST(TargetRecipe, IsReadAsItStands) {
    const auto recipe = TargetRecipe::from_toml(R"(
summary = "a server"
check = "check -c {conf}"
timeout = "1m"
[options]
conf = "/etc/x"
[[files]]
path = "/etc/x/{lineage}.pem"
holds = "fullchain+key"
owner = "x"
mode = "0640"
[[probe]]
address = "127.0.0.1:25"
starttls = "smtp"
)",
                                                "x");
    ASSERT_TRUE(recipe) << recipe.error().message;
    EXPECT_EQ(recipe->files.at(0).contents, FileContents::full_chain_and_key);
    EXPECT_EQ(recipe->probes.at(0).start_tls, net::StartTls::smtp);
    EXPECT_EQ(recipe->timeout, std::chrono::seconds{60});
    EXPECT_EQ(recipe->options.at(0).usual, "/etc/x");
}

TEST(TargetRecipe, TellsAllThatIsWrong) {
    const auto error = error_of(R"(
chek = "x"
reload = "a | b"
[[files]]
path = "relative/{unknown}"
holds = "everything"
mode = "0666"
[[probe]]
starttls = "telnet"
)");
    for (const auto* part : {"summary", "chek", "reload", "must begin with /", "{unknown}",
                             "\"everything\"", "lets others write", "telnet", "address"})
        EXPECT_THAT(error, HasSubstr(part));
    EXPECT_THAT(error_of("summary = \"x\""), HasSubstr("must have one at least"));
    EXPECT_THAT(error_of("summary = \"x\"\n[options]\nreload = \"y\"\n[[files]]\npath = \"/x\""),
                HasSubstr("options.reload"));
    EXPECT_NE(error_of("not toml"), "");
}

TEST(TargetRecipe, AllThatComeWithTheProgramAreSound) {
    ASSERT_GT(shipped_target_recipes().size(), 10U);
    for (const auto& shipped : shipped_target_recipes()) {
        const auto recipe =
            TargetRecipe::from_toml(std::string(shipped.text), std::string(shipped.name));
        EXPECT_TRUE(recipe) << shipped.name << ": " << (recipe ? "" : recipe.error().message);
        if (!recipe) continue;
        EXPECT_FALSE(recipe->probes.empty()) << shipped.name;
        EXPECT_FALSE(recipe->reload.empty()) << shipped.name;
        EXPECT_FALSE(recipe->setup.empty()) << shipped.name;
    }
}

}  // namespace
}  // namespace cairn::client::target_recipe_test
