#pragma once

#include <memory>

#include "apps/ca/metrics.h"
#include "base/log.h"

namespace cairn::apps {

/// A log that counts the lines that pass through to another one.
class CountingLog final : public base::Log {
  public:
    /// Lines below `threshold` are dropped, as the other log would.
    CountingLog(std::unique_ptr<base::Log> log, base::LogLevel threshold, Metrics& metrics)
        : log_(std::move(log)), threshold_(threshold), metrics_(metrics) {}

    void write(base::LogLevel level, std::string_view event,
               std::initializer_list<base::LogField> fields) override {
        if (level < threshold_) return;
        metrics_.log_line(level);
        log_->write(level, event, fields);
    }
    void flush() override { log_->flush(); }

  private:
    std::unique_ptr<base::Log> log_;
    base::LogLevel threshold_;
    Metrics& metrics_;
};

}  // namespace cairn::apps
