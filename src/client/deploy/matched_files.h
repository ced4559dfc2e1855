#pragma once
// Private to client: what the transaction of a deployment is made of.

#include <filesystem>
#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "base/result.h"
#include "client/deploy/placed_file.h"
#include "client/deploy/target.h"

namespace cairn::client {

/// Files of which nobody may see some new and others old: a certificate and its key. Where they are
/// to stand there are links through one switch, beside the first of them:
///
///     /etc/ssl/.fullchain.pem.cairn/3/0-fullchain.pem      the files themselves, each set a folder
///     /etc/ssl/.fullchain.pem.cairn/3/1-privkey.pem
///     /etc/ssl/.fullchain.pem.cairn/current -> 3           the switch
///     /etc/ssl/fullchain.pem -> .fullchain.pem.cairn/current/0-fullchain.pem
///     /etc/ssl/private/privkey.pem -> /etc/ssl/.fullchain.pem.cairn/current/1-privkey.pem
///
/// What stood there before moves into a set of its own first, so that at every step key and
/// certificate belong together. Each step can be the last: `take_back` finishes from any.
class MatchedFiles {
  public:
    /// Looks at what stands where `files`, at least two, are to be. Changes nothing.
    explicit MatchedFiles(std::vector<DeployFile> files);
    /// Reads what `record` gave; good for `take_back` and `tidy`.
    [[nodiscard]] static base::Result<MatchedFiles> from_record(const boost::json::object& record);
    /// All that `take_back` needs to know. No secrets.
    [[nodiscard]] boost::json::object record() const;

    /// False if all of it stands already.
    [[nodiscard]] bool is_change() const { return is_change_; }
    /// Throws Failure; `take_back` then undoes what was done.
    void put_in_place() const;
    /// Makes everything as it was, as far as it is not. Throws Failure.
    void take_back() const;
    /// Removes what only `take_back` needed.
    void tidy() const;

  private:
    enum class Was { linked, file, link, missing };
    struct Member {
        std::filesystem::path path;
        Was was = Was::missing;
        /// Of a link that was another's.
        std::string text{};
    };
    MatchedFiles() = default;
    [[nodiscard]] std::filesystem::path kept_at(std::size_t member, const std::string& set) const;
    [[nodiscard]] std::filesystem::path switch_path() const { return store_ / "current"; }
    [[nodiscard]] std::string link_of(std::size_t member) const;
    [[nodiscard]] bool is_any(Was was) const;
    void write_former() const;
    void write_new() const;
    void sync_folders() const;

    std::vector<DeployFile> files_;
    std::filesystem::path store_;
    std::vector<Member> members_;
    /// The sets: that which stood before, empty for none, and the new one.
    std::string former_, new_;
    /// What stood before has to be made a set.
    bool makes_former_ = false;
    bool is_change_ = true;
};

}  // namespace cairn::client
