#include "ca/rules/public_suffixes.h"

#include <stdexcept>

#include <libpsl.h>

#include "protocol/identifier.h"

namespace cairn::ca {

struct PublicSuffixes::List {
    std::unique_ptr<psl_ctx_t, decltype(&psl_free)> handle{psl_latest(nullptr), &psl_free};
};

PublicSuffixes::PublicSuffixes() : list_(std::make_unique<List>()) {
    if (!list_->handle) throw std::runtime_error("libpsl has no public suffix list");
}
PublicSuffixes::~PublicSuffixes() = default;
PublicSuffixes::PublicSuffixes(PublicSuffixes&&) noexcept = default;

bool PublicSuffixes::is_public_suffix(const std::string& name) const {
    return psl_is_public_suffix2(list_->handle.get(), name.c_str(),
                                 PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

std::string PublicSuffixes::registered_domain(const std::string& name) const {
    // The suffix is the first of the names above that is one; what stands before it is the domain.
    std::string_view domain = name;
    for (std::string_view above = name;;) {
        if (is_public_suffix(std::string(above))) return std::string(domain);
        const auto dot = above.find('.');
        if (dot == std::string_view::npos) return name;
        domain = above;
        above.remove_prefix(dot + 1);
    }
}

base::Result<std::set<std::string, std::less<>>> read_top_level_domains(std::string_view text) {
    constexpr std::size_t most = 100'000;
    std::set<std::string, std::less<>> domains;
    for (std::size_t number = 1; !text.empty(); ++number) {
        const auto end = text.find('\n');
        auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.empty() || line.starts_with('#')) continue;
        const auto name = protocol::DnsName::from_text(line);
        if (!name || name->label_count() != 1)
            return base::fail("line " + std::to_string(number) +
                              " is no top-level domain: " + base::printable(line, 80));
        domains.insert(name->text());
        if (domains.size() > most) return base::fail("it has more lines than there can be domains");
    }
    if (domains.empty()) return base::fail("it has no top-level domain");
    return domains;
}

}  // namespace cairn::ca
