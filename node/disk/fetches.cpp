#include "node/disk/fetches.h"

namespace weft::node {

DiskFetchId DiskFetches::ask(Owner owner) {
    open_.emplace(next_number(last_), owner);
    return last_;
}

std::optional<DiskFetches::Owner> DiskFetches::answered(DiskFetchId id) {
    const auto found = open_.extract(id);
    if (found.empty()) return std::nullopt;
    return found.mapped();
}

}  // namespace weft::node
