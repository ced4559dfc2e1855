#include "apps/ca/retired_issuers.h"

#include <chrono>
#include <exception>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "apps/command_line/files.h"
#include "crypto/digest.h"
#include "pki/chain.h"

namespace cairn::apps {

namespace {

base::Task<std::set<ca::IssuerId>> find_retired(ca::Repository& repository) {
    const auto retired = co_await repository.retired_issuers();
    std::set<ca::IssuerId> ids;
    for (const auto& each : retired) ids.insert(each.issuer);
    co_return ids;
}

}  // namespace

RetirementWatch::RetirementWatch(ca::Repository& repository,
                                 std::function<base::Executor()> next_executor)
    : repository_(repository), next_executor_(std::move(next_executor)), in_force_(ask().get()) {}

RetirementWatch::~RetirementWatch() {
    if (question_.valid()) question_.wait();
}

std::future<std::set<ca::IssuerId>> RetirementWatch::ask() const {
    return boost::asio::co_spawn(next_executor_(), find_retired(repository_),
                                 boost::asio::use_future);
}

std::optional<std::set<ca::IssuerId>> RetirementWatch::look() {
    if (!question_.valid()) {
        question_ = ask();
        return std::nullopt;
    }
    if (question_.wait_for(std::chrono::seconds(0)) != std::future_status::ready)
        return std::nullopt;
    std::optional<std::set<ca::IssuerId>> retired;
    try {
        retired = question_.get();
    } catch (const ca::StoreFailure&) {
        retired.reset();  // the store is watched elsewhere
    }
    question_ = ask();
    return retired == in_force_ ? std::nullopt : retired;
}

std::set<ca::IssuerId> RetirementWatch::put_in_force(std::set<ca::IssuerId> retired) {
    return std::exchange(in_force_, std::move(retired));
}

void deactivate(Configuration& configuration, const std::filesystem::path& folder,
                const std::set<ca::IssuerId>& retired) {
    if (retired.empty()) return;
    for (auto& [name, issuer] : configuration.issuers) {
        try {
            const auto chain = pki::chain_from_pem(read_file(folder / issuer.certificate));
            if (chain && retired.contains(crypto::sha256(chain->front().der())))
                issuer.use.active = false;
        } catch (const std::exception&) {
            continue;
        }
    }
}

std::vector<admin::ConfiguredIssuer> configured_issuers(const ca::Issuers& issuers) {
    std::vector<admin::ConfiguredIssuer> configured;
    for (const auto& issuer : issuers.all()) {
        admin::ConfiguredIssuer facts{.name = issuer.name(),
                                      .id = issuer.id(),
                                      .subject = issuer.certificate().subject_common_name(),
                                      .is_active = issuer.use().active,
                                      .profiles = issuer.use().profiles,
                                      .validity = issuer.validity()};
        for (const auto algorithm : issuer.use().key_algorithms)
            facts.key_types.emplace_back(crypto::to_string(algorithm));
        configured.push_back(std::move(facts));
    }
    return configured;
}

}  // namespace cairn::apps
