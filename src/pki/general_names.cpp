#include "pki/general_names.h"

#include <algorithm>
#include <stdexcept>

#include <fmt/format.h>

namespace cairn::pki {
namespace {

constexpr std::size_t max_findings = 10;

// The choices of GeneralName. A directoryName's tag is explicit, as that of every CHOICE is.
constexpr std::uint8_t other_name = asn1::tag::context_constructed(0);
constexpr std::uint8_t rfc822_name = asn1::tag::context(1);
constexpr std::uint8_t dns_name = asn1::tag::context(2);
constexpr std::uint8_t x400_address = asn1::tag::context_constructed(3);
constexpr std::uint8_t directory_name = asn1::tag::context_constructed(4);
constexpr std::uint8_t edi_party_name = asn1::tag::context_constructed(5);
constexpr std::uint8_t uri = asn1::tag::context(6);
constexpr std::uint8_t ip_address = asn1::tag::context(7);
constexpr std::uint8_t registered_id = asn1::tag::context(8);

base::Result<void> add_name(const asn1::Element& entry, SubjectNames& names) {
    switch (entry.tag) {
        case dns_name: {
            const std::string_view text = base::text_of(entry.content);
            if (text.empty()) return base::fail("a dNSName is empty");
            if (!is_visible_ascii(text)) {
                return base::fail(
                    fmt::format("dNSName \"{}\" has characters outside ASCII, "
                                "control characters or spaces",
                                base::printable(text, 80)));
            }
            names.dns_names.emplace_back(text);
            return {};
        }
        case ip_address: {
            const auto address = base::IpAddress::from_octets(entry.content);
            if (!address) {
                return base::fail(fmt::format("an iPAddress has {} octets, neither 4 nor 16",
                                              entry.content.size()));
            }
            names.ip_addresses.push_back(*address);
            return {};
        }
        case uri: {
            const std::string_view text = base::text_of(entry.content);
            if (text.empty() || !is_visible_ascii(text))
                ++names.other_names;
            else
                names.uris.emplace_back(text);
            return {};
        }
        case other_name:
        case rfc822_name:
        case x400_address:
        case directory_name:
        case edi_party_name:
        case registered_id:
            ++names.other_names;
            return {};
        default:
            return base::fail(fmt::format("the tag {:02x} is not of a name", entry.tag));
    }
}

}  // namespace

SubjectNames read_general_names(asn1::Reader& reader, std::vector<base::Error>& findings) {
    SubjectNames names;
    asn1::Reader entries = reader.inside(asn1::tag::sequence, "subjectAltName");
    if (entries.at_end()) entries.fail("subjectAltName is empty");
    const std::size_t limit = findings.size() + max_findings;
    for (int number = 1; !entries.at_end(); ++number) {
        const auto added = add_name(entries.element("a name"), names);
        if (!added && findings.size() < limit) {
            findings.push_back(
                added.error().within(fmt::format("subjectAltName entry {}", number)));
        }
    }
    return names;
}

void write_general_names(asn1::Writer& writer, const SubjectNames& names) {
    if (names.other_names != 0) {
        throw std::invalid_argument("only DNS names, IP addresses and URIs can be written");
    }
    if (names.count() == 0) {
        throw std::invalid_argument("a subjectAltName needs a name");
    }
    writer.nested(asn1::tag::sequence, [&] {
        for (const std::string& name : names.dns_names) {
            if (name.empty() || !is_visible_ascii(name)) {
                throw std::invalid_argument("a DNS name is not visible ASCII");
            }
            writer.element(dns_name, name);
        }
        for (const base::IpAddress& address : names.ip_addresses) {
            writer.element(ip_address, address.octets());
        }
        for (const std::string& name : names.uris) {
            if (name.empty() || !is_visible_ascii(name)) {
                throw std::invalid_argument("a URI is not visible ASCII");
            }
            writer.element(uri, name);
        }
    });
}

bool is_visible_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

}  // namespace cairn::pki
