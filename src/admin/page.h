#pragma once
// Private to admin: lists that come in pages.

#include <cstddef>
#include <string>
#include <vector>

#include "admin/findings.h"
#include "admin/operation.h"

namespace cairn::admin {

/// Which part of a list is wanted. A list that may go on answers "next", to be said as "after".
struct Page {
    static constexpr std::size_t usual = 100, most = 1000;
    std::size_t limit = usual;
    std::string after;

    [[nodiscard]] static std::vector<Parameter> parameters() {
        return {
            {"limit", Parameter::Kind::count, "At most so many (1 to 1000; 100 unless said)"},
            {"after", Parameter::Kind::word, "Go on behind this one: \"next\" of the page before"}};
    }
    /// A limit out of bounds stands in `findings`.
    [[nodiscard]] static Page from(const Arguments& arguments, Findings& findings) {
        return findings.take([&] { return from(arguments); },
                             Page{.limit = usual, .after = arguments.word("after")});
    }
    /// Throws Refused for a limit out of bounds.
    [[nodiscard]] static Page from(const Arguments& arguments) {
        const auto limit = arguments.count("limit").value_or(usual);
        if (limit < 1 || static_cast<std::size_t>(limit) > most)
            throw Refused(Refused::Kind::usage, "limit must be from 1 to 1000");
        return {.limit = static_cast<std::size_t>(limit), .after = arguments.word("after")};
    }
};

}  // namespace cairn::admin
