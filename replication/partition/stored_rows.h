#pragma once
// What of a group's rows can be read. Everything up to the base is in rows: with no base the log
// alone says it all, an entity that it does not name does not exist, and nothing is to be read.
// What is still on its way to the disk is not read: it would be found missing.

#include "core/ids.h"
#include "weft/types.h"

#include <algorithm>

namespace weft::replication {

class StoredRows {
public:
    explicit StoredRows(LogIndex base) : any_(base != LogIndex{}) {}

    // There are some, or will be once they are on disk.
    bool any() const { return any_; }
    void written() { any_ = true; }
    // All that was written with a number up to this one is on disk.
    PersistSeq on_disk() const { return on_disk_; }
    // Numbers are told in any order.
    void persisted(PersistSeq seq) { on_disk_ = std::max(on_disk_, seq); }

private:
    bool any_;
    PersistSeq on_disk_;
};

}  // namespace weft::replication
