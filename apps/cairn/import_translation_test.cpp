#include "apps/cairn/import_translation.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/testing/issuer.h"
#include "client/testing/temporary_folder.h"

namespace cairn::import_translation_test {
namespace {

using client::ForeignProgram;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;
using ::testing::Not;
namespace fs = std::filesystem;

class Translated : public ::testing::Test {
  protected:
    TranslatedLineage translate(ForeignProgram program, client::ForeignLineage lineage) {
        lineage.name = "a.example";
        const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        lineage.generations.push_back(
            {client::LineageKey(key),
             issuer_.issue(key.public_key(), client::testing::names(names_))});
        if (lineage.directory_url.empty()) lineage.directory_url = directory_;
        const client::ForeignInstallation installation{.program = program,
                                                       .folder = folder_ / "there",
                                                       .accounts = {},
                                                       .lineages = {},
                                                       .variables = account_conf_};
        const client::RenewalJobs jobs(program, installation.folder, folder_.path());
        return translated(lineage, {installation, jobs, said_, settings_});
    }
    client::ForeignLineage certbot(const std::string& parameters) {
        client::ForeignLineage lineage;
        const auto file = client::ConfigSection::from_text("[renewalparams]\n" + parameters);
        EXPECT_TRUE(file) << file.error().message;
        lineage.parameters = *file->section("renewalparams");
        return lineage;
    }
    client::ForeignLineage acme_sh(const std::string& variables) {
        client::ForeignLineage lineage;
        lineage.variables = *client::ShellAssignments::from_text(variables);
        return lineage;
    }

