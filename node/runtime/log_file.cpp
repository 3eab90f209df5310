#include "node/runtime/log_file.h"

#include "core/error.h"
#include "node/runtime/line_limits.h"

#include <fcntl.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

namespace weft::node {

namespace {

spdlog::level::level_enum level_of(LogLevel level) {
    switch (level) {
        case LogLevel::Debug:
            return spdlog::level::debug;
        case LogLevel::Info:
            return spdlog::level::info;
        case LogLevel::Warn:
            return spdlog::level::warn;
        case LogLevel::Error:
            return spdlog::level::err;
    }
    return spdlog::level::info;
}

Instant clock_now() {
    const auto mono = std::chrono::steady_clock::now().time_since_epoch();
    return Instant{std::chrono::duration_cast<Duration>(mono).count()};
}

bool is_plain(char c) { return c > ' ' && c < 0x7f && c != '"' && c != '=' && c != '\\'; }

void append_text(std::string& line, std::string_view text) {
    if (!text.empty() && std::ranges::all_of(text, is_plain)) {
        line += text;
        return;
    }
    line += '"';
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') line += '\\';
        if (byte < 0x20 || byte >= 0x7f)
            line += fmt::format("\\x{:02x}", byte);
        else
            line += c;
    }
    line += '"';
}

// Appends each line with one write, so that a file is never left in the middle of one.
class AppendSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    explicit AppendSink(std::string path) : path_(std::move(path)) {}
    ~AppendSink() override {
        if (file_ >= 0) ::close(file_);
    }
    AppendSink(const AppendSink&) = delete;
    AppendSink& operator=(const AppendSink&) = delete;

    Result<void> open() {
        const int file = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        if (file < 0)
            return fail(ErrorNumber::BadConfiguration, "cannot write the log {}: {}", path_,
                        std::strerror(errno));
        const std::lock_guard lock(mutex_);
        if (file_ >= 0) ::close(file_);
        file_ = file;
        return {};
    }

protected:
    void sink_it_(const spdlog::details::log_msg& message) override {
        spdlog::memory_buf_t line;
        formatter_->format(message, line);
        // A log that cannot be written must not end the node.
        [[maybe_unused]] const auto written = ::write(file_, line.data(), line.size());
    }
    void flush_() override {}

private:
    std::string path_;
    int file_ = -1;
};

}  // namespace

std::string log_line(std::string_view event, std::initializer_list<LogField> fields) {
    std::string line(event);
    for (const LogField& field : fields) {
        line += ' ';
        line += field.name;
        line += '=';
        if (const auto* text = std::get_if<std::string>(&field.value))
            append_text(line, *text);
        else if (const auto* flag = std::get_if<bool>(&field.value))
            line += *flag ? "true" : "false";
        else if (const auto* number = std::get_if<std::int64_t>(&field.value))
            line += std::to_string(*number);
        else
            line += std::to_string(std::get<std::uint64_t>(field.value));
    }
    return line;
}

struct LogFile::State {
    State(spdlog::sink_ptr sink, std::shared_ptr<AppendSink> appends)
        : file(std::move(appends)), logger("weft", std::move(sink)) {
        logger.set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
        logger.set_level(spdlog::level::trace);  // core/log.h decides
        logger.flush_on(spdlog::level::info);
    }
    std::shared_ptr<AppendSink> file;  // null: standard error
    spdlog::logger logger;
    std::mutex mutex;  // of limits
    LineLimits limits;
};

LogFile::LogFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
LogFile::~LogFile() { tell_left_out(Instant::never()); }

Result<std::unique_ptr<LogFile>> LogFile::open(const std::string& path) {
    std::shared_ptr<AppendSink> file;
    spdlog::sink_ptr sink;
    if (path.empty()) {
        sink = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    } else {
        file = std::make_shared<AppendSink>(path);
        if (auto opened = file->open(); !opened) return std::unexpected(opened.error());
        sink = file;
    }
    return std::unique_ptr<LogFile>(
        new LogFile(std::make_unique<State>(std::move(sink), std::move(file))));
}

void LogFile::write(LogLevel level, std::string_view event,
                    std::initializer_list<LogField> fields) {
    const Instant now = clock_now();
    if (LineLimits::is_of_input(event)) {
        const std::lock_guard lock(state_->mutex);
        if (!state_->limits.admit(event, now)) return;
    }
    tell_left_out(now);
    state_->logger.log(level_of(level), log_line(event, fields));
}

void LogFile::tell_left_out(Instant now) {
    std::vector<LineLimits::LeftOut> all;
    {
        const std::lock_guard lock(state_->mutex);
        all = state_->limits.take_left_out(now);
    }
    for (const LineLimits::LeftOut& left : all)
        state_->logger.log(spdlog::level::warn,
                           log_line("log.suppressed", {{"lines", left.lines},
                                                       {"event", std::string_view(left.event)}}));
}

void LogFile::flush() { state_->logger.flush(); }
Result<void> LogFile::reopen() { return state_->file ? state_->file->open() : Result<void>(); }

}  // namespace weft::node
