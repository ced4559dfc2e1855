#include "client/solvers/dns_persist.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <mutex>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "client/dns/propagation.h"
#include "client/failure.h"
#include "client/persistent_notes.h"
#include "client/solvers/person.h"
#include "protocol/dns_challenge.h"
#include "protocol/persistent_record.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using protocol::ChallengeType;
using protocol::PersistentRecord;

/// How long a record is waited for that nobody at a terminal is asked to set.
constexpr std::chrono::seconds unattended_patience = 30s;
/// How often is looked for it while a person is asked.
constexpr std::chrono::seconds glance_interval = 3s;

/// A record that is wanted, and where it stands or is to stand.
struct Wanted {
    protocol::DnsName domain;
    std::string name;
    PersistentRecord record;
    /// As it is to stand, or stands.
    std::string text;
    /// The names by which others may name the CA.
    std::vector<std::string> issuers{};
    /// None: nobody can be asked for its zone from here.
    std::optional<RecordPlace> place{};
    bool stands = false;
};

class DnsPersistSolver final : public Solver {
  public:
    DnsPersistSolver(DnsPersistParts parts, const SolverContext& context)
        : parts_(std::move(parts)),
          context_(context),
          has_person_(!parts_.provider && ::isatty(context.input) == 1),
          places_(record_places(parts_.options, provider(), parts_.ask)),
          watch_(parts_.ask, context.timer, places_.resolvers()),
          notes_(context.state_folder) {}

    std::string specification() const override {
        return DnsSpecification{DnsMethod::persistent, parts_.options}.to_text();
    }
    std::span<const ChallengeType> challenge_types() const override {
        static constexpr std::array types = {ChallengeType::dns_persist_01};
        return types;
    }
    Attendance attendance() const override {
        return has_person_ ? Attendance::by_a_person : Attendance::none;
    }

    void present(const Challenge& challenge) override {
        auto wanted = wanted_by(challenge);
        wanted.place = place_of(wanted.name);
        wanted.stands = wanted.place && is_shown(wanted);
        note(wanted);
        if (wanted.stands)
            tell_that_it_stands(wanted, challenge.identifier, context_.listener(challenge));
        else if (parts_.provider)
            set(wanted, challenge);
        else
            ask_for(wanted, challenge);
        const std::scoped_lock lock(mutex_);
        wanted_.insert_or_assign(challenge.token.text(), std::move(wanted));
    }

    void wait(const Challenge& challenge) override {
        auto wanted = [&] {
            const std::scoped_lock lock(mutex_);
            auto found = wanted_.extract(challenge.token.text());
            if (!found) throw Failure("wait for a record", "it was not asked for");
            return std::move(found.mapped());
        }();
        if (wanted.stands) return;
        if (parts_.provider)
            await_servers(wanted, challenge,
                          parts_.provider->provider->longest_propagation().value_or(
                              parts_.provider->kind.patience));
        else if (has_person_)
            await_person(wanted, challenge);
        else if (wanted.place && propagation().kind != Propagation::Kind::none)
            await_servers(wanted, challenge, unattended_patience);
        else
            return;  // The CA finds it or not.
        wanted.stands = true;
        note(wanted);
    }

    void found_valid(const protocol::Identifier& identifier, Progress& progress) override {
        // Of which account it was is known by what was asked for.
        const auto& domain = identifier.dns_name();
        auto notes = notes_.of(domain);
        if (notes.empty()) return;
        const auto record = PersistentRecord::from_text(notes.back().value);
        if (!record) return;
        Wanted wanted{.domain = domain,
                      .name = notes.back().name,
                      .record = *record,
                      .text = notes.back().value,
                      .issuers = {record->issuer.text()}};
        wanted.place = place_of_known(wanted.name);
        if (!wanted.place || !is_shown(wanted)) return;
        wanted.stands = true;
        note(wanted);
        tell_that_it_stands(wanted, identifier, progress);
    }

    void clean_up(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        wanted_.erase(challenge.token.text());
        told_.erase(dns_record_of(challenge).name);
    }

  private:
    [[nodiscard]] DnsProvider* provider() const {
        return parts_.provider ? parts_.provider->provider.get() : nullptr;
    }
    [[nodiscard]] Propagation propagation() const {
        return parts_.options.propagation.value_or(Propagation{});
    }

    [[nodiscard]] Wanted wanted_by(const Challenge& challenge) const {
        auto record = PersistentRecord::from_text(challenge.key_authorization).value();
        record.covers_subdomains = record.covers_subdomains || parts_.options.covers_subdomains;
        record.until = parts_.options.until;
        if (record.until && *record.until <= context_.clock.now())
            throw Failure({fmt::format("prove control of {}", challenge.identifier.value()),
                           Phase::challenge, challenge.identifier},
                          fmt::format("its record is to end at {}, which has passed",
                                      base::to_rfc3339(*record.until)),
                          "say a later --persist-until.");
        auto issuers = challenge.setting.issuers;
        if (issuers.empty()) issuers.push_back(record.issuer.text());
        return {.domain = challenge.identifier.dns_name(),
                .name = dns_record_of(challenge).name,
                .record = record,
                .text = record.to_text(),
                .issuers = std::move(issuers)};
    }

    /// Whether a CA takes what stands there for what is wanted; then that is the text.
    [[nodiscard]] TextMatch match_for(Wanted& wanted) const {
        return [&wanted, now = context_.clock.now()](const std::string& text) {
            const auto found = PersistentRecord::from_text(text);
            const bool is_enough =
                found &&
                std::ranges::find(wanted.issuers, found->issuer.text()) != wanted.issuers.end() &&
                found->account_uri == wanted.record.account_uri &&
                (found->covers_subdomains || !wanted.record.covers_subdomains) &&
                (!found->until || *found->until > now);
            if (is_enough) wanted.text = text;
            return is_enough;
        };
    }
    [[nodiscard]] bool is_shown(Wanted& wanted) const {
        return watch_.is_shown(*wanted.place, match_for(wanted), propagation());
    }

