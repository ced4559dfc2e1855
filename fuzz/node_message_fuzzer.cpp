#include <cstdlib>

#include "base/bytes.h"
#include "fuzz/target.h"
#include "store/postgres/node_message.h"

using cairn::base::BytesView;
using cairn::store::read_node_message;

// Messages of other nodes, and of anybody who may send to the database's channel.
CAIRN_FUZZ_TARGET(node_message) {
    const auto message = read_node_message(cairn::base::text_of(BytesView{data, size}));
    if (message.changed.size() > message.most_changed) std::abort();
    // A message that can be read can be written again, with the same meaning.
    const auto again = read_node_message(to_payload(message));
    if (again.sender != message.sender || again.is_reload != message.is_reload) std::abort();
    if (!message.is_reload && again.changed != message.changed) std::abort();
    return 0;
}
