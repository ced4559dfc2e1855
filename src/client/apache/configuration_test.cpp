#include "client/apache/configuration.h"

#include "client/apache/condition.h"
#include "client/apache/testing/written_configuration.h"

namespace cairn::client::apache::configuration_test {
namespace {

using testing::WrittenConfiguration;

std::string error_of(const WrittenConfiguration& written) {
    ConfigSource source;
    const auto configuration = written.try_read(source);
    return configuration ? "none" : configuration.error().message;
}

TEST(ApacheConfiguration, IncludesFilesFoldersAndPatterns) {
    WrittenConfiguration written({{"httpd.conf",
                                   "Include ports.conf\nIncludeOptional sites/*.conf\n"
                                   "IncludeOptional nothing/*.conf\nInclude folder\n"
                                   "IncludeOptional not-there.conf\n"},
                                  {"ports.conf", "Listen 80\nListen [::1]:443 HTTPS\n"},
                                  {"sites/b.conf", "ServerName b\n"},
                                  {"sites/a.conf", "ServerName a\n"},
                                  {"sites/.hidden.conf", "ServerName hidden\n"},
                                  {"sites/old.conf.bak", "ServerName old\n"},
                                  {"folder/deeper/one", "ServerName one\n"}});
    const auto& read = written.read();
    std::vector<std::string> names;
    for (const auto& statement : read.statements())
        if (statement.name == "servername") names.push_back(statement.words.at(0));
    EXPECT_EQ(names, (std::vector<std::string>{"a", "b", "one"}));
    ASSERT_EQ(read.listeners().size(), 2U);
    EXPECT_EQ(read.listeners()[0].address.to_string(), "*:80");
    EXPECT_EQ(read.listeners()[0].protocol, "http");
    EXPECT_EQ(read.listeners()[1].address.to_string(), "[::1]:443");
    EXPECT_EQ(read.listeners()[1].protocol, "https");
}

TEST(ApacheConfiguration, DecidesConditionsWhereTheyStand) {
    WrittenConfiguration written(R"(
<IfModule mod_ssl.c>
ServerAdmin too-early
</IfModule>
LoadModule ssl_module modules/mod_ssl.so
LoadModule mpm_event_module modules/mod_mpm_event.so
<IfModule mod_ssl.c>
  <IfModule !mod_gone.c>
    <IfModule event.c>
ServerAdmin a
    </IfModule>
  </IfModule>
</IfModule>
<IfDefine X>
ServerAdmin too-early
</IfDefine>
Define X
Define host www.example
<IfDefine X>
ServerAdmin b
</IfDefine>
UnDefine X
<IfDefine !X>
ServerAdmin c
</IfDefine>
<IfVersion >= 2.4>
ServerAdmin d
</IfVersion>
<IfFile httpd.conf>
ServerAdmin e
</IfFile>
ServerAdmin "${host} ${unknown}"
ErrorLog ${APACHE_LOG_DIR}/error.log
)");
    const auto& read = written.read();
    std::string said;
    for (const auto& statement : read.statements())
        if (statement.name == "serveradmin") said += statement.words.at(0) + ";";
    EXPECT_EQ(said, "a;b;c;d;e;www.example ${unknown};");
    EXPECT_EQ(read.last("errorlog")->word(0), "/var/log/apache2/error.log");
    EXPECT_TRUE(read.has_module("ssl_module"));
    EXPECT_TRUE(read.has_module("mod_so.c"));
    EXPECT_FALSE(read.has_module("mod_rewrite.c"));
}

TEST(ApacheConfiguration, ReadsVirtualHosts) {
    WrittenConfiguration written({{"httpd.conf", R"(
Define IP 192.0.2.1
<virtualhost ${IP}:80 [2001:db8::1]:80 _default_:* backend:8080 *>
    servername HTTPS://WWW.Example:443
    ServerAlias *.Example "b.example" \
       c?.example
    Include inner.conf
    <Directory /srv>
        Require all granted
    </Directory>
</VirtualHost>
)"},
                                  {"inner.conf", "SSLEngine on\n"}});
    const auto& read = written.read();
    ASSERT_EQ(read.hosts().size(), 1U);
    const auto& host = read.hosts().front();
    std::string addresses;
    for (const auto& address : host.addresses) addresses += address.to_string() + " ";
    EXPECT_EQ(addresses, "192.0.2.1:80 [2001:db8::1]:80 * backend:8080 * ");
    EXPECT_EQ(host.server_name, "www.example");
    EXPECT_TRUE(host.claims("www.example"));
    EXPECT_TRUE(host.claims("a.b.example"));
    EXPECT_TRUE(host.claims("c1.example"));
    EXPECT_FALSE(host.claims("c.test"));
    EXPECT_EQ(host.last("sslengine")->place(), written.path("inner.conf").string() + ":1");
    EXPECT_EQ(host.statements.back().name, "directory");
}

TEST(ApacheConfiguration, UsesMacros) {
    WrittenConfiguration written(R"(
<Macro Site $name $names>
    <VirtualHost *:80>
        ServerName $name.example
        ServerAlias $names
    </VirtualHost>
</Macro>
<Macro Both $name>
    Use site $name "www.$name $name.test"
</Macro>
Use Both one
USE Site two three
UndefMacro Site
)");
    const auto& read = written.read();
    ASSERT_EQ(read.hosts().size(), 2U);
    EXPECT_EQ(read.hosts()[0].server_name, "one.example");
    EXPECT_EQ(read.hosts()[0].aliases, (std::vector<std::string>{"www.one", "one.test"}));
    EXPECT_EQ(read.hosts()[1].aliases, std::vector<std::string>{"three"});
    EXPECT_TRUE(read.hosts()[0].opening.is_at(read.hosts()[1].opening));
}

TEST(ApacheConfiguration, SaysWhereItCannotBeRead) {
    WrittenConfiguration missing("\nInclude missing.conf\n");
    EXPECT_EQ(error_of(missing),
              missing.path("httpd.conf").string() + ":2: there is no file missing.conf");
    WrittenConfiguration broken({{"httpd.conf", "Include x.conf\n"}, {"x.conf", "<A>\n"}});
    EXPECT_EQ(error_of(broken), broken.path("httpd.conf").string() +
                                    ":1: " + broken.path("x.conf").string() +
                                    ": line 1: <A> is not closed by </A>");
    WrittenConfiguration circle("Include httpd.conf\n");
    EXPECT_NE(error_of(circle).find("files include one another too deep"), std::string::npos);
    WrittenConfiguration macros("<Macro A>\nUse A\nUse A\n</Macro>\nUse A\n");
    EXPECT_NE(error_of(macros).find("macros use one another too deep"), std::string::npos);
    WrittenConfiguration unknown("Use B x\n");
    EXPECT_NE(error_of(unknown).find("there is no macro B"), std::string::npos);
    WrittenConfiguration arguments("<Macro A $x>\n</Macro>\nUse A\n");
    EXPECT_NE(error_of(arguments).find("the macro A takes 1 arguments"), std::string::npos);
}

TEST(ApacheConfiguration, ComparesVersions) {
    const std::vector<unsigned long> version{2, 4, 62};
    EXPECT_TRUE(holds_for_version({">=", "2.4"}, version));
    EXPECT_TRUE(holds_for_version({"!<", "2.4.62"}, version));
    EXPECT_TRUE(holds_for_version({"2.4.62"}, version));
    EXPECT_TRUE(holds_for_version({"=", "/^2.4/"}, version));
    EXPECT_TRUE(holds_for_version({"~", "^2\\.4"}, version));
    EXPECT_FALSE(holds_for_version({"<", "2.4"}, version));
    EXPECT_FALSE(holds_for_version({"~", "["}, version));
    EXPECT_FALSE(holds_for_version({}, version));
}

}  // namespace
}  // namespace cairn::client::apache::configuration_test
