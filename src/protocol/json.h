#pragma once
// Private to the .cpp files of protocol, va, client and admin: what every reader of JSON shares.

#include <array>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/array.hpp>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/object.hpp>
#include <boost/json/storage_ptr.hpp>
#include <boost/json/value.hpp>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "protocol/problem.h"

namespace cairn::protocol {

/// Memory for objects that live no longer than one function call: the first few KiB are on the
/// stack, all is freed at once.
class JsonMemory {
  public:
    [[nodiscard]] boost::json::storage_ptr storage() { return &resource_; }

  private:
    std::array<unsigned char, 8192> buffer_;
    boost::json::monotonic_resource resource_{buffer_.data(), buffer_.size()};
};

/// Reads one JSON object strictly (RFC 8259, RFC 7493): UTF-8, no duplicate members (compared after
/// unescaping), at most 16 levels and 1,000 members an object, nothing behind it, no byte order
/// mark, numbers of at most 64 characters that are not infinite. Memory stays within a small
/// multiple of the text. The object lives in `storage`.
[[nodiscard]] base::Result<boost::json::object> parse_json_object(
    base::BytesView text, boost::json::storage_ptr storage = {});

/// The error of a payload as the problem to answer with.
[[nodiscard]] std::unexpected<Problem> malformed(const base::Error& error);

/// How a member whose value is null is treated.
enum class NullMember {
    missing,    ///< in payloads, where clients mean it so
    wrong_type  ///< in a JOSE header, where null is never meant
};

/// Takes the members of one object by exact name (RFC 8555 names are case-sensitive) and checks
/// their types. A missing member is an empty result; a member of the wrong type is one, too, and
/// the first such is what `error` tells, so that a whole object is read before it is judged. What
/// is returned are views into the object.
class MemberReader {
  public:
    explicit MemberReader(const boost::json::object& object,
                          NullMember null_member = NullMember::missing)
        : object_(object), null_member_(null_member) {}

    [[nodiscard]] std::optional<std::string_view> text(std::string_view name);
    /// Empty and an error if the member is missing.
    [[nodiscard]] std::string_view required_text(std::string_view name);
    /// Empty if the member is missing.
    [[nodiscard]] std::string text_or_empty(std::string_view name);
    [[nodiscard]] std::optional<bool> boolean(std::string_view name);
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name);
    /// An RFC 3339 date-time. An empty string, which some peers write for none, counts as missing.
    [[nodiscard]] std::optional<base::Time> time(std::string_view name);
    /// The same, but without an error: nothing for a text that is no date from 1970 on. Some
    /// servers write "" or the year 1 for none.
    [[nodiscard]] std::optional<base::Time> time_if_sound(std::string_view name);
    /// At most `limit` strings; none if the member is missing.
    [[nodiscard]] std::vector<std::string> texts(std::string_view name, std::size_t limit);
    /// Null if the member is missing.
    [[nodiscard]] const boost::json::object* object(std::string_view name);
    /// Null if the member is missing.
    [[nodiscard]] const boost::json::array* array(std::string_view name);
    /// The JSON text of a member that is an object; empty if it is missing.
    [[nodiscard]] std::string object_text(std::string_view name);

    /// The first error of a member that was asked for.
    [[nodiscard]] const std::optional<base::Error>& error() const { return error_; }
    /// Records the error `reason` of the member `name`, unless there is one already.
    void refuse(std::string_view name, std::string_view reason);

  private:
    const boost::json::value* find(std::string_view name) const;
    const boost::json::object& object_;
    NullMember null_member_;
    std::optional<base::Error> error_;
};

}  // namespace cairn::protocol
