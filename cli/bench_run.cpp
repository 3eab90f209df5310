#include "cli/bench_run.h"

#include "cli/interrupt_watch.h"
#include "weft/errors.h"

#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

namespace weft::cli {

namespace {

using Clock = std::chrono::steady_clock;
using namespace std::chrono_literals;

// A lane that was refused waits this long, or a mesh without leaders would be asked in a busy loop.
constexpr auto kRefusedPause = 5ms;
constexpr std::uint64_t kConnectsAtOnce = 32;
// How soon a lane that waits for its next operation notices an interrupt.
constexpr auto kStopLook = 100ms;

std::int64_t to_ns(Clock::time_point moment) { return moment.time_since_epoch().count(); }

// Of one that did not end in Done. A rejection may come without an error.
std::uint16_t number_of(const CallResult& result) {
    return result.error.number != 0 ? result.error.number
                                    : static_cast<std::uint16_t>(ErrorNumber::EntityRejected);
}

// When counting begins and ends, and the measures that all connections share.
struct Window {
    Clock::time_point begin, end;
    std::mutex lock;
    Clock::time_point last_answer;
    std::chrono::nanoseconds longest_gap{};
    std::atomic<bool> stopped = false;  // before its end
    Clock::time_point stopped_at;

    bool over() const { return stopped || Clock::now() >= end; }
    void stop() {
        stopped_at = Clock::now();
        stopped = true;
    }
    // When counting has ended, or will.
    Clock::time_point last() const { return stopped ? std::clamp(stopped_at, begin, end) : end; }

    void answered(Clock::time_point now) {
        const std::lock_guard guard(lock);
        if (now < begin || now > end) return;
        longest_gap = std::max<std::chrono::nanoseconds>(longest_gap, now - last_answer);
        last_answer = std::max(last_answer, now);
    }
};

// One connection and its lanes.
class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(const BenchOptions& options, Mesh mesh, std::shared_ptr<Window> window)
        : options_(options), mesh_(std::move(mesh)), window_(std::move(window)) {}

    void add_lane(std::uint64_t number) { lanes_.emplace_back(options_.workload, number); }
    void record_into(History* history) { history_ = history; }

    // Returns when the window has ended and every operation too. `ticket` and `stride`: this
    // connection starts the planned operations ticket, ticket + stride, ... (open loop).
    void run(std::uint64_t ticket, std::uint64_t stride) {
        if (options_.rate <= 0 && lanes_.size() == 1) return run_blocking();
        {
            const std::lock_guard guard(lock_);
            for (std::size_t lane = 0; lane < lanes_.size(); ++lane) free_.push_back(lane);
        }
        if (options_.rate > 0)
            run_planned(ticket, stride);
        else
            run_closed();
        std::unique_lock guard(lock_);
        // An operation ends at its own timeout at the latest.
        wake_.wait_for(guard, options_.timeout + 2s, [this] { return flying_ == 0; });
    }

    void collect(BenchResult& result) {
        const std::lock_guard guard(lock_);
        result.outcomes.done += counts_.done;
        result.outcomes.rejected += counts_.rejected;
        result.outcomes.not_done += counts_.not_done;
        result.outcomes.unknown += counts_.unknown;
        result.latency_ns.merge(latency_);
        for (std::size_t op = 0; op < kBenchOps; ++op) result.by_op[op].merge(by_op_[op]);
        for (const auto& [number, times] : errors_) result.errors[number] += times;
        result.not_started += not_started_;
        result.waited_for_lane += waited_for_lane_;
        result.start_delay_ns.merge(start_delay_);
    }

private:
    // An operation on its way.
    struct Flight {
        std::size_t lane = 0;
        Operation operation;
        Clock::time_point planned, sent;
    };

    Entity entity_of(const Operation& operation) const {
        return mesh_.entity(options_.workload.type,
                            options_.workload.prefix + std::to_string(operation.entity));
    }
    CallOptions call_options() const {
        CallOptions call;
        call.timeout = options_.timeout;
        return call;
    }

    // One operation at a time: the calling thread drives the socket itself.
    void run_blocking() {
        while (!window_->over()) {
            Flight flight{0, lanes_[0].next(), Clock::now(), Clock::now()};
            const CallResult result =
                entity_of(flight.operation)
                    .call(flight.operation.command, flight.operation.payload, call_options());
            const bool refused = result.outcome == Outcome::NotDone;
            ended(flight, result);
            if (refused) std::this_thread::sleep_for(kRefusedPause);
        }
    }

