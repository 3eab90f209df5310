#pragma once
// Who is meant of a group's members: by their places in one configuration.

#include <array>
#include <bit>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <iterator>

namespace weft::replication {

inline constexpr std::size_t kMembersMax = 16;

// A place in Config::members. It means nothing without that configuration, so whoever holds one
// holds both, and neither effects nor events carry it.
struct Seat {
    constexpr explicit Seat(std::size_t at) : place(static_cast<std::uint8_t>(at)) {}
    std::uint8_t place;
    constexpr auto operator<=>(const Seat&) const = default;
};

// What is known of each member of one Config, by its seat.
template <class Value>
class BySeat {
public:
    constexpr BySeat() = default;
    constexpr explicit BySeat(const Value& all) { values_.fill(all); }
    constexpr Value& operator[](Seat seat) { return values_[seat.place]; }
    constexpr const Value& operator[](Seat seat) const { return values_[seat.place]; }

private:
    std::array<Value, kMembersMax> values_{};
};

// Some members of one Config, by their seats; like these, nothing without it.
class PeerSet {
public:
    constexpr PeerSet() = default;
    // The first `members` of a configuration.
    static constexpr PeerSet first(std::size_t members) {
        return from_bits(static_cast<std::uint16_t>((std::uint32_t{1} << members) - 1));
    }
    // As it is on disk: bit i is place i.
    static constexpr PeerSet from_bits(std::uint16_t bits) {
        PeerSet set;
        set.bits_ = bits;
        return set;
    }
    constexpr std::uint16_t bits() const { return bits_; }

    constexpr bool has(Seat seat) const { return (bits_ >> seat.place & 1U) != 0; }
    constexpr void add(Seat seat) { set(seat, true); }
    constexpr void remove(Seat seat) { set(seat, false); }
    constexpr void set(Seat seat, bool in) {
        const auto bit = static_cast<std::uint16_t>(1U << seat.place);
        bits_ = static_cast<std::uint16_t>(in ? bits_ | bit : bits_ & ~bit);
    }
    constexpr std::size_t count() const { return static_cast<std::size_t>(std::popcount(bits_)); }
    constexpr bool empty() const { return bits_ == 0; }
    constexpr PeerSet without(PeerSet others) const { return *this & others.complement(); }
    // All others that a configuration could have.
    constexpr PeerSet complement() const { return from_bits(static_cast<std::uint16_t>(~bits_)); }
    friend constexpr PeerSet operator|(PeerSet a, PeerSet b) {
        return from_bits(static_cast<std::uint16_t>(a.bits_ | b.bits_));
    }
    friend constexpr PeerSet operator&(PeerSet a, PeerSet b) {
        return from_bits(static_cast<std::uint16_t>(a.bits_ & b.bits_));
    }
    constexpr bool operator==(const PeerSet&) const = default;

    // Its seats, in the order of the table.
    class Seats {
    public:
        constexpr explicit Seats(std::uint16_t left) : left_(left) {}
        constexpr Seat operator*() const {
            return Seat(static_cast<std::size_t>(std::countr_zero(left_)));
        }
        constexpr Seats& operator++() {
            left_ = static_cast<std::uint16_t>(left_ & (left_ - 1));
            return *this;
        }
        constexpr bool operator==(std::default_sentinel_t) const { return left_ == 0; }

    private:
        std::uint16_t left_;
    };
    constexpr Seats begin() const { return Seats(bits_); }
    static constexpr std::default_sentinel_t end() { return {}; }

private:
    std::uint16_t bits_ = 0;
};

}  // namespace weft::replication
