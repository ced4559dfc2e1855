#include "pki/certificate_profile.h"

#include <stdexcept>
#include <string>

namespace cairn::pki {

base::BytesView object_id_of(KeyPurpose purpose) {
    switch (purpose) {
        case KeyPurpose::server_auth:
            return asn1::oid::server_auth;
        case KeyPurpose::client_auth:
            return asn1::oid::client_auth;
    }
    throw std::logic_error("a purpose without an object identifier");
}

std::string_view to_string(KeyPurpose purpose) {
    switch (purpose) {
        case KeyPurpose::server_auth:
            return "serverAuth";
        case KeyPurpose::client_auth:
            return "clientAuth";
    }
    throw std::logic_error("a purpose without a name");
}

base::Result<KeyPurpose> key_purpose_from(std::string_view text) {
    for (const auto purpose : {KeyPurpose::server_auth, KeyPurpose::client_auth})
        if (text == to_string(purpose)) return purpose;
    return base::fail("\"" + base::printable(text, 80) + "\" is neither serverAuth nor clientAuth");
}

}  // namespace cairn::pki
