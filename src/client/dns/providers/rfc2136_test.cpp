#include "client/testing/provider_fixture.h"
#include "net/testing/stalled_lookups.h"

namespace cairn::client::rfc2136_test {
namespace {

using ::testing::HasSubstr;

class Rfc2136Test : public testing::ProviderTest {
  protected:
    /// What is wrong with the name of the server.
    std::string fault_of(const std::string& server) {
        try {
            provider("rfc2136", {{"server", server}});
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return {};
    }
};

TEST_F(Rfc2136Test, FindsItsServerByName) {
    EXPECT_EQ(fault_of("localhost:5353"), "");
    EXPECT_THAT(fault_of("no-such-host.invalid"), HasSubstr("server: no-such-host.invalid: "));
    EXPECT_THAT(fault_of("localhost:0x35"), HasSubstr("server: "));
}

TEST_F(Rfc2136Test, WaitsForNoResolverWithoutEnd) {
    const net::StalledLookups stalled;
    EXPECT_THAT(fault_of("ns.stalled.test"), HasSubstr("have not answered within 5 s"));
}

}  // namespace
}  // namespace cairn::client::rfc2136_test
