#pragma once
// Numbers that the cores of a node count by. Those of one kind rise; 0 is none of them.

#include "weft/types.h"

namespace weft {

// Of what one group has written: all its records up to that number are in one batch or another.
using PersistSeq = Strong<struct PersistSeqTag>;
// Of the batches of a node, each one transaction.
using RoundSeq = Strong<struct RoundSeqTag>;
// Of what a node has asked of its disk.
using DiskFetchId = Strong<struct DiskFetchTag>;
// Of what one group has asked its node to fetch; see Replica::is_own_fetch.
using FetchId = Strong<struct FetchTag>;
// Of the reads of one group in one term.
using ReadTicket = Strong<struct ReadTicketTag>;
// Of the snapshots that one leader has sent in its life.
using TransferId = Strong<struct TransferTag>;
// Of the heartbeats of one node to one peer, and of its rounds that confirm reads. Both begin above
// all of its former boots.
using ContactRound = Strong<struct ContactRoundTag>;
using ConfirmRound = Strong<struct ConfirmRoundTag>;
// Of one question of a hello: the answer to it says it again.
using HelloToken = Strong<struct HelloTokenTag>;
// Of what a node asks on its own account, within one boot: the answer says it again.
using OwnTag = Strong<struct OwnRequestTag>;

// Under which the rows of a group lie: it stands behind the group in their keys. A snapshot takes
// the next one, none is used twice: the store may still be erasing what lay there (docs/adr/0002).
// 0 is the first.
using RowSpace = Strong<struct RowSpaceTag, std::uint32_t>;

// The number behind `last`, which becomes the last one.
template <class Id>
constexpr Id next_number(Id& last) {
    return last = Id{last.value + 1};
}

}  // namespace weft
