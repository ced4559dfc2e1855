#include <cstdlib>

#include "dns/message.h"
#include "fuzz/target.h"

using namespace cairn::dns;

// The first octet chooses the type, the rest is the message; the seeds ask for "a.example".
CAIRN_FUZZ_TARGET(dns_message) {
    if (size == 0) return 0;
    constexpr RecordType types[] = {RecordType::a,   RecordType::aaaa,  RecordType::txt,
                                    RecordType::caa, RecordType::cname, RecordType::ns,
                                    RecordType::soa};
    const RecordType type = types[data[0] % std::size(types)];
    const auto answer = parse_response({data + 1, size - 1}, "a.example", type);
    if (!answer) return 0;
    const auto records = answer->addresses.size() + answer->texts.size() + answer->caa.size() +
                         answer->name_servers.size() + (answer->soa ? 1U : 0U);
    if (records > max_records) std::abort();
    const bool found = answer->outcome == Answer::Outcome::found;
    if (type != RecordType::cname && found != (records > 0)) std::abort();
    return 0;
}
