#include "client/renewal.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include <fmt/format.h>

namespace cairn::client {
namespace {

constexpr base::Seconds short_life = std::chrono::days{10};

/// The lineages that one thread renews, one after the other; it keeps its conversations with CAs.
class Worker {
  public:
    Worker(const Workplace& workplace, const RenewalOptions& options, Progress& progress)
        : workplace_(workplace), options_(options), progress_(progress) {}

    RenewalOutcome work_on(const LineageName& name) {
        RenewalOutcome outcome{.lineage = name};
        try {
            renew(outcome);
        } catch (const std::exception& failure) {
            outcome.kind = RenewalOutcome::Kind::failed;
            outcome.failure = failure.what();
        }
        return outcome;
    }

  private:
    void renew(RenewalOutcome& outcome) {
        const auto& name = outcome.lineage;
        // Also before it is read: another run may be renewing it now.
        const auto lock = workplace_.state.lock(name, workplace_.timer, lineage_lock_patience);
        auto plan = CertificatePlan::read(workplace_.state.renewal(name));
        if (!plan)
            throw Failure(fmt::format("renew {}", name.text()), plan.error().message,
                          "make the lineage anew with `cairn issue --name`.");
        IssuanceOrder order{.lineage = name,
                            .plan = std::move(*plan),
                            .account = {},
                            .replaces = {},
                            .installing = options_.installing};
        // A lineage without a sound certificate is due.
        if (const auto current = Lineage(workplace_.state, name).current()) {
            const auto& certificate = current->chain.front();
            const auto due_at = due_time(order.plan, certificate);
            if (options_.force == RenewalForce::if_due && workplace_.clock.now() < due_at) {
                outcome.due_at = due_at;
                if (!order.plan.deploy_hook.empty() && is_deployment_pending(workplace_, name)) {
                    deploy(workplace_, name, order.plan);
                    outcome.kind = RenewalOutcome::Kind::deployed;
                }
                return;
            }
            auto& session = session_for(order.plan);
            if (!session.directory().renewal_info.empty())
                order.replaces = renewal_identifier(certificate).value_or("");
        }
        NamedProgress progress(progress_, name.text());
        const auto chain = issue(workplace_, session_for(order.plan), order, progress);
        outcome.kind = RenewalOutcome::Kind::renewed;
        outcome.certificate = chain.front();
    }

    base::Time due_time(const CertificatePlan& plan, const pki::Certificate& certificate) {
        if (options_.force == RenewalForce::always) return workplace_.clock.now();
        if (const auto window = fetch_renewal_window(session_for(plan), certificate))
            return due_by_window(certificate, *window);
        return due_by_lifetime(certificate);
    }

    Session& session_for(const CertificatePlan& plan) {
        const auto key = std::pair(plan.directory_url, plan.root_file);
        const auto known = sessions_.find(key);
        if (known != sessions_.end()) return known->second;
        return sessions_.emplace(key, workplace_.session(plan.directory_url, plan.root_file))
            .first->second;
    }

    const Workplace& workplace_;
    const RenewalOptions& options_;
    Progress& progress_;
    std::map<std::pair<std::string, std::string>, Session> sessions_;
};

}  // namespace

base::Time due_by_lifetime(const pki::Certificate& certificate) {
    const auto lifetime = certificate.not_after() - certificate.not_before();
    return certificate.not_before() + (lifetime < short_life ? lifetime / 2 : lifetime * 2 / 3);
}

base::Time due_by_window(const pki::Certificate& certificate, const RenewalWindow& window) {
    // A window that reaches to the end of the validity leaves no time for a second try.
    const auto lifetime = certificate.not_after() - certificate.not_before();
    const auto reserve =
        std::min(std::max<base::Seconds>(lifetime / 10, std::chrono::days(1)), lifetime / 3);
    return std::min(window.moment_for(certificate), certificate.not_after() - reserve);
}

std::vector<RenewalOutcome> renew(const Workplace& workplace,
                                  const std::vector<LineageName>& lineages,
                                  const RenewalOptions& options, Progress& progress) {
    std::vector<std::optional<RenewalOutcome>> outcomes(lineages.size());
    std::atomic<std::size_t> next = 0;
    {
        std::vector<std::jthread> threads;
        const auto count = std::min(options.parallel, lineages.size());
        for (std::size_t i = 0; i < count; ++i)
            threads.emplace_back([&] {
                Worker worker(workplace, options, progress);
                for (auto index = next++; index < lineages.size(); index = next++)
                    outcomes[index] = worker.work_on(lineages[index]);
            });
    }
    std::vector<RenewalOutcome> results;
    results.reserve(outcomes.size());
    for (auto& outcome : outcomes) results.push_back(std::move(outcome.value()));
    return results;
}

}  // namespace cairn::client
