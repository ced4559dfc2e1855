#pragma once
// Private to client: says what a recipe says to a provider, and judges what it answers.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/json/value.hpp>

#include "client/dns/access_token.h"
#include "client/dns/provider_http.h"
#include "client/dns/recipe.h"
#include "client/dns/recipe_pace.h"
#include "client/dns/service_login.h"

namespace cairn::client {

/// What came of a request.
struct RecipeAnswer {
    enum class Kind {
        done,
        already,  ///< it is so already, or there is none
        conflict  ///< somebody else was faster
    };
    Kind kind = Kind::done;
    http::Reply reply{};
    /// Of the request.
    std::string url{};
};

/// One account at a provider. Thread-safe.
class RecipeSession {
  public:
    struct Parts {
        ProviderHttp::Options http;
        /// Who grants tokens, if somebody else.
        std::optional<ProviderHttp::Options> login_http{};
        /// For the method google.
        std::optional<ServiceAccount> account{};
        /// By the names of their keys; those that are not given are empty.
        TemplateValues credentials{};
        std::shared_ptr<RecipePace> pace{};
    };
    /// `recipe` outlives it.
    RecipeSession(const Recipe& recipe, Parts parts, const ProviderContext& context);

    /// Sends a request, with `record` for what is known of the record, and `all` the values of a
    /// set. Throws Failure with what the provider said.
    [[nodiscard]] RecipeAnswer ask(const RecipeCall& call, const TemplateValues& record,
                                   const std::vector<std::string>& all, const std::string& aim,
                                   const std::string& next_page = {});
    /// Calls `take` with each element of a list, page by page, until it returns false; `first` with
    /// the first answer. Throws Failure.
    void list(const RecipeListing& listing, const TemplateValues& record, const std::string& aim,
              const std::function<bool(const boost::json::value&)>& take,
              const std::function<void(const http::Reply&, const boost::json::value&)>& first = {});

    [[nodiscard]] const ProviderHttp& http() const { return http_; }

  private:
    class Filling;
    [[nodiscard]] AccessToken::Granted log_in();
    [[nodiscard]] bool has_token() const;
    [[nodiscard]] RecipeAnswer send(ProviderHttp& http, const RecipeCall& call,
                                    const TemplateValues& values,
                                    const std::vector<std::string>& all, const std::string& aim,
                                    const std::string& next_page,
                                    const std::vector<int>& also_accepted);
    void fill(http::ClientRequest& request, const RecipeCall& call, Filling& filling,
              const std::vector<std::string>& all, bool is_next_page) const;
    void fill_body(http::ClientRequest& request, const RecipeCall& call, const ValueOf& value_of,
                   const std::vector<std::string>& all) const;
    /// What the answer says that it is no success by; nothing if it is one.
    [[nodiscard]] std::optional<std::string> complaint(const http::Reply& reply,
                                                       const std::string& aim) const;
    [[nodiscard]] bool is_login(const RecipeCall& call) const;

    const Recipe& recipe_;
    ProviderContext context_;
    ProviderHttp http_;
    std::unique_ptr<ProviderHttp> login_http_;
    std::optional<ServiceAccount> account_;
    TemplateValues values_;
    std::shared_ptr<RecipePace> pace_;
    AccessToken token_;
};

}  // namespace cairn::client
