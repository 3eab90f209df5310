// Limits that hold for a class over all its files. The lists below may only get shorter and their
// numbers only fall; what drops out of need is reported.

#include "tests/tidy/classes.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>

namespace weft::tidy {
namespace {

const std::vector<SourceFile>& tree() {
    static const std::vector<SourceFile> files = load_tree(WEFT_SOURCE_DIR);
    return files;
}

constexpr LargeClass kLargeClasses[] = {
    // Switchboards: one line per event, effect or question.
    {"node", "Node::State", 1089, 87, 31, "the switchboard of a node"},
    {"replication/partition", "Partition::State", 688, 53, 22, "the switchboard of a partition"},
    {"replication/raft", "Replica", 1217, 128, 28, "the switchboard of a replica"},
    // Cores whose cut is still to come.
    {"membership", "Swim", 852, 65, 30, "one protocol; its tables are classes of their own"},
    {"replication/partition", "Sessions", 330, 32, 8, "every question about one table"},
    // Composed of threads and sockets: one function per queue, socket and timer.
    {"node/runtime", "Port", 470, 37, 25, "one socket round over all links"},
    {"node/runtime", "Runtime", 260, 15, 20, "composes threads, which outlive no field"},
    {"transport", "Router::State", 340, 23, 25, "counters of every kind of refusal"},
    {"client", "Driver", 460, 31, 28, "one round over inbox, sockets and core"},
    // Worlds: what a test may do to them is a function each.
    {"sim", "World", 950, 87, 23, "every fault and every look is a function"},
    {"sim", "SwimWorld", 410, 51, 15, "every fault and every look is a function"},
    {"sim", "Machine", 380, 50, 28, "every fault and every look is a function"},
    {"sim", "ClientActor", 370, 28, 27, "its plan beside its state"},
    {"sim", "Disk", 210, 28, 19, "its faults beside its state"},
};

constexpr LargeHeader kLongHeaders[] = {
    {"client/driver.h", 151, "one round over inbox, sockets and core"},
    {"membership/swim.h", 169, "one protocol"},
    {"node/events.h", 179, "every event and effect of a node"},
    {"node/state.h", 210, "the switchboard of a node"},
    {"replication/partition/partition.h", 162, "every event of a partition"},
    {"replication/raft/replica.h", 285, "the switchboard of a replica"},
    {"sim/machine.h", 194, "a world"},
    {"sim/run_config.h", 215, "every setting of a run"},
    {"sim/swim_world.h", 174, "a world"},
    {"sim/world.h", 203, "a world"},
    {"storage/contracts.h", 190, "three contracts and what they exchange"},
    {"transport/sockets.h", 224, "dealer and router, with their rules"},
};

constexpr LargeHeader kWideInsides[] = {
    {"client/core/caller_state.h", 5, "the switchboard of a client"},
    {"node/state.h", 15, "the switchboard of a node"},
    {"replication/partition/partition_state.h", 8, "the switchboard of a partition"},
    {"storage/lmdb_store_parts.h", 4, "open, write, read, check of one store"},
};

constexpr RawId kRawIds[] = {
    {"membership/rumours.h", "slot", "a place in its own table"},
    {"node/admin/table.h", "id", "the asker's own number, given back as it came"},
    {"node/admin/query.h", "id", "the asker's own number, given back as it came"},
    {"node/admin/tables.h", "id", "the asker's own number, given back as it came"},
    {"replication/partition/sections.h", "seq", "RequestId::seq as its user sees it"},
    {"replication/partition/session.h", "seq", "RequestId::seq as its user sees it"},
    {"replication/partition/sessions.h", "seq", "RequestId::seq as its user sees it"},
    {"routing/messages.h", "id", "the asker's own number, given back as it came"},
    {"routing/request_ids.h", "seq", "RequestId::seq as its user sees it"},
};

// Assertions per 1,000 lines, at least. May only rise.
struct Floor {
    std::string_view folder;
    double least;
};
constexpr Floor kDensity[] = {
    {"client/core", 15},      {"core", 10}, {"entity", 14},
    {"membership", 5},        {"node", 7},  {"replication/partition", 7},
    {"replication/raft", 16}, {"sim", 6},   {"storage", 5},
};

// ---- the project itself -------------------------------------------------------------------------

TEST(Classes, AreSmallOverAllTheirFiles) {
    const auto sizes = sizes_of_classes(tree());
    EXPECT_GT(sizes.size(), 300U);
    const auto found = check_classes(sizes, kLargeClasses);
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Classes, HaveShortHeaders) {
    const auto found = check_headers(tree(), kLongHeaders);
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Classes, ShowTheirInsideToFew) {
    const auto found = check_insides(tree(), kWideInsides);
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Classes, NameWhatIsCountedByItsType) {
    const auto found = check_raw_ids(tree(), kRawIds);
    EXPECT_TRUE(found.empty()) << describe(found);
}

TEST(Classes, AreAssertedAtLeastAsDenselyAsBefore) {
    const auto all = assertion_density(tree());
    for (const Density& density : all)
        std::printf("%-22s %6zu lines %4zu assertions %5.1f per 1,000\n", density.folder.c_str(),
                    density.lines, density.assertions, density.per_thousand());
    for (const Floor& floor : kDensity) {
        const auto at = std::ranges::find(all, floor.folder, &Density::folder);
        ASSERT_NE(at, all.end()) << floor.folder;
        EXPECT_GE(at->per_thousand(), floor.least) << floor.folder;
    }
}

// ---- planted ------------------------------------------------------------------------------------

ClassSize measured(const std::string& header, const std::string& source, const std::string& name) {
    const auto sizes = sizes_of_classes({{"node/x.h", header}, {"node/x.cpp", source}});
    const auto at = std::ranges::find(sizes, name, &ClassSize::name);
    EXPECT_NE(at, sizes.end()) << name;
    return at == sizes.end() ? ClassSize{} : *at;
}

TEST(ClassSizes, CountFunctionsAndFieldsAsTheyAreDeclared) {
    const ClassSize size = measured(R"(namespace weft {
class X final : public Base {
public:
    X() = default;
    explicit X(int a);
    void one(std::function<void()> each) const;
    template <class T>
    void two(T a) { a(); }
    bool operator()(int a) const;
    bool operator==(const X&) const = default;
    using Y = int;
    enum class Kind : int { A, B };
private:
    static constexpr int kMost = 3;
    friend class Z;
    std::function<void(int)> field;
    std::map<int, std::string> by{};
    Instant until = Instant::never();
    Z* other = nullptr;  // comment with call();
};
}
)",
                                    "", "X");
    EXPECT_EQ(size.functions, 4U);
    EXPECT_EQ(size.fields, 4U);
    EXPECT_EQ(size.lines, 19U);
}

