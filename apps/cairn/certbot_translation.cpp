#include "apps/cairn/certbot_translation.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>

#include <fmt/format.h>

#include "apps/cairn/certbot_installer.h"
#include "apps/cairn/certbot_proof.h"
#include "apps/cairn/certbot_remarks.h"
#include "client/certificate_plan.h"
#include "client/command_words.h"

namespace cairn {
namespace {

using Words = std::vector<std::string>;

/// Translates one command line; what cannot be translated gathers in `findings`.
class Translator {
  public:
    explicit Translator(const CertbotWords& words)
        : words_(words), proof_(words, findings_), installer_(words, findings_) {}

    base::Result<CertbotTranslation> run() {
        if (const auto* remark = remark_on_refused_verb(words_.verb))
            return base::fail(fmt::format("certbot {}: {}", words_.verb, remark->text));
        look_at_flags();
        if (words_.verb == "certonly" || words_.verb == "auth")
            obtain(Installing::no);
        else if (words_.verb == "run" || words_.verb == "everything")
            obtain(Installing::yes);
        else if (words_.verb == "install" || words_.verb == "enhance")
            install();
        else if (words_.verb == "renew")
            renew();
        else if (words_.verb == "reconfigure")
            set(value("--cert-name").value_or(""));
        else if (words_.verb == "certificates")
            simple({"status"}, Names::may_be_several);
        else if (words_.verb == "delete")
            remove();
        else if (words_.verb == "revoke")
            revoke();
        else
            account();
        std::string all;
        for (const auto& finding : findings_) all += (all.empty() ? "" : " ") + finding;
        if (!findings_.empty()) return base::fail(all);
        return std::move(result_);
    }

  private:
    enum class Names { may_be_several, exactly_one };
    enum class Installing { yes, no };

    [[nodiscard]] std::optional<std::string> value(std::string_view flag) const {
        return words_.value_of(flag);
    }
    [[nodiscard]] bool has(std::string_view flag) const { return words_.has(flag); }

    void find(std::string_view what, std::string_view text) { add_finding(findings_, what, text); }
    void note(std::string text) {
        if (std::ranges::find(result_.notes, text) == result_.notes.end())
            result_.notes.push_back(std::move(text));
    }
    void add(Words words) { result_.commands.push_back({std::move(words)}); }

    /// Takes "--ours VALUE" over from "--theirs VALUE", if it is there.
    void take_over(Words& words, std::string_view theirs, const std::string& ours) {
        if (const auto said = value(theirs)) words.insert(words.end(), {ours, *said});
    }
    void take_over_flag(Words& words, std::string_view theirs, const std::string& ours) {
        if (has(theirs)) words.push_back(ours);
    }

    void look_at_flags() {
        for (const auto& flag : words_.flags) {
            if (flag.name == "--plugin" && flag.value == "--dns-google-project") {
                find(flag.value, "name it as `project` in credentials/gcloud.toml.");
            } else if (flag.name == "--plugin") {
                find(flag.value,
                     "certbot's plugins are not there but for its own of the DNS: name a program "
                     "that changes the DNS "
                     "with `cairn issue --solver exec:PROGRAM`, or a provider with "
                     "`--solver dns:PROVIDER` where `cairn dns list` names it.");
            } else if (const auto* remark = remark_on_refused(flag.name)) {
                find(flag.name, remark->text);
            } else if (const auto* same = remark_on_needless(flag.name)) {
                note(fmt::format("{}: {}", flag.name, same->text));
            }
        }
        if (has("--new-key") && has("--reuse-key"))
            find("--new-key", "with --reuse-key it means one new key: leave --reuse-key out once.");
        if (const auto folder = value("--config-dir"); folder && is_of_certbot(*folder))
            find("--config-dir",
                 "this is certbot's own state: leave it out; `cairn import certbot` "
                 "takes over what is there.");
    }

    static bool is_of_certbot(std::string folder) {
        while (folder.size() > 1 && folder.ends_with('/')) folder.pop_back();
        return folder == "/etc/letsencrypt";
    }

    /// What all of our commands take.
    void add_common(Words& words) {
        if (const auto state = value("--state"))
            words.insert(words.end(), {"--state", *state});
        else
            take_over(words, "--config-dir", "--state");
        take_over_flag(words, "--quiet", "-q");
        if (!has("--quiet")) take_over_flag(words, "--verbose", "-v");
    }

    // What is asked for

