#include "cli/torture_nemesis.h"

#include "cli/dev_faults.h"
#include "cli/dev_start.h"
#include "core/error.h"

#include <fmt/core.h>
#include <signal.h>
#include <sys/wait.h>

#include <algorithm>
#include <utility>

namespace weft::cli {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr int kExitSyncFailed = 74;
constexpr auto kEndsLater = 500ms;

// "signal 6", "exit code 70".
std::string ending(int status) {
    if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
    return fmt::format("exit code {}", WEXITSTATUS(status));
}

// A node whose sync failed starts again under another kernel only. What the faults library refuses
// to sync is in the kernel's cache and stays there: a reboot is played by naming another kernel.
void play_reboot(const DevNode& node) {
    const fs::path marker = node.folder.data() / "sync-failed";
    std::error_code none;
    if (!fs::exists(marker, none)) return;
    (void)write_file(marker, "00000000-0000-0000-0000-000000000000\n", 0644);
}

}  // namespace

Result<fs::path> faults_library() {
    constexpr const char* kName = "libweft_faults.so";
    const fs::path folder = own_program().parent_path();
    std::error_code none;
    for (const fs::path& path : {folder / kName, folder.parent_path() / "lib" / "weft" / kName})
        if (fs::is_regular_file(path, none)) return path;
    return fail(ErrorNumber::BadConfiguration,
                "{} is neither beside this program in {} nor in ../lib/weft; it is built and "
                "installed with the program",
                kName, folder.string());
}

fs::path control_file(const DevMesh& mesh, const DevNode& node) {
    std::string name = "faults-";
    name += node.name;
    return mesh.folder() / name;
}

std::vector<std::string> faults_environment(const fs::path& library, const fs::path& control) {
    return {"LD_PRELOAD=" + library.string(), "WEFT_FAULTS=" + control.string()};
}

void Nemesis::start(TorturePlan plan) {
    thread_ = std::thread([this, plan = std::move(plan)] { run(plan); });
}

void Nemesis::finish() {
    if (thread_.joinable()) thread_.join();
}

NemesisReport Nemesis::report() {
    reap();
    return report_;
}

void Nemesis::run(const TorturePlan& plan) {
    const auto begin = Clock::now();
    for (const TortureStep& step : plan.steps) {
        const auto due = begin + step.at;
        while (!stopping_ && Clock::now() < due) {
            count_active(
                plan, std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin));
            reap();
            std::this_thread::sleep_until(std::min(due, Clock::now() + 20ms));
        }
        if (stopping_) break;
        reap();
        act(step);
    }
    for (const TortureEpisode& episode : plan.episodes)
        if (begin + episode.from <= Clock::now())
            ++report_.faults[static_cast<std::size_t>(episode.fault)];
    weather_.faults = 0;
    ports_.reset();
}

void Nemesis::count_active(const TorturePlan& plan, std::chrono::milliseconds now) {
    weather_.faults = static_cast<int>(std::ranges::count_if(
        plan.episodes, [now](const auto& e) { return e.from <= now && now < e.until; }));
}

std::size_t Nemesis::number_of(const DevNode& node) const {
    return static_cast<std::size_t>(&node - mesh_.nodes().data());
}

Nemesis::NodeState& Nemesis::state_of(const DevNode& node) { return nodes_[number_of(node)]; }

void Nemesis::begin_silence(std::size_t a, std::size_t b) {
    report_.silences.push_back({a, b, Clock::now()});
}

void Nemesis::end_silence_of(const DevNode& node) {
    const std::size_t at = number_of(node);
    for (Silence& silence : report_.silences)
        if (silence.a == at && silence.b == at)
            silence.until = std::min(silence.until, Clock::now());
}

void Nemesis::end_silences_between() {
    for (Silence& silence : report_.silences)
        if (silence.a != silence.b) silence.until = std::min(silence.until, Clock::now());
}

// Of a group's replicas, three or all nodes, a minority may be unwell.
void Nemesis::look_at_weather() {
    const auto unwell =
        std::ranges::count_if(nodes_, [](const auto& node) { return !node.well(); });
    const std::size_t replicas = std::min<std::size_t>(nodes_.size(), 3);
    const bool quorum = static_cast<std::size_t>(unwell) <= (replicas - 1) / 2;
    const bool before = weather_.well_since.load() != TortureWeather::kNever;
    const bool worse = unwell > std::exchange(unwell_, unwell);
    if (quorum != before || (quorum && worse))
        weather_.well_since = quorum ? Clock::now() : TortureWeather::kNever;
}

void Nemesis::act(const TortureStep& step) {
    const DevNode& node = mesh_.nodes()[step.node];
    switch (step.act) {
        case NodeAct::Kill:
            return kill(node);
        case NodeAct::Start:
            return start_node(node);
        case NodeAct::Pause:
            return signal(node, SIGSTOP);
        case NodeAct::Resume:
            return signal(node, SIGCONT);
        case NodeAct::Control:
            return control(node, step.control);
        case NodeAct::Cut:
        case NodeAct::Slow:
        case NodeAct::Lossy:
        case NodeAct::Heal:
            return change_links(step);
    }
}

