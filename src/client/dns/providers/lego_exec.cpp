// A program that speaks the protocol of lego's "exec": PROGRAM present|cleanup NAME VALUE.

#include <mutex>

#include <fmt/format.h>

#include "client/child_process.h"
#include "client/dns/provider.h"
#include "client/failure.h"

namespace cairn::client::providers {
namespace {

class LegoExec final : public DnsProvider {
  public:
    LegoExec(std::filesystem::path program, const ProviderContext& context)
        : program_(std::move(program)), context_(context) {}

    void set(const TxtRecord& record) override { run("present", "add", record); }
    void remove(const TxtRecord& record) override { run("cleanup", "remove", record); }

  private:
    void run(const std::string& action, std::string_view verb, const TxtRecord& record) {
        // Programs that edit a zone file are rarely safe to run in parallel.
        const std::scoped_lock lock(mutex_);
        const ChildProgram program{.path = program_,
                                   .arguments = {action, record.name + ".", record.value},
                                   .environment = {}};
        if (context_.trace != nullptr)
            context_.trace->tell(fmt::format("> {} {} {}. {}", program_.string(), action,
                                             record.name, record.value));
        const Aim aim(fmt::format("{} the TXT record {}", verb, record.name), Phase::challenge);
        const auto result = run_program(program, context_.timer);
        if (!result) throw Failure(aim, result.error().message, "check the program.");
        const auto output = base::printable(result->output, 1000);
        if (context_.trace != nullptr)
            context_.trace->tell(fmt::format("< status {}: {}", result->status, output));
        if (result->status != 0)
            throw Failure(aim,
                          fmt::format("{} {} ended with status {}: \"{}\"", program_.string(),
                                      action, result->status, output),
                          "mend the program, or run it by hand with the same words.");
    }

    std::filesystem::path program_;
    ProviderContext context_;
    std::mutex mutex_;
};

base::Result<std::unique_ptr<DnsProvider>> make_lego_exec(const ProviderKind&,
                                                          const DnsCredentials& credentials,
                                                          const ProviderContext& context) {
    auto path = program_path(credentials.text("program"));
    if (!path) return std::unexpected(path.error().within("program"));
    return std::make_unique<LegoExec>(std::move(*path), context);
}

}  // namespace

ProviderKind lego_exec() {
    return {.name = "lego-exec",
            .title = "a program that speaks lego's exec",
            .access =
                "What your program may do: it is started without a shell, as PROGRAM present "
                "NAME VALUE and PROGRAM cleanup NAME VALUE.",
            .documentation = "https://go-acme.github.io/lego/dns/exec/ (2026-11-30)",
            .keys = {{.name = "program",
                      .meaning = "path of the program",
                      .kind = CredentialKey::Kind::open,
                      .variables = {"CAIRN_LEGO_EXEC_PROGRAM", "EXEC_PATH"}}},
            .trial = ProviderKind::Trial::real,
            .make = &make_lego_exec};
}

}  // namespace cairn::client::providers
