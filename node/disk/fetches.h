#pragma once
// What this node has asked of its disk and not heard of yet, by the number it asked with: each is
// some group's or the desk's, who has noted it. An answer to nobody is dropped.

#include "core/ids.h"
#include "weft/types.h"

#include <map>
#include <optional>

namespace weft::node {

class DiskFetches {
public:
    // Which group's, and the number it asked with.
    struct Owner {
        PartitionId group;
        FetchId id;
        bool operator==(const Owner&) const = default;
    };
    DiskFetchId ask(Owner owner);
    DiskFetchId ask_for_desk() { return next_number(last_); }
    // Whose answer it is, once. Nothing: the desk's, or nobody's.
    std::optional<Owner> answered(DiskFetchId id);

private:
    std::map<DiskFetchId, Owner> open_;
    DiskFetchId last_;
};

}  // namespace weft::node
