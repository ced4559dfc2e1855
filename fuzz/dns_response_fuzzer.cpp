#include <cstdlib>

#include "dns/response.h"
#include "dns/update.h"
#include "fuzz/target.h"

using namespace cairn;

// A message; the seeds ask for the SOA of "a.example".
CAIRN_FUZZ_TARGET(dns_response) {
    const base::BytesView message(data, size);
    static_cast<void>(dns::update_response_code(message));
    const auto response = dns::read_response(message, "a.example", dns::RecordType::soa);
    if (!response) return 0;
    const auto records =
        response->answers.size() + response->authorities.size() + response->additionals.size();
    if (records > dns::max_records) std::abort();
    return 0;
}
