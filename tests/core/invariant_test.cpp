#include "core/invariant.h"

#include "core/log.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace weft {

namespace {

struct Caught : std::runtime_error {
    explicit Caught(const BrokenInvariant& broken)
        : std::runtime_error(
              fmt::format("{} | {} | {}", broken.condition, broken.line > 0, broken.message)) {}
};

void throw_it(const BrokenInvariant& broken) { throw Caught(broken); }
void return_from_it(const BrokenInvariant&) {}

std::string caught_from(int value) {
    try {
        WEFT_INVARIANT(value < 3, "value {}", value);
    } catch (const Caught& caught) {
        return caught.what();
    }
    return "";
}

TEST(Invariant, HandlerLearnsConditionPlaceAndValues) {
    const InvariantHandler before = set_invariant_handler(&throw_it);
    EXPECT_EQ(caught_from(2), "");
    EXPECT_EQ(caught_from(3), "value < 3 | true | value 3");
    EXPECT_EQ(set_invariant_handler(before), &throw_it);
}

TEST(InvariantDeathTest, DefaultPrintsAndAborts) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(WEFT_INVARIANT(1 > 2, "one {}", 1),
                 "invariant broken: 1 > 2 at .*invariant_test.cpp:[0-9]+: one 1");
}

TEST(InvariantDeathTest, AHandlerThatReturnsDoesNotLetTheStepGoOn) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            set_invariant_handler(&return_from_it);
            WEFT_INVARIANT(false, "never");
        },
        "");
}

// A probe handler is a bare function pointer, so what it saw has to live here.
std::string& last_probe() {
    static std::string name;
    return name;
}
void note_probe(std::string_view name) { last_probe() = name; }

TEST(Probe, TellsItsNameToTheHandlerOnly) {
    WEFT_PROBE("core.before_any_handler");
    EXPECT_EQ(last_probe(), "");
    const ProbeHandler before = set_probe_handler(&note_probe);
    EXPECT_EQ(before, nullptr);
    WEFT_PROBE("core.rare");
    EXPECT_EQ(last_probe(), "core.rare");
    set_probe_handler(before);
    WEFT_PROBE("core.after");
    EXPECT_EQ(last_probe(), "core.rare");
}

struct Lines : LogSink {
    std::vector<std::string> seen;
    void write(LogLevel, std::string_view event, std::initializer_list<LogField> fields) override {
        seen.push_back(fmt::format("{} {}", event, fields.size()));
    }
    bool takes(LogLevel level) const override { return level >= LogLevel::Warn; }
};

TEST(Log, WritesWhatItsSinkTakes) {
    Log{}.error("nobody.listens", {});
    Lines sink;
    const Log log(&sink);
    log.debug("d", {});
    log.info("i", {});
    log.warn("member.suspected", {{"term", Term{3}}, {"node", NodeId{}}});
    log.error("e", {{"text", "why"}});
    EXPECT_EQ(sink.seen, (std::vector<std::string>{"member.suspected 2", "e 1"}));
}

TEST(Log, ShortensIdsToEightDigits) {
    const LogField field("node", *NodeId::from_hex("0123456789abcdef0123456789abcdef"));
    EXPECT_EQ(std::get<std::string>(field.value), "01234567");
}

}  // namespace

}  // namespace weft
