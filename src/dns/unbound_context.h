#pragma once
// Private to dns: libunbound, set up.

#include <unbound.h>

#include "crypto/openssl.h"
#include "dns/resolver.h"

namespace cairn::dns {

/// Deletes a context of libunbound, apart from others that are made or deleted.
void delete_unbound_context(ub_ctx* context);
using UnboundContext = crypto::Handle<ub_ctx, &delete_unbound_context>;

/// A context with a thread of its own that resolves as `options` say, caches no answer, and on the
/// public internet asks no server inside our own network. Throws std::runtime_error if libunbound
/// refuses an option or a file.
[[nodiscard]] UnboundContext make_unbound_context(const ResolverOptions& options);

}  // namespace cairn::dns