    void add_key_type(Words& words) {
        const auto type = value("--key-type");
        const auto bits = value("--rsa-key-size");
        const auto curve = value("--elliptic-curve");
        if (type && *type != "rsa" && *type != "ecdsa")
            return find("--key-type", "rsa and ecdsa are known.");
        std::string ours;
        if (type == "rsa" || (!type && bits && !curve)) {
            ours = "rsa" + bits.value_or("2048");
            if (ours != "rsa2048" && ours != "rsa3072" && ours != "rsa4096")
                return find("--rsa-key-size", "2048, 3072 and 4096 are known.");
        } else if (curve) {
            if (*curve == "secp256r1")
                ours = "ec-p256";
            else if (*curve == "secp384r1")
                ours = "ec-p384";
            else
                return find("--elliptic-curve", "secp256r1 and secp384r1 are known.");
        } else if (type) {
            ours = "ec-p256";
        }
        if (!ours.empty()) words.insert(words.end(), {"--key-type", ours});
    }

    void add_solver(Words& words) {
        proof_.add_solver(words);
        if (const auto text = proof_.note_on_credentials(); !text.empty()) note(std::string(text));
    }

    void add_timeout(Words& words) {
        const auto seconds = value("--issuance-timeout");
        if (!seconds) return;
        if (const auto ours = client::ca_timeout_from(*seconds + "s"); !ours)
            find("--issuance-timeout", ours.error().message + ".");
        else
            words.insert(words.end(), {"--ca-timeout", *seconds + "s"});
    }

    void add_authority(Words& words) {
        if (has("--server") && has("--staging"))
            find("--staging", "--server is said too; say one of them.");
        take_over(words, "--server", "--ca");
        take_over(words, "--ca-root", "--ca-root");
    }

    void add_registration(Words& words) {
        take_over(words, "--email", "--email");
        take_over_flag(words, "--agree-tos", "--agree-tos");
        const auto id = value("--eab-kid");
        const auto key = value("--eab-hmac-key");
        if (id.has_value() != key.has_value())
            return find("--eab-kid", "--eab-kid and --eab-hmac-key go together.");
        if (!id) return;
        words.insert(words.end(),
                     {"--eab-kid", *id, "--eab-hmac-key-file", std::string(key_file_to_fill_in)});
        result_.hmac_key = *key;
    }

    /// The options of `issue` and `set` that a lineage keeps.
    void add_plan(Words& words) {
        add_key_type(words);
        take_over_flag(words, "--reuse-key", "--reuse-key");
        if (has("--no-reuse-key")) words.emplace_back("--fresh-key");
        take_over(words, "--preferred-chain", "--preferred-chain");
        if (has("--preferred-profile") && has("--required-profile"))
            find("--preferred-profile", "--required-profile is said too; say one of them.");
        take_over(words, "--preferred-profile", "--profile");
        take_over(words, "--required-profile", "--required-profile");
        add_timeout(words);
        take_over(words, "--pre-hook", "--pre-hook");
        take_over(words, "--post-hook", "--post-hook");
        for (const auto& flag : words_.flags)
            if (flag.name == "--deploy-hook" || flag.name == "--renew-hook")
                words.insert(words.end(), {"--deploy-hook", flag.value});
    }

    /// The lineage whose names are to change, where only the names say which one it is.
    void add_lineage(Words& words) {
        if (const auto name = value("--cert-name")) {
            words.insert(words.end(), {"--name", *name});
        } else if (has("--expand") || has("--renew-with-new-domains")) {
            const auto names = words_.list_of("--domains");
            if (names.empty()) return;
            words.insert(words.end(),
                         {"--name", names.front().starts_with("*.") ? names.front().substr(2)
                                                                    : names.front()});
            note("The lineage is the one that is named after the first of the names.");
        }
    }

    /// Which server gets the certificate, and how it is to answer.
    void add_server(Words& words, Installing installing) {
        const auto server = installer_.server();
        if (installing == Installing::no) {
            // certbot then only has the server read its files again.
            if (server && installer_.is_named_alone())
                words.insert(words.end(),
                             {"--deploy-hook", std::string(reload_of_server(*server))});
            if (installer_.says_how_to_answer())
                note("--redirect, --hsts: they have no effect with `certonly`, as in certbot.");
            return;
        }
        if (!server)
            return find("certbot run",
                        "say which web server is to get the certificate, --nginx or --apache; or "
                        "`certonly`, for the certificate alone.");
        if (std::ranges::find(words, "--solver") == words.end() && !has("--webroot-map"))
            words.insert(words.end(), {"--solver", solver_of_server(words_, *server)});
        words.insert(
            words.end(),
            {"--deploy", installer_.target(*server, CertbotInstaller::Redirect::unless_refused)});
        if (!has("--redirect") && !has("--no-redirect"))
            note(
                "Requests by http are led to https, as certbot does it; --no-redirect leaves "
                "them.");
    }

