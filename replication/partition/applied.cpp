#include "replication/partition/applied.h"

#include "core/error.h"
#include "core/invariant.h"

#include <utility>

namespace weft::replication {

Result<Applied::Entry> Applied::read_next(std::string_view encoded) {
    const auto header = read_entry_header(encoded);
    auto parts = header && header->index == next(index_)
                     ? decode_entry(header->kind, encoded)
                     : Result<DecodedEntry>(fail(ErrorNumber::DataDamaged, "misplaced"));
    if (!parts) {
        blocked_ = true;
        return std::unexpected(std::move(parts).error());
    }
    return Entry{*header, std::move(*parts)};
}

void Applied::advance(const EntryHeader& header) {
    WEFT_INVARIANT(header.index == next(index_), "entry {} is applied behind {}",
                   header.index.value, index_.value);
    index_ = header.index;
    stamp_ms_ = header.stamp_ms;
}

void Applied::check(LogIndex commit, LogIndex base) const {
    WEFT_INVARIANT(index_ <= commit, "applied {} past commit {}", index_.value, commit.value);
    WEFT_INVARIANT(index_ >= base, "applied {} before base {}", index_.value, base.value);
}

}  // namespace weft::replication
