#include "store/postgres/node_message.h"

#include <gtest/gtest.h>

namespace cairn::store::node_message_test {
namespace {

const std::string id_1 = "AaIaJflQ7xTJntCXyk07gQ", id_2 = "AaIaJf04Vmo0WmtxmXLRXw";

TEST(NodeMessage, IsReadAsItWasWritten) {
    const NodeMessage changes{.sender = "me", .changed = {id_1, id_2}};
    EXPECT_EQ(to_payload(changes), "me " + id_1 + " " + id_2);
    EXPECT_EQ(read_node_message(to_payload(changes)), changes);
    const NodeMessage reload{.sender = "me", .is_reload = true};
    EXPECT_EQ(to_payload(reload), "me reload");
    EXPECT_EQ(read_node_message(to_payload(reload)), reload);
}

TEST(NodeMessage, PassesOverWhatIsNoId) {
    for (const std::string noise : {"", " ", "  ", "x", "AaIaJflQ7xTJntCXyk07g", "reload2",
                                    "AaIaJflQ7xTJntCXyk07gQA", "AaIaJflQ7xTJntCXyk07gR"}) {
        const auto message = read_node_message("me " + noise + " " + id_1);
        EXPECT_EQ(message, (NodeMessage{.sender = "me", .changed = {id_1}})) << noise;
    }
    EXPECT_EQ(read_node_message(""), NodeMessage{});
    EXPECT_EQ(read_node_message(" " + id_1), NodeMessage{.changed = {id_1}});
}

TEST(NodeMessage, HasABound) {
    std::string payload = "me";
    for (std::size_t i = 0; i <= NodeMessage::most_changed; ++i) payload += ' ' + id_1;
    EXPECT_EQ(read_node_message(payload).changed.size(), NodeMessage::most_changed);
    // What PostgreSQL takes for one payload.
    NodeMessage longest{.sender = "0123456789abcdef", .changed = {}};
    longest.changed.assign(NodeMessage::most_changed, id_1);
    EXPECT_LT(to_payload(longest).size(), 8000);
}

}  // namespace
}  // namespace cairn::store::node_message_test
