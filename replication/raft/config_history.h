#pragma once
// Which configuration is in force at which index of the log (Raft paper 6, thesis 4.1; S13): that
// of the base, and every later one in the log, from its append until it is cut off. At start the
// bytes of those in the log are not read yet, and one may be of a later weft: it is no damage, but
// nobody here can say who votes by it, so it is neither compacted nor stood by.

#include "core/error.h"
#include "replication/effects.h"
#include "replication/raft/config.h"
#include "replication/raft/log_window.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::replication {

class ConfigHistory {
public:
    // At start: `config` is that of the base.
    void start(LogIndex base, Config config);
    // At start: one in the log whose bytes are not read yet; in the order of the log.
    void found(LogIndex index) { unread_.push_back(index); }
    // The one at `index` is of a later weft.
    void block(LogIndex index) { later_ = index; }

    // The entry at `index`, which the log now holds; refused when it is no configuration.
    Result<void> learn(LogIndex index, std::string_view encoded);
    // Entries from `from` on are gone.
    void truncate(LogIndex from);
    // Those up to `base` are.
    void move_base(LogIndex base);
    // The log now begins behind `base`, which has `config`, and ends at `last`.
    void install(LogIndex base, LogIndex last, Config config);

    // The first that is to be read, unless it is being read or nothing would be learnt by it.
    std::optional<LogIndex> to_read() const;
    void reading(FetchId fetch) { fetch_ = fetch; }
    bool reads(FetchId fetch) const { return fetch_ != FetchId{} && fetch_ == fetch; }
    // NotRead: the disk would not say, or none is unread any more. Other: not of the entry that
    // the log holds there.
    enum class Found : std::uint8_t { NotRead, Other, Config, Damage, LaterWeft };
    struct Read {
        Found found = Found::NotRead;
        LogIndex index{};
        std::string why{};  // of LaterWeft
    };
    // What the fetch brought that reads() is true of.
    Read read(const FetchResult& result, const LogWindow& log);

    const Config& newest() const { return known_.back().config; }
    LogIndex newest_index() const { return known_.back().index; }
    const Config& at(LogIndex index) const;
    bool blocked() const { return later_.has_value(); }
    // Every one in the log is known.
    bool complete() const { return unread_.empty() && !later_; }
    // The same of those up to `index`: a base there could say who votes.
    bool complete_up_to(LogIndex index) const;
    // They are of entries in [base, last], each at its own index.
    void check(LogIndex base, LogIndex last) const;

private:
    struct At {
        LogIndex index;
        Config config;
    };

    std::vector<At> known_;         // by index; the base's first
    std::vector<LogIndex> unread_;  // by index
    FetchId fetch_;                 // of the first of unread_, 0 for none
    std::optional<LogIndex> later_;
};

// True of what a later weft has written.
bool of_later_weft(const Error& error);

}  // namespace weft::replication
