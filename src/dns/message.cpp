#include "dns/message.h"

#include <algorithm>
#include <optional>

#include "dns/message_header.h"
#include "dns/message_reader.h"
#include "dns/message_writer.h"
#include "net/ascii.h"

namespace cairn::dns {
namespace {

constexpr std::uint8_t caa_critical = 0x80;

constexpr std::uint16_t type_opt = 41;

struct Record {
    std::string owner;
    std::uint16_t type = 0;
    std::uint32_t time_to_live = 0;
    base::BytesView data;
    std::string target;        ///< of a CNAME or NS; the primary of a SOA
    std::uint32_t serial = 0;  ///< of a SOA
};

constexpr bool holds_names(std::uint16_t type) {
    return type == static_cast<std::uint16_t>(RecordType::cname) ||
           type == static_cast<std::uint16_t>(RecordType::ns) ||
           type == static_cast<std::uint16_t>(RecordType::soa);
}

/// Reads the data of a record that holds names (RFC 1035 sections 3.3.1, 3.3.11 and 3.3.13); false
/// if it is broken.
bool read_names(MessageReader& reader, Record& record) {
    auto target = reader.name();
    if (!target) return false;
    record.target = std::move(*target);
    if (record.type != static_cast<std::uint16_t>(RecordType::soa)) return true;
    constexpr std::size_t times = 16;  // refresh, retry, expire, minimum
    const auto mailbox = reader.name();
    const auto serial = reader.u32();
    if (!mailbox || !serial || !reader.take(times)) return false;
    record.serial = *serial;
    return true;
}

/// The answer section's records of class IN that are of `type` or CNAMEs.
base::Result<std::vector<Record>> read_answers(MessageReader& reader, std::uint16_t count,
                                               std::uint16_t type) {
    std::vector<Record> records;
    for (unsigned index = 0; index < count; ++index) {
        Record record;
        auto owner = reader.name();
        if (!owner) return base::fail(std::string(cut_short));
        record.owner = std::move(*owner);
        const auto record_type = reader.u16();
        const auto record_class = reader.u16();
        const auto time_to_live = reader.u32();
        const auto size = reader.u16();
        if (!record_type || !record_class || !time_to_live || !size) {
            return base::fail(std::string(cut_short));
        }
        const auto start = reader.position();
        const auto data = reader.take(*size);
        if (!data) return base::fail(std::string(cut_short));
        const bool is_cname = *record_type == static_cast<std::uint16_t>(RecordType::cname);
        if (*record_class != class_internet || !(is_cname || *record_type == type)) continue;
        record.type = *record_type;
        // A value with the top bit set is taken as zero (RFC 2181 section 8).
        record.time_to_live = *time_to_live > 0x7fffffffU ? 0 : *time_to_live;
        record.data = *data;
        if (holds_names(record.type)) {
            // The names may be compressed, so they are read inside the message.
            reader.move_to(start);
            if (!read_names(reader, record) || reader.position() != start + *size) {
                return base::fail("a " +
                                  std::string(to_string(static_cast<RecordType>(record.type))) +
                                  " record is broken");
            }
        }
        if (records.size() == max_records + max_cname_links) {
            return base::fail("the DNS answer has more than " + std::to_string(max_records) +
                              " records");
        }
        records.push_back(std::move(record));
    }
    return records;
}

base::Result<std::string> read_texts(base::BytesView data) {
    std::string joined;
    if (data.empty()) return base::fail("a TXT record is empty");
    while (!data.empty()) {
        const std::size_t size = data[0];
        if (data.size() - 1 < size) return base::fail("a TXT record is broken");
        joined.append(base::text_of(data.subspan(1, size)));
        data = data.subspan(1 + size);
    }
    return joined;
}

base::Result<CaaProperty> read_caa(base::BytesView data) {
    // A tag has at least one octet (RFC 8659 section 4.1). A set with a property that cannot be
    // read is an error as a whole: what it would have forbidden is unknown.
    if (data.size() < 2 || data[1] == 0 || data.size() - 2 < data[1]) {
        return base::fail("a CAA record is broken");
    }
    CaaProperty property;
    property.flags = data[0];
    property.critical = (data[0] & caa_critical) != 0;
    property.tag = net::ascii_lower(base::text_of(data.subspan(2, data[1])));
    property.value = base::copy_of(data.subspan(std::size_t{2} + data[1]));
    return property;
}

base::Result<void> add_data(Answer& answer, const Record& record, RecordType type) {
    switch (type) {
        case RecordType::a:
        case RecordType::aaaa: {
            auto address = base::IpAddress::from_octets(record.data);
            const auto family =
                type == RecordType::a ? base::IpAddress::Family::v4 : base::IpAddress::Family::v6;
            if (!address || address->family() != family) {
                return base::fail("an address record is broken");
            }
            answer.addresses.push_back(*address);
            break;
        }
        case RecordType::txt: {
            auto text = read_texts(record.data);
            if (!text) return std::unexpected(text.error());
            answer.texts.push_back(std::move(*text));
            break;
        }
        case RecordType::caa: {
            auto property = read_caa(record.data);
            if (!property) return std::unexpected(property.error());
            answer.caa.push_back(std::move(*property));
            break;
        }
        case RecordType::ns:
            answer.name_servers.push_back(record.target);
            break;
        case RecordType::soa:
            answer.soa = StartOfAuthority{record.target, record.serial};
            break;
        case RecordType::cname:
            answer.canonical_name = record.target;
            break;
    }
    return {};
}

Answer::Outcome outcome_of(int response_code) {
    switch (response_code) {
        case 0:
            return Answer::Outcome::no_data;
        case 2:
            return Answer::Outcome::server_failure;
        case 3:
            return Answer::Outcome::no_such_name;
        case 5:
            return Answer::Outcome::refused;
        default:
            return Answer::Outcome::other_failure;
    }
}

/// The only CNAME of `owner`, if it has one.
base::Result<const Record*> cname_of(const std::vector<Record>& records, std::string_view owner) {
    const Record* found = nullptr;
    for (const Record& record : records) {
        if (record.type != static_cast<std::uint16_t>(RecordType::cname) || record.owner != owner) {
            continue;
        }
        if (found != nullptr && found->target != record.target) {
            return base::fail("a name has more than one CNAME");
        }
        found = &record;
    }
    return found;
}

/// Whether the authority section, at which the reader stands, names servers and has no SOA record.
base::Result<bool> names_servers_alone(MessageReader& reader, std::uint16_t count) {
    bool names_servers = false;
    for (unsigned index = 0; index < count; ++index) {
        const auto owner = reader.name();
        const auto type = reader.u16();
        const auto record_class = reader.u16();
        const auto time_to_live = reader.u32();
        const auto size = reader.u16();
        if (!owner || !type || !record_class || !time_to_live || !size || !reader.take(*size))
            return base::fail(std::string(cut_short));
        if (*type == static_cast<std::uint16_t>(RecordType::soa)) return false;
        if (*type == static_cast<std::uint16_t>(RecordType::ns)) names_servers = true;
    }
    return names_servers;
}

}  // namespace

base::Result<Answer> parse_response(base::BytesView message, std::string_view name,
                                    RecordType type) {
    const auto wanted_type = static_cast<std::uint16_t>(type);
    MessageReader reader(message);
    const auto id = reader.u16();
    const auto flags = reader.u16();
    const auto questions = reader.u16();
    const auto answers = reader.u16();
    const auto authorities = reader.u16();
    const auto additionals = reader.u16();  // not read
    if (!id || !flags || !questions || !answers || !authorities || !additionals) {
        return base::fail(std::string(cut_short));
    }
    if ((*flags & flag_response) == 0 || (*flags & mask_opcode) != 0) {
        return base::fail("the DNS message is not a response to a query");
    }
    if ((*flags & flag_truncated) != 0) return base::fail("the DNS message is truncated");
    if (*questions != 1) return base::fail("the DNS message does not repeat its one question");
    const auto question = reader.name();
    const auto question_type = reader.u16();
    const auto question_class = reader.u16();
    if (!question || !question_type || !question_class) return base::fail(std::string(cut_short));
    if (name.ends_with('.')) name.remove_suffix(1);
    if (!net::same_ignoring_case(*question, name) || *question_type != wanted_type ||
        *question_class != class_internet) {
        return base::fail("the DNS message answers another question");
    }

    Answer answer;
    answer.response_code = *flags & mask_response_code;
    answer.outcome = outcome_of(answer.response_code);
    answer.is_authoritative = (*flags & flag_authoritative) != 0;
    answer.canonical_name = *question;
    const auto records = read_answers(reader, *answers, wanted_type);
    if (!records) return std::unexpected(records.error());

    auto time_to_live = std::optional<std::uint32_t>();
    const auto note = [&](const Record& record) {
        time_to_live = std::min(time_to_live.value_or(record.time_to_live), record.time_to_live);
    };
    if (type != RecordType::cname) {
        for (std::size_t links = 0;; ++links) {
            const auto cname = cname_of(*records, answer.canonical_name);
            if (!cname) return std::unexpected(cname.error());
            if (*cname == nullptr) break;
            if (links == max_cname_links) return base::fail("the CNAME chain is too long or loops");
            note(**cname);
            answer.canonical_name = (*cname)->target;
        }
    }
    if (answer.outcome != Answer::Outcome::no_data) return answer;

    const std::string owner = answer.canonical_name;
    std::size_t count = 0;
    for (const Record& record : *records) {
        if (record.type != wanted_type || record.owner != owner) continue;
        if (++count > max_records) {
            return base::fail("the DNS answer has more than " + std::to_string(max_records) +
                              " records");
        }
        if (const auto added = add_data(answer, record, type); !added) {
            return std::unexpected(added.error());
        }
        note(record);
        answer.outcome = Answer::Outcome::found;
    }
    answer.time_to_live = time_to_live.value_or(0);
    if (answer.outcome == Answer::Outcome::no_data) {
        const auto is_referral = names_servers_alone(reader, *authorities);
        if (!is_referral) return std::unexpected(is_referral.error());
        answer.is_referral = *is_referral;
    }
    return answer;
}

base::Result<base::Bytes> make_query(std::uint16_t id, std::string_view name, RecordType type,
                                     Recursion recursion, Edns edns) {
    MessageWriter query;
    query.u16(id);
    query.u16(recursion == Recursion::desired ? flag_recursion_desired : 0);
    query.u16(1);  // question
    query.u16(0);
    query.u16(0);
    query.u16(edns == Edns::offered ? 1 : 0);  // additional record: OPT
    if (auto written = query.name(name); !written) return std::unexpected(written.error());
    query.u16(static_cast<std::uint16_t>(type));
    query.u16(class_internet);
    if (edns == Edns::none) return query.take();
    // OPT (RFC 6891 section 6.1.2): the root name, the type, our size, then nothing.
    query.u8(0);
    query.u16(type_opt);
    query.u16(max_datagram);
    query.u16(0);
    query.u16(0);
    query.u16(0);
    return query.take();
}

std::string_view to_string(RecordType type) {
    switch (type) {
        case RecordType::a:
            return "A";
        case RecordType::ns:
            return "NS";
        case RecordType::cname:
            return "CNAME";
        case RecordType::soa:
            return "SOA";
        case RecordType::txt:
            return "TXT";
        case RecordType::aaaa:
            return "AAAA";
        case RecordType::caa:
            return "CAA";
    }
    return "?";
}

}  // namespace cairn::dns
