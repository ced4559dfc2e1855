// Issues from a CA inside this process, as the unit tests of a program may: no network, no
// privilege, and a second or two. Control of the name is proven by a solver of our own, which tells
// the CA's DNS.
#include <array>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <sstream>

#include <cairn/client/library/certificate_keeper.h>
#include <cairn/pki/chain.h>
#include <cairn/test_authority/test_authority.h>

namespace acme = cairn::client;

class TestDns final : public acme::Solver {
  public:
    explicit TestDns(cairn::TestAuthority& authority) : authority_(authority) {}
    std::string specification() const override { return "test-dns"; }
    std::span<const cairn::protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {cairn::protocol::ChallengeType::dns_01};
        return types;
    }
    void present(const acme::Challenge& challenge) override {
        const auto record = acme::dns_record_of(challenge);
        authority_.set_texts(record.name, {record.value});
    }
    void clean_up(const acme::Challenge& challenge) override {
        authority_.set_texts(acme::dns_record_of(challenge).name, {});
    }

  private:
    cairn::TestAuthority& authority_;
};

std::string contents(const std::filesystem::path& file) {
    std::ostringstream text;
    text << std::ifstream(file).rdbuf();
    return text.str();
}

int main(int, char** words) try {
    cairn::TestAuthority authority({.settings = {"profiles.default.validity=\"6h\""}});
    acme::CertificateKeeper keeper(
        {.state_folder = words[1],
         .certificates = {{.names = {"*.example.test"},
                           .solver = "test-dns",
                           .authorities = {{authority.directory_url(), authority.root_file()}}}},
         .solvers = {std::make_shared<TestDns>(authority)}});
    const auto certificate = keeper.obtain().front();
    const auto roots = cairn::pki::chain_from_pem(contents(authority.root_file())).value();
    const auto verdict =
        cairn::pki::verify_chain(certificate.chain, roots, cairn::base::SystemClock().now());
    std::cout << certificate.certificate().names().dns_names.front() << " until "
              << cairn::base::to_rfc3339(certificate.not_after()) << ": "
              << (verdict ? "trusted" : verdict.error().message) << '\n';
    return verdict ? 0 : 1;
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
