#include "client/dns/aws_signature.h"

#include <algorithm>
#include <map>
#include <vector>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "crypto/digest.h"
#include "net/ascii.h"
#include "net/url.h"

namespace cairn::client {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

std::string hex_digest(std::string_view text) {
    return base::to_hex(crypto::sha256(base::bytes_of(text)));
}

/// The parameters in order of their names, as they are encoded already.
std::string canonical_query(std::string_view query) {
    std::vector<std::string> parts;
    while (!query.empty()) {
        const auto end = query.find('&');
        std::string part(query.substr(0, end));
        if (part.find('=') == std::string::npos) part += '=';
        parts.push_back(std::move(part));
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    }
    std::ranges::sort(parts);
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : "&") + part;
    return text;
}

crypto::Sha256Digest step(base::BytesView key, std::string_view text) {
    return crypto::hmac_sha256(key, base::bytes_of(text));
}

}  // namespace

void sign(http::ClientRequest& request, const AwsSigner& signer, base::Time now) {
    const auto url = net::Url::from_text(request.url);
    if (!url) return;  // it is refused when it is sent
    const auto date = fmt::format("{:%Y%m%d}", now);
    const auto time = fmt::format("{:%Y%m%dT%H%M%SZ}", now);
    request.fields.emplace_back("X-Amz-Date", time);
    if (!signer.session_token.empty())
        request.fields.emplace_back("X-Amz-Security-Token", signer.session_token);

    std::map<std::string, std::string> fields{{"host", url->authority()}};
    for (const auto& [name, value] : request.fields) fields[net::ascii_lower(name)] = value;
    std::string field_lines;
    std::string field_names;
    for (const auto& [name, value] : fields) {
        field_lines += fmt::format("{}:{}\n", name, value);
        field_names += (field_names.empty() ? "" : ";") + name;
    }
    const auto& target = url->target();
    const auto mark = target.find('?');
    const auto query = mark == std::string::npos ? std::string() : target.substr(mark + 1);
    const auto canonical =
        fmt::format("{}\n{}\n{}\n{}\n{}\n{}", request.method, target.substr(0, mark),
                    canonical_query(query), field_lines, field_names, hex_digest(request.body));
    const auto scope = fmt::format("{}/{}/{}/aws4_request", date, signer.region, signer.service);
    const auto to_sign =
        fmt::format("{}\n{}\n{}\n{}", algorithm, time, scope, hex_digest(canonical));

    const auto secret = "AWS4" + signer.secret_access_key;
    auto key = step(base::bytes_of(secret), date);
    key = step(key, signer.region);
    key = step(key, signer.service);
    key = step(key, "aws4_request");
    request.fields.emplace_back(
        "Authorization",
        fmt::format("{} Credential={}/{}, SignedHeaders={}, Signature={}", algorithm,
                    signer.access_key_id, scope, field_names, base::to_hex(step(key, to_sign))));
}

}  // namespace cairn::client
