#pragma once
// Private to the tests of store: comparison of what was kept with what came back, fact by fact.

#include <gtest/gtest.h>

#include "ca/ports/repository.h"

namespace cairn::store::testing {

inline void expect_same(const ca::Account& left, const ca::Account& right) {
    EXPECT_EQ(left.id, right.id);
    EXPECT_EQ(left.key.to_json(), right.key.to_json());
    EXPECT_EQ(left.contacts, right.contacts);
    EXPECT_EQ(left.created, right.created);
    EXPECT_EQ(left.terms_agreed, right.terms_agreed);
    EXPECT_EQ(left.deactivated, right.deactivated);
    EXPECT_EQ(left.terms_url, right.terms_url);
    EXPECT_EQ(left.binding, right.binding);
    EXPECT_EQ(left.scope, right.scope);
}

inline void expect_same(const protocol::Problem& left, const protocol::Problem& right) {
    EXPECT_EQ(left.to_json(), right.to_json());
    EXPECT_EQ(left.status, right.status);
}

inline void expect_same(const std::optional<protocol::Problem>& left,
                        const std::optional<protocol::Problem>& right) {
    ASSERT_EQ(left.has_value(), right.has_value());
    if (left) expect_same(*left, *right);
}

inline void expect_same(const ca::Authorization& left, const ca::Authorization& right) {
    EXPECT_EQ(left.id, right.id);
    EXPECT_EQ(left.account, right.account);
    EXPECT_EQ(left.identifier, right.identifier);
    EXPECT_EQ(left.created, right.created);
    EXPECT_EQ(left.expires, right.expires);
    EXPECT_EQ(left.token, right.token);
    EXPECT_EQ(left.offered, right.offered);
    EXPECT_EQ(left.deactivated, right.deactivated);
    EXPECT_EQ(left.profile, right.profile);
    EXPECT_EQ(left.vouched_by, right.vouched_by);
    EXPECT_EQ(left.for_subdomains, right.for_subdomains);
    ASSERT_EQ(left.attempt.has_value(), right.attempt.has_value());
    if (!left.attempt) return;
    EXPECT_EQ(left.attempt->method, right.attempt->method);
    EXPECT_EQ(left.attempt->started, right.attempt->started);
    EXPECT_EQ(left.attempt->finished, right.attempt->finished);
    expect_same(left.attempt->problem, right.attempt->problem);
    EXPECT_EQ(left.attempt->request, right.attempt->request);
}

inline void expect_same(const ca::Order& left, const ca::Order& right) {
    EXPECT_EQ(left.id, right.id);
    EXPECT_EQ(left.account, right.account);
    EXPECT_EQ(left.created, right.created);
    EXPECT_EQ(left.expires, right.expires);
    EXPECT_EQ(left.identifiers, right.identifiers);
    EXPECT_EQ(left.authorizations, right.authorizations);
    EXPECT_EQ(left.profile, right.profile);
    EXPECT_EQ(left.not_before, right.not_before);
    EXPECT_EQ(left.not_after, right.not_after);
    EXPECT_EQ(left.replaces, right.replaces);
    EXPECT_EQ(left.completed, right.completed);
    expect_same(left.problem, right.problem);
    ASSERT_EQ(left.intent.has_value(), right.intent.has_value());
    if (!left.intent) return;
    EXPECT_EQ(left.intent->begun, right.intent->begun);
    EXPECT_EQ(left.intent->csr, right.intent->csr);
    EXPECT_EQ(left.intent->serial, right.intent->serial);
    EXPECT_EQ(left.intent->validity.not_before, right.intent->validity.not_before);
    EXPECT_EQ(left.intent->validity.not_after, right.intent->validity.not_after);
    EXPECT_EQ(left.intent->request, right.intent->request);
    EXPECT_EQ(left.intent->pin, right.intent->pin);
}

inline void expect_same(const ca::IssuedCertificate& left, const ca::IssuedCertificate& right) {
    EXPECT_EQ(left.serial, right.serial);
    EXPECT_EQ(left.der, right.der);
    EXPECT_EQ(left.issuer, right.issuer);
    EXPECT_EQ(left.key, right.key);
    EXPECT_EQ(left.not_after, right.not_after);
    EXPECT_EQ(left.account, right.account);
    EXPECT_EQ(left.order, right.order);
    EXPECT_EQ(left.issued, right.issued);
    EXPECT_EQ(left.revocation, right.revocation);
    EXPECT_EQ(left.profile, right.profile);
    EXPECT_EQ(left.shard, right.shard);
}

/// What was found is there, and the same as what was kept.
template <class T>
void expect_found(const std::optional<T>& found, const T& kept) {
    ASSERT_TRUE(found.has_value());
    expect_same(*found, kept);
}

}  // namespace cairn::store::testing
