#pragma once
// A node's folder: what `weft node init` makes and `weft node run` uses.
//   node.key   signing and transport secrets, mode 0600
//   node.line  the public record, as `weft mesh create` takes it
//   genesis    the mesh's genesis file, copied in
//   gossip.keys  when datagrams of membership are sealed, mode 0600
//   data/      the journal (storage)
//   log, pid   written when `weft dev` runs the node; faults   the socket for faults of its links

#include "routing/genesis.h"
#include "transport/gossip_seal.h"
#include "weft/result.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace weft::cli {

struct NodeFolder {
    std::filesystem::path path;
    std::filesystem::path key() const { return path / "node.key"; }
    std::filesystem::path line() const { return path / "node.line"; }
    std::filesystem::path genesis() const { return path / "genesis"; }
    std::filesystem::path gossip_keys() const { return path / "gossip.keys"; }
    std::filesystem::path data() const { return path / "data"; }
    std::filesystem::path log() const { return path / "log"; }
    std::filesystem::path pid() const { return path / "pid"; }
    std::filesystem::path faults() const { return path / "faults"; }
};

bool is_node_folder(const std::filesystem::path& path);

// What others must be able to use: the name, and both addresses, HOST:PORT and not the same.
Result<void> check_reachable(const routing::NodeRecord& record);
// Makes new keys and the folder. `wanted` carries addresses, name, zone and host; the rest is
// filled in. Conflict when the folder already has an identity: it is never replaced.
Result<routing::NodeRecord> init_node(const std::filesystem::path& path,
                                      routing::NodeRecord wanted);

Result<routing::NodeRecord> read_node_record(const std::filesystem::path& path);

// The genesis file's bytes; an error that says where it comes from when there is none. Decodes.
Result<std::string> read_genesis(const std::filesystem::path& path);
// The mesh that the node of this folder belongs to: clients of the folder mean no other.
Result<ClusterId> read_cluster(const std::filesystem::path& path);

// That node.key is private to its owner and is the identity that node.line names.
Result<void> check_node_key(const std::filesystem::path& path, const routing::NodeRecord& record);

// The keys of a file that is private to its owner; errors name it. What parse_gossip_keys() says.
Result<transport::GossipKeys> read_gossip_keys(const std::filesystem::path& file);
// A file of one new key.
Result<void> write_gossip_key(const std::filesystem::path& file, const transport::GossipKey& key);

// Deletes what weft writes into a node's folder, and the folder when nothing else is in it.
Result<void> remove_node(const std::filesystem::path& path);

Result<std::string> read_file(const std::filesystem::path& path, std::size_t bytes_max);
// Writes beside and renames: a reader sees the old bytes or the new ones. `mode` as in chmod.
Result<void> write_file(const std::filesystem::path& path, std::string_view bytes, unsigned mode);

}  // namespace weft::cli
