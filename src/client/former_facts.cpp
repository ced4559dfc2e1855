#include "client/former_facts.h"

#include "client/durable_file.h"
#include "client/lineage.h"
#include "crypto/digest.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_order = std::size_t{2} << 20;
constexpr std::size_t max_note = 4096;

bool is_there(const fs::path& file) {
    return fs::symlink_status(file).type() != fs::file_type::not_found;
}

base::Result<OpenOrder> parse_order(std::string_view text) {
    const auto object = protocol::parse_json_object(base::bytes_of(text));
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    const auto plan_text = reader.object_text("plan");
    const auto key_text = reader.required_text("key");
    OrderPosition position{.order_url = reader.text_or_empty("order"),
                           .certificate_url = reader.text_or_empty("certificate"),
                           .is_finalizing = reader.boolean("finalizing").value_or(false)};
    if (reader.error()) return std::unexpected(*reader.error());
    auto plan = CertificatePlan::from_json(base::bytes_of(plan_text));
    if (!plan) return std::unexpected(plan.error().within("plan"));
    auto key = LineageKey::from_text(key_text);
    if (!key) return std::unexpected(key.error().within("key"));
    return OpenOrder{std::move(*plan), std::move(*key), std::move(position)};
}

base::Result<OpenOrder> read_order(const fs::path& file) {
    auto text = read_file(file, max_order);
    if (!text) return std::unexpected(text.error());
    auto order = parse_order(*text);
    base::wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
    if (!order) return std::unexpected(order.error().within(file.string()));
    return order;
}

/// A note that cannot be read still says that the certificate is revoked.
RevocationNote read_revocation(const fs::path& file) {
    RevocationNote note;
    const auto text = read_file(file, max_note);
    if (!text) return note;
    const auto object = protocol::parse_json_object(base::bytes_of(*text));
    if (!object) return note;
    protocol::MemberReader reader(*object);
    note.time = reader.time("time").value_or(base::Time{});
    if (const auto reason = protocol::revocation_reason_from(reader.text_or_empty("reason")))
        note.reason = *reason;
    return note;
}

}  // namespace

std::vector<fs::path> FormerFacts::revocation_files() const {
    std::vector<fs::path> files;
    // Most states have none, and then the certificates need not be read.
    if (file_names_in(state_.revocations()).empty()) return files;
    for (const auto& certificate : Lineage(state_, name_).certificates())
        if (const auto file = state_.revocation(base::to_hex(crypto::sha256(certificate.der())));
            fs::exists(file))
            files.push_back(file);
    return files;
}

bool FormerFacts::are_there() const {
    return is_there(state_.order(name_)) || is_there(state_.deployment(name_)) ||
           !revocation_files().empty();
}

base::Result<LineageFacts> FormerFacts::read() const {
    LineageFacts facts;
    if (is_there(state_.order(name_))) {
        auto order = read_order(state_.order(name_));
        if (!order) return std::unexpected(order.error());
        facts.order = std::move(*order);
    }
    if (is_there(state_.deployment(name_)))
        // Without a certificate in place there is nothing to deploy.
        if (const auto number = Lineage(state_, name_).live_number())
            facts.obtained = GenerationFact{*number, base::Time{}};
    for (const auto& file : revocation_files())
        facts.add(KnownRevocation{file.stem().string(), read_revocation(file)});
    return facts;
}

std::optional<fs::path> FormerFacts::move_damage_away() const {
    const auto order = state_.order(name_);
    if (!is_there(order) || read_order(order)) return std::nullopt;
    const fs::path elsewhere = order.string() + ".damaged";
    fs::rename(order, elsewhere);
    sync_directory(elsewhere.parent_path());
    return elsewhere;
}

void FormerFacts::remove() const {
    const auto order = state_.order(name_);
    if (fs::remove(order)) sync_directory(order.parent_path());
    const auto deployment = state_.deployment(name_);
    if (fs::remove(deployment)) sync_directory(deployment.parent_path());
    for (const auto& file : revocation_files()) fs::remove(file);
    for (const auto& folder :
         {order.parent_path(), deployment.parent_path(), state_.revocations()}) {
        std::error_code not_empty;
        fs::remove(folder, not_empty);
    }
}

bool merge(const LineageFacts& former, LineageFacts& facts) {
    bool is_news = false;
    if (former.order && !facts.order) {
        facts.order = former.order;
        is_news = true;
    }
    if (former.obtained && !facts.is_deployment_pending()) {
        facts.obtained = former.obtained;
        facts.deployed.reset();
        is_news = true;
    }
    for (const auto& revocation : former.revocations) {
        if (facts.revocation_of(revocation.certificate)) continue;
        facts.add(revocation);
        is_news = true;
    }
    return is_news;
}

}  // namespace cairn::client