    client::testing::TemporaryFolder folder_;
    fs::path settings_ = folder_ / "settings";
    client::testing::Issuer issuer_;
    std::vector<std::string> names_{"a.example", "b.example"};
    std::string directory_ = "https://ca.example/dir";
    client::ShellAssignments account_conf_;
    ImportWords said_;
};

TEST_F(Translated, WebrootsOfCertbotStayWithTheirNames) {
    const auto result = translate(
        ForeignProgram::certbot,
        certbot(
            "authenticator = webroot\nwebroot_path = /srv/b,\nkey_type = ecdsa\n"
            "reuse_key = True\npreferred_chain = \"X, Y\"\nrenew_before_expiry = 45 days\n"
            "[[webroot_map]]\na.example = /srv/a\nb.example = /srv/b\ngone.example = /srv/c\n"));
    EXPECT_THAT(result.obstacles, IsEmpty());
    EXPECT_THAT(result.words, IsSupersetOf({"--ca", "https://ca.example/dir",
                                            "a.example=webroot:/srv/a", "b.example=webroot:/srv/b",
                                            "--reuse-key", "X, Y", "45d", "ec-p256"}));
    EXPECT_THAT(result.words, Not(Contains(HasSubstr("gone.example"))));
}

TEST_F(Translated, CertbotsOwnServerKeepsItsPlace) {
    const auto result = translate(
        ForeignProgram::certbot,
        certbot("authenticator = standalone\nhttp01_port = 8080\nhttp01_address = 192.0.2.1\n"));
    EXPECT_THAT(result.words, Contains("standalone:192.0.2.1:8080"));
    EXPECT_THAT(result.remarks, IsEmpty());
}

TEST_F(Translated, WhatCertbotHasAndWeHaveNotIsNamed) {
    const auto result = translate(
        ForeignProgram::certbot,
        certbot("authenticator = standalone\nmust_staple = True\nstrange = 7\nautorenew = False\n"
                "config_dir = /etc/letsencrypt\n"));
    EXPECT_THAT(result.obstacles, IsEmpty());
    EXPECT_THAT(result.remarks,
                ElementsAre(HasSubstr("must_staple = True is not taken"),
                            HasSubstr("strange = 7 is not taken"), HasSubstr("autorenew = False")));
    const auto plugin =
        translate(ForeignProgram::certbot,
                  certbot("authenticator = dns-strange\ndns_strange_credentials = /x\n"));
    EXPECT_THAT(plugin.obstacles, Contains(HasSubstr("dns-strange")));
    said_.solver = "standalone";
    EXPECT_THAT(translate(ForeignProgram::certbot,
                          certbot("authenticator = dns-strange\ndns_strange_credentials = /x\n"))
                    .obstacles,
                IsEmpty());
}

TEST_F(Translated, HooksThatNeedAShellBecomeScripts) {
    auto lineage = certbot("authenticator = standalone\n");
    lineage.hooks = {{client::HookKind::pre, "true", "pre_hook"},
                     {client::HookKind::deploy, "echo $RENEWED_LINEAGE; true", "renew_hook"},
                     {client::HookKind::post, "true", "one"},
                     {client::HookKind::post, "true 2", "two"}};
    const auto result = translate(ForeignProgram::certbot, lineage);
    EXPECT_THAT(result.pre_hook.value_or(""), HasSubstr("/true"));
    ASSERT_EQ(result.files.size(), 2U);
    EXPECT_EQ(result.post_hook, (settings_ / "hooks/a.example.post").string());
    EXPECT_THAT(result.files.front().text, HasSubstr("(\ntrue\n) || status=$?\n# two"));
    EXPECT_THAT(result.deploy_hooks, ElementsAre((settings_ / "hooks/a.example.deploy").string()));
    EXPECT_THAT(result.files.back().text, HasSubstr("\necho $RENEWED_LINEAGE; true\n"));
    EXPECT_TRUE(result.files.back().is_program);
}

TEST_F(Translated, NamesOfAcmeShHaveTheirOwnWays) {
    names_.emplace_back("c.example");
    account_conf_ = *client::ShellAssignments::from_text("SAVED_CF_Token='t0ken'\n");
    const auto result = translate(
        ForeignProgram::acme_sh,
        acme_sh(
            "Le_Domain='a.example'\nLe_Alt='b.example,c.example'\nLe_Webroot='dns_cf,/srv/b,no'\n"
            "Le_HTTPPort='8080'\nLe_DeployHook='haproxy'\nLe_DNSSleep='20'\n"));
    EXPECT_THAT(result.obstacles, IsEmpty());
    EXPECT_THAT(result.words,
                IsSupersetOf({"a.example=dns:cloudflare", "b.example=webroot:/srv/b",
                              "c.example=standalone:0.0.0.0:8080", "20s", "--reuse-key"}));
    EXPECT_THAT(result.remarks, Contains(HasSubstr("Le_DeployHook = haproxy is not taken")));
    ASSERT_EQ(result.files.size(), 1U);
    EXPECT_EQ(result.files.front().path, settings_ / "credentials/cloudflare.toml");
    EXPECT_THAT(result.files.front().text, HasSubstr("t0ken"));
    EXPECT_THAT(result.remarks, Not(Contains(HasSubstr("t0ken"))));
}

TEST_F(Translated, AScriptOfAcmeShThatNoProviderStandsForStays) {
    const auto result =
        translate(ForeignProgram::acme_sh,
                  acme_sh("Le_Domain='a.example'\nLe_Alt='b.example'\nLe_Webroot='dns_own'\n"));
    EXPECT_THAT(result.words,
                IsSupersetOf({"a.example=dns:acme.sh-dns_own", "b.example=dns:acme.sh-dns_own"}));
    ASSERT_FALSE(result.files.empty());
    EXPECT_THAT(result.files.front().text, HasSubstr("account_conf = { file = "));
    const auto stateless = translate(ForeignProgram::acme_sh,
                                     acme_sh("Le_Domain='a.example'\nLe_Webroot='stateless'\n"));
    EXPECT_THAT(stateless.obstacles, ElementsAre(HasSubstr("Le_Webroot = stateless")));
}

TEST_F(Translated, LegoIsToldByItsTimerOrByTheCommandLine) {
    EXPECT_THAT(translate(ForeignProgram::lego, {}).obstacles, ElementsAre(HasSubstr("--solver")));
    fs::create_directories(folder_ / "etc/cron.d");
    std::ofstream(folder_ / "etc/cron.d/lego")
        << "0 0 * * * root lego --path " << (folder_ / "there").string()
        << " --domains a.example --tls --tls.port :8443 --reuse-key --strange x renew --days 20\n";
    const auto result = translate(ForeignProgram::lego, {});
    EXPECT_THAT(result.obstacles, IsEmpty());
    EXPECT_THAT(result.words, IsSupersetOf({"tls-alpn:0.0.0.0:8443", "--reuse-key", "20d"}));
    EXPECT_THAT(result.remarks, Contains(HasSubstr("--strange x of its timer is not taken")));
    directory_.clear();
    EXPECT_THAT(translate(ForeignProgram::lego, {}).obstacles, ElementsAre(HasSubstr("--ca")));
}

}  // namespace
}  // namespace cairn::import_translation_test
