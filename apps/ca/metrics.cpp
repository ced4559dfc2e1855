#include "apps/ca/metrics.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <sstream>

#include <prometheus/text_serializer.h>

namespace cairn::apps {

using protocol::ChallengeType;
using protocol::ProblemType;
using protocol::RevocationReason;

namespace {

constexpr std::array refusal_statuses{400, 408, 413, 414, 415, 417, 431, 501, 503, 505};
constexpr std::array reasons{RevocationReason::unspecified,
                             RevocationReason::key_compromise,
                             RevocationReason::affiliation_changed,
                             RevocationReason::superseded,
                             RevocationReason::cessation_of_operation,
                             RevocationReason::privilege_withdrawn};
constexpr auto problem_types = static_cast<std::size_t>(ProblemType::unknown) + 1;
constexpr std::size_t valid = 0;
constexpr std::size_t failed = 1;

Label request_label() {
    Label label{.name = "request", .values = {}};
    for (std::size_t i = 0; i < api::request_kinds; ++i)
        label.values.emplace_back(to_string(static_cast<api::RequestKind>(i)));
    return label;
}

std::vector<std::string> problem_names() {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < problem_types; ++i)
        names.emplace_back(to_string(static_cast<ProblemType>(i)));
    return names;
}

Label problem_label() {
    return {.name = "type", .values = problem_names()};
}

// "valid" and then the problems for which a validation fails.
Label result_label() {
    Label label{.name = "result", .values = {"valid"}};
    for (auto& name : problem_names()) label.values.push_back(std::move(name));
    return label;
}

Label method_label() {
    Label label{.name = "method", .values = {}};
    for (const auto type :
         {ChallengeType::http_01, ChallengeType::dns_01, ChallengeType::tls_alpn_01})
        label.values.emplace_back(to_string(type));
    return label;
}

Label reason_label() {
    Label label{.name = "reason", .values = {}};
    for (const auto reason : reasons) label.values.emplace_back(to_string(reason));
    return label;
}

Label status_label() {
    Label label{.name = "status", .values = {}};
    for (const int status : refusal_statuses) label.values.push_back(std::to_string(status));
    label.values.emplace_back("other");
    return label;
}

Label queue_label() {
    return {.name = "queue", .values = {"validation", "issuance"}};
}

std::vector<double> group_bounds() {
    return {1, 2, 4, 8, 16, 32, 64, 128, 256, 512};
}

}  // namespace

