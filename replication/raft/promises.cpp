#include "replication/raft/promises.h"

#include "core/ids.h"
#include "core/invariant.h"

#include <algorithm>
#include <cstddef>

namespace weft::replication {

namespace {

constexpr std::size_t kDoneMarksMax = 64;

}  // namespace

void Promises::start(const storage::HardState& hard, LogIndex last, LogIndex intact) {
    hard_ = hard;
    durable_ = last;
    intact_ = intact;
}

PersistSeq Promises::mark(const storage::HardState& hard, LogIndex last, LogIndex intact) {
    unmarked_ = false;
    marks_.push_back({next_number(seq_), last, intact, hard});
    return seq_;
}

void Promises::lower(LogIndex last, LogIndex intact) {
    for (std::size_t i = done_; i < marks_.size(); ++i) {
        marks_[i].last = std::min(marks_[i].last, last);
        marks_[i].intact = std::min(marks_[i].intact, std::min(marks_[i].last, intact));
    }
    durable_ = std::min(durable_, last);
    intact_ = std::min(intact_, std::min(durable_, intact));
}

bool Promises::persisted(PersistSeq seq) {
    WEFT_INVARIANT(seq <= seq_, "persisted {} of {}", seq.value, seq_.value);
    std::size_t done = done_;
    while (done < marks_.size() && marks_[done].seq <= seq) ++done;
    if (done == done_) return false;
    const Mark& reached = marks_[done - 1];
    durable_ = reached.last;
    intact_ = reached.intact;
    hard_ = reached.hard;
    done_ = done;
    if (done_ == marks_.size()) {
        marks_.clear();
        done_ = 0;
    } else if (done_ >= kDoneMarksMax) {
        marks_.erase(marks_.begin(), marks_.begin() + static_cast<std::ptrdiff_t>(done_));
        done_ = 0;
    }
    return true;
}

void Promises::check(LogIndex last) const {
    for (std::size_t i = done_; i < marks_.size(); ++i) {
        const Mark& mark = marks_[i];
        WEFT_INVARIANT(mark.last <= last, "persist {} promises {} past last {}", mark.seq.value,
                       mark.last.value, last.value);
        WEFT_INVARIANT(mark.intact <= mark.last, "persist {} promises {} whole of {}",
                       mark.seq.value, mark.intact.value, mark.last.value);
    }
}

}  // namespace weft::replication
