#include "http/link_header.h"

#include <algorithm>
#include <cctype>
#include <optional>

namespace cairn::http {
namespace {

bool equal_ignoring_case(std::string_view left, std::string_view right) {
    return std::ranges::equal(left, right, [](unsigned char a, unsigned char b) {
        return std::tolower(a) == std::tolower(b);
    });
}

/// A view of the rest of one field that is eaten from the left.
class Scanner {
  public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool is_at_end() const { return rest_.empty(); }
    void skip(std::string_view characters) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(characters), rest_.size()));
    }
    bool take(char character) {
        if (!rest_.starts_with(character)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// Everything up to one of `ends` or the end of the field.
    std::string_view until(std::string_view ends) {
        const auto length = std::min(rest_.find_first_of(ends), rest_.size());
        const auto text = rest_.substr(0, length);
        rest_.remove_prefix(length);
        return text;
    }
    /// A token or a quoted string without its quotes; backslashes stay as they are.
    std::optional<std::string_view> value() {
        if (!take('"')) return until(" \t;,");
        std::size_t length = 0;
        while (length < rest_.size() && rest_[length] != '"')
            length += rest_[length] == '\\' ? 2U : 1U;
        if (length >= rest_.size()) return std::nullopt;
        const auto text = rest_.substr(0, length);
        rest_.remove_prefix(length + 1);
        return text;
    }

  private:
    std::string_view rest_;
};

bool names_relation(std::string_view relations, std::string_view relation) {
    Scanner scanner(relations);
    for (scanner.skip(" \t"); !scanner.is_at_end(); scanner.skip(" \t"))
        if (equal_ignoring_case(scanner.until(" \t"), relation)) return true;
    return false;
}

/// Adds the targets of the links with this relation in one field.
void read_field(std::string_view field, std::string_view relation,
                std::vector<std::string>& targets) {
    Scanner scanner(field);
    for (scanner.skip(" \t,"); targets.size() < max_links && scanner.take('<');
         scanner.skip(" \t,")) {
        const auto target = scanner.until(">");
        if (!scanner.take('>')) return;
        // Only the first rel counts (RFC 8288 section 3.3).
        std::optional<std::string_view> relations;
        for (scanner.skip(" \t"); scanner.take(';'); scanner.skip(" \t")) {
            scanner.skip(" \t");
            const auto parameter = scanner.until(" \t=;,");
            scanner.skip(" \t");
            if (!scanner.take('=')) continue;
            scanner.skip(" \t");
            const auto value = scanner.value();
            if (!value) return;
            if (!relations && equal_ignoring_case(parameter, "rel")) relations = value;
        }
        if (relations && names_relation(*relations, relation)) targets.emplace_back(target);
    }
}

}  // namespace

std::vector<std::string> links_with_relation(std::span<const std::string_view> fields,
                                             std::string_view relation) {
    std::vector<std::string> targets;
    for (const auto field : fields) read_field(field, relation, targets);
    return targets;
}

}  // namespace cairn::http
