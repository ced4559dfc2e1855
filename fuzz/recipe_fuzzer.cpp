#include <algorithm>
#include <cstdlib>
#include <map>
#include <string>

#include "base/bytes.h"
#include "client/dns/recipe.h"
#include "crypto/random.h"
#include "fuzz/target.h"

using namespace cairn;

// People take recipes from others. What is accepted goes to hosts by TLS alone, names in a step
// what came before it, and makes nothing endless out of that.
CAIRN_FUZZ_TARGET(recipe) {
    const auto recipe =
        client::Recipe::from_toml(std::string(base::text_of({data, size})), "theirs");
    if (!recipe) {
        if (recipe.error().message.empty()) std::abort();
        return 0;
    }
    if (!recipe->api_url.starts_with("https://")) std::abort();
    if (recipe->login && !recipe->login->api_url.empty() &&
        !recipe->login->api_url.starts_with("https://"))
        std::abort();
    static crypto::SystemRandom random;
    std::map<std::string, std::string, std::less<>> yielded;
    for (const auto& step : recipe->steps) {
        const auto result = client::result_of(
            step,
            [&](std::string_view name) -> std::string {
                if (const auto known = yielded.find(name); known != yielded.end())
                    return known->second;
                if (std::ranges::find(recipe->steps, name, &client::RecipeStep::name) !=
                    recipe->steps.end())
                    std::abort();
                return "a value";
            },
            base::Time(), random);
        constexpr std::size_t encoded = 3;  // %XX
        if (result && result->size() > encoded * client::max_step) std::abort();
        yielded.emplace(step.name, result ? *result : std::string());
    }
    return 0;
}
