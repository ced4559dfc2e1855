#include "protocol/account.h"

#include "protocol/contact.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"
#include "protocol/jwk_json.h"

namespace cairn::protocol {
namespace {

// Limits for the answers of a server.
constexpr std::size_t max_contacts_of_peer = 100;
constexpr std::size_t max_orders = 10'000;

/// The contacts in a request, or nothing if it names none.
OrProblem<std::optional<std::vector<std::string>>> read_contacts(MemberReader& members) {
    const boost::json::array* values = members.array("contact");
    if (values == nullptr) return std::nullopt;
    if (values->size() > max_contacts) {
        return std::unexpected(
            Problem(ProblemType::invalid_contact,
                    "at most " + std::to_string(max_contacts) + " contacts can be given"));
    }
    std::vector<std::string> contacts = members.texts("contact", max_contacts);
    for (const std::string& contact : contacts) {
        if (std::optional<Problem> problem = contact_problem(contact)) {
            return std::unexpected(*std::move(problem));
        }
    }
    return contacts;
}

void optional_object(JsonWriter& writer, std::string_view name, std::string_view json) {
    if (json.empty()) return;
    writer.name(name);
    writer.raw(json);
}

}  // namespace

std::string AccountObject::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.member("status", to_string(status));
    writer.optional_member("contact", contact);
    if (terms_of_service_agreed) writer.member("termsOfServiceAgreed", true);
    optional_object(writer, "externalAccountBinding", external_account_binding);
    writer.optional_member("orders", orders);
    writer.end_object();
    return writer.take();
}

base::Result<AccountObject> AccountObject::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return std::unexpected(object.error());

    MemberReader members(*object);
    AccountObject account;
    const std::optional<AccountStatus> status =
        account_status_from(members.required_text("status"));
    if (!status) members.refuse("status", "unknown for an account");
    account.status = status.value_or(AccountStatus::valid);
    account.contact = members.texts("contact", max_contacts_of_peer);
    account.terms_of_service_agreed = members.boolean("termsOfServiceAgreed").value_or(false);
    account.orders = members.text_or_empty("orders");
    account.external_account_binding = members.object_text("externalAccountBinding");
    if (members.error()) return std::unexpected(*members.error());
    return account;
}

std::string NewAccountRequest::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.optional_member("contact", contact);
    if (terms_of_service_agreed) writer.member("termsOfServiceAgreed", true);
    if (only_return_existing) writer.member("onlyReturnExisting", true);
    optional_object(writer, "externalAccountBinding", external_account_binding);
    writer.end_object();
    return writer.take();
}

OrProblem<NewAccountRequest> NewAccountRequest::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return malformed(object.error());

    MemberReader members(*object);
    NewAccountRequest request;
    OrProblem<std::optional<std::vector<std::string>>> contacts = read_contacts(members);
    request.terms_of_service_agreed = members.boolean("termsOfServiceAgreed").value_or(false);
    request.only_return_existing = members.boolean("onlyReturnExisting").value_or(false);
    request.external_account_binding = members.object_text("externalAccountBinding");
    if (members.error()) return malformed(*members.error());
    if (!contacts) return std::unexpected(std::move(contacts.error()));
    request.contact = std::move(*contacts).value_or(std::vector<std::string>());
    return request;
}

std::string AccountUpdate::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    if (contact) writer.member("contact", *contact);
    if (deactivate) writer.member("status", to_string(AccountStatus::deactivated));
    if (terms_of_service_agreed) writer.member("termsOfServiceAgreed", true);
    writer.end_object();
    return writer.take();
}

OrProblem<AccountUpdate> AccountUpdate::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return malformed(object.error());

    MemberReader members(*object);
    AccountUpdate update;
    OrProblem<std::optional<std::vector<std::string>>> contacts = read_contacts(members);
    update.deactivate = members.text("status") == to_string(AccountStatus::deactivated);
    update.terms_of_service_agreed = members.boolean("termsOfServiceAgreed").value_or(false);
    if (members.error()) return malformed(*members.error());
    if (!contacts) return std::unexpected(std::move(contacts.error()));
    update.contact = std::move(*contacts);
    return update;
}

std::string KeyChangeRequest::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.member("account", account);
    writer.name("oldKey");
    writer.raw(old_key.to_json());
    writer.end_object();
    return writer.take();
}

OrProblem<KeyChangeRequest> KeyChangeRequest::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return malformed(object.error());

    MemberReader members(*object);
    const std::string_view account = members.required_text("account");
    const boost::json::object* old_key = members.object("oldKey");
    if (old_key == nullptr) members.refuse("oldKey", "missing");
    if (members.error()) return malformed(*members.error());
    OrProblem<Jwk> jwk = read_jwk(*old_key);
    if (!jwk) return std::unexpected(std::move(jwk.error()));
    return KeyChangeRequest{std::string(account), *std::move(jwk)};
}

std::string OrdersList::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.member("orders", orders);
    writer.end_object();
    return writer.take();
}

base::Result<OrdersList> OrdersList::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return std::unexpected(object.error());

    MemberReader members(*object);
    OrdersList list{members.texts("orders", max_orders)};
    if (members.error()) return std::unexpected(*members.error());
    return list;
}

}  // namespace cairn::protocol
