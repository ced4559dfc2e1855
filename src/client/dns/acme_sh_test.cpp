#include "client/dns/acme_sh.h"

#include <fstream>

#include "client/testing/heard.h"
#include "client/testing/provider_fixture.h"

namespace cairn::client::acme_sh_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::Pair;

/// With scripts of the shape that acme.sh and its dnsapi have.
class AcmeShTest : public testing::ProviderTest {
  protected:
    AcmeShTest() {
        answer_ = [](const http::Request&) { return testing::response(500); };
        write("acme.sh", R"(showhelp() { echo Usage; }
_initpath() { . "$LE_CONFIG_HOME/account.conf"; }
_info() { echo "$1"; }
_err() { echo "$1" >&2; return 1; }
main() { [ -z "$1" ] && showhelp && return; "$@"; }
main "$@"
)");
    }
    void write(const std::string& name, const std::string& script) {
        const auto file = folder_ / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file) << "#!/usr/bin/env sh\n" << script;
        std::filesystem::permissions(file, std::filesystem::perms::owner_all);
    }
    std::unique_ptr<DnsProvider> of_script(const std::string& script,
                                           std::map<std::string, std::string> values = {}) {
        write("dnsapi/dns_shape.sh", script);
        values["script"] = (folder_ / "acme.sh").string();
        return made("acme.sh-dns_shape", std::move(values));
    }
    std::unique_ptr<DnsProvider> made(const std::string& name,
                                      std::map<std::string, std::string> values) {
        const auto kind = *find_provider_kind(name);
        auto made =
            kind->make(*kind, DnsCredentials(std::move(values)),
                       {.clock = clock_, .timer = timer_, .random = random_, .trace = &trace_});
        if (!made) throw std::runtime_error(made.error().message);
        return std::move(*made);
    }
    std::string log() { return read_file(folder_ / "log", 10000).value_or(""); }
    const testing::TemporaryFolder folder_;
};

TEST_F(AcmeShTest, CallsAddAndRmWithNameAndValue) {
    const auto script = of_script(
        "dns_shape_add() { _info \"add $#:$1:$2\" >> " + (folder_ / "log").string() +
        "; }\ndns_shape_rm() { _info \"rm $#:$1:$2\" >> " + (folder_ / "log").string() + "; }\n");
    script->set(record_);
    script->remove(record_);
    EXPECT_EQ(log(),
              "add 2:_acme-challenge.www.example.com:the-value\n"
              "rm 2:_acme-challenge.www.example.com:the-value\n");
}

TEST_F(AcmeShTest, HandsOverSecretsInAFolderThatIsGoneAfterwards) {
    const std::string secret = "it's $(touch pwned) \"`id`\" \\ end";
    const auto script = of_script(
        "dns_shape_add() { { printf '%s\\n' \"$SHAPE_Token\"; stat -c %a \"$LE_CONFIG_HOME\" "
        "\"$LE_CONFIG_HOME/account.conf\"; tr '\\0' ' ' < /proc/$$/cmdline; echo; echo "
        "\"$LE_CONFIG_HOME\"; } > " +
            (folder_ / "log").string() + "; echo \"I have $SHAPE_Token\"; }\n",
        {{"SHAPE_Token", secret}, {"account_conf", "SHAPE_Other='kept'"}});
    testing::Heard attempt;
    auto record = record_;
    record.proof.progress = &attempt;
    script->set(record);
    const auto told = log();
    EXPECT_THAT(told, ::testing::StartsWith(secret + "\n700\n600\n"));
    EXPECT_EQ(told.find(secret, secret.size()), std::string::npos) << "it stands in the arguments";
    const auto scratch = told.substr(told.rfind("/tmp"), told.rfind('\n') - told.rfind("/tmp"));
    EXPECT_FALSE(std::filesystem::exists(scratch)) << scratch;
    EXPECT_THAT(trace_.text(), Not(HasSubstr("touch pwned")));
    ASSERT_EQ(attempt.events(ProgressKind::program_ended).size(), 1);
    EXPECT_THAT(attempt.events().front().text, HasSubstr("I have [secret]"));
}

TEST_F(AcmeShTest, SaysWhatWentWrong) {
    EXPECT_THAT(failure_of([&] {
                    of_script("dns_shape_add() { _err 'no zone for hush-hush'; }\n",
                              {{"SHAPE_Token", "hush-hush"}})
                        ->set(record_);
                }),
                HasSubstr("ended with status 1: \"no zone for [secret]"));
    EXPECT_THAT(failure_of([&] { of_script("true\n")->remove(record_); }),
                HasSubstr("dns_shape_rm"));
    write("acme.sh", "true\n");
    EXPECT_THAT(failure_of([&] { of_script("true\n")->set(record_); }),
                HasSubstr("is not acme.sh: it has no _initpath"));
    EXPECT_THROW(made("acme.sh-dns_other", {{"script", (folder_ / "acme.sh").string()}}),
                 std::runtime_error);
    EXPECT_THROW(of_script("true\n", {{"timeout", "soon"}}), std::runtime_error);
}

TEST_F(AcmeShTest, TakesNamesOfScriptsAlone) {
    for (const std::string name : {"acme.sh", "acme.sh-", "acme.sh-cf", "acme.sh-dns_../x",
                                   "acme.sh-dns_a b", "acme.sh-dns_a;b"})
        EXPECT_FALSE(find_provider_kind(name)) << name;
    const auto hint = find_provider_kind("dns_cf");
    ASSERT_FALSE(hint);
    EXPECT_THAT(hint.error().message, HasSubstr("acme.sh-dns_cf is acme.sh's script"));
    EXPECT_EQ((*find_provider_kind("acme.sh-dns_cf"))->name, "acme.sh-dns_cf");
}

TEST(AcmeShInfoTest, NamesTheVariables) {
    const auto info = AcmeShInfo::from_script(
        "#!/usr/bin/env sh\ndns_cf_info='CloudFlare\nSite: CloudFlare.com\nOptions:\n CF_Key API "
        "Key\n CF_Email Your account email\nOptionsAlt:\n CF_Token API Token\n $(id) not one\n"
        "Issues: none\n CF_No no option\n'\nOther='x'\n",
        "dns_cf");
    EXPECT_EQ(info.title, "CloudFlare");
    EXPECT_THAT(info.options,
                ElementsAre(Pair("CF_Key", "API Key"), Pair("CF_Email", "Your account email"),
                            Pair("CF_Token", "API Token")));
    for (const std::string text :
         {"", "dns_cf_info='", "dns_cf_info='\n\n  \n'", "dns_cf_info=\"x\""})
        EXPECT_THAT(AcmeShInfo::from_script(text, "dns_cf").options, IsEmpty()) << text;
}

}  // namespace
}  // namespace cairn::client::acme_sh_test
