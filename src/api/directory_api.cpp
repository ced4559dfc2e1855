#include "api/directory_api.h"

namespace cairn::api {

using net::HttpRequest;
using net::HttpResponse;
using net::Router;

DirectoryApi::DirectoryApi(const Links& links, JwsGate& gate, protocol::Directory directory)
    : gate_(gate) {
    directory.new_nonce = links.to(path::new_nonce);
    directory.new_account = links.to(path::new_account);
    directory.new_order = links.to(path::new_order);
    directory.revoke_cert = links.to(path::revoke_certificate);
    directory.key_change = links.to(path::key_change);
    directory_json_ = directory.to_json();
}

HttpResponse DirectoryApi::directory() const {
    HttpResponse response;
    response.content_type = "application/json";
    response.body = directory_json_;
    return response;
}

void DirectoryApi::add_to(Router& router) {
    const auto read_directory = [this](HttpRequest,
                                       Router::Parameters) -> base::Task<HttpResponse> {
        co_return directory();
    };
    router.add("GET", path::directory, read_directory);
    router.add("HEAD", path::directory, read_directory);
    router.add("POST", path::directory,
               [this](HttpRequest request, Router::Parameters) -> base::Task<HttpResponse> {
                   const auto signed_request = co_await gate_.from_account(request);
                   signed_request.require_post_as_get();
                   co_return directory();
               });

    // The nonce itself is added to every response of these paths by the front door.
    const auto new_nonce = [](int status) {
        return [status](HttpRequest, Router::Parameters) -> base::Task<HttpResponse> {
            HttpResponse response;
            response.status = status;
            co_return response;
        };
    };
    router.add("HEAD", path::new_nonce, new_nonce(200));
    router.add("GET", path::new_nonce, new_nonce(204));
    router.add("POST", path::new_nonce,
               [this](HttpRequest request, Router::Parameters) -> base::Task<HttpResponse> {
                   const auto signed_request = co_await gate_.from_account(request);
                   signed_request.require_post_as_get();
                   HttpResponse response;
                   response.status = 204;
                   co_return response;
               });
}

}  // namespace cairn::api
