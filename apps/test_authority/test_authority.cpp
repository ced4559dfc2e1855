#include "apps/test_authority/test_authority.h"

#include <optional>
#include <system_error>
#include <utility>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <errno.h>
#include <fmt/format.h>
#include <stdlib.h>

#include "apps/ca/adapters.h"
#include "apps/ca/init.h"
#include "apps/ca/server.h"
#include "apps/perspective/network_validator.h"
#include "apps/test_authority/test_names.h"
#include "base/json_quoted.h"
#include "client/failure.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

/// Between being found free and being listened at, a port can be lost to somebody else.
constexpr int attempts = 5;

std::uint16_t free_port() {
    boost::asio::io_context context;
    const boost::asio::ip::tcp::acceptor acceptor(
        context, {boost::asio::ip::address_v4::loopback(), std::uint16_t{0}});
    return acceptor.local_endpoint().port();
}

std::string list(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + base::json_quoted(word);
    return "[" + text + "]";
}

std::vector<std::string> settings_for(const fs::path& folder, const TestAuthorityOptions& options) {
    std::vector<std::string> settings = {
        "server.admin_listen=\"\"",
        fmt::format("log.file={}", base::json_quoted((folder / "log").string())),
        "log.access=false",
        "limits.enabled=false",
        "policy.internal_names=true",
        R"(validation.challenges=["http-01", "dns-01", "tls-alpn-01", "dns-account-01"])",
        R"(validation.allow_networks=["0.0.0.0/0", "::/0"])",
        fmt::format("validation.dns_servers={}", list(options.resolvers)),
        // A forwarder may serve unsigned private zones below signed ones.
        fmt::format("validation.dnssec={}", options.resolvers.empty()),
        fmt::format("validation.http_port={}", options.http_port),
        fmt::format("validation.https_port={}", options.https_port),
        fmt::format("validation.tls_alpn_port={}", options.tls_alpn_port),
    };
    settings.insert(settings.end(), options.settings.begin(), options.settings.end());
    return settings;
}

/// The adapters of cairn-ca, but for where names are.
class TestAdapters final : public apps::Adapters {
  public:
    explicit TestAdapters(std::shared_ptr<TestNames> names) : names_(std::move(names)) {}
    [[nodiscard]] std::unique_ptr<ca::Validator> make_validator(
        const apps::Configuration& configuration,
        const std::function<base::Executor()>& next_executor,
        const base::Clock& clock) const override {
        if (names_ == nullptr) return Adapters::make_validator(configuration, next_executor, clock);
        return std::make_unique<apps::NetworkValidator>(apps::validation_settings(configuration),
                                                        names_, clock);
    }

  private:
    std::shared_ptr<TestNames> names_;
};

/// A folder with all that is in it, which goes with its owner.
class OwnFolder {
  public:
    OwnFolder() {
        auto pattern = (fs::temp_directory_path() / "cairn-test-authority-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw client::Failure("make a folder for a test CA",
                                  std::generic_category().message(errno),
                                  "see that TMPDIR names a folder that can be written.");
        path_ = pattern;
    }
    ~OwnFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    OwnFolder(const OwnFolder&) = delete;
    OwnFolder& operator=(const OwnFolder&) = delete;
    [[nodiscard]] const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

}  // namespace

struct TestAuthority::Parts {
    explicit Parts(TestAuthorityOptions said)
        : options(std::move(said)),
          names(options.names == TestAuthorityOptions::Names::all_here
                    ? std::make_shared<TestNames>()
                    : nullptr),
          adapters(names) {
        if (options.folder.empty()) own_folder.emplace();
    }

    [[nodiscard]] fs::path folder() const {
        return own_folder ? own_folder->path() : options.folder;
    }

    void start_in(const fs::path& place) {
        const base::SystemClock clock;
        crypto::SystemRandom random;
        fs::create_directories(place.parent_path());
        const auto made = apps::init({.folder = place,
                                      .name = "Cairn rehearsal",
                                      .hosts = {"127.0.0.1"},
                                      .listen = fmt::format("127.0.0.1:{}", free_port())},
                                     clock, random);
        server = std::make_unique<apps::Server>(place, settings_for(place, options), adapters);
        directory_url = made.directory_url;
        root_file = made.root_file;
    }

    TestAuthorityOptions options;
    std::shared_ptr<TestNames> names;
    TestAdapters adapters;
    std::optional<OwnFolder> own_folder;
    std::string directory_url;
    fs::path root_file;
    std::unique_ptr<apps::Server> server;
};

TestAuthority::TestAuthority(TestAuthorityOptions options)
    : parts_(std::make_unique<Parts>(std::move(options))) {
    std::string fault;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        try {
            parts_->start_in(parts_->folder() / std::to_string(attempt));
            return;
        } catch (const std::exception& error) {
            fault = error.what();
        }
    }
    throw client::Failure("start a CA inside this program", fault,
                          "see that there is room in the folder for temporary files, and a free "
                          "port at 127.0.0.1.");
}

TestAuthority::~TestAuthority() = default;

const std::string& TestAuthority::directory_url() const {
    return parts_->directory_url;
}

const fs::path& TestAuthority::root_file() const {
    return parts_->root_file;
}

void TestAuthority::set_addresses(const std::string& name,
                                  const std::vector<std::string>& addresses) {
    if (parts_->names != nullptr) parts_->names->set_addresses(name, addresses);
}

void TestAuthority::set_texts(const std::string& name, const std::vector<std::string>& texts) {
    if (parts_->names != nullptr) parts_->names->set_texts(name, texts);
}

}  // namespace cairn
