#include "tests/e2e/ledger.h"

#include "core/hash.h"
#include "core/random.h"

#include <fmt/core.h>

#include <chrono>

namespace weft::e2e {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kCallsMax = 512;
constexpr std::size_t kBytesMax = std::size_t{4} << 20;

CallOptions patient() {
    CallOptions options;
    options.timeout = 40s;  // covers a restart of all nodes
    return options;
}

// Different for every put, and not to be guessed from a part of it.
std::string value_of(const std::string& key, std::uint64_t number, std::size_t bytes) {
    std::string value = fmt::format("{} {} ", key, number);
    Random random(xxh3_64(value));
    value.reserve(bytes + 8);
    while (value.size() < bytes) {
        const std::uint64_t word = random.next();
        value.append(reinterpret_cast<const char*>(&word), sizeof word);
    }
    return value;
}

}  // namespace

void Ledger::put(const std::string& key, std::size_t bytes) {
    std::uint64_t number = 0;
    {
        std::unique_lock guard(lock_);
        room_.wait(guard,
                   [&] { return calls_under_way_ < kCallsMax && bytes_under_way_ < kBytesMax; });
        ++calls_under_way_;
        bytes_under_way_ += bytes;
        Written& written = keys_[key];
        number = ++written.sent;
        written.bytes = bytes;
    }
    mesh_.entity("kv", key).start(
        "put", value_of(key, number, bytes), patient(),
        [this, key, number](const CallResult& result) { answered(key, number, result); });
}

void Ledger::answered(const std::string& key, std::uint64_t number, const CallResult& result) {
    const std::lock_guard guard(lock_);
    Written& written = keys_[key];
    switch (result.outcome) {
        case Outcome::Done:
            ++acknowledged_;
            if (!written.done.emplace(result.version.value, number).second)
                refused_.push_back(
                    fmt::format("{}: two puts made version {}", key, result.version.value));
            break;
        case Outcome::Unknown:
            written.unknown.insert(number);
            break;
        case Outcome::NotDone:
            break;
        case Outcome::Rejected:
            refused_.push_back(fmt::format("{}: {}", key, result.error.message));
    }
    --calls_under_way_;
    bytes_under_way_ -= written.bytes;
    room_.notify_all();
}

void Ledger::drain() {
    std::unique_lock guard(lock_);
    room_.wait(guard, [&] { return calls_under_way_ == 0; });
}

std::uint64_t Ledger::acknowledged() const {
    const std::lock_guard guard(lock_);
    return acknowledged_;
}

std::vector<std::string> Ledger::differences() {
    drain();
    std::vector<std::string> found = refused_;
    constexpr std::size_t kReadsAhead = 256;
    std::vector<std::pair<const std::string*, Pending>> reads;
    const auto finish = [&] {
        for (auto& [key, pending] : reads) {
            const std::string difference = compare(*key, pending.get());
            if (!difference.empty()) found.push_back(*key + ": " + difference);
        }
        reads.clear();
    };
    for (const auto& [key, written] : keys_) {
        reads.emplace_back(&key, mesh_.entity("kv", key).start("get", "", patient()));
        if (reads.size() == kReadsAhead) finish();
    }
    finish();
    return found;
}

std::string Ledger::compare(const std::string& key, const CallResult& read) const {
    const Written& written = keys_.at(key);
    if (!read.done()) return "cannot be read: " + read.error.message;
    const std::uint64_t acknowledged = written.done.empty() ? 0 : written.done.rbegin()->first;
    const std::uint64_t version = read.exists ? read.version.value : 0;
    if (version < acknowledged)
        return fmt::format("version {} is missing, the last one is {}", acknowledged, version);
    if (version == 0) return "";
    if (version > written.sent) return fmt::format("version {} of {}", version, written.sent);
    const auto is_put = [&](std::uint64_t number) {
        return read.reply.view() == value_of(key, number, written.bytes);
    };
    if (const auto done = written.done.find(version); done != written.done.end())
        return is_put(done->second) ? "" : fmt::format("version {} has another value", version);
    for (const std::uint64_t number : written.unknown)
        if (is_put(number)) return "";
    return fmt::format("version {} has the value of no put", version);
}

}  // namespace weft::e2e
