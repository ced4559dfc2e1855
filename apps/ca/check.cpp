#include "apps/ca/check.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <exception>
#include <iostream>
#include <optional>
#include <set>
#include <system_error>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "apps/ca/configuration.h"
#include "apps/ca/exit_status.h"
#include "apps/ca/issuer_files.h"
#include "apps/ca/key_files.h"
#include "apps/ca/listeners.h"
#include "apps/ca/lost_store.h"
#include "apps/ca/operator_connection.h"
#include "apps/ca/policy_files.h"
#include "apps/ca/readiness.h"
#include "apps/command_line/files.h"
#include "base/result.h"
#include "dns/resolver.h"
#include "net/event_loops.h"
#include "store/inspection.h"

namespace cairn::apps {
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

using Severity = CheckFinding::Severity;

/// What an issuer of a month's certificates should outlive.
constexpr std::chrono::days soon{30};
/// What every resolver of public names can answer.
constexpr const char* known_name = "com";
/// A difference of two clocks of which issuance and removal take no notice.
constexpr base::Seconds tolerated_skew{5};
constexpr base::Seconds longest_correction = std::chrono::days(1);

std::string lines_as_one(std::string text) {
    std::ranges::replace(text, '\n', ' ');
    return text;
}

class Check {
  public:
    Check(const fs::path& folder, const std::vector<std::string>& overrides,
          const Adapters& adapters)
        : folder_(folder), overrides_(overrides), adapters_(adapters) {}

    std::vector<CheckFinding> run() {
        if (!read()) return std::move(findings_);
        is_served_ = look_at_server();
        look_at_keys();
        look_at_held_keys();
        look_at_issuers();
        look_at_roots();
        look_at_policy();
        look_at_store();
        look_at_resolvers();
        look_at_listeners();
        return std::move(findings_);
    }

  private:
    void find(std::string area, std::string detail, Severity severity = Severity::error) {
        findings_.push_back({severity, std::move(area), lines_as_one(std::move(detail))});
    }
    // What a step throws is a finding.
    template <class Step>
    void attempt(const char* area, Step step) {
        try {
            step();
        } catch (const std::exception& error) {
            find(area, error.what());
        }
    }

    // Without a configuration there is nothing more to look at.
    bool read() {
        try {
            auto text = read_file(folder_ / "ca.toml");
            auto read = read_configuration(text, overrides_, clock_.now());
            if (read) {
                configuration_ = *std::move(read);
                return true;
            }
            for (const auto& finding : read.error()) find("configuration", finding.message);
        } catch (const std::exception& error) {
            find("configuration", error.what());
        }
        return false;
    }

    bool look_at_server() {
        try {
            const auto readiness = server_readiness(folder_);
            if (!readiness) return false;
            for (const auto& line : *readiness) find("server", line);
            return true;
        } catch (const std::exception& error) {
            find("server", error.what());
            return false;
        }
    }

    void look_at_keys() {
        attempt("keys", [&] {
            for (const auto& [kind, file] : findings_of_keys(folder_, configuration_)) {
                if (kind == KeyFinding::Kind::root_key)
                    find("keys",
                         file.string() +
                             " is the root's key, which the server does not need: move "
                             "it to a safe place offline",
                         Severity::warning);
                else
                    find("keys",
                         file.string() + " can be read by others: chmod 600 " + file.string());
            }
        });
    }

    // Each by itself, so that one that is wrong does not hide another.
    void look_at_issuers() {
        bool is_any_wrong = false;
        const net::EventLoops loops(1);
        for (const auto& [name, issuer] : configuration_.issuers) {
            auto alone = configuration_;
            alone.issuers = {{name, issuer}};
            try {
                look_at_times(load_issuers(alone, folder_, loops.executor(0), adapters_));
            } catch (const std::exception& error) {
                is_any_wrong = true;
                find("issuer", "\"" + name + "\": " + error.what());
            }
        }
        if (is_any_wrong) return;
        attempt("issuer", [&] {
            const auto all = load_issuers(configuration_, folder_, loops.executor(0), adapters_);
            for (const auto& [name, profile] : configuration_.profiles)
                if (std::ranges::none_of(all.all(), [&](const ca::Issuer& issuer) {
                        return issuer.is_for(profile.name);
                    }))
                    find("issuer", "no active issuer is for certificates of profile " + name);
        });
    }

