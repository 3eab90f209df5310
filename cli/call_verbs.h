#pragma once
// What the data verbs (put, get, delete, cas, call, outcome) share: addresses, timing, and how a
// finished call is printed.

#include "cli/input.h"
#include "cli/shell.h"
#include "weft/client.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weft::cli {

struct CallLine {
    std::string address;  // TYPE/ID
    std::string command;
    std::string payload;
    std::optional<std::string> request;  // repeats this RequestId; else a new one
    bool force = false;                  // run it whatever died under it
};

// A call that has ended, and what the printed line needs.
struct FinishedCall {
    EntityId entity;
    CallResult result;
    std::chrono::nanoseconds took{};
    int signal = 0;  // by which somebody did not want to wait for its end
};

// "kv/alice"; for the kv verbs a bare id means kv/ID.
Result<EntityId> kv_address(std::string_view text);

// The address that `input` holds, read so.
Result<EntityId> take_kv_address(Input& input);

// Connects, calls and waits. Errors are those before anything was sent.
Result<FinishedCall> run_call(const Shell& shell, const CallLine& line);

// Prints what happened to a call that did not end in Done, with its request id; the exit code. Ends
// the program by the interrupt when that was the reason.
int report_failure(const Shell& shell, const FinishedCall& call);

// The properties of a finished call that every format shows: entity, revision, version, ...
Record describe(const FinishedCall& call);

// "ok kv/alice rev 3 version 2 (p17) 0.6 ms" or the record; exit code 0.
int report_done(const Shell& shell, const FinishedCall& call);

std::string_view outcome_name(Outcome outcome);

// The one value of `input`: its argument, the file that --file names, or standard input.
Result<std::string> take_value(Input& input, const std::optional<std::string>& file);

}  // namespace weft::cli
