#include "cli/torture_load.h"

#include "cli/torture_connection.h"

#include <algorithm>

namespace weft::cli {

using namespace std::chrono_literals;

Result<std::unique_ptr<TortureLoad>> TortureLoad::start(const TortureLoadOptions& options,
                                                        const TortureWeather& weather) {
    std::unique_ptr<TortureLoad> load(new TortureLoad);
    load->shared_ = std::make_shared<TortureShared>(options, weather);
    for (std::uint32_t number = 1; number <= options.connections; ++number) {
        auto mesh = connect(options.mesh);
        if (!mesh) return std::unexpected(std::move(mesh).error());
        load->connections_.push_back(
            std::make_shared<TortureConnection>(load->shared_, *std::move(mesh), number));
    }
    for (const auto& connection : load->connections_)
        load->threads_.emplace_back([connection] { connection->run(); });
    return load;
}

TortureLoad::~TortureLoad() { stop(); }

void TortureLoad::pause() {
    shared_->paused = true;
    for (const auto& connection : connections_) connection->wait_idle();
}

void TortureLoad::quiet_moment() {
    pause();
    for (const auto& connection : connections_)
        if (!connection->settle(1s)) break;
    shared_->forget_last_answer();
    shared_->paused = false;
}

void TortureLoad::stop() {
    if (threads_.empty()) return;
    pause();
    shared_->stopping = true;
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
}

void TortureLoad::settle_all() {
    for (const auto& connection : connections_)
        for (int attempt = 0; attempt < 3 && !connection->settle(5s); ++attempt) {
        }
}

void TortureLoad::read_all(std::chrono::milliseconds patience) {
    std::vector<bool> used(shared_->entities.count());
    for (const auto& connection : connections_) connection->use_entities(used);
    std::vector<std::vector<std::uint32_t>> shares(connections_.size());
    for (std::uint32_t entity = 0, next = 0; entity < used.size(); ++entity)
        if (used[entity]) shares[next++ % shares.size()].push_back(entity);
    std::vector<std::thread> readers;
    for (std::size_t i = 0; i < shares.size(); ++i)
        readers.emplace_back(
            [this, &shares, i, patience] { connections_[i]->read(shares[i], patience); });
    for (std::thread& reader : readers) reader.join();
}

std::uint64_t TortureLoad::operations() const { return shared_->operations; }

TortureCounts TortureLoad::counts() const {
    TortureCounts counts;
    std::vector<std::string> ignored;
    std::vector<bool> used(shared_->entities.count());
    for (const auto& connection : connections_) {
        connection->add_to(counts, ignored);
        connection->use_entities(used);
    }
    counts.entities = static_cast<std::uint64_t>(std::ranges::count(used, true));
    counts.longest_gap = shared_->longest_gap();
    return counts;
}

std::vector<TortureRecord> TortureLoad::take_records() {
    std::vector<TortureRecord> all;
    for (const auto& connection : connections_) {
        const auto part = connection->take_records();
        all.insert(all.end(), part.begin(), part.end());
    }
    return all;
}

std::vector<std::string> TortureLoad::wrong() const {
    TortureCounts ignored;
    std::vector<std::string> wrong;
    for (const auto& connection : connections_) connection->add_to(ignored, wrong);
    return wrong;
}

}  // namespace weft::cli
