#include "api/roots_api.h"

#include <algorithm>
#include <utility>

#include "api/entity_tag.h"
#include "api/links.h"
#include "base/bytes.h"
#include "protocol/problem.h"

namespace cairn::api {

using http::Request;
using http::Response;
using http::Router;

namespace {

[[noreturn]] void refuse(std::string detail) {
    throw protocol::Problem(protocol::ProblemType::malformed, std::move(detail), 404);
}

Response answer(const Request& request, const std::string& pem) {
    const auto digest = crypto::sha256(base::bytes_of(pem));
    const auto tag = "\"" + base::to_hex(base::BytesView(digest).first(16)) + "\"";
    Response response;
    response.fields.emplace_back("ETag", tag);
    // A root that is replaced has long been announced; one that is new should soon be seen.
    response.fields.emplace_back("Cache-Control", "public, max-age=3600");
    if (has_entity(request, tag)) {
        response.status = 304;
        return response;
    }
    response.content_type = "application/x-pem-file";
    response.body = pem;
    return response;
}

}  // namespace

RootsApi::RootsApi(const std::vector<pki::Certificate>& roots) {
    for (const auto& root : roots) {
        pem_ += root.pem();
        by_fingerprint_.emplace(crypto::sha256(root.der()), root.pem());
    }
}

void RootsApi::add_to(Router& router) {
    for (const char* method : {"GET", "HEAD"}) {
        router.add(method, path::roots,
                   [this](Request request, Router::Parameters) { return all(std::move(request)); });
        router.add(method, path::root, [this](Request request, Router::Parameters parameters) {
            return one(std::move(request), std::move(parameters[0]));
        });
    }
}

base::Task<Response> RootsApi::all(Request request) const {
    if (pem_.empty())
        refuse("this CA does not have the certificate of its root at hand (pki/root.pem)");
    co_return answer(request, pem_);
}

base::Task<Response> RootsApi::one(Request request, std::string name) const {
    constexpr std::string_view suffix = ".pem";
    crypto::Sha256Digest digest{};
    constexpr std::size_t longest = 3 * digest.size() - 1 + suffix.size();
    if (name.size() > longest || !name.ends_with(suffix))
        refuse("a root is at /roots/FINGERPRINT.pem, by its SHA-256 in hexadecimal");
    name.resize(name.size() - suffix.size());
    std::erase(name, ':');
    const auto octets = base::from_hex(name);
    if (!octets || octets->size() != digest.size())
        refuse("a root is at /roots/FINGERPRINT.pem, by its SHA-256 in hexadecimal");
    std::ranges::copy(*octets, digest.begin());
    const auto found = by_fingerprint_.find(digest);
    if (found == by_fingerprint_.end()) refuse("no root of this CA has that fingerprint");
    co_return answer(request, found->second);
}

}  // namespace cairn::api
