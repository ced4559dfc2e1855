#include <cstdlib>

#include "base/bytes.h"
#include "client/dns/xml_document.h"
#include "fuzz/target.h"

using namespace cairn;

namespace {

std::size_t count(const client::XmlElement& element) {
    std::size_t elements = 1;
    for (const auto& child : element.children) elements += count(child);
    return elements;
}

}  // namespace

CAIRN_FUZZ_TARGET(xml_document) {
    const auto root = client::parse_xml(base::text_of({data, size}));
    constexpr std::size_t most = 20000;
    if (root && (root->name.empty() || count(*root) > most)) std::abort();
    // What is escaped is one text.
    const auto text = "<a>" + client::xml_escaped("<b>&\"") + "</a>";
    if (client::parse_xml(text)->text != "<b>&\"") std::abort();
    return 0;
}
