#pragma once
// Does what a plan says to the nodes of a dev mesh, and notices nodes that end by themselves.

#include "cli/dev_mesh.h"
#include "cli/dev_ports.h"
#include "cli/torture_alarms.h"
#include "cli/torture_plan.h"

#include <array>
#include <atomic>
#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace weft::cli {

// libweft_faults.so beside this program or in ../lib/weft; BadConfiguration when it is in neither.
Result<std::filesystem::path> faults_library();
// The file that holds the faults of that node now (cli/faults_preload.cpp).
std::filesystem::path control_file(const DevMesh& mesh, const DevNode& node);
// The environment that puts a node under its control file.
std::vector<std::string> faults_environment(const std::filesystem::path& library,
                                            const std::filesystem::path& control);

struct NemesisReport {
    std::array<std::uint64_t, kTortureFaults> faults{};
    std::uint64_t starts = 0;
    std::vector<Silence> silences;
    std::vector<std::string> wrong;  // nodes that ended by themselves, or could not be started
};

class Nemesis {
public:
    // `tell` is given one line per step, from the nemesis' own thread.
    Nemesis(DevMesh& mesh, std::function<void(const std::string&)> tell)
        : mesh_(mesh), tell_(std::move(tell)), nodes_(mesh.nodes().size()) {}
    ~Nemesis() { finish(); }

    void start(TorturePlan plan);
    // Leaves the nodes as they are.
    void stop() { stopping_ = true; }
    // Waits for the end of the plan, after which every node was started.
    void finish();
    // Looks once more for nodes that ended by themselves.
    NemesisReport report();
    const TortureWeather& weather() const { return weather_; }

private:
    using Clock = std::chrono::steady_clock;
    struct NodeState {
        bool runs = true, paused = false, faulty = false;
        bool to_blame = false;       // for links that are not whole
        bool sync_may_fail = false;  // and end the node with 74
        bool well() const { return runs && !paused && !faulty && !to_blame; }
    };
    NodeState& state_of(const DevNode& node);
    std::size_t number_of(const DevNode& node) const;
    void begin_silence(std::size_t a, std::size_t b);
    void end_silence_of(const DevNode& node);
    void end_silences_between();
    void look_at_weather();
    void run(const TorturePlan& plan);
    void count_active(const TorturePlan& plan, std::chrono::milliseconds now);
    void act(const TortureStep& step);
    void kill(const DevNode& node);
    void start_node(const DevNode& node);
    void signal(const DevNode& node, int signal);
    void control(const DevNode& node, const std::string& text);
    void change_links(const TortureStep& step);
    void reap();
    void note_wrong(const std::string& text);

    DevMesh& mesh_;
    std::function<void(const std::string&)> tell_;
    std::vector<NodeState> nodes_;
    std::vector<NodeLink> faulty_links_;
    std::ptrdiff_t unwell_ = 0;      // of them, when last looked at
    std::optional<PortLock> ports_;  // held while no node holds the ports itself
    std::thread thread_;
    std::atomic<bool> stopping_{false};
    TortureWeather weather_;
    NemesisReport report_;  // of the thread, until finish()
};

}  // namespace weft::cli
