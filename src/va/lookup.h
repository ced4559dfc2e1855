#pragma once
// Private to va.

#include <string>

#include "base/task.h"
#include "net/resolver.h"
#include "protocol/problem.h"

namespace cairn::va {

/// When an attempt has to be over.
using Deadline = net::Resolver::Deadline;

/// Asks for `name` `type` by the deadline. "There is no such name" and "no such record" are
/// answers; whatever leaves the question open (SERVFAIL, a bogus signature, no answer in time) is a
/// problem of type dns, and never permission for anything.
/// Throws boost::system::system_error (operation_aborted) if the task is cancelled meanwhile, and
/// base::Shortage if the resolver lacks what it needs.
[[nodiscard]] base::Task<protocol::OrProblem<net::DnsAnswer>> look_up(net::Resolver& resolver,
                                                                      std::string name,
                                                                      net::RecordType type,
                                                                      Deadline deadline);

struct AddressLookup {
    protocol::OrProblem<net::DnsAnswer> v6, v4;
};
/// Asks for AAAA and A at the same time, each as `look_up` does.
[[nodiscard]] base::Task<AddressLookup> look_up_addresses(net::Resolver& resolver, std::string name,
                                                          Deadline deadline);

}  // namespace cairn::va