    /// `install` and `enhance`: a lineage that stands is given to a web server.
    void install() {
        const auto command = "certbot " + words_.verb;
        const auto name = value("--cert-name");
        const auto server = installer_.server();
        const bool is_enhancing = words_.verb == "enhance";
        if (!name) find(command, "name the lineage with --cert-name; `cairn status` lists them.");
        if (!server) find(command, "say which web server it is: --nginx or --apache.");
        if (is_enhancing && !installer_.says_how_to_answer())
            find(command, "say how the server is to answer: --redirect, --hsts.");
        for (const auto* file : {"--cert-path", "--key-path"})
            if (has(file)) find(file, "only what is kept here is given to servers.");
        if (!name || !server) return;
        if (has("--domains")) note("-d: the server gets the certificate for all of its names.");
        note("It is in the place of other deploy targets of the lineage, if there are any.");
        using Redirect = CertbotInstaller::Redirect;
        Words words{"set", *name, "--deploy",
                    installer_.target(*server,
                                      is_enhancing ? Redirect::if_said : Redirect::unless_refused)};
        add_common(words);
        add(std::move(words));
        Words deploying{"deploy", *name, *server};
        add_common(deploying);
        add(std::move(deploying));
    }

    void obtain(Installing installing) {
        Words words{"issue"};
        proof_.add_names(words);
        take_over(words, "--csr", "--csr");
        if (!has("--domains") && !has("--ip-address") && !has("--csr") && !has("--webroot-map")) {
            if (!has("--cert-name")) find("certbot " + words_.verb, "say the names with -d.");
        }
        add_lineage(words);
        add_solver(words);
        add_authority(words);
        add_registration(words);
        add_plan(words);
        add_server(words, installing);
        if (has("--cert-path")) find("--cert-path", "the files are in live/NAME of the state.");
        if (has("--key-path")) find("--key-path", "the files are in live/NAME of the state.");
        take_over_flag(words, "--force-renewal", "--force");
        // certbot's dry run asks staging as well.
        take_over_flag(words, "--dry-run", "--dry-run");
        if (has("--staging") && !has("--dry-run")) words.emplace_back("--staging");
        add_common(words);
        add(std::move(words));
    }

    void renew() {
        if (has("--domains") || has("--csr"))
            find("-d", "`renew` renews lineages: name one with --cert-name, or say `certonly`.");
        const auto names = words_.list_of("--cert-name");
        if (!has("--dry-run")) {
            for (const auto& name : names) set(name, Absent::may_be);
            if (names.empty()) set("", Absent::may_be);
        }
        Words words{"renew"};
        words.insert(words.end(), names.begin(), names.end());
        take_over_flag(words, "--force-renewal", "--force");
        if (has("--dry-run")) {
            words.emplace_back("--dry-run");
            take_over(words, "--server", "--ca");
            take_over_flag(words, "--agree-tos", "--agree-tos");
            for (const auto* hook : {"--pre-hook", "--post-hook", "--deploy-hook", "--renew-hook"})
                if (has(hook))
                    note(fmt::format("{}: a dry run changes no lineage, so it is not kept.", hook));
        }
        add_common(words);
        add(std::move(words));
    }

    enum class Absent { is_a_finding, may_be };

    void add_server_of_standing(Words& words, Absent absent) {
        const auto server = installer_.server();
        if (!server) return;
        if (absent == Absent::is_a_finding)
            words.insert(
                words.end(),
                {"--deploy", installer_.target(*server, CertbotInstaller::Redirect::if_said)});
        else
            note(
                fmt::format("Which server reads the certificate stays as each lineage has it; "
                            "`cairn set LINEAGE --deploy {}` says it.",
                            *server));
    }

