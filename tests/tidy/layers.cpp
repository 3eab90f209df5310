// The edges between folders (docs/design.md, "Folders and layers"), as a table.

#include "tests/tidy/source_text.h"
#include "tests/tidy/tidy.h"

#include <algorithm>
#include <span>

namespace weft::tidy {

namespace {

// Longest first: "node/runtime" before "node".
constexpr std::string_view kFolders[] = {
    "replication/partition",
    "replication/raft",
    "include/weft",
    "node/runtime",
    "client/core",
    "node/loop",
    "membership",
    "replication",
    "flatbuffers",
    "transport",
    "routing",
    "storage",
    "examples",
    "entity",
    "client",
    "tests",
    "core",
    "node",
    "sim",
    "cli",
};

// What `folder` may include beside itself: folders, or single headers of a folder. core includes
// include/weft, so everything above may as well.
struct Edges {
    std::string_view folder;
    std::vector<std::string_view> allowed;
};

const std::vector<Edges>& edges() {
    static const std::vector<Edges> table = {
        {"include/weft", {}},
        {"core", {}},
        {"membership", {"core"}},
        {"routing", {"core"}},
        {"entity", {"core"}},
        {"storage", {"core"}},
        // Messages and effects are common to both; raft knows neither entities nor sessions.
        {"replication", {"storage/contracts.h", "core"}},
        {"replication/raft", {"replication", "storage/contracts.h", "core"}},
        {"replication/partition",
         {"replication", "replication/raft", "entity", "storage/contracts.h", "core"}},
        // node hands storage's batches and recovered logs through without looking inside.
        {"node",
         {"node/loop", "membership", "routing", "replication", "replication/raft",
          "replication/partition", "entity", "storage/contracts.h", "core"}},
        {"node/loop", {"node", "routing", "replication", "entity", "core"}},
        {"client/core", {"routing", "core"}},
        // Messages stand in messages.h of each layer, those of node in node/events.h; what they are
        // made of comes with them.
        {"flatbuffers",
         {"routing/messages.h", "routing/genesis.h", "membership/messages.h",
          "replication/messages.h", "node/messages.h", "node/events.h", "core"}},
        {"transport", {"flatbuffers", "core"}},
        {"sim",
         {"node", "node/loop", "client/core", "membership", "routing", "replication",
          "replication/raft", "replication/partition", "entity", "flatbuffers", "storage", "core"}},
        // runtime names the parts of NodeOptions, which are types of the layers below node.
        {"node/runtime",
         {"node", "node/loop", "transport", "storage", "flatbuffers", "membership/datagram.h",
          "replication", "replication/raft", "replication/partition", "entity", "routing", "core"}},
        {"client", {"client/core", "transport", "flatbuffers", "routing", "core"}},
    };
    return table;
}

bool allows(const Edges& edge, std::string_view target_folder, std::string_view header) {
    return std::ranges::any_of(edge.allowed, [&](std::string_view allowed) {
        return allowed == target_folder || allowed == header;
    });
}

// True when `header` may be included by a file of `folder`.
bool edge_exists(std::string_view folder, std::string_view header) {
    const std::string target = header.starts_with("weft/") ? "include/weft" : folder_of(header);
    if (target.empty()) return true;  // generated, or third-party in quotes
    if (folder == "cli" || folder == "tests" || target == folder) return true;
    if (target == "include/weft") return true;
    const auto edge = std::ranges::find(edges(), folder, &Edges::folder);
    return edge != edges().end() && allows(*edge, target, header);
}

// Cores touch nothing of the world: no clocks, threads, files, and no third-party code but fmt.
constexpr std::string_view kPure[] = {"core",
                                      "membership",
                                      "routing",
                                      "entity",
                                      "replication",
                                      "replication/raft",
                                      "replication/partition",
                                      "node",
                                      "node/loop",
                                      "client/core"};
constexpr std::string_view kWorldHeaders[] = {
    "thread",   "mutex",     "condition_variable", "future",     "shared_mutex", "atomic",
    "iostream", "fstream",   "filesystem",         "random",     "ctime",        "csignal",
    "cstdlib",  "semaphore", "stop_token",         "stacktrace", "barrier",      "latch"};

struct ThirdParty {
    std::string_view prefix;               // of the header
    std::vector<std::string_view> places;  // folders whose .cpp files, or single files
};
const std::vector<ThirdParty>& third_party() {
    static const std::vector<ThirdParty> table = {
        {"lmdb.h", {"storage", "tests"}},
        {"zmq", {"transport", "tests"}},
        {"flatbuffers/", {"flatbuffers", "tests"}},
        {"spdlog/", {"node/runtime"}},
        {"xxhash.h", {"core/hash.cpp", "core/entry.cpp", "tests"}},
        {"sodium.h",
         {"core/hash.cpp", "core/entry.cpp", "cli", "client", "node/runtime", "transport",
          "tests"}},
        {"CLI/", {"cli"}},
        {"nlohmann/", {"cli", "tests"}},
        {"toml++/", {"node/runtime", "cli"}},
        {"gtest/", {"tests"}},
        {"gmock/", {"tests"}},
        {"rapidcheck", {"tests"}},
        {"benchmark/", {"tests"}},
    };
    return table;
}

bool contains(std::span<const std::string_view> list, std::string_view value) {
    return std::ranges::find(list, value) != list.end();
}

std::string wrong_with(const SourceFile& file, const Include& include) {
    const std::string folder = folder_of(file.path);
    const std::string_view header = include.header;
    const auto known = std::ranges::find_if(third_party(), [header](const ThirdParty& library) {
        return header.starts_with(library.prefix);
    });
    if (known != third_party().end()) {
        const bool here = contains(known->places, folder) || contains(known->places, file.path);
        if (!here) return "belongs to other folders";
        const bool shows = is_header(file.path) && folder != "tests";
        return shows ? "is third-party and may stand in .cpp files only" : "";
    }
    // The handler of broken invariants ends the process, whichever thread meets one.
    if (!is_pure(folder) || file.path == "core/invariant.cpp") return "";
    if (contains(kWorldHeaders, header)) return "touches the world, and this is a core";
    const bool system = header.ends_with(".h") && header != "fmt/core.h";
    return system ? "is not of the standard library, and this is a core" : "";
}

}  // namespace

std::string folder_of(std::string_view path) {
    for (const std::string_view folder : kFolders)
        if (path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/')
            return std::string(folder);
    return "";
}

bool is_pure(std::string_view folder) { return contains(kPure, folder); }

std::vector<Violation> check_layers(const std::vector<SourceFile>& files) {
    std::vector<Violation> found;
    for (const SourceFile& file : files) {
        const std::string folder = folder_of(file.path);
        if (folder.empty() || (!is_header(file.path) && !is_source(file.path))) continue;
        for (const Include& include : includes_of(file.text)) {
            // Own headers are written with quotes; <weft/...> is how a user of weft writes them.
            const bool own = include.quoted || include.header.starts_with("weft/");
            if (own && !edge_exists(folder, include.header))
                found.push_back(
                    {file.path, include.line, folder + " may not include " + include.header});
            if (folder == "examples" && include.quoted && !include.header.starts_with("weft/") &&
                !include.header.starts_with("examples/"))
                found.push_back({file.path, include.line, "examples use include/weft only"});
        }
    }
    return found;
}

std::vector<Violation> check_third_party(const std::vector<SourceFile>& files) {
    std::vector<Violation> found;
    for (const SourceFile& file : files) {
        if (folder_of(file.path).empty()) continue;
        for (const Include& include : includes_of(file.text)) {
            if (include.quoted) continue;
            if (const std::string wrong = wrong_with(file, include); !wrong.empty())
                found.push_back({file.path, include.line, "<" + include.header + "> " + wrong});
        }
    }
    return found;
}

}  // namespace weft::tidy
