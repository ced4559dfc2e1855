#include "store/postgres/node_message.h"

#include <algorithm>

#include "ca/facts/id.h"

namespace cairn::store {
namespace {

constexpr std::string_view reload_word = "reload";

// Of any kind of object.
bool is_id(std::string_view word) {
    return ca::Id<struct AnyKind>::from_text(word).has_value();
}

}  // namespace

std::string to_payload(const NodeMessage& message) {
    if (message.is_reload) return message.sender + ' ' + std::string(reload_word);
    std::string payload = message.sender;
    for (const auto& id : message.changed) payload += ' ' + id;
    return payload;
}

NodeMessage read_node_message(std::string_view payload) {
    const auto next_word = [&payload] {
        const auto word = payload.substr(0, payload.find(' '));
        payload.remove_prefix(std::min(payload.size(), word.size() + 1));
        return word;
    };
    NodeMessage message;
    message.sender = next_word();
    while (!payload.empty() && message.changed.size() < NodeMessage::most_changed) {
        const auto word = next_word();
        if (word == reload_word)
            message.is_reload = true;
        else if (is_id(word))
            message.changed.emplace_back(word);
    }
    return message;
}

}  // namespace cairn::store