    // A token or a TPM is asked for the key, by a way of its own for each issuer.
    void look_at_held_keys() {
        for (const auto& [name, issuer] : configuration_.issuers)
            if (const auto finding = finding_of_held_key(folder_, name, issuer))
                find("keys", *finding);
    }

    void look_at_roots() {
        attempt("issuer", [&] { (void)load_roots(configuration_, folder_); });
    }

    void look_at_times(const ca::Issuers& issuers) {
        const auto now = clock_.now();
        for (const auto& issuer : issuers.all()) {
            if (!issuer.use().active) continue;
            ReadinessFacts facts{.now = now};
            facts.certificates.push_back({ReadinessFacts::Certificate::Role::issuer, issuer.name(),
                                          issuer.validity().not_before,
                                          issuer.validity().not_after});
            for (const auto& finding : readiness_findings(facts)) find("issuer", finding.text);
            const auto end = issuer.validity().not_after;
            if (end > now + least_issuer_life && end < now + soon)
                find("issuer",
                     "\"" + issuer.name() + "\": its chain ends at " + base::to_rfc3339(end) +
                         "; put a new one into pki/ and reload",
                     Severity::warning);
        }
    }

    void look_at_policy() {
        for (const auto& missing : adapters_.missing_for_public(configuration_, clock_.now()))
            find("policy", "a public CA does not start: " + missing);
        attempt("policy", [&] { (void)load_name_policy(configuration_, folder_); });
        attempt("policy", [&] { (void)load_weak_keys(configuration_, folder_); });
        const auto& linter = configuration_.policy.linter;
        if (!linter.empty() && !is_program(linter.front()))
            find("policy", "policy.linter: there is no program \"" + linter.front() +
                               "\"; nothing is signed without it");
    }

    void look_at_store() {
        const auto& store = configuration_.store;
        const bool is_shared = !store.postgres_url.empty();
        const auto path = folder_ / store.sqlite_path;
        if (const auto lost = lost_store(configuration_, folder_)) {
            find("store", *lost + ": is its disk mounted? `cairn-ca restore` brings back a backup");
            return;
        }
        const auto inspection =
            is_shared ? store::inspect_postgres(store.postgres_url, store.schema, clock_)
                      : store::inspect_sqlite(path.string());
        for (const auto& finding : inspection.findings) find("store", finding);
        for (const auto& note : inspection.notes) find("store", note, Severity::warning);
        std::error_code error;
        const auto space = fs::space(is_shared ? folder_ : path.parent_path(), error);
        if (!error && space.available < least_free_octets)
            find("store", "the disk of the store has " + std::to_string(space.available >> 20U) +
                              " MiB left, and " + std::to_string(least_free_octets >> 20U) +
                              " are wanted; make room");
        look_at_clock(inspection);
    }

    void look_at_clock(const store::Inspection& inspection) {
        using Deviation = ca::ClockWatch::Deviation;
        const auto now = clock_.now();
        if (inspection.clock_ahead && std::chrono::abs(*inspection.clock_ahead) > tolerated_skew)
            find("clock",
                 clock_finding({Deviation::From::database, -*inspection.clock_ahead}, now)
                     .value_or("this machine's clock and the database's differ; set both right"));
        if (!inspection.believed || configuration_.clock.confirmed >= now - longest_correction)
            return;
        const auto behind = now - *inspection.believed;
        if (behind < -longest_correction)
            find("clock", "this machine's clock shows " + base::to_rfc3339(now) +
                              ", and the CA was at work at " +
                              base::to_rfc3339(*inspection.believed) + "; set it right");
        constexpr std::chrono::days long_ago{30};
        if (!is_served_ && behind > long_ago)
            find("clock",
                 "the CA believed a clock at " + base::to_rfc3339(*inspection.believed) +
                     " last. If it is " + base::to_rfc3339(now) +
                     " now, the next start will ask for the operator's word: write confirmed = \"" +
                     base::to_rfc3339(now) + "\" under [clock] into ca.toml",
                 Severity::warning);
    }

    // Each forwarder by itself: a name that has to be there, with DNSSEC where that is wanted; then
    // each zone that has its own servers.
    void look_at_resolvers() {
        const auto& validation = configuration_.validation;
        auto servers = validation.dns_servers;
        if (servers.empty()) servers.emplace_back();  // from the roots
        for (const auto& server : servers) {
            auto options = resolver_options(configuration_);
            options.zones.clear();
            options.servers.clear();
            if (!server.empty()) options.servers = {server};
            resolve(server.empty() ? std::string("from the roots") : "through " + server, options,
                    known_name, dns::RecordType::ns);
        }
        for (const auto& zone : resolver_options(configuration_).zones)
            for (const auto& server : zone.servers) {
                auto options = resolver_options(configuration_);
                auto alone = zone;
                alone.servers = {server};
                options.zones = {std::move(alone)};
                resolve("the zone " + zone.name + " through " + server, options, zone.name,
                        dns::RecordType::soa);
            }
    }

