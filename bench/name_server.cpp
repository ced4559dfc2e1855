#include "bench/name_server.h"

#include <string_view>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/address_v4.hpp>
#include <boost/asio/ip/udp.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/task.h"

namespace cairn::bench {

namespace asio = boost::asio;
using asio::ip::udp;

namespace {

constexpr std::size_t header_size = 12;
constexpr std::uint16_t type_a = 1, type_soa = 6, type_txt = 16, class_in = 1;
constexpr std::uint8_t is_response = 0x80, is_authoritative = 0x04, opcode_bits = 0x78;
constexpr std::uint8_t recursion_desired = 0x01, refused = 5;
constexpr std::uint16_t pointer_to_question = 0xc000U | header_size;

void put16(base::Bytes& message, std::size_t value) {
    message.push_back(static_cast<std::uint8_t>(value >> 8U & 0xffU));
    message.push_back(static_cast<std::uint8_t>(value & 0xffU));
}

std::uint16_t read16(base::BytesView message, std::size_t at) {
    return static_cast<std::uint16_t>(message[at] << 8U | message[at + 1]);
}

// Until the next query everything may have changed: nothing lives longer than zero seconds.
void put_record(base::Bytes& message, base::BytesView owner, std::uint16_t type,
                base::BytesView data) {
    message.insert(message.end(), owner.begin(), owner.end());
    put16(message, type);
    put16(message, class_in);
    message.insert(message.end(), 4, 0);
    put16(message, data.size());
    message.insert(message.end(), data.begin(), data.end());
}

base::Bytes wire_name(std::string_view name) {
    base::Bytes wire;
    while (!name.empty()) {
        const auto label = name.substr(0, name.find('.'));
        wire.push_back(static_cast<std::uint8_t>(label.size()));
        wire.insert(wire.end(), label.begin(), label.end());
        name.remove_prefix(std::min(name.size(), label.size() + 1));
    }
    wire.push_back(0);
    return wire;
}

struct Question {
    std::string name;  ///< lower case
    std::uint16_t type = 0;
    std::size_t end = 0;  ///< where it ends in the query
};

std::optional<Question> question_of(base::BytesView query) {
    if (query.size() < header_size || (query[2] & (is_response | opcode_bits)) != 0 ||
        read16(query, 4) != 1)
        return std::nullopt;
    Question question;
    std::size_t at = header_size;
    while (at < query.size() && query[at] != 0) {
        const std::size_t length = query[at];
        if (length > 63 || at + length >= query.size()) return std::nullopt;
        if (!question.name.empty()) question.name += '.';
        for (const auto octet : query.subspan(at + 1, length))
            question.name += static_cast<char>(octet >= 'A' && octet <= 'Z' ? octet + 32 : octet);
        at += length + 1;
    }
    if (at + 5 > query.size()) return std::nullopt;
    question.type = read16(query, at + 1);
    question.end = at + 5;
    return question;
}

enum class Domain { foreign, ours, top, black_hole, silent };

Domain domain_of(std::string_view name) {
    constexpr std::string_view zone = bench_zone, top = ".test";
    if (name == zone || name.ends_with("." + std::string(zone))) return Domain::ours;
    if (name == top.substr(1)) return Domain::top;
    if (!name.ends_with(top)) return Domain::foreign;
    name.remove_suffix(top.size());
    const auto domain = name.substr(name.rfind('.') + 1);
    if (domain.starts_with("black-hole-")) return Domain::black_hole;
    return domain.starts_with("silent-") ? Domain::silent : Domain::foreign;
}

}  // namespace

std::optional<base::Bytes> answer_dns_query(base::BytesView query, const TextRecords& texts) {
    const auto question = question_of(query);
    if (!question) return std::nullopt;
    base::Bytes records;
    std::size_t answers = 0;
    const base::Bytes asked_name{pointer_to_question >> 8U, pointer_to_question & 0xffU};
    const auto domain = domain_of(question->name);
    if (domain == Domain::silent) return std::nullopt;
    const bool ours = domain == Domain::ours;
    if (question->type == type_a && (ours || domain == Domain::black_hole)) {
        const auto address =
            asio::ip::make_address_v4(ours ? "127.0.0.1" : black_hole_address).to_bytes();
        put_record(records, asked_name, type_a, address);
        ++answers;
    } else if (ours && question->type == type_txt) {
        for (const auto& text : texts(question->name)) {
            base::Bytes data{static_cast<std::uint8_t>(text.size())};
            data.insert(data.end(), text.begin(), text.end());
            put_record(records, asked_name, type_txt, data);
            ++answers;
        }
    }
    const bool known = domain != Domain::foreign;
    const bool denial = known && answers == 0;
    if (denial) {  // RFC 2308 section 2.2: names of server and mailbox, then five times
        base::Bytes data(2 + 5 * sizeof(std::uint32_t), 0);
        put_record(records, wire_name(ours ? bench_zone : "test"), type_soa, data);
    }

    base::Bytes message{
        query[0], query[1],
        static_cast<std::uint8_t>(is_response | is_authoritative | (query[2] & recursion_desired)),
        known ? std::uint8_t{0} : refused};
    put16(message, 1);
    put16(message, answers);
    put16(message, denial ? 1 : 0);
    put16(message, 0);
    message.insert(message.end(), query.begin() + header_size,
                   query.begin() + static_cast<std::ptrdiff_t>(question->end));
    message.insert(message.end(), records.begin(), records.end());
    return message;
}

struct NameServer::State {
    State(const base::Executor& executor, TextRecords records, base::Milliseconds before_answers)
        : texts(std::move(records)),
          delay(before_answers),
          socket(executor, udp::endpoint(asio::ip::address_v4::loopback(), 0)) {
        // Hundreds of validations ask at the same moment; what is lost is asked again seconds
        // later.
        constexpr int receive_buffer = 4 << 20;
        socket.set_option(asio::socket_base::receive_buffer_size(receive_buffer));
    }

