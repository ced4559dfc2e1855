#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/cairn/dns_options.h"
#include "apps/cairn/import_translation.h"
#include "apps/cairn/run.h"
#include "client/certificate_plan.h"
#include "client/import/import_record.h"

namespace cairn {

/// What `cairn import` was asked for.
struct ImportOptions {
    client::ForeignProgram program = client::ForeignProgram::certbot;
    /// Empty: where it is by default.
    std::string folder;
    /// Where timers are looked for: another one than "/" in tests and images.
    std::string root = "/";
    bool dry_run = false, take_over = false, undo = false, force = false;
    /// Of its lineages, these alone; none: all.
    std::vector<std::string> only;
    ImportWords said;
    DnsOptions dns;
};

/// What became of an account.
struct ImportedAccount {
    std::string place, directory_url, url, name;
    bool is_new = false;
};

/// What became of a lineage, or what would.
struct ImportedLineage {
    enum class Result {
        imported,   ///< it was not here before
        added,      ///< it has got further certificates
        unchanged,  ///< all of it was here already
        refused
    };
    std::string theirs, ours;
    Result result = Result::refused;
    /// How many certificates there are, and how many of them are new here.
    std::size_t certificates = 0, added = 0;
    std::optional<client::CertificatePlan> plan{};
    std::vector<std::string> files{}, remarks{}, obstacles{}, bars{};
};

struct ImportReport {
    std::filesystem::path folder;
    client::ImportRecord::Stage stage = client::ImportRecord::Stage::imported;
    std::vector<ImportedAccount> accounts{};
    std::vector<ImportedLineage> lineages{};
    /// What renews there by itself, or has until now.
    std::vector<client::RenewalJob> jobs{};
    /// The paths that are links to ours now.
    std::vector<client::MovedAside> served{};
    std::vector<std::string> remarks{};
    /// True if anything is different from before.
    bool is_changed = false;
    bool is_ours_in_use = false;
};

/// Does what was asked for. Throws Failure; what is wrong with single lineages is in the report.
[[nodiscard]] ImportReport run_import(Run& run, const ImportOptions& options);

}  // namespace cairn
