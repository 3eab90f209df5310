#pragma once
// Replies wait here for the commit of their entries: what this node has proposed in its term and
// not applied yet, in the order of the log. Held by a partition that serves; when the term is lost
// all of it is taken out and answered as unknown (S27).

#include "core/command.h"
#include "entity/host.h"
#include "replication/effects.h"
#include "replication/partition/refused.h"
#include "weft/types.h"

#include <cstddef>
#include <deque>
#include <vector>

namespace weft::replication {

struct Waiter {
    Origin from;
    bool tell = false;
};
// Who only tells is told how it ended, and no more.
SendReply answer_to(const Waiter& waiter, Reply reply);

// A proposed command whose entry is not applied yet; duplicates join it.
struct InFlight {
    entity::Entity* entity = nullptr;  // nothing: it changes none
    RequestId id;
    Waiter first;
    std::vector<Waiter> joined;
    bool asked_for() const { return id.seq != 0; }  // else an entry of the group's own
};

class Flight {
public:
    // `index` is the one behind all that are in flight.
    void enter(LogIndex index, InFlight item);
    // The first, whose entry at `index` was applied.
    InFlight leave(LogIndex index);
    // Waits with whoever asked first for the command whose entry is at `index`; it is in flight.
    // False: `most` do already.
    bool join(LogIndex index, const Waiter& waiter, std::size_t most);
    // The term ended before the commit. What is in flight may yet be committed by others: nobody
    // knows (S27). `entities` are ahead of what is committed. None is left.
    struct Lost {
        std::vector<Refused> refused;
        std::vector<entity::Entity*> entities;
    };
    Lost lose();

    bool empty() const { return items_.empty(); }
    std::size_t size() const { return items_.size(); }
    // The next to leave; there is one.
    const InFlight& first() const { return items_.front(); }
    bool is_first(LogIndex index) const { return !empty() && first_ == index; }
    // Whatever is behind `applied` was proposed here, or nothing is.
    void check(LogIndex applied) const;

private:
    std::deque<InFlight> items_;  // of contiguous entries
    LogIndex first_;
};

}  // namespace weft::replication
