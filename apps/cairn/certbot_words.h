#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace cairn {

/// One flag of a command line of certbot, by its first name, and its value if it takes one.
struct CertbotFlag {
    std::string_view name;  ///< "--domains", also where it was "-d"
    std::string value{};
};

/// A command line of certbot, without the program's name, as certbot's own parser takes it apart.
struct CertbotWords {
    std::string verb;  ///< "run" where there was none, as in certbot
    /// In the order in which they were said: `-w` is about the `-d` behind it.
    std::vector<CertbotFlag> flags;

    /// Flags may stand before the verb, be shortened as long as they are clear, and have their
    /// value behind `=`; short ones may stand together. The error names the word that certbot has
    /// not.
    [[nodiscard]] static base::Result<CertbotWords> from_words(
        const std::vector<std::string>& words);

    [[nodiscard]] bool has(std::string_view flag) const;
    /// The last value of a flag, which is the one that counts in certbot.
    [[nodiscard]] std::optional<std::string> value_of(std::string_view flag) const;
    /// All values of a flag, each parted at its commas.
    [[nodiscard]] std::vector<std::string> list_of(std::string_view flag) const;
};

/// "a.example,b.example" as two words, blanks around them left out.
[[nodiscard]] std::vector<std::string> parted_at_commas(std::string_view text);

}  // namespace cairn
