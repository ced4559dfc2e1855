#pragma once
// Private to the .cpp files of store: values on their way to PostgreSQL and back, in binary form.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <libpq-fe.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ca/facts/id.h"

namespace cairn::store {

/// The parameters of one statement, in order: integers are `bigint`, times seconds since 1970, ids
/// and digests `bytea`, lists one-dimensional arrays.
class Parameters {
  public:
    template <class... Values>
    [[nodiscard]] static Parameters of(const Values&... values) {
        Parameters parameters;
        parameters.types_.reserve(sizeof...(values));
        parameters.lengths_.reserve(sizeof...(values));
        parameters.begins_.reserve(sizeof...(values));
        (parameters.add(values), ...);
        return parameters;
    }

    void add(std::int64_t value);
    void add(bool value);
    void add(base::Time value) { add(std::int64_t{value.time_since_epoch().count()}); }
    void add(std::string_view text) { append(text_type, base::bytes_of(text)); }
    void add(const std::string& text) { add(std::string_view(text)); }
    void add(const char* text) { add(std::string_view(text)); }
    void add(base::BytesView octets) { append(bytea_type, octets); }
    void add(const base::Bytes& octets) { add(base::BytesView(octets)); }
    template <std::size_t size>
    void add(const std::array<std::uint8_t, size>& octets) {
        add(base::BytesView(octets));
    }
    template <class Kind>
    void add(const ca::Id<Kind>& id) {
        add(id.octets());
    }
    template <class Value>
    void add(const std::optional<Value>& value) {
        if (value)
            add(*value);
        else
            add_null(type_of(static_cast<const Value*>(nullptr)));
    }
    void add(std::span<const std::int64_t> list);
    void add(std::span<const std::string> list);
    void add(std::span<const base::BytesView> list);
    template <class Value>
    void add(const std::vector<Value>& list) {
        add(std::span<const Value>(list));
    }

    [[nodiscard]] int count() const { return static_cast<int>(types_.size()); }
    [[nodiscard]] const Oid* types() const { return types_.data(); }
    [[nodiscard]] const int* lengths() const { return lengths_.data(); }
    /// Where each value begins; null for NULL.
    [[nodiscard]] std::vector<const char*> values() const;

  private:
    static constexpr Oid bool_type = 16, bytea_type = 17, bigint_type = 20, text_type = 25;
    static constexpr Oid bytea_list = 1001, text_list = 1009, bigint_list = 1016;

    static Oid type_of(const std::int64_t*) { return bigint_type; }
    static Oid type_of(const base::Time*) { return bigint_type; }
    static Oid type_of(const std::string*) { return text_type; }
    template <class Octets>
    static Oid type_of(const Octets*) {
        return bytea_type;
    }

    void append(Oid type, base::BytesView octets);
    void add_null(Oid type);
    template <class Value, class Write>
    void append_list(Oid list_type, Oid type, std::span<const Value> list, Write write);

    std::string octets_;
    std::vector<Oid> types_;
    std::vector<int> lengths_;
    std::vector<std::ptrdiff_t> begins_;  ///< -1 for NULL
};

/// A row of an answer; its values are taken in the order of the columns. Views live as long as the
/// answer.
class PostgresRow {
  public:
    PostgresRow(const PGresult* result, int row) : result_(result), row_(row) {}

    std::int64_t integer();
    bool boolean();
    /// A one-dimensional array of `bigint` without NULL.
    std::vector<std::int64_t> integers();
    std::string_view text() { return base::text_of(next()); }
    base::BytesView blob() { return next(); }
    base::Time time() { return base::Time(base::Seconds(integer())); }
    std::optional<std::int64_t> optional_integer() { return optional(&PostgresRow::integer); }
    std::optional<bool> optional_boolean() { return optional(&PostgresRow::boolean); }
    std::optional<std::vector<std::int64_t>> optional_integers() {
        return optional(&PostgresRow::integers);
    }
    std::optional<std::string_view> optional_text() { return optional(&PostgresRow::text); }
    std::optional<base::BytesView> optional_blob() { return optional(&PostgresRow::blob); }
    std::optional<base::Time> optional_time() { return optional(&PostgresRow::time); }
    void skip(int columns) { column_ += columns; }

  private:
    template <class Value>
    std::optional<Value> optional(Value (PostgresRow::*read)()) {
        if (PQgetisnull(result_, row_, column_) == 0) return (this->*read)();
        ++column_;
        return std::nullopt;
    }
    base::BytesView next();

    const PGresult* result_;
    int row_;
    int column_ = 0;
};

/// What the database answered to a statement.
class Answer {
  public:
    Answer() = default;
    explicit Answer(PGresult* result) : result_(result) {}

    [[nodiscard]] int rows() const { return result_ ? PQntuples(result_.get()) : 0; }
    [[nodiscard]] PostgresRow row(int index) const { return {result_.get(), index}; }
    /// Rows that the statement inserted, updated, deleted or found.
    [[nodiscard]] std::int64_t affected() const;
    /// The statement was sent before, and what the database answered then is lost: what it found
    /// this time may be its own effect.
    [[nodiscard]] bool follows_lost_answer() const { return follows_lost_answer_; }
    void set_follows_lost_answer() { follows_lost_answer_ = true; }

    /// What `read` makes of the first row, if there is one.
    template <class Read>
    [[nodiscard]] auto first(Read read) const
        -> std::optional<std::invoke_result_t<Read&, PostgresRow&>> {
        if (rows() == 0) return std::nullopt;
        auto first_row = row(0);
        return read(first_row);
    }
    /// What `read` makes of each row.
    template <class Read>
    [[nodiscard]] auto each(Read read) const
        -> std::vector<std::invoke_result_t<Read&, PostgresRow&>> {
        std::vector<std::invoke_result_t<Read&, PostgresRow&>> values;
        values.reserve(static_cast<std::size_t>(rows()));
        for (int i = 0; i < rows(); ++i) {
            auto next = row(i);
            values.push_back(read(next));
        }
        return values;
    }

  private:
    struct Clears {
        void operator()(PGresult* result) const noexcept { PQclear(result); }
    };
    std::unique_ptr<PGresult, Clears> result_;
    bool follows_lost_answer_ = false;
};

}  // namespace cairn::store
