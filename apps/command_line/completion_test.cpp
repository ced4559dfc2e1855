#include "apps/command_line/completion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::command_line::completion_test {
namespace {

using ::testing::HasSubstr;

TEST(Completion, KnowsCommandsAndFlags) {
    CLI::App program{"", "cairn-ca"};
    auto* noun = program.add_subcommand("account");
    noun->add_subcommand("list")->add_flag("--json");
    program.add_subcommand("serve");
    const auto script = bash_completion(program);
    EXPECT_THAT(script, HasSubstr("_cairn_ca() {"));
    EXPECT_THAT(script, HasSubstr(R"(" account" | " account list" | " serve") path=)"));
    EXPECT_THAT(script, HasSubstr(R"("") words="account serve --help" ;;)"));
    EXPECT_THAT(script, HasSubstr(R"(" account list") words="--help --json" ;;)"));
    EXPECT_THAT(script, HasSubstr("complete -o default -F _cairn_ca cairn-ca\n"));
}

}  // namespace
}  // namespace cairn::command_line::completion_test
