#include "client/dns/xml_document.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>

namespace cairn::client {
namespace {

constexpr std::size_t max_depth = 32;
constexpr std::size_t max_elements = 20000;

bool is_space(char character) {
    return character == ' ' || character == '\t' || character == '\r' || character == '\n';
}

bool is_of_name(char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           (character >= '0' && character <= '9') || character == '_' || character == '-' ||
           character == '.' || character == ':' || static_cast<unsigned char>(character) >= 0x80;
}

void append_utf8(std::string& text, std::uint32_t point) {
    const auto octet = [&](std::uint32_t number) { text += static_cast<char>(number & 0xffU); };
    if (point < 0x80) {
        octet(point);
    } else if (point < 0x800) {
        octet(0xc0U | point >> 6U);
        octet(0x80U | (point & 0x3fU));
    } else if (point < 0x10000) {
        octet(0xe0U | point >> 12U);
        octet(0x80U | (point >> 6U & 0x3fU));
        octet(0x80U | (point & 0x3fU));
    } else {
        octet(0xf0U | point >> 18U);
        octet(0x80U | (point >> 12U & 0x3fU));
        octet(0x80U | (point >> 6U & 0x3fU));
        octet(0x80U | (point & 0x3fU));
    }
}

/// Reads one document from front to end. Each member function returns false, or nothing, for what
/// is broken.
class Parser {
  public:
    explicit Parser(std::string_view text) : rest_(text) {}

    std::optional<XmlElement> document() {
        if (!skip_misc() || !rest_.starts_with('<')) return std::nullopt;
        auto root = element(0);
        if (!root || !skip_misc() || !rest_.empty()) return std::nullopt;
        return root;
    }

  private:
    void skip_space() {
        while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    }
    bool skip_past(std::string_view end) {
        const auto at = rest_.find(end);
        if (at == std::string_view::npos) return false;
        rest_.remove_prefix(at + end.size());
        return true;
    }
    /// Comments and instructions around the root; a document type is refused.
    bool skip_misc() {
        constexpr std::string_view mark = "\xef\xbb\xbf";
        if (rest_.starts_with(mark)) rest_.remove_prefix(mark.size());
        for (;;) {
            skip_space();
            if (rest_.starts_with("<?")) {
                if (!skip_past("?>")) return false;
            } else if (rest_.starts_with("<!--")) {
                if (!skip_past("-->")) return false;
            } else {
                return true;
            }
        }
    }
    std::string name() {
        std::size_t size = 0;
        while (size < rest_.size() && is_of_name(rest_[size])) ++size;
        auto whole = rest_.substr(0, size);
        rest_.remove_prefix(size);
        if (const auto colon = whole.rfind(':'); colon != std::string_view::npos)
            whole.remove_prefix(colon + 1);
        return std::string(whole);
    }

    static bool append_entity(std::string& text, std::string_view entity) {
        static constexpr std::array<std::pair<std::string_view, char>, 5> known = {
            {{"lt", '<'}, {"gt", '>'}, {"amp", '&'}, {"quot", '"'}, {"apos", '\''}}};
        const auto found =
            std::ranges::find(known, entity, &std::pair<std::string_view, char>::first);
        if (found != known.end()) {
            text += found->second;
            return true;
        }
        if (!entity.starts_with('#')) return false;
        entity.remove_prefix(1);
        const bool is_hex = entity.starts_with('x');
        if (is_hex) entity.remove_prefix(1);
        std::uint32_t point = 0;
        const auto [end, error] =
            std::from_chars(entity.data(), entity.data() + entity.size(), point, is_hex ? 16 : 10);
        const bool is_point = error == std::errc() && end == entity.data() + entity.size() &&
                              point > 0 && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
        if (is_point) append_utf8(text, point);
        return is_point;
    }
    static std::optional<std::string> unescaped(std::string_view text) {
        std::string result;
        while (!text.empty()) {
            const auto mark = text.find('&');
            result += text.substr(0, mark);
            if (mark == std::string_view::npos) break;
            const auto end = text.find(';', mark);
            if (end == std::string_view::npos ||
                !append_entity(result, text.substr(mark + 1, end - mark - 1)))
                return std::nullopt;
            text.remove_prefix(end + 1);
        }
        return result;
    }