TEST(ClassSizes, TakeInitializersForNoBodies) {
    const ClassSize size = measured(
        "class X {\n    explicit X(int a) : a_{a}, b_{a} {}\n"
        "    X() : X{1} {}\n    void f() const {}\n\n    int a_, b_;\n};\n",
        "", "X");
    EXPECT_EQ(size.functions, 3U);
    EXPECT_EQ(size.fields, 1U);
}

TEST(ClassSizes, AddWhatIsDefinedElsewhereInTheFolder) {
    const ClassSize size = measured("struct A::B : C {\n    void f();\n    int g() const;\n};\n",
                                    "void A::B::f() {\n    g();\n}\n\nint A::B::g() const {\n"
                                    "    if (x) {\n        return 1;\n    }\n    return 2;\n}\n"
                                    "void other() {\n    A::B::f();\n}\n",
                                    "A::B");
    EXPECT_EQ(size.functions, 2U);
    EXPECT_EQ(size.lines, 4U + 3U + 6U);
}

TEST(ClassSizes, AddWhatIsDefinedInAFolderBelow) {
    const auto sizes = sizes_of_classes({{"node/x.h", "struct A {\n    void f();\n};\n"},
                                         {"node/contact/y.cpp", "void A::f() {\n    g();\n}\n"},
                                         {"core/z.cpp", "void A::f() {\n    g();\n}\n"}});
    ASSERT_EQ(sizes.size(), 1U);
    EXPECT_EQ(sizes[0].lines, 6U);
}

TEST(ClassSizes, DoNotCountInnerClassesTwice) {
    const std::string text =
        "class X {\n    struct In {\n        int a = 0;\n        int b = 0;\n    };\n"
        "    In in_;\n};\n";
    EXPECT_EQ(measured(text, "", "X").fields, 1U);
    EXPECT_EQ(measured(text, "", "X").lines, 3U);
    EXPECT_EQ(measured(text, "", "X::In").fields, 2U);
}

ClassSize of(std::size_t lines, std::size_t functions, std::size_t fields) {
    ClassSize size;
    size.folder = "node";
    size.name = "X";
    size.header = "node/x.h";
    size.lines = lines;
    size.functions = functions;
    size.fields = fields;
    return size;
}

TEST(ClassLimits, HoldForEachNumber) {
    EXPECT_TRUE(check_classes({of(500, 30, 15)}, {}).empty());
    EXPECT_EQ(check_classes({of(501, 30, 15)}, {}).size(), 1U);
    EXPECT_EQ(check_classes({of(500, 31, 15)}, {}).size(), 1U);
    EXPECT_EQ(check_classes({of(500, 30, 16)}, {}).size(), 1U);
    EXPECT_TRUE(check_classes({of(100, 2, 40)}, {}).empty()) << "a record";
}

