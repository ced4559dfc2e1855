#include <fstream>

#include "client/testing/provider_fixture.h"

namespace cairn::client {
namespace {

using ::testing::HasSubstr;

class LegoExecTest : public testing::ProviderTest {
  protected:
    LegoExecTest() {
        answer_ = [](const http::Request&) { return testing::response(500); };
    }
    std::unique_ptr<DnsProvider> of_script(const std::string& script) {
        std::ofstream(folder_ / "program") << "#!/bin/sh\n" << script;
        std::filesystem::permissions(folder_ / "program", std::filesystem::perms::owner_all);
        return provider("lego-exec", {{"program", (folder_ / "program").string()}});
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

TEST_F(LegoExecTest, SaysHowItEnded) {
    EXPECT_THAT(failure_of([&] { of_script("echo no way; exit 7\n")->set(record_); }),
                HasSubstr("ended with status 7: \"no way"));
    EXPECT_THROW(provider("lego-exec", {{"program", "/no/such/program"}}), std::runtime_error);
}

}  // namespace
}  // namespace cairn::client
