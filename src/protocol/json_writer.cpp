#include "protocol/json_writer.h"

#include "base/json_quoted.h"

namespace cairn::protocol {

void JsonWriter::separate() {
    if (comma_is_due_) text_ += ',';
}

void JsonWriter::begin_object() {
    separate();
    text_ += '{';
    comma_is_due_ = false;
}

void JsonWriter::end_object() {
    text_ += '}';
    comma_is_due_ = true;
}

void JsonWriter::begin_array() {
    separate();
    text_ += '[';
    comma_is_due_ = false;
}

void JsonWriter::end_array() {
    text_ += ']';
    comma_is_due_ = true;
}

void JsonWriter::name(std::string_view name) {
    separate();
    base::append_json_quoted(text_, name);
    text_ += ':';
    comma_is_due_ = false;
}

void JsonWriter::value(std::string_view text) {
    separate();
    base::append_json_quoted(text_, text);
    comma_is_due_ = true;
}

void JsonWriter::value(base::Time time) {
    value(std::string_view(base::to_rfc3339(time)));
}

void JsonWriter::value(const std::vector<std::string>& texts) {
    begin_array();
    for (const std::string& text : texts) value(std::string_view(text));
    end_array();
}

void JsonWriter::raw(std::string_view json) {
    separate();
    text_ += json;
    comma_is_due_ = true;
}

void JsonWriter::optional_member(std::string_view its_name, std::string_view text) {
    if (!text.empty()) member(its_name, text);
}

void JsonWriter::optional_member(std::string_view its_name, const std::vector<std::string>& texts) {
    if (!texts.empty()) member(its_name, texts);
}

void JsonWriter::optional_member(std::string_view its_name, const std::optional<base::Time>& time) {
    if (time) member(its_name, *time);
}

}  // namespace cairn::protocol
