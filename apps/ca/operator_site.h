#pragma once

#include <filesystem>
#include <functional>

#include "apps/ca/metrics.h"
#include "apps/ca/process_metrics.h"
#include "apps/ca/readiness.h"
#include "apps/ca/store_watch.h"
#include "http/message.h"

namespace cairn::apps {

/// What the listener for operators serves: /healthz, /readyz and /metrics. Thread-safe.
class OperatorSite final : public prometheus::Collectable {
  public:
    /// `facts` tells all but the store's failure and room, which are found out here; called from
    /// any thread. `store_file`: of the embedded store.
    OperatorSite(const Metrics& metrics, StoreWatch& store, std::filesystem::path store_file,
                 std::function<ReadinessFacts()> facts);

    [[nodiscard]] base::Task<http::Response> handle(http::Request request) const;
    /// Expiry of certificates, room and size of the store, and what is in the way of readiness.
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

  private:
    base::Task<http::Response> readiness() const;
    [[nodiscard]] ReadinessFacts facts(std::optional<std::string> store_failure) const;

    const Metrics& metrics_;
    StoreWatch& store_;
    const std::filesystem::path store_file_;
    const std::function<ReadinessFacts()> facts_;
    ProcessMetrics process_;
};

}  // namespace cairn::apps
