// What a CA and its perspectives say to each other: each distrusts the other until it is read.

#include "fuzz/target.h"
#include "va/enrolment_message.h"
#include "va/perspective_message.h"

namespace {

// What was read can be written, and is then read as the same.
template <class Message>
void read(cairn::base::BytesView json) {
    const auto message = Message::from_json(json);
    if (!message) return;
    const auto text = message->to_json();
    const auto again = Message::from_json(cairn::base::bytes_of(text));
    require(again && again->to_json() == text);
}

}  // namespace

CAIRN_FUZZ_TARGET(perspective_message) {
    using namespace cairn::va;
    const cairn::base::BytesView json(data, size);
    read<PerspectiveQuestion>(json);
    read<PerspectiveAnswer>(json);
    read<IdentityRequest>(json);
    read<IdentityOffer>(json);
    read<IdentityGrant>(json);
    read<PerspectiveStatus>(json);
    const auto code = EnrolmentCode::from_text(cairn::base::text_of(json));
    if (code) require(code->to_text() == cairn::base::text_of(json));
    return 0;
}
