// What is refused before any partition sees it.

#include "node/request_checks.h"

#include "entity/builtin/kv.h"
#include "node/facts.h"
#include "routing/key.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::node::test {
namespace {

constexpr std::uint32_t kGroups = 8;

struct RequestChecksTest : testing::Test {
    RequestChecksTest() { genesis.groups = kGroups; }

    Request put() const {
        Request request;
        request.type = "kv";
        request.entity = "a";
        request.command = "put";
        request.payload = "x";
        request.id.group =
            routing::group_of(genesis.hash_key, genesis.groups, request.type, request.entity);
        request.id.client.bytes[0] = 1;
        request.id.seq = 1;
        return digested(request);
    }
    static Request digested(Request request) {
        request.digest =
            routing::request_digest(request.type, request.entity, request.command, request.payload);
        return request;
    }
    Request of_facts(std::string_view command) const {
        Request request = put();
        request.type = kFactsType;
        request.entity = kFactsId;
        request.command = command;
        request.id.group =
            routing::group_of(genesis.hash_key, genesis.groups, request.type, request.entity);
        return digested(request);
    }
    // Empty: nothing is wrong with it.
    std::string wrong(const Request& request, bool of_node = false) const {
        const auto error = check_request(request, genesis, kGroups + 1, of_node);
        return error ? error->message : std::string();
    }

    routing::Genesis genesis;
};

TEST_F(RequestChecksTest, ARequestNamesTheGroupOfItsEntityAndIsWhole) {
    EXPECT_EQ(wrong(put()), "");
    struct Case {
        void (*change)(Request&);
        std::string says;
    };
    const Case cases[] = {
        {[](Request& r) { r.id.group = PartitionId{kGroups + 1}; }, "there is no partition 9"},
        {[](Request& r) { r.id.client = {}; }, "the request id is incomplete"},
        {[](Request& r) { r.id.seq = 0; }, "the request id is incomplete"},
        {[](Request& r) { r.id.group.value = r.id.group.value % kGroups + 1; },
         "lives in partition"},
        {[](Request& r) { r.payload = "y"; }, "the request's digest does not hold"},
    };
    for (const Case& c : cases) {
        Request request = put();
        c.change(request);
        EXPECT_NE(wrong(request).find(c.says), std::string::npos) << wrong(request);
    }
}

TEST_F(RequestChecksTest, OutcomesAreAskedOfGroupsThatHaveClients) {
    Request request = put();
    request.kind = RequestKind::Resolve;
    request.payload = "no digest is looked at";
    EXPECT_EQ(wrong(request), "");
    request.id.group = PartitionId{0};
    EXPECT_EQ(wrong(request), "no client has outcomes in partition 0");
}

TEST_F(RequestChecksTest, ClientsMayOnlyDescribeTheFactsOfTheMesh) {
    EXPECT_EQ(wrong(of_facts(kDescribeCommand)), "");
    EXPECT_NE(wrong(of_facts(kFoundCommand)), "");
    Request own = facts_request(kFoundCommand, "x");
    own.id.client.bytes[0] = 1;
    own.id.seq = 1;
    EXPECT_EQ(wrong(own, true), "");
    EXPECT_EQ(wrong(of_facts(kFoundCommand), true), "");
}

TEST_F(RequestChecksTest, WithoutRoomTheErrorSaysWhetherAnotherNodeHasSome) {
    const Room full{true, 7, 0, 100};
    EXPECT_EQ(no_room(full, true).code, ErrorCode::NotLeader);
    EXPECT_EQ(no_room(full, false).message, "this node only answers reads");
    EXPECT_EQ(no_room(Room{false, 7, 94, 100}, true).message, "7 bytes wait for the disk")
        << "that is soon over";
}

TEST_F(RequestChecksTest, RoomEndsWithTheDisksOrWithTheBytesThatMayWaitForIt) {
    EXPECT_TRUE((Room{false, 7, 93, 100}.any()));
    EXPECT_FALSE((Room{false, 7, 94, 100}.any())) << "the round at hand waits too";
    EXPECT_FALSE((Room{true, 0, 0, 100}.any()));
}

TEST_F(RequestChecksTest, WithoutRoomOnlyReadsAreTakenOn) {
    entity::TypeTable types;
    types.add(entity::make_kv());
    const Room some{false, 0, 0, 100};
    const Room none{true, 0, 0, 100};
    Request read = put();
    read.command = "get";
    Request resolve = read;
    resolve.kind = RequestKind::Resolve;
    Request unknown = read;
    unknown.type = "nothing";
    EXPECT_TRUE(takes_on(put(), some, types));
    EXPECT_FALSE(takes_on(put(), none, types));
    EXPECT_TRUE(takes_on(read, none, types));
    EXPECT_FALSE(takes_on(resolve, none, types));
    EXPECT_FALSE(takes_on(unknown, none, types)) << "whether it reads nobody knows";
}

}  // namespace
}  // namespace weft::node::test
