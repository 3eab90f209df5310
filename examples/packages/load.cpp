#include "examples/packages/load.h"

#include <algorithm>
#include <thread>

namespace packages {

namespace {

using namespace std::chrono_literals;

constexpr std::size_t kWindow = 256;
constexpr auto kTimeout = 20s;  // covers an election and more
constexpr auto kRepeatPause = 20ms;
constexpr std::size_t kProblemsShown = 10;
constexpr auto kSilenceMax = 120s;  // without any answer: the mesh is gone, and so are we

weft::CallOptions with_timeout() {
    weft::CallOptions options;
    options.timeout = kTimeout;
    return options;
}

}  // namespace

Load::Load(weft::Mesh mesh, const Index& index)
    : mesh_(std::move(mesh)), index_(index), keys_(index.packages.size()) {}

// The pass stands in the value: a value of an older pass would be seen as such.
std::string Load::value_of(std::size_t key, std::uint64_t pass) const {
    return "Pass: " + std::to_string(pass) + "\n" + index_.packages[key].stanza;
}

void Load::for_all_keys(const OnProgress& progress, const std::function<void(std::size_t)>& begin) {
    const std::size_t total = keys_.size();
    std::unique_lock guard(lock_);
    last_answer_ = Clock::now();
    for (std::size_t next = 0; next < total || under_way_ > 0 || !again_.empty();) {
        std::vector<std::function<void()>> repeats;
        repeats.swap(again_);
        guard.unlock();
        if (!repeats.empty()) std::this_thread::sleep_for(kRepeatPause);
        for (const auto& repeat : repeats) repeat();
        guard.lock();
        while (next < total && under_way_ < kWindow) {
            ++under_way_;
            guard.unlock();
            begin(next++);
            if (next % 64 == 0) progress(static_cast<double>(next) / static_cast<double>(total));
            guard.lock();
        }
        room_.wait_for(guard, 50ms, [this, next, total] {
            return !again_.empty() || under_way_ == 0 || (next < total && under_way_ < kWindow / 2);
        });
        guard.unlock();
        progress(static_cast<double>(next) / static_cast<double>(total));
        guard.lock();
    }
}

void Load::finished() {
    --under_way_;
    const auto now = Clock::now();
    counts_.longest_gap =
        std::max<std::chrono::nanoseconds>(counts_.longest_gap, now - last_answer_);
    last_answer_ = now;
    room_.notify_one();
}

void Load::again(std::size_t key, const std::function<void()>& call) {
    if (Clock::now() - last_answer_ > kSilenceMax) {
        problem(index_.packages[key].key + ": the mesh does not answer any more");
        --under_way_;
    } else {
        again_.push_back(call);
    }
    room_.notify_one();
}

void Load::put(std::size_t key, std::uint64_t pass) {
    const auto done = [this, key, pass](const weft::CallResult& result) {
        const std::lock_guard guard(lock_);
        KeyState& state = keys_[key];
        state.last_sent_pass = std::max(state.last_sent_pass, pass);
        switch (result.outcome) {
            case weft::Outcome::Done:
                ++state.acknowledged;
                ++counts_.acknowledged;
                state.last_acknowledged_pass = std::max(state.last_acknowledged_pass, pass);
                return finished();
            case weft::Outcome::Unknown:
                ++state.unknown;
                ++counts_.unknown;
                doubts_.push_back({key, pass, result.request});
                return finished();
            case weft::Outcome::NotDone:
                // Certainly without effect: the same put may be sent again as a new command.
                ++counts_.retried;
                if (result.error.is_retryable())
                    return again(key, [this, key, pass] { put(key, pass); });
                [[fallthrough]];
            case weft::Outcome::Rejected:
                problem(index_.packages[key].key + ": " + result.error.message);
                return finished();
        }
    };
    mesh_.entity("kv", index_.packages[key].key)
        .start("put", value_of(key, pass), with_timeout(), done);
}

void Load::get(std::size_t key, const std::function<void(const weft::CallResult&)>& use) {
    const auto done = [this, key, use](const weft::CallResult& result) {
        const std::lock_guard guard(lock_);
        if (!result.done()) return again(key, [this, key, use] { get(key, use); });
        use(result);
        finished();
    };
    mesh_.entity("kv", index_.packages[key].key).start("get", "", with_timeout(), done);
}

bool Load::read_versions_before(const OnProgress& progress) {
    // A run before this one wrote the first keys first: they tell whether there was one.
    constexpr std::size_t kProbes = 512;
    bool found = false;
    for (std::size_t key = 0; key < std::min(kProbes, keys_.size()) && !found; key += 8) {
        const auto read =
            mesh_.entity("kv", index_.packages[key].key).call("get", "", with_timeout());
        found = read.done() && read.exists;
    }
    if (!found) return false;
    for_all_keys(progress, [this](std::size_t key) {
        get(key, [this, key](const weft::CallResult& read) {
            keys_[key].version_before = read.version.value;
        });
    });
    counts_.longest_gap = {};
    return true;
}

void Load::write_pass(std::uint64_t pass, const OnProgress& progress) {
    for_all_keys(progress, [this, pass](std::size_t key) { put(key, pass); });
}

void Load::settle_unknown() {
    std::vector<Doubt> doubts;
    {
        const std::lock_guard guard(lock_);
        doubts.swap(doubts_);
    }
    for (const Doubt& doubt : doubts) {
        const weft::CallResult told = mesh_.outcome(doubt.request, kTimeout);
        const std::lock_guard guard(lock_);
        KeyState& state = keys_[doubt.key];
        const bool definite =
            told.outcome == weft::Outcome::Done ||
            (told.outcome == weft::Outcome::NotDone && !told.error.is_retryable());
        if (!definite) {
            problem(index_.packages[doubt.key].key + ": outcome still unknown");
            continue;
        }
        ++counts_.settled;
        --state.unknown;
        if (told.outcome != weft::Outcome::Done) continue;
        ++state.acknowledged;
        ++counts_.acknowledged;
        state.last_acknowledged_pass = std::max(state.last_acknowledged_pass, doubt.pass);
    }
}

void Load::verify(const OnProgress& progress) {
    for_all_keys(progress, [this](std::size_t key) {
        get(key, [this, key](const weft::CallResult& read) { compare(key, read); });
    });
}

// The value must be that of the last acknowledged pass, or of a later one whose outcome is unknown.
void Load::compare(std::size_t key, const weft::CallResult& read) {
    const KeyState& state = keys_[key];
    const std::uint64_t found = checksum(read.reply.view());
    bool matches = false;
    for (std::uint64_t pass = state.last_acknowledged_pass; pass <= state.last_sent_pass; ++pass)
        matches = matches || (pass > 0 && found == checksum(value_of(key, pass)));
    if (state.acknowledged > 0 && (!read.exists || !matches)) {
        ++counts_.missing;
        problem(index_.packages[key].key + ": not what was acknowledged");
    }
    const std::uint64_t most = state.version_before + state.acknowledged + state.unknown;
    if (read.version.value > most) {
        ++counts_.doubled;
        problem(index_.packages[key].key + ": version " + std::to_string(read.version.value) +
                " after " + std::to_string(most) + " puts");
    }
}

void Load::problem(std::string text) {
    if (problems_.size() < kProblemsShown) problems_.push_back(std::move(text));
}

}  // namespace packages
