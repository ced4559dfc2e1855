#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/lineage_key.h"
#include "client/lineage_member.h"
#include "client/state_directory.h"
#include "pki/chain.h"

namespace cairn::client {

/// One certificate of a lineage together with its key.
struct Generation {
    LineageKey key;
    pki::Chain chain;
};

/// The files of a certificate: four, as servers are configured with them, and in the place of the
/// fourth, where its key is elsewhere, the request that it was made with.
struct CertificateFiles {
    std::filesystem::path certificate, chain, full_chain, private_key, request;
    /// The names of the four, without ".pem".
    static constexpr std::array<const char*, 4> stems = {"cert", "chain", "fullchain", "privkey"};
    /// The files in this directory, whose names end with `suffix` before ".pem".
    [[nodiscard]] static CertificateFiles in(const std::filesystem::path& directory,
                                             std::string_view suffix = {});
    static constexpr const char* request_stem = "csr";
    /// The certificate and key in them; an error if they cannot be read or do not match.
    [[nodiscard]] base::Result<Generation> read() const;
};

/// The successive certificates of one name and one key type, of which one is live.
///
///     archive/NAME/{cert,chain,fullchain,privkey}N.pem    the files of generation N
///     archive/NAME/generations/N/cert.pem ...             links to them
///     archive/NAME/current                                link to generations/N: the one switch
///     live/NAME/cert.pem ...                              links through archive/NAME/current
///
/// A generation whose key is elsewhere has archive/NAME/csrN.pem in place of privkeyN.pem, and
/// live/NAME no privkey.pem.
///
/// Those of a further key type stand beside them, with numbers and a switch of their own:
///
///     archive/NAME/cert1-rsa2048.pem, generations/1-rsa2048/cert.pem, current-rsa2048
///     live/NAME/cert-rsa2048.pem
///
/// `live`, `archive` and the folders in them may be links to other places.
///
/// Whoever opens the files in live/NAME gets a key and a certificate of the same generation after a
/// crash at any step, because one rename of `current` switches all four (docs/adr).
///
/// Not thread-safe: its changes are made under the lock of the lineage.
class Lineage {
  public:
    Lineage(const StateDirectory& state, const LineageMember& member);

    [[nodiscard]] const LineageName& name() const { return name_; }
    /// The files behind live/NAME.
    [[nodiscard]] CertificateFiles live_files() const;
    /// The certificate and key that are live; an error if there are none or they do not match.
    [[nodiscard]] base::Result<Generation> current() const;
    /// The private key of whichever generation holds `certificate`.
    [[nodiscard]] std::optional<LineageKey> key_of(const pki::Certificate& certificate) const;

    /// The certificates of all generations that can be read, the newest first.
    [[nodiscard]] std::vector<pki::Certificate> certificates() const;
    /// The number of the generation that is live, if one is.
    [[nodiscard]] std::optional<unsigned long> live_number() const;
    /// The number that the next generation gets.
    [[nodiscard]] unsigned long next_number() const;

    /// True if live/NAME holds links that lead, or were meant to lead, to the live generation.
    [[nodiscard]] bool is_exposed() const;

    /// The numbers of the generations in the archive, the newest first.
    [[nodiscard]] std::vector<unsigned long> numbers() const;
    /// One of them; an error if it cannot be read or does not match.
    [[nodiscard]] base::Result<Generation> generation(unsigned long number) const;

    /// Puts another text in the place of that of a generation's key, which it leads to all the
    /// same. Throws Failure.
    void replace_key_text(unsigned long number, std::string_view text) const;

    /// Makes `generation` the live one. Throws Failure; the old one then stays live.
    void install(const Generation& generation);
    /// Makes a generation that is in the archive the live one, in the same way.
    void return_to(unsigned long number);

    /// The steps of `install`, for tests of a crash between them.
    class Installation {
      public:
        Installation(const Lineage& lineage, const Generation& generation);
        /// Takes the next step; false if none is left.
        bool take_step();

      private:
        void write_files();
        const Lineage& lineage_;
        const Generation& generation_;
        std::string number_;
        int steps_taken_ = 0;
    };

  private:
    friend class LineageMending;
    /// True for a link in live/NAME that leads, or was meant to lead, through archive/NAME/current.
    [[nodiscard]] bool leads_through_archive(const std::filesystem::path& link) const;
    [[nodiscard]] CertificateFiles archived(std::string_view number) const;
    [[nodiscard]] std::filesystem::path current_link() const;
    /// "fullchain" in live/NAME.
    [[nodiscard]] std::filesystem::path live_file(std::string_view stem) const;
    /// The folder of links to a generation, as seen from archive/NAME.
    [[nodiscard]] std::filesystem::path generation_folder(std::string_view number) const;
    /// The names that live/NAME has: those of the files that the live generation has.
    [[nodiscard]] std::vector<std::string_view> live_stems() const;
    /// What the links in live/NAME hold before the name of the file.
    [[nodiscard]] std::filesystem::path way_to_current() const;
    void link_generation(const std::string& number) const;
    void switch_to(const std::string& number) const;
    void expose() const;
    LineageName name_;
    std::string suffix_;
    std::filesystem::path live_, archive_;
};

}  // namespace cairn::client
