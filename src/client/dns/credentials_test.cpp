#include "client/dns/credentials.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/dns/provider.h"
#include "client/durable_file.h"
#include "client/failure.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::credentials_test {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Kind = CredentialSource::Kind;

class Credentials : public ::testing::Test {
  protected:
    EnvironmentReader variables() {
        return [this](const std::string& name) -> std::optional<std::string> {
            const auto found = environment_.find(name);
            if (found == environment_.end()) return std::nullopt;
            return found->second;
        };
    }
    CredentialSource find(const fs::path& named = {}) {
        return DnsCredentials::find(kind_, named, folder_ / "settings", variables());
    }
    fs::path write(const fs::path& file, std::string_view text) {
        fs::create_directories((folder_ / file).parent_path());
        write_durably(folder_ / file, text, FileAccess::owner);
        return folder_ / file;
    }
    DnsCredentials read(std::string_view text) {
        return DnsCredentials::read(kind_, {.kind = Kind::named, .file = write("c.toml", text)},
                                    variables(), timer_);
    }
    std::string refusal_of(std::string_view text) {
        try {
            static_cast<void>(read(text));
        } catch (const Failure& failure) {
            return failure.what();
        }
        return "accepted";
    }
    const testing::TemporaryFolder folder_;
    SystemTimer timer_;
    std::map<std::string, std::string> environment_;
    ProviderKind kind_{
        .name = "some",
        .title = "Some Provider",
        .keys = {{.name = "api_token", .variables = {"CAIRN_SOME_TOKEN", "SOME_Token"}},
                 {.name = "zone",
                  .need = CredentialKey::Need::optional,
                  .kind = CredentialKey::Kind::open,
                  .variables = {"SOME_ZONE"}}}};
};

TEST_F(Credentials, AreLookedForInOrder) {
    EXPECT_EQ(find().kind, Kind::none);
    environment_["SOME_Token"] = "t";
    EXPECT_EQ(find().kind, Kind::environment);
    EXPECT_EQ(find().text(), "the environment (SOME_Token)");
    const auto settings = write("settings/credentials/some.toml", "api_token = 'x'");
    EXPECT_EQ(find().file, settings);
    environment_["CREDENTIALS_DIRECTORY"] = (folder_ / "systemd").string();
    EXPECT_EQ(find().kind, Kind::settings) << "there is none for this provider";
    const auto handed = write("systemd/some.toml", "api_token = 'y'");
    EXPECT_EQ(find().file, handed);
    EXPECT_EQ(find("/named").file, "/named");
}

TEST_F(Credentials, ComeFromAFile) {
    const auto credentials = read("api_token = \"a token\"\nzone = 5\n");
    EXPECT_EQ(credentials.text("api_token"), "a token");
    EXPECT_EQ(credentials.text("zone"), "5");
    EXPECT_EQ(credentials.text("none"), "");
    EXPECT_THAT(credentials.secrets(kind_), ElementsAre("a token"));
    EXPECT_EQ(read(credentials.to_toml()).text("api_token"), "a token");
}

TEST_F(Credentials, AreRefusedWithTheNearestKey) {
    EXPECT_THAT(refusal_of("api_tokn = 'x'"),
                HasSubstr("api_tokn is not a known key; did you mean api_token?"));
    EXPECT_THAT(refusal_of("zone = 'x'"), HasSubstr("api_token is missing"));
    EXPECT_THAT(refusal_of("api_token = ''"), HasSubstr("api_token is missing"));
    EXPECT_THAT(refusal_of("api_token = [1]"), HasSubstr("api_token must be a string"));
    EXPECT_THAT(refusal_of("api_token = 'sesame"), ::testing::Not(HasSubstr("sesame")));
}

