#pragma once
// For the tests of client.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "client/testing/issuer.h"
#include "client/testing/scripted_server.h"
#include "pki/csr.h"
#include "protocol/account.h"
#include "protocol/authorization.h"
#include "protocol/directory.h"
#include "protocol/jws.h"
#include "protocol/order.h"
#include "protocol/problem.h"
#include "protocol/revocation.h"

namespace cairn::client::testing {

/// A CA with one order at a time that believes every proof, unless a test makes it behave otherwise
/// through the members that it may set before it asks. It checks signatures, nonces and URLs.
class FakeCa {
  public:
    FakeCa()
        : server([this](const http::Request& request) {
              auto reply = answer(request);
              if (request.path() == "/nonce" || replies_bring_nonces) add_nonce(reply);
              return reply;
          }) {}

    [[nodiscard]] std::string directory_url() const { return server.url("/directory"); }

    // What a test may set:
    std::string terms_of_service;
    bool wants_external_account = false;
    bool offers_renewal_info = false;
    bool replies_bring_nonces = true;
    std::string renewal_info;  ///< its body; empty: 404
    std::map<std::string, std::string> profiles;
    std::string token = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
    std::vector<std::string> challenge_types = {"future-01", "http-01", "dns-01", "tls-alpn-01"};
    protocol::OrderStatus first_order_status = protocol::OrderStatus::pending;
    protocol::AuthorizationStatus first_authorization_status =
        protocol::AuthorizationStatus::pending;
    std::set<std::string> unconvinced_of;  ///< names whose proofs fail
    int polls_before_verdict = 0;
    int polls_before_certificate = 0;
    std::optional<protocol::Identifier> foreign_identifier;  ///< in place of the first
    std::function<std::string(std::string)> alter_chain = [](std::string pem) { return pem; };
    std::optional<pki::Validity> validity;
    /// Sees each request first; what it returns is the answer.
    std::function<std::optional<http::Response>(const http::Request&)> intercept;
    /// Called when a challenge is answered, with the name.
    std::function<void(const std::string&)> on_challenge = [](const std::string&) {};

    // What a test may look at:
    std::optional<protocol::NewAccountRequest> account_request;
    std::optional<protocol::NewOrderRequest> order_request;
    std::optional<protocol::RevocationRequest> revocation;
    bool revocation_was_by_account = false;
    bool account_is_known = false;
    int accounts_made = 0;
    std::optional<protocol::Jwk> account_jwk;
    std::vector<std::string> contact;
    int orders_made = 0;

    Issuer issuer, other_issuer{"Other Root"};
    ScriptedServer server;

    [[nodiscard]] http::Response problem(protocol::ProblemType type, std::string detail) {
        const protocol::Problem document(type, std::move(detail));
        return response(document.status, document.to_json());
    }

    /// What it answers to this request.
    http::Response answer(const http::Request& request) {
        if (intercept)
            if (auto reply = intercept(request)) return std::move(*reply);
        const std::string path(request.path());
        if (path == "/directory") return response(200, directory());
        if (path == "/nonce") return response(200);
        if (path.starts_with("/ari/"))
            return renewal_info.empty() ? response(404) : response(200, renewal_info);
        const auto jws =
            protocol::Jws::from_json(base::bytes_of(request.body), protocol::Jws::Nonce::required);
        if (!jws) return problem(jws.error().type, jws.error().detail);
        if (nonces_.erase(jws->nonce()) == 0)
            return problem(protocol::ProblemType::bad_nonce, "not mine");
        if (jws->url() != server.url(path))
            return problem(protocol::ProblemType::unauthorized, "signed for another URL");
        return signed_request(path, *jws);
    }

  private:
    void add_nonce(http::Response& reply) {
        const auto nonce = "nonce-" + std::to_string(++nonces_given_);
        nonces_.insert(nonce);
        reply.fields.emplace_back("Replay-Nonce", nonce);
    }

    http::Response signed_request(const std::string& path, const protocol::Jws& jws) {
        if (path == "/account") return new_account(jws);
        if (path == "/revoke") return revoke(jws);
        if (!account_is_known)
            return problem(protocol::ProblemType::account_does_not_exist, "who?");
        if (jws.kid() != server.url("/account/1") || !jws.is_signed_by(account_jwk->public_key()))
            return problem(protocol::ProblemType::unauthorized, "not the account's signature");
        if (path == "/account/1") return account(jws);
        if (path == "/key-change") return change_key(jws);
        if (path == "/order") return new_order(jws);
        if (path == "/order/1") return poll_order();
        if (path.starts_with("/authorization/")) return authorization(index_in(path));
        if (path.starts_with("/challenge/")) return challenge(index_in(path));
        if (path == "/finalize") return finalize(jws);
        if (path == "/certificate")
            return response(200, alter_chain(chain_),
                            {{"Link", "<" + server.url("/directory") + ">;rel=\"index\""},
                             {"Link", "</alternate>;rel=\"alternate\""}});
        if (path == "/alternate") return response(200, alternate_chain_);
        return problem(protocol::ProblemType::malformed, "no such thing");
    }

