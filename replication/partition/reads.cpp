#include "replication/partition/reads.h"

#include "core/invariant.h"
#include "core/mutant.h"
#include "replication/partition/command_entry.h"

#include <algorithm>
#include <utility>

namespace weft::replication {

WaitingRead read_that_ran(const ReadMet& met, const LogThen& log, entity::Decision decision) {
    WaitingRead read;
    read.to = met.to;
    read.rests_on = met.entity.ahead ? met.entity.ahead->last : LogIndex{};
    read.arrival = log.last;
    read.reply.id = met.request.id;
    read.reply.outcome = decision.rejected ? Outcome::Rejected : Outcome::Done;
    read.reply.error = std::move(decision.error);
    read.reply.level = Level::Linearizable;  // by the time that it may be answered
    if (met.request.kind != RequestKind::Tell) read.reply.payload = decision.reply.own();
    // As a token it must not lie before the state it came with.
    read.reply.index = std::max(log.applied, read.rests_on);
    tell_standing(read.reply, entity::Host::newest(met.entity).standing.shown());
    return read;
}

ReadTicket WaitingReads::add(WaitingRead read, LogIndex commit) {
    bytes_ += read.reply.payload.size();
    Item item{next_number(ticket_), std::move(read)};
    if (item.read.rests_on <= commit) {
        committed_.push_back(std::move(item));
    } else {
        const LogIndex index = item.read.rests_on;
        uncommitted_.emplace(index, std::move(item));
    }
    return ticket_;
}

void WaitingReads::confirm(ReadTicket ticket) {
    confirmed_ = std::max(confirmed_, std::min(ticket, ticket_));
}

bool WaitingReads::is_confirmed(const Item& item, LogIndex commit) const {
    return item.ticket <= confirmed_ || item.read.arrival < commit;
}

void WaitingReads::release(LogIndex commit, std::vector<WaitingRead>& ready) {
    while (!uncommitted_.empty() && uncommitted_.begin()->first <= commit) {
        Item item = std::move(uncommitted_.begin()->second);
        uncommitted_.erase(uncommitted_.begin());
        const auto at = std::ranges::upper_bound(committed_, item.ticket, {}, &Item::ticket);
        committed_.insert(at, std::move(item));
    }
    // Tickets and arrivals rise together, so that the front is always the first to be served.
    while (!committed_.empty() &&
           (is_confirmed(committed_.front(), commit) || WEFT_MUTANT(ReadWithoutConfirm))) {
        bytes_ -= committed_.front().read.reply.payload.size();
        ready.push_back(std::move(committed_.front().read));
        committed_.pop_front();
    }
}

std::vector<Refused> WaitingReads::refuse() {
    std::vector<Item> items;
    items.reserve(size());
    for (Item& item : committed_) items.push_back(std::move(item));
    for (auto& [index, item] : uncommitted_) items.push_back(std::move(item));
    committed_.clear();
    uncommitted_.clear();
    bytes_ = 0;
    confirmed_ = ticket_;  // tickets of a former term confirm nothing later
    std::ranges::sort(items, {}, &Item::ticket);
    std::vector<Refused> refused;
    refused.reserve(items.size());
    for (const Item& item : items) refused.push_back(not_led(item.read.to, item.read.reply.id));
    return refused;
}

void WaitingReads::check(LogIndex commit) const {
    WEFT_INVARIANT(uncommitted_.empty() || uncommitted_.begin()->first > commit,
                   "a read waits for entry {}, committed is {}", uncommitted_.begin()->first.value,
                   commit.value);
    LogIndex arrival;
    for (const Item& item : committed_) {
        WEFT_INVARIANT(item.read.arrival >= arrival,
                       "a read that came at {} waits behind one of {}", item.read.arrival.value,
                       arrival.value);
        arrival = item.read.arrival;
        WEFT_INVARIANT(!is_confirmed(item, commit), "a read that came at {} is confirmed and waits",
                       arrival.value);
    }
}

}  // namespace weft::replication
