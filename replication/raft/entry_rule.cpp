#include "replication/raft/entry_rule.h"

#include "core/error.h"
#include "replication/raft/config.h"

#include <utility>

namespace weft::replication {

Fate fate_of(const EntryHeader& entry, const std::optional<EntryInfo>& held, bool settled) {
    if (!held) return Fate::Continues;
    const bool same = held->readable && held->term == entry.term && held->chain == entry.chain;
    if (same && !held->damaged) return Fate::Held;
    if (same || !held->readable) return Fate::Repairs;
    // S20: only a proven conflict truncates.
    return held->term == entry.term || settled ? Fate::Conflicts : Fate::Replaces;
}

std::optional<Flaw> flaw_of(const EntryHeader& entry, std::string_view encoded,
                            const EntryInfo& before, WallTime wall) {
    auto checked = check_entry(encoded, before.chain);
    if (!checked) return Flaw{std::move(checked.error().message)};
    if (before.readable && entry.term < before.term) return Flaw{"term falls"};
    if (before.readable && entry.stamp_ms < before.stamp_ms) return Flaw{"stamp falls"};
    if (entry.stamp_ms > before.stamp_ms && entry.stamp_ms > wall.ms + kStampAheadMs)
        return Flaw{"stamp ahead of the clock", true};
    if (entry.kind == EntryKind::Config) {
        const auto section = find_section(encoded, SectionType::Config);
        if (!section || !decode_config(section->bytes)) return Flaw{"configuration"};
    }
    return std::nullopt;
}

}  // namespace weft::replication
