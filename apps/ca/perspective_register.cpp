#include "apps/ca/perspective_register.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <sys/stat.h>

#include "admin/operation.h"
#include "apps/ca/open_mpic_translation.h"
#include "apps/ca/perspective_table.h"
#include "apps/command_line/files.h"
#include "net/url.h"

namespace cairn::apps {

using admin::PerspectiveFacts;
using admin::Refused;
using Kind = Refused::Kind;

namespace {

PerspectiveFacts facts_of(const Configuration::Perspective& perspective) {
    return {.name = perspective.name,
            .url = perspective.url,
            .region = std::string(to_string(perspective.region))};
}

PerspectiveFacts facts_of(const Configuration::Perspective& perspective,
                          const va::PerspectiveStatus& status) {
    auto facts = facts_of(perspective);
    facts.program = status.program;
    facts.certificate_ends = status.certificate_ends;
    return facts;
}

// A name that every CA has, to ask services about: whether its records permit anything is no
// matter.
protocol::DnsName known_name(const Configuration& configuration) {
    const auto url = net::Url::from_text(configuration.server.public_url);
    const auto name = protocol::DnsName::from_text(url ? url->host() : "");
    return name ? *name : *protocol::DnsName::from_text("example.com");
}

/// What these return, in their order. They run at the same time: one that is dead holds up nobody.
base::Task<std::vector<PerspectiveFacts>> all_of(
    std::vector<base::Task<std::vector<PerspectiveFacts>>> looks) {
    using namespace boost::asio::experimental::awaitable_operators;
    if (looks.empty()) co_return std::vector<PerspectiveFacts>();
    if (looks.size() == 1) co_return co_await std::move(looks.front());
    const auto middle = looks.begin() + std::ssize(looks) / 2;
    std::vector<base::Task<std::vector<PerspectiveFacts>>> rest(
        std::make_move_iterator(middle), std::make_move_iterator(looks.end()));
    looks.erase(middle, looks.end());
    auto first = all_of(std::move(looks));
    auto second = all_of(std::move(rest));
    auto [all, more] = co_await (std::move(first) && std::move(second));
    std::ranges::move(more, std::back_inserter(all));
    co_return std::move(all);
}

unsigned mode_of(const std::filesystem::path& file) {
    struct stat facts{};
    return ::stat(file.c_str(), &facts) == 0 ? facts.st_mode & 0777U : 0600U;
}

}  // namespace

Configuration FolderPerspectives::load() const {
    return load_configuration(folder_, overrides_, clock_.now());
}

void FolderPerspectives::write(const std::string& toml) {
    const auto read = read_configuration(toml, overrides_, clock_.now());
    if (!read) {
        std::string reasons = "nothing was changed, since ca.toml could not be used then:";
        for (const auto& finding : read.error()) reasons += " " + finding.message + ";";
        throw Refused(Kind::usage, reasons);
    }
    const auto file = folder_ / "ca.toml";
    write_file(file, toml, mode_of(file));
    roster_.put_in_force(*read);
}

base::Task<std::vector<PerspectiveFacts>> FolderPerspectives::list() {
    const auto configuration = load();
    std::vector<base::Task<Facts>> looks;
    for (const auto& perspective : configuration.perspectives)
        looks.push_back(look_at(configuration, perspective));
    for (const auto& service : configuration.open_mpic)
        looks.push_back(look_at(configuration, service));
    auto looking = all_of(std::move(looks));
    co_return co_await std::move(looking);
}

base::Task<FolderPerspectives::Facts> FolderPerspectives::look_at(
    const Configuration& configuration, const Configuration::Perspective& perspective) {
    Facts facts{facts_of(perspective)};
    try {
        const auto link = roster_.link_to(configuration, perspective);
        auto looking = link->status();
        facts.front() = facts_of(perspective, co_await std::move(looking));
    } catch (const std::exception& error) {
        facts.front().failure = error.what();
    }
    co_return facts;
}

base::Task<FolderPerspectives::Facts> FolderPerspectives::look_at(
    const Configuration& configuration, const Configuration::OpenMpicService& service) {
    std::vector<ca::Evidence> evidence;
    std::string failure;
    try {
        const auto validator = roster_.validator_for(configuration, service);
        auto looking = validator->look_at(known_name(configuration));
        evidence = co_await std::move(looking);
    } catch (const std::exception& error) {
        failure = error.what();
    }
    Facts all;
    for (const auto& seat : service.perspectives) {
        PerspectiveFacts facts{.name = seat_name(service, seat.code),
                               .url = service.endpoint.url,
                               .region = std::string(to_string(seat.region)),
                               .program = "Open MPIC"};
        facts.failure = failure;
        const auto seen = std::ranges::find(evidence, facts.name, &ca::Evidence::perspective);
        if (seen != evidence.end() && seen->problem &&
            seen->problem->type == protocol::ProblemType::server_internal)
            facts.failure = seen->step_list();
        if (!facts.failure.empty()) facts.program.reset();
        all.push_back(std::move(facts));
    }
    co_return all;
}

base::Task<PerspectiveFacts> FolderPerspectives::add(std::string name, std::string region,
                                                     std::string url, std::string code) {
    const auto configuration = load();
    if (std::ranges::find(configuration.perspectives, name, &Configuration::Perspective::name) !=
        configuration.perspectives.end())
        throw Refused(Kind::conflict, "there is a perspective " + base::printable(name, 50) +
                                          " already: remove it first");
    const auto registry = protocol::internet_registry_from(region);
    if (!registry)
        throw Refused(Kind::usage,
                      "region must be one of " + base::listed(protocol::internet_registry_names));
    while (url.ends_with('/')) url.pop_back();
    const Configuration::Perspective perspective{
        .name = std::move(name), .url = std::move(url), .region = *registry};
    const auto toml = with_perspective(read_file(folder_ / "ca.toml"), perspective);
    if (const auto read = read_configuration(toml, overrides_, clock_.now()); !read) {
        std::string reasons;
        for (const auto& finding : read.error())
            reasons += (reasons.empty() ? "" : "; ") + finding.message;
        throw Refused(Kind::usage, reasons);
    }
    const auto link = roster_.link_to(configuration, perspective);
    va::PerspectiveStatus status;
    if (code.empty()) {
        auto looking = link->status();
        status = co_await std::move(looking);
    } else {
        const auto read = va::EnrolmentCode::from_text(code);
        if (!read) throw Refused(Kind::usage, read.error().message);
        auto enrolling = link->enrol(*read);
        status = co_await std::move(enrolling);
    }
    // Read again: it may have been edited meanwhile.
    write(with_perspective(read_file(folder_ / "ca.toml"), perspective));
    co_return facts_of(perspective, status);
}

base::Task<PerspectiveFacts> FolderPerspectives::renew(std::string name) {
    const auto configuration = load();
    const auto found =
        std::ranges::find(configuration.perspectives, name, &Configuration::Perspective::name);
    if (found == configuration.perspectives.end())
        throw Refused(Kind::not_found, "there is no perspective " + base::printable(name, 50));
    const auto link = roster_.link_to(configuration, *found);
    auto renewing = link->renew();
    co_return facts_of(*found, co_await std::move(renewing));
}

base::Task<void> FolderPerspectives::remove(std::string name) {
    const auto configuration = load();
    if (std::ranges::find(configuration.perspectives, name, &Configuration::Perspective::name) ==
        configuration.perspectives.end())
        throw Refused(Kind::not_found, "there is no perspective " + base::printable(name, 50));
    const auto rest = without_perspective(read_file(folder_ / "ca.toml"), name);
    if (!rest) throw Refused(Kind::conflict, rest.error().message);
    write(*rest);
    co_return;
}

}  // namespace cairn::apps
