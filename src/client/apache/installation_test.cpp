#include "client/apache/installation.h"

#include "client/apache/testing/written_configuration.h"
#include "client/failure.h"

namespace cairn::client::apache::installation_test {
namespace {

using testing::WrittenConfiguration;

const std::string modules =
    "LoadModule ssl_module x/mod_ssl.so\nLoadModule alias_module x/mod_alias.so\n"
    "SSLProtocol all\nListen 80\nListen 443\n";

InstallationWish wish_for(std::vector<std::string> names) {
    return {.names = std::move(names), .pairs = {{"/live/a/fullchain.pem", "/live/a/privkey.pem"}}};
}

/// The first file afterwards without `modules`, or why there is none.
std::string installed(WrittenConfiguration& written, const InstallationWish& wish) {
    try {
        const auto& before = written.read();
        const auto installation = plan_installation(before, wish);
        expect_installed(before, written.read_after(installation.edits), wish, installation);
        auto text = written.after(installation.edits);
        // Once it is installed, nothing is left to do.
        if (text != "unchanged") {
            WrittenConfiguration again(text);
            EXPECT_TRUE(plan_installation(again.read(), wish).edits.is_empty()) << text;
        }
        return text.starts_with(modules) ? text.substr(modules.size()) : text;
    } catch (const Failure& failure) {
        return failure.came_back();
    }
}

TEST(ApacheInstallation, ChangesTheWordsAlone) {
    WrittenConfiguration written(modules +
                                 "<VirtualHost _default_:443>\n"
                                 "  ServerName a.example # not a comment\n"
                                 "  SSLEngine on\n"
                                 "  # old\n"
                                 "  SSLCertificateFile \\\n    /etc/old.pem\n"
                                 "  SSLCertificateKeyFile \"/etc/old key.pem\"\n"
                                 "  SSLCertificateChainFile /etc/chain.pem\n"
                                 "</VirtualHost>");
    EXPECT_EQ(installed(written, wish_for({"a.example"})),
              "<VirtualHost _default_:443>\n"
              "  ServerName a.example # not a comment\n"
              "  SSLEngine on\n"
              "  # old\n"
              "  SSLCertificateFile \\\n    /live/a/fullchain.pem\n"
              "  SSLCertificateKeyFile /live/a/privkey.pem\n"
              "</VirtualHost>");
}

TEST(ApacheInstallation, WritesAPairForEachKindOfKey) {
    WrittenConfiguration written(modules +
                                 "<VirtualHost *:443>\nServerName a.example\n"
                                 "SSLCertificateFile x\nSSLCertificateKeyFile y\n"
                                 "</VirtualHost>\n");
    auto wish = wish_for({"a.example"});
    wish.pairs.push_back({"/live/a/full chain-rsa.pem", "/live/a/key-rsa.pem"});
    EXPECT_EQ(installed(written, wish),
              "<VirtualHost *:443>\nServerName a.example\n"
              "SSLCertificateFile /live/a/fullchain.pem\n"
              "SSLCertificateKeyFile /live/a/privkey.pem\n"
              "SSLEngine on\n"
              "SSLCertificateFile \"/live/a/full chain-rsa.pem\"\n"
              "SSLCertificateKeyFile /live/a/key-rsa.pem\n"
              "</VirtualHost>\n");
}

TEST(ApacheInstallation, CopiesAHostOfHttpWithoutItsWayToHttps) {
    WrittenConfiguration written(modules +
                                 "<VirtualHost *:80>\n"
                                 "\tServerName a.example:80\n"
                                 "\tServerAlias www.a.example\n"
                                 "\tRewriteEngine On\n"
                                 "\tRewriteCond %{HTTPS} off\n"
                                 "\tRewriteRule ^ https://%{HTTP_HOST}%{REQUEST_URI} [R=301,L]\n"
                                 "\tRedirect permanent /old https://a.example/new\n"
                                 "\tDocumentRoot /srv\n"
                                 "</VirtualHost>\n");
    EXPECT_EQ(installed(written, wish_for({"a.example", "www.a.example"})),
              written.read().main_file().tree.text().substr(modules.size()) +
                  "\n<IfModule mod_ssl.c>\n"
                  "<VirtualHost *:443>\n"
                  "\tServerName a.example\n"
                  "\tServerAlias www.a.example\n"
                  "\tRewriteEngine On\n"
                  "\tRedirect permanent /old https://a.example/new\n"
                  "\tDocumentRoot /srv\n"
                  "\tSSLEngine on\n"
                  "\tSSLCertificateFile /live/a/fullchain.pem\n"
                  "\tSSLCertificateKeyFile /live/a/privkey.pem\n"
                  "</VirtualHost>\n"
                  "</IfModule>\n");
}

TEST(ApacheInstallation, GivesANamelessHostItsName) {
    WrittenConfiguration written(modules +
                                 "<VirtualHost *:80>\n  DocumentRoot /srv\n</VirtualHost>\n");
    EXPECT_EQ(installed(written, wish_for({"a.example", "b.example"})),
              "<VirtualHost *:80>\n  DocumentRoot /srv\n</VirtualHost>\n"
              "\n<IfModule mod_ssl.c>\n"
              "<VirtualHost *:443>\n"
              "  ServerName a.example\n"
              "  ServerAlias b.example\n"
              "  DocumentRoot /srv\n"
              "  SSLEngine on\n"
              "  SSLCertificateFile /live/a/fullchain.pem\n"
              "  SSLCertificateKeyFile /live/a/privkey.pem\n"
              "</VirtualHost>\n"
              "</IfModule>\n");
}

TEST(ApacheInstallation, ListensWhereItDoesNotYet) {
    WrittenConfiguration written(
        "LoadModule ssl_module x/mod_ssl.so\nListen 80\nListen 192.0.2.1:80\nServerName "
        "a.example\n");
    const auto text = installed(written, wish_for({"a.example"}));
    EXPECT_TRUE(
        text.starts_with("LoadModule ssl_module x/mod_ssl.so\nListen 80\n"
                         "<IfModule mod_ssl.c>\n    Listen 443\n</IfModule>\n"
                         "Listen 192.0.2.1:80\n"
                         "<IfModule mod_ssl.c>\n    Listen 192.0.2.1:443\n</IfModule>\n"
                         "ServerName a.example\n\n"
                         "<IfModule mod_ssl.c>\n<VirtualHost *:443>\n    ServerName a.example\n"
                         "    SSLEngine on\n"))
        << text;
}

TEST(ApacheInstallation, RefusesWhatWouldChangeOthers) {
    WrittenConfiguration shared(
        {{"httpd.conf", modules + "<VirtualHost *:443>\nServerName a.example\n"
                                  "Include tls.conf\n</VirtualHost>\n"
                                  "<VirtualHost *:443>\nServerName b.example\n"
                                  "Include tls.conf\n</VirtualHost>\n"},
         {"tls.conf", "SSLCertificateFile x\nSSLCertificateKeyFile y\n"}});
    EXPECT_NE(
        installed(shared, wish_for({"a.example"})).find("for whose names this certificate is not"),
        std::string::npos);
    const auto both = wish_for({"a.example", "b.example"});
    EXPECT_FALSE(plan_installation(shared.read(), both).edits.is_empty());

    WrittenConfiguration outside(modules +
                                 "SSLCertificateFile x\n<VirtualHost *:443>\n"
                                 "ServerName a.example\nSSLEngine on\n</VirtualHost>\n");
    EXPECT_NE(installed(outside, wish_for({"a.example"})).find("outside of virtual hosts"),
              std::string::npos);

    WrittenConfiguration off(modules +
                             "<VirtualHost *:443>\nServerName a.example\nSSLEngine off\n"
                             "</VirtualHost>\n");
    EXPECT_NE(installed(off, wish_for({"a.example"})).find("at port 443 without TLS"),
              std::string::npos);

    WrittenConfiguration none(modules +
                              "<VirtualHost *:80>\nServerName b.example\n</VirtualHost>\n");
    EXPECT_EQ(installed(none, wish_for({"a.example"})), "no virtual host has the name a.example");

    WrittenConfiguration bare("Listen 80\n");
    EXPECT_EQ(installed(bare, wish_for({"a.example"})), "mod_ssl is not loaded");
}

TEST(ApacheInstallation, RedirectsAndSaysSoForTheFutureOnDemand) {
    WrittenConfiguration written(modules +
                                 "LoadModule rewrite_module x/mod_rewrite.so\n"
                                 "LoadModule headers_module x/mod_headers.so\n"
                                 "<VirtualHost *:80>\n    ServerName a.example\n</VirtualHost>\n");
    auto wish = wish_for({"a.example"});
    wish.place.redirect = true;
    wish.place.hsts = 63072000;
    const auto text = installed(written, wish);
    EXPECT_NE(text.find("<VirtualHost *:80>\n"
                        "    RewriteEngine on\n"
                        "    RewriteCond %{SERVER_NAME} =a.example\n"
                        "    RewriteRule ^ https://%{SERVER_NAME}%{REQUEST_URI} "
                        "[END,NE,R=permanent]\n"
                        "    ServerName a.example\n"),
              std::string::npos)
        << text;
    EXPECT_NE(text.find("    Header always set Strict-Transport-Security \"max-age=63072000\"\n"),
              std::string::npos)
        << text;
}

TEST(ApacheInstallation, SetsTheLevelOfTlsWhereNobodyHas) {
    WrittenConfiguration written(
        "LoadModule ssl_module x/mod_ssl.so\nListen 443\n"
        "<VirtualHost *:443>\nServerName a.example\n</VirtualHost>\n");
    EXPECT_NE(
        installed(written, wish_for({"a.example"})).find("SSLProtocol -all +TLSv1.2 +TLSv1.3\n"),
        std::string::npos);
}

TEST(ApacheInstallation, TakesHostsOfAWildcard) {
    WrittenConfiguration written(modules +
                                 "<VirtualHost *:443>\nServerName x.a.example\nSSLEngine on\n"
                                 "</VirtualHost>\n<VirtualHost *:443>\nServerName a.example\n"
                                 "SSLEngine on\nSSLCertificateFile x\nSSLCertificateKeyFile y\n"
                                 "</VirtualHost>\n");
    const auto text = installed(written, wish_for({"*.a.example"}));
    EXPECT_NE(text.find("x.a.example\nSSLEngine on\nSSLCertificateFile /live"), std::string::npos)
        << text;
    EXPECT_NE(text.find("ServerName a.example\nSSLEngine on\nSSLCertificateFile x\n"),
              std::string::npos)
        << text;
}

}  // namespace
}  // namespace cairn::client::apache::installation_test
