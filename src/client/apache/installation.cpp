#include "client/apache/installation.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/apache/answerer.h"
#include "client/apache/certificate_statements.h"
#include "client/apache/https_redirect.h"
#include "client/apache/https_sibling.h"
#include "net/ascii.h"

namespace cairn::client::apache {
namespace {

const Aim aim("install the certificate in Apache", Phase::deploy);

void add_once(std::vector<std::string>& list, const std::string& text) {
    if (std::ranges::find(list, text) == list.end()) list.push_back(text);
}

/// Collects what is to be done, name by name.
class Planner {
  public:
    Planner(const Configuration& configuration, const InstallationWish& wish)
        : configuration_(configuration), wish_(wish) {}

    Installation plan() {
        if (!configuration_.has_module("ssl_module"))
            throw Failure(aim, "mod_ssl is not loaded",
                          "enable it: `a2enmod ssl` on Debian, `dnf install mod_ssl` elsewhere, "
                          "then restart Apache.");
        if (wish_.place.hsts != 0 && !configuration_.has_module("headers_module"))
            obstacles_.emplace_back(
                "mod_headers is not loaded, which HSTS needs: `a2enmod "
                "headers`, then `systemctl reload apache2`");
        for (const auto& name : wished_names()) place_name(name);
        for (const auto& [host, names] : secured_) secure(*host);
        for (const auto& [host, names] : siblings_) add_sibling(*host, names);
        if (!main_names_.empty()) {
            add_https_host(installation_.edits, configuration_, main_names_, wish_);
            remark(fmt::format("a virtual host for https and {} is added to {}",
                               fmt::join(main_names_, ", "),
                               configuration_.main_file().path.string()));
        }
        if (!siblings_.empty() || !main_names_.empty())
            add_listeners(installation_.edits, configuration_, wish_.place);
        if (wish_.place.redirect) redirect();
        refuse_if_hopeless();
        return std::move(installation_);
    }

  private:
    /// Those of the certificate, and for wildcards the names of virtual hosts that they are for.
    std::vector<std::string> wished_names() const {
        std::vector<std::string> names;
        const auto add = [&](const std::string& name) { add_once(names, name); };
        for (const auto& name : wish_.names) {
            if (!name.starts_with("*.")) {
                add(name);
                continue;
            }
            for (const auto& host : configuration_.hosts()) {
                if (covers({name}, host.server_name)) add(host.server_name);
                for (const auto& alias : host.aliases)
                    if (alias == name || covers({name}, alias)) add(alias);
            }
        }
        return names;
    }

    void remark(const std::string& text) { add_once(installation_.remarks, text); }

    /// True if `host` is at the port for http too, where it cannot speak TLS.
    bool answers_http(const VirtualHost& host) const {
        return std::ranges::any_of(host.addresses, [&](const HostAddress& address) {
            return !address.port || address.port == wish_.place.http_port;
        });
    }

    /// True if the name is answered at the port for https.
    bool place_at_https(const std::string& name) {
        bool is_placed = false;
        for (const auto& answerer : answerers(configuration_, name, wish_.place.https_port)) {
            const auto* host = answerer.host;
            if (host == nullptr) continue;
            const bool is_nameless = host->server_name.empty() && host->aliases.empty();
            const bool is_meant =
                (answerer.has_name && !answers_http(*host)) ||
                (is_nameless && !answers_http(*host) &&
                 (has_placeholder_certificate(*host) || shows(*host, wish_.pairs)) &&
                 speaks_tls(configuration_, *host, wish_.place.https_port));
            if (!is_meant) continue;
            is_placed = true;
            if (!speaks_tls(configuration_, *host, wish_.place.https_port)) {
                obstacles_.push_back(fmt::format("{} answers {} at port {} without TLS",
                                                 host->label(), name, wish_.place.https_port));
                continue;
            }
            secured_[host].insert(name);
            installation_.names.push_back({name, answerer.reached_at});
        }
        return is_placed;
    }

    bool place_at_http(const std::string& name) {
        bool is_placed = false;
        for (const auto& answerer : answerers(configuration_, name, wish_.place.http_port)) {
            const auto* host = answerer.host;
            if (host == nullptr) {
                const auto* server_name = configuration_.last("servername");
                const bool is_alone =
                    configuration_.hosts().empty() ||
                    (server_name != nullptr && net::ascii_lower(server_name->word(0)) == name);
                if (!is_alone) continue;
                add_once(main_names_, name);
            } else {
                const bool is_nameless = host->server_name.empty() && host->aliases.empty();
                if (!answerer.has_name && !is_nameless) continue;
                add_once(siblings_[host], name);
            }
            is_placed = true;
            installation_.names.push_back(
                {name, {answerer.reached_at.address, wish_.place.https_port}});
        }
        return is_placed;
    }

    void place_name(const std::string& name) {
        if (place_at_https(name) || place_at_http(name)) return;
        unanswered_.push_back(name);
        remark(fmt::format("no virtual host has the name {}", name));
    }

