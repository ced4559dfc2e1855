#include "ca/rules/request_limits.h"

#include <chrono>

namespace cairn::ca {

using namespace std::chrono_literals;

namespace {

constexpr base::EnumTable<RequestGroup, std::string_view> words({
    {RequestGroup::directory, "directory"},
    {RequestGroup::new_nonce, "new_nonce"},
    {RequestGroup::new_account, "new_account"},
    {RequestGroup::new_order, "new_order"},
    {RequestGroup::revoke_cert, "revoke_cert"},
    {RequestGroup::renewal_info, "renewal_info"},
    {RequestGroup::other, "other"},
});

}  // namespace

std::string_view to_string(RequestGroup group) {
    return words[group];
}

RequestLimits default_request_limits(PolicyKind kind) {
    RequestLimits limits;
    // Behind one address of a private network there may be all its machines.
    limits[RequestGroup::new_account] = {{50, 1s}, 200};
    if (kind == PolicyKind::private_ca) return limits;
    limits[RequestGroup::directory] = {{40, 1s}, 40};
    limits[RequestGroup::new_nonce] = {{20, 1s}, 10};
    limits[RequestGroup::new_account] = {{5, 1s}, 15};
    limits[RequestGroup::new_order] = {{300, 1s}, 200};
    limits[RequestGroup::revoke_cert] = {{10, 1s}, 100};
    limits[RequestGroup::renewal_info] = {{1000, 1s}, 100};
    limits[RequestGroup::other] = {{250, 1s}, 125};
    return limits;
}

}  // namespace cairn::ca
