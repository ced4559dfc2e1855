#include "apps/ca/operator_site.h"

#include <algorithm>
#include <array>

namespace cairn::apps {

namespace fs = std::filesystem;
using http::Response;
using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

Response plain(int status, std::string body) {
    Response response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = std::move(body);
    return response;
}

MetricFamily gauge_family(std::string name, std::string help) {
    MetricFamily family;
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = MetricType::Gauge;
    return family;
}

void add(MetricFamily& family, std::vector<prometheus::ClientMetric::Label> labels, double value) {
    auto& metric = family.metric.emplace_back();
    metric.label = std::move(labels);
    metric.gauge.value = value;
}

MetricFamily expiries(const ReadinessFacts& facts) {
    auto family = gauge_family("cairn_certificate_not_after_timestamp_seconds",
                               "End of validity of the CA's own certificates, since 1970-01-01.");
    for (const auto& certificate : facts.certificates) {
        const bool is_issuer = certificate.role == ReadinessFacts::Certificate::Role::issuer;
        add(family, {{"role", is_issuer ? "issuer" : "server"}, {"name", certificate.name}},
            static_cast<double>(certificate.not_after.time_since_epoch().count()));
    }
    return family;
}

std::array<MetricFamily, 2> crl_times(const ReadinessFacts& facts) {
    auto begins = gauge_family("cairn_crl_this_update_timestamp_seconds",
                               "Begin of an issuer's revocation list, the one of its lists that "
                               "ends first, since 1970-01-01.");
    auto ends = gauge_family("cairn_crl_next_update_timestamp_seconds", "End of the same list.");
    for (const auto& crl : facts.crls) {
        add(begins, {{"issuer", crl.issuer}},
            static_cast<double>(crl.this_update.time_since_epoch().count()));
        add(ends, {{"issuer", crl.issuer}},
            static_cast<double>(crl.next_update.time_since_epoch().count()));
    }
    return {std::move(begins), std::move(ends)};
}

MetricFamily clock_deviations(const ReadinessFacts& facts) {
    using From = ca::ClockWatch::Deviation::From;
    auto family =
        gauge_family("cairn_clock_ahead_seconds",
                     "How far this machine's clock is ahead of the database's, and of the "
                     "course that it should have kept since it was believed last.");
    for (const auto& deviation : facts.clock)
        add(family, {{"of", deviation.from == From::database ? "database" : "course"}},
            std::chrono::duration<double>(deviation.ahead).count());
    return family;
}

MetricFamily obstacles_of(const ReadinessFacts& facts) {
    auto family = gauge_family("cairn_readiness_obstacle",
                               "1 where /readyz would tell of this obstacle, else 0.");
    const auto findings = readiness_findings(facts);
    for (std::size_t i = 0; i < obstacles; ++i) {
        const auto obstacle = static_cast<Obstacle>(i);
        add(family, {{"obstacle", std::string(to_string(obstacle))}},
            std::ranges::count(findings, obstacle, &ReadinessFinding::obstacle) > 0 ? 1 : 0);
    }
    return family;
}

MetricFamily file_sizes(const fs::path& store_file) {
    auto family = gauge_family("cairn_store_file_bytes",
                               "Size of the embedded store's database and its write-ahead log.");
    for (const auto& [name, suffix] : {std::pair{"database", ""}, std::pair{"log", "-wal"}}) {
        std::error_code error;
        const auto size = fs::file_size(store_file.string() + suffix, error);
        if (!error) add(family, {{"file", name}}, static_cast<double>(size));
    }
    return family;
}

}  // namespace

OperatorSite::OperatorSite(const Metrics& metrics, StoreWatch& store, fs::path store_file,
                           std::function<ReadinessFacts()> facts)
    : metrics_(metrics),
      store_(store),
      store_file_(std::move(store_file)),
      facts_(std::move(facts)) {}

ReadinessFacts OperatorSite::facts(std::optional<std::string> store_failure) const {
    auto facts = facts_();
    facts.store_failure = std::move(store_failure);
    std::error_code error;
    const auto space = fs::space(store_file_.parent_path(), error);
    if (!error) facts.free_octets = space.available;
    return facts;
}

std::vector<MetricFamily> OperatorSite::Collect() const {
    const auto present = facts(store_.last_failure());
    std::vector<MetricFamily> families{expiries(present), obstacles_of(present),
                                       clock_deviations(present), file_sizes(store_file_)};
    for (auto& family : crl_times(present)) families.push_back(std::move(family));
    if (present.free_octets)
        families.push_back(single_gauge("cairn_store_disk_free_bytes",
                                        "Room on the disk of the embedded store.",
                                        static_cast<double>(*present.free_octets)));
    return families;
}

base::Task<Response> OperatorSite::readiness() const {
    auto store_failure = co_await store_.failure();
    const auto present = facts(std::move(store_failure));
    const auto findings = readiness_findings(present);
    std::string text = findings.empty() ? "ready\n" : "";
    for (const auto& finding : findings)
        text += std::string(to_string(finding.obstacle)) + ": " + finding.text + "\n";
    for (const auto& note : readiness_notes(present)) text += note + "\n";
    co_return plain(findings.empty() ? 200 : 503, std::move(text));
}

base::Task<Response> OperatorSite::handle(http::Request request) const {
    const auto path = request.path();
    if (request.method != "GET" && request.method != "HEAD") {
        auto response = plain(405, "this listener answers GET and HEAD\n");
        response.fields.emplace_back("Allow", "GET, HEAD");
        co_return response;
    }
    if (path == "/healthz") co_return plain(200, "ok\n");
    if (path == "/readyz") co_return co_await readiness();
    if (path == "/metrics") {
        const std::array<const prometheus::Collectable*, 3> sources{&metrics_, this, &process_};
        auto response = plain(200, exposition(sources));
        response.content_type = exposition_type;
        co_return response;
    }
    co_return plain(404, "this listener has /healthz, /readyz and /metrics\n");
}

}  // namespace cairn::apps
