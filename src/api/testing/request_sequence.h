#pragma once
// Private to the tests of api and to fuzz/: clients that ask for whatever some octets say, one
// after the other and at once, and what must hold of every answer.

#include <functional>
#include <future>

#include "api/testing/api_bench.h"
#include "api/testing/fact_check.h"
#include "api/testing/sequence_model.h"
#include "protocol/account.h"

namespace cairn::api::testing {

/// A CA in memory, and a model that says who may read what, how each status may move, and which key
/// may be whose. It is played once.
class RequestSequence final : public ApiBench {
  public:
    RequestSequence() {
        const auto& issuer = issuers.all().front();
        await(repository.save_issuer(issuer.id(), {issuer.certificate().pem()}));
        using enum ca::LimitName;
        limit(new_orders_per_account, most_orders_of_one);
        limit(certificates_per_domain, 100);
        limit(failed_validations_per_account_and_name, 100);
    }
    void TestBody() override {}

    /// Does what the octets say: one octet for each step, and one for each choice in it. What did
    /// not hold, or nothing.
    [[nodiscard]] std::optional<std::string> play(base::BytesView octets) {
        octets_ = octets;
        std::optional<std::string> finding;
        try {
            for (int step = 0; step < most_steps && !octets_.empty(); ++step) take_step();
            settle();
        } catch (const Broken& broken) {
            finding = broken.sentence;
        } catch (const std::exception& error) {
            finding = std::string("something was thrown: ") + error.what();
        }
        for (auto* gate : gates_) gate->open();
        for (auto& [answer, check] : pending_)
            if (answer.valid()) (void)answer.wait_for(20s);
        return finding;
    }
    /// How many certificates its clients got.
    [[nodiscard]] std::size_t certificates() const { return model_.certificates.size(); }

  private:
    static constexpr int most_steps = 48;
    static constexpr std::size_t most_orders = 8, most_orders_of_one = 4;

    using Check = std::function<void(const http::Response&)>;

    void limit(ca::LimitName name, std::int64_t count) {
        limit_options.limits[name] = ca::Limit{.rate = {count, count * FactCheck::taken_for}};
    }

    std::size_t choice(std::size_t count) {
        if (octets_.empty()) return 0;
        const auto value = octets_.front();
        octets_ = octets_.subspan(1);
        return value % count;
    }
    Actor& any_actor() { return model_.actors[choice(model_.actors.size())]; }
    /// One of what there is; nothing if there is nothing.
    template <class Known>
    Known* any_of(std::deque<Known>& all) {
        return all.empty() ? nullptr : &all[choice(all.size())];
    }
    /// Mostly the owner, else anybody.
    Actor& owner_or_another(std::size_t owner) {
        return choice(4) == 3 ? any_actor() : model_.actors[owner];
    }
    std::vector<std::string> any_names() {
        static const std::array<const char*, 3> all{"a.example.org", "b.example.org",
                                                    "*.a.example.org"};
        const auto mask = choice(7) + 1;
        std::vector<std::string> names;
        for (std::size_t i = 0; i < all.size(); ++i)
            if (((mask >> i) & 1U) != 0) names.emplace_back(all.at(i));
        return names;
    }

    /// Whether nothing else is under way, so that the model knows what must come.
    [[nodiscard]] bool is_alone() const { return closed_ == 0; }
    [[nodiscard]] static Client as(const Actor& actor) {
        return {SequenceModel::key(actor.key), actor.url};
    }

