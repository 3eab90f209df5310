#pragma once
// Latencies in log-linear buckets: every value is kept to within 1 / 128 of itself, in constant
// room and time, whatever the range.

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

namespace weft::cli {

class Histogram {
public:
    static constexpr int kSubBits = 7;  // 128 buckets between a power of two and the next

    void record(std::uint64_t value) {
        const std::size_t bucket = bucket_of(value);
        if (bucket >= counts_.size()) counts_.resize(bucket + 1);
        ++counts_[bucket];
        ++count_;
        max_ = std::max(max_, value);
        min_ = count_ == 1 ? value : std::min(min_, value);
    }

    void merge(const Histogram& other) {
        if (other.count_ == 0) return;
        if (other.counts_.size() > counts_.size()) counts_.resize(other.counts_.size());
        for (std::size_t b = 0; b < other.counts_.size(); ++b) counts_[b] += other.counts_[b];
        min_ = count_ == 0 ? other.min_ : std::min(min_, other.min_);
        max_ = std::max(max_, other.max_);
        count_ += other.count_;
    }

    // The smallest recorded value v (to within 1 / 128) such that at least `numerator` of
    // `denominator` values are at most v. 0 when nothing was recorded.
    std::uint64_t quantile(std::uint64_t numerator, std::uint64_t denominator) const {
        if (count_ == 0) return 0;
        __extension__ using Wide = unsigned __int128;
        const Wide wanted = static_cast<Wide>(count_) * numerator;
        const auto rank = std::max<std::uint64_t>(
            1, static_cast<std::uint64_t>((wanted + denominator - 1) / denominator));
        std::uint64_t seen = 0;
        for (std::size_t b = 0; b < counts_.size(); ++b) {
            seen += counts_[b];
            if (seen >= rank) return std::clamp(highest_of(b), min_, max_);
        }
        return max_;
    }

    std::uint64_t count() const { return count_; }
    std::uint64_t max() const { return max_; }
    std::uint64_t min() const { return min_; }

private:
    // Values below 2^(kSubBits + 1) have a bucket each; above, the leading kSubBits + 1 bits name
    // it.
    static std::size_t bucket_of(std::uint64_t value) {
        const auto width = static_cast<int>(std::bit_width(value));
        const int shift = std::max(0, width - (kSubBits + 1));
        return (static_cast<std::size_t>(shift) << kSubBits) +
               static_cast<std::size_t>(value >> shift);
    }
    static std::uint64_t highest_of(std::size_t bucket) {
        if (bucket < (std::size_t{2} << kSubBits)) return bucket;
        const std::size_t shift = (bucket >> kSubBits) - 1;
        const std::uint64_t lead = bucket - (shift << kSubBits);
        return (lead << shift) + ((std::uint64_t{1} << shift) - 1);
    }

    std::vector<std::uint64_t> counts_;
    std::uint64_t count_ = 0, min_ = 0, max_ = 0;
};

}  // namespace weft::cli
