#include "ca/rules/order_reuse.h"

#include <algorithm>
#include <string>
#include <vector>

namespace cairn::ca {

using protocol::AuthorizationStatus;
using protocol::OrderStatus;

namespace {

constexpr base::Seconds least_remaining = std::chrono::hours(1);

/// Pieces one behind the other, so that no two lists of them give the same text.
class Pieces {
  public:
    void add(std::string_view piece) {
        text_ += std::to_string(piece.size()) + ':';
        text_ += piece;
    }
    void add(const std::optional<base::Time>& time) {
        add(time ? std::to_string(time->time_since_epoch().count()) : std::string());
    }
    [[nodiscard]] crypto::Sha256Digest digest() const {
        return crypto::sha256(base::bytes_of(text_));
    }

  private:
    std::string text_;
};

/// By a clock that was ahead when it was made or proved.
bool is_from_the_future(const Order& order, std::span<const Authorization> proofs, base::Time now) {
    return order.created > now || std::ranges::any_of(proofs, [&](const Authorization& proof) {
               return proof.created > now || (proof.attempt && proof.attempt->finished > now);
           });
}

bool lasts(base::Time created, base::Time expires, base::Time now) {
    return expires - now >= std::min<base::Seconds>(least_remaining, (expires - created) / 2);
}

}  // namespace

crypto::Sha256Digest likeness_of(const Order& order) {
    std::vector<std::string> names;
    names.reserve(order.identifiers.size());
    for (const auto& identifier : order.identifiers)
        names.push_back(std::string(to_string(identifier.type())) + ' ' + identifier.value());
    std::ranges::sort(names);
    Pieces pieces;
    pieces.add(order.account.to_string());
    pieces.add(order.profile);
    pieces.add(order.not_before);
    pieces.add(order.not_after);
    pieces.add(order.replaces ? order.replaces->to_text() : std::string());
    for (const auto& name : names) pieces.add(name);
    return pieces.digest();
}

bool may_serve_again(const Order& open, std::span<const Authorization> proofs,
                     std::span<const Authorization> fresh, base::Time now) {
    const auto status = open.status(proofs, now);
    if (status != OrderStatus::pending && status != OrderStatus::ready) return false;
    if (is_from_the_future(open, proofs, now)) return false;
    if (!lasts(open.created, open.expires, now)) return false;
    return std::ranges::all_of(proofs, [&](const Authorization& proof) {
        const auto as_new = std::ranges::find(fresh, proof.identifier, &Authorization::identifier);
        const bool has_new = as_new != fresh.end();
        // Whose word was taken once may not vouch any more.
        if (!proof.vouched_by.empty() && (!has_new || proof.vouched_by != as_new->vouched_by))
            return false;
        if (proof.status(now) == AuthorizationStatus::valid)
            return proof.expires - now > least_remaining;
        return has_new && lasts(proof.created, proof.expires, now) &&
               as_new->offered == proof.offered && as_new->for_subdomains == proof.for_subdomains;
    });
}

}  // namespace cairn::ca
