#include "protocol/directory.h"

#include "protocol/json.h"
#include "protocol/json_writer.h"

namespace cairn::protocol {
namespace {

constexpr std::size_t max_caa_identities = 100;

void write_meta(JsonWriter& writer, const Directory& directory) {
    writer.begin_object();
    writer.optional_member("termsOfService", directory.terms_of_service);
    writer.optional_member("website", directory.website);
    writer.optional_member("caaIdentities", directory.caa_identities);
    if (directory.external_account_required) writer.member("externalAccountRequired", true);
    if (directory.subdomain_auth_allowed) writer.member("subdomainAuthAllowed", true);
    if (!directory.profiles.empty()) {
        writer.name("profiles");
        writer.begin_object();
        for (const auto& [name, description] : directory.profiles) writer.member(name, description);
        writer.end_object();
    }
    writer.end_object();
}

bool has_meta(const Directory& directory) {
    return !directory.terms_of_service.empty() || !directory.website.empty() ||
           !directory.caa_identities.empty() || directory.external_account_required ||
           directory.subdomain_auth_allowed || !directory.profiles.empty();
}

/// Optional members: one that cannot be read is left empty.
void read_meta(const boost::json::object& object, Directory& directory) {
    MemberReader members(object);
    directory.terms_of_service = members.text_or_empty("termsOfService");
    directory.website = members.text_or_empty("website");
    directory.caa_identities = members.texts("caaIdentities", max_caa_identities);
    directory.external_account_required =
        members.boolean("externalAccountRequired").value_or(false);
    directory.subdomain_auth_allowed = members.boolean("subdomainAuthAllowed").value_or(false);
    if (const boost::json::object* profiles = members.object("profiles")) {
        MemberReader descriptions(*profiles);
        for (const boost::json::key_value_pair& profile : *profiles) {
            directory.profiles.emplace(profile.key(), descriptions.text_or_empty(profile.key()));
        }
    }
}

}  // namespace

std::string Directory::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.member("newNonce", new_nonce);
    writer.member("newAccount", new_account);
    writer.member("newOrder", new_order);
    writer.optional_member("newAuthz", new_authz);
    writer.member("revokeCert", revoke_cert);
    writer.member("keyChange", key_change);
    writer.optional_member("renewalInfo", renewal_info);
    if (has_meta(*this)) {
        writer.name("meta");
        write_meta(writer, *this);
    }
    writer.end_object();
    return writer.take();
}

base::Result<Directory> Directory::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return std::unexpected(object.error());

    MemberReader members(*object);
    Directory directory;
    directory.new_nonce = members.required_text("newNonce");
    directory.new_account = members.required_text("newAccount");
    directory.new_order = members.required_text("newOrder");
    if (members.error()) return std::unexpected(*members.error());
    MemberReader rest(*object);
    directory.new_authz = rest.text_or_empty("newAuthz");
    directory.revoke_cert = rest.text_or_empty("revokeCert");
    directory.key_change = rest.text_or_empty("keyChange");
    directory.renewal_info = rest.text_or_empty("renewalInfo");
    if (const boost::json::object* meta = rest.object("meta")) read_meta(*meta, directory);
    return directory;
}

}  // namespace cairn::protocol
