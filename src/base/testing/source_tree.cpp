#include "base/testing/source_tree.h"

namespace cairn::base::testing {

std::filesystem::path source_tree() {
    return CAIRN_SOURCE_TREE;
}

}  // namespace cairn::base::testing
