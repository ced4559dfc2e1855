#include "store/postgres/node.h"

#include <algorithm>
#include <span>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>

#include "base/base64url.h"
#include "base/clock.h"
#include "ca/ports/repository.h"
#include "crypto/random.h"
#include "store/postgres/node_message.h"

namespace cairn::store {
namespace asio = boost::asio;

namespace {

using enum Statement::Effect;

/// A lease that ended before now has a gap: others may have taken this node's jobs.
const Statement renew_lease{
    "renew_lease",
    "WITH renewed AS (INSERT INTO nodes AS n (id, name, alive_since, alive_until, configuration)"
    " VALUES ($1, $2, clock_timestamp(), clock_timestamp() + $3 * interval '1 millisecond', $4)"
    " ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until,"
    " configuration = excluded.configuration, alive_since ="
    " CASE WHEN n.alive_until < clock_timestamp() OR n.alive_since > clock_timestamp()"
    " THEN excluded.alive_since ELSE n.alive_since END),"
    " forgotten AS (DELETE FROM nodes WHERE id <> $1"
    " AND abs(extract(epoch FROM alive_until - clock_timestamp())) > 3600)"
    " SELECT floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, $2, $4"
    " UNION ALL (SELECT 0, name, configuration FROM nodes"
    " WHERE alive_until > clock_timestamp()"
    " AND alive_until < clock_timestamp() + interval '2 minutes'"
    " AND id <> $1 ORDER BY id LIMIT 1000)",
    repeatable};
const Statement release_node{
    "release_node",
    "WITH validations AS (UPDATE authorizations SET node = NULL"
    " WHERE started IS NOT NULL AND finished IS NULL AND node = $1),"
    " issuances AS (UPDATE orders SET node = NULL"
    " WHERE begun IS NOT NULL AND completed IS NULL AND problem IS NULL AND node = $1),"
    " leases AS (DELETE FROM work_leases WHERE node = $1)"
    " DELETE FROM nodes WHERE id = $1",
    repeatable};
const Statement notify{"notify", "SELECT count(*) FROM unnest($2) AS p, pg_notify($1, p)",
                       repeatable};

/// How long announcements are gathered.
constexpr base::Milliseconds gathering{3};
constexpr std::size_t most_waiting = 10000;
constexpr base::Milliseconds longest_comparison{1000};

std::string joined(const std::vector<std::string>& names) {
    std::string text;
    for (const auto& name : names) text += (text.empty() ? "" : ", ") + name;
    return text;
}

base::Bytes fresh_id() {
    crypto::SystemRandom random;
    return random.octets(12);
}

}  // namespace

PostgresNode::PostgresNode(PostgresPool& pool, Options options, base::Log& log)
    : pool_(pool),
      options_(std::move(options)),
      log_(log),
      id_(fresh_id()),
      mark_(base::base64url(id_)),
      tasks_([this](const std::exception_ptr&) { log_.error("a task of this node has ended"); }) {}

PostgresNode::~PostgresNode() {
    stop();
}

void PostgresNode::start() {
    asio::co_spawn(pool_.background_executor(), renew(), asio::use_future).get();
    is_started_ = true;
    tasks_.spawn(pool_.background_executor(), keep_lease());
}

void PostgresNode::stop() {
    if (!std::exchange(is_started_, false)) return;
    tasks_.close(base::Milliseconds(0));
    try {
        asio::co_spawn(pool_.background_executor(), release(), asio::use_future).get();
    } catch (const std::exception& error) {
        log_.warning(
            "this node's jobs could not be given back; others take them when its lease ends",
            {{"error", error.what()}});
    }
}

std::int64_t PostgresNode::now() const {
    const auto time = clock_offset_.load() + base::time_since_boot();
    return std::chrono::floor<base::Seconds>(time).time_since_epoch().count();
}

bool PostgresNode::has_steady_clock(base::Milliseconds since) const {
    return base::time_since_boot() - clock_set_.load() > since;
}

void PostgresNode::report_configuration(std::string digest) {
    {
        const std::scoped_lock lock(mutex_);
        configuration_ = std::move(digest);
    }
    asio::co_spawn(pool_.background_executor(), renew(), asio::use_future).get();
}

ca::ClusterHealth PostgresNode::health() const {
    const std::scoped_lock lock(mutex_);
    auto health = health_;
    health.is_reachable = std::chrono::steady_clock::now() - renewed_ < options_.lease;
    return health;
}

base::Task<void> PostgresNode::renew() {
    std::string configuration;
    {
        const std::scoped_lock lock(mutex_);
        configuration = configuration_;
    }
    auto parameters = Parameters::of(id(), options_.name, lease(), configuration);
    const auto before = base::time_since_boot();
    const auto answer = co_await pool_.call_in_background(renew_lease, std::move(parameters));
    const auto after = base::time_since_boot();
    auto own = answer.row(0);
    compare_clocks(own.integer(), before, after);
    take_census(answer);
}

// The database read its clock at some moment of the call; of one that took long nothing is learned.
void PostgresNode::compare_clocks(std::int64_t database, base::Milliseconds before,
                                  base::Milliseconds after) {
    const auto known = clock_offset_.load();
    const bool is_first_time = known == Point{};
    if (!is_first_time && after - before > longest_comparison) return;
    const Point offset = Point(base::Milliseconds(database)) - (before + after) / 2;
    if (!is_first_time && std::chrono::abs(offset - known) > 2 * longest_comparison) {
        clock_set_ = after;
        log_.warning("the database's clock was set",
                     {{"seconds", std::to_string((offset - known).count() / 1000)}});
    }
    clock_offset_ = offset;
}

// Who else is alive, and who of them does not have this node's configuration.
void PostgresNode::take_census(const Answer& answer) {
    const std::scoped_lock lock(mutex_);
    ca::ClusterHealth health{.is_reachable = true, .nodes = {}, .differing_nodes = {}};
    for (int i = 0; i < answer.rows(); ++i) {
        auto row = answer.row(i);
        row.skip(1);
        health.nodes.emplace_back(row.text());
        const auto configuration = row.text();
        // A node that has just begun has not said yet.
        if (!configuration.empty() && !configuration_.empty() && configuration != configuration_)
            health.differing_nodes.push_back(health.nodes.back());
    }
    has_others_ = answer.rows() > 1;
    renewed_ = std::chrono::steady_clock::now();
    if (health.differing_nodes != health_.differing_nodes) {
        if (health.differing_nodes.empty()) {
            log_.info("all nodes have the same configuration and issuers");
        } else {
            log_.warning("other nodes have another configuration or other issuers",
                         {{"nodes", joined(health.differing_nodes)}});
        }
    }
    health_ = std::move(health);
}

base::Task<void> PostgresNode::release() {
    auto parameters = Parameters::of(id());
    co_await pool_.call_in_background(release_node, std::move(parameters));
}

base::Task<void> PostgresNode::keep_lease() {
    for (;;) {
        co_await base::sleep_for(options_.lease / 4);
        try {
            co_await renew();
        } catch (const ca::StoreFailure& error) {
            log_.warning("the lease of this node could not be renewed", {{"error", error.what()}});
        } catch (const StatementRefused& error) {
            log_.error("the lease of this node could not be renewed", {{"error", error.what()}});
        }
    }
}

void PostgresNode::announce(const std::string& id) {
    {
        const std::scoped_lock lock(mutex_);
        if (!has_others_ || announcements_.size() >= most_waiting) return;
        announcements_.push_back(id);
        if (std::exchange(is_sending_, true)) return;
    }
    tasks_.spawn(pool_.background_executor(), send_announcements());
}

base::Task<void> PostgresNode::send_announcements() {
    co_await base::sleep_for(gathering);
    std::vector<std::string> payloads;
    {
        const std::scoped_lock lock(mutex_);
        is_sending_ = false;
        for (auto rest = std::span(announcements_); !rest.empty();) {
            const auto some = rest.first(std::min(rest.size(), NodeMessage::most_changed));
            rest = rest.subspan(some.size());
            payloads.push_back(
                to_payload({.sender = mark_, .changed = {some.begin(), some.end()}}));
        }
        announcements_.clear();
    }
    try {
        auto parameters = Parameters::of(options_.channel, payloads);
        co_await pool_.call_in_background(notify, std::move(parameters));
    } catch (const ca::StoreFailure&) {
        // Whoever waits at another node looks again by itself.
    }
}

void PostgresNode::announce_reload() {
    tasks_.spawn(pool_.background_executor(), send_reload());
}

base::Task<void> PostgresNode::send_reload() {
    try {
        const std::vector payloads{to_payload({.sender = mark_, .is_reload = true})};
        auto parameters = Parameters::of(options_.channel, payloads);
        co_await pool_.call_in_background(notify, std::move(parameters));
    } catch (const ca::StoreFailure& error) {
        log_.warning("the other nodes could not be told to reload", {{"error", error.what()}});
    }
}

void PostgresNode::hear(const std::string& payload) {
    const auto message = read_node_message(payload);
    if (message.sender == mark_) return;
    if (message.is_reload && options_.on_reload) options_.on_reload();
    if (!options_.on_change) return;
    for (const auto& id : message.changed) options_.on_change(id);
}

}  // namespace cairn::store
