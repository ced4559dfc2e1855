#include "apps/cairn/parted_names.h"

namespace cairn {
namespace {

/// True for a solver whose words are quoted as a shell quotes them.
bool is_command_line(std::string_view part) {
    const auto solver = part.substr(part.find('=') + 1);
    return part.contains('=') &&
           (solver.starts_with("exec:") || solver.starts_with("certbot-hooks:"));
}

}  // namespace

std::vector<std::string> parted_names(std::string_view text) {
    std::vector<std::string> parts{{}};
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char character = text[i];
        auto& part = parts.back();
        const bool is_escaped_comma = character == '\\' && i + 1 < text.size() &&
                                      text[i + 1] == ',' && quote == '\0' && part.contains('=');
        if (is_escaped_comma) {
            part += text[++i];
        } else if (quote != '\0') {
            part += character;
            if (character == quote) quote = '\0';
        } else if (character == ',') {
            parts.emplace_back();
        } else {
            // A quote that nothing ends is one of a folder's name, or is told where it is run.
            if ((character == '"' || character == '\'') && is_command_line(part) &&
                text.find(character, i + 1) != std::string_view::npos)
                quote = character;
            part += character;
        }
    }
    return parts;
}

std::string with_escaped_commas(std::string_view solver) {
    std::string text;
    for (const char character : solver) {
        if (character == ',') text += '\\';
        text += character;
    }
    return text;
}

}  // namespace cairn
