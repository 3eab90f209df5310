#include "node/runtime/link_proof.h"

#include <sodium.h>
#include <sys/random.h>

#include <algorithm>
#include <utility>

namespace weft::node {

void LinkProof::connected() {
    secret_.reset();
    challenge_wanted_ = true;
    challenged_ = Instant::long_ago();
}

bool LinkProof::challenge_due(Instant now, bool link_used) const {
    if (now - challenged_ < kInterval) return false;
    return challenge_wanted_ || (!link_used && now - challenged_ >= kRepeatInterval);
}

std::optional<wire::LinkChallenge> LinkProof::challenge() {
    if (!secret_) {
        wire::LinkSecret fresh;
        const ssize_t got = getrandom(fresh.bytes.data(), fresh.bytes.size(), 0);
        if (got != static_cast<ssize_t>(fresh.bytes.size())) return std::nullopt;
        secret_ = fresh;
    }
    return wire::LinkChallenge{*secret_};
}

void LinkProof::challenge_sent(Instant now) {
    challenge_wanted_ = false;
    challenged_ = now;
}

bool LinkProof::prove(ClientRef from, Boot boot, const wire::LinkAnswer& answer) {
    if (!secret_) return false;
    const bool right = std::ranges::any_of(answer.secrets, [&](const wire::LinkSecret& secret) {
        // The time that it takes tells nothing of the secret.
        return sodium_memcmp(secret.bytes.data(), secret_->bytes.data(), secret.bytes.size()) == 0;
    });
    if (!right || is_proven(from)) return false;
    if (proven_.size() == kProvenMax) proven_.pop_front();
    proven_.push_back({from, boot});
    return true;
}

Standing LinkProof::standing(ClientRef from, Boot boot) const {
    const auto found = std::ranges::find(proven_, from, &Proven::connection);
    if (found == proven_.end()) return Standing::Unproven;
    return found->boot == boot ? Standing::Proven : Standing::Contradicts;
}

bool LinkProof::is_proven(ClientRef from) const {
    return std::ranges::find(proven_, from, &Proven::connection) != proven_.end();
}

void LinkProof::asked(ClientRef from, const wire::LinkSecret& secret) {
    const auto found = std::ranges::find(asked_, from, &Asked::connection);
    if (found != asked_.end()) {
        found->secret = secret;
        return;
    }
    ++askers_;
    if (asked_.size() < wire::kLinkSecretsMax) return asked_.push_back({from, secret});
    // Reservoir sampling: whoever came, and in whatever order, has the same chance.
    const std::uint64_t place = random_.below(askers_);
    if (place < asked_.size()) asked_[place] = {from, secret};
}

bool LinkProof::answer_due(Instant now) const {
    return !asked_.empty() && now - answered_ >= kInterval;
}

wire::LinkAnswer LinkProof::answer() const {
    wire::LinkAnswer answer;
    for (const Asked& each : asked_) answer.secrets.push_back(each.secret);
    return answer;
}

void LinkProof::answer_sent(Instant now) {
    asked_.clear();
    askers_ = 0;
    answered_ = now;
}

}  // namespace weft::node
