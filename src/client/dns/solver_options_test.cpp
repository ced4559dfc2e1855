#include "client/dns/solver_options.h"

#include <gtest/gtest.h>

namespace cairn::client::solver_options_test {
namespace {

TEST(DnsSolverOptions, KeepTheirText) {
    for (const auto* text :
         {"cloudflare", "rfc2136?credentials=/etc/cairn/key.toml",
          "rfc2136?credentials=/a%20b%26c.toml&propagation=90s&resolver=192.0.2.1:53&port=5353",
          "powerdns?resolver=[2001:db8::1]:53", "powerdns?port=53&challenge=dns-account-01"})
        EXPECT_EQ(DnsSolverOptions::from_text(text).value().to_text(), text);
    EXPECT_EQ(DnsSolverOptions::from_text("x?credentials=/a%20b%26c.toml")->credentials,
              "/a b&c.toml");
}

TEST(DnsSolverOptions, OfRecordsThatStay) {
    for (const auto* text : {"dns-persist", "dns-persist:powerdns", "dns:x?port=53",
                             "dns-persist:?resolver=192.0.2.1:53&policy=wildcard&until=1800000000"})
        EXPECT_EQ(DnsSpecification::from_text(text).value()->to_text(), text);
    for (const auto* text : {"dns", "dnsx:y", "standalone", "dns-persistent:x", ""})
        EXPECT_FALSE(DnsSpecification::from_text(text)) << text;
    for (const auto* text :
         {"dns:", "dns:x?policy=wildcard", "dns-persist:?policy=all", "dns-persist:?until=soon",
          "dns-persist:?until=-1", "dns-persist:?until=999999999999", "dns-persist:?color=red",
          "dns-persist:?challenge=dns-01"})
        EXPECT_FALSE(*DnsSpecification::from_text(text)) << text;
}

TEST(DnsSolverOptions, RefuseWhatTheyDoNotKnow) {
    for (const auto* text :
         {"", "?propagation=none", "x?propagation", "x?propagation=soon", "x?resolver=host",
          "x?port=0", "x?port=70000", "x?port=1:2", "x?credentials=%2", "x?challenge=http-01",
          "x?challenge=", "x?credentials=%zz", "x?color=red"})
        EXPECT_FALSE(DnsSolverOptions::from_text(text)) << text;
}

TEST(DnsSolverOptions, StayWhatTheyWereWhereNothingIsSaid) {
    EXPECT_EQ(keeping_dns_options("dns:x", "dns:x?credentials=/f&propagation=none"),
              "dns:x?credentials=/f&propagation=none");
    EXPECT_EQ(keeping_dns_options("dns:x?propagation=5s", "dns:x?credentials=/f&propagation=none"),
              "dns:x?credentials=/f&propagation=5s");
    EXPECT_EQ(keeping_dns_options("dns:y", "dns:x?credentials=/f"), "dns:y");
    EXPECT_EQ(keeping_dns_options("manual", "dns:x?credentials=/f"), "manual");
    EXPECT_EQ(keeping_dns_options("dns:x", "standalone"), "dns:x");
    EXPECT_EQ(keeping_dns_options("dns:x?challenge=dns-01", "dns:x?challenge=dns-account-01"),
              "dns:x?challenge=dns-01");
    EXPECT_EQ(keeping_dns_options("dns:x", "dns:x?challenge=dns-account-01"),
              "dns:x?challenge=dns-account-01");
    EXPECT_EQ(keeping_dns_options("dns-persist", "dns-persist:?policy=wildcard&until=1800000000"),
              "dns-persist:?policy=wildcard&until=1800000000");
    EXPECT_EQ(keeping_dns_options("dns-persist:x", "dns-persist"), "dns-persist:x");
    EXPECT_EQ(keeping_dns_options("dns-persist:x", "dns:x?port=53"), "dns-persist:x");
}

}  // namespace
}  // namespace cairn::client::solver_options_test
