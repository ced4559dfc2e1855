#pragma once
// Private to the tests of va: validations by http-01 of peers that a test scripts.

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <gtest/gtest.h>

#include "va/testing/challenge.h"
#include "va/testing/fake_resolver.h"
#include "va/testing/peer.h"
#include "va/validation.h"

namespace cairn::va::testing {

/// A complete response with this status line and body.
inline std::string response(std::string_view status, std::string_view body,
                            std::string_view fields = "") {
    return "HTTP/1.1 " + std::string(status) + "\r\n" + std::string(fields) +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}
inline std::string ok(std::string_view body) {
    return response("200 OK", body);
}
inline std::string redirect(std::string_view location, std::string_view status = "302 Found") {
    return response(status, "", "Location: " + std::string(location) + "\r\n");
}
/// Always the same.
inline WebPeer::Respond always(std::string text) {
    return [text = std::move(text)](const std::string&) { return text; };
}

class Http01 : public ::testing::Test {
  protected:
    Http01() { resolver.set("example.com", {"127.0.0.1"}); }

    auto validate(std::string_view name = "example.com") { return validate(challenge_for(name)); }
    OrFailure<Evidence> validate(const Validation& validation) {
        return loop.run(validate_http01(validation, settings, resolver));
    }
    /// Runs a validation that must fail within the deadline; its problem.
    Failure problem() {
        const auto begin = std::chrono::steady_clock::now();
        auto result = validate();
        EXPECT_LT(std::chrono::steady_clock::now() - begin,
                  settings.deadline + std::chrono::seconds(3));
        EXPECT_FALSE(result) << "it succeeded";
        return result ? Failure(protocol::ProblemType::unknown, "", Outlook::final)
                      : result.error();
    }
    /// The outcome of one response to the challenge's URL.
    OrFailure<Evidence> answered_with(const std::string& text) {
        WebPeer peer(loop, always(text));
        settings.http_port = peer.port();
        return validate();
    }

    EventLoop loop;
    FakeResolver resolver;
    Settings settings = loopback_settings();
};

}  // namespace cairn::va::testing
