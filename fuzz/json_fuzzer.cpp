// Every reader of JSON. What is accepted must be written in a form that is accepted again and then
// written the same.

#include <boost/json/serialize.hpp>

#include "fuzz/target.h"
#include "protocol/account.h"
#include "protocol/authorization.h"
#include "protocol/directory.h"
#include "protocol/external_account_binding.h"
#include "protocol/json.h"
#include "protocol/order.h"
#include "protocol/revocation.h"

namespace {

using namespace cairn;

template <class Wire>
void is_stable(base::BytesView text) {
    const auto first = Wire::from_json(text);
    if (!first) return;
    const std::string written = first->to_json();
    const auto second = Wire::from_json(base::bytes_of(written));
    require(second.has_value());
    require(second->to_json() == written);
}

/// The same for objects that hold foreign JSON text, in which Boost.JSON writes numbers with a
/// fraction not always as it reads them.
template <class Wire>
void is_readable(base::BytesView text) {
    const auto first = Wire::from_json(text);
    if (!first) return;
    const auto second = Wire::from_json(base::bytes_of(first->to_json()));
    require(second.has_value());
    if (first->external_account_binding.empty()) {
        require(second->to_json() == first->to_json());
    }
}

}  // namespace

CAIRN_FUZZ_TARGET(json) {
    const base::BytesView text(data, size);
    protocol::JsonMemory memory;
    const auto object = protocol::parse_json_object(text, memory.storage());
    if (object) {
        const std::string written = boost::json::serialize(*object);
        require(protocol::parse_json_object(base::bytes_of(written)).has_value());
    }
    // Text that is no object is refused by every reader.
    require(protocol::parse_challenge_response(text).has_value() == object.has_value());
    require(!protocol::parse_authorization_update(text) || object);

    is_stable<protocol::Problem>(text);
    is_stable<protocol::Directory>(text);
    is_readable<protocol::AccountObject>(text);
    is_readable<protocol::NewAccountRequest>(text);
    is_stable<protocol::AccountUpdate>(text);
    is_stable<protocol::KeyChangeRequest>(text);
    is_stable<protocol::OrdersList>(text);
    is_stable<protocol::OrderObject>(text);
    is_stable<protocol::NewOrderRequest>(text);
    is_stable<protocol::FinalizeRequest>(text);
    is_stable<protocol::ChallengeObject>(text);
    is_stable<protocol::AuthorizationObject>(text);
    is_stable<protocol::NewAuthorizationRequest>(text);
    is_stable<protocol::RevocationRequest>(text);
    return 0;
}