    void resolve(const std::string& way, const dns::ResolverOptions& options,
                 const std::string& name, dns::RecordType type) {
        attempt("resolver", [&] {
            net::EventLoops loops(1);
            const auto resolver = dns::make_resolver(loops.executor(0), options);
            const auto answer =
                boost::asio::co_spawn(loops.executor(0), resolver->query(name, type),
                                      boost::asio::use_future)
                    .get();
            tell_of(way, answer);
            if (answer && type == dns::RecordType::soa && !answer->soa)
                find("resolver", "resolving " + way +
                                     ": there is no SOA record, so that it is no zone; mend "
                                     "validation.zones");
        });
    }

    void tell_of(const std::string& name, const base::Result<dns::Answer>& answer) {
        if (answer) return;
        // A forwarder of private zones alone has answered all the same.
        const bool has_answered = answer.error().message.contains("REFUSED");
        find("resolver",
             "resolving " + name + ": " + answer.error().message +
                 "; names cannot be validated. Mend validation.dns_servers or validation.zones, or "
                 "the way there",
             has_answered ? Severity::warning : Severity::error);
    }

    void look_at_listeners() {
        auto wanted = configuration_.server.listen;
        if (!configuration_.server.admin_listen.empty())
            wanted.push_back(configuration_.server.admin_listen);
        for (const auto& listen : wanted) {
            const auto obstacle =
                is_served_ ? why_nobody_answers(listen) : why_not_to_listen(listen);
            if (obstacle) find("listener", *obstacle);
        }
        const auto socket = operator_socket_finding(folder_);
        if (socket) find("listener", *socket, Severity::warning);
    }

    const fs::path& folder_;
    const std::vector<std::string>& overrides_;
    const Adapters& adapters_;
    const base::SystemClock clock_;
    Configuration configuration_;
    bool is_served_ = false;
    std::vector<CheckFinding> findings_;
};

std::string_view name_of(Severity severity) {
    return severity == Severity::error ? "error" : "warning";
}

void print_json(const std::vector<CheckFinding>& findings, std::size_t errors) {
    json::array list;
    std::string detail;
    for (const auto& finding : findings) {
        list.push_back(json::object{{"severity", name_of(finding.severity)},
                                    {"area", finding.area},
                                    {"detail", finding.detail}});
        if (finding.severity == Severity::error)
            detail += (detail.empty() ? "" : "; ") + finding.area + ": " + finding.detail;
    }
    json::object answer{{"version", 1}, {"ok", errors == 0}, {"findings", std::move(list)}};
    if (errors > 0) answer["error"] = json::object{{"code", "findings"}, {"detail", detail}};
    std::cout << json::serialize(answer) << "\n";
}

void print_findings(const std::vector<CheckFinding>& findings, std::size_t errors) {
    for (const auto& finding : findings)
        std::cout << name_of(finding.severity) << ": " << finding.area << ": "
                  << base::printable(finding.detail, 2000) << "\n";
    if (errors == 0)
        std::cout << "Nothing is wrong.\n";
    else
        std::cout << errors << (errors == 1 ? " thing is" : " things are") << " wrong.\n";
}

}  // namespace

std::vector<CheckFinding> check(const fs::path& folder, const std::vector<std::string>& overrides,
                                const Adapters& adapters) {
    return Check(folder, overrides, adapters).run();
}

int run_check(const fs::path& folder, const std::vector<std::string>& overrides, bool as_json,
              const Adapters& adapters) {
    const auto findings = check(folder, overrides, adapters);
    const auto errors = static_cast<std::size_t>(
        std::ranges::count(findings, Severity::error, &CheckFinding::severity));
    if (as_json)
        print_json(findings, errors);
    else
        print_findings(findings, errors);
    std::cout.flush();
    if (!std::cout) {
        std::cerr << "cairn-ca: the findings could not be written\n";
        return failed;
    }
    return errors == 0 ? 0 : failed;
}

}  // namespace cairn::apps
