#pragma once

#include <string>
#include <vector>

#include <prometheus/collectable.h>

namespace cairn::apps {

/// What the system knows of this process, under the names that all of Prometheus's clients use, and
/// which program this is. Read anew for each scrape; what cannot be read is left out.
class ProcessMetrics final : public prometheus::Collectable {
  public:
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;
};

/// A family with one series and no labels.
[[nodiscard]] prometheus::MetricFamily single_gauge(std::string name, std::string help,
                                                    double value);

}  // namespace cairn::apps
