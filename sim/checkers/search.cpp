#include "sim/checkers/search.h"

#include "core/sort_stably.h"

#include <fmt/core.h>

#include <algorithm>

namespace weft::sim {
namespace {

std::uint64_t mixed(std::uint64_t x) {  // splitmix64
    x += 0x9e3779b97f4a7c15ULL;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
    return x ^ (x >> 31);
}

// 128 bits stand for a set of operations and a state: the sum over all searches anybody will run
// of the chance that two differ and look alike is far below that of a wrong bit in memory.
struct Key {
    std::uint64_t high = 0, low = 0;
    bool operator==(const Key&) const = default;
    // `domain` keeps numbers of operations and states apart.
    void toggle(std::uint64_t number, std::uint64_t domain = 0x5851f42d4c957f2dULL) {
        high ^= mixed(number ^ domain);
        low ^= mixed(mixed(number) ^ mixed(domain));
    }
};

constexpr std::uint64_t kStates = 0xda942042e4dd58b5ULL;

// Open addressing; the key of all zeros stands for "free" and is changed to another.
class Memory {
public:
    Memory() : slots_(std::size_t{1} << 10) {}
    // False when it was there before.
    bool insert(Key key) {
        if (key == Key{}) key.low = 1;
        if (10 * ++size_ > 7 * slots_.size()) grow();
        Key& slot = find(key);
        if (slot == key) {
            --size_;
            return false;
        }
        slot = key;
        return true;
    }

private:
    Key& find(const Key& key) {
        const std::size_t mask = slots_.size() - 1;
        std::size_t at = key.low & mask;
        while (slots_[at] != Key{} && slots_[at] != key) at = (at + 1) & mask;
        return slots_[at];
    }
    void grow() {
        std::vector<Key> old(slots_.size() * 2);
        old.swap(slots_);
        for (const Key& key : old)
            if (key != Key{}) find(key) = key;
    }
    std::vector<Key> slots_;
    std::size_t size_ = 0;
};

// Calls and returns in time order as a doubly linked list; index 0 is the head.
struct Event {
    std::size_t step = 0;
    bool call = false;
    std::size_t before = 0, after = 0;
};

class Search {
public:
    Search(Rules& rules, const History& history) : rules_(rules), history_(history) { link(); }

    // Wing and Gong's search with Lowe's memory: every set of placed operations with the state
    // that it led to is tried once.
    Verdict run(std::size_t steps_max) {
        Verdict verdict;
        if (!rules_.possible()) return impossible(verdict);
        enter();
        while (events_[0].after != 0) {
            if (steps_ > steps_max) {
                verdict.undecided = true;
                verdict.steps = steps_;
                return verdict;
            }
            if (frames_.empty()) return impossible(verdict);
            Frame& frame = frames_.back();
            if (frame.next == frame.moves.size()) {
                rewind(frame.trail);
                rules_.state = frame.state;
                frames_.pop_back();
                if (!frames_.empty()) undo_move();
                continue;
            }
            const std::size_t chosen = frame.next++;
            frame.settled = trail_.size();
            frame.settled_state = rules_.state;
            play(frame.moves[chosen]);
            if (!rules_.possible() || !enter()) undo_move();
        }
        verdict.steps = steps_;
        return verdict;
    }

private:
    struct Placed {
        std::size_t index = 0;
        bool known = true;
    };
    struct Frame {
        std::vector<Move> moves;
        std::size_t next = 0;
        std::size_t trail = 0, settled = 0;  // lengths of the trail
        std::int64_t state = 0, settled_state = 0;
    };

    Verdict impossible(Verdict& verdict) {
        verdict.linearizable = false;
        verdict.steps = steps_;
        verdict.reason = reason();
        return verdict;
    }

    // Places what needs no choice, and opens the choices after it. False: been here before.
    bool enter() {
        Frame frame;
        frame.trail = trail_.size();
        frame.state = rules_.state;
        Window window;
        std::size_t at = events_[0].after;
        while (at != 0 && events_[at].call) {
            ++steps_;
            const std::size_t step = events_[at].step;
            const std::size_t before = events_[at].before;
            if (rules_.settles(rules_.steps[step])) {
                place_known(step);
                at = events_[before].after;
            } else {
                window.callable.push_back(step);
                at = events_[at].after;
            }
        }
        if (at == 0) {
            frames_.push_back(std::move(frame));
            return true;
        }
        Key key = key_;
        key.toggle(static_cast<std::uint64_t>(rules_.state_key()), kStates);
        if (!memory_.insert(key)) {
            rewind(frame.trail);
            return false;
        }
        window.now = rules_.steps[events_[at].step].end;
        rules_.moves(window, frame.moves);
        steps_ += frame.moves.size();
        remember_place(events_[at].step);
        frames_.push_back(std::move(frame));
        return true;
    }
    void play(const Move& move) {
        for (const std::size_t step : move.known) place_known(step);
        if (move.unknown == Move::kNone) return;
        UnknownClass& kind = rules_.unknown[move.unknown];
        key_.toggle(unknown_number(move.unknown, kind.used));
        ++kind.used;
        rules_.place(kind.step, false);
        trail_.push_back({move.unknown, false});
    }
    void undo_move() {
        rewind(frames_.back().settled);
        rules_.state = frames_.back().settled_state;
    }
    void place_known(std::size_t step) {
        key_.toggle(step);
        unlink(2 * step + 1);
        unlink(2 * step + 2);
        rules_.place(rules_.steps[step], true);
        trail_.push_back({step, true});
    }
    // The caller sets the state.
    void rewind(std::size_t length) {
        for (; trail_.size() > length; trail_.pop_back()) {
            const Placed last = trail_.back();
            if (last.known) {
                rules_.displace(rules_.steps[last.index], true);
                relink(2 * last.index + 2);
                relink(2 * last.index + 1);
                key_.toggle(last.index);
                continue;
            }
            UnknownClass& kind = rules_.unknown[last.index];
            rules_.displace(kind.step, false);
            --kind.used;
            key_.toggle(unknown_number(last.index, kind.used));
        }
    }
    std::uint64_t unknown_number(std::size_t kind, std::size_t used) const {
        return (std::uint64_t{1} << 62) + (kind << 31) + used;
    }

