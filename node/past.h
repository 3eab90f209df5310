#pragma once
// What a node remembers, on its own disk, of another node's (S18): a disk that came back
// as it once was has forgotten promises, and its peers are the only ones who can tell.
//
// Row of the table Meta: key "past", node id; value {format u8, boot u64, nonce u64, durable u64,
// verdict u8}.

#include "node/events.h"
#include "storage/contracts.h"
#include "weft/types.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::node {

struct Past {
    Boot boot;
    std::uint64_t nonce = 0;  // of that boot; 0: its weft told none
    Lsn durable;              // the highest position it told
    Verdict verdict = Verdict::Sound;
    bool operator==(const Past&) const = default;
};
struct KnownPast {
    NodeId node;
    std::optional<Past> past;  // nothing: a row is there, but it does not hold
};

std::string past_key(NodeId node);
std::string encode_past(const Past& past);
std::optional<Past> decode_past(std::string_view bytes);

// All of them, by node. At most one for each node of a mesh.
Result<std::vector<KnownPast>> read_pasts(const storage::RowReader& store);

// "its disk was rolled back: ..."; empty: nothing is wrong with it.
std::string_view verdict_text(Verdict verdict);

}  // namespace weft::node
