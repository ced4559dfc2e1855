#include "client/order_record.h"

namespace cairn::client {

base::Result<std::optional<OpenOrder>> OrderRecord::find() const {
    auto facts = facts_.read();
    if (!facts) return std::unexpected(facts.error());
    return std::move(facts->order);
}

void OrderRecord::keep(const OpenOrder& order) const {
    facts_.change([&](LineageFacts& facts) { facts.order = order; });
}

void OrderRecord::erase() const {
    facts_.change([](LineageFacts& facts) { facts.order.reset(); });
}

}  // namespace cairn::client