    [[nodiscard]] static std::size_t index_in(const std::string& path) {
        return std::stoul(path.substr(path.rfind('/') + 1));
    }

    std::string directory() {
        protocol::Directory directory;
        directory.new_nonce = server.url("/nonce");
        directory.new_account = server.url("/account");
        directory.new_order = server.url("/order");
        directory.revoke_cert = server.url("/revoke");
        directory.key_change = server.url("/key-change");
        if (offers_renewal_info) directory.renewal_info = server.url("/ari");
        directory.terms_of_service = terms_of_service;
        directory.external_account_required = wants_external_account;
        directory.profiles = profiles;
        return directory.to_json();
    }

    http::Response new_account(const protocol::Jws& jws) {
        const auto request = protocol::NewAccountRequest::from_json(jws.payload()).value();
        if (!jws.jwk() || !jws.is_signed_by(jws.jwk()->public_key()))
            return problem(protocol::ProblemType::malformed, "not signed by the key in it");
        const bool is_known =
            account_is_known && account_jwk && account_jwk->public_key() == jws.jwk()->public_key();
        if (!is_known && request.only_return_existing)
            return problem(protocol::ProblemType::account_does_not_exist, "no such account");
        if (!is_known) {
            account_request = request;
            contact = request.contact;
            account_jwk = jws.jwk();
            account_is_known = true;
            ++accounts_made;
        }
        return response(is_known ? 200 : 201, account_object().to_json(),
                        {{"Location", server.url("/account/1")}});
    }

    protocol::AccountObject account_object() {
        protocol::AccountObject object;
        object.contact = contact;
        object.orders = server.url("/orders");
        return object;
    }

    http::Response account(const protocol::Jws& jws) {
        auto object = account_object();
        if (!jws.payload().empty()) {
            const auto update = protocol::AccountUpdate::from_json(jws.payload()).value();
            if (update.contact) contact = *update.contact;
            object = account_object();
            if (update.deactivate) {
                object.status = protocol::AccountStatus::deactivated;
                account_is_known = false;
            }
        }
        return response(200, object.to_json());
    }

    http::Response change_key(const protocol::Jws& jws) {
        const auto inner =
            protocol::Jws::from_json(jws.payload(), protocol::Jws::Nonce::forbidden).value();
        const auto request = protocol::KeyChangeRequest::from_json(inner.payload()).value();
        const bool is_sound = inner.jwk() && inner.is_signed_by(inner.jwk()->public_key()) &&
                              inner.url() == jws.url() && request.account == jws.kid() &&
                              request.old_key.public_key() == account_jwk->public_key();
        if (!is_sound) return problem(protocol::ProblemType::malformed, "bad key change");
        account_jwk = inner.jwk();
        return response(200, account_object().to_json());
    }

    http::Response new_order(const protocol::Jws& jws) {
        order_request = protocol::NewOrderRequest::from_json(jws.payload()).value();
        ++orders_made;
        statuses_.assign(order_request->identifiers.size(), first_authorization_status);
        order_status_ = first_order_status;
        polls_ = 0;
        return response(201, order().to_json(), {{"Location", server.url("/order/1")}});
    }

    protocol::OrderObject order() {
        using protocol::AuthorizationStatus;
        if (order_status_ == protocol::OrderStatus::pending) {
            bool all_valid = true;
            for (const auto status : statuses_) all_valid &= status == AuthorizationStatus::valid;
            if (all_valid) order_status_ = protocol::OrderStatus::ready;
        }
        protocol::OrderObject object;
        object.status = order_status_;
        object.identifiers = order_request->identifiers;
        object.finalize = server.url("/finalize");
        for (std::size_t i = 0; i < statuses_.size(); ++i)
            object.authorizations.push_back(server.url("/authorization/" + std::to_string(i)));
        if (order_status_ == protocol::OrderStatus::valid)
            object.certificate = server.url("/certificate");
        return object;
    }

