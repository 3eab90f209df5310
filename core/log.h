#pragma once
// Structured logs: an event name and fields, never prose with values inside. Ids, terms, sizes and
// reasons; never payloads, keys or tokens.

#include "weft/types.h"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <variant>

namespace weft {

enum class LogLevel : std::uint8_t { Debug, Info, Warn, Error };
inline constexpr std::string_view kLogLevelNames[] = {"debug", "info", "warn", "error"};

struct LogField {
    std::string_view name;
    std::variant<std::int64_t, std::uint64_t, bool, std::string> value;

    LogField(std::string_view n, std::string_view text) : name(n), value(std::string(text)) {}
    LogField(std::string_view n, const char* text) : name(n), value(std::string(text)) {}
    LogField(std::string_view n, std::string text) : name(n), value(std::move(text)) {}
    LogField(std::string_view n, bool flag) : name(n), value(flag) {}
    LogField(std::string_view n, int number) : name(n), value(std::int64_t{number}) {}
    LogField(std::string_view n, std::int64_t number) : name(n), value(number) {}
    LogField(std::string_view n, std::uint64_t number) : name(n), value(number) {}
    LogField(std::string_view n, std::uint32_t number) : name(n), value(std::uint64_t{number}) {}
    template <class Tag, class Rep>
    LogField(std::string_view n, Strong<Tag, Rep> counter)
        : name(n), value(std::uint64_t{counter.value}) {}
    template <class Tag>
    LogField(std::string_view n, const Id128<Tag>& id) : name(n), value(id.hex().substr(0, 8)) {}
};

// Where log lines go: spdlog in a node, a ring buffer in the simulator, nothing in unit tests.
class LogSink {
public:
    virtual ~LogSink() = default;
    virtual void write(LogLevel level, std::string_view event,
                       std::initializer_list<LogField> fields) = 0;
    // Asked before a line is made.
    virtual bool takes(LogLevel) const { return true; }
};

// A borrowed sink; copied freely. Default: silent.
class Log {
public:
    Log() = default;
    explicit Log(LogSink* sink) : sink_(sink) {}
    bool enabled(LogLevel level) const { return sink_ != nullptr && sink_->takes(level); }
    void debug(std::string_view event, std::initializer_list<LogField> f) const {
        write(LogLevel::Debug, event, f);
    }
    void info(std::string_view event, std::initializer_list<LogField> f) const {
        write(LogLevel::Info, event, f);
    }
    void warn(std::string_view event, std::initializer_list<LogField> f) const {
        write(LogLevel::Warn, event, f);
    }
    void error(std::string_view event, std::initializer_list<LogField> f) const {
        write(LogLevel::Error, event, f);
    }

private:
    void write(LogLevel level, std::string_view event, std::initializer_list<LogField> f) const {
        if (enabled(level)) sink_->write(level, event, f);
    }
    LogSink* sink_ = nullptr;
};

}  // namespace weft