    [[nodiscard]] std::optional<RecordPlace> place_of(const std::string& name) {
        if (parts_.provider)
            return place_at_provider(places_, name, *parts_.provider->provider,
                                     parts_.provider->kind);
        return place_of_known(name);
    }
    /// Nothing if it cannot be found.
    [[nodiscard]] std::optional<RecordPlace> place_of_known(const std::string& name) const {
        try {
            auto place = places_.find(name);
            if (place.servers.empty()) return std::nullopt;
            return place;
        } catch (const Failure&) {
            return std::nullopt;
        }
    }

    void set(const Wanted& wanted, const Challenge& challenge) {
        const auto lock =
            lock_on_records(*wanted.place, parts_.provider->kind, context_, context_.timer);
        parts_.provider->provider->set(
            {.zone = wanted.place->zone,
             .name = wanted.place->name,
             .value = wanted.text,
             .proof = {.domain = wanted.domain.text(), .progress = &context_.listener(challenge)}});
    }

    /// Once for a name and its wildcard.
    void ask_for(const Wanted& wanted, const Challenge& challenge) {
        {
            const std::scoped_lock lock(mutex_);
            if (!told_.insert(wanted.name).second) return;
        }
        context_.listener(challenge).tell({.kind = ProgressKind::put_up_record,
                                           .identifiers = {challenge.identifier},
                                           .place = wanted.name + ".",
                                           .text = wanted.text});
    }

    static void tell_that_it_stands(const Wanted& wanted, const protocol::Identifier& identifier,
                                    Progress& progress) {
        progress.tell({.kind = ProgressKind::record_stands,
                       .identifiers = {identifier},
                       .place = wanted.name + ".",
                       .text = wanted.text});
    }

    void note(const Wanted& wanted) const {
        notes_.keep(wanted.domain, {.name = wanted.name,
                                    .value = wanted.text,
                                    .time = context_.clock.now(),
                                    .stands = wanted.stands});
    }

    void await_servers(Wanted& wanted, const Challenge& challenge, std::chrono::seconds patience) {
        const auto tell = [&](ProgressKind kind, const std::string& text) {
            context_.listener(challenge).tell({.kind = kind,
                                               .identifiers = {challenge.identifier},
                                               .place = wanted.name,
                                               .text = text});
        };
        auto limits = propagation();
        if (limits.kind == Propagation::Kind::duration && !parts_.provider) {
            // No longer than that; the record may stand sooner.
            patience = limits.duration;
            limits = {};
        }
        try {
            watch_.wait(
                *wanted.place, match_for(wanted), limits, patience,
                {.tell = [&](const std::string& who) { tell(ProgressKind::waiting_for_dns, who); },
                 .set_again =
                     [&] {
                         if (parts_.provider) set(wanted, challenge);
                     },
                 .leave_out =
                     [&](const std::string& who) { tell(ProgressKind::dns_server_silent, who); }});
        } catch (const Failure& failure) {
            if (parts_.provider || context_.timer.is_stopped()) throw;
            throw Failure(
                {failure.tried(), Phase::challenge, challenge.identifier}, failure.came_back(),
                fmt::format("add the record {}. IN TXT \"{}\" and run the command again; "
                            "--propagation 10m waits longer for it, and --propagation none asks "
                            "the CA to look at once.",
                            wanted.name, wanted.text));
        }
        tell_that_it_stands(wanted, challenge.identifier, context_.listener(challenge));
    }

    void await_person(Wanted& wanted, const Challenge& challenge) {
        const std::scoped_lock lock(person_mutex_);
        auto next_glance = context_.timer.now();
        const auto is_there = [&] {
            if (!wanted.place || context_.timer.now() < next_glance) return false;
            next_glance = context_.timer.now() + glance_interval;
            return is_shown(wanted);
        };
        if (await_confirmation(context_, challenge, is_there) == Confirmation::by_sight)
            tell_that_it_stands(wanted, challenge.identifier, context_.listener(challenge));
    }

    DnsPersistParts parts_;
    SolverContext context_;
    const bool has_person_;
    RecordPlaces places_;
    PropagationWatch watch_;
    PersistentNotes notes_;
    /// A person is asked for one thing after the other.
    std::mutex person_mutex_;
    std::mutex mutex_;
    /// By the token of the challenge.
    std::map<std::string, Wanted> wanted_;
    /// The names of records that somebody was asked for.
    std::set<std::string> told_;
};

}  // namespace

std::unique_ptr<Solver> make_dns_persist_solver(DnsPersistParts parts,
                                                const SolverContext& context) {
    return std::make_unique<DnsPersistSolver>(std::move(parts), context);
}

base::Result<std::unique_ptr<Solver>> make_dns_persist_solver(std::string_view argument,
                                                              const SolverContext& context) {
    auto options = DnsSolverOptions::from_text(argument, DnsMethod::persistent);
    if (!options) return std::unexpected(options.error());
    if (options->provider.empty() && !options->credentials.empty())
        return base::fail("credentials belong to a provider: dns-persist:PROVIDER");
    DnsPersistParts parts{.options = *options, .ask = ask_over_network()};
    if (!options->provider.empty()) {
        auto provider = dns_solver_parts(std::move(*options), context);
        if (!provider) return std::unexpected(provider.error());
        parts.provider.emplace(std::move(*provider));
    }
    return make_dns_persist_solver(std::move(parts), context);
}

}  // namespace cairn::client
