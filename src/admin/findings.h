#pragma once
// Private to admin: everything that is wrong with what an operation is told, at once.

#include <string>
#include <utility>
#include <vector>

#include "admin/operation.h"

namespace cairn::admin {

/// Gathers what parts of an operation refuse, so that one answer tells all of it.
class Findings {
  public:
    void add(const Refused& finding) { findings_.push_back(finding); }
    void add(const std::string& detail) { add(Refused(Refused::Kind::usage, detail)); }

    /// What `part` returns; where it throws Refused, that is kept, and the answer is `otherwise`.
    template <class Part, class Value>
    Value take(Part part, Value otherwise) {
        try {
            return part();
        } catch (const Refused& finding) {
            add(finding);
            return otherwise;
        }
    }
    /// Runs `part`, and keeps the Refused that it throws.
    template <class Part>
    void run(Part part) {
        try {
            part();
        } catch (const Refused& finding) {
            add(finding);
        }
    }

    /// Throws Refused with all of them, if there are any; of the kind that all have, else `usage`.
    void throw_if_any() const {
        if (findings_.empty()) return;
        auto kind = findings_.front().kind();
        std::string detail;
        for (const auto& finding : findings_) {
            if (finding.kind() != kind) kind = Refused::Kind::usage;
            detail += (detail.empty() ? "" : "; ") + std::string(finding.what());
        }
        throw Refused(kind, detail);
    }

  private:
    std::vector<Refused> findings_;
};

}  // namespace cairn::admin
