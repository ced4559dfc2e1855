#include "client/order_record.h"

#include <fmt/format.h>

#include "base/json_quoted.h"
#include "client/durable_file.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_record = std::size_t{2} << 20;

base::Result<OpenOrder> parse(std::string_view text) {
    const auto object = protocol::parse_json_object(base::bytes_of(text));
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    const auto plan_text = reader.object_text("plan");
    const auto key_pem = reader.required_text("key");
    OrderPosition position{.order_url = reader.text_or_empty("order"),
                           .certificate_url = reader.text_or_empty("certificate"),
                           .is_finalizing = reader.boolean("finalizing").value_or(false)};
    if (reader.error()) return std::unexpected(*reader.error());
    auto plan = CertificatePlan::from_json(base::bytes_of(plan_text));
    if (!plan) return std::unexpected(plan.error().within("plan"));
    auto key = crypto::PrivateKey::from_pem(key_pem);
    if (!key) return std::unexpected(key.error().within("key"));
    return OpenOrder{std::move(*plan), std::move(*key), std::move(position)};
}

}  // namespace

base::Result<std::optional<OpenOrder>> OrderRecord::find() const {
    if (fs::symlink_status(file_).type() == fs::file_type::not_found) return std::nullopt;
    auto text = read_file(file_, max_record);
    if (!text) return std::unexpected(text.error());
    auto order = parse(*text);
    base::wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
    if (!order) return std::unexpected(order.error().within(file_.string()));
    return std::move(*order);
}

void OrderRecord::keep(const OpenOrder& order) const {
    make_private_directory(file_.parent_path());
    const auto pem = order.key.to_pem();
    write_durably(
        file_,
        fmt::format("{{\n\"order\": {},\n\"certificate\": {},\n\"finalizing\": {},\n"
                    "\"key\": {},\n\"plan\": {}}}\n",
                    base::json_quoted(order.position.order_url),
                    base::json_quoted(order.position.certificate_url), order.position.is_finalizing,
                    base::json_quoted(base::text_of(pem)), order.plan.to_json()),
        FileAccess::owner);
}

void OrderRecord::erase() const {
    if (fs::remove(file_)) sync_directory(file_.parent_path());
}

std::vector<LineageName> lineages_being_issued(const StateDirectory& state) {
    std::vector<LineageName> names;
    for (const auto& name : state.lineages_with_orders()) {
        const auto order = OrderRecord(state, name).find();
        // One that cannot be read is told of where it is looked at.
        if (!order || (*order && (*order)->position.is_finalizing)) names.push_back(name);
    }
    return names;
}

}  // namespace cairn::client