    void run_closed() {
        while (!window_->over()) {
            start_free_lanes();
            // Lanes go on by themselves from their callbacks; here come back those refused.
            std::this_thread::sleep_for(kRefusedPause);
        }
    }

    void start_free_lanes() {
        std::vector<std::size_t> ready;
        {
            const std::lock_guard guard(lock_);
            ready.swap(free_);
        }
        for (const std::size_t lane : ready) launch(lane, Clock::now());
    }

    Clock::time_point planned_start(std::uint64_t ticket) const {
        return window_->begin - options_.warm_up +
               std::chrono::nanoseconds(
                   static_cast<std::int64_t>(static_cast<double>(ticket) / options_.rate * 1e9));
    }

    void run_planned(std::uint64_t ticket, std::uint64_t stride) {
        for (;; ticket += stride) {
            const auto planned = planned_start(ticket);
            if (planned >= window_->end) return;
            for (auto now = Clock::now(); now < planned && !window_->over(); now = Clock::now())
                std::this_thread::sleep_until(std::min(planned, now + kStopLook));
            const auto lane = free_lane(planned);
            if (!lane) break;
            launch(*lane, planned);
        }
        const std::lock_guard guard(lock_);
        for (; planned_start(ticket) < window_->last(); ticket += stride)
            not_started_ += planned_start(ticket) >= window_->begin ? 1U : 0U;
    }

    // Waits for one while the window lasts.
    std::optional<std::size_t> free_lane(Clock::time_point planned) {
        std::unique_lock guard(lock_);
        if (free_.empty() && planned >= window_->begin) ++waited_for_lane_;
        while (free_.empty() && !window_->over()) wake_.wait_for(guard, kStopLook);
        if (window_->over()) return std::nullopt;
        const std::size_t lane = free_.back();
        free_.pop_back();
        return lane;
    }

    void launch(std::size_t lane, Clock::time_point planned) {
        auto flight = std::make_shared<Flight>();
        flight->lane = lane;
        flight->operation = lanes_[lane].next();
        flight->planned = planned;
        flight->sent = Clock::now();
        {
            const std::lock_guard guard(lock_);
            ++flying_;
            if (options_.rate > 0 && planned >= window_->begin && planned < window_->end)
                start_delay_.record(static_cast<std::uint64_t>((flight->sent - planned).count()));
        }
        entity_of(flight->operation)
            .start(flight->operation.command, flight->operation.payload, call_options(),
                   [self = shared_from_this(), flight](const CallResult& result) {
                       self->landed(*flight, result);
                   });
    }

    // On the client's thread, or inside start() when the call was refused there.
    void landed(const Flight& flight, const CallResult& result) {
        ended(flight, result);
        const bool go_on =
            options_.rate <= 0 && result.outcome != Outcome::NotDone && !window_->over();
        if (go_on) launch(flight.lane, Clock::now());
        const std::lock_guard guard(lock_);
        --flying_;
        if (!go_on) free_.push_back(flight.lane);
        wake_.notify_all();
    }

    void ended(const Flight& flight, const CallResult& result) {
        const auto now = Clock::now();
        lanes_[flight.lane].seen(flight.operation, result);
        if (history_ != nullptr) {
            const std::string entity =
                fmt::format("{}/{}{}", options_.workload.type, options_.workload.prefix,
                            flight.operation.entity);
            history_->add({lanes_[flight.lane].number(), entity, &flight.operation, &result,
                           to_ns(flight.sent), to_ns(now)});
        }
        if (flight.planned < window_->begin || flight.planned >= window_->end) return;
        const bool answered =
            result.outcome == Outcome::Done || result.outcome == Outcome::Rejected;
        if (answered) window_->answered(now);
        const std::lock_guard guard(lock_);
        count(flight, result, static_cast<std::uint64_t>((now - flight.planned).count()));
    }

    void count(const Flight& flight, const CallResult& result, std::uint64_t latency) {
        switch (result.outcome) {
            case Outcome::Done:
                ++counts_.done;
                break;
            case Outcome::Rejected:
                ++counts_.rejected;
                break;
            case Outcome::NotDone:
                ++counts_.not_done;
                break;
            case Outcome::Unknown:
                ++counts_.unknown;
                break;
        }
        if (result.outcome != Outcome::Done) ++errors_[number_of(result)];
        if (result.outcome == Outcome::NotDone || result.outcome == Outcome::Unknown) return;
        latency_.record(latency);
        by_op_[static_cast<std::size_t>(flight.operation.op)].record(latency);
    }

