// What a CA asks a service that speaks the Open MPIC API.

#include <cstdlib>

#include "fuzz/target.h"
#include "va/open_mpic_request.h"

CAIRN_FUZZ_TARGET(open_mpic_request) {
    using cairn::va::OpenMpicCheck;
    using cairn::va::OpenMpicRequest;
    for (const auto check : {OpenMpicCheck::dcv, OpenMpicCheck::caa})
        (void)OpenMpicRequest::from_perspective_json(cairn::base::BytesView(data, size), check);
    const auto request = OpenMpicRequest::from_json(cairn::base::BytesView(data, size));
    if (!request) return 0;
    // What was read can be written, and is then read as the same.
    const auto text = request->to_json();
    const auto again = OpenMpicRequest::from_json(cairn::base::bytes_of(text));
    if (!again || again->to_json() != text) std::abort();
    return 0;
}
