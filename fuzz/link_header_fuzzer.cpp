#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/bytes.h"
#include "fuzz/target.h"
#include "http/link_header.h"

using namespace cairn;

// The first line is a relation, each other one a field. Fields do not touch each other, and a
// target is a part of its field.
CAIRN_FUZZ_TARGET(link_header) {
    auto text = base::text_of({data, size});
    std::vector<std::string_view> lines;
    while (!text.empty()) {
        lines.push_back(text.substr(0, text.find('\n')));
        text.remove_prefix(std::min(text.size(), lines.back().size() + 1));
    }
    if (lines.empty()) return 0;
    const auto relation = lines.front();
    lines.erase(lines.begin());
    const auto all = http::links_with_relation(lines, relation);
    std::vector<std::string> one_by_one;
    for (const auto line : lines)
        for (auto& target : http::links_with_relation({&line, 1}, relation)) {
            if (!line.contains(target)) std::abort();
            one_by_one.push_back(std::move(target));
        }
    one_by_one.resize(std::min(one_by_one.size(), http::max_links));
    if (all != one_by_one) std::abort();
    return 0;
}
