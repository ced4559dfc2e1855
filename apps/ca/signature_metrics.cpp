#include "apps/ca/signature_metrics.h"

#include <algorithm>
#include <iterator>

namespace cairn::apps {

SignatureMetrics::Issuer::Issuer(std::string issuer_name, crypto::KeyAlgorithm issuer_key)
    : name(std::move(issuer_name)),
      key(issuer_key),
      seconds({"cairn_signature_seconds",
               "Time that a signature took.",
               {{"issuer", name}, {"key", std::string(to_string(key))}}},
              HistogramSeries::latency_bounds(), Shown::all, {"outcome", signature_words}) {}

void SignatureMetrics::observe(std::string_view issuer, crypto::KeyAlgorithm key,
                               ca::Observer::Signature outcome,
                               std::chrono::steady_clock::duration duration) {
    auto* known = find(issuer, key);
    if (known == nullptr) known = &add(issuer, key);
    known->seconds.observe(duration, outcome);
    known->is_waiting = outcome == ca::Observer::Signature::unavailable;
}

std::vector<std::string> SignatureMetrics::waiting_issuers() const {
    const auto count = count_.load(std::memory_order_acquire);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < count; ++i)
        if (issuers_.at(i)->is_waiting) names.push_back(issuers_.at(i)->name);
    return names;
}

SignatureMetrics::Issuer* SignatureMetrics::find(std::string_view name,
                                                 crypto::KeyAlgorithm key) const {
    const auto count = count_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i)
        if (issuers_.at(i)->name == name && issuers_.at(i)->key == key) return issuers_.at(i).get();
    return nullptr;
}

SignatureMetrics::Issuer& SignatureMetrics::add(std::string_view name, crypto::KeyAlgorithm key) {
    const std::scoped_lock lock(adding_);
    if (auto* known = find(name, key)) return *known;
    const auto count = count_.load(std::memory_order_relaxed);
    if (count > most_issuers) return *issuers_.back();
    const bool is_full = count == most_issuers;
    issuers_.at(count) = std::make_unique<Issuer>(is_full ? "other" : std::string(name), key);
    count_.store(count + 1, std::memory_order_release);
    return *issuers_.at(count);
}

std::vector<prometheus::MetricFamily> SignatureMetrics::Collect() const {
    const auto count = count_.load(std::memory_order_acquire);
    std::vector<prometheus::MetricFamily> families;
    for (std::size_t i = 0; i < count; ++i) {
        auto one = issuers_.at(i)->seconds.Collect();
        if (families.empty()) {
            families = std::move(one);
        } else {
            std::ranges::move(one.front().metric, std::back_inserter(families.front().metric));
        }
    }
    return families;
}

}  // namespace cairn::apps
