#include <algorithm>

#include "store/testing/repository_contract.h"

namespace cairn::store::testing::listing_contract_test {
namespace {

using ca::CertificateFilter;
using ca::OrderFilter;

class ListingContract : public RepositoryContract {
  protected:
    /// All that fit, looked for `look_at` at a time.
    std::vector<pki::SerialNumber> certificates(const CertificateFilter& filter,
                                                std::size_t look_at) {
        std::vector<pki::SerialNumber> found;
        std::optional<pki::SerialNumber> before;
        do {
            const auto step =
                await(store().look_for_certificates(filter, std::move(before), look_at));
            for (const auto& each : step.found) found.push_back(each.serial);
            before = step.next;
        } while (before);
        return found;
    }
    std::vector<ca::OrderId> orders(const OrderFilter& filter, std::size_t look_at) {
        std::vector<ca::OrderId> found;
        std::optional<ca::OrderId> before;
        do {
            const auto step = await(store().look_for_orders(filter, std::move(before), look_at));
            for (const auto& each : step.found) found.push_back(each.id);
            before = step.next;
        } while (before);
        return found;
    }
};
INSTANTIATE_TEST_SUITE_P(, ListingContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(ListingContract, FindsCertificatesByAllThatIsSaidOfThem) {
    EXPECT_TRUE(certificates({}, 1).empty());
    const auto account = stored_account().id;
    std::vector<ca::IssuedCertificate> made;
    for (int i = 0; i < 6; ++i) {
        auto certificate = make.own_certificate();
        certificate.issued = now - 1h * i;
        certificate.not_after = now + 24h * i;
        certificate.profile = i % 2 == 0 ? "default" : "";
        if (i == 3) {
            certificate.account = account;
            certificate.order = make.order_id();
        }
        if (i == 4) certificate.issuer = digest("another");
        if (i == 5) certificate.key = made[0].key;
        const auto name = base::bytes_of(std::string_view("www.example.test"));
        if (i == 2) std::ranges::copy(name, certificate.der.begin() + 100);
        await(store().add_certificate(certificate));
        made.push_back(certificate);
    }
    const ca::Revocation revocation{now, protocol::RevocationReason::superseded};
    using Outcome = ca::CertificateStore::RevocationOutcome;
    EXPECT_EQ(await(store().revoke_certificate(made[1].serial, revocation)), Outcome::revoked);
    EXPECT_TRUE(await(store().record_key_compromise(made[0].key, now)));

    struct Case {
        const char* what;
        CertificateFilter filter;
        std::vector<std::size_t> wanted;
    };
    const auto name = base::bytes_of(std::string_view("www.example.test"));
    const std::vector<Case> cases{
        {"all", {}, {0, 1, 2, 3, 4, 5}},
        {"account", {.account = account}, {3}},
        {"order", {.order = made[3].order}, {3}},
        {"issuer", {.issuer = digest("another")}, {4}},
        {"profile", {.profile = "default"}, {0, 2, 4}},
        {"no profile", {.profile = ""}, {1, 3, 5}},
        {"key", {.key = made[0].key}, {0, 5}},
        {"key and time", {.key = made[0].key, .issued_before = now - 1h}, {5}},
        {"issued", {.issued_after = now - 3h, .issued_before = now - 2h}, {2, 3}},
        {"ending", {.ends_after = now + 24h, .ends_before = now + 48h}, {1, 2}},
        {"revoked", {.is_revoked = true}, {0, 1, 5}},
        {"not revoked", {.is_revoked = false}, {2, 3, 4}},
        {"octets", {.octets = base::copy_of(name)}, {2}},
        {"nothing", {.issuer = digest("another"), .is_revoked = true}, {}},
    };
    for (const auto& [what, filter, wanted] : cases) {
        std::vector<pki::SerialNumber> serials;
        serials.reserve(wanted.size());
        for (const auto place : wanted) serials.push_back(made.at(place).serial);
        std::ranges::sort(serials, std::greater());
        for (const std::size_t look_at : {1U, 2U, 6U, 100U})
            EXPECT_EQ(certificates(filter, look_at), serials) << what << ", " << look_at;
    }
    const auto step = await(store().look_for_certificates({.is_revoked = true}, std::nullopt, 10));
    for (const auto& found : step.found)
        expect_found(await(store().find_certificate(found.serial)), found);
}

TEST_P(ListingContract, FindsOrdersByAllThatIsSaidOfThem) {
    EXPECT_TRUE(orders({}, 1).empty());
    const auto one = stored_account().id;
    const auto other = stored_account().id;
    std::vector<ca::OrderId> made;
    for (const auto* name : {"www.example.org", "a.example.com", "*.example.com", "192.0.2.1"})
        made.push_back(stored_order(one, {name, "second.test"}).order.id);
    made.push_back(stored_order(other, {"example.com"}).order.id);
    const auto begun = make.intent(), completed = make.intent(), failed = make.intent();
    ASSERT_TRUE(await(begin_issuance(made[1], begun)));
    ASSERT_TRUE(await(begin_issuance(made[2], completed)));
    ASSERT_TRUE(await(begin_issuance(made[3], failed)));
    const auto order = await(store().find_order(made[2])).value();
    ASSERT_TRUE(await(store().complete_issuance(made[2], make.certificate(order, completed))));
    ASSERT_TRUE(await(store().fail_issuance(
        made[3], protocol::Problem(protocol::ProblemType::server_internal, "broken"))));

    struct Case {
        const char* what;
        OrderFilter filter;
        std::vector<std::size_t> wanted;
    };
    const std::vector<Case> cases{
        {"all", {}, {4, 3, 2, 1, 0}},
        {"account", {.account = one}, {3, 2, 1, 0}},
        {"account and name", {.account = one, .identifier = identifier("a.example.com")}, {1}},
        {"nobody", {.account = make.account_id()}, {}},
        {"open", {.stage = OrderFilter::Stage::open}, {4, 0}},
        {"issuing", {.stage = OrderFilter::Stage::issuing}, {1}},
        {"completed", {.stage = OrderFilter::Stage::completed}, {2}},
        {"failed", {.stage = OrderFilter::Stage::failed}, {3}},
        {"name", {.identifier = identifier("example.com")}, {4}},
        {"wildcard", {.identifier = identifier("*.example.com")}, {2}},
        {"address", {.identifier = identifier("192.0.2.1")}, {3}},
        {"ending", {.ending = ".example.com"}, {2, 1}},
        {"second", {.identifier = identifier("second.test")}, {3, 2, 1, 0}},
        {"profile", {.profile = "default"}, {4, 3, 2, 1, 0}},
        {"other profile", {.profile = "mtls"}, {}},
        {"created", {.created_after = now, .created_before = now}, {4, 3, 2, 1, 0}},
        {"later", {.created_after = now + 1s}, {}},
        {"earlier", {.created_before = now - 1s}, {}},
    };
    for (const auto& [what, filter, wanted] : cases) {
        std::vector<ca::OrderId> ids;
        ids.reserve(wanted.size());
        for (const auto place : wanted) ids.push_back(made.at(place));
        for (const std::size_t look_at : {1U, 2U, 5U, 100U})
            EXPECT_EQ(orders(filter, look_at), ids) << what << ", " << look_at;
    }
    const auto step = await(store().look_for_orders({}, std::nullopt, 10));
    for (const auto& found : step.found) expect_found(await(store().find_order(found.id)), found);
}

}  // namespace
}  // namespace cairn::store::testing::listing_contract_test
