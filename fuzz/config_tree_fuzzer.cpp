#include <cstdlib>

#include "base/bytes.h"
#include "client/apache/config_tree.h"
#include "fuzz/target.h"

using namespace cairn;

namespace {

/// Nodes stand behind one another without gaps, those of a section between its two lines.
void expect_in_order(const std::vector<client::apache::ConfigNode>& nodes, std::size_t begin,
                     std::size_t end) {
    for (const auto& node : nodes) {
        if (node.begin != begin || node.end <= node.begin) std::abort();
        begin = node.end;
        if (node.kind == client::apache::ConfigNode::Kind::silent) continue;
        if (node.arguments_begin < node.begin || node.arguments_end < node.arguments_begin ||
            node.arguments_end > node.end)
            std::abort();
        if (node.kind != client::apache::ConfigNode::Kind::section) continue;
        if (node.inner_begin <= node.begin || node.inner_end < node.inner_begin ||
            node.inner_end >= node.end)
            std::abort();
        expect_in_order(node.children, node.inner_begin, node.inner_end);
    }
    if (begin != end) std::abort();
}

}  // namespace

// A tree prints the octets that it was made of, and a word that is quoted is read back.
CAIRN_FUZZ_TARGET(config_tree) {
    const std::string text(base::text_of({data, size}));
    const auto tree = client::apache::ConfigTree::from_text(text);
    if (!tree) return 0;
    if (tree->print() != text) std::abort();
    expect_in_order(tree->nodes(), 0, text.size());
    for (const auto& node : tree->nodes())
        for (const auto& word : client::apache::split_words(node.arguments)) {
            const auto again = client::apache::split_words(client::apache::quoted_word(word));
            if (again.size() != 1 || again.front() != word) std::abort();
        }
    return 0;
}
