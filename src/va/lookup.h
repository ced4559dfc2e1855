#pragma once
// Private to va.

#include <string>

#include "base/task.h"
#include "dns/caa_set.h"
#include "dns/resolver.h"
#include "protocol/problem.h"

namespace cairn::va {

/// When an attempt has to be over.
using Deadline = dns::Resolver::Deadline;

/// Asks for `name` `type` by the deadline. "No such name" and "no such record" are answers.
/// Anything else (SERVFAIL, a bogus signature, no answer in time) is a problem of type dns, and
/// never permission for anything. Throws boost::system::system_error (operation_aborted) if the
/// task is cancelled meanwhile, and base::Shortage if the resolver lacks what it needs.
[[nodiscard]] base::Task<protocol::OrProblem<dns::Answer>> look_up(dns::Resolver& resolver,
                                                                   std::string name,
                                                                   dns::RecordType type,
                                                                   Deadline deadline);

/// The CAA records that apply to `name` (`dns::find_caa_set`). As `look_up` otherwise.
[[nodiscard]] base::Task<protocol::OrProblem<dns::CaaSet>> look_up_caa(dns::Resolver& resolver,
                                                                       std::string name,
                                                                       Deadline deadline);

struct AddressLookup {
    protocol::OrProblem<dns::Answer> v6, v4;
};
/// Asks for AAAA and A at the same time, each as `look_up` does.
[[nodiscard]] base::Task<AddressLookup> look_up_addresses(dns::Resolver& resolver, std::string name,
                                                          Deadline deadline);

}  // namespace cairn::va
