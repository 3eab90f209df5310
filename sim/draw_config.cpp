// Sizes, workload, bounds and times that a seed draws, each by itself.

#include "sim/draw_config.h"

#include "weft/types.h"

#include <algorithm>
#include <iterator>

namespace weft::sim {
namespace {

// Sets a value to a drawn one in half of the seeds.
class Few {
public:
    explicit Few(Random& random) : random_(random) {}
    void operator()(std::uint64_t& value, std::uint64_t low, std::uint64_t high) {
        const std::uint64_t drawn = low + random_.below(high - low + 1);
        if (random_.chance(1, 2)) value = drawn;
    }

private:
    Random& random_;
};

void draw_constants(RunConfig& config, Random& random) {
    config.sweep_log_bytes = std::uint64_t{1} << (12 + random.below(10));
    config.sweep_rows = 1 + random.below(64);
    config.passivate_ms = 500 + random.below(9500);
    // Buffers, windows and batches of very few, each by itself.
    if (random.chance(1, 2)) return;
    Few few(random);
    few(config.cached_log_bytes, 1, 2000);
    few(config.append_bytes, 1, 2000);
    few(config.uncommitted_bytes, 2000, 20000);
    few(config.peer_inflight_bytes, 600, 6000);
    few(config.mailbox, 1, 4);
    few(config.session_window, 8, 32);
    few(config.waiting_reads, 1, 8);
    few(config.round_events, 1, 4);
    few(config.sync_max_us, 100, 50'000);
    few(config.delay_max_us, 100, 20'000);
    if (random.chance(1, 3)) {
        config.heartbeat_ms = 20 + random.below(180);
        config.election_min_ms = config.heartbeat_ms * (3 + random.below(4));
        config.election_max_ms = config.election_min_ms * 2;
    }
}

// Groups that remember a few sessions and clients that begin many: the floor of starts rises (S28).
void draw_sessions(RunConfig& config, Random random) {
    if (random.chance(2, 3)) return;
    config.sessions = 2 + random.below(15);
    config.session_spared_ms = random.below(500);
    config.renew_session_ms = 200 + random.below(1800);
}

// Clients that soon ask elsewhere find a new leader while the old one takes itself for it still;
// and of a leader that is cut off only those hear for long who write nothing.
void draw_habits(RunConfig& config, Random random) {
    if (random.chance(1, 2)) config.attempt_ms = 20 + random.below(300);
    if (random.chance(1, 2)) config.readers = random.below(config.clients);
    if (random.chance(1, 4)) config.links = 1 + random.below(3);
    if (random.chance(1, 4)) config.link_idle_ms = 20 + random.below(500);
    if (random.chance(1, 4)) config.addresses = 1 + random.below(2);
}

// Clients that ask how a request ended, by its id or by the same call once more; that want no
// answer; whose processes end; or that wait for a node which is silent. The first reads all values
// at the end and waits for nobody.
void draw_askers(RunConfig& config, Random random) {
    if (random.chance(1, 2)) config.ask_percent = 20 + random.below(81);
    if (random.chance(1, 3)) config.tell_percent = 10 + random.below(60);
    if (random.chance(1, 4)) config.client_life_ms = 500 + random.below(6000);
    if (random.chance(1, 3)) config.patient = random.below(config.clients);
}

// What is read, written or sent in parts, in parts of a few: what fits one page tells nothing about
// the second.
void draw_pages(RunConfig& config, Random random) {
    if (random.chance(1, 2)) return;
    Few few(random);
    few(config.page_bytes, 1, 2000);
    few(config.page_rows, 1, 8);
    few(config.log_page_bytes, 1, 2000);
    few(config.append_entries, 1, 4);
    few(config.own_sweep_rows, 1, 4);
    few(config.snapshot_sweep_rows, 1, 4);
}

// Transfers of snapshots that are given up soon, and soon begun anew; voters that are soon left
// behind.
void draw_transfers(RunConfig& config, Random random) {
    if (random.chance(1, 2)) return;
    Few few(random);
    few(config.laggard_entries, 0, 64);
    few(config.laggard_bytes, 0, 20'000);
    few(config.snapshot_resend_ms, 20, 500);
    // Shorter than a late read.
    const std::uint64_t page_ms = undisturbed_page_ms(config);
    few(config.snapshot_patience_ms, page_ms, page_ms + (std::uint64_t{16} << random.below(8)));
    few(config.snapshot_pause_ms, 0, std::uint64_t{1} << random.below(8));
    few(config.snapshot_receive_patience_ms, 300, 4000);
}

// Clients that may have fewer calls under way than they want, and reads that wait for their turn.
void draw_turns(RunConfig& config, Random random) {
    if (random.chance(1, 4)) {
        config.in_flight = 1 + random.below(4);
        config.pipeline = config.in_flight + random.below(4);
    }
    if (random.chance(1, 2)) return;
    Few few(random);
    few(config.large_state_bytes, 0, 200);
    few(config.large_reads, 1, 4);
    few(config.large_read_bytes, 1, 40);
    few(config.large_read_share, 1, 400);
    few(config.batch_bytes, 1, 2000);
}

// A disk that takes its time to erase, and reads that were early: both as the real store may.
void draw_disk(RunConfig& config, Random random) {
    if (random.chance(1, 2)) config.early_read_percent = 1 + random.below(100);
    if (random.chance(1, 2)) config.erase_slice_chunks = 1 + random.below(8);
}

// Room for a few in what waits, for the disk or for others.
void draw_room(RunConfig& config, Random random) {
    if (random.chance(1, 2)) return;
    Few few(random);
    few(config.persist_bytes, 600, 20'000);
    few(config.mailbox_bytes, 1, 2000);
    few(config.cached_bytes, 0, 2000);
    few(config.session_reply_bytes, 100, 2000);
    few(config.waiting_read_bytes, 1, 200);
    few(config.waiting_replies, 1, 8);
}

// In a quarter of the seeds some values are large: logs of several MiB, snapshots of many pages.
void draw_values(RunConfig& config, Random random) {
    if (random.chance(3, 4)) return;
    config.value_bytes = std::uint64_t{1} << (9 + random.below(9));
}

// A workload beyond the product's bounds, which are in force here: many entities, or few with
// values of up to what a call may carry. As much in a shorter time, or it would cost too much; few
// machines, since each holds all of it.
void draw_large(RunConfig& config, Random random) {
    if (!random.chance(1, 40)) return;
    RunConfig large;
    large.large = 1;
    large.partitions = 1 + random.below(2);
    large.check_steps = 1021;
    large.passivate_ms = config.passivate_ms;
    large.call_timeout_ms = config.call_timeout_ms;
    large.get_percent = config.get_percent;
    large.delete_percent = config.delete_percent;
    large.tell_percent = config.tell_percent;
    large.ask_percent = config.ask_percent;
    large.client_life_ms = config.client_life_ms;
    large.early_read_percent = config.early_read_percent;
    large.sweep_log_bytes = std::uint64_t{1} << (18 + random.below(5));
    large.laggard_bytes = large.sweep_log_bytes;
    large.pipeline = 4;
    if (random.chance(1, 2)) {
        large.entities = 1500 + random.below(3000);
        large.value_bytes = 8000;
        large.sweep_log_bytes = std::uint64_t{1} << (16 + random.below(4));
        large.laggard_bytes = large.sweep_log_bytes;
        large.think_max_us = 4000;
        large.chaos_ms = 4000;
    } else {
        large.entities = 4 + random.below(20);
        large.think_max_us = 100'000;
        large.chaos_ms = 5000;
        large.counter_percent = 0;
        // A compare-and-set carries two of them.
        large.value_bytes = kPayloadBytesMax;
        large.cas_percent = 0;
    }
    config = large;
}

}  // namespace

std::uint64_t undisturbed_page_ms(const RunConfig& config) {
    return 20 + 4 * (config.sync_max_us + config.delay_max_us) / 1000;
}

RunConfig draw_config(Random random) {
    RunConfig config;
    constexpr std::uint64_t kSizes[] = {1, 2, 3, 3, 3, 3, 4, 5, 5, 6, 7};
    config.nodes = kSizes[random.below(std::size(kSizes))];
    config.partitions = std::uint64_t{1} << random.below(4);
    config.clients = 1 + random.below(5);
    config.entities = 1 + random.below(12);
    config.pipeline = 1 + random.below(4);
    config.think_max_us = 1000 * (1 + random.below(120));
    config.call_timeout_ms = 300 + random.below(8000);
    config.get_percent = 10 + random.below(50);
    config.cas_percent = random.below(30);
    config.delete_percent = random.below(10);
    config.counter_percent = random.below(60);
    config.hot_percent = random.chance(1, 4) ? 50 + random.below(51) : 0;
    Random constants = random.stream("constants");
    draw_constants(config, constants);
    draw_sessions(config, random.stream("sessions"));
    draw_values(config, random.stream("values"));
    draw_habits(config, random.stream("habits"));
    draw_askers(config, random.stream("askers"));
    draw_pages(config, random.stream("pages"));
    draw_transfers(config, random.stream("transfers"));
    draw_room(config, random.stream("room"));
    draw_disk(config, random.stream("disk"));
    draw_turns(config, random.stream("turns"));
    // Every step is checked whole in one seed of four; in the others one in some, at a prime
    // distance so that no rhythm of the node hides from it.
    config.check_steps = random.chance(1, 4) ? 1 : 61;
    draw_large(config, random.stream("large"));
    return config;
}

}  // namespace weft::sim
