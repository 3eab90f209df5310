#include "cli/input.h"
#include "cli/node_folder.h"
#include "cli/term_repair.h"
#include "cli/verbs.h"
#include "core/error.h"
#include "routing/genesis.h"
#include "transport/gossip_seal.h"

#include <fmt/core.h>
#include <sodium.h>

#include <algorithm>
#include <optional>

namespace weft::cli {

namespace {

constexpr std::size_t kLineBytesMax = 4096;

struct CreateOptions {
    std::vector<std::string> lines;
    std::uint64_t groups = 1024;
    std::optional<std::uint64_t> replicas;  // of each group
    std::string out = "genesis";
};

struct KeyOptions {
    std::string out = "gossip.keys";
};

// An argument is a whole line, or the path of a node's folder or of a file that holds the line.
Result<routing::NodeRecord> read_founder(const std::string& argument) {
    if (is_node_folder(argument)) return read_node_record(argument);
    std::error_code ignored;
    if (std::filesystem::is_regular_file(argument, ignored)) {
        auto text = read_file(argument, kLineBytesMax);
        if (!text) return std::unexpected(std::move(text).error());
        while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
        return routing::parse_node_line(*text);
    }
    if (argument.find(' ') != std::string::npos) {
        auto record = routing::parse_node_line(argument);
        if (!record) return std::unexpected(as_usage(std::move(record).error()));
        return record;
    }
    return std::unexpected(
        wrong_usage(fmt::format("'{}' is neither a node's line, nor a node's folder, nor a file "
                                "that holds the line",
                                argument)));
}

Result<void> check_new(const std::string& file) {
    std::error_code ignored;
    if (!std::filesystem::exists(file, ignored)) return {};
    return std::unexpected(wrong_usage(fmt::format(
        "{} is there already, and no file is replaced: name another with --out", file)));
}

int create_mesh(Shell& shell, const CreateOptions& options) {
    if (const auto good = shell.refuse_address(); !good) return shell.fail(good.error());
    const std::size_t nodes = options.lines.size();
    const std::uint64_t replicas = options.replicas.value_or(std::min<std::uint64_t>(3, nodes));
    if (options.groups > routing::kGroupsMax || replicas > routing::kReplicasMax)
        return shell.usage(fmt::format("at most {} groups and {} replicas", routing::kGroupsMax,
                                       routing::kReplicasMax));
    if (replicas > nodes)
        return shell.usage(
            fmt::format("--replicas {}: as many nodes are needed, not {}; it is fixed "
                        "for the mesh's life",
                        replicas, nodes));
    routing::Genesis genesis;
    genesis.groups = static_cast<std::uint32_t>(options.groups);
    genesis.replicas = static_cast<std::uint32_t>(replicas);
    randombytes_buf(genesis.hash_key.data(), genesis.hash_key.size());
    for (const std::string& line : options.lines) {
        auto founder = read_founder(line);
        if (!founder) return shell.fail(founder.error());
        if (const auto good = check_reachable(*founder); !good) return shell.fail(good.error());
        genesis.founders.push_back(*std::move(founder));
    }
    const auto bytes = routing::encode_genesis(genesis);
    if (!bytes) return shell.fail(as_usage(bytes.error()));
    if (const auto good = check_new(options.out); !good) return shell.fail(good.error());
    if (const auto done = write_file(options.out, *bytes, 0644); !done)
        return shell.fail(done.error());
    const std::string cluster = routing::cluster_id(*bytes).hex();
    if (shell.human())
        shell.print(fmt::format(
            "mesh {}: {}, {} of {}, written to {}\n"
            "  copy it into the folder of each node, as 'genesis', then\n"
            "  weft node run FOLDER\n",
            cluster, counted(genesis.founders.size(), "node"), counted(genesis.groups, "group"),
            genesis.replicas == 1 ? "1 copy" : fmt::format("{} copies", genesis.replicas),
            options.out));
    else
        shell.print(render(shell.format(), Record{{"cluster", cluster},
                                                  {"nodes", std::uint64_t{genesis.founders.size()}},
                                                  {"groups", std::uint64_t{genesis.groups}},
                                                  {"replicas", std::uint64_t{genesis.replicas}},
                                                  {"file", options.out}}));
    return exit_code(Exit::Ok);
}

int make_key(Shell& shell, const KeyOptions& options) {
    if (const auto good = shell.refuse_address(); !good) return shell.fail(good.error());
    if (const auto good = check_new(options.out); !good) return shell.fail(good.error());
    const auto key = transport::GossipKey::random();
    if (const auto done = write_gossip_key(options.out, key); !done)
        return shell.fail(done.error());
    if (shell.human())
        shell.print(
            fmt::format("a key, written to {}\n"
                        "  copy it into the folder of each node, as 'gossip.keys', mode "
                        "0600; all nodes need the same\n",
                        options.out));
    else
        shell.print(render(shell.format(), Record{{"file", options.out}}));
    return exit_code(Exit::Ok);
}

}  // namespace

void add_mesh(Command& root) {
    Command& noun = root.verb("mesh", "found a mesh, or repair one that stands still");
    Command& create = noun.verb("create", "write the genesis file of a new mesh");
    auto& options = create.state<CreateOptions>();
    create
        .arguments("LINES", options.lines,
                   "what 'weft node init' printed on each founder, or the path of its folder or "
                   "node.line")
        .is_file();
    create.option("--groups", options.groups, "a power of two; fixed for the mesh's life");
    create.option("--replicas", options.replicas,
                  "copies of each group; default: 3, or one on each node when there are fewer");
    create.option("--out", options.out, "the file to write").is_file();
    create.example("weft mesh create a b c", "writes ./genesis; copy it into each node's folder");
    create.run([&options](Shell& shell) { return create_mesh(shell, options); });
    Command& keygen =
        noun.verb("keygen", "write a new key that membership datagrams are sealed with");
    auto& key = keygen.state<KeyOptions>();
    keygen.option("--out", key.out, "the file to write, mode 0600").is_file();
    keygen.example("weft mesh keygen", "writes ./gossip.keys; copy it into each node's folder");
    keygen.run([&key](Shell& shell) { return make_key(shell, key); });
    add_repair_term(noun);
}

}  // namespace weft::cli
