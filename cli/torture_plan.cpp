#include "cli/torture_plan.h"

#include "core/random.h"
#include "core/sort_stably.h"

#include <fmt/core.h>

#include <algorithm>
#include <map>
#include <numeric>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;
using Ms = std::chrono::milliseconds;

constexpr Ms kRestMin = 300ms, kRestMax = 2500ms;       // between two faults
constexpr Ms kHoldMin = 400ms, kHoldMax = 6000ms;       // of a fault
constexpr Ms kAwayMin = 15'000ms, kAwayMax = 60'000ms;  // of a long absence
constexpr int kClockMs = 60'000;

class Drawing {
public:
    Drawing(std::uint64_t seed, std::size_t nodes, Ms length)
        : random_(Random(seed).stream("nemesis")), nodes_(nodes), length_(length) {
        // A short run has short faults: several of them must fit.
        hold_max_ = std::clamp(length / 6, kHoldMin, kHoldMax);
        rest_max_ = std::clamp(length / 12, kRestMin, kRestMax);
    }

    TorturePlan draw() {
        for (now_ = between(kRestMin, rest_max_); now_ < length_;
             now_ += between(kRestMin, rest_max_)) {
            if (absent_ < nodes_ && now_ >= back_) absent_ = nodes_;
            episode(next_fault());
        }
        std::erase_if(plan_.steps, [this](const TortureStep& step) { return step.at >= length_; });
        sort_stably(plan_.steps, &TortureStep::at);
        for (TortureEpisode& episode : plan_.episodes)
            episode.until = std::min(episode.until, length_);
        for (std::size_t node = 0; node < nodes_; ++node) {
            step(length_, NodeAct::Control, node);
            step(length_, NodeAct::Resume, node);
        }
        heal(length_);
        for (const std::size_t node : some(nodes_, true)) step(length_, NodeAct::Start, node);
        return std::move(plan_);
    }

private:
    Ms between(Ms low, Ms high) {
        return Ms(random_.between(Duration(low), Duration(high)) / Duration(1ms));
    }
    Ms hold() { return between(kHoldMin, hold_max_); }

    // Every fault has its turn before one comes again.
    TortureFault next_fault() {
        if (deck_.empty()) {
            deck_.resize(kTortureFaults);
            for (std::size_t i = 0; i < kTortureFaults; ++i)
                deck_[i] = static_cast<TortureFault>(i);
            shuffle(deck_);
        }
        const TortureFault fault = deck_.back();
        deck_.pop_back();
        return fault;
    }

    template <class T>
    void shuffle(std::vector<T>& list) {
        for (std::size_t i = list.size(); i > 1; --i)
            std::swap(list[i - 1], list[random_.below(i)]);
    }

    // Nodes to be hit, in drawn order; one that is away is not among them.
    std::vector<std::size_t> some(std::size_t count, bool absent_too = false) {
        std::vector<std::size_t> list;
        for (std::size_t node = 0; node < nodes_; ++node)
            if (absent_too || node != absent_) list.push_back(node);
        shuffle(list);
        list.resize(std::min(count, list.size()));
        return list;
    }

    void step(Ms at, NodeAct act, std::size_t node, std::string control = "") {
        plan_.steps.push_back({at, act, node, std::move(control)});
    }
    void links_step(NodeAct act, std::vector<NodeLink> links, std::uint32_t value) {
        plan_.steps.push_back({now_, act, 0, {}, std::move(links), value});
    }
    void heal(Ms at) { plan_.steps.push_back({at, NodeAct::Heal}); }

    void episode(TortureFault fault) {
        plan_.episodes.push_back({fault, now_, now_});
        const std::size_t at = plan_.episodes.size() - 1;
        if (fault >= TortureFault::Split)
            links(fault);
        else if (fault == TortureFault::Absence)
            return away(at);
        else
            of_nodes(fault);
        plan_.episodes[at].until = now_;
    }
    void of_nodes(TortureFault fault) {
        switch (fault) {
            case TortureFault::KillOne:
                kill(some(1));
                break;
            case TortureFault::KillTwo:
                kill(some(2));
                break;
            case TortureFault::KillAll:
                kill(some(nodes_));
                break;
            case TortureFault::PauseOne:
                pause(some(1));
                break;
            case TortureFault::PauseTwo:
                pause(some(2));
                break;
            case TortureFault::KillPaused:
                kill_paused(some(1).front());
                break;
            case TortureFault::ClockAhead:
                control(fmt::format("clock={}", kClockMs));
                break;
            case TortureFault::ClockBehind:
                control(fmt::format("clock={}", -kClockMs));
                break;
            case TortureFault::ClockJumps:
                clock_jumps(some(1).front());
                break;
            case TortureFault::DiskFull:
                control("full");
                break;
            case TortureFault::SyncError:
                control("sync");
                break;
            case TortureFault::Stall:
                control("stall");
                break;
            default:
                break;
        }
    }
    void links(TortureFault fault) {
        if (nodes_ == 1) return kill(some(1));
        switch (fault) {
            case TortureFault::OneWayCut:
                links_step(NodeAct::Cut, {of_one().front()}, 1);
                break;
            case TortureFault::SlowLinks:
                links_step(NodeAct::Slow, of_one(), static_cast<std::uint32_t>(number(20, 300)));
                break;
            case TortureFault::LossyLinks:
                links_step(NodeAct::Lossy, of_one(), static_cast<std::uint32_t>(number(5, 50)));
                break;
            case TortureFault::Flapping:
                for (int i = 0; i < 3; ++i) {
                    links_step(NodeAct::Cut, between_sides(), 1);
                    now_ += hold() / 6;
                    heal(now_);
                    now_ += hold() / 6;
                }
                return;
            default:
                links_step(NodeAct::Cut, between_sides(), 1);
                break;
        }
        now_ += hold();
        heal(now_);
    }
    std::uint64_t number(std::uint64_t low, std::uint64_t high) {
        return low + random_.below(high - low + 1);
    }
    // Every link of a node, in drawn order.
    std::vector<NodeLink> of_one() {
        const std::size_t node = some(1).front();
        std::vector<NodeLink> all;
        for (std::size_t other = 0; other < nodes_; ++other)
            if (other != node) {
                all.emplace_back(node, other);
                all.emplace_back(other, node);
            }
        shuffle(all);
        return all;
    }
    std::vector<NodeLink> between_sides() {
        const auto order = some(nodes_, true);
        const std::size_t side = number(1, nodes_ / 2);
        std::vector<NodeLink> all;
        for (std::size_t i = 0; i < side; ++i)
            for (std::size_t j = side; j < nodes_; ++j) {
                all.emplace_back(order[i], order[j]);
                all.emplace_back(order[j], order[i]);
            }
        return all;
    }

