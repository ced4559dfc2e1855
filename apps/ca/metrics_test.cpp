#include "apps/ca/metrics.h"

#include <array>
#include <map>
#include <regex>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

#include "apps/ca/counting_log.h"
#include "apps/ca/process_metrics.h"

namespace cairn::apps::metrics_test {
namespace {

using namespace std::chrono_literals;
using protocol::ProblemType;

/// An exposition, read as Prometheus reads it.
struct Scrape {
    std::map<std::string, double> samples;  ///< by name and labels, as they stand there
    std::map<std::string, std::string> types;

    static Scrape of(const std::string& text) {
        static const std::regex sample(
            R"re(([a-zA-Z_:][a-zA-Z0-9_:]*(\{([a-zA-Z_][a-zA-Z0-9_]*="[^"\\\n]*",?)*\})?) (\S+))re");
        static const std::regex comment(R"(# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+))");
        Scrape scrape;
        std::istringstream lines(text);
        for (std::string line; std::getline(lines, line);) {
            std::smatch match;
            if (std::regex_match(line, match, comment)) {
                if (match[1] == "TYPE") {
                    EXPECT_TRUE(scrape.types.emplace(match[2], match[3]).second) << line;
                }
            } else if (std::regex_match(line, match, sample)) {
                EXPECT_TRUE(scrape.samples.emplace(match[1], std::stod(match[4])).second) << line;
            } else {
                ADD_FAILURE() << "not the text format: " << line;
            }
        }
        return scrape;
    }
    [[nodiscard]] double at(const std::string& name) const {
        const auto found = samples.find(name);
        if (found != samples.end()) return found->second;
        ADD_FAILURE() << "there is no " << name;
        return -1;
    }
};

Scrape scrape_of(const prometheus::Collectable& source) {
    const std::array<const prometheus::Collectable*, 1> sources{&source};
    return Scrape::of(exposition(sources));
}

TEST(MetricsTest, WritesTheTextFormatWithATypeForEachFamily) {
    const Metrics metrics;
    const auto scrape = scrape_of(metrics);
    std::set<std::string> untyped;
    for (const auto& [sample, value] : scrape.samples) {
        auto name = sample.substr(0, sample.find('{'));
        if (scrape.types.contains(name)) continue;
        name = std::regex_replace(name, std::regex("_(bucket|sum|count)$"), "");
        if (!scrape.types.contains(name)) untyped.insert(name);
    }
    EXPECT_TRUE(untyped.empty()) << *untyped.begin();
    // Whoever alerts on a rise wants a zero to rise from.
    EXPECT_EQ(scrape.at(R"(cairn_job_seconds_count{queue="issuance",outcome="broken"})"), 0);
    EXPECT_EQ(scrape.at(R"(cairn_store_commit_seconds_count{outcome="failed"})"), 0);
    EXPECT_EQ(scrape.at("cairn_http_connections_refused_total"), 0);
}

TEST(MetricsTest, CountsConnectionsAndHandshakes) {
    Metrics metrics;
    metrics.connection_opened();
    metrics.connection_opened();
    metrics.connection_closed();
    metrics.connection_refused();
    metrics.accept_failed();
    metrics.handshake_ended(http::Observer::Handshake::done, 2ms);
    metrics.handshake_ended(http::Observer::Handshake::timed_out, 10s);
    metrics.request_refused(431);
    metrics.request_refused(418);
    metrics.request_failed();
    const auto scrape = scrape_of(metrics);
    EXPECT_EQ(scrape.at("cairn_http_connections"), 1);
    EXPECT_EQ(scrape.at("cairn_http_connections_opened_total"), 2);
    EXPECT_EQ(scrape.at("cairn_http_connections_refused_total"), 1);
    EXPECT_EQ(scrape.at("cairn_http_accept_failures_total"), 1);
    EXPECT_EQ(scrape.at(R"(cairn_tls_handshakes_total{outcome="done"})"), 1);
    EXPECT_EQ(scrape.at(R"(cairn_tls_handshakes_total{outcome="timed_out"})"), 1);
    EXPECT_EQ(scrape.at("cairn_tls_handshake_seconds_count"), 1);
    EXPECT_EQ(scrape.at(R"(cairn_http_requests_refused_total{status="431"})"), 1);
    EXPECT_EQ(scrape.at(R"(cairn_http_requests_refused_total{status="other"})"), 1);
    EXPECT_EQ(scrape.at("cairn_http_requests_failed_total"), 1);
}

