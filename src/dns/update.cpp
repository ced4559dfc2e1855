#include "dns/update.h"

#include <algorithm>

#include "dns/message.h"
#include "dns/message_header.h"
#include "dns/message_writer.h"

namespace cairn::dns {
namespace {

constexpr std::uint16_t opcode_update = 5U << 11U;
constexpr std::uint16_t class_none = 254;
constexpr std::size_t longest_string = 255;

}  // namespace

base::Result<base::Bytes> make_update(std::uint16_t id, const TxtUpdate& update) {
    MessageWriter writer;
    writer.u16(id);
    writer.u16(opcode_update);
    writer.u16(1);  // zone
    writer.u16(0);  // prerequisites
    writer.u16(1);  // update
    writer.u16(0);  // additional
    if (auto written = writer.name(update.zone); !written) return std::unexpected(written.error());
    writer.u16(static_cast<std::uint16_t>(RecordType::soa));
    writer.u16(class_internet);
    if (auto written = writer.name(update.name); !written) return std::unexpected(written.error());
    const bool is_added = update.kind == TxtUpdate::Kind::add;
    writer.u16(static_cast<std::uint16_t>(RecordType::txt));
    // "Delete an RR from an RRset" is class NONE and no time to live (section 2.5.4).
    writer.u16(is_added ? class_internet : class_none);
    writer.u32(is_added ? update.time_to_live : 0);
    MessageWriter data;
    std::string_view rest = update.value;
    do {
        const auto part = rest.substr(0, longest_string);
        data.u8(part.size());
        data.octets(base::bytes_of(part));
        rest.remove_prefix(part.size());
    } while (!rest.empty());
    const auto octets = data.take();
    writer.u16(octets.size());
    writer.octets(octets);
    return writer.take();
}

base::Result<int> update_response_code(base::BytesView message) {
    MessageReader reader(message);
    const auto id = reader.u16();
    const auto flags = reader.u16();
    if (!id || !flags || !reader.take(8)) return base::fail("the DNS message ends early");
    if ((*flags & flag_response) == 0 || (*flags & mask_opcode) != opcode_update)
        return base::fail("the DNS message is no response to an update");
    return *flags & 0x000f;
}

}  // namespace cairn::dns
