#include "api/directory_api.h"

namespace cairn::api {

using http::Request;
using http::Response;
using http::Router;

DirectoryApi::DirectoryApi(const Links& links, JwsGate& gate, protocol::Directory directory)
    : gate_(gate) {
    directory.new_nonce = links.to(path::new_nonce);
    directory.new_account = links.to(path::new_account);
    directory.new_order = links.to(path::new_order);
    directory.revoke_cert = links.to(path::revoke_certificate);
    directory.key_change = links.to(path::key_change);
    directory.renewal_info = links.to(path::renewal_info);
    directory_json_ = directory.to_json();
}

Response DirectoryApi::directory() const {
    Response response;
    response.content_type = "application/json";
    response.body = directory_json_;
    return response;
}

void DirectoryApi::add_to(Router& router) {
    const auto read_directory = [this](Request, Router::Parameters) -> base::Task<Response> {
        co_return directory();
    };
    router.add("GET", path::directory, read_directory);
    router.add("HEAD", path::directory, read_directory);
    router.add("POST", path::directory,
               [this](Request request, Router::Parameters) -> base::Task<Response> {
                   const auto signed_request = co_await gate_.from_account(request);
                   signed_request.require_post_as_get();
                   co_return directory();
               });

    // The nonce itself is added to every response of these paths by the front door.
    const auto new_nonce = [](int status) {
        return [status](Request, Router::Parameters) -> base::Task<Response> {
            Response response;
            response.status = status;
            co_return response;
        };
    };
    router.add("HEAD", path::new_nonce, new_nonce(200));
    router.add("GET", path::new_nonce, new_nonce(204));
    router.add("POST", path::new_nonce,
               [this](Request request, Router::Parameters) -> base::Task<Response> {
                   const auto signed_request = co_await gate_.from_account(request);
                   signed_request.require_post_as_get();
                   Response response;
                   response.status = 204;
                   co_return response;
               });
}

}  // namespace cairn::api
