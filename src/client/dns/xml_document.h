#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cairn::client {

/// An element of a document that a provider answers.
struct XmlElement {
    std::string name;  ///< without a namespace's prefix
    std::vector<std::pair<std::string, std::string>> attributes{};
    std::string text{};  ///< its own, all of it
    std::vector<XmlElement> children{};

    /// The first child of this name; null if there is none.
    [[nodiscard]] const XmlElement* child(std::string_view child_name) const;
    /// The text of the first child of this name, empty if there is none.
    [[nodiscard]] std::string text_of(std::string_view child_name) const;
    /// Empty if there is none.
    [[nodiscard]] std::string attribute(std::string_view attribute_name) const;
};

/// Reads a document (XML 1.0) without a document type, so without entities but the five usual ones
/// and numbers; at most 32 levels and 20,000 elements.
[[nodiscard]] base::Result<XmlElement> parse_xml(std::string_view text);

/// `text` with what has a meaning in XML escaped.
[[nodiscard]] std::string xml_escaped(std::string_view text);

}  // namespace cairn::client
