#include "client/solvers/dns.h"

#include <map>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include "client/failure.h"
#include "client/state_directory.h"
#include "crypto/random.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

/// Others may have a record set locked for a change each, of some seconds, one after the other.
constexpr auto lock_patience = 10min;
constexpr auto known_for = 5min;
constexpr std::size_t max_known = 10000;

crypto::Random& random_source() {
    static crypto::SystemRandom random;
    return random;
}

class DnsSolver final : public Solver {
  public:
    DnsSolver(DnsSolverParts parts, const SolverContext& context)
        : parts_(std::move(parts)),
          context_(context),
          types_(parts_.options.challenge ? std::vector{*parts_.options.challenge}
                                          : std::vector{protocol::ChallengeType::dns_01,
                                                        protocol::ChallengeType::dns_account_01}),
          places_(record_places(parts_.options, parts_.provider.get(), parts_.ask)) {}

    std::string specification() const override { return "dns:" + parts_.options.to_text(); }
    std::span<const protocol::ChallengeType> challenge_types() const override { return types_; }
    Residue residue() const override { return Residue::outlives_process; }

    void present(const Challenge& challenge) override {
        set(place_of(dns_record_of(challenge).name, *parts_.provider), challenge);
    }

    void wait(const Challenge& challenge) override {
        const auto record = dns_record_of(challenge);
        const auto place = place_of(record.name, *parts_.provider);
        const auto tell = [&](ProgressKind kind, const std::string& text) {
            context_.listener(challenge).tell({.kind = kind,
                                               .identifiers = {challenge.identifier},
                                               .place = place.name,
                                               .text = text});
        };
        const PropagationWatch watch(parts_.ask, context_.timer, places_.resolvers());
        watch.wait(
            place, record.value, parts_.options.propagation.value_or(Propagation{}),
            parts_.provider->longest_propagation().value_or(parts_.kind.patience),
            {.tell = [&](const std::string& who) { tell(ProgressKind::waiting_for_dns, who); },
             .set_again = [&] { set(place, challenge); },
             .leave_out =
                 [&](const std::string& who) { tell(ProgressKind::dns_server_silent, who); }});
    }

    void clean_up(const Challenge& challenge) override {
        // A run that is asked to stop still takes down what it has put up.
        auto& provider = context_.timer.is_stopped() ? *parts_.cleaning_provider : *parts_.provider;
        const auto place = place_of(dns_record_of(challenge).name, provider);
        SystemTimer unstoppable;
        const auto lock = lock_on(place, unstoppable);
        provider.remove(record_at(place, challenge));
    }

  private:
    /// Asked for once, since a provider is not asked for its zones with every change.
    RecordPlace place_of(const std::string& name, DnsProvider& provider) {
        {
            const std::scoped_lock lock(mutex_);
            if (const auto known = known_.find(name);
                known != known_.end() && known->second.until > context_.timer.now())
                return known->second.place;
        }
        auto place = place_at_provider(places_, name, provider, parts_.kind);
        const std::scoped_lock lock(mutex_);
        if (known_.size() >= max_known) known_.clear();
        known_.insert_or_assign(name, Known{place, context_.timer.now() + known_for});
        return place;
    }

    [[nodiscard]] TxtRecord record_at(const RecordPlace& place, const Challenge& challenge) const {
        TxtRecord record{.zone = place.zone,
                         .name = place.name,
                         .value = dns_record_of(challenge).value,
                         .proof = {.domain = challenge.identifier.base_value(),
                                   .progress = &context_.listener(challenge)}};
        if (challenge.type == protocol::ChallengeType::dns_01) {
            record.proof.token = challenge.token.text();
            record.proof.key_authorization = challenge.key_authorization;
        }
        return record;
    }

    void set(const RecordPlace& place, const Challenge& challenge) {
        const auto lock = lock_on(place, context_.timer);
        parts_.provider->set(record_at(place, challenge));
    }

    StateLock lock_on(const RecordPlace& place, Timer& timer) const {
        return lock_on_records(place, parts_.kind, context_, timer);
    }

    DnsSolverParts parts_;
    SolverContext context_;
    const std::vector<protocol::ChallengeType> types_;
    RecordPlaces places_;
    std::mutex mutex_;
    struct Known {
        RecordPlace place;
        Timer::TimePoint until;
    };
    std::map<std::string, Known> known_;
};

}  // namespace

std::unique_ptr<Solver> make_dns_solver(DnsSolverParts parts, const SolverContext& context) {
    return std::make_unique<DnsSolver>(std::move(parts), context);
}

RecordPlaces record_places(const DnsSolverOptions& options, DnsProvider* provider,
                           const AskServer& ask) {
    return {{.resolvers = options.resolver ? std::vector{*options.resolver} : system_resolvers(),
             .authority = provider == nullptr ? std::nullopt : provider->authority(),
             .port = options.port},
            ask};
}

StateLock lock_on_records(const RecordPlace& place, const ProviderKind& kind,
                          const SolverContext& context, Timer& timer) {
    const bool is_whole_zone = kind.scope == ChangeScope::zone;
    return StateDirectory(context.state_folder)
        .lock_record_set(kind.name + " " + (is_whole_zone ? place.zone : place.name), timer,
                         lock_patience);
}

base::Result<std::unique_ptr<Solver>> make_dns_solver(std::string_view argument,
                                                      const SolverContext& context) {
    auto options = DnsSolverOptions::from_text(argument);
    if (!options) return std::unexpected(options.error());
    auto parts = dns_solver_parts(std::move(*options), context);
    if (!parts) return std::unexpected(parts.error());
    return make_dns_solver(std::move(*parts), context);
}

base::Result<DnsSolverParts> dns_solver_parts(DnsSolverOptions options,
                                              const SolverContext& context) {
    const auto kind = find_provider_kind(options.provider, context.settings_folder);
    if (!kind) return std::unexpected(kind.error());
    const auto source = DnsCredentials::find(**kind, options.credentials, context.settings_folder,
                                             &variable_of_process);
    try {
        const auto credentials =
            DnsCredentials::read(**kind, source, &variable_of_process, context.timer);
        static SystemTimer unstoppable;
        ProviderContext provider_context{.clock = context.clock,
                                         .timer = context.timer,
                                         .random = random_source(),
                                         .user_agent = context.user_agent};
        const ProviderContext when_cleaning{.clock = context.clock,
                                            .timer = unstoppable,
                                            .random = random_source(),
                                            .user_agent = context.user_agent};
        auto provider = (*kind)->make(**kind, credentials, provider_context);
        auto cleaning = (*kind)->make(**kind, credentials, when_cleaning);
        if (!provider || !cleaning) {
            const bool is_nowhere = source.kind == CredentialSource::Kind::none;
            return std::unexpected(provider.error().within(
                is_nowhere
                    ? fmt::format("there are no credentials for {} (`cairn dns show {}` says "
                                  "how to give them)",
                                  (*kind)->title, (*kind)->name)
                    : source.text()));
        }
        return DnsSolverParts{.options = std::move(options),
                              .kind = **kind,
                              .provider = std::move(*provider),
                              .cleaning_provider = std::move(*cleaning),
                              .ask = ask_over_network()};
    } catch (const Failure& failure) {
        return base::fail(fmt::format("could not {}: {}{}{}", failure.tried(), failure.came_back(),
                                      failure.next().empty() ? "" : "; ", failure.next()));
    }
}

}  // namespace cairn::client
