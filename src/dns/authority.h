#pragma once

#include <string>

#include "base/result.h"
#include "base/task.h"
#include "dns/message.h"
#include "dns/resolver.h"
#include "net/socket_address.h"

namespace cairn::dns {

/// Asks one name server for what it has itself, without recursion: over UDP, twice if it is silent,
/// and over TCP if the answer does not fit. Aliases are followed as far as its message holds them.
/// A refusal, a failure of the server and "no such name" are answers, so that a caller can tell
/// what each of a zone's servers says. The error says why there is no answer that can be read.
/// Throws base::Shortage if this process lacks descriptors or ports.
[[nodiscard]] base::Task<base::Result<Answer>> ask_authority(net::SocketAddress server,
                                                             std::string name, RecordType type,
                                                             Resolver::Deadline deadline);

}  // namespace cairn::dns