    /// `check` gets the answer: now, or once all gates are open.
    void ask(const Client& sender, const std::string& url, std::string_view payload, Check check) {
        auto made = request(sender, url, payload);
        pending_.emplace_back(loop.start(face().door.handle(std::move(made))), std::move(check));
        if (is_alone()) return take_answers();
        // It goes as far as it can, so that the same octets do the same.
        const auto nothing = []() -> base::Task<void> { co_return; };
        for (int turn = 0; turn < 8; ++turn) await(nothing());
    }
    void take_answers() {
        while (!pending_.empty()) {
            auto [answer, check] = std::move(pending_.front());
            pending_.pop_front();
            const auto response = EventLoop::result(std::move(answer));
            check_form(response);
            check(response);
        }
    }
    static void check_form(const http::Response& response) {
        require(response.status < 500, "an answer is " + std::to_string(response.status));
        require(!field(response, "Replay-Nonce").empty(), "an answer has no nonce");
        if (response.status < 400) return;
        require(response.content_type == "application/problem+json", "a refusal is no problem");
        const auto problem = protocol::Problem::from_json(base::bytes_of(response.body));
        require(problem.has_value(), "a problem cannot be read");
        require(problem->status == response.status, "a problem has another status");
        require(problem->type != protocol::ProblemType::unknown, "a problem is of no known type");
    }
    /// Asks as this account, if it has one. A dead one is refused; else `check` gets the answer.
    void ask_as(const Actor& actor, const std::string& url, std::string_view payload, Check check) {
        if (actor.url.empty()) return;
        ask(as(actor), url, payload,
            [&actor, alone = is_alone(), check = std::move(check)](const http::Response& response) {
                if (!alone || !actor.is_dead) return check(response);
                require(response.status == 401, "a dead account was served");
            });
    }
    /// Asks for what belongs to `owner`: anybody else is refused with this status.
    void ask_for(std::size_t owner, const Actor& actor, const std::string& url,
                 std::string_view payload, int refusal, Check check) {
        ask_as(actor, url, payload,
               [is_own = &model_.actors[owner] == &actor, alone = is_alone(), refusal,
                check = std::move(check)](const http::Response& response) {
                   if (is_own) return check(response);
                   require(alone ? response.status == refusal : response.status >= 400,
                           "what is another's is not refused: " + response.body);
               });
    }
    void read_own(std::size_t owner, const std::string& url, Check check) {
        ask_for(owner, model_.actors[owner], url, "", 404,
                [check = std::move(check)](const http::Response& response) {
                    require(response.status == 200, "one's own is not shown: " + response.body);
                    check(response);
                });
    }

    void take_step() {
        using Step = void (RequestSequence::*)();
        using Self = RequestSequence;
        static constexpr std::array<Step, 16> steps{
            &Self::register_account, &Self::place_order,   &Self::answer_challenge,
            &Self::finalize,         &Self::place_order,   &Self::answer_challenge,
            &Self::finalize,         &Self::read_any,      &Self::close_a_gate,
            &Self::settle,           &Self::change_key,    &Self::revoke_by_account,
            &Self::revoke_by_key,    &Self::give_up_proof, &Self::end_account,
            &Self::pass_time};
        (this->*steps.at(choice(steps.size())))();
    }

    void register_account() {
        auto& actor = any_actor();
        const auto key = choice(SequenceModel::key_count);
        if (!actor.url.empty()) return;
        ask({SequenceModel::key(key), {}}, site + "/acme/new-account",
            R"({"termsOfServiceAgreed":true})",
            [this, &actor, key, alone = is_alone()](const http::Response& response) {
                const auto* holder = model_.holder_of(key);
                if (response.status == 200 && alone)
                    require(holder != nullptr && holder->url == field(response, "Location"),
                            "a key led to an account that does not have it");
                if (response.status != 201) return;
                if (alone) model_.require_free(key);
                auto& place = actor.url.empty() ? actor : model_.others.emplace_back();
                place = {.key = key, .url = field(response, "Location")};
            });
    }

    void place_order() {
        auto& actor = any_actor();
        const auto names = any_names();
        if (model_.orders.size() >= most_orders) return;
        ask_as(actor, site + "/acme/new-order", for_names(names).to_json(),
               [this, owner = model_.index_of(actor), names,
                alone = is_alone()](const http::Response& response) {
                   if (alone && model_.orders_of(owner) < most_orders_of_one)
                       require(response.status == 201, "no order: " + response.body);
                   if (response.status != 201) return;
                   const auto order = object<protocol::OrderObject>(response);
                   require(names_of(order) == names, "an order has other names");
                   for (const auto& url : order.authorizations)
                       model_.learn_authorization(owner, url);
                   model_.learn_order(owner, field(response, "Location"), order);
               });
    }

