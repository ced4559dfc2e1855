#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "apps/ca/metric_family.h"
#include "ca/ports/observer.h"

namespace cairn::apps {

/// How signatures end.
inline constexpr LabelWords<ca::Observer::Signature> signature_words({
    {ca::Observer::Signature::done, "done"},
    {ca::Observer::Signature::unavailable, "unavailable"},
    {ca::Observer::Signature::failed, "failed"},
});

/// Counts signatures by issuer. The issuers are those of the configuration, which can change at a
/// reload, so their series are made when they first sign. Thread-safe; after an issuer's first
/// signature without a lock.
class SignatureMetrics final : public prometheus::Collectable {
  public:
    void observe(std::string_view issuer, crypto::KeyAlgorithm key, ca::Observer::Signature outcome,
                 std::chrono::steady_clock::duration duration);
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;
    /// Issuers whose last signature was unavailable, by name.
    [[nodiscard]] std::vector<std::string> waiting_issuers() const;

    /// Issuers beyond so many, in the life of a process, are counted together as "other".
    static constexpr std::size_t most_issuers = 32;

  private:
    struct Issuer {
        Issuer(std::string issuer_name, crypto::KeyAlgorithm issuer_key);
        std::string name;
        crypto::KeyAlgorithm key;
        HistogramFamily<ca::Observer::Signature> seconds;
        std::atomic<bool> is_waiting = false;
    };
    [[nodiscard]] Issuer* find(std::string_view name, crypto::KeyAlgorithm key) const;
    [[nodiscard]] Issuer& add(std::string_view name, crypto::KeyAlgorithm key);

    /// The first `count_` do not change any more.
    std::array<std::unique_ptr<Issuer>, most_issuers + 1> issuers_;
    std::atomic<std::size_t> count_ = 0;
    std::mutex adding_;
};

}  // namespace cairn::apps
