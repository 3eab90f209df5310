#include "membership/datagram.h"

#include "core/byte_io.h"
#include "core/hash.h"
#include "core/overloaded.h"

#include <array>
#include <cstring>
#include <variant>

namespace weft::membership {

namespace {

constexpr std::uint8_t kVersion = 1;
// Numbers of the wire; never changed, never used again.
enum class Kind : std::uint8_t {
    Ping = 1,
    Ack = 2,
    PingRequest = 3,
    RelayedAck = 4,
    Nack = 5,
    Rumour = 6,
    BucketSums = 7,
    BucketFacts = 8,
    Fact = 9,
};

// Seven bits a byte, the lowest first: boots, counters and sequences are small in all meshes there
// are, and half of a claim would be zeros.
void put_number(ByteWriter& writer, std::uint64_t value) {
    for (; value >= 0x80; value >>= 7) writer.put(static_cast<std::uint8_t>(value | 0x80));
    writer.put(static_cast<std::uint8_t>(value));
}

class Reader {
public:
    explicit Reader(std::string_view bytes) : bytes_(bytes) {}

    bool bad() const { return bad_ || bytes_.bad(); }
    bool more() const { return !bad() && !bytes_.rest().empty(); }
    template <class T>
    T fixed() {
        return bytes_.get<T>();
    }
    template <class Id>
    Id id() {
        return bytes_.get_id<Id>();
    }
    std::uint64_t number() {
        std::uint64_t value = 0;
        for (unsigned shift = 0; shift < 64; shift += 7) {
            const auto byte = bytes_.get<std::uint8_t>();
            const std::uint64_t part = byte & 0x7f;
            if (shift == 63 && part > 1) break;  // past 64 bits
            value |= part << shift;
            if ((byte & 0x80) != 0) continue;
            if (byte == 0 && shift != 0) break;  // a longer spelling of a smaller number
            return value;
        }
        bad_ = true;
        return 0;
    }
    Incarnation incarnation() {
        Incarnation read;
        read.boot = Boot{number()};
        read.counter = Counter{number()};
        return read;
    }
    void refuse() { bad_ = true; }

private:
    ByteReader bytes_;
    bool bad_ = false;
};

void put_claim(ByteWriter& writer, const Claim& claim) {
    const auto refused = static_cast<unsigned>(claim.evidence) << 4;
    writer.put(static_cast<std::uint8_t>(static_cast<unsigned>(claim.state) | refused));
    writer.put_id(claim.subject);
    put_number(writer, claim.incarnation.boot.value);
    put_number(writer, claim.incarnation.counter.value);
    if (accuses(claim.state)) writer.put_id(claim.accuser);
}

Claim get_claim(Reader& reader) {
    Claim claim;
    const auto what = reader.fixed<std::uint8_t>();
    claim.state = static_cast<MemberState>(what & 0x0f);
    claim.evidence = static_cast<Evidence>(what >> 4);
    const bool known = claim.state >= MemberState::Alive && claim.state <= MemberState::Left &&
                       claim.evidence <= Evidence::Refused;
    const bool fits = claim.evidence == Evidence::Silence || accuses(claim.state);
    if (!known || !fits) reader.refuse();
    claim.subject = reader.id<NodeId>();
    claim.incarnation = reader.incarnation();
    claim.accuser = claim.subject;
    if (accuses(claim.state)) {
        claim.accuser = reader.id<NodeId>();
        if (claim.accuser == claim.subject) reader.refuse();  // nobody accuses itself
    }
    // A boot counts from 1: nothing was ever said of an earlier one.
    if (claim.incarnation.boot == Boot{}) reader.refuse();
    return claim;
}

void put_bucket(ByteWriter& writer, const Bucket& bucket) {
    writer.put(bucket.depth);
    for (std::size_t i = 0; i < (bucket.depth + 1U) / 2; ++i) writer.put(bucket.prefix.bytes[i]);
}

Bucket get_bucket(Reader& reader) {
    Bucket bucket;
    bucket.depth = reader.fixed<std::uint8_t>();
    if (bucket.depth > kBucketDepthMax) {
        reader.refuse();
        return {};
    }
    for (std::size_t i = 0; i < (bucket.depth + 1U) / 2; ++i)
        bucket.prefix.bytes[i] = reader.fixed<std::uint8_t>();
    if (bucket.depth % 2 == 1 && (bucket.prefix.bytes[bucket.depth / 2] & 0x0f) != 0)
        reader.refuse();
    return bucket;
}

void put_message(ByteWriter& writer, const Message& message) {
    const auto kind = [&](Kind which) { writer.put(static_cast<std::uint8_t>(which)); };
    const auto probe = [&](Kind which, const auto& said) {
        kind(which);
        writer.put(said.number.value);
        writer.put(said.stamp.value);
        writer.put(said.digest.value);
    };
    std::visit(Overloaded{
                   [&](const Ping& ping) { probe(Kind::Ping, ping); },
                   [&](const Ack& ack) { probe(Kind::Ack, ack); },
                   [&](const PingRequest& request) {
                       kind(Kind::PingRequest);
                       writer.put(request.number.value);
                       writer.put_id(request.target);
                   },
                   [&](const RelayedAck& ack) {
                       kind(Kind::RelayedAck);
                       writer.put(ack.number.value);
                   },
                   [&](const Nack& nack) {
                       kind(Kind::Nack);
                       writer.put(nack.number.value);
                   },
                   [&](const Rumour& rumour) {
                       kind(Kind::Rumour);
                       put_claim(writer, rumour.claim);
                   },
                   [&](const BucketSums& sums) {
                       kind(Kind::BucketSums);
                       put_bucket(writer, sums.bucket);
                       for (const std::uint32_t sum : sums.sums) writer.put(sum);
                   },
                   [&](const BucketFacts& facts) {
                       kind(Kind::BucketFacts);
                       put_bucket(writer, facts.bucket);
                   },
                   [&](const Fact& fact) {
                       kind(Kind::Fact);
                       put_claim(writer, fact.claim);
                   },
               },
               message);
}

template <class Probe>
Probe get_probe(Reader& reader) {
    Probe probe;
    probe.number.value = reader.fixed<std::uint32_t>();
    probe.stamp.value = reader.fixed<std::uint32_t>();
    probe.digest.value = reader.fixed<std::uint64_t>();
    return probe;
}

ProbeNumber get_probe_number(Reader& reader) { return ProbeNumber{reader.fixed<std::uint32_t>()}; }

Message get_message(Reader& reader) {
    switch (static_cast<Kind>(reader.fixed<std::uint8_t>())) {
        case Kind::Ping:
            return get_probe<Ping>(reader);
        case Kind::Ack:
            return get_probe<Ack>(reader);
        case Kind::PingRequest: {
            PingRequest request;
            request.number = get_probe_number(reader);
            request.target = reader.id<NodeId>();
            return request;
        }
        case Kind::RelayedAck:
            return RelayedAck{get_probe_number(reader)};
        case Kind::Nack:
            return Nack{get_probe_number(reader)};
        case Kind::Rumour:
            return Rumour{get_claim(reader)};
        case Kind::BucketSums: {
            BucketSums sums;
            sums.bucket = get_bucket(reader);
            for (std::uint32_t& sum : sums.sums) sum = reader.fixed<std::uint32_t>();
            return sums;
        }
        case Kind::BucketFacts:
            return BucketFacts{get_bucket(reader)};
        case Kind::Fact:
            return Fact{get_claim(reader)};
    }
    reader.refuse();
    return Nack{};
}

std::size_t bytes_max(Carrier carrier) {
    return carrier == Carrier::Datagram ? kBodyBytesMax : kStreamBytesMax;
}

std::size_t messages_max(Carrier carrier) {
    return carrier == Carrier::Datagram ? kDatagramMessagesMax : kStreamMessagesMax;
}

}  // namespace

std::uint32_t mesh_tag(const ClusterId& cluster, const NodeId& receiver) {
    std::array<char, 32> both{};
    std::memcpy(both.data(), cluster.bytes.data(), 16);
    std::memcpy(both.data() + 16, receiver.bytes.data(), 16);
    return static_cast<std::uint32_t>(xxh3_64({both.data(), both.size()}));
}

DatagramWriter::DatagramWriter(std::string& out, Carrier carrier)
    : out_(out),
      begin_(out.size()),
      bytes_max_(bytes_max(carrier)),
      messages_max_(membership::messages_max(carrier)) {}

void DatagramWriter::begin(const Header& header) {
    begin_ = out_.size();
    messages_ = 0;
    ByteWriter writer(out_);
    writer.put(kVersion);
    writer.put(header.mesh);
    put_number(writer, header.to_boot.value);
    writer.put_id(header.sender);
    put_number(writer, header.incarnation.boot.value);
    put_number(writer, header.incarnation.counter.value);
    put_number(writer, header.sequence.value);
    writer.put(static_cast<std::uint8_t>(header.quality));
}

bool DatagramWriter::add(const Message& message) {
    if (messages_ == messages_max_) return false;
    const std::size_t before = out_.size();
    ByteWriter writer(out_);
    put_message(writer, message);
    if (bytes() > bytes_max_) {
        out_.resize(before);
        return false;
    }
    ++messages_;
    return true;
}

std::size_t DatagramWriter::room() const {
    return messages_ == messages_max_ || bytes() > bytes_max_ ? 0 : bytes_max_ - bytes();
}

bool read_datagram(std::string_view bytes, Carrier carrier, Datagram& out) {
    out.messages.clear();
    if (bytes.size() > bytes_max(carrier)) return false;
    Reader reader(bytes);
    if (reader.fixed<std::uint8_t>() != kVersion) return false;
    out.header.mesh = reader.fixed<std::uint32_t>();
    out.header.to_boot = Boot{reader.number()};
    out.header.sender = reader.id<NodeId>();
    out.header.incarnation = reader.incarnation();
    out.header.sequence = Sequence{reader.number()};
    out.header.quality = static_cast<Quality>(reader.fixed<std::uint8_t>());
    if (reader.bad() || out.header.incarnation.boot == Boot{}) return false;
    if (out.header.quality > Quality::Degraded) return false;
    while (reader.more()) {
        if (out.messages.size() == messages_max(carrier)) return false;
        out.messages.push_back(get_message(reader));
    }
    return !reader.bad();
}

}  // namespace weft::membership
