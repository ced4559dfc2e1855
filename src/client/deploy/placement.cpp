#include "client/deploy/placement.h"

#include <iterator>
#include <utility>

#include <boost/json/object.hpp>

#include "protocol/json.h"

namespace cairn::client {

Placement::Placement(DeployFiles files) {
    // A file that is alone needs no switch.
    if (files.matched.size() == 1) {
        files.single.insert(files.single.begin(), std::move(files.matched.front()));
        files.matched.clear();
    }
    if (!files.matched.empty()) matched_.emplace(std::move(files.matched));
    if (!files.single.empty()) single_.emplace(std::move(files.single));
}

void Placement::put_in_place() const {
    if (matched_) matched_->put_in_place();
    if (single_) single_->put_in_place();
}

void Placement::take_back() const {
    if (single_) single_->take_back();
    if (matched_) matched_->take_back();
}

void Placement::tidy() const {
    if (matched_) matched_->tidy();
    if (single_) single_->tidy();
}

boost::json::object Placement::record() const {
    boost::json::object record;
    if (matched_) record["matched"] = matched_->record();
    if (single_) record["single"] = single_->record();
    return record;
}

base::Result<Placement> Placement::from_record(const boost::json::object& record) {
    protocol::MemberReader reader(record);
    Placement placement;
    if (const auto* matched = reader.object("matched")) {
        auto files = MatchedFiles::from_record(*matched);
        if (!files) return std::unexpected(files.error().within("matched"));
        placement.matched_ = std::move(*files);
    }
    if (const auto* single = reader.object("single")) {
        auto files = SingleFiles::from_record(*single);
        if (!files) return std::unexpected(files.error().within("single"));
        placement.single_ = std::move(*files);
    }
    if (reader.error()) return std::unexpected(*reader.error());
    return placement;
}

}  // namespace cairn::client
