#include "storage/chain_check.h"

namespace weft::storage {

ChainCheck::ChainCheck(PartitionId group, const LogBase& base, bool base_damaged) : group_(group) {
    if (!base_damaged) previous_ = base.chain;
}

RecoveredEntry ChainCheck::next(LogIndex index, const FoundRecord& found) {
    RecoveredEntry entry;
    entry.header.group = group_;
    entry.header.index = index;
    entry.readable = false;
    entry.intact = false;
    const auto header = read_entry_header(found.bytes);
    if (!header || header->group != group_ || header->index != index) {
        previous_.reset();
        return entry;
    }
    entry.header = *header;
    entry.readable = true;
    entry.intact = found.intact && (previous_ ? check_entry(found.bytes, *previous_).has_value()
                                              : check_entry_alone(found.bytes).has_value());
    // The header carries a checksum of its own, so its chain value may be trusted even when the
    // body is damaged: the next entry is then still checked against its predecessor.
    previous_ = header->chain;
    return entry;
}

}  // namespace weft::storage
