#pragma once

#include <optional>
#include <span>
#include <string>

#include "api/request_observer.h"
#include "apps/ca/metric_family.h"
#include "apps/ca/perspective_metrics.h"
#include "apps/ca/signature_metrics.h"
#include "base/log.h"
#include "ca/ports/observer.h"
#include "ca/rules/limits.h"
#include "http/observer.h"

namespace cairn::apps {

/// The first digit of an HTTP status (RFC 9110 section 15).
enum class StatusClass { informational, successful, redirection, client_error, server_error };
/// Whether a validation succeeded; for which problem it failed is counted apart.
enum class ValidationEnd { valid, failed };

/// Whether enough remote perspectives corroborated what the CA itself saw.
enum class QuorumEnd { reached, missed };

/// Counts what the parts of a CA tell, and shows it to Prometheus. docs/observability.md says what
/// each family means. Thread-safe.
class Metrics final : public http::Observer,
                      public api::RequestObserver,
                      public ca::Observer,
                      public prometheus::Collectable {
  public:
    using Duration = std::chrono::steady_clock::duration;
    Metrics();

    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

    void log_line(base::LogLevel level) { log_lines_.add(level); }
    void log_line_lost() { log_lines_lost_.add(); }

    // http::Observer
    void connection_opened() override;
    void connection_closed() override { connections_.add(-1); }
    void connection_refused() override { connections_refused_.add(); }
    void connection_gave_way() override { connections_gave_way_.add(); }
    void accept_failed() override { accept_failures_.add(); }
    void handshake_ended(Handshake handshake, Duration duration) override;
    void request_refused(int status) override;
    void request_failed() override { requests_failed_.add(); }

    // api::RequestObserver
    void answered(const api::AnsweredRequest& answer) override;
    void nonce_redeemed(Nonce nonce) override { nonces_.add(nonce); }

    // ca::Observer
    void jobs_waiting(Queue queue, std::ptrdiff_t change) override;
    void jobs_running(Queue queue, std::ptrdiff_t change) override;
    void job_ended(Queue queue, JobEnding ending, Duration duration) override;
    void validated(protocol::ChallengeType method, std::optional<protocol::ProblemType> problem,
                   Duration duration) override;
    void signature_ended(std::string_view issuer, crypto::KeyAlgorithm key, Signature signature,
                         Duration duration) override {
        signatures_.observe(issuer, key, signature, duration);
    }
    void perspective_voted(std::string_view perspective, Vote vote, Duration duration) override {
        perspectives_.observe(perspective, vote, duration);
    }
    void quorum_decided(bool is_reached) override {
        quorums_.add(is_reached ? QuorumEnd::reached : QuorumEnd::missed);
    }
    /// Issuers whose last signature could not be made, since the device of the key is away.
    [[nodiscard]] std::vector<std::string> waiting_issuers() const {
        return signatures_.waiting_issuers();
    }
    void issued(Subject subject) override { issued_.add(subject); }
    void issuance_refused(protocol::ProblemType problem) override;
    void lint_refused(Lint lint) override { lints_refused_.add(lint); }
    // Of both observers.
    void limit_refused(ca::LimitName limit) override { limit_refusals_.add(limit); }
    void limit_held(ca::LimitName limit) override { limit_holds_.add(limit); }
    void revoked(protocol::RevocationReason reason) override;
    void crl_signed(Signature outcome) override { crls_signed_.add(outcome); }
    void account_changed(AccountChange change) override;
    void writes_waiting(std::ptrdiff_t change) override { writes_waiting_.add(change); }
    void committed(Commit commit, std::size_t calls, Duration duration) override;
    void audited(Commit commit, std::size_t entries, Duration duration) override;
    void write_refused() override { writes_refused_.add(); }

  private:
    /// The statuses with which the server answers before any resource sees the request.
    using RefusalStatus = KnownNumber<400, 408, 413, 414, 415, 417, 431, 501, 503, 505>;
    /// Nothing where a validation succeeded.
    using ValidationResult = std::optional<protocol::ProblemType>;

    GaugeFamily<> connections_;
    CounterFamily<> connections_opened_, connections_refused_, connections_gave_way_,
        accept_failures_;
    CounterFamily<Handshake> handshakes_;
    HistogramFamily<> handshake_seconds_;
    CounterFamily<RefusalStatus> requests_refused_;
    CounterFamily<> requests_failed_;
    HistogramFamily<api::RequestKind, StatusClass> request_seconds_;
    CounterFamily<api::RequestKind, protocol::ProblemType> problems_;
    CounterFamily<Nonce> nonces_;
    GaugeFamily<Queue> jobs_waiting_, jobs_running_;
    HistogramFamily<Queue, JobEnding> job_seconds_;
    CounterFamily<protocol::ChallengeType, ValidationResult> validations_;
    HistogramFamily<protocol::ChallengeType, ValidationEnd> validation_seconds_;
    SignatureMetrics signatures_;
    PerspectiveMetrics perspectives_;
    CounterFamily<QuorumEnd> quorums_;
    CounterFamily<Subject> issued_;
    CounterFamily<protocol::ProblemType> issuances_refused_;
    CounterFamily<Lint> lints_refused_;
    CounterFamily<protocol::RevocationReason> revoked_;
    CounterFamily<Signature> crls_signed_;
    CounterFamily<AccountChange> account_changes_;
    CounterFamily<ca::LimitName> limit_refusals_, limit_holds_;
    GaugeFamily<> writes_waiting_;
    CounterFamily<> writes_refused_;
    HistogramFamily<Commit> commit_seconds_;
    HistogramFamily<> commit_calls_;
    HistogramFamily<Commit> audit_seconds_;
    HistogramFamily<> audit_entries_;
    CounterFamily<base::LogLevel> log_lines_;
    CounterFamily<> log_lines_lost_;
};

/// What a scrape is answered: everything that `sources` collect, as Prometheus's text.
[[nodiscard]] std::string exposition(std::span<const prometheus::Collectable* const> sources);

/// The media type of an exposition.
inline constexpr const char* exposition_type = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace cairn::apps
