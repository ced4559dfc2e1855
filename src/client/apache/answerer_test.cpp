#include "client/apache/answerer.h"

#include "client/apache/testing/written_configuration.h"

namespace cairn::client::apache::answerer_test {
namespace {

using testing::WrittenConfiguration;

/// "ADDRESS HOST", with a ! behind a host that has the name.
std::string who(const Configuration& configuration, std::string_view name, std::uint16_t port) {
    std::string text;
    for (const auto& answerer : answerers(configuration, name, port))
        text += answerer.reached_at.address.to_string() + " " +
                (answerer.host == nullptr ? "main" : answerer.host->server_name) +
                (answerer.has_name ? "! " : " ");
    return text;
}

TEST(ApacheAnswerer, ChoosesByAddressThenByName) {
    WrittenConfiguration written(R"(
Listen 80
Listen 192.0.2.9:8080
<VirtualHost *:80>
ServerName first
</VirtualHost>
<VirtualHost *:80>
ServerName a.example
ServerAlias *.a.example
</VirtualHost>
<VirtualHost 192.0.2.1:80>
ServerName address
</VirtualHost>
<VirtualHost 192.0.2.2>
ServerName any-port
</VirtualHost>
<VirtualHost *>
ServerName never-at-80
ServerAlias a.example
</VirtualHost>
)");
    const auto& read = written.read();
    EXPECT_EQ(who(read, "A.example", 80),
              "127.0.0.1 a.example! 192.0.2.1 address 192.0.2.2 any-port ");
    EXPECT_EQ(who(read, "x.a.example", 80),
              "127.0.0.1 a.example! 192.0.2.1 address 192.0.2.2 any-port ");
    EXPECT_EQ(who(read, "unheard.of", 80), "127.0.0.1 first 192.0.2.1 address 192.0.2.2 any-port ");
    EXPECT_EQ(who(read, "a.example", 8080), "192.0.2.9 never-at-80! ");
    EXPECT_EQ(who(read, "a.example", 443), "");
    EXPECT_TRUE(listens_at(read, 8080));
    EXPECT_FALSE(listens_at(read, 443));
}

TEST(ApacheAnswerer, IsTheMainServerWithoutVirtualHosts) {
    WrittenConfiguration written("Listen 0.0.0.0:80\nListen [::]:80\nServerName a\n");
    EXPECT_EQ(who(written.read(), "a", 80), "127.0.0.1 main ");
}

TEST(ApacheAnswerer, TakesAllZeroesForAnyAddress) {
    WrittenConfiguration written(
        "Listen 443\n<VirtualHost 0.0.0.0:443 [::]:443>\nServerName a\n</VirtualHost>\n");
    EXPECT_EQ(who(written.read(), "a", 443), "127.0.0.1 a! ");
}

}  // namespace
}  // namespace cairn::client::apache::answerer_test