    void answer_challenge() {
        static const std::array<const char*, 3> kinds{"/http-01", "/dns-01", "/tls-alpn-01"};
        const auto* known = any_of(model_.authorizations);
        if (known == nullptr) return;
        const auto url = site + "/acme/challenge" + known->url.substr(known->url.rfind('/')) +
                         kinds.at(choice(kinds.size()));
        if (choice(4) == 3) {
            validator.fail({protocol::ProblemType::connection, "connection refused"});
        } else {
            validator.succeed();
        }
        ask_for(known->owner, owner_or_another(known->owner), url, "{}", 404,
                [](const http::Response&) {});
    }

    void finalize() {
        auto* known = any_of(model_.orders);
        if (known == nullptr) return;
        const auto key = choice(SequenceModel::key_count);
        auto& actor = owner_or_another(known->owner);
        const auto names = choice(8) == 7 ? any_names() : names_of(known->last);
        const bool fits = names == names_of(known->last);
        if (is_alone()) look_at(*known);
        const bool is_ready = known->last.status == protocol::OrderStatus::ready;
        ask_for(
            known->owner, actor, known->last.finalize,
            csr_for(names, SequenceModel::key(key)).to_json(), 404,
            [this, known, key, fits, is_ready, alone = is_alone()](const http::Response& response) {
                if (response.status == 200) {
                    require(fits, "a CSR for other names was taken");
                    if (alone) model_.require_certifiable(key);
                    see(*known, response, alone);
                } else if (alone && is_ready && fits && model_.is_certifiable(key)) {
                    throw Broken{"a good CSR was refused: " + response.body};
                }
            });
    }

    void change_key() {
        auto& actor = any_actor();
        const auto key = choice(SequenceModel::key_count);
        if (actor.url.empty()) return;
        const auto before = actor;
        const bool alone = is_alone();
        const auto url = site + "/acme/key-change";
        const auto change =
            protocol::KeyChangeRequest{.account = actor.url,
                                       .old_key = protocol::Jwk::of(as(before).key.public_key())}
                .to_json();
        ask_as(actor, url,
               protocol::make_jws(SequenceModel::key(key), {.url = url, .nonce = {}, .kid = {}},
                                  change),
               [this, &actor, key, before, alone](const http::Response& response) {
                   if (response.status != 200) return;
                   require(actor.key == before.key, "one key was changed twice");
                   if (alone) model_.require_free(key);
                   actor.key = key;
               });
        if (alone && actor.key != before.key)
            ask(as(before), actor.url, "", [](const http::Response& response) {
                require(response.status == 400, "a former key was believed");
            });
    }

    void revoke_by_account() {
        static constexpr std::array<int, 5> reasons{0, 1, 4, 5, 9};
        auto* known = any_of(model_.certificates);
        if (known == nullptr) return;
        auto& actor = any_actor();
        const auto reason = reasons.at(choice(reasons.size()));
        const bool may = model_.index_of(actor) == known->owner ||
                         FactCheck::controls(*facts, actor.url, known->names, links, clock.now());
        ask_as(actor, site + "/acme/revoke-cert", revocation_of(*known, reason),
               [known, may, reason, alone = is_alone()](const http::Response& response) {
                   if (response.status != 200) return;
                   require(reason != 9, "a subscriber gave a reason of the CA");
                   require(!alone || may, "a certificate was revoked by whoever asked");
                   require(!alone || !known->is_revoked, "a certificate was revoked twice");
                   known->is_revoked = true;
               });
    }
    void revoke_by_key() {
        const auto* known = any_of(model_.certificates);
        if (known == nullptr) return;
        const auto key = choice(2) == 1 ? choice(SequenceModel::key_count) : known->key;
        ask({SequenceModel::key(key), {}}, site + "/acme/revoke-cert", revocation_of(*known, 0),
            [this, key, may = key == known->key](const http::Response& response) {
                if (response.status != 200) return;
                require(may, "a certificate was revoked by another key");
                model_.learn_compromise(key);
            });
    }

