#include "apps/ca/server_certificate.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include "apps/ca/files.h"
#include "apps/ca/init.h"
#include "ca/local_admissions.h"
#include "pki/chain.h"
#include "store/sqlite_store.h"

namespace cairn::apps {
namespace {

namespace fs = std::filesystem;

class ServerCertificateTest : public testing::Test {
  protected:
    static fs::path fresh_folder() {
        std::string pattern = fs::temp_directory_path() / "cairn-server-certificate-XXXXXX";
        return fs::path(::mkdtemp(pattern.data())) / "ca";
    }

    ServerCertificateTest() {
        InitOptions options;
        options.folder = folder_;
        (void)init(options, clock_, random_);
        configuration_ = *read_configuration(
            read_file(folder_ / "ca.toml"),
            {"validation.dnssec=false", R"(validation.dns_servers=["127.0.0.1:1"])"}, clock_.now());
        store_ =
            store::open_sqlite_store({.path = (folder_ / "store/cairn.sqlite").string()}, *log_);
        admissions_ = std::make_unique<ca::LocalAdmissions>(nonces_, *store_);
        authority_ = std::make_unique<Authority>(
            configuration_, folder_,
            Surroundings{.adapters = adapters_,
                         .repository = *store_,
                         .nonces = nonces_,
                         .admissions = *admissions_,
                         .announcements = announcements_,
                         .clock = clock_,
                         .random = random_,
                         .log = *log_,
                         .next_executor = [this] { return loops_.next(); },
                         .slow_signing = loops_.next()});
    }
    ~ServerCertificateTest() override { fs::remove_all(folder_.parent_path()); }

    // What is on disk after a refresh, as at a start or once a minute.
    pki::Certificate refreshed() {
        certificate_.refresh(configuration_, *authority_, loops_.next());
        return pki::chain_from_pem(read_file(folder_ / "pki/server.pem")).value().front();
    }
    bool is_stored(const pki::Certificate& certificate) {
        return boost::asio::co_spawn(loops_.next(), store_->find_certificate(certificate.serial()),
                                     boost::asio::use_future)
            .get()
            .has_value();
    }

    base::ManualClock clock_{base::SystemClock().now()};
    crypto::SystemRandom random_;
    const fs::path folder_ = fresh_folder();
    Configuration configuration_;
    std::unique_ptr<base::Log> log_ = base::silent_log();
    net::EventLoops loops_{1};
    const Adapters adapters_;
    std::unique_ptr<ca::Repository> store_;
    base::Announcements announcements_;
    ca::LocalNonces nonces_{random_};
    std::unique_ptr<ca::Admissions> admissions_;
    std::unique_ptr<Authority> authority_;
    std::shared_ptr<net::TlsIdentity> identity_ = std::make_shared<net::TlsIdentity>();
    ServerCertificate certificate_{folder_, clock_, identity_};
};

TEST_F(ServerCertificateTest, IsIssuedByTheIntermediateAndKnownToTheStore) {
    const auto first = refreshed();
    EXPECT_TRUE(first.is_signed_by(authority_->issuers().all().front().certificate()));
    EXPECT_TRUE(is_stored(first));
    const auto key = crypto::PrivateKey::from_pem(read_file(folder_ / "pki/server-key.pem"));
    EXPECT_EQ(key.value().public_key(), first.public_key());
}

TEST_F(ServerCertificateTest, IsRenewedWhenAThirdOfItsLifeIsLeft) {
    const auto first = refreshed();
    clock_.advance(std::chrono::days(19));
    EXPECT_EQ(refreshed(), first);
    clock_.advance(std::chrono::days(2));
    const auto second = refreshed();
    EXPECT_NE(second, first);
    EXPECT_NE(second.public_key(), first.public_key());
    EXPECT_GT(second.not_after(), first.not_after());
    EXPECT_TRUE(is_stored(second));
}

TEST_F(ServerCertificateTest, IsReplacedForOtherNamesAndAfterACrashBetweenItsFiles) {
    const auto first = refreshed();
    configuration_.server.hosts.emplace_back("ca.example.com");
    const auto second = refreshed();
    EXPECT_NE(second, first);

    const auto other = crypto::PrivateKey::generate(crypto::KeyType::ec_p256).to_pem();
    write_file(folder_ / "pki/server-key.pem", base::text_of({other.data(), other.size()}), 0600);
    EXPECT_NE(refreshed(), second);
}

}  // namespace
}  // namespace cairn::apps
