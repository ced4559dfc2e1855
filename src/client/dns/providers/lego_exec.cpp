// A program that speaks the protocol of lego's "exec": PROGRAM present|cleanup NAME VALUE; in its
// mode RAW, PROGRAM present|cleanup -- DOMAIN TOKEN KEYAUTH; and where it is wanted, PROGRAM
// timeout.

#include <mutex>
#include <optional>
#include <vector>

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "base/duration.h"
#include "client/child_process.h"
#include "client/dns/lego_mode.h"
#include "client/dns/provider.h"
#include "client/failure.h"
#include "client/solver_program.h"
#include "protocol/json.h"

namespace cairn::client::providers {
namespace {

using std::chrono::seconds;

constexpr seconds usual_deadline{300};
constexpr seconds longest{3600};
constexpr seconds glance_deadline{30};

struct LegoExecOptions {
    std::filesystem::path program;
    LegoMode mode = LegoMode::usual;
    seconds deadline = usual_deadline;
    std::optional<seconds> propagation{};
    /// Whether it is asked for `timeout`.
    bool has_timeout_command = false;
};

class LegoExec final : public DnsProvider {
  public:
    LegoExec(LegoExecOptions options, const ProviderContext& context)
        : options_(std::move(options)), context_(context) {}

    void set(const TxtRecord& record) override { run("present", "add", record); }
    void remove(const TxtRecord& record) override { run("cleanup", "remove", record); }
    std::optional<seconds> longest_propagation() override {
        if (!options_.has_timeout_command) return options_.propagation;
        const std::scoped_lock lock(mutex_);
        if (!has_asked_) told_ = timeout_told();
        has_asked_ = true;
        return told_ ? told_ : options_.propagation;
    }

  private:
    void run(const std::string& action, std::string_view verb, const TxtRecord& record) {
        // Programs that edit a zone file are rarely safe to run in parallel.
        const std::scoped_lock lock(mutex_);
        const auto aim = fmt::format("{} the TXT record {}", verb, record.name);
        std::vector<std::string> words{action};
        if (options_.mode == LegoMode::raw) {
            require_raw_proof(record, aim);
            // A token may begin with a hyphen.
            words.insert(words.end(), {"--", record.proof.domain, record.proof.token,
                                       record.proof.key_authorization});
        } else {
            words.insert(words.end(), {record.name + ".", record.value});
        }
        auto line = options_.program.string();
        for (const auto& word : words) line += " " + word;
        if (context_.trace != nullptr) context_.trace->tell("> " + line);
        const auto output =
            run_for_proof({.program = {.path = options_.program,
                                       .arguments = std::move(words),
                                       .environment = {},
                                       .deadline = options_.deadline},
                           .line = fmt::format("{} {}", options_.program.string(), action),
                           .aim = {aim, Phase::challenge},
                           .advice = "mend the program, or run it by hand with the same words."},
                          context_.timer, record.proof.progress);
        if (context_.trace != nullptr)
            context_.trace->tell("< status 0: " + base::printable(output, 1000));
    }

    /// What the program says of how long its servers may take: {"timeout": SECONDS}. One that does
    /// not know the command ends with another status than 0.
    std::optional<seconds> timeout_told() {
        const auto result = run_program({.path = options_.program,
                                         .arguments = {"timeout"},
                                         .environment = {},
                                         .deadline = glance_deadline,
                                         .errors = ErrorOutput::apart},
                                        context_.timer);
        if (!result || result->status != 0) return std::nullopt;
        const auto object = protocol::parse_json_object(base::bytes_of(result->output));
        if (!object) return std::nullopt;
        const auto* value = object->if_contains("timeout");
        if (value == nullptr || !value->is_int64() || value->get_int64() <= 0) return std::nullopt;
        return std::min(seconds(value->get_int64()), longest);
    }

    const LegoExecOptions options_;
    ProviderContext context_;
    std::mutex mutex_;
    bool has_asked_ = false;
    std::optional<seconds> told_;
};

/// A duration, or a bare number of seconds as lego has it.
base::Result<std::optional<seconds>> duration_of(const DnsCredentials& credentials,
                                                 const std::string& key) {
    auto text = credentials.text(key);
    if (text.empty()) return std::nullopt;
    if (text.find_first_not_of("0123456789") == std::string::npos) text += "s";
    const auto duration = base::duration_from(text);
    if (!duration || *duration <= seconds::zero() || *duration > longest)
        return base::fail(fmt::format("{} is no time of an hour at most: {}", key,
                                      base::printable(credentials.text(key))));
    return std::chrono::duration_cast<seconds>(*duration);
}

base::Result<std::unique_ptr<DnsProvider>> make_lego_exec(const ProviderKind&,
                                                          const DnsCredentials& credentials,
                                                          const ProviderContext& context) {
    LegoExecOptions options;
    auto path = program_path(credentials.text("program"));
    if (!path) return std::unexpected(path.error().within("program"));
    options.program = std::move(*path);
    const auto mode = lego_mode(credentials);
    if (!mode) return std::unexpected(mode.error());
    options.mode = *mode;
    const auto deadline = duration_of(credentials, "timeout");
    if (!deadline) return std::unexpected(deadline.error());
    options.deadline = deadline->value_or(usual_deadline);
    const auto propagation = duration_of(credentials, "propagation_timeout");
    if (!propagation) return std::unexpected(propagation.error());
    options.propagation = *propagation;
    const auto asks = credentials.text("timeout_command");
    if (!asks.empty() && asks != "true" && asks != "false")
        return base::fail("timeout_command is true or false");
    options.has_timeout_command = asks == "true";
    return std::make_unique<LegoExec>(std::move(options), context);
}

}  // namespace

ProviderKind lego_exec() {
    using Need = CredentialKey::Need;
    using Kind = CredentialKey::Kind;
    return {
        .name = "lego-exec",
        .title = "a program that speaks lego's exec",
        .access =
            "What your program may do: it is started without a shell, as PROGRAM present "
            "NAME VALUE and PROGRAM cleanup NAME VALUE.",
        .documentation = "https://go-acme.github.io/lego/dns/exec/ (2026-11-30)",
        .keys = {{.name = "program",
                  .meaning = "path of the program",
                  .kind = Kind::open,
                  .variables = {"CAIRN_LEGO_EXEC_PROGRAM", "EXEC_PATH"}},
                 lego_mode_key("EXEC"),
                 {.name = "timeout",
                  .meaning = "how long it may run, 5m unless said",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_LEGO_EXEC_TIMEOUT"}},
                 {.name = "propagation_timeout",
                  .meaning = "how long its servers may take to show a change",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_LEGO_EXEC_PROPAGATION_TIMEOUT", "EXEC_PROPAGATION_TIMEOUT"}},
                 {.name = "timeout_command",
                  .meaning = "true: PROGRAM timeout says so, as {\"timeout\": SECONDS}",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_LEGO_EXEC_TIMEOUT_COMMAND"}}},
        .trial = ProviderKind::Trial::real,
        .make = &make_lego_exec};
}

}  // namespace cairn::client::providers
