#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/bytes.h"
#include "fuzz/target.h"
#include "http/request_reader.h"

using namespace cairn::http;

namespace {

constexpr std::size_t header_limit = 2048;
constexpr std::size_t body_limit = 1024;

struct Outcome {
    std::vector<Request> requests;
    int refused_with = 0;
};

Outcome read_in_steps(std::string_view octets, std::size_t step) {
    RequestReader reader(header_limit, body_limit);
    Outcome outcome;
    for (;;) {
        const auto state = reader.read();
        if (state == RequestReader::State::complete) {
            outcome.requests.push_back(reader.take());
            continue;
        }
        if (state == RequestReader::State::refused) {
            outcome.refused_with = reader.refusal().status;
            return outcome;
        }
        if (octets.empty()) return outcome;
        const auto room = reader.room();
        if (room.size() > 4 * header_limit) std::abort();
        const auto count = std::min({step, room.size(), octets.size()});
        std::copy_n(octets.begin(), count, room.begin());
        octets.remove_prefix(count);
        reader.received(count);
    }
}

}  // namespace

// However the network cuts the octets, they are the same requests.
CAIRN_FUZZ_TARGET(http_request_reader) {
    const auto octets = cairn::base::text_of({data, size});
    const Outcome whole = read_in_steps(octets, size);
    const Outcome cut = read_in_steps(octets, 1);
    if (whole.refused_with != cut.refused_with) std::abort();
    if (whole.requests.size() != cut.requests.size()) std::abort();
    for (std::size_t index = 0; index < whole.requests.size(); ++index) {
        const Request& left = whole.requests[index];
        const Request& right = cut.requests[index];
        if (left.method != right.method || left.target != right.target || left.body != right.body ||
            left.fields != right.fields) {
            std::abort();
        }
        if (left.body.size() > body_limit) std::abort();
    }
    return 0;
}
