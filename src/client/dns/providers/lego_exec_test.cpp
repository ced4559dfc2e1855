#include <fstream>

#include "client/testing/heard.h"
#include "client/testing/provider_fixture.h"

namespace cairn::client::lego_exec_test {
namespace {

using ::testing::HasSubstr;

class LegoExecTest : public testing::ProviderTest {
  protected:
    LegoExecTest() {
        answer_ = [](const http::Request&) { return testing::response(500); };
    }
    std::unique_ptr<DnsProvider> of_script(const std::string& script,
                                           std::map<std::string, std::string> values = {}) {
        std::ofstream(folder_ / "program") << "#!/bin/sh\n" << script;
        std::filesystem::permissions(folder_ / "program", std::filesystem::perms::owner_all);
        values["program"] = (folder_ / "program").string();
        return provider("lego-exec", std::move(values));
    }
    const testing::TemporaryFolder folder_;
};

TEST_F(LegoExecTest, IsToldInThreeWords) {
    const auto log = (folder_ / "log").string();
    const auto program = of_script("echo \"$# $*\" >> " + log + "\n");
    program->set(record_);
    program->remove(record_);
    EXPECT_EQ(read_file(log, 1000),
              "3 present _acme-challenge.www.example.com. the-value\n"
              "3 cleanup _acme-challenge.www.example.com. the-value\n");
}

TEST_F(LegoExecTest, InItsRawModeIsToldTheProof) {
    const auto log = (folder_ / "log").string();
    const auto program = of_script("printf '<%s>' \"$@\" >> " + log + "\n", {{"mode", "RAW"}});
    auto record = record_;
    record.proof = {.domain = "www.example.com", .token = "-a", .key_authorization = "-a.b"};
    program->set(record);
    program->remove(record);
    EXPECT_EQ(read_file(log, 1000),
              "<present><--><www.example.com><-a><-a.b><cleanup><--><www.example.com><-a><-a.b>");
    record.proof.token.clear();
    EXPECT_THAT(failure_of([&] { program->set(record); }), HasSubstr("knows dns-01 alone"));
}

TEST_F(LegoExecTest, SaysHowItEnded) {
    EXPECT_THAT(failure_of([&] { of_script("echo no way; exit 7\n")->set(record_); }),
                HasSubstr("ended with status 7: \"no way"));
    EXPECT_THROW(provider("lego-exec", {{"program", "/no/such/program"}}), std::runtime_error);
}

TEST_F(LegoExecTest, KeepsWhatItWroteWithTheAttempt) {
    testing::Heard attempt;
    auto record = record_;
    record.proof.progress = &attempt;
    of_script("echo \"$1 done\"\n")->set(record);
    const auto ended = attempt.events(ProgressKind::program_ended);
    ASSERT_EQ(ended.size(), 1);
    EXPECT_EQ(ended.front().text, "present done?");
}

TEST_F(LegoExecTest, HasItsTimes) {
    EXPECT_EQ(of_script("exit 0\n")->longest_propagation(), std::nullopt);
    EXPECT_EQ(of_script("exit 0\n", {{"propagation_timeout", "90"}})->longest_propagation(),
              std::chrono::seconds(90));
    const std::map<std::string, std::string> asked{{"timeout_command", "true"},
                                                   {"propagation_timeout", "2m"}};
    EXPECT_EQ(of_script("[ $1 = timeout ] && echo '{\"timeout\": 45, \"interval\": 3}'\n", asked)
                  ->longest_propagation(),
              std::chrono::seconds(45));
    // Those that do not know it, or say nonsense.
    for (const std::string script : {"exit 1\n", "echo soon\n", "echo '{\"timeout\": -1}'\n"})
        EXPECT_EQ(of_script(script, asked)->longest_propagation(), std::chrono::seconds(120))
            << script;
    for (const std::string text : {"0", "-1s", "2h", "soon"})
        EXPECT_THROW(of_script("exit 0\n", {{"timeout", text}}), std::runtime_error) << text;
    EXPECT_THROW(of_script("exit 0\n", {{"mode", "raw"}}), std::runtime_error);
}

}  // namespace
}  // namespace cairn::client::lego_exec_test
