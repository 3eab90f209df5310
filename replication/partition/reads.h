#pragma once
// Reads that have run and wait for their right to be answered (S8, S27; Raft thesis 6.4): the
// entries they rest on must be committed, and after their arrival either a confirm round was won
// or an own entry committed (S8).

#include "core/command.h"
#include "core/ids.h"
#include "entity/host.h"
#include "entity/type.h"
#include "replication/partition/refused.h"
#include "weft/types.h"

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace weft::replication {

struct WaitingRead {
    Origin to;
    Reply reply;
    LogIndex rests_on;  // 0: on what was committed when it came
    LogIndex arrival;   // end of the log then: a commit beyond it serves as confirmation
};

// A read and what it met, with the log as far as it is applied and written here.
struct ReadMet {
    Origin to;
    const Request& request;
    const entity::Entity& entity;
};
struct LogThen {
    LogIndex applied;
    LogIndex last;
};
// It has run, and came to `decision`.
WaitingRead read_that_ran(const ReadMet& met, const LogThen& log, entity::Decision decision);

class WaitingReads {
public:
    // Returns the ticket to be confirmed.
    ReadTicket add(WaitingRead read, LogIndex commit);
    void confirm(ReadTicket ticket);
    // Appends the reads that may be answered now.
    void release(LogIndex commit, std::vector<WaitingRead>& ready);
    // The term is lost: all that wait, in the order they came. None is left.
    std::vector<Refused> refuse();

    std::size_t size() const { return committed_.size() + uncommitted_.size(); }
    // Of the replies that wait.
    std::size_t bytes() const { return bytes_; }
    bool empty() const { return size() == 0; }
    // The newest ticket handed out.
    ReadTicket last_ticket() const { return ticket_; }
    // Nothing waits that release() would give back now.
    void check(LogIndex commit) const;

private:
    struct Item {
        ReadTicket ticket;
        WaitingRead read;
    };
    // This replica still led behind its arrival (S8).
    bool is_confirmed(const Item& item, LogIndex commit) const;

    std::deque<Item> committed_;                 // by ticket; wait for confirmation
    std::multimap<LogIndex, Item> uncommitted_;  // by the entry they rest on
    std::size_t bytes_ = 0;
    ReadTicket ticket_;
    ReadTicket confirmed_;
};

}  // namespace weft::replication
