#pragma once
// The one driver loop: drain events, let deadlines pass, hand all effects over at once. Generic
// over its port, so that node/runtime and sim run the same rounds (P-same).

#include "core/time.h"
#include "node/events.h"
#include "node/node.h"

#include <cstddef>
#include <utility>

namespace weft::node {

// What a driver must offer:
//   Now now();
//   bool next_event(Event& event);   // false: nothing ready; never blocks
//   void perform(Effects& effects);  // carries them out or queues them; may move from them
template <class Port>
class Loop {
public:
    // Costly events end a round early: deadlines, disk and replies do not wait for them.
    static constexpr Duration kRoundMax = std::chrono::milliseconds(10);

    // Administrative questions come when everything else of a round has left, for so long at a
    // time, and while there is anything else to do for a fifth of the time in all.
    static constexpr Duration kQuestionsMax = std::chrono::milliseconds(2);
    static constexpr int kQuestionsPause = 4;            // times what they took
    static constexpr std::size_t kQuestionsCount = 256;  // where the clock stands still

    // `events_max` bounds one round, so that replies do not wait for an endless input.
    Loop(Node& node, Port& port, std::size_t events_max = 256)
        : node_(node), port_(port), events_max_(events_max) {}

    // One round. Returns the number of events taken: 0 means that the driver may sleep until
    // node.next_deadline() or the next event.
    std::size_t round() {
        std::size_t taken = 0;
        Event event;
        Now now = port_.now();
        const Instant until = now.mono + kRoundMax;
        while (taken < events_max_ && now.mono < until && port_.next_event(event)) {
            now = port_.now();
            node_.step(now, std::move(event), effects_);
            ++taken;
        }
        now = port_.now();
        if (node_.next_deadline() <= now.mono) {
            node_.step(now, Timer{}, effects_);
            ++taken;
        }
        if (taken > 0) end_round(now);
        return taken + answer_questions(taken == 0);
    }

private:
    void end_round(Now now) {
        node_.step(now, RoundEnd{}, effects_);
        port_.perform(effects_);
        effects_.clear();
    }

    std::size_t answer_questions(bool idle) {
        if (!node_.has_questions()) return 0;
        Now now = port_.now();
        const Instant begun = now.mono;
        if (!idle && begun < questions_due_) return 0;
        std::size_t answered = 0;
        do {
            node_.answer_question(now, effects_);
            ++answered;
            now = port_.now();
        } while (answered < kQuestionsCount && now.mono - begun < kQuestionsMax &&
                 node_.has_questions());
        questions_due_ = now.mono + kQuestionsPause * (now.mono - begun);
        end_round(now);
        return answered;
    }

    Node& node_;
    Port& port_;
    std::size_t events_max_;
    Effects effects_;
    Instant questions_due_ = Instant::long_ago();
};

}  // namespace weft::node
