// Loads with histories, and how they are judged.

#include "cli/history_file.h"
#include "sim/checkers/linearizability.h"
#include "tests/e2e/test_mesh.h"

#include <fmt/core.h>

#include <map>

namespace weft::e2e {

namespace {

using nlohmann::json;

std::map<std::string, sim::History> read_histories(const std::string& path) {
    auto histories = cli::read_history(path);
    EXPECT_TRUE(histories) << histories.error().message;
    return histories ? std::move(*histories) : std::map<std::string, sim::History>{};
}

}  // namespace

void LoadTest::start_load(const LoadPlan& plan) {
    Running load;
    load.plan = plan;
    load.history = file(fmt::format("history-{}", loads_.size()));
    load.ran = weft_beside(fmt::format(
        "-o json bench {} --clients 3 --pipeline 3 --entities {} --seconds {} --rate {} "
        "--value-bytes 24 {} --seed {} --history '{}'",
        plan.kind, plan.entities, plan.seconds, plan.rate,
        plan.mix.empty() ? "" : "--mix " + plan.mix, loads_.size() + 1, load.history));
    loads_.push_back(std::move(load));
}

void LoadTest::finish_and_check() {
    for (Running& load : loads_) {
        const Ran ran = load.ran.get();
        ASSERT_EQ(ran.exit_code, 0) << ran.output;
        const json report = json::parse(ran.output, nullptr, false);
        ASSERT_FALSE(report.is_discarded()) << ran.output;
        EXPECT_GT(report.at("outcomes").at("done").get<int>(), load.plan.rate)
            << "too little was done for the check to mean anything: " << ran.output;
        if (load.plan.kind == "call")
            check_counters(load);
        else
            check_history(load);
    }
    loads_.clear();
}

void LoadTest::check_history(const Running& load) {
    for (auto& [entity, history] : read_histories(load.history)) {
        // A read after everything else: what was acknowledged must be there now.
        std::int64_t end = 0;
        for (const auto& operation : history)
            if (operation.outcome != sim::OperationOutcome::Unknown)
                end = std::max(end, operation.end_ns);
        sim::Operation last;
        last.client = 1'000'000;
        last.kind = sim::OperationKind::Get;
        last.outcome = sim::OperationOutcome::Done;
        last.start_ns = end + 1;
        last.end_ns = end + 2;
        const Ran read = weft("get --raw --timeout 20s " + entity);
        ASSERT_TRUE(read.exit_code == 0 || read.exit_code == 5) << read.output;
        if (read.exit_code == 0) last.result = read.output;
        history.push_back(last);
        const auto verdict = sim::check_linearizable(history, sim::Model::Kv);
        EXPECT_TRUE(verdict.linearizable) << entity << ": " << verdict.reason;
        EXPECT_FALSE(verdict.undecided) << entity;
    }
}

// The sum must lie between what was acknowledged and that plus what is unknown.
void LoadTest::check_counters(const Running& load) {
    for (const auto& [entity, history] : read_histories(load.history)) {
        long long done = 0, unknown = 0;
        for (const auto& operation : history) {
            if (operation.kind != sim::OperationKind::Add) continue;
            done += operation.outcome == sim::OperationOutcome::Done ? 1 : 0;
            unknown += operation.outcome == sim::OperationOutcome::Unknown ? 1 : 0;
        }
        const Ran read = weft("call --timeout 20s " + entity + " get");
        ASSERT_EQ(read.exit_code, 0) << read.output;
        const long long value = std::atoll(read.output.c_str());
        EXPECT_GE(value, done) << entity << ": an acknowledged add is lost";
        EXPECT_LE(value, done + unknown) << entity << ": an add took effect twice";
        const auto verdict = sim::check_linearizable(history, sim::Model::Counter);
        EXPECT_TRUE(verdict.linearizable) << entity << ": " << verdict.reason;
    }
}

}  // namespace weft::e2e
