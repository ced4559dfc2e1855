#pragma once
// Private to va: how much of a peer's answer a failure may tell. Pure.

#include "va/egress_policy.h"

namespace cairn::va {

/// What a failure may tell the subscriber, whose name may lead to hosts that only the CA can reach
/// (RFC 8555 section 10.4).
enum class Disclosure {
    quotes,  ///< what was found, shortened
    status,  ///< what kind of answer it was, but nothing that a peer wrote
    none,    ///< that there was no key authorization
};
/// Decides by where a reply came from, and after how many redirects.
[[nodiscard]] Disclosure disclosure_of(AddressSpace space, int redirects);

}  // namespace cairn::va