TEST(MetricsTest, CountsAnswers) {
    Metrics metrics;
    metrics.answered({.kind = api::RequestKind::new_order,
                      .status = 201,
                      .problem = std::nullopt,
                      .duration = 3ms});
    metrics.answered({.kind = api::RequestKind::unknown,
                      .status = 404,
                      .problem = ProblemType::malformed,
                      .duration = 20us});
    metrics.nonce_redeemed(api::RequestObserver::Nonce::refused);
    const auto scrape = scrape_of(metrics);
    EXPECT_EQ(scrape.at(R"(cairn_request_seconds_count{request="newOrder",outcome="2xx"})"), 1);
    EXPECT_NEAR(scrape.at(R"(cairn_request_seconds_sum{request="newOrder",outcome="2xx"})"), 0.003,
                1e-9);
    EXPECT_EQ(
        scrape.at(R"(cairn_request_seconds_bucket{request="newOrder",outcome="2xx",le="0.0025"})"),
        0);
    EXPECT_EQ(
        scrape.at(R"(cairn_request_seconds_bucket{request="newOrder",outcome="2xx",le="0.005"})"),
        1);
    EXPECT_EQ(scrape.at(R"(cairn_request_seconds_count{request="unknown",outcome="4xx"})"), 1);
    EXPECT_EQ(scrape.at(R"(cairn_problems_total{request="unknown",type="malformed"})"), 1);
    EXPECT_EQ(scrape.at(R"(cairn_nonces_total{outcome="refused"})"), 1);
    EXPECT_EQ(scrape.at(R"(cairn_nonces_total{outcome="redeemed"})"), 0);
}

TEST(MetricsTest, CountsWhatTheCaDoes) {
    using Queue = ca::Observer::Queue;
    Metrics metrics;
    metrics.jobs_waiting(Queue::validation, 3);
    metrics.jobs_running(Queue::issuance, 2);
    metrics.job_ended(Queue::issuance, ca::Observer::JobEnding::left, 1ms);
    metrics.validated(protocol::ChallengeType::tls_alpn_01, std::nullopt, 5ms);
    metrics.validated(protocol::ChallengeType::dns_01, ProblemType::unauthorized, 5ms);
    metrics.issued(ca::Observer::Subject::order);
    metrics.issuance_refused(ProblemType::unknown);
    for (const auto reason :
         {protocol::RevocationReason::unspecified, protocol::RevocationReason::privilege_withdrawn})
        metrics.revoked(reason);
    metrics.account_changed(ca::Observer::AccountChange::key_changed);
    metrics.writes_waiting(4);
    metrics.committed(ca::Observer::Commit::durable, 17, 1ms);
    metrics.committed(ca::Observer::Commit::failed, 2, 1ms);
    metrics.audited(ca::Observer::Commit::durable, 5, 1ms);
    metrics.write_refused();
    const auto scrape = scrape_of(metrics);
    for (const auto& [sample, value] : std::map<std::string, double>{
             {R"(cairn_jobs_waiting{queue="validation"})", 3},
             {R"(cairn_jobs_running{queue="issuance"})", 2},
             {R"(cairn_job_seconds_count{queue="issuance",outcome="left"})", 1},
             {R"(cairn_validations_total{method="tls-alpn-01",result="valid"})", 1},
             {R"(cairn_validations_total{method="dns-01",result="unauthorized"})", 1},
             {R"(cairn_validation_seconds_count{method="dns-01",outcome="failed"})", 1},
             {R"(cairn_certificates_issued_total{subject="order"})", 1},
             {R"(cairn_certificates_issued_total{subject="own_server"})", 0},
             {R"(cairn_certificates_revoked_total{reason="unspecified"})", 1},
             {R"(cairn_certificates_revoked_total{reason="privilegeWithdrawn"})", 1},
             {R"(cairn_certificates_revoked_total{reason="superseded"})", 0},
             {R"(cairn_account_changes_total{change="key_changed"})", 1},
             {"cairn_store_writes_waiting", 4},
             {R"(cairn_store_commit_seconds_count{outcome="failed"})", 1},
             {R"(cairn_audit_commit_seconds_count{outcome="durable"})", 1},
             {"cairn_audit_commit_entries_sum", 5},
             {"cairn_store_commit_calls_sum", 17},
             {"cairn_store_commit_calls_count", 1},
             {"cairn_store_writes_refused_total", 1},
         }) {
        EXPECT_EQ(scrape.at(sample), value) << sample;
    }
}

