#pragma once

#include <string_view>

namespace cairn {

/// What is said about a word of certbot's, in a sentence.
struct CertbotRemark {
    std::string_view word;
    std::string_view text;
};

// Each returns null if there is nothing to say.

/// Of a flag that asks for what is so anyway, or is about what does not exist here.
[[nodiscard]] const CertbotRemark* remark_on_needless(std::string_view flag);
/// Of a flag that cannot be obeyed: why, and what to do instead.
[[nodiscard]] const CertbotRemark* remark_on_refused(std::string_view flag);
/// The same of a command.
[[nodiscard]] const CertbotRemark* remark_on_refused_verb(std::string_view verb);

}  // namespace cairn
