#pragma once
// For the tests of client/apache.

#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>

#include "client/apache/config_edits.h"
#include "client/apache/configuration.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::apache::testing {

/// A configuration that consists of files in a folder of its own; "httpd.conf" is the first.
class WrittenConfiguration {
  public:
    explicit WrittenConfiguration(const std::map<std::string, std::string>& files) {
        for (const auto& [name, text] : files) write(name, text);
    }
    explicit WrittenConfiguration(const std::string& text)
        : WrittenConfiguration(std::map<std::string, std::string>{{"httpd.conf", text}}) {}

    void write(const std::string& name, const std::string& text) const {
        const auto path = folder_ / name;
        std::filesystem::create_directories(path.parent_path());
        std::ofstream(path, std::ios::binary) << text;
    }

    [[nodiscard]] std::filesystem::path path(const std::string& name) const {
        return std::filesystem::canonical(folder_.path()) / name;
    }

    [[nodiscard]] base::Result<Configuration> try_read(ConfigSource& source) const {
        ServerFacts facts{.config_file = path("httpd.conf"), .server_root = path("")};
        facts.environment = {{"APACHE_LOG_DIR", "/var/log/apache2"}};
        facts.modules = {"core.c", "mod_so.c"};
        return Configuration::read(source, facts);
    }

    /// Reads it; it stays as long as this.
    [[nodiscard]] const Configuration& read() {
        if (configuration_) return *configuration_;
        auto configuration = try_read(source_);
        EXPECT_TRUE(configuration.has_value()) << configuration.error().message;
        configuration_ = std::move(configuration.value());
        return *configuration_;
    }

    /// The text of a file after these edits.
    [[nodiscard]] std::string after(const ConfigEdits& edits,
                                    const std::string& name = "httpd.conf") const {
        const auto contents = edits.contents();
        const auto found = contents.find(path(name));
        return found == contents.end() ? "unchanged" : found->second;
    }

    /// What the edited files would be read as; it stays as long as this.
    [[nodiscard]] const Configuration& read_after(const ConfigEdits& edits) {
        source_after_ = ConfigSource(edits.contents(), {});
        auto configuration = try_read(source_after_);
        EXPECT_TRUE(configuration.has_value()) << configuration.error().message;
        configuration_after_ = std::move(configuration.value());
        return *configuration_after_;
    }

  private:
    client::testing::TemporaryFolder folder_;
    ConfigSource source_, source_after_;
    std::optional<Configuration> configuration_, configuration_after_;
};

}  // namespace cairn::client::apache::testing
