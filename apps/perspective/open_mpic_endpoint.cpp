#include "apps/perspective/open_mpic_endpoint.h"

#include "net/url.h"

namespace cairn::apps {

OpenMpicEndpoint read_open_mpic_endpoint(base::TomlSection& section) {
    OpenMpicEndpoint endpoint;
    section.take("url", endpoint.url);
    while (endpoint.url.ends_with('/')) endpoint.url.pop_back();
    const auto url = net::Url::from_text(endpoint.url);
    if (!url || !url->is_https() || url->target().contains('?'))
        section.find("url", "must be an https URL without a query; /mpic is appended to it");
    section.take("api_key_file", endpoint.api_key_file);
    std::string field = "x-api-key";
    section.take("api_key_field", field);
    if (const auto found = key_field_names.find(field))
        endpoint.key_field = *found;
    else
        section.find("api_key_field", "must be x-api-key or authorization");
    section.take("roots_file", endpoint.roots_file);
    section.take("client_certificate_file", endpoint.client_certificate_file);
    section.take("client_key_file", endpoint.client_key_file);
    if (endpoint.client_certificate_file.empty() != endpoint.client_key_file.empty())
        section.find("client_certificate_file", "and client_key_file stand together or not at all");
    return endpoint;
}

}  // namespace cairn::apps
