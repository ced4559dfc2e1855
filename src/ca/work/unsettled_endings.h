#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ca/facts/certificate.h"
#include "ca/facts/id.h"
#include "protocol/problem.h"

namespace cairn::ca {

/// How the issuance of an order ends: with a certificate, or with a problem.
struct IssuanceEnding {
    std::optional<IssuedCertificate> certificate;
    std::string issuer;  ///< of the certificate, as the configuration names it
    std::optional<protocol::Problem> problem;
};

/// Endings that were sent to the store and whose answer was lost, until it is known which of them
/// took effect. So each is reported once, and a certificate that may be stored is not signed again.
/// Each belongs to a job that ran here, so there are no more of them than jobs. Thread-safe.
class UnsettledEndings {
  public:
    /// Remembers the ending of an order; a certificate that is known already is kept.
    void add(const OrderId& id, IssuanceEnding ending) {
        const std::scoped_lock lock(mutex_);
        auto& known = endings_[id];
        if (ending.problem) known.problem = std::move(ending.problem);
        if (!ending.certificate || known.certificate) return;
        known.certificate = std::move(ending.certificate);
        known.issuer = std::move(ending.issuer);
    }
    [[nodiscard]] std::optional<IssuanceEnding> find(const OrderId& id) const {
        const std::scoped_lock lock(mutex_);
        const auto entry = endings_.find(id);
        if (entry == endings_.end()) return std::nullopt;
        return entry->second;
    }
    void remove(const OrderId& id) {
        const std::scoped_lock lock(mutex_);
        endings_.erase(id);
    }
    /// The orders, at most `limit`.
    [[nodiscard]] std::vector<OrderId> orders(std::size_t limit) const {
        const std::scoped_lock lock(mutex_);
        std::vector<OrderId> ids;
        for (const auto& [id, ending] : endings_) {
            if (ids.size() == limit) break;
            ids.push_back(id);
        }
        return ids;
    }

  private:
    mutable std::mutex mutex_;
    std::map<OrderId, IssuanceEnding> endings_;
};

}  // namespace cairn::ca
