#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/task.h"
#include "ca/facts/certificate.h"
#include "ca/facts/listing_filters.h"
#include "ca/facts/order.h"
#include "pki/serial_number.h"

namespace cairn::ca {

/// What an operator looks through. It goes step by step, each of which looks at so many objects and
/// no more, so that a search through millions holds nothing up; there are no indexes for it, which
/// would cost something at every issuance. What is written meanwhile may be seen or not.
class ListingStore {
  public:
    virtual ~ListingStore() = default;

    struct CertificatesStep {
        std::vector<IssuedCertificate> found;
        /// Where the next step goes on; none: all were looked at.
        std::optional<pki::SerialNumber> next{};
    };
    /// Those that fit among the `look_at` next ones before `before`, in the order of their serial
    /// numbers, the greatest first. Serial numbers begin with the time of their issuance
    /// (pki::SerialNumber::dated), so these are the newest, but for those of former versions. Of
    /// certificates with one key, only these are looked at.
    [[nodiscard]] virtual base::Task<CertificatesStep> look_for_certificates(
        CertificateFilter filter, std::optional<pki::SerialNumber> before, std::size_t look_at) = 0;

    struct OrdersStep {
        std::vector<Order> found;
        std::optional<OrderId> next{};  ///< as above
    };
    /// Those that fit among the `look_at` next ones before `before`, the newest first. Of the
    /// orders of one account, only these are looked at.
    [[nodiscard]] virtual base::Task<OrdersStep> look_for_orders(OrderFilter filter,
                                                                 std::optional<OrderId> before,
                                                                 std::size_t look_at) = 0;
};

}  // namespace cairn::ca
