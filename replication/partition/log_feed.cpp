#include "replication/partition/log_feed.h"

#include "core/entry.h"
#include "core/mutant.h"

#include <utility>

namespace weft::replication {

const Bytes* LogFeed::find(LogIndex index) {
    while (!entries_.empty() && first_ < index) {
        entries_.pop_front();
        first_ = next(first_);
    }
    if (!entries_.empty() && first_ == index) return &entries_.front();
    entries_.clear();
    return nullptr;
}

void LogFeed::asked(FetchId fetch, LogIndex from) {
    fetch_ = fetch;
    first_ = from;
}

std::optional<LogIndex> LogFeed::take(Fetched& fetched, const LogWindow& window) {
    if (fetched.id != fetch_) return std::nullopt;  // asked before the log was replaced
    fetch_ = {};
    auto* result = std::get_if<Result<storage::FetchedLog>>(&fetched.result);
    if (result == nullptr || !result->has_value()) return std::nullopt;
    storage::FetchedLog& read = **result;
    entries_.clear();
    for (Bytes& encoded : read.entries) {
        const LogIndex index{first_.value + entries_.size()};
        const auto header = check_entry_alone(encoded.view());
        // A record that holds and is not the one that was written there (a misdirected write) is as
        // lost as one that does not hold.
        const auto known = window.find(index);
        const bool ours = header && header->index == index && known && known->term == header->term;
        if (!header || (!ours && !WEFT_MUTANT(MisplacedRecordTaken))) return index;
        entries_.push_back(std::move(encoded));
    }
    return read.damaged ? read.damaged : read.missing;
}

void LogFeed::forget() {
    fetch_ = {};
    entries_.clear();
}

}  // namespace weft::replication
