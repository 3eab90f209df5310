#pragma once
// The sink of a real node: one line per event, "TIME LEVEL event field=value ...", to a file or to
// standard error.

#include "core/log.h"
#include "core/time.h"
#include "weft/result.h"

#include <atomic>
#include <memory>
#include <string>

namespace weft::node {

class LogFile final : public LogSink {
public:
    // Appends to `path`; empty: standard error. Configuration (1005) when it cannot be opened.
    static Result<std::unique_ptr<LogFile>> open(const std::string& path);
    ~LogFile() override;

    // Of an event that input can cause ten lines a second (line_limits.h); how many were left out
    // is told with the next line of any event, or at the end. Thread-safe.
    void write(LogLevel level, std::string_view event,
               std::initializer_list<LogField> fields) override;
    // Lines below it are not written; Info at first. May change while others write.
    void set_level(LogLevel level) { level_.store(level, std::memory_order_relaxed); }
    LogLevel level() const { return level_.load(std::memory_order_relaxed); }
    bool takes(LogLevel level) const override { return level >= this->level(); }
    void flush();
    // Goes on in a file of the same name, made when it was moved away; on standard error it does
    // nothing. Configuration (1005): it cannot be opened, and the old one stays. Thread-safe.
    Result<void> reopen();

private:
    struct State;
    void tell_left_out(Instant now);
    explicit LogFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
    std::atomic<LogLevel> level_ = LogLevel::Info;
};

// The line without time and level: values that are not plain words are quoted, so that a line stays
// a line whatever is in them.
std::string log_line(std::string_view event, std::initializer_list<LogField> fields);

}  // namespace weft::node
