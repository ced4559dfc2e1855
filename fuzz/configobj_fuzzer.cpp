#include <cstdlib>

#include "base/bytes.h"
#include "client/import/configobj.h"
#include "fuzz/target.h"

using namespace cairn;

namespace {

/// How many octets of text a section holds; what is read was there.
std::size_t size_of(const client::ConfigSection& section, std::size_t depth) {
    if (depth > client::ConfigSection::max_depth) std::abort();
    std::size_t size = 0;
    for (const auto& [key, value] : section.values) {
        if (key.empty() || section.find(key) != &value) std::abort();
        size += key.size();
        for (const auto& word : value.words) size += word.size();
    }
    for (const auto& [name, inner] : section.sections)
        size += name.size() + size_of(inner, depth + 1);
    return size;
}

}  // namespace

CAIRN_FUZZ_TARGET(configobj) {
    const auto file = client::ConfigSection::from_text(base::text_of({data, size}));
    if (file && size_of(*file, 0) > size) std::abort();
    return 0;
}
