#pragma once
// Private to the .cpp files of store.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::store {

/// What one node tells the others in one NOTIFY: that something happened to some objects, or that
/// the configuration is to be read again. Whoever may send to the database's channel may send
/// anything, so that what is read is never more than this.
struct NodeMessage {
    /// Most ids in one message: PostgreSQL takes payloads of less than 8000 octets.
    static constexpr std::size_t most_changed = 300;

    std::string sender{};  ///< the mark of the node that says so
    bool is_reload = false;
    std::vector<std::string> changed{};  ///< ids, as ca::Id writes them

    friend bool operator==(const NodeMessage&, const NodeMessage&) = default;
};

/// "SENDER ID ID ...", or "SENDER reload". Of a reload the ids are not told.
[[nodiscard]] std::string to_payload(const NodeMessage& message);

/// Reads `payload`. A word that is no id is ignored: it may come from a node of a newer version.
[[nodiscard]] NodeMessage read_node_message(std::string_view payload);

}  // namespace cairn::store
