#pragma once
// For the tests of client/nginx.

#include <filesystem>
#include <map>
#include <string>

#include "client/durable_file.h"
#include "client/nginx/configuration.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::nginx::testing {

/// Files of a configuration in a folder of their own.
class Files {
  public:
    void put(const std::filesystem::path& name, std::string_view text) const {
        std::filesystem::create_directories((folder_ / name).parent_path());
        write_durably(folder_ / name, text, FileAccess::everyone);
    }
    /// The main file with this inside of http.
    void put_http(std::string_view http) const {
        put("nginx.conf", "events {}\nhttp {\n" + std::string(http) + "}\n");
    }
    [[nodiscard]] base::Result<Configuration> load() const {
        return Configuration::load(folder_ / "nginx.conf");
    }
    [[nodiscard]] std::filesystem::path operator/(const std::filesystem::path& name) const {
        return folder_ / name;
    }

  private:
    client::testing::TemporaryFolder folder_;
};

}  // namespace cairn::client::nginx::testing
