#include "tests/hostile/honest_load.h"

#include <fmt/core.h>

#include <algorithm>
#include <cstdlib>

namespace weft::hostile {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kClients = 4;
constexpr std::uint64_t kKeys = 64;  // per client
constexpr auto kInterval = 20ms;     // of one client
constexpr auto kPatience = 5s;       // of a put
constexpr std::uint64_t kNewPuts = 128;

std::string key_of(std::size_t client, std::uint64_t number) {
    return fmt::format("honest-{}-{}", client, number % kKeys);
}
std::string value_of(const std::string& key, std::uint64_t number) {
    return fmt::format("{} {}", key, number);
}
std::string text_of(const CallResult& result) {
    return fmt::format("WEFT-{:04} {}", result.error.number, result.error.message);
}

}  // namespace

double LoadFigures::percentile(double part) {
    if (milliseconds.empty()) return 0;
    std::ranges::sort(milliseconds);
    const auto at = static_cast<std::size_t>(part * static_cast<double>(milliseconds.size()));
    return milliseconds[std::min(at, milliseconds.size() - 1)];
}

HonestLoad::~HonestLoad() {
    over_ = true;
    for (std::thread& thread : threads_) thread.join();
}

Result<void> HonestLoad::start() {
    seen_phase_ = std::vector<std::atomic<std::uint64_t>>(kClients);
    for (std::size_t client = 0; client < kClients; ++client) {
        ConnectOptions options;
        options.addresses = addresses_;
        options.program = "honest";
        auto mesh = connect(options);
        if (!mesh) return std::unexpected(std::move(mesh).error());
        threads_.emplace_back([this, client, mesh = *std::move(mesh)] { run(client, mesh); });
    }
    return {};
}

// A put is due every kInterval; those that a slow one has held up are not sent, but their waiting
// for its end counts as if they had been.
void HonestLoad::run(std::size_t client, const Mesh& mesh) {
    auto due = Clock::now();
    for (std::uint64_t number = 1; !over_; ++number) {
        seen_phase_[client] = phase_.load();
        const std::string key = key_of(client, number);
        put(mesh.entity("kv", key), key, number);
        due = std::max(due + kInterval, Clock::now());
        std::this_thread::sleep_until(due);
    }
}

void HonestLoad::put(const Entity& entity, const std::string& key, std::uint64_t number) {
    CallOptions options;
    options.timeout = kPatience;
    const auto begin = Clock::now();
    const CallResult result = entity.call("put", value_of(key, number), options);
    const std::chrono::duration<double, std::milli> took = Clock::now() - begin;
    const std::lock_guard guard(lock_);
    if (result.done()) {
        written_[key].acknowledged = number;
        for (auto waited = took; waited.count() > 0; waited -= kInterval)
            figures_.milliseconds.push_back(waited.count());
        return;
    }
    if (result.outcome == Outcome::Unknown) written_[key].unknown.insert(number);
    ++figures_.refused;
    figures_.refusal = text_of(result);
}

LoadFigures HonestLoad::take_figures() {
    const std::uint64_t now = ++phase_;
    const auto end = Clock::now() + kPatience + 1s;
    for (const auto& seen : seen_phase_)
        while (seen < now && Clock::now() < end) std::this_thread::sleep_for(2ms);
    const std::lock_guard guard(lock_);
    return std::exchange(figures_, {});
}

void HonestLoad::compare(const std::string& key, const Written& written, const Mesh& mesh,
                         Check& check) {
    CallOptions options;
    options.timeout = 20s;
    const CallResult got = mesh.entity("kv", key).call("get", "", options);
    ++check.read;
    const std::string text(got.reply.view());
    const std::uint64_t number =
        text.starts_with(key + " ") ? std::strtoull(text.c_str() + key.size() + 1, nullptr, 10) : 0;
    // The load goes on meanwhile: what it has put since is newer.
    if (got.done() && number >= written.acknowledged) return;
    ++check.lost;
    check.complaint =
        got.done() ? fmt::format("{}: \"{}\" instead of value {}", key, text, written.acknowledged)
                   : key + ": " + text_of(got);
}

Check HonestLoad::check() {
    Check check;
    ConnectOptions options;
    options.addresses = addresses_;
    options.program = "honest-new";
    const auto mesh = connect(options);
    if (!mesh) {
        check.refused = kNewPuts;
        check.complaint = mesh.error().message;
        return check;
    }
    std::map<std::string, Written> written;
    {
        const std::lock_guard guard(lock_);
        written = written_;
    }
    for (const auto& [key, what] : written)
        if (what.acknowledged > 0) compare(key, what, *mesh, check);
    std::vector<Pending> puts;
    for (std::uint64_t i = 0; i < kNewPuts; ++i)
        puts.push_back(mesh->entity("kv", fmt::format("new-{}", i)).start("put", "v"));
    for (Pending& put : puts)
        if (const CallResult result = put.get(); !result.done()) {
            ++check.refused;
            check.complaint = text_of(result);
        }
    return check;
}

}  // namespace weft::hostile
