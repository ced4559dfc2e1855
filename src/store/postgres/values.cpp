#include "store/postgres/values.h"

#include <array>
#include <charconv>
#include <cstring>
#include <stdexcept>

namespace cairn::store {
namespace {

template <class Integer>
void put(std::string& octets, Integer value) {
    std::array<char, sizeof value> network_order{};
    for (std::size_t i = 0; i < sizeof value; ++i)
        network_order[i] =
            static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * (sizeof value - 1 - i)));
    octets.append(network_order.data(), network_order.size());
}

// In network order; at most eight octets.
std::int64_t number_in(base::BytesView octets) {
    std::uint64_t value = 0;
    for (const auto octet : octets) value = value << 8U | octet;
    return static_cast<std::int64_t>(value);
}

void put_sized(std::string& octets, std::string_view value) {
    put(octets, static_cast<std::int32_t>(value.size()));
    octets += value;
}

}  // namespace

void Parameters::append(Oid type, base::BytesView octets) {
    types_.push_back(type);
    lengths_.push_back(static_cast<int>(octets.size()));
    begins_.push_back(static_cast<std::ptrdiff_t>(octets_.size()));
    octets_ += base::text_of(octets);
}

void Parameters::add_null(Oid type) {
    types_.push_back(type);
    lengths_.push_back(0);
    begins_.push_back(-1);
}

void Parameters::add(std::int64_t value) {
    std::string octets;
    put(octets, value);
    append(bigint_type, base::bytes_of(octets));
}

void Parameters::add(bool value) {
    append(bool_type,
           base::bytes_of(value ? std::string_view("\1", 1) : std::string_view("\0", 1)));
}

// The binary form of an array: dimensions, "has NULLs", type; size and first index of the
// dimension; each element behind its length.
template <class Value, class Write>
void Parameters::append_list(Oid list_type, Oid type, std::span<const Value> list, Write write) {
    std::string octets;
    put(octets, std::int32_t{list.empty() ? 0 : 1});
    put(octets, std::int32_t{0});
    put(octets, static_cast<std::int32_t>(type));
    if (!list.empty()) {
        put(octets, static_cast<std::int32_t>(list.size()));
        put(octets, std::int32_t{1});
    }
    for (const auto& value : list) write(octets, value);
    append(list_type, base::bytes_of(octets));
}

void Parameters::add(std::span<const std::int64_t> list) {
    append_list(bigint_list, bigint_type, list, [](std::string& octets, std::int64_t value) {
        put(octets, std::int32_t{8});
        put(octets, value);
    });
}

void Parameters::add(std::span<const std::string> list) {
    append_list(text_list, text_type, list, put_sized);
}

void Parameters::add(std::span<const base::BytesView> list) {
    append_list(bytea_list, bytea_type, list, [](std::string& octets, base::BytesView value) {
        put_sized(octets, base::text_of(value));
    });
}

std::vector<const char*> Parameters::values() const {
    std::vector<const char*> values;
    values.reserve(begins_.size());
    for (const auto begin : begins_) values.push_back(begin < 0 ? nullptr : octets_.data() + begin);
    return values;
}

base::BytesView PostgresRow::next() {
    const int column = column_++;
    if (column >= PQnfields(result_) || PQgetisnull(result_, row_, column) != 0)
        throw std::logic_error("the database's answer has no value where one must be");
    const auto length = static_cast<std::size_t>(PQgetlength(result_, row_, column));
    return base::bytes_of({PQgetvalue(result_, row_, column), length});
}

std::int64_t PostgresRow::integer() {
    const auto octets = next();
    if (octets.size() != 8) throw std::logic_error("the database's answer is no bigint");
    return number_in(octets);
}

// array_send: dimensions, whether there are NULLs, the type, then length and lower bound of each
// dimension, and the values, each behind its length. An empty array has no dimension.
std::vector<std::int64_t> PostgresRow::integers() {
    constexpr std::size_t head = 12, bounds = 8, value_size = 4 + 8;
    const auto octets = next();
    const auto refuse = [] {
        throw std::logic_error("the database's answer is no list of bigint");
    };
    if (octets.size() < head) refuse();
    const auto dimensions = number_in(octets.first(4));
    if (dimensions == 0) return {};
    if (dimensions != 1 || octets.size() < head + bounds) refuse();
    const auto count = static_cast<std::size_t>(number_in(octets.subspan(head, 4)));
    auto rest = octets.subspan(head + bounds);
    if (rest.size() != count * value_size) refuse();
    std::vector<std::int64_t> values;
    values.reserve(count);
    for (; !rest.empty(); rest = rest.subspan(value_size)) {
        if (number_in(rest.first(4)) != 8) refuse();
        values.push_back(number_in(rest.subspan(4, 8)));
    }
    return values;
}

bool PostgresRow::boolean() {
    const auto octets = next();
    if (octets.size() != 1) throw std::logic_error("the database's answer is no boolean");
    return octets[0] != 0;
}

std::int64_t Answer::affected() const {
    if (!result_) return 0;
    const std::string_view digits = PQcmdTuples(result_.get());
    std::int64_t count = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), count);
    return count;
}

}  // namespace cairn::store
