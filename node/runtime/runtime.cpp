#include "node/runtime/runtime.h"

#include "core/error.h"
#include "entity/builtin/counter.h"
#include "entity/builtin/kv.h"
#include "node/loop/loop.h"
#include "node/node.h"
#include "node/runtime/crash_file.h"
#include "node/runtime/fault_socket.h"
#include "node/runtime/gossip_port.h"
#include "node/runtime/log_file.h"
#include "node/runtime/memory_return.h"
#include "node/runtime/port.h"
#include "node/runtime/random_seed.h"
#include "storage/data_directory.h"
#include "transport/sockets.h"

#include <sched.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace weft::node {

namespace {

// How often a node that is not ready yet is asked whether it is.
constexpr Duration kReadyInterval = std::chrono::milliseconds(20);
// What others can make a node hold, 256 MiB in all: clients must not take the peers' share.
constexpr std::size_t kMeshHeldBytes = std::size_t{64} << 20;
constexpr std::size_t kClientHeldBytes = std::size_t{192} << 20;
constexpr Duration kFileInterval = std::chrono::seconds(1);
// What slow connections get at the end to take their last frames.
constexpr Duration kLastFrames = std::chrono::milliseconds(200);

Result<void> pin(int cpu) {
    if (cpu < 0) return {};
    cpu_set_t set;
    CPU_ZERO(&set);
    if (cpu < CPU_SETSIZE) CPU_SET(static_cast<std::size_t>(cpu), &set);
    if (sched_setaffinity(0, sizeof set, &set) == 0) return {};
    return fail(ErrorNumber::BadConfiguration, "cannot run on processor {}: {}", cpu,
                std::strerror(errno));
}

Result<routing::Genesis> read_genesis(const RuntimeOptions& options) {
    auto genesis = routing::decode_genesis(options.genesis_bytes);
    if (!genesis) return genesis;
    const auto found =
        std::ranges::find(genesis->founders, options.self.node, &routing::NodeRecord::node);
    if (found == genesis->founders.end())
        return fail(ErrorNumber::BadConfiguration, "node {} is not in the genesis of this mesh",
                    options.self.node.hex());
    if (found->mesh_address != options.self.mesh_address ||
        found->client_address != options.self.client_address)
        return fail(ErrorNumber::BadConfiguration,
                    "node {} is known to the mesh as {} and {}, its own record says {} and {}",
                    options.self.node.hex(), found->mesh_address, found->client_address,
                    options.self.mesh_address, options.self.client_address);
    return genesis;
}

Result<void> check_fault_socket(const RuntimeOptions& options) {
    if (options.fault_socket.empty()) return {};
    for (const std::string& address : {options.self.mesh_address, options.self.client_address,
                                       options.listen_mesh, options.listen_client})
        if (!address.empty() && !is_of_this_machine(address))
            return fail(ErrorNumber::BadConfiguration,
                        "faults are for nodes of one machine, and {} may be reached from another",
                        address);
    return {};
}

// Everything that stands around the core, in the order in which it is made.
class Runtime {
public:
    static Result<std::unique_ptr<Runtime>> open(const RuntimeOptions& options, LogFile& log);
    int run();

private:
    Runtime(const RuntimeOptions& options, LogFile& log)
        : options_(options), log_file_(log), log_(&log) {}
    const std::string& listen_mesh() const {
        return options_.listen_mesh.empty() ? options_.self.mesh_address : options_.listen_mesh;
    }
    const std::string& listen_client() const {
        return options_.listen_client.empty() ? options_.self.client_address
                                              : options_.listen_client;
    }
    Result<void> listen();
    Result<transport::GossipSeal> gossip_seal() const;
    Result<void> open_fault_socket(const routing::Genesis& genesis);
    Result<void> begin(const routing::Genesis& genesis);
    void open_crash_file(NodeOptions& node);
    void reload();
    bool look_at_memory();
    void look_at_data_file();
    int end();
    int end_without_store(const Error& error);

