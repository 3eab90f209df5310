#include "cli/node_run.h"

#include "cli/config.h"
#include "cli/input.h"
#include "cli/node_folder.h"
#include "core/error.h"
#include "node/runtime/log_file.h"
#include "node/runtime/memory_return.h"
#include "node/runtime/runtime.h"
#include "routing/genesis.h"
#include "transport/gossip_seal.h"

#include <fmt/core.h>
#include <fmt/format.h>

#include <string>
#include <vector>

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

// The settings, read again when SIGHUP comes.
class Settings {
public:
    static Result<Settings> read(const Shell& shell, const ConfigFlags& flags) {
        Settings settings;
        settings.flags_ = flags;
        settings.context_ = shell.context();
        // Without -c, the node's own.
        if (const auto folder = flags.find("node.folder");
            settings.context_.empty() && folder != flags.end()) {
            std::error_code ignored;
            const auto own = std::filesystem::path(folder->second.text) / "weft.toml";
            if (std::filesystem::exists(own, ignored)) settings.context_ = own.string();
        }
        auto now = settings.load();
        if (!now) return std::unexpected(std::move(now).error());
        settings.now_ = *std::move(now);
        return settings;
    }
    const Config& now() const { return now_; }

    Result<LogLevel> reload() const {
        const auto next = load();
        if (!next) return std::unexpected(next.error());
        const std::vector<std::string> fixed = next->fixed_changes(now_);
        if (fixed.empty()) return next->log_level();
        return fail(ErrorNumber::BadConfiguration, "{} cannot change while the node runs",
                    fmt::join(fixed, ", "));
    }

private:
    Result<Config> load() const {
        const auto file = config_file(context_);
        if (!file) return std::unexpected(file.error());
        return Config::load(*file, process_environment(), flags_);
    }

    ConfigFlags flags_;
    std::string context_;
    Config now_;
};

void apply(const Config& config, node::RuntimeOptions& options) {
    options.cpu = config.cpu();
    options.listen_mesh = config.text("listen.mesh");
    options.listen_client = config.text("listen.client");
    options.log_level = config.log_level();
    options.log_file = config.text("log.file");
    options.map_bytes = config.bytes("storage.map");
}

// Empty: there are none. The folder's own may come and go while the node runs.
std::filesystem::path gossip_keys_of(const Config& config, const std::filesystem::path& folder) {
    if (const std::string& given = config.text("gossip.keys"); !given.empty()) return given;
    std::error_code ignored;
    auto own = NodeFolder{folder}.gossip_keys();
    return std::filesystem::exists(own, ignored) ? own : std::filesystem::path();
}

// A path of the command line that cannot be written is wrong usage; the node itself opens it.
Result<void> check_log(const SettingValue& file) {
    if (!file.is_flag()) return {};
    auto log = node::LogFile::open(file.text);
    return log ? Result<void>() : std::unexpected(as_usage(std::move(log).error()));
}

// Where one port is given, and the node's line has the other.
Result<void> check_ports(const Config& config, const node::RuntimeOptions& options) {
    const auto listens = [](const std::string& given, const std::string& line) {
        return given.empty() ? line : given;
    };
    const std::string mesh = listens(options.listen_mesh, options.self.mesh_address);
    if (mesh != listens(options.listen_client, options.self.client_address)) return {};
    Error error = make_error(ErrorNumber::BadConfiguration,
                             fmt::format("the node would listen on {} for other nodes and for "
                                         "clients: each has a port of its own",
                                         mesh));
    if (config.at("listen.mesh").is_flag() || config.at("listen.client").is_flag())
        error = as_usage(std::move(error));
    return std::unexpected(std::move(error));
}

}  // namespace

int run_node(Shell& shell, const ConfigFlags& flags,
             const std::optional<std::string>& fault_socket) {
    // First of all: no thread may exist that would take the signal instead.
    const auto stop = node::stop_signals();
    if (!stop) return shell.fail(stop.error());
    if (const auto good = shell.refuse_address(); !good) return shell.fail(good.error());
    const auto settings = Settings::read(shell, flags);
    if (!settings) return shell.fail(settings.error());
    std::string folder = settings->now().text("node.folder");
    if (folder.empty() && shell.has_context() && is_node_folder(shell.context()))
        folder = shell.context();
    if (folder.empty())
        return shell.usage("which node? Give its FOLDER, or node.folder in a file of settings");
    if (const auto good = check_log(settings->now().at("log.file")); !good)
        return shell.fail(good.error());
    auto options = read_folder(folder);
    if (!options) return shell.fail(options.error());
    options->stop_descriptor = *stop;
    if (fault_socket && fault_socket->empty()) return shell.usage("--fault-socket is empty");
    options->fault_socket = fault_socket.value_or("");
    apply(settings->now(), *options);
    if (const auto good = check_ports(settings->now(), *options); !good)
        return shell.fail(good.error());
    options->gossip_keys = [&settings, &folder]() -> Result<transport::GossipKeys> {
        const auto file = gossip_keys_of(settings->now(), folder);
        return file.empty() ? transport::GossipKeys{} : read_gossip_keys(file);
    };
    options->reload = [&settings] { return settings->reload(); };
    node::take_memory_in_large_steps();
    const auto ended = node::run_node(*options);
    return ended ? *ended : shell.fail(ended.error());
}

}  // namespace weft::cli
