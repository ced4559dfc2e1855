#include "api/certificate_api.h"

#include <algorithm>

#include "pki/certificate.h"
#include "pki/chain.h"
#include "protocol/revocation.h"

namespace cairn::api {

using http::Request;
using http::Response;
using http::Router;
using protocol::Problem;
using protocol::ProblemType;

namespace {

Problem no_such_certificate() {
    return {ProblemType::malformed, "no such certificate", 404};
}

// Which of `count` chains behind the usual one a text names; 0: none of them.
std::size_t chain_number(const std::string& text, std::size_t count) {
    for (std::size_t number = 1; number <= count; ++number)
        if (text == std::to_string(number)) return number;
    return 0;
}

}  // namespace

CertificateApi::CertificateApi(const Links& links, JwsGate& gate, ca::CertificateStore& store,
                               ca::Revoking& revoking)
    : links_(links), gate_(gate), store_(store), revoking_(revoking) {}

void CertificateApi::add_to(Router& router) {
    router.add("POST", path::certificate, [this](Request request, Router::Parameters parameters) {
        return certificate(std::move(request), std::move(parameters[0]), {});
    });
    router.add("POST", path::other_chain, [this](Request request, Router::Parameters parameters) {
        return certificate(std::move(request), std::move(parameters[0]), std::move(parameters[1]));
    });
    router.add("POST", path::revoke_certificate,
               [this](Request request, Router::Parameters) { return revoke(std::move(request)); });
    add_plain_to(router);
}

void CertificateApi::add_plain_to(Router& router) {
    for (const char* method : {"GET", "HEAD"}) {
        router.add(method, path::issuer, [this](Request, Router::Parameters parameters) {
            return issuer(std::move(parameters[0]));
        });
    }
}

base::Task<std::optional<ca::CertificateStore::Download>> CertificateApi::find(
    base::Result<pki::SerialNumber> serial) {
    if (!serial) co_return std::nullopt;
    co_return co_await store_.find_download(*serial);
}

base::Task<Response> CertificateApi::certificate(Request request, std::string serial_text,
                                                 std::string number) {
    const auto [signed_request, found] =
        co_await gate_.from_account(request, find(pki::SerialNumber::from_hex(serial_text)));
    signed_request.require_post_as_get();
    if (!found || found->certificate.account != signed_request.account.id)
        throw no_such_certificate();
    if (!found->issuer)
        throw std::runtime_error("the issuer of certificate " + serial_text + " is not there");
    const auto& [usual, others] = *found->issuer;
    const auto chosen = chain_number(number, others.size());
    if (chosen == 0 && !number.empty())
        throw Problem(ProblemType::malformed, "the certificate has no such chain", 404);

    Response response;
    response.content_type = "application/pem-certificate-chain";
    response.body = pki::Certificate::pem_of(found->certificate.der) +
                    (chosen == 0 ? usual : others[chosen - 1]);
    const auto& serial = found->certificate.serial;
    for (std::size_t other = 0; other <= others.size(); ++other) {
        if (other == chosen) continue;
        const auto url =
            other == 0 ? links_.certificate(serial) : links_.other_chain(serial, other);
        response.fields.emplace_back("Link", "<" + url + ">;rel=\"alternate\"");
    }
    response.log_account = signed_request.account.id.to_string();
    co_return response;
}

base::Task<Response> CertificateApi::revoke(Request request) {
    auto signed_request = co_await gate_.from_either(request);
    const auto& payload =
        signed_request.account ? signed_request.account->payload : signed_request.key->payload;
    auto wanted = protocol::RevocationRequest::from_json(payload);
    if (!wanted) throw std::move(wanted.error());
    Response response;
    if (signed_request.account) {
        const auto account = signed_request.account->account.id;
        response.log_account = account.to_string();
        co_await revoking_.revoke_for_account(account, std::move(*wanted),
                                              std::move(signed_request.account->context));
    } else {
        co_await revoking_.revoke_for_key(signed_request.key->key, std::move(*wanted),
                                          std::move(signed_request.key->context));
    }
    co_return response;
}

base::Task<Response> CertificateApi::issuer(std::string id_text) {
    const auto octets = base::from_hex(id_text);
    ca::IssuerId id{};
    std::optional<ca::IssuerChains> chains;
    if (octets && octets->size() == id.size()) {
        std::ranges::copy(*octets, id.begin());
        chains = co_await store_.find_issuer(id);
    }
    if (!chains) throw no_such_certificate();
    const auto chain = pki::chain_from_pem(chains->usual);
    if (!chain) throw std::runtime_error("issuer " + id_text + " is not readable");

    // RFC 5280 section 4.2.2.1: a single certificate in DER.
    Response response;
    response.content_type = "application/pkix-cert";
    response.body = std::string(base::text_of(chain->front().der()));
    response.fields.emplace_back("Cache-Control", "public, max-age=86400");
    co_return response;
}

}  // namespace cairn::api