TEST(MetricsTest, CountsSignaturesByIssuer) {
    using Signature = ca::Observer::Signature;
    using crypto::KeyAlgorithm;
    Metrics metrics;
    metrics.signature_ended("a", KeyAlgorithm::ec_p256, Signature::done, 20us);
    metrics.signature_ended("b", KeyAlgorithm::rsa, Signature::done, 2ms);
    metrics.signature_ended("a", KeyAlgorithm::ec_p256, Signature::done, 20us);
    metrics.signature_ended("a", KeyAlgorithm::ec_p256, Signature::unavailable, 1s);
    const auto scrape = scrape_of(metrics);
    const auto name = [](const char* part, const char* issuer, const char* key,
                         const char* outcome) {
        return std::string("cairn_signature_seconds_") + part + "{issuer=\"" + issuer +
               "\",key=\"" + key + "\",outcome=\"" + outcome + "\"}";
    };
    EXPECT_EQ(scrape.at(name("count", "a", "ec-p256", "done")), 2);
    EXPECT_EQ(scrape.at(name("count", "a", "ec-p256", "unavailable")), 1);
    EXPECT_EQ(scrape.at(name("count", "a", "ec-p256", "failed")), 0);
    EXPECT_EQ(scrape.at(name("count", "b", "rsa", "done")), 1);
    EXPECT_NEAR(scrape.at(name("sum", "b", "rsa", "done")), 0.002, 1e-9);
}

TEST(MetricsTest, CountsManyIssuersTogether) {
    SignatureMetrics signatures;
    const auto count = SignatureMetrics::most_issuers + 5;
    for (std::size_t i = 0; i < count; ++i)
        signatures.observe("issuer-" + std::to_string(i), crypto::KeyAlgorithm::rsa,
                           ca::Observer::Signature::done, 1ms);
    const auto scrape = scrape_of(signatures);
    EXPECT_EQ(scrape.at("cairn_signature_seconds_count{issuer=\"issuer-31\",key=\"rsa\","
                        "outcome=\"done\"}"),
              1);
    EXPECT_EQ(scrape.at("cairn_signature_seconds_count{issuer=\"other\",key=\"rsa\","
                        "outcome=\"done\"}"),
              5);
}

TEST(MetricsTest, CountsLinesThatTheLogKeeps) {
    Metrics metrics;
    CountingLog log(base::silent_log(), base::LogLevel::info, metrics);
    log.debug("not kept");
    log.info("kept");
    log.error("kept");
    log.error("kept");
    const auto scrape = scrape_of(metrics);
    EXPECT_EQ(scrape.at(R"(cairn_log_lines_total{level="debug"})"), 0);
    EXPECT_EQ(scrape.at(R"(cairn_log_lines_total{level="info"})"), 1);
    EXPECT_EQ(scrape.at(R"(cairn_log_lines_total{level="error"})"), 2);
}

TEST(MetricsTest, TellsOfTheProcess) {
    const auto scrape = scrape_of(ProcessMetrics());
    EXPECT_EQ(scrape.at("cairn_build_info{version=\"" CAIRN_VERSION "\"}"), 1);
    EXPECT_GT(scrape.at("process_cpu_seconds_total"), 0);
    EXPECT_GT(scrape.at("process_resident_memory_bytes"), 1 << 20);
    EXPECT_GT(scrape.at("process_virtual_memory_bytes"), 1 << 20);
    EXPECT_GE(scrape.at("process_open_fds"), 3);
    EXPECT_GT(scrape.at("process_max_fds"), scrape.at("process_open_fds"));
    const auto started = scrape.at("process_start_time_seconds");
    const auto now = static_cast<double>(base::SystemClock().now().time_since_epoch().count());
    EXPECT_LE(started, now + 1);
    EXPECT_GT(started, now - 3600);
}

}  // namespace
}  // namespace cairn::apps::metrics_test
