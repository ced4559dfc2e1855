#include "apps/cairn/console.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "apps/cairn/sentences.h"
#include "base/json_quoted.h"
#include "client/failure.h"
#include "client/report_json.h"

namespace cairn {
namespace {

constexpr std::chrono::milliseconds time_between_drawings{120};

bool wants_colour() {
    const char* refusal = std::getenv("NO_COLOR");
    return (refusal == nullptr || *refusal == '\0') && ::isatty(STDERR_FILENO) == 1;
}

/// True for what a person has to do something about.
bool asks(client::ProgressKind kind) {
    using enum client::ProgressKind;
    return kind == put_up_record || kind == put_up_file || kind == confirm_answer;
}

}  // namespace

Console::Console(Messages messages, Verbosity verbosity)
    : messages_(messages),
      verbosity_(verbosity),
      output_(STDOUT_FILENO),
      errors_(STDERR_FILENO),
      is_coloured_(wants_colour()),
      is_drawn_on_(messages == Messages::sentences && verbosity != Verbosity::quiet &&
                   can_draw_on_errors()) {}

Console::~Console() {
    painter_.request_stop();
    if (painter_.joinable()) painter_.join();
    const std::scoped_lock lock(mutex_);
    settle_step();
}

void Console::write_line(const std::string& line) {
    const std::scoped_lock lock(mutex_);
    settle_step();
    errors_.write(line + "\n", ReaderPatience::brief);
}

void Console::show_step(const std::string& line) {
    const std::scoped_lock lock(mutex_);
    settle_step();
    frame_.step = line;
    step_began_ = std::chrono::steady_clock::now();
    is_step_shown_ = true;
    if (!painter_.joinable())
        painter_ = std::jthread([this](const std::stop_token& stop) { keep_drawing(stop); });
    draw();
}

void Console::settle_step() {
    if (!is_step_shown_) return;
    is_step_shown_ = false;
    errors_.write(fmt::format("{}{}\n", erase_line, frame_.step), ReaderPatience::brief);
}

void Console::draw() {
    frame_.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - step_began_);
    errors_.write(fmt::format("{}{}", erase_line, drawn(frame_, columns_of_errors())),
                  ReaderPatience::brief);
    ++frame_.turn;
}

void Console::keep_drawing(const std::stop_token& stop) {
    std::unique_lock lock(mutex_);
    while (!stop.stop_requested()) {
        changed_.wait_for(lock, stop, time_between_drawings, [] { return false; });
        if (is_step_shown_ && !stop.stop_requested()) draw();
    }
}

void Console::count(std::size_t settled, std::size_t all) {
    const std::scoped_lock lock(mutex_);
    frame_.settled = settled;
    frame_.all = all;
}

void Console::write(Weight weight, std::string_view text) {
    if (messages_ == Messages::json) {
        write_line(fmt::format("{{\"event\": \"message\", \"warning\": {}, \"text\": {}}}",
                               weight == Weight::warning, base::json_quoted(text)));
        return;
    }
    if (weight == Weight::note) {
        write_line(std::string(text));
        return;
    }
    const auto* const label = weight == Weight::warning ? "warning: " : "error: ";
    const auto* const colour = weight == Weight::warning ? "33" : "1;31";
    write_line(is_coloured_ ? fmt::format("\x1b[{}m{}\x1b[0m{}", colour, label, text)
                            : fmt::format("{}{}", label, text));
}

void Console::tell(const client::ProgressEvent& event) {
    if (verbosity_ == Verbosity::quiet && !client::is_warning(event.kind) && !asks(event.kind))
        return;
    if (client::is_detail(event.kind) && verbosity_ != Verbosity::detailed) return;
    if (messages_ == Messages::json) {
        write_line(client::to_json(event));
        return;
    }
    const auto sentence = (event.lineage.empty() ? "" : event.lineage + ": ") + sentence_of(event);
    if (client::is_warning(event.kind))
        write(Weight::warning, sentence);
    else if (is_drawn_on_ && !asks(event.kind) && sentence.find('\n') == std::string::npos)
        show_step(sentence);
    else
        write(Weight::note, sentence);
}

void Console::say(std::string_view sentence) {
    if (verbosity_ != Verbosity::quiet) write(Weight::note, sentence);
}
void Console::detail(std::string_view sentence) {
    if (verbosity_ == Verbosity::detailed) write(Weight::note, sentence);
}
void Console::warn(std::string_view sentence) {
    write(Weight::warning, sentence);
}

void Console::fail(const client::Failure& failure, const std::string& lineage) {
    if (messages_ == Messages::sentences) {
        write(Weight::failure, (lineage.empty() ? "" : lineage + ": ") + failure.what());
        return;
    }
    const auto of =
        lineage.empty() ? "" : fmt::format(", \"lineage\": {}", base::json_quoted(lineage));
    write_line(fmt::format("{{\"event\": \"failure\", \"warning\": true{}, \"failure\": {}}}", of,
                           client::to_json(failure)));
}

void Console::print(std::string_view data, Delivery delivery) {
    if (verbosity_ != Verbosity::quiet || delivery == Delivery::required)
        print_answer(data, delivery);
}

void Console::print_answer(std::string_view data, Delivery delivery) {
    const auto line = fmt::format("{}\n", data);
    const std::scoped_lock lock(mutex_);
    settle_step();
    if (delivery == Delivery::attempted) {
        output_.write(line, ReaderPatience::brief);
        return;
    }
    if (const int error = output_.write(line, ReaderPatience::endless); error != 0)
        throw client::Failure("print the answer", std::generic_category().message(error),
                              "mend what standard output leads to.");
}

void Console::print_table(const std::vector<std::vector<std::string>>& rows, Delivery delivery) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i == widths.size()) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    std::string table;
    for (const auto& row : rows) {
        if (!table.empty()) table += '\n';
        for (std::size_t i = 0; i < row.size(); ++i)
            table += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    print(table, delivery);
}

}  // namespace cairn