    base::Task<void> serve() {
        base::Bytes buffer(4096);
        for (;;) {
            udp::endpoint peer;
            const auto [receive_error, size] = co_await socket.async_receive_from(
                asio::buffer(buffer), peer, asio::as_tuple(asio::use_awaitable));
            if (receive_error == asio::error::operation_aborted) co_return;
            if (receive_error) continue;
            auto reply = answer_dns_query(base::BytesView(buffer).first(size), texts);
            if (!reply) continue;
            if (delay > base::Milliseconds(0)) {
                answering.spawn(socket.get_executor(), send(*std::move(reply), peer));
                continue;
            }
            auto sending = send(*std::move(reply), peer);
            co_await std::move(sending);
        }
    }

    base::Task<void> send(base::Bytes reply, udp::endpoint peer) {
        if (delay > base::Milliseconds(0)) co_await base::sleep_for(delay);
        static_cast<void>(co_await socket.async_send_to(asio::buffer(reply), peer,
                                                        asio::as_tuple(asio::use_awaitable)));
    }

    TextRecords texts;
    base::Milliseconds delay;
    udp::socket socket;
    base::TaskGroup answering{[](const std::exception_ptr&) {}};
    base::TaskGroup serving{[](const std::exception_ptr&) {}};
};

NameServer::NameServer(const base::Executor& executor, TextRecords texts, base::Milliseconds delay)
    : state_(std::make_unique<State>(executor, std::move(texts), delay)) {
    state_->serving.spawn(executor, state_->serve());
}

NameServer::~NameServer() {
    state_->serving.close(base::Milliseconds(0));
    state_->answering.close(base::Milliseconds(0));
}

unsigned NameServer::port() const {
    return state_->socket.local_endpoint().port();
}

}  // namespace cairn::bench
