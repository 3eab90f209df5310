#include "replication/raft/follower.h"

#include "core/invariant.h"
#include "core/mutant.h"

#include <algorithm>
#include <chrono>

namespace weft::replication {

namespace {

// A new leader commits an entry of its own, and with it all that ever was, long before this.
constexpr Duration kCommitNamedWithin = std::chrono::seconds(5);

}  // namespace

void Follower::start(LogIndex base, LogIndex last) {
    verified_ = base;
    counted_ = last;
}

void Follower::stands(LogIndex commit) {
    verified_ = commit;
    ack_due_ = false;
}

void Follower::new_term(LogIndex commit) {
    stands(commit);
    named_commit_ = {};
}

void Follower::proved(LogIndex index) { verified_ = std::max(verified_, index); }

// What goes was proven never to be committed, or the disk drops it.
void Follower::cut(LogIndex last) {
    verified_ = std::min(verified_, last);
    counted_ = std::min(counted_, last);
}

void Follower::named(LogIndex commit) { named_commit_ = std::max(named_commit_, commit); }

bool Follower::is_settled(LogIndex index, LogIndex commit) const {
    return index <= std::max(commit, verified_);
}

LogIndex Follower::agreed(LogIndex commit, LogIndex last) const {
    return std::min(commit, WEFT_MUTANT(CommitPastMatch) ? last : verified_);
}

bool Follower::may_acknowledge(LogIndex intact, bool term_on_disk) const {
    return WEFT_MUTANT(AckBeforeSync) || (intact >= verified_ && term_on_disk);
}

LogIndex Follower::acknowledge(LogIndex intact) {
    const LogIndex match = WEFT_MUTANT(AckBeforeSync) ? verified_ : std::min(intact, verified_);
    ack_due_ = intact < verified_;
    counted_ = std::max(counted_, match);
    return match;
}

bool Follower::is_ahead(LogIndex base, Instant now) const {
    return named_commit_ < base && now - followed_since_ >= kCommitNamedWithin;
}

void Follower::check(bool follows, LogIndex base, LogIndex last) const {
    WEFT_INVARIANT(verified_ >= base, "proven up to {} before base {}", verified_.value,
                   base.value);
    WEFT_INVARIANT(verified_ <= last, "proven up to {} past last {}", verified_.value, last.value);
    WEFT_INVARIANT(counted_ <= last, "counted up to {} past last {}", counted_.value, last.value);
    WEFT_INVARIANT(!ack_due_ || follows, "an answer up to {} is due to nobody", verified_.value);
}

}  // namespace weft::replication
