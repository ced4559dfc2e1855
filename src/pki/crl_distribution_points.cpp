#include "pki/crl_distribution_points.h"

#include "asn1/der.h"

namespace cairn::pki {
namespace {

constexpr std::size_t max_urls = 10;
constexpr std::size_t max_url = 2000;
constexpr const char* extension_oid = "2.5.29.31";
/// A GeneralName that is a URI.
constexpr std::uint8_t uri_tag = asn1::tag::context(6);

void read_urls(asn1::Reader names, std::vector<std::string>& urls) {
    while (!names.at_end()) {
        const auto name = names.element("a name of a distribution point");
        if (name.tag == uri_tag && name.content.size() <= max_url && urls.size() < max_urls)
            urls.emplace_back(base::text_of(name.content));
    }
}

void read_point(asn1::Reader point, std::vector<std::string>& urls) {
    std::vector<std::string> found;
    if (point.next_is(asn1::tag::context_constructed(0))) {
        auto name = point.inside(asn1::tag::context_constructed(0), "a distribution point's name");
        if (name.next_is(asn1::tag::context_constructed(0)))
            read_urls(name.inside(asn1::tag::context_constructed(0), "its full name"), found);
        else
            static_cast<void>(name.element("its relative name"));
        name.end("a distribution point's name");
    }
    // A list of some reasons, or of another issuer, says nothing of the others.
    const bool is_whole = point.at_end();
    while (!point.at_end()) static_cast<void>(point.element("a distribution point"));
    if (is_whole)
        for (auto& url : found)
            if (urls.size() < max_urls) urls.push_back(std::move(url));
}

}  // namespace

base::Result<std::vector<std::string>> crl_urls_in(base::BytesView extension) {
    asn1::Failure failure;
    asn1::Reader reader(extension, failure);
    std::vector<std::string> urls;
    auto points = reader.inside(asn1::tag::sequence, "the distribution points");
    while (!points.at_end())
        read_point(points.inside(asn1::tag::sequence, "a distribution point"), urls);
    reader.end("the distribution points");
    if (failure) return std::unexpected(*failure);
    return urls;
}

std::vector<std::string> crl_urls_of(const Certificate& certificate) {
    const auto found = certificate.extensions(extension_oid);
    if (found.size() != 1) return {};
    return crl_urls_in(found.front().value).value_or(std::vector<std::string>());
}

}  // namespace cairn::pki
