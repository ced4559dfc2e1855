#include "apps/ca/metrics.h"

#include <algorithm>
#include <iterator>
#include <sstream>

#include <prometheus/text_serializer.h>

#include "base/log_line.h"

namespace cairn::apps {

using protocol::ChallengeType;
using protocol::ProblemType;
using protocol::RevocationReason;

namespace {

constexpr LabelWords<StatusClass> status_class_words({
    {StatusClass::informational, "1xx"},
    {StatusClass::successful, "2xx"},
    {StatusClass::redirection, "3xx"},
    {StatusClass::client_error, "4xx"},
    {StatusClass::server_error, "5xx"},
});

constexpr LabelWords<ValidationEnd> validation_end_words({
    {ValidationEnd::valid, "valid"},
    {ValidationEnd::failed, "failed"},
});

constexpr LabelWords<QuorumEnd> quorum_end_words({
    {QuorumEnd::reached, "reached"},
    {QuorumEnd::missed, "missed"},
});

constexpr LabelWords<Metrics::Handshake> handshake_words({
    {Metrics::Handshake::done, "done"},
    {Metrics::Handshake::failed, "failed"},
    {Metrics::Handshake::left, "left"},
    {Metrics::Handshake::timed_out, "timed_out"},
    {Metrics::Handshake::no_certificate, "no_certificate"},
});

constexpr LabelWords<Metrics::Nonce> nonce_words({
    {Metrics::Nonce::redeemed, "redeemed"},
    {Metrics::Nonce::refused, "refused"},
});

constexpr LabelWords<Metrics::Queue> queue_words({
    {Metrics::Queue::validation, "validation"},
    {Metrics::Queue::issuance, "issuance"},
});

constexpr LabelWords<Metrics::JobEnding> job_ending_words({
    {Metrics::JobEnding::done, "done"},
    {Metrics::JobEnding::left, "left"},
    {Metrics::JobEnding::broken, "broken"},
});

constexpr LabelWords<Metrics::Lint> lint_words({
    {Metrics::Lint::own, "own"},
    {Metrics::Lint::linter, "linter"},
});

constexpr LabelWords<Metrics::Subject> subject_words({
    {Metrics::Subject::order, "order"},
    {Metrics::Subject::own_server, "own_server"},
});

constexpr LabelWords<Metrics::AccountChange> account_change_words({
    {Metrics::AccountChange::created, "created"},
    {Metrics::AccountChange::updated, "updated"},
    {Metrics::AccountChange::deactivated, "deactivated"},
    {Metrics::AccountChange::key_changed, "key_changed"},
});

constexpr LabelWords<Metrics::Commit> commit_words({
    {Metrics::Commit::durable, "durable"},
    {Metrics::Commit::failed, "failed"},
});

std::vector<double> group_bounds() {
    return {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
}

}  // namespace

Metrics::Metrics()
    : connections_({"cairn_http_connections", "Connections that clients have open."}),
      connections_opened_({"cairn_http_connections_opened_total", "Connections accepted."}),
      connections_refused_({"cairn_http_connections_refused_total",
                            "Connections closed at once because as many as are allowed are open."}),
      connections_gave_way_({"cairn_http_connections_gave_way_total",
                             "Connections closed while they waited for their peers, for others."}),
      accept_failures_(
          {"cairn_http_accept_failures_total", "Connections that the system could not hand over."}),
      handshakes_({"cairn_tls_handshakes_total", "TLS handshakes by how they ended."},
                  {"outcome", handshake_words}),
      handshake_seconds_(
          {"cairn_tls_handshake_seconds", "Time that a completed TLS handshake took."},
          HistogramSeries::latency_bounds(), Shown::all),
      requests_refused_(
          {"cairn_http_requests_refused_total", "Requests answered before any resource saw them."},
          LabelOf<RefusalStatus>("status")),
      requests_failed_({"cairn_http_requests_failed_total",
                        "Requests answered 500 because of a failure of the server."}),
      request_seconds_({"cairn_request_seconds",
                        "Time from a request's last octet to its answer, waits for the end of "
                        "validation or issuance included."},
                       HistogramSeries::latency_bounds(), Shown::used,
                       LabelOf<api::RequestKind>("request"), {"outcome", status_class_words}),
      problems_({"cairn_problems_total", "Problem documents by request and type."}, Shown::used,
                LabelOf<api::RequestKind>("request"), LabelOf<ProblemType>("type")),
      nonces_({"cairn_nonces_total", "Nonces that clients brought back."},
              {"outcome", nonce_words}),
      jobs_waiting_({"cairn_jobs_waiting", "Jobs that wait for a place to run."},
                    {"queue", queue_words}),
      jobs_running_({"cairn_jobs_running", "Jobs that run."}, {"queue", queue_words}),
      job_seconds_({"cairn_job_seconds", "Time that a run of a job took."},
                   HistogramSeries::latency_bounds(), Shown::all, {"queue", queue_words},
                   {"outcome", job_ending_words}),
      validations_({"cairn_validations_total", "Validations by method and result."}, Shown::used,
                   LabelOf<ChallengeType>("method"), {"result", "valid"}),
      validation_seconds_({"cairn_validation_seconds", "Time that a validation took."},
                          HistogramSeries::latency_bounds(), Shown::all,
                          LabelOf<ChallengeType>("method"), {"outcome", validation_end_words}),
      quorums_({"cairn_quorums_total",
                "Proofs that this CA saw, by whether enough remote perspectives did, too."},
               {"outcome", quorum_end_words}),
      issued_({"cairn_certificates_issued_total", "Certificates signed and stored."},
              {"subject", subject_words}),
      issuances_refused_({"cairn_issuances_refused_total",
                          "Orders that failed for good while they were processed."},
                         LabelOf<ProblemType>("type")),
      lints_refused_({"cairn_lint_refused_total",
                      "Certificates that were not signed, since a lint refused them."},
                     {"lint", lint_words}),
      revoked_({"cairn_certificates_revoked_total", "Certificates revoked."},
               LabelOf<RevocationReason>("reason")),
      crls_signed_({"cairn_crls_signed_total",
                    "Revocation lists that this node drew up, by whether they were signed."},
                   {"outcome", signature_words}),
      account_changes_({"cairn_account_changes_total", "Changes to accounts."},
                       {"change", account_change_words}),
      limit_refusals_({"cairn_limit_refusals_total", "Requests that a rate limit refused."},
                      LabelOf<ca::LimitName>("limit")),
      limit_holds_({"cairn_limit_holds_total",
                    "Requests held for a moment, until a rate limit let them pass."},
                   LabelOf<ca::LimitName>("limit")),
      writes_waiting_({"cairn_store_writes_waiting", "Writing calls that wait for the store."}),
      writes_refused_({"cairn_store_writes_refused_total",
                       "Writing calls turned away because too many waited."}),
      commit_seconds_({"cairn_store_commit_seconds",
                       "Time that a transaction took, to the moment when it was on disk."},
                      HistogramSeries::latency_bounds(), Shown::all, {"outcome", commit_words}),
      commit_calls_({"cairn_store_commit_calls", "Writing calls that shared one transaction."},
                    group_bounds(), Shown::all),
      audit_seconds_({"cairn_audit_commit_seconds",
                      "Time that lines of the audit log took to be on disk together."},
                     HistogramSeries::latency_bounds(), Shown::all, {"outcome", commit_words}),
      audit_entries_({"cairn_audit_commit_entries", "Lines of the audit log that shared a sync."},
                     group_bounds(), Shown::all),
      log_lines_({"cairn_log_lines_total", "Lines written to the log."},
                 LabelOf<base::LogLevel>("level")),
      log_lines_lost_({"cairn_log_lines_lost_total",
                       "Lines of the log dropped because it could not be written to."}) {}

std::vector<prometheus::MetricFamily> Metrics::Collect() const {
    std::vector<prometheus::MetricFamily> all;
    for (const prometheus::Collectable* family :
         std::initializer_list<const Collectable*>{&connections_,
                                                   &connections_opened_,
                                                   &connections_refused_,
                                                   &connections_gave_way_,
                                                   &accept_failures_,
                                                   &handshakes_,
                                                   &handshake_seconds_,
                                                   &requests_refused_,
                                                   &requests_failed_,
                                                   &request_seconds_,
                                                   &problems_,
                                                   &nonces_,
                                                   &signatures_,
                                                   &jobs_waiting_,
                                                   &jobs_running_,
                                                   &job_seconds_,
                                                   &validations_,
                                                   &validation_seconds_,
                                                   &perspectives_,
                                                   &quorums_,
                                                   &issued_,
                                                   &issuances_refused_,
                                                   &lints_refused_,
                                                   &revoked_,
                                                   &crls_signed_,
                                                   &account_changes_,
                                                   &limit_refusals_,
                                                   &limit_holds_,
                                                   &writes_waiting_,
                                                   &writes_refused_,
                                                   &commit_seconds_,
                                                   &commit_calls_,
                                                   &audit_seconds_,
                                                   &audit_entries_,
                                                   &log_lines_,
                                                   &log_lines_lost_}) {
        std::ranges::move(family->Collect(), std::back_inserter(all));
    }
    return all;
}

void Metrics::connection_opened() {
    connections_opened_.add();
    connections_.add(1);
}

void Metrics::handshake_ended(Handshake handshake, Duration duration) {
    handshakes_.add(handshake);
    if (handshake == Handshake::done) handshake_seconds_.observe(duration);
}

void Metrics::request_refused(int status) {
    requests_refused_.add(RefusalStatus{status});
}

void Metrics::answered(const api::AnsweredRequest& answer) {
    const auto status_class = static_cast<StatusClass>(std::clamp(answer.status / 100, 1, 5) - 1);
    request_seconds_.observe(answer.duration, answer.kind, status_class);
    if (answer.problem) problems_.add(answer.kind, *answer.problem);
}

void Metrics::jobs_waiting(Queue queue, std::ptrdiff_t change) {
    jobs_waiting_.add(change, queue);
}

void Metrics::jobs_running(Queue queue, std::ptrdiff_t change) {
    jobs_running_.add(change, queue);
}

void Metrics::job_ended(Queue queue, JobEnding ending, Duration duration) {
    job_seconds_.observe(duration, queue, ending);
}

void Metrics::validated(ChallengeType method, std::optional<ProblemType> problem,
                        Duration duration) {
    validations_.add(method, problem);
    validation_seconds_.observe(duration, method,
                                problem ? ValidationEnd::failed : ValidationEnd::valid);
}

void Metrics::issuance_refused(ProblemType problem) {
    issuances_refused_.add(problem);
}

void Metrics::revoked(RevocationReason reason) {
    revoked_.add(reason);
}

void Metrics::account_changed(AccountChange change) {
    account_changes_.add(change);
}

void Metrics::committed(Commit commit, std::size_t calls, Duration duration) {
    commit_seconds_.observe(duration, commit);
    if (commit == Commit::durable) commit_calls_.observe(calls);
}

void Metrics::audited(Commit commit, std::size_t entries, Duration duration) {
    audit_seconds_.observe(duration, commit);
    if (commit == Commit::durable) audit_entries_.observe(entries);
}

std::string exposition(std::span<const prometheus::Collectable* const> sources) {
    std::vector<prometheus::MetricFamily> all;
    for (const auto* source : sources)
        std::ranges::move(source->Collect(), std::back_inserter(all));
    std::ostringstream text;
    prometheus::TextSerializer().Serialize(text, all);
    return std::move(text).str();
}

}  // namespace cairn::apps