    http::Response poll_order() {
        if (order_status_ == protocol::OrderStatus::processing &&
            polls_++ >= polls_before_certificate)
            order_status_ = protocol::OrderStatus::valid;
        return response(200, order().to_json());
    }

    const protocol::Identifier& identifier(std::size_t index) {
        return index == 0 && foreign_identifier ? *foreign_identifier
                                                : order_request->identifiers.at(index);
    }

    protocol::ChallengeStatus challenge_status(std::size_t index) {
        switch (statuses_.at(index)) {
            case protocol::AuthorizationStatus::valid:
                return protocol::ChallengeStatus::valid;
            case protocol::AuthorizationStatus::invalid:
                return protocol::ChallengeStatus::invalid;
            default:
                return answered_.contains(index) ? protocol::ChallengeStatus::processing
                                                 : protocol::ChallengeStatus::pending;
        }
    }

    http::Response authorization(std::size_t index) {
        const auto& subject = identifier(index);
        if (answered_.contains(index) && polls_++ >= polls_before_verdict) {
            answered_.erase(index);
            statuses_.at(index) = unconvinced_of.contains(subject.value())
                                      ? protocol::AuthorizationStatus::invalid
                                      : protocol::AuthorizationStatus::valid;
        }
        protocol::AuthorizationObject object{
            .identifier = subject, .expires = std::nullopt, .challenges = {}};
        if (subject.is_wildcard())
            object.identifier = protocol::Identifier::dns(subject.base_value()).value();
        object.wildcard = subject.is_wildcard();
        object.status = statuses_.at(index);
        for (const auto& type : challenge_types) {
            protocol::ChallengeObject challenge;
            challenge.type = type;
            challenge.url = server.url("/challenge/" + std::to_string(index));
            challenge.token = token;
            challenge.status = challenge_status(index);
            // Erratum 5732: an error does not end a challenge that is processing.
            if (challenge.status == protocol::ChallengeStatus::processing ||
                challenge.status == protocol::ChallengeStatus::invalid)
                challenge.error = protocol::Problem(protocol::ProblemType::connection,
                                                    "no answer from " + subject.value());
            object.challenges.push_back(std::move(challenge));
        }
        return response(200, object.to_json());
    }

    http::Response challenge(std::size_t index) {
        on_challenge(identifier(index).value());
        answered_.insert(index);
        polls_ = 0;
        protocol::ChallengeObject object;
        object.type = "http-01";
        object.url = server.url("/challenge/" + std::to_string(index));
        object.token = token;
        object.status = protocol::ChallengeStatus::processing;
        return response(200, object.to_json());
    }

    http::Response finalize(const protocol::Jws& jws) {
        if (order_status_ != protocol::OrderStatus::ready)
            return problem(protocol::ProblemType::order_not_ready, "not ready");
        const auto request = protocol::FinalizeRequest::from_json(jws.payload()).value();
        const auto csr = pki::Csr::from_der(request.csr).value();
        const auto now = base::SystemClock().now();
        const auto period = validity.value_or(
            pki::Validity{now - std::chrono::hours(1), now + std::chrono::days(90)});
        chain_ = pki::to_pem(issuer.issue(csr.public_key(), csr.names(), period));
        alternate_chain_ = pki::to_pem(other_issuer.issue(csr.public_key(), csr.names(), period));
        order_status_ = protocol::OrderStatus::processing;
        polls_ = 0;
        return response(200, order().to_json(), {{"Location", server.url("/order/1")}});
    }

    http::Response revoke(const protocol::Jws& jws) {
        const bool by_account = jws.kid().has_value();
        const auto request = protocol::RevocationRequest::from_json(jws.payload()).value();
        const auto certificate = pki::Certificate::from_der(request.certificate).value();
        const auto& key = by_account ? account_jwk->public_key() : certificate.public_key();
        if (!jws.is_signed_by(key))
            return problem(protocol::ProblemType::unauthorized, "not yours to revoke");
        if (revocation) return problem(protocol::ProblemType::already_revoked, "it is already");
        revocation = request;
        revocation_was_by_account = by_account;
        return response(200);
    }

    /// Those that are good for one request.
    std::set<std::string> nonces_;
    int nonces_given_ = 0;
    int polls_ = 0;
    protocol::OrderStatus order_status_ = protocol::OrderStatus::pending;
    std::vector<protocol::AuthorizationStatus> statuses_;
    std::set<std::size_t> answered_;
    std::string chain_, alternate_chain_;
};

}  // namespace cairn::client::testing
