#pragma once
// One connection of torture's load.

#include "cli/torture_load.h"
#include "core/random.h"

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace weft::cli {

// What all connections share.
struct TortureShared {
    TortureShared(const TortureLoadOptions& given, const TortureWeather& at_present)
        : options(given), entities(given.cold), weather(at_present), uses(entities.count()) {}

    using Clock = std::chrono::steady_clock;
    struct Use {
        std::atomic<int> in_flight{0};
        std::atomic<std::uint64_t> seen{0};  // a value that was there, for cas
    };

    const TortureLoadOptions options;
    const TortureEntities entities;
    const TortureWeather& weather;
    std::vector<Use> uses;
    std::atomic<bool> paused{false}, stopping{false};
    std::atomic<std::uint64_t> operations{0};

    std::int64_t to_ns(Clock::time_point moment) const {
        return std::chrono::nanoseconds(moment - options.begin).count();
    }
    std::uint32_t hot_set() const {
        const auto minutes = (Clock::now() - options.begin) / std::chrono::minutes(1);
        return static_cast<std::uint32_t>(minutes % TortureEntities::kHotSets);
    }
    std::int64_t now_ns() const { return to_ns(Clock::now()); }
    void answered(Clock::time_point now);
    // Silence of our own making is no gap.
    void forget_last_answer();
    std::chrono::nanoseconds longest_gap() const;

private:
    mutable std::mutex lock_;  // guards all below
    std::optional<Clock::time_point> last_answer_;
    std::chrono::nanoseconds longest_gap_{};
};

class TortureConnection : public std::enable_shared_from_this<TortureConnection> {
public:
    TortureConnection(std::shared_ptr<TortureShared> shared, Mesh mesh, std::uint32_t number);

    // Starts operations until the load stops.
    void run();
    void wait_idle();
    // Asks what became of unknown outcomes; false when the mesh did not tell.
    bool settle(std::chrono::milliseconds timeout);
    void read(const std::vector<std::uint32_t>& entities, std::chrono::milliseconds patience);

    void add_to(TortureCounts& counts, std::vector<std::string>& wrong) const;
    void use_entities(std::vector<bool>& used) const;
    std::vector<TortureRecord> take_records();

private:
    using Clock = TortureShared::Clock;
    struct Flight {
        std::uint32_t lane = 0;
        TortureRecord record;
        std::string command, payload;
    };
    struct Open {
        RequestId request;
        std::size_t record = 0;
    };

    std::optional<std::uint32_t> draw_entity();
    void compose(Flight& flight);
    void launch(std::uint32_t lane, std::uint32_t entity);
    void landed(const std::shared_ptr<Flight>& flight, const CallResult& result);
    void take_answer(TortureRecord& record, const CallResult& result);
    void settled_as(std::size_t record, const CallResult& told);
    void note_wrong(std::string text);
    CallResult read_patiently(std::uint32_t entity, Clock::time_point until);

    std::shared_ptr<TortureShared> shared_;
    Mesh mesh_;
    const std::uint32_t number_;
    Random random_;  // of the thread in run()
    std::uint32_t sequence_ = 0;

    mutable std::mutex lock_;  // guards all below
    std::condition_variable wake_;
    std::vector<std::uint32_t> free_;
    std::size_t flying_ = 0;
    bool refused_ = false;
    std::vector<TortureRecord> records_;
    std::vector<Open> open_;
    std::vector<std::string> wrong_;
    TortureCounts counts_;
};

}  // namespace weft::cli
