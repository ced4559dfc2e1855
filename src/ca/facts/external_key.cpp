#include "ca/facts/external_key.h"

#include "base/enum_table.h"

namespace cairn::ca {

namespace {

constexpr base::EnumTable<ExternalKey::State, std::string_view> states({
    {ExternalKey::State::usable, "usable"},
    {ExternalKey::State::revoked, "revoked"},
    {ExternalKey::State::expired, "expired"},
    {ExternalKey::State::used_up, "used up"},
});

}  // namespace

bool is_kid(std::string_view text) {
    constexpr std::size_t longest = 128;
    constexpr std::string_view characters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._~-";
    return !text.empty() && text.size() <= longest && text[0] != '-' &&
           text.find_first_not_of(characters) == std::string_view::npos;
}

std::string_view to_string(ExternalKey::State state) {
    return states[state];
}

}  // namespace cairn::ca
