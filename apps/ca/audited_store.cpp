#include "apps/ca/audited_store.h"

#include <stdexcept>
#include <utility>

#include "apps/ca/lost_store.h"
#include "store/audit/audited_repository.h"
#include "store/audit/audited_signer.h"

namespace cairn::apps {

OpenedStore open_audited_store(const Adapters& adapters, const Configuration& configuration,
                               const std::filesystem::path& folder, StoreContext context,
                               const base::Clock& clock) {
    // Revocation lists from an empty one would say that nothing is revoked.
    if (const auto lost = lost_store(configuration, folder))
        throw std::runtime_error(
            *lost +
            ", and an empty store would know no account and no revocation: is its disk "
            "mounted? `cairn-ca restore` brings back a backup; an empty file in its place "
            "(touch) begins anew");
    const auto executor = context.executors.front();
    auto& log = context.log;
    auto& observer = context.observer;
    auto opened = adapters.open_store(configuration, folder, std::move(context));
    opened.unaudited = std::move(opened.repository);
    opened.audit = std::make_unique<NodeAudit>(configuration.audit, folder, *opened.unaudited,
                                               executor, clock, log, observer);
    opened.repository =
        std::make_unique<store::AuditedRepository>(*opened.unaudited, opened.audit->log());
    return opened;
}

std::unique_ptr<ca::Signer> AuditedAdapters::make_signer(std::unique_ptr<ca::SigningKey> key,
                                                         const base::Executor& slow_signing) const {
    return std::make_unique<store::AuditedSigner>(
        adapters_.make_signer(std::move(key), slow_signing), audit_);
}

}  // namespace cairn::apps
