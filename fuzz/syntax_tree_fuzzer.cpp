#include <cstdlib>

#include "base/bytes.h"
#include "client/nginx/splices.h"
#include "client/nginx/syntax_tree.h"
#include "fuzz/target.h"

using namespace cairn;
using namespace cairn::client::nginx;

namespace {

/// Every octet belongs to one directive or stands between two; the words are those that are there.
void check(std::string_view text, const std::vector<Directive>& directives, std::size_t begin,
           std::size_t end) {
    for (const auto& directive : directives) {
        if (directive.begin < begin || directive.end > end || directive.words.empty()) std::abort();
        auto at = directive.begin;
        for (const auto& word : directive.words) {
            if (word.begin < at || word.end < word.begin || word.end > directive.end) std::abort();
            at = word.end;
            const auto again = SyntaxTree::parse(
                "x " + std::string(text.substr(word.begin, word.end - word.begin)) + ";");
            // A word may end with what only begins something elsewhere.
            if (again && again->directives().size() == 1 &&
                again->directives().front().parameter(1) != word.value)
                std::abort();
            const auto quoted = SyntaxTree::parse("x " + quoted_word(word.value) + ";");
            if (quoted && quoted->directives().front().parameter(1) != word.value) std::abort();
        }
        if (directive.body != Directive::Body::none) {
            if (text[directive.open] != '{' || text[directive.close] != '}' ||
                directive.close + 1 != directive.end)
                std::abort();
            check(text, directive.children, directive.open + 1, directive.close);
        } else if (text[directive.end - 1] != ';') {
            std::abort();
        }
        begin = directive.end;
    }
}

/// What is added can be taken away again, and the rest stays octet for octet.
void splice(std::string_view text, const Directive& block) {
    Splices splices(text);
    if (splices.result() != text) std::abort();
    const std::vector<std::string> lines = {"added one;"};
    splices.add_first(block, lines);
    const auto changed = splices.result();
    if (changed.size() <= text.size()) std::abort();
    const auto tree = SyntaxTree::parse(changed);
    if (changed.size() <= SyntaxTree::max_text && !tree) std::abort();
}

}  // namespace

CAIRN_FUZZ_TARGET(syntax_tree) {
    const auto text = base::text_of({data, size});
    const auto tree = SyntaxTree::parse(text);
    if (!tree) return 0;
    check(text, tree->directives(), 0, size);
    for (const auto& directive : tree->directives()) {
        if (directive.body != Directive::Body::directives) continue;
        splice(text, directive);
        break;
    }
    return 0;
}