TEST_F(Credentials, AreRefusedWhereOthersCanRead) {
    const auto file = write("c.toml", "api_token = 'x'");
    for (const auto rights : {fs::perms::group_read, fs::perms::others_read}) {
        fs::permissions(file, fs::perms::owner_read | rights);
        try {
            static_cast<void>(DnsCredentials::read(kind_, {.kind = Kind::named, .file = file},
                                                   variables(), timer_));
            FAIL() << "accepted";
        } catch (const Failure& failure) {
            EXPECT_THAT(failure.what(), HasSubstr("others may read it"));
        }
    }
    // systemd's own rights show so.
    fs::permissions(file, fs::perms::owner_read | fs::perms::group_read);
    EXPECT_EQ(
        DnsCredentials::read(kind_, {.kind = Kind::systemd, .file = file}, variables(), timer_)
            .text("api_token"),
        "x");
}

TEST_F(Credentials, ComeFromAProgram) {
    EXPECT_EQ(read(R"(from = ["printf", "just-it\n"])").text("api_token"), "just-it");
    EXPECT_EQ(read(R"(from = ["printf", "api_token = \"of toml\"\nzone = \"z\"\n"])").text("zone"),
              "z");
    EXPECT_EQ(
        read(R"(from = ["printf", '{"data":{"data":{"api_token":"of vault"},"metadata":{}}}'])")
            .text("api_token"),
        "of vault");
    EXPECT_EQ(read(R"(api_token = { from = ["printf", "a=b\n"] })").text("api_token"), "a=b");
    EXPECT_THAT(refusal_of(R"(from = ["sh", "-c", "echo no >&2; exit 4"])"),
                HasSubstr("sh ended with status 4: \"no"));
    EXPECT_THAT(refusal_of(R"(from = ["/no/such/program"])"), HasSubstr("/no/such/program"));
    EXPECT_THAT(refusal_of(R"(from = ["true"])"), HasSubstr("wrote nothing"));
    EXPECT_THAT(refusal_of(R"(from = [])"), HasSubstr("a list of words"));
}

TEST_F(Credentials, ComeFromAnotherFile) {
    const auto file = write("token", "of a file\n");
    EXPECT_EQ(read("api_token = { file = \"" + file.string() + "\" }").text("api_token"),
              "of a file");
}

TEST_F(Credentials, ComeFromTheEnvironment) {
    environment_ = {{"SOME_Token", "theirs"}, {"CAIRN_SOME_TOKEN", "ours"}, {"SOME_ZONE", "z"}};
    const auto credentials = DnsCredentials::read(kind_, find(), variables(), timer_);
    EXPECT_EQ(credentials.text("api_token"), "ours");
    EXPECT_EQ(credentials.text("zone"), "z");
}

TEST_F(Credentials, ComeFromFilesThatTheEnvironmentNames) {
    const auto file = write("token", "of a file\n");
    environment_ = {{"SOME_Token_FILE", file.string()}, {"SOME_ZONE", "z"}};
    EXPECT_EQ(find().text(), "the environment (SOME_Token_FILE, SOME_ZONE)");
    EXPECT_EQ(DnsCredentials::read(kind_, find(), variables(), timer_).text("api_token"),
              "of a file");
    environment_["SOME_Token"] = "of a variable";
    EXPECT_EQ(DnsCredentials::read(kind_, find(), variables(), timer_).text("api_token"),
              "of a variable");
    environment_.erase("SOME_Token");
    fs::permissions(file, fs::perms::owner_read | fs::perms::others_read);
    EXPECT_THROW(static_cast<void>(DnsCredentials::read(kind_, find(), variables(), timer_)),
                 Failure);
    // Where a key is a file, its variable is no other's.
    kind_.keys.push_back({.name = "token_file",
                          .need = CredentialKey::Need::optional,
                          .variables = {"SOME_Token_FILE"}});
    EXPECT_EQ(find().text(), "the environment (SOME_ZONE, SOME_Token_FILE)");
}

TEST_F(Credentials, AreAdvisedWhereThereAreNone) {
    try {
        static_cast<void>(DnsCredentials::read(kind_, find(), variables(), timer_));
        FAIL() << "accepted";
    } catch (const Failure& failure) {
        EXPECT_THAT(failure.what(), HasSubstr("cairn dns show some"));
    }
}

}  // namespace
}  // namespace cairn::client::credentials_test
