#include "dns/response.h"

#include <array>
#include <optional>
#include <utility>

#include "dns/message_header.h"
#include "dns/message_reader.h"
#include "dns/message_writer.h"

namespace cairn::dns {
namespace {

std::optional<RecordType> known_type(std::uint16_t number) {
    switch (static_cast<RecordType>(number)) {
        case RecordType::a:
        case RecordType::ns:
        case RecordType::cname:
        case RecordType::soa:
        case RecordType::txt:
        case RecordType::aaaa:
        case RecordType::caa:
            return static_cast<RecordType>(number);
    }
    return std::nullopt;
}

std::optional<std::string> joined_strings(base::BytesView data) {
    std::string joined;
    while (!data.empty()) {
        const std::size_t size = data[0];
        if (data.size() - 1 < size) return std::nullopt;
        joined.append(base::text_of(data.subspan(1, size)));
        data = data.subspan(1 + size);
    }
    return joined;
}

/// What the data of a record says; the reader stands at its start.
std::optional<std::string> text_of_data(MessageReader& reader, RecordType type,
                                        base::BytesView data) {
    switch (type) {
        case RecordType::a:
        case RecordType::aaaa: {
            const auto address = base::IpAddress::from_octets(data);
            if (!address) return std::nullopt;
            return address->to_string();
        }
        case RecordType::ns:
        case RecordType::cname:
        case RecordType::soa:
            return reader.name();
        case RecordType::txt:
            return joined_strings(data);
        case RecordType::caa:
            return std::string();
    }
    return std::nullopt;
}

/// False if the message is broken.
bool read_section(MessageReader& reader, std::uint16_t count,
                  std::vector<ResourceRecord>& records) {
    for (unsigned index = 0; index < count; ++index) {
        auto owner = reader.name();
        const auto type_number = reader.u16();
        const auto record_class = reader.u16();
        const auto time_to_live = reader.u32();
        const auto size = reader.u16();
        if (!owner || !type_number || !record_class || !time_to_live || !size) return false;
        const auto start = reader.position();
        const auto data = reader.take(*size);
        if (!data) return false;
        const auto type = known_type(*type_number);
        if (!type || *record_class != class_internet) continue;
        reader.move_to(start);
        auto text = text_of_data(reader, *type, *data);
        reader.move_to(start + *size);
        if (!text) return false;
        records.push_back({.owner = std::move(*owner),
                           .type = *type,
                           .time_to_live = *time_to_live > 0x7fffffffU ? 0 : *time_to_live,
                           .text = std::move(*text)});
    }
    return true;
}

}  // namespace

base::Result<Response> read_response(base::BytesView message, std::string_view name,
                                     RecordType type) {
    MessageReader reader(message);
    const auto id = reader.u16();
    const auto flags = reader.u16();
    const auto questions = reader.u16();
    const auto answers = reader.u16();
    const auto authorities = reader.u16();
    const auto additionals = reader.u16();
    if (!id || !flags || !questions || !answers || !authorities || !additionals)
        return base::fail(std::string(cut_short));
    if ((*flags & flag_response) == 0) return base::fail("the DNS message is not a response");
    if ((*flags & flag_truncated) != 0) return base::fail("the DNS message is truncated");
    Response response;
    response.response_code = *flags & mask_response_code;
    response.is_authoritative = (*flags & flag_authoritative) != 0;
    // Some servers leave the question out of an error.
    if (*questions == 0 && response.response_code != 0) return response;
    if (*questions != 1) return base::fail("the DNS message does not repeat its one question");
    const auto question = reader.name();
    const auto question_type = reader.u16();
    const auto question_class = reader.u16();
    if (!question || !question_type || !question_class) return base::fail(std::string(cut_short));
    if (name.ends_with('.')) name.remove_suffix(1);
    if (!net::same_ignoring_case(*question, name) ||
        *question_type != static_cast<std::uint16_t>(type) || *question_class != class_internet)
        return base::fail("the DNS message answers another question");
    if (unsigned{*answers} + *authorities + *additionals > max_records)
        return base::fail("the DNS answer has more than " + std::to_string(max_records) +
                          " records");
    if (!read_section(reader, *answers, response.answers) ||
        !read_section(reader, *authorities, response.authorities) ||
        !read_section(reader, *additionals, response.additionals))
        return base::fail(std::string(cut_short));
    return response;
}

std::string response_code_text(int code) {
    static constexpr std::array<std::string_view, 11> names = {
        "NOERROR",  "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED",
        "YXDOMAIN", "YXRRSET", "NXRRSET",  "NOTAUTH",  "NOTZONE"};
    static constexpr std::array<std::string_view, 7> of_tsig = {
        "BADSIG", "BADKEY", "BADTIME", "BADMODE", "BADNAME", "BADALG", "BADTRUNC"};
    constexpr int first_of_tsig = 16;
    if (code >= 0 && code < static_cast<int>(names.size()))
        return std::string(names[static_cast<std::size_t>(code)]);
    if (code >= first_of_tsig && code < first_of_tsig + static_cast<int>(of_tsig.size()))
        return std::string(of_tsig[static_cast<std::size_t>(code - first_of_tsig)]);
    return "RCODE " + std::to_string(code);
}

}  // namespace cairn::dns
