#include "apps/ca/perspective_roster.h"

#include <algorithm>
#include <utility>

#include "apps/ca/open_mpic_translation.h"
#include "apps/ca/remote_validator.h"

namespace cairn::apps {

using std::chrono::steady_clock;

namespace {

/// What a perspective may take beyond its own time for a validation.
constexpr base::Milliseconds for_the_way{2000};
constexpr std::chrono::hours between_looks{1};

}  // namespace

PerspectiveRoster::PerspectiveRoster(Context context)
    : context_(std::move(context)),
      next_look_(steady_clock::now() + std::chrono::minutes(1)),
      looks_([](const std::exception_ptr&) {}) {}

PerspectiveRoster::~PerspectiveRoster() {
    looks_.close(base::Milliseconds(0));
}

const PerspectiveAuthority& PerspectiveRoster::authority() {
    if (!authority_)
        authority_ = std::make_unique<PerspectiveAuthority>(context_.folder, context_.clock,
                                                            context_.random, context_.audit);
    return *authority_;
}

std::shared_ptr<PerspectiveLink> PerspectiveRoster::link_to(
    const Configuration& configuration, const Configuration::Perspective& perspective) {
    const std::scoped_lock lock(mutex_);
    return std::make_shared<PerspectiveLink>(
        perspective,
        PerspectiveLink::Context{.authority = authority(),
                                 .ca_url = configuration.server.public_url,
                                 .timeout = configuration.validation.timeout + for_the_way,
                                 .in_flight = context_.in_flight},
        context_.next_executor());
}

PerspectiveRoster::Member PerspectiveRoster::member_for(
    const Configuration& configuration, const Configuration::Perspective& perspective) {
    for (const auto& member : members_)
        if (member.link->perspective() == perspective && ca_url_ == configuration.server.public_url)
            return member;
    auto link = std::make_shared<PerspectiveLink>(
        perspective,
        PerspectiveLink::Context{.authority = authority(),
                                 .ca_url = configuration.server.public_url,
                                 .timeout = configuration.validation.timeout + for_the_way,
                                 .in_flight = context_.in_flight},
        context_.next_executor());
    return {.link = link,
            .remote = {.name = perspective.name,
                       .seats = {{perspective.name, perspective.region}},
                       .validator = std::make_shared<RemoteValidator>(link, context_.random)}};
}

PerspectiveRoster::Service PerspectiveRoster::service_for(
    const Configuration& configuration, const Configuration::OpenMpicService& service) {
    for (const auto& one : services_) {
        if (one.validator->service() != service || timeout_ != configuration.validation.timeout)
            continue;
        one.validator->reload();
        return one;
    }
    auto validator = std::make_shared<OpenMpicValidator>(
        service,
        std::make_shared<OpenMpicClient>(
            service.endpoint,
            OpenMpicClient::Context{.folder = context_.folder,
                                    .user_agent = "cairn-ca/" CAIRN_VERSION,
                                    .timeout = configuration.validation.timeout + for_the_way,
                                    .in_flight = 2 * context_.in_flight},
            context_.next_executor()),
        context_.clock);
    Service fresh{.validator = validator,
                  .remote = {.name = service.name, .seats = {}, .validator = validator}};
    for (const auto& [code, region] : service.perspectives)
        fresh.remote.seats.push_back({seat_name(service, code), region});
    return fresh;
}

std::shared_ptr<OpenMpicValidator> PerspectiveRoster::validator_for(
    const Configuration& configuration, const Configuration::OpenMpicService& service) {
    const std::scoped_lock lock(mutex_);
    return service_for(configuration, service).validator;
}

void PerspectiveRoster::put_in_force(const Configuration& configuration) {
    const std::scoped_lock lock(mutex_);
    std::vector<Member> members;
    auto panel = std::make_shared<ca::Panel>();
    panel->dissent = configuration.quorum.dissent;
    panel->regions = configuration.quorum.regions;
    panel->deadline = configuration.validation.timeout + for_the_way;
    for (const auto& perspective : configuration.perspectives) {
        members.push_back(member_for(configuration, perspective));
        panel->remotes.push_back(members.back().remote);
    }
    std::vector<Service> services;
    for (const auto& service : configuration.open_mpic) {
        services.push_back(service_for(configuration, service));
        panel->remotes.push_back(services.back().remote);
    }
    if (members_.empty())
        next_identity_ = steady_clock::now() + PerspectiveAuthority::client_life / 2;
    ca_url_ = configuration.server.public_url;
    members_ = std::move(members);
    services_ = std::move(services);
    timeout_ = configuration.validation.timeout;
    panel_ = std::move(panel);
}

std::shared_ptr<const ca::Panel> PerspectiveRoster::panel() const {
    const std::scoped_lock lock(mutex_);
    return panel_;
}

std::vector<std::shared_ptr<PerspectiveLink>> PerspectiveRoster::links() const {
    const std::scoped_lock lock(mutex_);
    std::vector<std::shared_ptr<PerspectiveLink>> links;
    for (const auto& member : members_) links.push_back(member.link);
    return links;
}

void PerspectiveRoster::keep_up() {
    const auto now = steady_clock::now();
    const auto all = links();
    if (now >= next_identity_) {
        for (const auto& link : all) link->show_another();
        next_identity_ = now + PerspectiveAuthority::client_life / 2;
    }
    if (now < next_look_) return;
    next_look_ = now + between_looks;
    for (const auto& link : all) looks_.spawn(context_.next_executor(), look_at(link));
}

base::Task<void> PerspectiveRoster::look_at(std::shared_ptr<PerspectiveLink> link) {
    const auto& name = link->perspective().name;
    try {
        auto looking = link->status();
        const auto status = co_await std::move(looking);
        // A third of its life is gone.
        const auto rest = status.certificate_ends - context_.clock.now();
        if (rest > PerspectiveAuthority::perspective_life * 2 / 3) co_return;
        auto renewing = link->renew();
        const auto renewed = co_await std::move(renewing);
        context_.log.info(
            "perspective's certificate renewed",
            {{"perspective", name}, {"until", base::to_rfc3339(renewed.certificate_ends)}});
    } catch (const std::exception& error) {
        context_.log.warning("perspective could not be looked at",
                             {{"perspective", name}, {"reason", error.what()}});
    }
}

}  // namespace cairn::apps
