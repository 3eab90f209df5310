// Rare paths that runs have reached: their list, and how they are collected.

#include "sim/probes.h"

#include "core/invariant.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>

namespace weft::sim {
namespace {

// The list is what the report calls "never reached": a probe that it lacks would never be missed.
TEST(Probes, TheListIsThatOfTheSources) {
    std::set<std::string> found;
    const std::regex probe("WEFT_PROBE\\(\"([a-z_.]+)\"\\)");
    for (const char* folder : {"client", "core", "entity", "node", "replication", "routing"}) {
        const std::filesystem::path path = std::filesystem::path(WEFT_SOURCE_DIR) / folder;
        for (const auto& file : std::filesystem::recursive_directory_iterator(path)) {
            if (file.path().extension() != ".cpp") continue;
            std::ifstream stream(file.path());
            const std::string text{std::istreambuf_iterator<char>(stream), {}};
            for (std::sregex_iterator at(text.begin(), text.end(), probe), end; at != end; ++at)
                found.insert((*at)[1]);
        }
    }
    EXPECT_EQ(found, std::set<std::string>(kProbes.begin(), kProbes.end()));
    EXPECT_TRUE(std::ranges::is_sorted(kProbes));
}

TEST(Probes, AreCollectedByName) {
    const ProbeWatch watch;
    EXPECT_EQ(watch.reached(), 0U);
    WEFT_PROBE("replica.truncate");
    WEFT_PROBE("no.such.probe");
    ProbeSet wanted = 0;
    for (std::size_t i = 0; i < kProbes.size(); ++i)
        if (kProbes[i] == "replica.truncate") wanted = ProbeSet{1} << i;
    EXPECT_EQ(watch.reached(), wanted);
}

}  // namespace
}  // namespace weft::sim
