#include "apps/ca/init.h"

#include <fstream>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "apps/ca/configuration.h"
#include "apps/ca/files.h"
#include "pki/chain.h"

namespace cairn::apps {
namespace {

namespace fs = std::filesystem;

class InitTest : public testing::Test {
  protected:
    InitTest() {
        std::string pattern = fs::temp_directory_path() / "cairn-init-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
    }
    ~InitTest() override { fs::remove_all(folder_); }

    static unsigned mode_of(const fs::path& path) {
        struct stat status{};
        return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777U : 0;
    }

    fs::path folder_;
    base::SystemClock clock_;
    crypto::SystemRandom random_;
};

TEST_F(InitTest, MakesACompleteAuthority) {
    const auto ca = folder_ / "ca";
    const auto result = init({.folder = ca}, clock_, random_);
    EXPECT_EQ(result.directory_url, "https://localhost:14000/directory");
    EXPECT_EQ(result.root_fingerprint.size(), 32U * 3 - 1);

    EXPECT_EQ(mode_of(ca), 0700U);
    for (const char* secret : {"pki/root-key.pem", "pki/intermediate-key.pem", "ca.toml"})
        EXPECT_EQ(mode_of(ca / secret), 0600U) << secret;
    EXPECT_TRUE(read_configuration(read_file(ca / "ca.toml"), {}, clock_.now()));

    const auto root = pki::Certificate::from_pem(read_file(ca / "pki/root.pem"));
    const auto intermediate = pki::Certificate::from_pem(read_file(ca / "pki/intermediate.pem"));
    ASSERT_TRUE(root && intermediate);
    EXPECT_TRUE(intermediate->is_signed_by(*root));
    EXPECT_TRUE(intermediate->is_ca());
    const auto key = crypto::PrivateKey::from_pem(read_file(ca / "pki/intermediate-key.pem"));
    ASSERT_TRUE(key);
    EXPECT_EQ(key->public_key(), intermediate->public_key());
}

TEST_F(InitTest, GivesOutTheUrlAsItIsSpelled) {
    struct Case {
        const char *host, *listen, *directory;
    };
    const Case cases[] = {
        {"CA.example.com", "0.0.0.0:443", "https://ca.example.com/directory"},
        {"ca.example.com", "[::]:8443", "https://ca.example.com:8443/directory"},
        {"2001:DB8::0:1", "[::]:443", "https://[2001:db8::1]/directory"},
    };
    for (const auto& [host, listen, directory] : cases) {
        const auto ca = folder_ / ("ca" + base::to_hex(random_.octets(4)));
        const auto result =
            init({.folder = ca, .hosts = {host}, .listen = listen}, clock_, random_);
        EXPECT_EQ(result.directory_url, directory);
        const auto configuration = read_configuration(read_file(ca / "ca.toml"), {}, clock_.now());
        ASSERT_TRUE(configuration) << configuration.error().front().message;
        EXPECT_EQ(configuration->server.public_url + "/directory", directory);
        EXPECT_EQ(configuration->server.written_public_url, configuration->server.public_url);
    }
    for (const char* listen : {"localhost:443", "443", "127.0.0.1:0", "127.0.0.1"})
        EXPECT_THROW((void)init({.folder = folder_ / "no", .listen = listen}, clock_, random_),
                     std::runtime_error)
            << listen;
}

TEST_F(InitTest, LeavesAFolderThatIsNotEmptyAlone) {
    std::ofstream(folder_ / "precious") << "x";
    EXPECT_THROW((void)init({.folder = folder_}, clock_, random_), std::runtime_error);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(InitTest, TakesAnEmptyFolder) {
    EXPECT_NO_THROW((void)init({.folder = folder_}, clock_, random_));
    EXPECT_EQ(mode_of(folder_), 0700U);
}

TEST_F(InitTest, LeavesNothingBehindOnBadOptions) {
    EXPECT_THROW((void)init({.folder = folder_ / "a", .hosts = {"not a host"}}, clock_, random_),
                 std::runtime_error);
    EXPECT_THROW((void)init({.folder = folder_ / "b", .listen = "14000"}, clock_, random_),
                 std::runtime_error);
    EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace cairn::apps