    /// What is said of how a lineage is renewed, kept with it; of every one if none is named.
    void set(const std::string& lineage, Absent absent = Absent::is_a_finding) {
        Words words{"set", lineage.empty() ? std::string(lineage_to_fill_in) : lineage};
        const auto bare = words.size();
        add_solver(words);
        add_authority(words);
        add_plan(words);
        add_server_of_standing(words, absent);
        if (words.size() == bare) {
            if (absent == Absent::is_a_finding)
                find("certbot reconfigure", "say what is to be changed.");
            return;
        }
        add_common(words);
        result_.commands.push_back({std::move(words), lineage.empty()});
        if (lineage.empty())
            note("What is said beside `renew` is kept with every lineage there is now.");
    }

    /// A command that takes the names of lineages.
    void simple(Words words, Names names) {
        const auto lineages = words_.list_of("--cert-name");
        if (has("--domains"))
            find("-d", "name the lineage with --cert-name; `cairn status` lists them.");
        if (names == Names::exactly_one && lineages.size() != 1)
            find("certbot " + words_.verb, "name one lineage with --cert-name.");
        words.insert(words.end(), lineages.begin(), lineages.end());
        add_common(words);
        add(std::move(words));
    }

    void remove() {
        const auto lineages = words_.list_of("--cert-name");
        if (lineages.empty())
            find("certbot delete",
                 "name the lineages with --cert-name; `cairn status` lists them.");
        for (const auto& lineage : lineages) {
            Words words{"delete", lineage};
            // certbot asks unless nobody is to be asked.
            take_over_flag(words, "--non-interactive", "--yes");
            add_common(words);
            add(std::move(words));
        }
    }

    static std::optional<std::string> reason_of(std::string_view reason) {
        static constexpr std::array<std::pair<std::string_view, std::string_view>, 5> reasons = {
            {{"unspecified", "unspecified"},
             {"keycompromise", "keyCompromise"},
             {"affiliationchanged", "affiliationChanged"},
             {"superseded", "superseded"},
             {"cessationofoperation", "cessationOfOperation"}}};
        for (const auto& [theirs, ours] : reasons)
            if (theirs == reason) return std::string(ours);
        return std::nullopt;
    }

    void revoke() {
        Words words{"revoke"};
        const auto file = value("--cert-path");
        const auto lineage = value("--cert-name");
        if (file.has_value() == lineage.has_value())
            find("certbot revoke", "say either --cert-name or --cert-path.");
        if (lineage) words.push_back(*lineage);
        if (file) words.insert(words.end(), {"--cert", *file});
        take_over(words, "--key-path", "--key");
        if (const auto reason = value("--reason")) {
            if (const auto ours = reason_of(*reason))
                words.insert(words.end(), {"--reason", *ours});
            else
                find("--reason",
                     "unspecified, keycompromise, affiliationchanged, superseded and "
                     "cessationofoperation are known.");
        }
        add_authority(words);
        if (has("--staging")) words.insert(words.end(), {"--ca", "letsencrypt-staging"});
        add_common(words);
        add(std::move(words));
        if (!has("--delete-after-revoke")) {
            if (!has("--no-delete-after-revoke"))
                note("The certificate stays where it is; certbot would delete it.");
            return;
        }
        if (!lineage) return find("--delete-after-revoke", "name the lineage with --cert-name.");
        Words removal{"delete", *lineage, "--yes"};
        add_common(removal);
        add(std::move(removal));
    }

    void account() {
        const std::map<std::string, std::string> verbs{{"register", "register"},
                                                       {"unregister", "deactivate"},
                                                       {"update_account", "update"},
                                                       {"show_account", "show"}};
        const auto& ours = verbs.at(words_.verb);
        Words words{"account", ours};
        add_authority(words);
        if (has("--staging")) words.insert(words.end(), {"--ca", "letsencrypt-staging"});
        if (ours == "register") add_registration(words);
        if (ours == "update") {
            if (has("--register-unsafely-without-email") && !has("--email"))
                words.insert(words.end(), {"--email", ""});
            else if (!has("--email"))
                find("certbot update_account", "say the new contact with --email.");
            take_over(words, "--email", "--email");
        }
        add_common(words);
        add(std::move(words));
    }

    const CertbotWords& words_;
    CertbotTranslation result_{};
    std::vector<std::string> findings_{};
    CertbotProof proof_;
    CertbotInstaller installer_;
};

}  // namespace

base::Result<CertbotTranslation> translated(const CertbotWords& words) {
    return Translator(words).run();
}

std::string typed(const std::vector<std::string>& words) {
    std::string line = "cairn";
    for (const auto& word : words) line += " " + client::shell_quoted(word);
    return line;
}

}  // namespace cairn