    bool attributes(XmlElement& element) {
        for (;;) {
            skip_space();
            if (rest_.empty()) return false;
            if (rest_.front() == '>' || rest_.front() == '/') return true;
            auto key = name();
            skip_space();
            if (key.empty() || !rest_.starts_with('=')) return false;
            rest_.remove_prefix(1);
            skip_space();
            if (rest_.empty() || (rest_.front() != '"' && rest_.front() != '\'')) return false;
            const char quote = rest_.front();
            rest_.remove_prefix(1);
            const auto end = rest_.find(quote);
            if (end == std::string_view::npos) return false;
            auto value = unescaped(rest_.substr(0, end));
            if (!value) return false;
            rest_.remove_prefix(end + 1);
            element.attributes.emplace_back(std::move(key), std::move(*value));
        }
    }

    std::optional<XmlElement> element(std::size_t depth) {
        if (depth == max_depth || ++elements_ > max_elements) return std::nullopt;
        rest_.remove_prefix(1);
        XmlElement result{.name = name()};
        if (result.name.empty() || !attributes(result)) return std::nullopt;
        if (rest_.starts_with("/>")) {
            rest_.remove_prefix(2);
            return result;
        }
        if (!rest_.starts_with('>')) return std::nullopt;
        rest_.remove_prefix(1);
        if (!content(result, depth)) return std::nullopt;
        return result;
    }

    /// Up to and including the end tag.
    bool content(XmlElement& element, std::size_t depth) {
        constexpr std::string_view data_start = "<![CDATA[";
        for (;;) {
            const auto mark = rest_.find('<');
            if (mark == std::string_view::npos) return false;
            const auto text = unescaped(rest_.substr(0, mark));
            if (!text) return false;
            element.text += *text;
            rest_.remove_prefix(mark);
            if (rest_.starts_with("</")) {
                rest_.remove_prefix(2);
                if (name() != element.name) return false;
                skip_space();
                if (!rest_.starts_with('>')) return false;
                rest_.remove_prefix(1);
                return true;
            }
            if (rest_.starts_with("<!--")) {
                if (!skip_past("-->")) return false;
            } else if (rest_.starts_with(data_start)) {
                rest_.remove_prefix(data_start.size());
                const auto end = rest_.find("]]>");
                if (end == std::string_view::npos) return false;
                element.text += rest_.substr(0, end);
                rest_.remove_prefix(end + 3);
            } else if (rest_.starts_with("<?")) {
                if (!skip_past("?>")) return false;
            } else {
                auto child = this->element(depth + 1);
                if (!child) return false;
                element.children.push_back(std::move(*child));
            }
        }
    }

    std::string_view rest_;
    std::size_t elements_ = 0;
};

}  // namespace

const XmlElement* XmlElement::child(std::string_view child_name) const {
    const auto found = std::ranges::find(children, child_name, &XmlElement::name);
    return found == children.end() ? nullptr : &*found;
}

std::string XmlElement::text_of(std::string_view child_name) const {
    const auto* found = child(child_name);
    return found == nullptr ? std::string() : found->text;
}

std::string XmlElement::attribute(std::string_view attribute_name) const {
    for (const auto& [key, value] : attributes)
        if (key == attribute_name) return value;
    return {};
}

base::Result<XmlElement> parse_xml(std::string_view text) {
    auto root = Parser(text).document();
    if (!root) return base::fail("not XML as it should be");
    return std::move(*root);
}

std::string xml_escaped(std::string_view text) {
    std::string result;
    for (const char character : text) {
        switch (character) {
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '&':
                result += "&amp;";
                break;
            case '"':
                result += "&quot;";
                break;
            default:
                result += character;
        }
    }
    return result;
}

}  // namespace cairn::client
