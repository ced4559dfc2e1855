#include "crypto/passphrase.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <gtest/gtest.h>

namespace cairn::crypto::passphrase_test {
namespace {

namespace fs = std::filesystem;

class PassphraseTest : public ::testing::Test {
  protected:
    PassphraseTest() {
        std::string pattern = fs::temp_directory_path() / "cairn-passphrase-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    ~PassphraseTest() override {
        ::unsetenv("CREDENTIALS_DIRECTORY");
        fs::remove_all(folder_);
    }
    void write(const std::string& name, const std::string& content) const {
        std::ofstream(folder_ / name, std::ios::binary) << content;
        fs::permissions(folder_ / name, fs::perms::owner_read | fs::perms::owner_write);
    }
    [[nodiscard]] std::string read(const PassphraseSource& source) const {
        const auto secret = read_passphrase(source, folder_);
        return {secret.begin(), secret.end()};
    }
    [[nodiscard]] std::string refusal(const PassphraseSource& source) const {
        try {
            return "read: " + read(source);
        } catch (const std::runtime_error& error) {
            return error.what();
        }
    }
    fs::path folder_;
};

TEST_F(PassphraseTest, IsTheFirstLineOfAFile) {
    for (const auto* content :
         {"open sesame", "open sesame\n", "open sesame\r\n", "open sesame\nx"}) {
        write("secret", content);
        EXPECT_EQ(read({.file = "secret"}), "open sesame");
        EXPECT_EQ(read({.file = (folder_ / "secret").string()}), "open sesame");
    }
    write("secret", std::string(1024, 'x') + "\n" + std::string(100'000, 'y'));
    EXPECT_EQ(read({.file = "secret"}), std::string(1024, 'x'));
}

TEST_F(PassphraseTest, IsRefusedWithItsReasonAndWithoutItself) {
    struct Case {
        std::string content, finding;
    };
    for (const auto& [content, finding] :
         {Case{"", "first line is empty"}, Case{"\nsecret", "first line is empty"},
          Case{std::string("sec\0ret", 7), "an octet 0"},
          Case{std::string(1025, 's'), "more than 1024 octets"}}) {
        write("secret", content);
        EXPECT_TRUE(refusal({.file = "secret"}).contains(finding)) << refusal({.file = "secret"});
        EXPECT_FALSE(refusal({.file = "secret"}).contains("sss"));
    }
    write("secret", "sesame");
    fs::permissions(folder_ / "secret", fs::perms::others_read, fs::perm_options::add);
    EXPECT_TRUE(refusal({.file = "secret"}).contains("can be read by others"));
    write("secret", "elevenchars\n");
    EXPECT_EQ(read_passphrase({.file = "secret"}, folder_, 11).size(), 11U);
    EXPECT_THROW((void)read_passphrase({.file = "secret"}, folder_, 12), std::runtime_error);
    EXPECT_TRUE(refusal({.file = "nowhere"}).contains("No such file"));
    EXPECT_TRUE(refusal({}).contains("say where the passphrase is"));
    EXPECT_TRUE(refusal({.file = "a", .credential = "b"}).contains("say where the passphrase is"));
}

TEST_F(PassphraseTest, IsWhatAProgramPrints) {
    EXPECT_EQ(read({.command = {"echo", "open $HOME", "sesame"}}), "open $HOME sesame");
    EXPECT_EQ(read({.command = {"sh", "-c", "printf 'a\\nb'; exec head -c 1000000 /dev/zero"}}),
              "a");
    EXPECT_TRUE(
        refusal({.command = {"sh", "-c", "echo x; exit 3"}}).contains("ended with status 3"));
    EXPECT_TRUE(
        refusal({.command = {"/nowhere/program", "hush"}}).contains("could not be started"));
    EXPECT_FALSE(refusal({.command = {"/nowhere/program", "hush"}}).contains("hush"));
    EXPECT_TRUE(refusal({.command = {"true"}}).contains("first line is empty"));
}

TEST_F(PassphraseTest, IsACredentialOfSystemd) {
    ::unsetenv("CREDENTIALS_DIRECTORY");
    EXPECT_TRUE(refusal({.credential = "issuer"}).contains("LoadCredential=issuer"));
    ::setenv("CREDENTIALS_DIRECTORY", folder_.c_str(), 1);
    write("issuer", "open sesame");
    EXPECT_EQ(read({.credential = "issuer"}), "open sesame");
    EXPECT_TRUE(refusal({.credential = "../issuer"}).contains("has no slash"));
    EXPECT_TRUE(refusal({.credential = "other"}).contains("No such file"));
}

TEST(CommandWords, AreALineOrAList) {
    using Words = std::vector<std::string>;
    EXPECT_EQ(command_words_from("  vault kv  get ca "), (Words{"vault", "kv", "get", "ca"}));
    EXPECT_EQ(command_words_from(R"(["pass", "a b", "$x"])"), (Words{"pass", "a b", "$x"}));
    for (const auto* wrong : {"", "  ", "[]", "[\"\"]", "[1]", "[\"a\"", "[\"a\"]\nb = 1",
                              "pass 'a b'", "a | b", "a $b", "a\nb", "a;b"})
        EXPECT_FALSE(command_words_from(wrong)) << wrong;
    std::string many;
    for (int i = 0; i < 65; ++i) many += "a ";
    EXPECT_FALSE(command_words_from(many));
}

}  // namespace
}  // namespace cairn::crypto::passphrase_test
