#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "apps/cairn/certbot_words.h"
#include "base/result.h"

namespace cairn {

/// One of our command lines, without the program's name.
struct OurCommand {
    std::vector<std::string> words;
    /// Once for every lineage, whose name is in the place of `lineage_to_fill_in`.
    bool is_for_every_lineage = false;
};

/// What stands in our words for what a command line of certbot does not say.
inline constexpr std::string_view lineage_to_fill_in = "LINEAGE";
inline constexpr std::string_view key_file_to_fill_in = "HMAC-KEY-FILE";

/// A command line of certbot in our words.
struct CertbotTranslation {
    /// To be run in this order, up to the first that fails.
    std::vector<OurCommand> commands;
    /// In sentences, what is different here from what its author may expect.
    std::vector<std::string> notes{};
    /// What was said with --eab-hmac-key; it belongs in a file, not in a command line.
    std::string hmac_key{};
};

/// Translates a command line of certbot. Nothing is looked up: the same words always become the
/// same. The error names every word that cannot be translated, with what to do instead.
[[nodiscard]] base::Result<CertbotTranslation> translated(const CertbotWords& words);

/// A command line as one would type it, quoted for a shell where that is needed: "cairn issue -d
/// '*.example.com'".
[[nodiscard]] std::string typed(const std::vector<std::string>& words);

}  // namespace cairn
