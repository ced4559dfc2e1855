#include "ca/testing/memory_repository.h"

namespace cairn::ca::testing {

base::Task<ListingStore::CertificatesStep> MemoryRepository::look_for_certificates(
    CertificateFilter filter, std::optional<pki::SerialNumber> before, std::size_t look_at) {
    return run(StoreCall::look_for_certificates, [this, filter = std::move(filter),
                                                  before = std::move(before), look_at] {
        const auto& all = facts_->certificates;
        CertificatesStep step;
        std::size_t seen = 0;
        for (auto entry = before ? all.lower_bound(*before) : all.end(); entry != all.begin();) {
            --entry;
            if (filter.key && entry->second.key != *filter.key) continue;
            const auto certificate = state_of(entry->first);
            if (filter.fits(*certificate)) step.found.push_back(*certificate);
            if (++seen == look_at) {
                step.next = entry->first;
                break;
            }
        }
        return step;
    });
}

base::Task<ListingStore::OrdersStep> MemoryRepository::look_for_orders(
    OrderFilter filter, std::optional<OrderId> before, std::size_t look_at) {
    return run(StoreCall::look_for_orders, [this, filter = std::move(filter),
                                            before = std::move(before), look_at] {
        const auto& all = facts_->orders;
        OrdersStep step;
        std::size_t seen = 0;
        for (auto entry = before ? all.lower_bound(*before) : all.end(); entry != all.begin();) {
            --entry;
            const auto& order = entry->second.order;
            if (filter.account && order.account != *filter.account) continue;
            if (filter.fits(order)) step.found.push_back(order);
            if (++seen == look_at) {
                step.next = entry->first;
                break;
            }
        }
        return step;
    });
}

}  // namespace cairn::ca::testing
