#include "client/lineage_facts_lines.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/json_quoted.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

bool say_the_same(const LineageFacts& one, const LineageFacts& other) {
    auto first = one.to_json();
    auto second = other.to_json();
    const bool is_same = first == second;
    for (auto* text : {&first, &second})
        base::wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
    return is_same;
}

/// A line behind the object: how far the order of one certificate has come since.
std::string line_of(const OrderPosition& position, std::optional<crypto::KeyType> type) {
    return fmt::format(
        "{{\"order_at\": {}, \"certificate\": {}, \"finalizing\": {}{}}}\n",
        base::json_quoted(position.order_url), base::json_quoted(position.certificate_url),
        position.is_finalizing,
        type ? fmt::format(", \"key_type\": {}", base::json_quoted(crypto::to_string(*type))) : "");
}

base::Result<void> take_line(std::string_view line, LineageFacts& facts) {
    const auto object = protocol::parse_json_object(base::bytes_of(line));
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    OrderPosition position{.order_url = std::string(reader.required_text("order_at")),
                           .certificate_url = reader.text_or_empty("certificate"),
                           .is_finalizing = reader.boolean("finalizing").value_or(false)};
    const auto type_text = reader.text_or_empty("key_type");
    if (reader.error()) return std::unexpected(*reader.error());
    auto* concerned = &facts;
    if (!type_text.empty()) {
        const auto type = crypto::key_type_from(type_text);
        if (!type) return std::unexpected(type.error().within("key_type"));
        const auto found = std::ranges::find(facts.further, *type, &FurtherFacts::type);
        concerned = found == facts.further.end() ? nullptr : &found->facts;
    }
    if (concerned == nullptr || !concerned->order) return base::fail("there is no such order");
    concerned->order->position = std::move(position);
    return {};
}

}  // namespace

Parted parted(std::string_view text) {
    // The object has no such line: ends of lines are escaped in its strings.
    const auto end = text.find("\n{\"order_at\": ");
    if (end == std::string_view::npos) return {text, {}};
    return {text.substr(0, end + 1), text.substr(end + 1)};
}

base::Result<void> take_lines(std::string_view lines, LineageFacts& facts) {
    // What is behind the last end of a line was cut off.
    for (auto end = lines.find('\n'); end != std::string_view::npos; end = lines.find('\n')) {
        if (const auto taken = take_line(lines.substr(0, end), facts); !taken)
            return std::unexpected(taken.error().within("order_at"));
        lines.remove_prefix(end + 1);
    }
    return {};
}

std::optional<std::string> LineageFacts::lines_behind(const LineageFacts& former) const {
    auto reached = former;
    std::string lines;
    const auto advance = [&lines](LineageFacts& known, const LineageFacts& here,
                                  std::optional<crypto::KeyType> type) {
        if (!known.order || !here.order || known.order->position == here.order->position) return;
        known.order->position = here.order->position;
        lines += line_of(known.order->position, type);
    };
    advance(reached, *this, std::nullopt);
    for (auto& known : reached.further)
        for (const auto& here : further)
            if (here.type == known.type) advance(known.facts, here.facts, here.type);
    return say_the_same(reached, *this) ? std::optional(std::move(lines)) : std::nullopt;
}

}  // namespace cairn::client
