// What a service that speaks the Open MPIC API answers a CA.

#include <cstdlib>

#include "fuzz/target.h"
#include "va/open_mpic_response.h"

CAIRN_FUZZ_TARGET(open_mpic_response) {
    using namespace cairn::va;
    const auto response = OpenMpicResponse::from_json(cairn::base::BytesView(data, size));
    if (!response) return 0;
    const OpenMpicRequest request{.target = *cairn::protocol::Identifier::dns("example.com")};
    (void)fault_of(*response, request);
    // What was read can be written, and says the same of each perspective.
    const auto text = response->to_json(request);
    if (text.size() > largest_open_mpic_response) return 0;
    const auto again = OpenMpicResponse::from_json(cairn::base::bytes_of(text));
    if (!again || again->votes.size() != response->votes.size()) std::abort();
    for (std::size_t i = 0; i < again->votes.size(); ++i)
        if (again->votes[i].code != response->votes[i].code ||
            again->votes[i].has_passed != response->votes[i].has_passed)
            std::abort();
    return 0;
}
