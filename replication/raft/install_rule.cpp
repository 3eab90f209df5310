#include "replication/raft/install_rule.h"

#include <optional>

namespace weft::replication {

Install judge_install(const LogWindow& window, const storage::LogBase& base, LogIndex commit,
                      bool rows_damaged) {
    std::optional<EntryInfo> ours;
    if (base.index == window.base() || window.holds(base.index)) ours = window.at(base.index);
    const bool lost = ours && !ours->readable;
    const bool known = ours && !lost && ours->term == base.term && ours->chain == base.chain;
    if (!rows_damaged && base.index <= commit) return Install::Not;
    if (base.index < commit && !known) return Install::Not;
    if (known) return Install::Begins;
    // Entries behind an unreadable one were acknowledged: they stay unless they are of a branch
    // that was given up (S22).
    if (!lost || base.index == window.last() || stale_behind(window, {base.term, base.index}))
        return Install::Replaces;
    // A lost base: nothing tells the first entry.
    return base.index == window.base() ? Install::Not : Install::Heals;
}

bool stale_behind(const LogWindow& window, LogPosition at) {
    for (LogIndex i = next(at.index); i <= window.last(); i = next(i))
        if (const EntryInfo info = window.at(i); info.readable) return info.term < at.term;
    return false;
}

}  // namespace weft::replication
