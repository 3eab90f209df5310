#include "cli/node_run.h"

#include "cli/node_folder.h"
#include "core/error.h"
#include "node/runtime/memory_return.h"
#include "node/runtime/runtime.h"
#include "routing/genesis.h"

#include <fmt/core.h>

#include <charconv>
#include <cstdlib>

namespace weft::cli {

namespace {

// Everything that can be wrong with a folder is found before the node takes a port or its disk.
Result<node::RuntimeOptions> read_folder(const std::filesystem::path& path) {
    const NodeFolder folder{path};
    if (!is_node_folder(path))
        return fail(ErrorNumber::DirectoryUnusable,
                    "{} holds no node; 'weft node init {}' makes one", path.string(),
                    path.string());
    node::RuntimeOptions options;
    auto record = read_node_record(path);
    if (!record) return std::unexpected(std::move(record).error());
    options.self = *std::move(record);
    if (auto good = check_node_key(path, options.self); !good)
        return std::unexpected(std::move(good).error());
    auto genesis = read_genesis(path);
    if (!genesis) return std::unexpected(std::move(genesis).error());
    options.genesis_bytes = *std::move(genesis);
    options.data_directory = folder.data();
    return options;
}

// WEFT_LOG = debug, info, warn or error. WEFT_CPU: the processor that all threads of the node use.
Result<void> read_environment(node::RuntimeOptions& options) {
    if (const char* text = std::getenv("WEFT_LOG")) {
        static constexpr std::pair<std::string_view, LogLevel> kLevels[] = {
            {"debug", LogLevel::Debug},
            {"info", LogLevel::Info},
            {"warn", LogLevel::Warn},
            {"error", LogLevel::Error}};
        bool known = false;
        for (const auto& [name, level] : kLevels) {
            if (name != text) continue;
            options.log_level = level;
            known = true;
        }
        if (!known)
            return fail(ErrorNumber::BadConfiguration,
                        "WEFT_LOG is '{}', not debug, info, warn or error", text);
    }
    if (const char* text = std::getenv("WEFT_CPU")) {
        const std::string_view cpu = text;
        const auto [at, bad] = std::from_chars(cpu.data(), cpu.data() + cpu.size(), options.cpu);
        if (bad != std::errc{} || at != cpu.data() + cpu.size() || options.cpu < 0)
            return fail(ErrorNumber::BadConfiguration, "WEFT_CPU is '{}', not a processor", cpu);
    }
    return {};
}

}  // namespace

int run_node_folder(Shell& shell, const std::filesystem::path& path) {
    // First of all: no thread may exist that would take the signal instead.
    const auto stop = node::stop_signals();
    if (!stop) return shell.fail(stop.error());
    auto options = read_folder(path);
    if (!options) return shell.fail(options.error());
    options->stop_descriptor = *stop;
    if (const auto good = read_environment(*options); !good) return shell.fail(good.error());
    node::take_memory_in_large_steps();
    const auto ended = node::run_node(*options);
    return ended ? *ended : shell.fail(ended.error());
}

}  // namespace weft::cli
