#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cairn/certbot_dns.h"
#include "apps/cairn/certbot_words.h"

namespace cairn {

/// Adds "WHAT: TEXT" to what cannot be translated, once.
void add_finding(std::vector<std::string>& findings, std::string_view what, std::string_view text);

/// Who proves control of which name, as a command line of certbot says it.
class CertbotProof {
  public:
    /// What cannot be translated is added to `findings`. Both outlive it.
    CertbotProof(const CertbotWords& words, std::vector<std::string>& findings)
        : words_(words), findings_(findings) {}

    /// Adds our solver of the names that have none of their own, with its options, to the words of
    /// a command, if that is said.
    void add_solver(std::vector<std::string>& words);
    /// What is to be known of the credentials of that solver; empty if nothing is.
    [[nodiscard]] std::string_view note_on_credentials() const;
    /// Adds "-d NAME" for each name, with its solver where it has one of its own.
    void add_names(std::vector<std::string>& words);

  private:
    [[nodiscard]] std::optional<std::string> value(std::string_view flag) const {
        return words_.value_of(flag);
    }
    [[nodiscard]] bool has(std::string_view flag) const { return words_.has(flag); }
    void find(std::string_view what, std::string_view text) { add_finding(findings_, what, text); }
    /// The kind of challenge that is preferred: "http" or "dns".
    [[nodiscard]] std::string preferred_challenge();
    /// Finds that an authenticator which proves by `kind` is not what is preferred.
    void require_preference(std::string_view kind, std::string_view authenticator);
    [[nodiscard]] std::optional<std::string> solver();
    /// The DNS plugin that is said; null if none is.
    [[nodiscard]] const CertbotDnsPlugin* dns_plugin() const;
    [[nodiscard]] std::optional<std::string> provider();
    [[nodiscard]] std::string standalone() const;
    [[nodiscard]] std::string manual();
    /// Folders by name, as {"a.example,b.example": "/srv/a"} says them.
    [[nodiscard]] std::map<std::string, std::string> webroot_map();

    const CertbotWords& words_;
    std::vector<std::string>& findings_;
};

}  // namespace cairn
