#include "apps/ca/server_certificate.h"

#include <algorithm>
#include <mutex>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include "apps/ca/init.h"
#include "apps/command_line/files.h"
#include "ca/work/local_request_checks.h"
#include "pki/chain.h"
#include "store/sqlite/store.h"

namespace cairn::apps::server_certificate_test {
namespace {

namespace fs = std::filesystem;

/// Counts what is logged.
class EventLog final : public base::Log {
  public:
    void write(base::LogLevel /*level*/, std::string_view event,
               std::initializer_list<base::LogField> /*fields*/) override {
        const std::scoped_lock lock(mutex_);
        events_.emplace_back(event);
    }
    void flush() override {}

    [[nodiscard]] std::ptrdiff_t count(std::string_view event) const {
        const std::scoped_lock lock(mutex_);
        return std::ranges::count(events_, event);
    }

  private:
    mutable std::mutex mutex_;
    std::vector<std::string> events_;
};

class ServerCertificateTest : public ::testing::Test {
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
        checks_ = std::make_unique<ca::LocalRequestChecks>(nonces_, *store_);
        authority_ = std::make_unique<Authority>(
            configuration_, folder_,
            AuthorityContext{.adapters = adapters_,
                             .repository = *store_,
                             .nonces = nonces_,
                             .checks = *checks_,
                             .announcements = announcements_,
                             .clock = clock_,
                             .clock_watch = clock_watch_,
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

    [[nodiscard]] std::ptrdiff_t issued() const { return log_->count("issued own certificate"); }

    base::ManualClock clock_{base::SystemClock().now()};
    ca::ClockWatch clock_watch_;
    crypto::SystemRandom random_;
    const fs::path folder_ = fresh_folder();
    Configuration configuration_;
    std::unique_ptr<EventLog> log_ = std::make_unique<EventLog>();
    net::EventLoops loops_{1};
    const Adapters adapters_;
    std::unique_ptr<ca::Repository> store_;
    base::Announcements announcements_;
    ca::LocalNonces nonces_{random_};
    std::unique_ptr<ca::RequestChecks> checks_;
    std::unique_ptr<Authority> authority_;
    std::shared_ptr<net::TlsIdentity> identity_ = std::make_shared<net::TlsIdentity>();
    ServerCertificate certificate_{folder_, clock_, *log_, identity_};
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

TEST_F(ServerCertificateTest, IsMadeAnewWhereItBeginsInTheFuture) {
    clock_.advance(std::chrono::days(25));
    const auto from_the_future = refreshed();
    clock_.advance(-std::chrono::days(25));
    const auto second = refreshed();
    EXPECT_NE(second, from_the_future);
    EXPECT_LE(second.not_before(), clock_.now());
    EXPECT_EQ(certificate_.not_before(), second.not_before());
    EXPECT_EQ(refreshed(), second) << "and then left alone";
}

// A folder in the place of the file, which nobody can write over, whatever his rights.
TEST_F(ServerCertificateTest, IsUsedEvenIfItCannotBeWritten) {
    fs::create_directories(folder_ / "pki/server-key.pem/occupied");
    certificate_.refresh(configuration_, *authority_, loops_.next());
    const auto end = certificate_.not_after();
    EXPECT_GT(end, clock_.now() + std::chrono::days(29));
    EXPECT_EQ(issued(), 1);
    clock_.advance(std::chrono::minutes(1));
    for (int minute = 0; minute < 3; ++minute)
        certificate_.keep_up(configuration_, *authority_, loops_.next());
    certificate_.refresh(configuration_, *authority_, loops_.next());
    EXPECT_EQ(issued(), 1) << "what could not be written is good all the same";
    EXPECT_EQ(certificate_.not_after(), end);
    EXPECT_FALSE(fs::exists(folder_ / "pki/server.pem"));

    fs::remove_all(folder_ / "pki/server-key.pem");
    const auto written = refreshed();
    EXPECT_EQ(issued(), 1);
    EXPECT_EQ(written.not_after(), end);
    EXPECT_EQ(crypto::PrivateKey::from_pem(read_file(folder_ / "pki/server-key.pem"))
                  .value()
                  .public_key(),
              written.public_key());
}

TEST_F(ServerCertificateTest, IsNotAskedForEachMinuteIfThereIsNoneToBeHad) {
    const auto first = refreshed();
    EXPECT_EQ(issued(), 1);
    clock_.advance(std::chrono::days(2000));  // the issuer is over
    EXPECT_THROW(certificate_.refresh(configuration_, *authority_, loops_.next()),
                 ca::IssuerUnavailable);
    for (int minute = 0; minute < 3; ++minute)
        certificate_.keep_up(configuration_, *authority_, loops_.next());
    EXPECT_EQ(log_->count("the server's own certificate could not be renewed"), 0) << "it waits";
    EXPECT_EQ(certificate_.not_after(), first.not_after()) << "the former one stays in use";
}

TEST_F(ServerCertificateTest, StartsWithTheFormerOneIfTheClockIsBeforeTheIssuer) {
    const auto first = refreshed();
    clock_.advance(-std::chrono::days(3));
    ServerCertificate at_the_next_start(folder_, clock_, *log_, identity_);
    at_the_next_start.refresh(configuration_, *authority_, loops_.next());
    EXPECT_EQ(at_the_next_start.not_before(), first.not_before());
    EXPECT_EQ(log_->count("no certificate for this server can be issued; the former one is used"),
              1);
}

// Otherwise its time for renewal has come when it is made.
TEST_F(ServerCertificateTest, IsNotDueAtOnceWhereTheIssuerIsAboutToEnd) {
    clock_.set(authority_->issuers().all().front().validity().not_after - std::chrono::minutes(20));
    const auto first = refreshed();
    EXPECT_EQ(refreshed(), first);
    EXPECT_EQ(issued(), 1);
}

}  // namespace
}  // namespace cairn::apps::server_certificate_test
