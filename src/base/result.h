#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace cairn::base {

/// What is wrong with an input, in words for the person who sent or configured it.
///
/// An Error is a value: parsers and pure code return it, they do not throw it. The message names
/// what was wrong and never quotes more of a hostile input than `printable` lets through.
struct Error {
    std::string message;

    /// The same error with its context in front: "`where`: message".
    [[nodiscard]] Error within(std::string_view where) const {
        return Error{std::string(where) + ": " + message};
    }
};

/// Either a value or the reason why there is none.
template <class T, class E = Error>
using Result = std::expected<T, E>;

/// Shorthand for returning a failure: `return fail("serial is negative");`
[[nodiscard]] inline std::unexpected<Error> fail(std::string message) {
    return std::unexpected(Error{std::move(message)});
}

/// At most `limit` characters of `text`, with everything outside printable ASCII replaced by '?',
/// so that bytes from a peer can stand in messages and logs.
[[nodiscard]] std::string printable(std::string_view text, std::size_t limit = 200);

}  // namespace cairn::base
