#include "pki/certificate_profile.h"

#include <string>

#include "base/enum_table.h"

namespace cairn::pki {

namespace {

struct PurposeFacts {
    std::string_view name;
    base::BytesView object_id;
};
constexpr base::EnumTable<KeyPurpose, PurposeFacts> purposes({
    {KeyPurpose::server_auth, {"serverAuth", asn1::oid::server_auth}},
    {KeyPurpose::client_auth, {"clientAuth", asn1::oid::client_auth}},
});

}  // namespace

base::BytesView object_id_of(KeyPurpose purpose) {
    return purposes[purpose].object_id;
}

std::string_view to_string(KeyPurpose purpose) {
    return purposes[purpose].name;
}

base::Result<KeyPurpose> key_purpose_from(std::string_view text) {
    if (const auto purpose = purposes.find(text, &PurposeFacts::name)) return *purpose;
    return base::fail("\"" + base::printable(text, 80) + "\" is none of " +
                      base::listed(purposes, &PurposeFacts::name));
}

}  // namespace cairn::pki
