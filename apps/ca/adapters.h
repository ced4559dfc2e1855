#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/ca/configuration.h"
#include "apps/ca/node_audit.h"
#include "base/clock.h"
#include "base/log.h"
#include "ca/ports/observer.h"
#include "ca/ports/repository.h"
#include "ca/ports/signer.h"
#include "ca/ports/signing_key.h"
#include "ca/ports/validator.h"
#include "ca/work/local_nonces.h"
#include "ca/work/local_request_checks.h"
#include "crypto/key.h"
#include "crypto/random.h"
#include "dns/resolver.h"
#include "store/postgres/store.h"
#include "va/validation.h"

namespace cairn::apps {

/// What a store is opened with.
struct StoreContext {
    std::vector<base::Executor> executors;  ///< the event loops
    base::Log& log;
    ca::Observer& observer;
    crypto::Random& random;
    /// As store::PostgresOptions has them.
    std::function<void(const std::string& id)> on_change;
    std::function<void()> on_reload;
};

/// A store and the nonces that go with it: local ones, or those that its nodes share.
struct OpenedStore {
    std::unique_ptr<ca::LocalNonces> own_nonces;
    /// The store itself and this node's audit log, where `repository` is both together; else null.
    std::unique_ptr<ca::Repository> unaudited;
    std::unique_ptr<NodeAudit> audit;
    std::unique_ptr<ca::Repository> repository;
    std::unique_ptr<ca::LocalRequestChecks> own_checks;
    ca::Nonces* nonces = nullptr;
    ca::RequestChecks* checks = nullptr;
    /// If other nodes use the store too: it, as part of `repository`.
    ca::SharedRepository* shared = nullptr;
};

/// How this configuration resolves names, and how it reaches who is validated.
[[nodiscard]] dns::ResolverOptions resolver_options(const Configuration& configuration);
[[nodiscard]] va::Settings validation_settings(const Configuration& configuration);

/// Makes what stands behind the ports of ca, as a configuration wants it. A program that puts
/// something else there, or something in front, derives from it; the wiring stays the same.
class Adapters {
  public:
    virtual ~Adapters() = default;

    /// Throws std::runtime_error, saying why, if the store cannot be opened.
    [[nodiscard]] virtual OpenedStore open_store(const Configuration& configuration,
                                                 const std::filesystem::path& folder,
                                                 StoreContext context) const;
    [[nodiscard]] virtual std::unique_ptr<ca::Validator> make_validator(
        const Configuration& configuration, const std::function<base::Executor()>& next_executor,
        const base::Clock& clock) const;
    /// Signs with an issuer's key. Signatures that take long are made on `slow_signing`; those of a
    /// device elsewhere on threads of their own, so that one that hangs holds up nothing else.
    [[nodiscard]] virtual std::unique_ptr<ca::Signer> make_signer(
        std::unique_ptr<ca::SigningKey> key, const base::Executor& slow_signing) const;
    /// What a public CA with all of these lacks (apps/ca/public_demands.h); empty: it may serve.
    /// Tests of what a public CA does have adapters that lack nothing.
    [[nodiscard]] virtual std::vector<std::string> missing_for_public(
        const Configuration& configuration, base::Time now) const;
};

}  // namespace cairn::apps