    void kill(const std::vector<std::size_t>& victims) {
        for (const std::size_t node : victims) step(now_, NodeAct::Kill, node);
        now_ += hold();
        start(victims);
    }
    // In an order of its own, together or one after the other.
    void start(std::vector<std::size_t> nodes) {
        shuffle(nodes);
        const bool together = random_.chance(1, 2);
        for (const std::size_t node : nodes) {
            step(now_, NodeAct::Start, node);
            if (!together) now_ += between(0ms, 1500ms);
        }
    }
    void pause(const std::vector<std::size_t>& victims) {
        for (const std::size_t node : victims) step(now_, NodeAct::Pause, node);
        now_ += hold();
        for (const std::size_t node : victims) step(now_, NodeAct::Resume, node);
    }
    void kill_paused(std::size_t node) {
        step(now_, NodeAct::Pause, node);
        now_ += hold() / 2;
        step(now_, NodeAct::Kill, node);
        now_ += hold() / 2;
        start({node});
    }
    // The time goes on: what follows happens to the others.
    void away(std::size_t episode) {
        if (absent_ < nodes_ || nodes_ == 1) return kill(some(1));
        const std::size_t node = some(1).front();
        step(now_, NodeAct::Kill, node);
        back_ = now_ + std::min(between(kAwayMin, kAwayMax), length_ / 4);
        step(back_, NodeAct::Start, node);
        absent_ = node;
        plan_.episodes[episode].until = back_;
    }
    void control(const std::string& text) {
        const std::size_t node = some(1).front();
        step(now_, NodeAct::Control, node, text);
        now_ += hold();
        step(now_, NodeAct::Control, node);
        // An error of a sync ends the node.
        if (text == "sync") start({node});
    }
    void clock_jumps(std::size_t node) {
        for (int jump = 0; jump < 4; ++jump) {
            const auto offset =
                static_cast<std::int64_t>(random_.below(2 * kClockMs + 1)) - kClockMs;
            step(now_, NodeAct::Control, node, fmt::format("clock={}", offset));
            now_ += hold() / 3;
        }
        step(now_, NodeAct::Control, node);
    }

    Random random_;
    std::size_t nodes_;
    Ms length_, hold_max_{}, rest_max_{};
    Ms now_{}, back_{};
    std::size_t absent_ = nodes_;  // nodes_: none
    std::vector<TortureFault> deck_;
    TorturePlan plan_;
};

}  // namespace

std::string_view torture_fault_name(TortureFault fault) {
    static constexpr std::string_view kNames[kTortureFaults] = {
        "kill_one", "kill_two",    "kill_all",     "pause_one",   "pause_two",   "kill_paused",
        "absence",  "clock_ahead", "clock_behind", "clock_jumps", "disk_full",   "sync_error",
        "stall",    "split",       "one_way_cut",  "slow_links",  "lossy_links", "flapping"};
    return kNames[static_cast<std::size_t>(fault)];
}

// The node with most of them, and on.
std::vector<std::size_t> nodes_to_blame(std::vector<NodeLink> faulty) {
    std::vector<std::size_t> blamed;
    while (!faulty.empty()) {
        std::map<std::size_t, std::size_t> counts;
        for (const auto& [from, to] : faulty) {
            ++counts[from];
            ++counts[to];
        }
        const std::size_t worst = std::ranges::max_element(counts, {}, [](const auto& entry) {
                                      return entry.second;
                                  })->first;
        blamed.push_back(worst);
        std::erase_if(faulty, [worst](const NodeLink& link) {
            return link.first == worst || link.second == worst;
        });
    }
    return blamed;
}

TorturePlan draw_torture_plan(std::uint64_t seed, std::size_t nodes,
                              std::chrono::milliseconds length) {
    return Drawing(seed, nodes, length).draw();
}

}  // namespace weft::cli
