#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/task.h"
#include "http/message.h"

namespace cairn::http {

/// Finds the handler for a request by method and path. A pattern is a path whose segments are
/// literal, "{}" or "{.}"; a "{}" matches one segment of letters, digits, '-' and '_', so nothing
/// is ever decoded, and `..`, `//` or `%2f` match nothing. A "{.}" matches two such texts with a
/// dot between them. A "{*}", which can stand at the end alone, matches whatever follows, as it is;
/// but not nothing.
class Router {
  public:
    /// What stood in place of "{}", "{.}" and "{*}", in order.
    using Parameters = std::vector<std::string>;
    using Handler = std::function<base::Task<Response>(Request, Parameters)>;

    void add(std::string_view method, std::string_view pattern, Handler handler);

    struct Match {
        const Handler* handler = nullptr;  ///< null if the path has no such method
        Parameters parameters;
        std::string_view pattern;               ///< that the path matches; empty if it is unknown
        std::vector<std::string_view> methods;  ///< of this path; empty if the path is unknown
    };
    [[nodiscard]] Match find(std::string_view method, std::string_view path) const;

  private:
    struct Route {
        std::string method;
        std::string pattern;
        std::vector<std::string> segments;
        Handler handler;
    };
    std::vector<Route> routes_;
};

}  // namespace cairn::http
