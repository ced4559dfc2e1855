#include "protocol/json.h"

#include <cmath>

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value_stack.hpp>

namespace cairn::protocol {
namespace {

namespace json = boost::json;

constexpr std::size_t max_depth = 16;
constexpr std::size_t max_number_length = 64;

/// Builds the tree while Boost.JSON reads, like Boost's own handler. In addition it refuses numbers
/// that are too long and counts members.
class TreeBuilder {
  public:
    // Names that Boost.JSON asks for. An object's limit bounds what colliding names can cost.
    static constexpr std::size_t max_object_size = 1000;
    static constexpr std::size_t max_array_size = json::array::max_size();
    static constexpr std::size_t max_key_size = json::string::max_size();
    static constexpr std::size_t max_string_size = json::string::max_size();

    explicit TreeBuilder(const json::storage_ptr& storage)
        : stack_(json::storage_ptr(), scratch_.data(), scratch_.size()) {
        stack_.reset(storage);
    }

    bool on_document_begin(json::error_code&) { return true; }
    bool on_document_end(json::error_code&) { return true; }
    bool on_object_begin(json::error_code&) { return true; }
    bool on_object_end(std::size_t count, json::error_code&) {
        members_ += count;
        stack_.push_object(count);
        return true;
    }
    bool on_array_begin(json::error_code&) { return true; }
    bool on_array_end(std::size_t count, json::error_code&) {
        stack_.push_array(count);
        return true;
    }
    bool on_key_part(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_key(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_key(part);
        return true;
    }
    bool on_string_part(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_chars(part);
        return true;
    }
    bool on_string(json::string_view part, std::size_t, json::error_code&) {
        stack_.push_string(part);
        return true;
    }
    bool on_number_part(json::string_view, json::error_code&) { return true; }
    bool on_int64(std::int64_t number, json::string_view text, json::error_code& error) {
        stack_.push_int64(number);
        return is_short(text, error);
    }
    bool on_uint64(std::uint64_t number, json::string_view text, json::error_code& error) {
        stack_.push_uint64(number);
        return is_short(text, error);
    }
    bool on_double(double number, json::string_view text, json::error_code& error) {
        if (!std::isfinite(number)) {
            error = json::error::exponent_overflow;
            return false;
        }
        stack_.push_double(number);
        return is_short(text, error);
    }
    bool on_bool(bool value, json::error_code&) {
        stack_.push_bool(value);
        return true;
    }
    bool on_null(json::error_code&) {
        stack_.push_null();
        return true;
    }
    bool on_comment_part(json::string_view, json::error_code&) { return true; }
    bool on_comment(json::string_view, json::error_code&) { return true; }

    json::value release() { return stack_.release(); }
    /// The number of members read in all objects, with duplicates.
    [[nodiscard]] std::size_t members() const { return members_; }

  private:
    static bool is_short(json::string_view text, json::error_code& error) {
        if (text.size() <= max_number_length) return true;
        error = json::error::not_exact;
        return false;
    }

    std::array<unsigned char, 2048> scratch_;
    json::value_stack stack_;
    std::size_t members_ = 0;
};

std::size_t members_in(const json::value& value) {
    std::size_t count = 0;
    if (const json::object* object = value.if_object()) {
        count = object->size();
        for (const json::key_value_pair& member : *object) count += members_in(member.value());
    } else if (const json::array* array = value.if_array()) {
        for (const json::value& element : *array) count += members_in(element);
    }
    return count;
}

std::string_view view_of(const json::string& text) {
    return {text.data(), text.size()};
}

}  // namespace

base::Result<json::object> parse_json_object(base::BytesView text, json::storage_ptr storage) {
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<TreeBuilder> parser(options, storage);

    const std::string_view characters = base::text_of(text);
    json::error_code error;
    const std::size_t used = parser.write_some(false, characters.data(), characters.size(), error);
    if (error) return base::fail("not valid JSON: " + error.message());
    if (used != characters.size()) return base::fail("not valid JSON: something follows the value");

    json::value value = parser.handler().release();
    json::object* object = value.if_object();
    if (object == nullptr) return base::fail("not a JSON object");
    // The tree keeps one of several members with equal names, so it holds fewer than were read.
    if (members_in(value) != parser.handler().members()) {
        return base::fail("a member stands twice in an object");
    }
    return std::move(*object);
}

std::unexpected<Problem> malformed(const base::Error& error) {
    return std::unexpected(Problem(ProblemType::malformed, error.message));
}

const json::value* MemberReader::find(std::string_view name) const {
    const json::value* value = object_.if_contains(name);
    if (value == nullptr) return nullptr;
    return value->is_null() && null_member_ == NullMember::missing ? nullptr : value;
}

void MemberReader::refuse(std::string_view name, std::string_view reason) {
    if (!error_) error_ = base::Error{std::string(reason)}.within(name);
}

std::optional<std::string_view> MemberReader::text(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (const json::string* text = value->if_string()) return view_of(*text);
    refuse(name, "not a string");
    return std::nullopt;
}

std::string_view MemberReader::required_text(std::string_view name) {
    const std::optional<std::string_view> value = text(name);
    if (!value) refuse(name, "missing");
    return value.value_or(std::string_view());
}

std::string MemberReader::text_or_empty(std::string_view name) {
    return std::string(text(name).value_or(std::string_view()));
}

std::optional<bool> MemberReader::boolean(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (const bool* boolean = value->if_bool()) return *boolean;
    refuse(name, "neither true nor false");
    return std::nullopt;
}

std::optional<std::int64_t> MemberReader::integer(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return std::nullopt;
    if (const std::int64_t* number = value->if_int64()) return *number;
    refuse(name, "not an integer");
    return std::nullopt;
}

std::optional<base::Time> MemberReader::time(std::string_view name) {
    const std::optional<std::string_view> value = text(name);
    if (!value || value->empty()) return std::nullopt;
    const base::Result<base::Time> time = base::from_rfc3339(*value);
    if (time) return *time;
    refuse(name, time.error().message);
    return std::nullopt;
}

std::optional<base::Time> MemberReader::time_if_sound(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr || !value->is_string()) return std::nullopt;
    const base::Result<base::Time> time = base::from_rfc3339(value->get_string());
    return time ? std::optional(*time) : std::nullopt;
}

std::vector<std::string> MemberReader::texts(std::string_view name, std::size_t limit) {
    std::vector<std::string> result;
    const json::array* values = array(name);
    if (values == nullptr) return result;
    if (values->size() > limit) {
        refuse(name, "more than " + std::to_string(limit) + " entries");
        return result;
    }
    result.reserve(values->size());
    for (const json::value& value : *values) {
        const json::string* text = value.if_string();
        if (text == nullptr) {
            refuse(name, "an entry is not a string");
            return {};
        }
        result.emplace_back(view_of(*text));
    }
    return result;
}

const json::object* MemberReader::object(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return nullptr;
    const json::object* object = value->if_object();
    if (object == nullptr) refuse(name, "not an object");
    return object;
}

const json::array* MemberReader::array(std::string_view name) {
    const json::value* value = find(name);
    if (value == nullptr) return nullptr;
    const json::array* array = value->if_array();
    if (array == nullptr) refuse(name, "not an array");
    return array;
}

std::string MemberReader::object_text(std::string_view name) {
    const json::object* value = object(name);
    return value == nullptr ? std::string() : json::serialize(*value);
}

}  // namespace cairn::protocol