TEST(ClassLimits, GiveWayToAnExceptionAsFarAsItGoes) {
    const LargeClass known[] = {{"node", "X", 600, 40, 20, "because"}};
    EXPECT_TRUE(check_classes({of(600, 40, 20)}, known).empty());
    EXPECT_EQ(check_classes({of(601, 40, 20)}, known).size(), 1U);
    EXPECT_EQ(check_classes({of(100, 3, 2)}, known).size(), 1U) << "needs none any more";
    EXPECT_EQ(check_classes({}, known).size(), 1U) << "is gone";
    EXPECT_TRUE(check_classes({of(571, 38, 19)}, known).empty());
    EXPECT_EQ(check_classes({of(570, 40, 20)}, known).size(), 1U) << "lines far below";
    EXPECT_EQ(check_classes({of(600, 37, 20)}, known).size(), 1U) << "functions";
    EXPECT_EQ(check_classes({of(600, 40, 18)}, known).size(), 1U) << "fields";
}

TEST(HeaderLimits, FindLongHeadersAndStaleExceptions) {
    const std::string lines(151, '\n');
    EXPECT_EQ(check_headers({{"node/x.h", lines}}, {}).size(), 1U);
    EXPECT_TRUE(check_headers({{"tests/node/x.h", lines}}, {}).empty());
    const LargeHeader loose[] = {{"node/x.h", 160, "because"}};
    EXPECT_EQ(check_headers({{"node/x.h", lines}}, loose).size(), 1U);
    const LargeHeader known[] = {{"node/x.h", 151, "because"}};
    EXPECT_TRUE(check_headers({{"node/x.h", lines}}, known).empty());
    EXPECT_EQ(check_headers({{"node/x.h", lines + "\n"}}, known).size(), 1U);
    EXPECT_EQ(check_headers({{"node/x.h", "\n"}}, known).size(), 1U);
}

TEST(HeaderLimits, CountWhoSeesTheInsideOfAClass) {
    std::vector<SourceFile> files = {{"node/x.h", "struct A::B : C {\n};\n"}};
    for (const char* path : {"node/a.cpp", "node/b.cpp", "node/c.cpp"})
        files.push_back({path, "#include \"node/x.h\"\n"});
    EXPECT_TRUE(check_insides(files, {}).empty());
    files.push_back({"tests/node/d.cpp", "#include \"node/x.h\"\n"});
    EXPECT_TRUE(check_insides(files, {}).empty());
    files.push_back({"node/d.cpp", "#include \"node/x.h\"\n"});
    EXPECT_EQ(check_insides(files, {}).size(), 1U);
    files[0].text = "struct B : C {\n};\n";
    EXPECT_TRUE(check_insides(files, {}).empty()) << "no inside";
}

TEST(RawIds, AreFoundInHeadersOfCores) {
    const auto in = [](const char* path, const char* text) {
        return check_raw_ids({{path, text}}, {}).size();
    };
    EXPECT_EQ(in("node/x.h", "    std::uint64_t seq = 0;\n"), 1U);
    EXPECT_EQ(in("node/x.h", "    void f(std::uint32_t row_slot);\n"), 1U);
    EXPECT_EQ(in("node/x.h", "    FetchId fetch_id;\n"), 0U);
    EXPECT_EQ(in("node/x.h", "    std::uint64_t seq() const;\n"), 0U) << "a function";
    EXPECT_EQ(in("node/x.h", "    std::uint64_t bytes = 0;\n"), 0U);
    EXPECT_EQ(in("node/runtime/x.h", "    std::uint64_t seq = 0;\n"), 0U) << "no core";
    const RawId known[] = {{"node/x.h", "seq", "because"}};
    EXPECT_TRUE(check_raw_ids({{"node/x.h", "    std::uint64_t seq = 0;\n"}}, known).empty());
    EXPECT_EQ(check_raw_ids({{"node/x.h", ""}}, known).size(), 1U);
}

TEST(AssertionDensity, CountsPerFolder) {
    const auto all = assertion_density(
        {{"node/x.cpp", "int a;\n\nWEFT_INVARIANT(a, \"b\");\n// WEFT_INVARIANT(\n"},
         {"node/runtime/x.cpp", "int a;\n"},
         {"tests/node/x.cpp", "int a;\n"}});
    ASSERT_EQ(all.size(), 2U);
    EXPECT_EQ(all[0].folder, "node");
    EXPECT_EQ(all[0].lines, 2U);
    EXPECT_EQ(all[0].assertions, 1U);
    EXPECT_EQ(all[0].per_thousand(), 500.0);
}

}  // namespace
}  // namespace weft::tidy
