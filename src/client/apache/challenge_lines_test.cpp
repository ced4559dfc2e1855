#include "client/apache/challenge_lines.h"

#include "client/apache/testing/written_configuration.h"
#include "client/failure.h"

namespace cairn::client::apache::challenge_lines_test {
namespace {

using testing::WrittenConfiguration;

constexpr std::string_view alias = "LoadModule alias_module x/mod_alias.so\nListen 80\n";

std::string lines_in(WrittenConfiguration& written, const std::vector<ChallengeAnswer>& answers) {
    try {
        const auto edits = lines_for(written.read(), answers, 80);
        auto text = written.after(edits);
        EXPECT_EQ(without_challenge_lines(text), written.read().main_file().tree.text());
        static_cast<void>(written.read_after(edits));
        return text;
    } catch (const Failure& failure) {
        return failure.came_back();
    }
}

TEST(ApacheChallengeLines, StandAroundAllThatAHostSays) {
    WrittenConfiguration written(std::string(alias) +
                                 "<VirtualHost *:80>\r\n"
                                 "\tServerName a.example\r\n"
                                 "\tRedirect / https://a.example/\r\n"
                                 "</VirtualHost>\r\n"
                                 "<VirtualHost *:80>\r\n"
                                 "\tServerName b.example\r\n"
                                 "</VirtualHost>\r\n");
    EXPECT_EQ(lines_in(written, {{"a.example", "TOKEN", "TOKEN.thumb"}}),
              std::string(alias) +
                  "<VirtualHost *:80>\r\n"
                  "\t# cairn answers a challenge here; these lines go away again.\n"
                  "\tRedirect 200 \"/.well-known/acme-challenge/TOKEN\"\n"
                  "\t# End of the lines of cairn.\n"
                  "\tServerName a.example\r\n"
                  "\tRedirect / https://a.example/\r\n"
                  "\t# cairn answers a challenge here; these lines go away again.\n"
                  "\t<Location \"/.well-known/acme-challenge/TOKEN\">\n"
                  "\t    ErrorDocument 200 \"TOKEN.thumb\"\n"
                  "\t</Location>\n"
                  "\t# End of the lines of cairn.\n"
                  "</VirtualHost>\r\n"
                  "<VirtualHost *:80>\r\n"
                  "\tServerName b.example\r\n"
                  "</VirtualHost>\r\n");
}

TEST(ApacheChallengeLines, ComeBeforeRewritingAndProxies) {
    WrittenConfiguration written(std::string(alias) +
                                 "LoadModule rewrite_module x/mod_rewrite.so\n"
                                 "LoadModule proxy_module x/mod_proxy.so\n"
                                 "<VirtualHost *:80>\nServerName a\nRewriteEngine On\n"
                                 "</VirtualHost>\n<VirtualHost *:80>\nServerName b\n"
                                 "</VirtualHost>\n");
    const auto text = lines_in(written, {{"a", "T1", "T1.x"}, {"b", "T2", "T2.x"}});
    EXPECT_NE(text.find("RewriteRule \"^/\\.well-known/acme-challenge/T1$\" \"-\" [END,R=200]"),
              std::string::npos);
    EXPECT_EQ(text.find("RewriteRule \"^/\\.well-known/acme-challenge/T2$"), std::string::npos)
        << "rewriting is not at work there, and stays off";
    EXPECT_NE(text.find("ProxyPass \"/.well-known/acme-challenge/T2\" \"!\""), std::string::npos);
}

TEST(ApacheChallengeLines, StandInTheMainServerWhereThereIsNoOther) {
    WrittenConfiguration written(std::string(alias) + "Redirect / https://a/");
    EXPECT_EQ(lines_for(written.read(), {{"a", "T", "T.x"}}, 80).contents().size(), 1U);
    const auto text = written.after(lines_for(written.read(), {{"a", "T", "T.x"}}, 80));
    EXPECT_LT(text.find("Redirect 200"), text.find("Redirect / "));
    EXPECT_GT(text.find("<Location"), text.find("Redirect / "));
}

TEST(ApacheChallengeLines, AreRefusedWithAReason) {
    WrittenConfiguration deaf("LoadModule alias_module x/mod_alias.so\nListen 8080\n");
    EXPECT_EQ(lines_in(deaf, {{"a", "T", "T.x"}}), "it does not listen at port 80");
    WrittenConfiguration bare("Listen 80\n");
    EXPECT_EQ(lines_in(bare, {{"a", "T", "T.x"}}),
              "neither mod_alias nor mod_rewrite is at work in it");
    WrittenConfiguration well{std::string(alias)};
    EXPECT_EQ(lines_in(well, {{"a", "T", "T\"\nLoadModule"}}),
              "the challenge has a token that is none");
}

}  // namespace
}  // namespace cairn::client::apache::challenge_lines_test
