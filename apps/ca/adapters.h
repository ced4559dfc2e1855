#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "apps/ca/configuration.h"
#include "base/log.h"
#include "ca/observer.h"
#include "ca/repository.h"
#include "ca/signer.h"
#include "ca/validator.h"
#include "crypto/key.h"

namespace cairn::apps {

/// Makes what stands behind the ports of ca, as a configuration wants it. A program that puts
/// something else there, or something in front, derives from it; the wiring stays the same.
class Adapters {
  public:
    virtual ~Adapters() = default;

    /// Throws std::runtime_error, saying why, if the store cannot be opened.
    [[nodiscard]] virtual std::unique_ptr<ca::Repository> open_store(
        const Configuration& configuration, const std::filesystem::path& folder, base::Log& log,
        ca::Observer& observer) const;
    [[nodiscard]] virtual std::unique_ptr<ca::Validator> make_validator(
        const Configuration& configuration,
        const std::function<base::Executor()>& next_executor) const;
    /// Signs with an issuer's key. Signatures that take long are made on `slow_signing`.
    [[nodiscard]] virtual std::unique_ptr<ca::Signer> make_signer(
        crypto::PrivateKey key, const base::Executor& slow_signing) const;
};

}  // namespace cairn::apps
