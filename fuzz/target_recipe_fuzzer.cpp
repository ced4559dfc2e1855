#include <cstdlib>
#include <string>

#include "base/bytes.h"
#include "client/deploy/target_recipe.h"
#include "fuzz/target.h"

using namespace cairn;

// People take recipes from others. What is accepted puts files where a path says, with rights that
// let nobody else write, and waits for a bounded time.
CAIRN_FUZZ_TARGET(target_recipe) {
    const auto recipe =
        client::TargetRecipe::from_toml(std::string(base::text_of({data, size})), "theirs");
    if (!recipe) {
        if (recipe.error().message.empty()) std::abort();
        return 0;
    }
    if (recipe->files.empty() || recipe->timeout > std::chrono::minutes{10}) std::abort();
    for (const auto& file : recipe->files)
        if (!file.path.starts_with('/') && !file.path.starts_with('{')) std::abort();
    return 0;
}
