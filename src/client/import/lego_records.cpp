#include "client/import/lego_records.h"

#include "base/bytes.h"
#include "protocol/json.h"

namespace cairn::client {

base::Result<LegoAccount> LegoAccount::from_json(std::string_view json) {
    const auto object = protocol::parse_json_object(base::bytes_of(json));
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    LegoAccount account{.email = reader.text_or_empty("email"), .url = {}, .contact = {}};
    if (const auto* registration = reader.object("registration")) {
        protocol::MemberReader registered(*registration);
        account.url = registered.text_or_empty("uri");
        if (const auto* body = registered.object("body")) {
            protocol::MemberReader kept(*body);
            account.contact = kept.texts("contact", max_contacts);
            if (kept.error()) return std::unexpected(*kept.error());
        }
        if (registered.error()) return std::unexpected(*registered.error());
    }
    if (reader.error()) return std::unexpected(*reader.error());
    return account;
}

base::Result<LegoCertificate> LegoCertificate::from_json(std::string_view json) {
    const auto object = protocol::parse_json_object(base::bytes_of(json));
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    LegoCertificate certificate{.domain = reader.text_or_empty("domain"),
                                .url = reader.text_or_empty("certUrl")};
    if (certificate.url.empty()) certificate.url = reader.text_or_empty("certStableUrl");
    if (reader.error()) return std::unexpected(*reader.error());
    return certificate;
}

}  // namespace cairn::client
