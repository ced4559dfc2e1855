#pragma once

#include <span>

#include "base/clock.h"
#include "ca/facts/authorization.h"
#include "ca/facts/order.h"
#include "crypto/digest.h"

// An order that is asked for twice is placed once: a client that lost the answer, or that is stuck
// and asks again and again, gets what is open already.
namespace cairn::ca {

/// A digest of who asks for what with newOrder: account, names in any order, profile, validity, and
/// the certificate to be replaced. Whatever else a request may say of its order belongs here.
[[nodiscard]] crypto::Sha256Digest likeness_of(const Order& order);

/// Whether `open`, an order with the likeness of one that is asked for now, may be given out
/// instead: it is pending or ready, it and what is still to be proved last for another hour or half
/// of their lives, what is proved lasts for more than an hour, what is still to be proved may be
/// proved as in `fresh`, the authorizations that would be new, and nothing of it is later than
/// `now`.
[[nodiscard]] bool may_serve_again(const Order& open, std::span<const Authorization> proofs,
                                   std::span<const Authorization> fresh, base::Time now);

}  // namespace cairn::ca
