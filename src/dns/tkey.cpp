#include "dns/tkey.h"

#include <string>
#include <utility>

#include "dns/message.h"
#include "dns/message_header.h"
#include "dns/message_reader.h"
#include "dns/message_writer.h"
#include "net/ascii.h"

namespace cairn::dns {
namespace {

constexpr std::uint16_t type_tkey = 249;
constexpr std::uint16_t mode_gss = 3;
constexpr std::uint16_t most_records = 100;

std::string without_dot(std::string_view name) {
    auto text = net::ascii_lower(name);
    if (text.ends_with('.')) text.pop_back();
    return text;
}

/// The record of the key that follows; `record` is its data.
base::Result<TkeyAnswer> read_record(base::BytesView record, TkeyAnswer answer) {
    const auto broken = [] { return base::fail("the TKEY record ends early"); };
    MessageReader reader(record);
    const auto algorithm = reader.name();
    if (!algorithm) return broken();
    if (*algorithm != gss_tsig) return base::fail("the TKEY record is for another algorithm");
    const auto times = reader.take(8);
    const auto mode = reader.u16();
    const auto error = reader.u16();
    const auto size = reader.u16();
    if (!times || !mode || !error || !size) return broken();
    const auto token = reader.take(*size);
    if (!token) return broken();
    answer.error = *error;
    if (*error == 0 && *mode != mode_gss)
        return base::fail("the TKEY record is of another mode than GSS-API's");
    answer.token = base::copy_of(*token);
    return answer;
}

}  // namespace

base::Result<base::Bytes> make_tkey_query(std::uint16_t id, std::string_view key_name,
                                          base::BytesView token, base::Time now) {
    constexpr std::size_t max_token = 60000;
    if (token.size() > max_token) return base::fail("what GSS-API has to tell is too long");
    MessageWriter writer;
    writer.u16(id);
    writer.u16(0);  // a query
    writer.u16(1);  // question
    writer.u16(0);
    writer.u16(0);
    writer.u16(1);  // additional
    if (auto written = writer.name(key_name); !written) return std::unexpected(written.error());
    writer.u16(type_tkey);
    writer.u16(class_any);
    if (auto written = writer.name(key_name); !written) return std::unexpected(written.error());
    writer.u16(type_tkey);
    writer.u16(class_any);
    writer.u32(0);
    MessageWriter data;
    if (auto written = data.name(gss_tsig); !written) return std::unexpected(written.error());
    const auto seconds = static_cast<std::uint32_t>(now.time_since_epoch().count());
    data.u32(seconds);
    data.u32(seconds);
    data.u16(mode_gss);
    data.u16(0);
    data.u16(token.size());
    data.octets(token);
    data.u16(0);
    const auto octets = data.take();
    writer.u16(octets.size());
    writer.octets(octets);
    return writer.take();
}

base::Result<TkeyAnswer> read_tkey_answer(base::BytesView message, std::string_view key_name) {
    const auto broken = [] { return base::fail("the DNS message ends early or is broken"); };
    MessageReader reader(message);
    const auto id = reader.u16();
    const auto flags = reader.u16();
    const auto questions = reader.u16();
    const auto answers = reader.u16();
    if (!id || !flags || !questions || !answers || !reader.u32()) return broken();
    if ((*flags & flag_response) == 0 || (*flags & mask_opcode) != 0)
        return base::fail("the DNS message is no response to a query");
    TkeyAnswer answer{.response_code = *flags & 0x000f};
    if (answer.response_code != 0) return answer;
    if (*questions > most_records || *answers > max_records) return broken();
    for (unsigned i = 0; i < *questions; ++i)
        if (!reader.name() || !reader.u32()) return broken();
    for (unsigned i = 0; i < *answers; ++i) {
        const auto owner = reader.name();
        const auto type = reader.u16();
        const auto fixed = reader.take(6);
        const auto size = reader.u16();
        if (!owner || !type || !fixed || !size) return broken();
        const auto data = reader.take(*size);
        if (!data) return broken();
        if (*type == type_tkey && *owner == without_dot(key_name))
            return read_record(*data, std::move(answer));
    }
    return base::fail("the response has no TKEY record for the key");
}

}  // namespace cairn::dns