void Nemesis::kill(const DevNode& node) {
    const auto process = node.process();
    if (!process) return;
    tell_(fmt::format("kill -9 of {}", node.name));
    state_of(node).runs = false;
    begin_silence(number_of(node), number_of(node));
    look_at_weather();
    // Another mesh on this machine may take the ports that none of our nodes holds.
    if (mesh_.running() == 1 && !ports_)
        if (auto lock = PortLock::take(kPortPatience)) ports_.emplace(*std::move(lock));
    const auto sent = signal_process(*process, SIGKILL);
    if (!sent || !wait_until_gone(*process, kEndPatience))
        note_wrong(fmt::format("node {} does not end when it is killed", node.name));
    ::waitpid(process->pid, nullptr, 0);
}

void Nemesis::start_node(const DevNode& node) {
    // One whose sync has failed just before the fault was over may still be about to end.
    if (const auto process = node.process(); process && state_of(node).sync_may_fail)
        if (wait_until_gone(*process, kEndsLater)) reap();
    if (node.process()) return;
    play_reboot(node);
    tell_(fmt::format("start of {}", node.name));
    ports_.reset();
    state_of(node).sync_may_fail = false;
    const auto started = start_node_process(mesh_, node);
    ++report_.starts;
    if (!started)
        return note_wrong(
            fmt::format("node {} cannot be started: {}", node.name, started.error().message));
    end_silence_of(node);
    state_of(node).runs = true;
    state_of(node).paused = false;
    look_at_weather();
}

void Nemesis::signal(const DevNode& node, int signal) {
    const auto process = node.process();
    if (!process) return;
    const bool paused = process_state(*process) == ProcessState::Stopped;
    if (paused == (signal == SIGSTOP)) return;
    tell_(fmt::format("{} of {}", signal == SIGSTOP ? "SIGSTOP" : "SIGCONT", node.name));
    state_of(node).paused = signal == SIGSTOP;
    look_at_weather();
    if (signal == SIGSTOP) begin_silence(number_of(node), number_of(node));
    if (const auto sent = signal_process(*process, signal); !sent)
        note_wrong(fmt::format("node {}: {}", node.name, sent.error().message));
    if (signal == SIGCONT) end_silence_of(node);
}

void Nemesis::control(const DevNode& node, const std::string& text) {
    std::error_code none;
    const fs::path path = control_file(mesh_, node);
    if (text.empty() && !fs::exists(path, none)) return;
    tell_(fmt::format("{}: {}", node.name, text.empty() ? "no fault" : text));
    // Stays true: the node may notice later, and ends after it has written the reason.
    if (text == "sync") {
        state_of(node).sync_may_fail = true;
        begin_silence(number_of(node), number_of(node));
    }
    state_of(node).faulty = !text.empty();
    look_at_weather();
    if (text.empty())
        fs::remove(path, none);
    else if (const auto written = write_file(path, text, 0644); !written)
        note_wrong(written.error().message);
}

void Nemesis::change_links(const TortureStep& step) {
    if (step.act == NodeAct::Heal && faulty_links_.empty()) return;
    std::string what;
    for (const auto& [from, to] : step.links)
        what += fmt::format(" {}>{}", mesh_.nodes()[from].name, mesh_.nodes()[to].name);
    if (step.act == NodeAct::Cut) what += " cut";
    if (step.act == NodeAct::Slow) what += fmt::format(" {} ms late", step.value);
    if (step.act == NodeAct::Lossy) what += fmt::format(" {} % lost", step.value);
    tell_("links:" + (what.empty() ? " whole" : what));
    for (const auto& [from, to] : step.links) begin_silence(from, to);
    faulty_links_.insert(faulty_links_.end(), step.links.begin(), step.links.end());
    if (step.act == NodeAct::Heal) faulty_links_.clear();
    for (NodeState& node : nodes_) node.to_blame = false;
    for (const std::size_t node : nodes_to_blame(faulty_links_)) nodes_[node].to_blame = true;
    // Whole again only when the nodes have been told.
    if (step.act != NodeAct::Heal) look_at_weather();
    const FaultKind kind = step.act == NodeAct::Cut    ? FaultKind::Cut
                           : step.act == NodeAct::Slow ? FaultKind::Slow
                                                       : FaultKind::Lossy;
    const auto told =
        send_orders(mesh_,
                    step.act == NodeAct::Heal ? order_heal(mesh_)
                                              : order_faults(mesh_, step.links, kind, step.value),
                    5s);
    if (step.act == NodeAct::Heal) end_silences_between();
    look_at_weather();
    if (!told) note_wrong(told.error().message);
}

// The children are taken one by one: others of this process' are not ours to take.
void Nemesis::reap() {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
        const DevNode& node = mesh_.nodes()[i];
        const auto process = read_pid_file(node.folder.pid());
        int status = 0;
        if (!process || ::waitpid(process->pid, &status, WNOHANG) != process->pid) continue;
        tell_(fmt::format("node {} ended: {}", node.name, ending(status)));
        nodes_[i].runs = false;
        begin_silence(i, i);
        look_at_weather();
        const bool sync = WIFEXITED(status) && WEXITSTATUS(status) == kExitSyncFailed;
        if (!nodes_[i].sync_may_fail || !sync)
            note_wrong(fmt::format("node {} ended by itself: {}", node.name, ending(status)));
    }
}

void Nemesis::note_wrong(const std::string& text) {
    tell_(text);
    report_.wrong.push_back(text);
}

}  // namespace weft::cli
