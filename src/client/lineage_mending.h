#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "client/failure.h"
#include "client/lineage.h"
#include "client/progress.h"

namespace cairn::client {

/// Sees to it that servers will read through live/NAME what is put in place, before a CA is asked
/// for a certificate: links are made anew where a backup has followed them or left them out, or
/// where `live` or `archive` has become a link to another place. A certificate that is found in
/// place of the links, and not in the archive, goes there; nothing is lost.
class LineageMending {
  public:
    explicit LineageMending(Lineage& lineage)
        : lineage_(lineage), live_(lineage.live_), archive_(lineage.archive_) {}

    /// What was mended. Throws Failure, with what to do, if something stands there that was not
    /// made here. The caller holds the lock of the lineage.
    [[nodiscard]] std::vector<ProgressEvent> run();

  private:
    void require_folder(const std::filesystem::path& folder) const;
    std::optional<unsigned long> look_at_live();
    std::optional<unsigned long> adopt(const CertificateFiles& files);
    void mend_archive(const std::optional<unsigned long>& number_in_live);
    void lead_to(unsigned long number);
    void mend_live();

    [[nodiscard]] bool is_our_link(const std::filesystem::path& file) const;
    /// The newest generation whose files are like that.
    template <class Predicate>
    [[nodiscard]] std::optional<unsigned long> generation_like(Predicate is_like) const;
    [[nodiscard]] Failure refusal(const std::string& why, const std::string& next) const;
    [[nodiscard]] Failure foreign(const std::filesystem::path& file) const;

    Lineage& lineage_;
    const std::filesystem::path& live_;
    const std::filesystem::path& archive_;
    std::vector<ProgressEvent> mended_;
};

}  // namespace cairn::client
