#include <cstdlib>

#include "base/bytes.h"
#include "fuzz/target.h"
#include "http/retry_after.h"

using namespace cairn;

// A wait is never negative and never too long, and who asks later does not wait longer.
CAIRN_FUZZ_TARGET(retry_after) {
    const auto value = base::text_of({data, size});
    constexpr base::Time now{std::chrono::seconds{784111777}};
    constexpr base::Seconds while_later{30};
    const auto wait = http::parse_retry_after(value, now);
    const auto later = http::parse_retry_after(value, now + while_later);
    if (wait.has_value() != later.has_value()) std::abort();
    if (!wait) return 0;
    if (*wait < base::Seconds{0} || *wait > http::longest_retry_after) std::abort();
    if (*later > *wait || *later < *wait - while_later) std::abort();
    return 0;
}
