#pragma once
// Clients that use the mesh as it is meant to be used, beside an attack: how long they wait, what
// is refused, and whether everything that was acknowledged is there.

#include <weft/client.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace weft::hostile {

struct LoadFigures {
    std::vector<double> milliseconds;  // that puts which were done took, or were held up by one
    std::uint64_t refused = 0;         // not done, or without an outcome
    std::string refusal;               // the latest

    double percentile(double part);  // 0..1; sorts
};

struct Check {
    std::uint64_t read = 0, lost = 0;
    std::uint64_t refused = 0;  // puts of a client that came new
    std::string complaint;      // the latest
};

class HonestLoad {
public:
    explicit HonestLoad(std::vector<std::string> addresses) : addresses_(std::move(addresses)) {}
    ~HonestLoad();

    Result<void> start();
    // Figures since the last call. Waits for the puts under way: one that takes long belongs to
    // those before.
    LoadFigures take_figures();
    // Reads everything back, then puts as a client that the mesh has never seen.
    Check check();

private:
    // What one client knows of one of its keys: nobody else writes it, and it waits for each
    // answer, so the last acknowledged value or a later one of unknown outcome must be there.
    struct Written {
        std::uint64_t acknowledged = 0;
        std::set<std::uint64_t> unknown;
    };
    void run(std::size_t client, const Mesh& mesh);
    void put(const Entity& entity, const std::string& key, std::uint64_t number);
    void compare(const std::string& key, const Written& written, const Mesh& mesh, Check& check);

    std::vector<std::string> addresses_;
    std::mutex lock_;  // guards figures_ and written_
    LoadFigures figures_;
    std::map<std::string, Written> written_;
    std::vector<std::atomic<std::uint64_t>> seen_phase_;  // one per client
    std::atomic<std::uint64_t> phase_ = 1;
    std::atomic<bool> over_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace weft::hostile
