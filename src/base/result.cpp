#include "base/result.h"

#include <algorithm>

namespace cairn::base {

std::string printable(std::string_view text, std::size_t limit) {
    std::string result(text.substr(0, limit));
    std::ranges::replace_if(result, [](char c) { return c < ' ' || c > '~'; }, '?');
    return result;
}

}  // namespace cairn::base
