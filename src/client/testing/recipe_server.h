#pragma once
// Private to the tests of client: a provider that answers each request of a recipe in its own
// shape, and keeps the values of one record.

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/value.hpp>

#include "client/dns/recipe.h"
#include "http/message.h"

namespace cairn::client::testing {

/// Not thread-safe: its answers come one after the other.
class RecipeServer {
  public:
    /// `origin`: scheme, host and port at which it is asked.
    RecipeServer(Recipe recipe, TxtRecord record, std::string origin);

    [[nodiscard]] http::Response answer(const http::Request& request);

    /// The values of the record.
    std::vector<std::string> values{};
    /// What the next requests of a kind ("create") are answered instead.
    struct Instead {
        int status = 200;
        std::string body{};
    };
    std::map<std::string, std::vector<Instead>> instead{};
    /// The kinds of requests that came, in order: "login", "zone", "find" ... "?" is one that no
    /// call of the recipe describes.
    std::vector<std::string> asked{};
    /// Target, fields and body of each.
    std::vector<std::string> texts{};

    /// An answer that is a success and says nothing else.
    [[nodiscard]] std::string success() const;
    /// One that is none, and says why.
    [[nodiscard]] std::string failure(const std::string& words) const;
    /// The request that changes the record when a value is added.
    [[nodiscard]] std::string adding() const;
    /// Whether the recipe looks before it changes.
    [[nodiscard]] bool looks() const { return recipe_.find || recipe_.read; }
    [[nodiscard]] const Recipe& recipe() const { return recipe_; }

  private:
    [[nodiscard]] std::string kind_of(const http::Request& request) const;
    [[nodiscard]] std::string id_of(const std::string& value) const;
    [[nodiscard]] http::Response zones(const http::Request& request) const;
    [[nodiscard]] http::Response records(const http::Request& request) const;
    [[nodiscard]] http::Response page(const RecipeListing& listing, const http::Request& request,
                                      const std::vector<boost::json::value>& elements) const;
    [[nodiscard]] http::Response token() const;
    void change(const std::string& kind, const http::Request& request);

    Recipe recipe_;
    TxtRecord record_;
    std::string origin_;
};

}  // namespace cairn::client::testing