    const RuntimeOptions& options_;
    LogFile& log_file_;
    Log log_;
    entity::TypeTable types_;
    std::unique_ptr<storage::DataDirectory> directory_;
    transport::Context context_;
    std::optional<transport::Router> mesh_;
    std::optional<GossipPort> gossip_;
    std::optional<ClientPort> clients_;
    std::unique_ptr<FaultSocket> faults_;
    std::optional<PeerLinks> peers_;
    Completions completions_;
    std::optional<JournalThread> journal_;
    std::optional<ReaderThread> reader_;
    std::unique_ptr<CrashFile> crash_file_;
    std::optional<Node> node_;
    std::optional<Port> port_;
    MemoryReturn memory_;
    Instant file_looked_ = Instant::long_ago();
    bool file_gone_ = false;
};

Result<std::unique_ptr<Runtime>> Runtime::open(const RuntimeOptions& options, LogFile& log) {
    std::unique_ptr<Runtime> runtime(new Runtime(options, log));
    const auto genesis = read_genesis(options);
    if (!genesis) return std::unexpected(genesis.error());
    if (!runtime->completions_.good())
        return fail(ErrorNumber::BadConfiguration, "no file descriptor is left to wake the node");
    if (auto good = check_fault_socket(options); !good) return std::unexpected(good.error());
    if (auto pinned = pin(options.cpu); !pinned) return std::unexpected(pinned.error());
    // The ports first: a second process on them must not even touch the data.
    if (auto bound = runtime->listen(); !bound) return std::unexpected(bound.error());
    if (auto open = runtime->open_fault_socket(*genesis); !open)
        return std::unexpected(open.error());
    storage::DataDirectoryOptions data;
    data.path = options.data_directory;
    data.cluster = routing::cluster_id(options.genesis_bytes);
    data.node = options.self.node;
    data.map_bytes = options.map_bytes;
    auto directory = storage::DataDirectory::open(data);
    if (!directory) return std::unexpected(std::move(directory).error());
    runtime->directory_ = *std::move(directory);
    if (auto begun = runtime->begin(*genesis); !begun) return std::unexpected(begun.error());
    return runtime;
}

Result<void> Runtime::listen() {
    transport::RouterLimits limits;
    limits.frame_bytes_max = wire::kFrameBytesMax;
    limits.held_bytes_max = kMeshHeldBytes;
    auto mesh = transport::Router::bind(listen_mesh(), limits);
    if (!mesh) return std::unexpected(std::move(mesh).error());
    mesh_ = *std::move(mesh);
    auto seal = gossip_seal();
    if (!seal) return std::unexpected(std::move(seal).error());
    auto gossip = GossipPort::open(listen_mesh(), *std::move(seal), log_);
    if (!gossip) return std::unexpected(std::move(gossip).error());
    gossip_.emplace(*std::move(gossip));
    limits.held_bytes_max = kClientHeldBytes;
    auto clients = transport::Router::bind(listen_client(), limits);
    if (!clients) return std::unexpected(std::move(clients).error());
    clients_.emplace(*std::move(clients));
    return {};
}

Result<transport::GossipSeal> Runtime::gossip_seal() const {
    auto keys = options_.gossip_keys ? options_.gossip_keys() : transport::GossipKeys{};
    if (!keys) return std::unexpected(std::move(keys).error());
    return transport::GossipSeal(routing::cluster_id(options_.genesis_bytes), *std::move(keys));
}

Result<void> Runtime::open_fault_socket(const routing::Genesis& genesis) {
    if (options_.fault_socket.empty()) return {};
    std::map<NodeId, std::string> names;
    for (const routing::NodeRecord& record : genesis.founders)
        if (record.node != options_.self.node) names[record.node] = record.name;
    auto opened = FaultSocket::open(options_.fault_socket,
                                    FaultTable(std::move(names), Random(random_seed())), log_);
    if (!opened) return std::unexpected(std::move(opened).error());
    faults_ = *std::move(opened);
    log_.warn("faults.possible", {{"socket", std::string_view(options_.fault_socket)}});
    return {};
}

Result<void> Runtime::begin(const routing::Genesis& genesis) {
    const auto boot = directory_->begin_boot();
    if (!boot) return std::unexpected(boot.error());
    peers_.emplace(context_, log_);
    types_.add(entity::make_kv());
    types_.add(entity::make_counter());
    storage::Store& store = directory_->store();
    journal_.emplace(store, completions_);
    reader_.emplace(store, completions_);

    NodeOptions node;
    node.genesis = genesis;
    node.genesis_bytes = options_.genesis_bytes;
    node.self = options_.self.node;
    node.boot = *boot;
    node.nonce = random_seed();
    auto pasts = read_pasts(store);
    if (!pasts) return std::unexpected(std::move(pasts).error());
    node.pasts = *std::move(pasts);
    node.timings = options_.timings;
    open_crash_file(node);
    node_.emplace(std::move(node), store.recover(), types_, Random(random_seed()), log_);

    PortOptions port;
    port.header.cluster = routing::cluster_id(options_.genesis_bytes);
    port.header.sender = options_.self.node;
    port.header.sender_boot = *boot;
    port.header.durable = store.stats().durable;
    port.stop_descriptor = options_.stop_descriptor;
    port.log = log_;
    port_.emplace(PortParts{*mesh_, *clients_, *peers_, *journal_, *reader_, completions_,
                            faults_.get(), &*gossip_},
                  port);
    log_.info("node.started", {{"node", options_.self.node},
                               {"boot", *boot},
                               {"mesh", listen_mesh()},
                               {"client", listen_client()},
                               {"gossip_keys", std::uint64_t{gossip_->keys()}},
                               {"durable", port.header.durable}});
    return {};
}

// Without it the node serves all the same; only the trace of a handler that ends the process would
// be missing.
void Runtime::open_crash_file(NodeOptions& node) {
    auto file = CrashFile::open(options_.data_directory + "/handler");
    if (!file) {
        log_.warn("handler.no_slot", {{"why", std::string_view(file.error().message)}});
        return;
    }
    crash_file_ = *std::move(file);
    node.crash_slot = crash_file_.get();
    node.crashed = crash_file_->crashed();
    if (const auto& found = crash_file_->found())
        log_.error("handler.crashed", {{"type", std::string_view(found->type)},
                                       {"id", std::string_view(found->id)},
                                       {"request", std::string_view(found->request.text())}});
}

int Runtime::run() {
    Loop<Port> loop(*node_, *port_);
    const Instant begun = port_->now().mono;
    Instant ask_ready = begun;
    bool ready = false;
    for (;;) {
        const std::size_t taken = loop.round();
        port_->end_round();
        if (port_->take_reload()) reload();
        look_at_data_file();
        if (port_->store_failure()) return end_without_store(*port_->store_failure());
        if (port_->stop()) return end();
        if (!ready) {
            const Instant at = port_->now().mono;
            if (at >= ask_ready) {
                ready = node_->ready();
                ask_ready = at + kReadyInterval;
            }
            if (ready) log_.info("node.ready", {{"after_ms", (at - begun).count() / 1000000}});
        }
        if (taken != 0) continue;
        if (look_at_memory()) continue;
        port_->sleep(ready ? node_->next_deadline() : std::min(node_->next_deadline(), ask_ready));
    }
}

// The log first: whoever rotates it has moved the old file away, whatever the settings say.
void Runtime::reload() {
    if (const auto opened = log_file_.reopen(); !opened)
        log_.error("log.not_reopened", {{"what", std::string_view(opened.error().message)}});
    const auto level = options_.reload ? options_.reload() : Result<LogLevel>(log_file_.level());
    auto seal = gossip_seal();
    if (!level || !seal) {
        const Error& error = level ? seal.error() : level.error();
        log_.error("config.not_reloaded", {{"error", fmt::format("WEFT-{:04}", error.number)},
                                           {"what", std::string_view(error.message)}});
        return;
    }
    gossip_->seal_with(*std::move(seal));
    log_file_.set_level(*level);
    // Whatever the level is now.
    log_file_.write(LogLevel::Info, "config.reloaded",
                    {{"log_level", kLogLevelNames[std::to_underlying(*level)]},
                     {"gossip_keys", std::uint64_t{gossip_->keys()}}});
}

// Only when there is nothing to do: it may take some milliseconds. True: there is more to give
// back.
bool Runtime::look_at_memory() {
    const bool of_mesh = mesh_->give_back(), of_clients = clients_->router().give_back();
    if (of_mesh || of_clients) return true;
    if (memory_.held(mesh_->held_bytes() + clients_->router().held_bytes())) {
        return_free_memory();
        return false;
    }
    const Instant now = port_->now().mono;
    if (memory_.wants_sample(now) && memory_.sample(now, allocated_bytes())) return_free_memory();
    return false;
}

// A deleted file takes writes and syncs as before, and ends with the process.
void Runtime::look_at_data_file() {
    const Instant now = port_->looked();
    if (file_gone_ || now - file_looked_ < kFileInterval) return;
    file_looked_ = now;
    const auto there = directory_->check_file();
    if (there) return;
    file_gone_ = true;
    log_.error("disk.file_gone", {{"error", fmt::format("WEFT-{:04}", there.error().number)},
                                  {"what", std::string_view(there.error().message)},
                                  {"exit", kExitDiskLost}});
    port_->lose_disk();
}

int Runtime::end() {
    port_->send_the_rest(port_->now().mono + kLastFrames);
    const Stop& stop = *port_->stop();
    journal_.reset();  // writes what waits
    const Lsn durable = directory_->store().stats().durable;
    if (!file_gone_) {
        const auto recorded = directory_->record_durable(durable);
        if (!recorded)
            log_.warn("node.stop_not_recorded",
                      {{"why", std::string_view(recorded.error().message)}});
    }
    port_->rejects().summarize();
    gossip_->summarize();
    if (faults_ != nullptr) log_.info("faults.lost", {{"frames", faults_->faults().lost()}});
    log_.info(
        "node.stopped",
        {{"exit", stop.exit_code}, {"why", std::string_view(stop.reason)}, {"durable", durable}});
    return stop.exit_code;
}

int Runtime::end_without_store(const Error& error) {
    log_.error("disk.failed", {{"error", fmt::format("WEFT-{:04}", error.number)},
                               {"what", error.message},
                               {"exit", kExitSyncFailed}});
    if (error.number == static_cast<std::uint16_t>(ErrorNumber::SyncFailed)) {
        const auto marked = directory_->mark_sync_failed();
        if (!marked)
            log_.error("disk.not_marked", {{"what", std::string_view(marked.error().message)}});
    }
    return kExitSyncFailed;
}

}  // namespace

Result<int> run_node(const RuntimeOptions& options) {
    auto file = LogFile::open(options.log_file);
    if (!file) return std::unexpected(std::move(file).error());
    (*file)->set_level(options.log_level);
    const Log log(file->get());
    auto runtime = Runtime::open(options, **file);
    if (!runtime) {
        const Error& error = runtime.error();
        // Whoever called says it too, where a log without a file goes.
        if (!options.log_file.empty())
            log.error("node.not_started", {{"error", fmt::format("WEFT-{:04}", error.number)},
                                           {"what", error.message}});
        return std::unexpected(error);
    }
    return (*runtime)->run();
}

Result<int> stop_signals() {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGHUP);
    const int descriptor = pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0
                               ? signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)
                               : -1;
    if (descriptor < 0)
        return fail(ErrorNumber::BadConfiguration, "cannot wait for signals: {}",
                    std::strerror(errno));
    return descriptor;
}

}  // namespace weft::node
