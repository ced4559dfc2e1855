#pragma once

#include "base/task.h"
#include "dns/resolver.h"
#include "va/validation.h"

namespace cairn::va {

/// Whether the CAA records of the validated name permit this CA to issue for it, to this account,
/// by this method (RFC 8659, RFC 8657): looked up anew, by the deadline of `settings`. The evidence
/// holds what was found; a failure is of type caa if the records forbid it, and of type dns if they
/// could not be looked up, which is never permission (RFC 8659 section 3; Boulder does the same
/// where BR 3.2.2.8 would permit). Nothing that was found at an alias is told to the client: it may
/// be in a zone that only the CA can query. The arguments must outlive the task. Throws as the
/// validators do, and std::logic_error for an address, which has no CAA records.
[[nodiscard]] base::Task<OrFailure<Evidence>> check_caa(const Validation& validation,
                                                        std::string_view method,
                                                        const Settings& settings,
                                                        dns::Resolver& resolver);

}  // namespace cairn::va