    const BenchOptions options_;  // its own copy: a late callback may outlive the run
    Mesh mesh_;
    std::shared_ptr<Window> window_;
    std::vector<Lane> lanes_;  // each is used by one operation at a time
    History* history_ = nullptr;

    std::mutex lock_;  // guards all below
    std::condition_variable wake_;
    std::vector<std::size_t> free_;
    std::size_t flying_ = 0;
    BenchCounts counts_;
    Histogram latency_;
    std::array<Histogram, kBenchOps> by_op_;
    std::map<std::uint16_t, std::uint64_t> errors_;
    std::uint64_t not_started_ = 0, waited_for_lane_ = 0;
    Histogram start_delay_;
};

// All at once: each waits for its first answer.
Result<std::vector<Mesh>> connect_all(const BenchOptions& options) {
    ConnectOptions connect = options.mesh;
    connect.in_flight_max = std::max<std::size_t>(64, 2 * options.pipeline);
    connect.program = "weft bench";
    std::vector<std::optional<Mesh>> meshes(options.clients);
    std::optional<Error> failed;
    std::mutex lock;
    std::atomic<std::uint64_t> next = 0;
    const auto connect_some = [&] {
        for (std::uint64_t c; (c = next++) < options.clients;) {
            auto mesh = weft::connect(connect);
            if (mesh) {
                meshes[c] = *std::move(mesh);
                continue;
            }
            const std::lock_guard guard(lock);
            if (!failed) failed = std::move(mesh).error();
            next = options.clients;
        }
    };
    std::vector<std::thread> threads;
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(options.clients, kConnectsAtOnce); ++i)
        threads.emplace_back(connect_some);
    for (std::thread& thread : threads) thread.join();
    if (failed) return std::unexpected(*std::move(failed));
    std::vector<Mesh> all;
    for (auto& mesh : meshes) all.push_back(*std::move(mesh));
    return all;
}

Result<std::vector<std::shared_ptr<Connection>>> open_connections(
    const BenchOptions& options, const std::shared_ptr<Window>& window, History* history) {
    auto meshes = connect_all(options);
    if (!meshes) return std::unexpected(std::move(meshes).error());
    std::vector<std::shared_ptr<Connection>> connections;
    std::uint64_t lane = 0;
    for (Mesh& mesh : *meshes) {
        connections.push_back(std::make_shared<Connection>(options, std::move(mesh), window));
        connections.back()->record_into(history);
        for (std::uint64_t p = 0; p < options.pipeline; ++p) connections.back()->add_lane(lane++);
    }
    return connections;
}

}  // namespace

bool BenchResult::is_bottleneck() const {
    const auto mostly = [this](std::uint64_t part, std::uint64_t of) {
        return 2 * start_delay_ns.quantile(part, of) > latency_ns.quantile(part, of);
    };
    return not_started > 0 || (start_delay_ns.count() > 0 && (mostly(50, 100) || mostly(99, 100)));
}

Exit exit_of(const BenchResult& result) {
    if (result.outcomes.done > 0 || result.errors.empty()) return Exit::Ok;
    const auto most =
        std::ranges::max_element(result.errors, {}, [](const auto& e) { return e.second; });
    return exit_for(error_page(static_cast<ErrorNumber>(most->first)).code);
}

Result<BenchResult> run_bench(const BenchOptions& options, History* history) {
    auto window = std::make_shared<Window>();
    // What was measured until then is worth telling.
    OnInterrupt interrupt([&window] { window->stop(); });
    auto connections = open_connections(options, window, history);
    if (!connections) return std::unexpected(std::move(connections).error());
    window->begin = Clock::now() + options.warm_up;
    window->end = window->begin + options.length;
    window->last_answer = window->begin;
    interrupt.arm();

    std::vector<std::thread> threads;
    threads.reserve(connections->size());
    for (std::size_t c = 0; c < connections->size(); ++c)
        threads.emplace_back(
            [&connections, &options, c] { (*connections)[c]->run(c, options.clients); });
    for (std::thread& thread : threads) thread.join();

    BenchResult result;
    result.took = window->last() - window->begin;
    if (window->stopped) result.signal = interrupt.arrived();
    for (const auto& connection : *connections) connection->collect(result);
    const std::lock_guard guard(window->lock);
    // Silence up to the end is a gap too.
    result.longest_gap = std::max<std::chrono::nanoseconds>(
        window->longest_gap, window->last() - std::min(window->last_answer, window->last()));
    return result;
}

}  // namespace weft::cli
