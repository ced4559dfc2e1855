#include "net/dns_failure.h"

namespace cairn::net {

base::Result<DnsAnswer> only_facts(DnsAnswer answer) {
    switch (answer.outcome) {
        case DnsAnswer::Outcome::found:
        case DnsAnswer::Outcome::no_data:
        case DnsAnswer::Outcome::no_such_name:
            return answer;
        case DnsAnswer::Outcome::server_failure:
            return base::fail("the server failed (SERVFAIL)");
        case DnsAnswer::Outcome::refused:
            return base::fail("the server refused to answer (REFUSED)");
        case DnsAnswer::Outcome::other_failure:
            break;
    }
    return base::fail("the server answered with code " + std::to_string(answer.response_code));
}

}  // namespace cairn::net
