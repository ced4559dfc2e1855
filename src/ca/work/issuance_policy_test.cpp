#include "ca/testing/bench.h"
#include "ca/work/issuance.h"
#include "pki/certificate.h"

namespace cairn::ca::testing::issuance_policy_test {
namespace {

using enum protocol::ProblemType;
using protocol::OrderStatus;

/// Says what it is told to say, and keeps what it saw.
class FakeLinter : public Linter {
  public:
    base::Task<std::optional<std::string>> finding(base::Bytes certificate) override {
        seen = std::move(certificate);
        co_return answer;
    }
    std::optional<std::string> answer;
    base::Bytes seen;
};

class IssuancePolicyTest : public Bench {
  protected:
    base::Task<OrderView> finalize(OrderView view, protocol::FinalizeRequest request = csr_for(),
                                   AccountScope of_account = {}) {
        auto changed = account;
        changed.scope = std::move(of_account);
        return issuance().finalize(std::move(view), std::move(request), just_now(), 10s,
                                   std::move(changed));
    }
    void use(Profile profile) {
        profile.name = "default";
        profiles = Profiles::of({{"default", std::move(profile)}}, "default").value();
    }
    static Profile with_uris() {
        Profile profile;
        profile.certificate.uris = true;
        profile.certificate.public_trust = false;
        return profile;
    }
    static protocol::FinalizeRequest csr_with(const char* uri) {
        return {pki::make_csr(crypto::PrivateKey::generate(crypto::KeyType::ec_p256),
                              {.dns_names = {"www.example.org"},
                               .ip_addresses = {},
                               .other_names = 0,
                               .uris = {uri}})};
    }
    void expect_refused_by_lint(const OrderView& view) {
        EXPECT_EQ(view.status(), OrderStatus::invalid);
        ASSERT_TRUE(view.order.problem);
        EXPECT_EQ(view.order.problem->type, server_internal);
        EXPECT_EQ(view.order.problem->status, 500);
        EXPECT_EQ(view.order.problem->detail, "the CA could not issue the certificate");
        EXPECT_EQ(tally.lints, 1);
        EXPECT_EQ(tally.refusals, 1);
        EXPECT_EQ(tally.certificates, 0);
        EXPECT_EQ(tally.count(Observer::JobEnding::broken), 0);
        EXPECT_FALSE(await(repository.find_certificate(view.order.intent->serial)));
    }

    const Account account = stored_account();
    const char* const uri = "spiffe://example.org/web";
    const AccountScope scope = AccountScope::of({}, {}, {uri}).value();
};

TEST_F(IssuancePolicyTest, ShowsTheLinterWhatIsSignedThen) {
    FakeLinter linter;
    issuance_options.linter = &linter;
    restart();
    const auto view = await(finalize(ready(account.id)));
    EXPECT_EQ(view.status(), OrderStatus::valid);
    const auto seen = pki::Certificate::from_der(linter.seen);
    ASSERT_TRUE(seen) << seen.error().message;
    EXPECT_EQ(seen->serial(), view.order.intent->serial);
    EXPECT_FALSE(seen->is_signed_by(issuers.all().front().certificate()));
    EXPECT_EQ(tally.lints, 0);
}

TEST_F(IssuancePolicyTest, SignsNothingThatTheLinterRefuses) {
    FakeLinter linter;
    linter.answer = "E: a secret of the operator";
    issuance_options.linter = &linter;
    restart();
    expect_refused_by_lint(await(finalize(ready(account.id))));
}

// A profile that goes against the standards stands for a mistake of the CA.
// Check 149.
TEST_F(IssuancePolicyTest, SignsNothingThatItsOwnLintRefuses) {
    Profile profile;
    profile.certificate.purposes = {pki::KeyPurpose::client_auth};
    use(profile);
    expect_refused_by_lint(await(finalize(ready(account.id))));
}

TEST_F(IssuancePolicyTest, JudgesTheNamesAgain) {
    const std::vector<std::string> denied{"www.example.org"};
    const NamePolicy stricter{{.names = {.allow = {}, .deny = NameList::of(denied).value()}}};
    const auto view = ready(account.id);
    issuance_options.names = &stricter;
    restart();
    EXPECT_EQ(refusal(finalize(view)).type, rejected_identifier);
    EXPECT_EQ(found(view.order.id).status(), OrderStatus::ready);
    issuance_options.names = &policy;
    restart();
    EXPECT_EQ(refusal(finalize(view, csr_for(), AccountScope::of({}, denied, {}).value())).type,
              rejected_identifier);
    EXPECT_EQ(await(finalize(view)).status(), OrderStatus::valid);
}

TEST_F(IssuancePolicyTest, IssuesUrisOnTheOperatorsWord) {
    use(with_uris());
    const auto view = ready(account.id);
    EXPECT_EQ(refusal(finalize(view, csr_with(uri))).type, bad_csr);
    EXPECT_EQ(refusal(finalize(view, csr_with("spiffe://example.org/db"), scope)).type, bad_csr);
    const auto issued = await(finalize(view, csr_with(uri), scope));
    ASSERT_EQ(issued.status(), OrderStatus::valid);
    const auto kept = await(repository.find_certificate(issued.order.intent->serial)).value();
    EXPECT_EQ(pki::Certificate::from_der(kept.der)->names().uris, std::vector<std::string>{uri});
}

TEST_F(IssuancePolicyTest, IssuesUrisOfTheExternalKey) {
    use(with_uris());
    ExternalKey key{.kid = "k1", .hmac_key = {1}, .created = start_time};
    key.scope.uris = scope.uris;
    ASSERT_TRUE(await(repository.create_external_key(key)));
    auto bound = account;
    bound.binding = {"k1", "{}"};
    const auto finalize_bound = [&](OrderView view) {
        return issuance().finalize(std::move(view), csr_with(uri), just_now(), 10s, bound);
    };
    EXPECT_EQ(await(finalize_bound(ready(account.id))).status(), OrderStatus::valid);
    (void)await(repository.revoke_external_key("k1", start_time));
    EXPECT_EQ(refusal(finalize_bound(ready(account.id))).type, bad_csr);
}

TEST_F(IssuancePolicyTest, GoesByTheStoredScopeAfterACrash) {
    use(with_uris());
    auto allowed = account;
    allowed.scope = scope;
    (void)await(repository.set_account_scope(account.id, scope));
    for (const bool is_kept : {true, false}) {
        signer->gate().close();
        const auto view =
            await(issuance().finalize(ready(account.id), csr_with(uri), just_now(), 0ms, allowed));
        if (!is_kept) (void)await(repository.set_account_scope(account.id, {}));
        restart();
        signer->gate().open();
        issuance().start();
        const auto wanted = is_kept ? OrderStatus::valid : OrderStatus::invalid;
        EXPECT_TRUE(eventually([&] { return found(view.order.id).status() == wanted; }));
        if (!is_kept) {
            EXPECT_EQ(found(view.order.id).order.problem.value().type, bad_csr);
        }
    }
}

}  // namespace
}  // namespace cairn::ca::testing::issuance_policy_test