    void secure(const VirtualHost& host) {
        for (const auto& name : host.aliases)
            if (!covers(wish_.names, name))
                remark(fmt::format("{} has the name {} too, which the certificate is not for",
                                   host.label(), name));
        const bool has_header = std::ranges::any_of(host.statements, [](const Statement& each) {
            return each.name == "header" &&
                   std::ranges::any_of(each.words, [](const std::string& word) {
                       return net::same_ignoring_case(word, "Strict-Transport-Security");
                   });
        });
        if (wish_.place.hsts != 0 && !has_header)
            installation_.edits.insert_lines(
                *host.opening.file, host.opening.node->inner_end,
                std::string(host.opening.file->tree.indent_at(host.opening.node->begin)) + "    ",
                {hsts_line(wish_.place)});
        if (shows(host, wish_.pairs)) return;
        if (const auto* outside = configuration_.last("sslcertificatefile")) {
            // Each virtual host shows it beside its own.
            obstacles_.push_back(fmt::format(
                "SSLCertificateFile stands at {}, outside of virtual hosts, so that {} would show "
                "that one too: move it into the virtual hosts that it is for",
                outside->place(), host.label()));
            return;
        }
        auto obstacles = show_certificate(installation_.edits, configuration_, host, wish_);
        if (obstacles.empty()) remark(fmt::format("{} shows the certificate", host.label()));
        for (auto& obstacle : obstacles) obstacles_.push_back(std::move(obstacle));
    }

    void add_sibling(const VirtualHost& host, const std::vector<std::string>& names) {
        auto obstacles = add_https_sibling(installation_.edits, configuration_, host, names, wish_);
        if (obstacles.empty())
            remark(fmt::format("{} gets a virtual host for https behind it, with its text",
                               host.label()));
        for (auto& obstacle : obstacles) obstacles_.push_back(std::move(obstacle));
    }

    /// Of the hosts for http that answer names which https answers from now on.
    void redirect() {
        std::map<const VirtualHost*, std::vector<std::string>> hosts;
        for (const auto& secured : installation_.names)
            for (const auto& answerer :
                 answerers(configuration_, secured.name, wish_.place.http_port)) {
                if (answerer.host == nullptr || !answerer.has_name) continue;
                add_once(hosts[answerer.host], secured.name);
            }
        for (const auto& [host, names] : hosts) {
            if (redirects_to_https(*host) || names.front().starts_with("*.")) continue;
            auto lines = redirect_lines(configuration_, *host, names, wish_.place.https_port);
            if (!lines) {
                obstacles_.push_back(lines.error().message);
                continue;
            }
            const auto& opening = host->opening;
            installation_.edits.insert_lines(
                *opening.file, opening.node->inner_begin,
                std::string(opening.file->tree.indent_at(opening.node->begin)) + "    ", *lines);
            remark(fmt::format("{} leads to https", host->label()));
        }
    }

    void refuse_if_hopeless() {
        if (installation_.names.empty() && obstacles_.empty())
            throw Failure(
                aim, fmt::format("no virtual host has the name {}", fmt::join(unanswered_, " or ")),
                "write one with that ServerName, or deploy to the server by hand: --deploy-hook "
                "'systemctl reload apache2'.");
        if (!obstacles_.empty())
            throw Failure(aim, fmt::format("{}", fmt::join(obstacles_, "; ")),
                          "change that in its configuration, and run this again; nothing was "
                          "changed.");
    }

    const Configuration& configuration_;
    const InstallationWish& wish_;
    Installation installation_;
    std::map<const VirtualHost*, std::set<std::string>> secured_;
    std::map<const VirtualHost*, std::vector<std::string>> siblings_;
    std::vector<std::string> main_names_, unanswered_, obstacles_;
};

/// Which host answers, in words that do not depend on the lines that were added before it.
std::string who(const Answerer& answerer) {
    if (answerer.host == nullptr) return "the main server";
    std::string addresses;
    for (const auto& address : answerer.host->addresses) addresses += " " + address.to_string();
    return fmt::format("{} at{} in {}", answerer.host->server_name, addresses,
                       answerer.host->opening.file->path.string());
}

}  // namespace

Installation plan_installation(const Configuration& configuration, const InstallationWish& wish) {
    return Planner(configuration, wish).plan();
}

void expect_installed(const Configuration& before, const Configuration& after,
                      const InstallationWish& wish, const Installation& installation) {
    const auto refuse = [&](const std::string& what) {
        throw Failure(aim, "the change that it takes has an effect that it must not have: " + what,
                      "write the virtual host for https yourself, with any certificate: the "
                      "next run gives it this one. Nothing was changed.");
    };
    std::set<std::string> ours;
    for (const auto& secured : installation.names) {
        ours.insert(secured.name);
        bool is_shown = false;
        for (const auto& answerer : answerers(after, secured.name, wish.place.https_port)) {
            if (answerer.host == nullptr || !shows(*answerer.host, wish.pairs)) continue;
            is_shown = is_shown || answerer.reached_at.address == secured.reached_at.address;
        }
        if (!is_shown)
            refuse(fmt::format("{} is answered by another at {}", secured.name,
                               secured.reached_at.to_string()));
    }
    for (const auto& host : before.hosts())
        for (const auto port : {wish.place.http_port, wish.place.https_port}) {
            if (host.server_name.empty() || ours.contains(host.server_name)) continue;
            const auto former = answerers(before, host.server_name, port);
            const auto now = answerers(after, host.server_name, port);
            for (const auto& old : former) {
                if (!old.has_name) continue;
                // One without a certificate answers nobody who speaks TLS.
                if (port == wish.place.https_port && old.host != nullptr &&
                    old.host->last("sslcertificatefile") == nullptr &&
                    before.last("sslcertificatefile") == nullptr)
                    continue;
                const bool is_same = std::ranges::any_of(now, [&](const Answerer& each) {
                    return each.reached_at.address == old.reached_at.address &&
                           who(each) == who(old);
                });
                if (!is_same)
                    refuse(fmt::format("{} is answered by another at port {}", host.server_name,
                                       port));
            }
        }
}

}  // namespace cairn::client::apache
