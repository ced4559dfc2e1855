#include "client/solvers/webroot.h"

#include <array>
#include <filesystem>
#include <system_error>

#include <errno.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/durable_file.h"
#include "client/failure.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

class WebrootSolver final : public Solver {
  public:
    explicit WebrootSolver(fs::path directory) : directory_(std::move(directory)) {}

    std::string specification() const override { return "webroot:" + directory_.string(); }
    std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::http_01};
        return types;
    }
    Residue residue() const override { return Residue::outlives_process; }

    void present(const Challenge& challenge) override {
        // Readable by the web server whatever the umask of this process is.
        auto folder = directory_;
        for (const char* part : {".well-known", "acme-challenge"}) {
            folder /= part;
            if (::mkdir(folder.c_str(), 0755) == 0)
                ::chmod(folder.c_str(), 0755);
            else if (errno != EEXIST)
                throw Failure(fmt::format("make the folder {}", folder.string()),
                              std::generic_category().message(errno),
                              "run as a user who may write there.");
        }
        write_durably(file_of(challenge), challenge.key_authorization, FileAccess::everyone);
    }

    void clean_up(const Challenge& challenge) override {
        const auto file = file_of(challenge);
        if (::unlink(file.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR)
            throw Failure(fmt::format("remove {}", file.string()),
                          std::generic_category().message(errno), "remove it by hand.");
    }

  private:
    [[nodiscard]] fs::path file_of(const Challenge& challenge) const {
        return directory_ / ".well-known" / "acme-challenge" / challenge.token.text();
    }
    fs::path directory_;
};

}  // namespace

base::Result<std::unique_ptr<Solver>> make_webroot_solver(std::string_view directory,
                                                          const SolverSurroundings&) {
    if (directory.empty()) return base::fail("name the web server's directory: webroot:DIR");
    auto path = fs::absolute(directory).lexically_normal();
    std::error_code ignored;
    if (!fs::is_directory(path, ignored))
        return base::fail(fmt::format("there is no directory {}", path.string()));
    return std::make_unique<WebrootSolver>(std::move(path));
}

}  // namespace cairn::client