Metrics::Metrics()
    : connections_("cairn_http_connections", "Connections that clients have open."),
      connections_opened_("cairn_http_connections_opened_total", "Connections accepted."),
      connections_refused_("cairn_http_connections_refused_total",
                           "Connections closed at once because as many as are allowed are open."),
      connections_gave_way_("cairn_http_connections_gave_way_total",
                            "Connections closed while they waited for their peers, for others."),
      accept_failures_("cairn_http_accept_failures_total",
                       "Connections that the system could not hand over."),
      handshakes_("cairn_tls_handshakes_total", "TLS handshakes by how they ended.",
                  {{"outcome", {"done", "failed", "left", "timed_out", "no_certificate"}}}),
      handshake_seconds_("cairn_tls_handshake_seconds", "Time that a completed TLS handshake took.",
                         HistogramFamily::latency_bounds(), {}, Shown::all),
      requests_refused_("cairn_http_requests_refused_total",
                        "Requests answered before any resource saw them.", {status_label()}),
      requests_failed_("cairn_http_requests_failed_total",
                       "Requests answered 500 because of a failure of the server."),
      request_seconds_("cairn_request_seconds",
                       "Time from a request's last octet to its answer, waits for the end of "
                       "validation or issuance included.",
                       HistogramFamily::latency_bounds(),
                       {request_label(), {"outcome", {"1xx", "2xx", "3xx", "4xx", "5xx"}}}),
      problems_("cairn_problems_total", "Problem documents by request and type.",
                {request_label(), problem_label()}, Shown::used),
      nonces_("cairn_nonces_total", "Nonces that clients brought back.",
              {{"outcome", {"redeemed", "refused"}}}),
      jobs_waiting_("cairn_jobs_waiting", "Jobs that wait for a place to run.", {queue_label()}),
      jobs_running_("cairn_jobs_running", "Jobs that run.", {queue_label()}),
      job_seconds_("cairn_job_seconds", "Time that a run of a job took.",
                   HistogramFamily::latency_bounds(),
                   {queue_label(), {"outcome", {"done", "left", "broken"}}}, Shown::all),
      validations_("cairn_validations_total", "Validations by method and result.",
                   {method_label(), result_label()}, Shown::used),
      validation_seconds_("cairn_validation_seconds", "Time that a validation took.",
                          HistogramFamily::latency_bounds(),
                          {method_label(), {"outcome", {"valid", "failed"}}}, Shown::all),
      issued_("cairn_certificates_issued_total", "Certificates signed and stored.",
              {{"subject", {"order", "own_server"}}}),
      issuances_refused_("cairn_issuances_refused_total",
                         "Orders that failed for good while they were processed.",
                         {problem_label()}),
      revoked_("cairn_certificates_revoked_total", "Certificates revoked.", {reason_label()}),
      account_changes_("cairn_account_changes_total", "Changes to accounts.",
                       {{"change", {"created", "updated", "deactivated", "key_changed"}}}),
      writes_waiting_("cairn_store_writes_waiting", "Writing calls that wait for the store."),
      writes_refused_("cairn_store_writes_refused_total",
                      "Writing calls turned away because too many waited."),
      commit_seconds_("cairn_store_commit_seconds",
                      "Time that a transaction took, to the moment when it was on disk.",
                      HistogramFamily::latency_bounds(), {{"outcome", {"durable", "failed"}}},
                      Shown::all),
      commit_calls_("cairn_store_commit_calls", "Writing calls that shared one transaction.",
                    group_bounds(), {}, Shown::all),
      log_lines_("cairn_log_lines_total", "Lines written to the log.",
                 {{"level", {"debug", "info", "warning", "error"}}}),
      log_lines_lost_("cairn_log_lines_lost_total",
                      "Lines of the log dropped because it could not be written to.") {}

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
                                                   &issued_,
                                                   &issuances_refused_,
                                                   &revoked_,
                                                   &account_changes_,
                                                   &writes_waiting_,
                                                   &writes_refused_,
                                                   &commit_seconds_,
                                                   &commit_calls_,
                                                   &log_lines_,
                                                   &log_lines_lost_}) {
        std::ranges::move(family->Collect(), std::back_inserter(all));
    }
    return all;
}

void Metrics::connection_opened() {
    connections_opened_.add();
    connections_.add({}, 1);
}

void Metrics::handshake_ended(Handshake handshake, Duration duration) {
    handshakes_.add({index_of(handshake)});
    if (handshake == Handshake::done) handshake_seconds_.observe({}, duration);
}

void Metrics::request_refused(int status) {
    const auto* const known = std::ranges::find(refusal_statuses, status);
    requests_refused_.add({static_cast<std::size_t>(known - refusal_statuses.begin())});
}

void Metrics::answered(const api::AnsweredRequest& answer) {
    const auto status_class = static_cast<std::size_t>(std::clamp(answer.status / 100, 1, 5) - 1);
    request_seconds_.observe({index_of(answer.kind), status_class}, answer.duration);
    if (answer.problem) problems_.add({index_of(answer.kind), index_of(*answer.problem)});
}

void Metrics::jobs_waiting(Queue queue, std::ptrdiff_t change) {
    jobs_waiting_.add({index_of(queue)}, change);
}

void Metrics::jobs_running(Queue queue, std::ptrdiff_t change) {
    jobs_running_.add({index_of(queue)}, change);
}

void Metrics::job_ended(Queue queue, JobEnding ending, Duration duration) {
    job_seconds_.observe({index_of(queue), index_of(ending)}, duration);
}

void Metrics::validated(ChallengeType method, std::optional<ProblemType> problem,
                        Duration duration) {
    validations_.add({index_of(method), problem ? 1 + index_of(*problem) : valid});
    validation_seconds_.observe({index_of(method), problem ? failed : valid}, duration);
}

void Metrics::issuance_refused(ProblemType problem) {
    issuances_refused_.add({index_of(problem)});
}

void Metrics::revoked(RevocationReason reason) {
    const auto* const known = std::ranges::find(reasons, reason);
    revoked_.add({static_cast<std::size_t>(known - reasons.begin())});
}

void Metrics::account_changed(AccountChange change) {
    account_changes_.add({index_of(change)});
}

void Metrics::committed(Commit commit, std::size_t calls, Duration duration) {
    commit_seconds_.observe({index_of(commit)}, duration);
    if (commit == Commit::durable) commit_calls_.observe({}, calls);
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
