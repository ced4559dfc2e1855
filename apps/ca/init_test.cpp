#include "apps/ca/init.h"

#include <chrono>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <sys/stat.h>

#include <gtest/gtest.h>

#include "apps/ca/configuration.h"
#include "apps/command_line/files.h"
#include "pki/chain.h"

namespace cairn::apps::init_test {
namespace {

namespace fs = std::filesystem;

class InitTest : public ::testing::Test {
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

TEST_F(InitTest, NamesAndLivesAreOptions) {
    const auto ca = folder_ / "ca";
    const auto result = init({.folder = ca,
                              .root_name = "Wurzel \xC3\xA4",
                              .intermediate_name = "Zwischen",
                              .organization = "Beispiel",
                              .root_life = std::chrono::days(1000),
                              .intermediate_life = std::chrono::days(999),
                              .certificate_life = std::chrono::days(30)},
                             clock_, random_);
    EXPECT_TRUE(result.notes.empty());
    const auto root = pki::Certificate::from_pem(read_file(ca / "pki/root.pem"));
    const auto intermediate = pki::Certificate::from_pem(read_file(ca / "pki/intermediate.pem"));
    ASSERT_TRUE(root && intermediate);
    EXPECT_EQ(root->subject_common_name(), "Wurzel \xC3\xA4");
    EXPECT_EQ(intermediate->subject_common_name(), "Zwischen");
    EXPECT_EQ(root->not_after() - root->not_before(), std::chrono::days(1000) - base::Seconds(1));
    EXPECT_EQ(intermediate->not_after() - intermediate->not_before(),
              std::chrono::days(999) - base::Seconds(1));
    const auto configuration = read_configuration(read_file(ca / "ca.toml"), {}, clock_.now());
    ASSERT_TRUE(configuration);
    EXPECT_EQ(configuration->profiles.at("default").validity, std::chrono::days(30));
    EXPECT_TRUE(configuration->policy.baseline_requirements);
    EXPECT_TRUE(read_file(ca / "ca.toml").contains("certificates for TLS servers, 30 days"));

    // Longer than those of a public CA: said in the file, and told.
    const auto longer = folder_ / "longer";
    const auto told =
        init({.folder = longer, .certificate_life = std::chrono::days(700)}, clock_, random_);
    ASSERT_EQ(told.notes.size(), 1U);
    EXPECT_FALSE(read_configuration(read_file(longer / "ca.toml"), {}, clock_.now())
                     ->policy.baseline_requirements);
}

TEST_F(InitTest, TellsAllThatIsWrongAtOnce) {
    struct Case {
        InitOptions options;
        std::vector<std::string> findings;
    };
    using std::chrono::days;
    const auto ca = folder_ / "ca";
    const std::vector<Case> cases{
        {{.folder = ca,
          .name = "",
          .hosts = {"a b"},
          .listen = "443",
          .root_name = "",
          .intermediate_name = std::string(65, 'x'),
          .organization = "a\nb"},
         {"6 things are wrong; nothing was changed", "--name", "--host a b", "--listen 443",
          "--root-name", "--intermediate-name", "--organization"}},
        {{.folder = ca, .root_name = "\xC3"}, {"--root-name"}},
        {{.folder = ca, .root_name = "A", .intermediate_name = "A"},
         {"must not be the name of the root"}},
        {{.folder = ca, .root_life = days(100), .intermediate_life = days(101)},
         {"--intermediate-lifetime 101d: would outlive the root"}},
        {{.folder = ca, .root_life = days(36501)}, {"--root-lifetime: must not exceed 36500d"}},
        {{.folder = ca, .intermediate_life = days(80)},
         {"--certificate-lifetime 90d: would outlive the issuer"}},
        {{.folder = ca, .kind = ca::PolicyKind::public_ca, .root_life = days(2921)},
         {"BR 7.1.2.1.1"}},
        {{.folder = ca, .kind = ca::PolicyKind::public_ca, .root_life = days(9133)},
         {"BR 7.1.2.1.1"}},
        {{.folder = ca, .kind = ca::PolicyKind::public_ca, .certificate_life = days(201)},
         {"exceeds what the Baseline Requirements allow"}},
        {{.folder = ca, .root_name = "A", .start = InitOptions::Start::request_only},
         {"--root-name: no root is made"}},
        {{.folder = ca, .brought = {.passphrase = {.file = "x"}}}, {"passphrase cannot be had"}},
        {{.folder = ca,
          .brought = {.passphrase = {.file = "x"}},
          .store = {.kind = IssuerKeyStore::Kind::tpm2}},
         {"in no file"}},
        {{.folder = ca,
          .start = InitOptions::Start::root_brought,
          .brought = {.certificates = folder_ / "nowhere.pem"}},
         {"cannot read", "nowhere.pem"}},
    };
    const base::ManualClock clock{*base::from_rfc3339("2026-11-22T12:00:00Z")};
    for (const auto& [options, findings] : cases) {
        try {
            (void)init(options, clock, random_);
            ADD_FAILURE() << findings.front();
        } catch (const std::runtime_error& error) {
            for (const auto& finding : findings)
                EXPECT_TRUE(std::string_view(error.what()).contains(finding))
                    << finding << " in: " << error.what();
        }
        EXPECT_TRUE(fs::is_empty(folder_));
    }
}

TEST_F(InitTest, ARootKeptElsewhereIsAskedForACertificate) {
    const auto ca = folder_ / "ca";
    const auto result =
        init({.folder = ca, .start = InitOptions::Start::request_only}, clock_, random_);
    EXPECT_EQ(result.request_file, ca / "pki/intermediate.csr");
    EXPECT_EQ(result.root_fingerprint, "");
    EXPECT_EQ(mode_of(ca / "pki/intermediate-key.pem"), 0600U);
    EXPECT_FALSE(fs::exists(ca / "pki/root.pem"));
    EXPECT_FALSE(fs::exists(ca / "pki/intermediate.pem"));
    EXPECT_TRUE(
        read_file(result.request_file).starts_with("-----BEGIN CERTIFICATE REQUEST-----\n"));
}

TEST_F(InitTest, LeavesNothingBehindOnBadOptions) {
    EXPECT_THROW((void)init({.folder = folder_ / "a", .hosts = {"not a host"}}, clock_, random_),
                 std::runtime_error);
    EXPECT_THROW((void)init({.folder = folder_ / "b", .listen = "14000"}, clock_, random_),
                 std::runtime_error);
    EXPECT_TRUE(fs::is_empty(folder_));
}

}  // namespace
}  // namespace cairn::apps::init_test