    void give_up_proof() {
        const auto* known = any_of(model_.authorizations);
        if (known == nullptr) return;
        ask_for(known->owner, owner_or_another(known->owner), known->url,
                R"({"status":"deactivated"})", 404, [](const http::Response&) {});
    }

    void end_account() {
        auto& actor = any_actor();
        if (choice(3) != 0) return;  // there is more to see while it lives
        ask_as(actor, actor.url, R"({"status":"deactivated"})",
               [&actor](const http::Response& response) {
                   actor.is_dead = actor.is_dead || response.status == 200;
               });
    }

    void read_any() {
        auto& actor = any_actor();
        const auto read = [&](std::size_t owner, const std::string& url, int refusal) {
            ask_for(owner, actor, url, "", refusal,
                    [alone = is_alone()](const http::Response& response) {
                        require(!alone || response.status == 200,
                                "one's own is not shown: " + response.body);
                    });
        };
        const auto owner = choice(model_.actors.size());
        const auto& account = model_.actors[owner].url;
        switch (choice(5)) {
            case 0:
                if (!account.empty()) read(owner, account, 403);
                break;
            case 1:
                if (!account.empty()) read(owner, account + "/orders", 403);
                break;
            case 2:
                if (const auto* order = any_of(model_.orders)) read(order->owner, order->url, 404);
                break;
            case 3:
                if (const auto* proof = any_of(model_.authorizations))
                    read(proof->owner, proof->url, 404);
                break;
            default:
                if (const auto* certificate = any_of(model_.certificates))
                    read(certificate->owner, certificate->url, 404);
        }
    }

    void close_a_gate() {
        gates_[choice(gates_.size())]->close();
        ++closed_;
    }

    /// Lets all go on to its end, and looks at everything.
    void settle() {
        check_.note_lost_orders(*facts);
        for (auto* gate : gates_) gate->open();
        closed_ = 0;
        take_answers();
        require(eventually([this] { return FactCheck::is_settled(*facts); }), "a job does not end");
        if (const auto wrong = check_.broken(*facts, clock.now())) throw Broken{*wrong};
        for (auto& order : model_.orders) look_at(order);
        for (auto& proof : model_.authorizations)
            read_own(proof.owner, proof.url, [&proof](const http::Response& response) {
                SequenceModel::see(proof, object<protocol::AuthorizationObject>(response).status);
            });
    }

    void pass_time() {
        static constexpr std::array<base::Seconds, 4> times{1h, 25h, 8 * 24h, 31 * 24h};
        settle();
        const auto time = times.at(choice(times.size()));
        // The issuer outlives it all.
        if (clock.now() + time < start_time + 300 * 24h) clock.advance(time);
    }

    void look_at(KnownOrder& order) {
        read_own(order.owner, order.url,
                 [this, &order](const http::Response& response) { see(order, response, true); });
    }
    void see(KnownOrder& order, const http::Response& response, bool in_order) {
        SequenceModel::see(order, object<protocol::OrderObject>(response), in_order);
        const auto& url = order.last.certificate;
        if (!in_order || url.empty() || model_.knows_certificate(url)) return;
        read_own(order.owner, url, [this, owner = order.owner, url](const http::Response& found) {
            if (!model_.knows_certificate(url)) model_.learn_certificate(owner, url, found.body);
        });
    }

    base::BytesView octets_;
    SequenceModel model_;
    FactCheck check_;
    std::deque<std::pair<std::future<http::Response>, Check>> pending_;
    int closed_ = 0;
    std::vector<ca::testing::Gate*> gates_{
        &validator.gate(),
        &signer->gate(),
        &script->gate(StoreCall::create_order),
        &script->gate(StoreCall::begin_validation),
        &script->gate(StoreCall::finish_validation),
        &script->gate(StoreCall::begin_issuance),
        &script->gate(StoreCall::complete_issuance),
        &script->gate(StoreCall::replace_account_key),
        &script->gate(StoreCall::revoke_certificate),
        &script->gate(StoreCall::deactivate_authorization),
        &script->gate(StoreCall::deactivate_account),
        &script->gate(StoreCall::create_account),
        &script->gate(StoreCall::find_account),
    };
};

}  // namespace cairn::api::testing