    // Call and return of step i are events 2 i + 1 and 2 i + 2.
    void link() {
        std::vector<std::size_t> order(2 * rules_.steps.size());
        events_.resize(order.size() + 1);
        for (std::size_t i = 0; i < order.size(); ++i) {
            order[i] = i + 1;
            events_[i + 1].step = i / 2;
            events_[i + 1].call = i % 2 == 0;
        }
        const auto time = [&](std::size_t event) {
            const Step& step = rules_.steps[events_[event].step];
            return events_[event].call ? step.start : step.end;
        };
        // At one moment calls come before returns: touching operations count as concurrent.
        std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
            if (time(a) != time(b)) return time(a) < time(b);
            return events_[a].call != events_[b].call ? events_[a].call : a < b;
        });
        std::size_t last = 0;
        for (const std::size_t event : order) {
            events_[last].after = event;
            events_[event].before = last;
            last = event;
        }
        events_[last].after = 0;
        events_[0].before = last;
    }
    void unlink(std::size_t i) {
        events_[events_[i].before].after = events_[i].after;
        events_[events_[i].after].before = events_[i].before;
    }
    void relink(std::size_t i) {
        events_[events_[i].before].after = i;
        events_[events_[i].after].before = i;
    }

    // Where the search came furthest.
    struct Furthest {
        std::size_t placed = 0;
        std::size_t stuck = Move::kNone;  // the first operation to end that has no place
        std::int64_t state = 0;
        std::string state_text;
    };
    void remember_place(std::size_t stuck) {
        if (furthest_.stuck != Move::kNone && trail_.size() < furthest_.placed) return;
        furthest_ = {trail_.size(), stuck, rules_.state, {}};
        furthest_.state_text = rules_.state_text();
    }

    std::string reason() const {
        const auto& steps = rules_.steps;
        if (furthest_.stuck == Move::kNone) {
            const auto hopeless = std::ranges::find_if(
                steps, [&](const Step& step) { return rules_.hopeless(step); });
            return fmt::format("{} fits no order: nothing leads to what it saw",
                               hopeless == steps.end() ? "something" : text_of(*hopeless));
        }
        const Step& stuck = steps[furthest_.stuck];
        // What could have been placed in this state was; who still waits for it comes later.
        const auto late = std::ranges::find_if(steps, [&](const Step& step) {
            return step.start > stuck.end && rules_.demands(step, furthest_.state);
        });
        if (late != steps.end() && !rules_.demands(stuck, furthest_.state))
            return fmt::format("{} fits no order with {}, which must come before it",
                               text_of(*late), text_of(stuck));
        return fmt::format("{} fits no order; the last state that others explain is {}",
                           text_of(stuck), furthest_.state_text);
    }

    std::string text_of(const Step& step) const {
        using enum OperationKind;
        const Operation& op = history_[step.origin];
        static constexpr const char* kNames[] = {"put", "get", "delete", "cas", "add"};
        std::string what = op.argument;
        if (op.kind == Cas)
            what = fmt::format("{} to {}", op.expected.value_or("nothing"), op.argument);
        std::string answer = op.result.value_or("nothing");
        if (op.kind != Get && op.kind != Add)
            answer = op.outcome == OperationOutcome::Done ? "done" : "rejected";
        return fmt::format("client {} {}({}) -> {} [{}..{}]", op.client,
                           kNames[static_cast<std::size_t>(op.kind)], what, answer, op.start_ns,
                           op.end_ns);
    }

    Rules& rules_;
    const History& history_;
    std::vector<Event> events_;
    std::vector<Placed> trail_;
    std::vector<Frame> frames_;
    Memory memory_;
    Key key_;
    std::size_t steps_ = 0;
    Furthest furthest_;
};

}  // namespace

void add_unknown(Rules& rules, const Step& step) {
    for (UnknownClass& kind : rules.unknown) {
        if (kind.step.kind != step.kind || kind.step.argument != step.argument ||
            kind.step.expected != step.expected)
            continue;
        kind.starts.push_back(step.start);
        return;
    }
    rules.unknown.push_back({step, {step.start}, 0});
}

void order_steps(Rules& rules) {
    sort_stably(rules.steps, &Step::start);
    for (UnknownClass& kind : rules.unknown) std::ranges::sort(kind.starts);
}

Verdict search(Rules& rules, const History& history, std::size_t steps_max) {
    return Search(rules, history).run(steps_max);
}

}  // namespace weft::sim
