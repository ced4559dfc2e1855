#include "admin/operator_api.h"

#include <map>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>

#include "admin/operations.h"
#include "base/bytes.h"
#include "base/result.h"
#include "protocol/json.h"

namespace cairn::admin {
namespace json = boost::json;

namespace {

int status_for(const json::object& answer) {
    static const std::map<std::string_view, int> statuses{
        {"usage", 400}, {"notFound", 404}, {"conflict", 409}};
    if (answer.at("ok").as_bool()) return 200;
    const auto& code = answer.at("error").as_object().at("code").as_string();
    const auto status = statuses.find(code);
    return status == statuses.end() ? 503 : status->second;
}

http::Response response_of(const json::object& answer, int status) {
    http::Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = json::serialize(answer) + "\n";
    return response;
}

std::string_view kind_name(Parameter::Kind kind) {
    switch (kind) {
        case Parameter::Kind::word:
            return "string";
        case Parameter::Kind::words:
            return "list of strings";
        case Parameter::Kind::count:
            return "number";
        case Parameter::Kind::flag:
            return "boolean";
    }
    return {};
}

json::object described() {
    json::array list;
    for (const auto& operation : operations()) {
        json::array parameters;
        for (const auto& parameter : operation.parameters)
            parameters.push_back(
                json::object{{"name", parameter.name},
                             {"type", kind_name(parameter.kind)},
                             {"required", parameter.place == Parameter::Place::argument},
                             {"help", parameter.help}});
        list.push_back(json::object{
            {"path", "/v1/" + std::string(operation.noun) + "/" + std::string(operation.verb)},
            {"summary", operation.summary},
            {"parameters", std::move(parameters)}});
    }
    return {{"version", 1}, {"ok", true}, {"operations", std::move(list)}};
}

const Operation* operation_at(std::string_view path) {
    constexpr std::string_view prefix = "/v1/";
    if (!path.starts_with(prefix)) return nullptr;
    path.remove_prefix(prefix.size());
    const auto slash = path.find('/');
    if (slash == std::string_view::npos) return nullptr;
    return find_operation(path.substr(0, slash), path.substr(slash + 1));
}

http::Response refused(Refused::Kind kind, const std::string& detail, int status) {
    return response_of(refusal(Refused(kind, detail)), status);
}

}  // namespace

base::Task<http::Response> OperatorApi::handle(http::Request request) const {
    if (!request.local_user)
        co_return refused(Refused::Kind::failed, "this is for the operator's socket alone", 403);
    if (request.path() == "/v1") {
        if (request.method != "GET")
            co_return refused(Refused::Kind::usage, "use GET for the list of operations", 405);
        co_return response_of(described(), 200);
    }
    const auto* operation = operation_at(request.path());
    if (operation == nullptr)
        co_return refused(
            Refused::Kind::not_found,
            "there is no operation " + base::printable(request.path()) + "; GET /v1 lists them",
            404);
    if (request.method != "POST")
        co_return refused(Refused::Kind::usage, "use POST for an operation", 405);
    json::object arguments;
    if (!request.body.empty()) {
        auto parsed = protocol::parse_json_object(base::bytes_of(request.body));
        if (!parsed)
            co_return refused(Refused::Kind::usage,
                              "the body must be a JSON object: " + parsed.error().message, 400);
        arguments = std::move(*parsed);
    }
    const auto context = context_("user " + std::to_string(*request.local_user));
    const auto answer = co_await perform(context, *operation, arguments);
    co_return response_of(answer, status_for(answer));
}

}  // namespace cairn::admin
