#include "entity/host.h"

#include "core/byte_io.h"
#include "core/error.h"
#include "core/invariant.h"
#include "core/mutant.h"

#include <algorithm>

namespace weft::entity {

namespace {

bool key_above(const Entity* a, const Entity* b) { return a->key() > b->key(); }

// Malloc's share, the place in the table and among the dirty ones, for the memory bounds.
constexpr std::size_t kEntityOverheadBytes = 40;
// States that were ahead, kept for commands to come. None of them is large, or the memory of one
// big value would stay for ever.
constexpr std::size_t kSpareMax = 256;
constexpr std::size_t kSpareStateBytesMax = 4096;

std::size_t bytes_of(const Entity& entity) {
    std::size_t bytes = sizeof(Entity) + kEntityOverheadBytes + entity.key_bytes +
                        entity.committed.state.size() + entity.unflushed.bytes();
    if (entity.ahead) bytes += sizeof(Ahead) + entity.ahead->image.state.size();
    return bytes;
}

Decision too_large(std::string_view what, std::size_t bytes) {
    return rejection(
        make_error(ErrorNumber::PayloadTooLarge,
                   fmt::format("{} of {} bytes, at most {}", what, bytes, kPayloadBytesMax)));
}

// A handler that breaks its limits has decided nothing that could be stored.
std::optional<Decision> broken_limit(const Decision& decision, Kind kind) {
    if (decision.reply.size() > kPayloadBytesMax)
        return too_large("a reply", decision.reply.size());
    switch (decision.change) {
        case Decision::Change::None:
            return std::nullopt;
        case Decision::Change::SetValue:
            if (decision.value.size() > kPayloadBytesMax)
                return too_large("a value", decision.value.size());
            break;
        case Decision::Change::Delete:
            break;
        case Decision::Change::Events: {
            std::size_t bytes = 0;
            for (const Bytes& event : decision.events) bytes += event.size();
            if (bytes > kPayloadBytesMax) return too_large("events", bytes);
            if (decision.events.empty() || decision.events.size() > kEventsPerCommandMax)
                return rejection(make_error(
                    ErrorNumber::Bug, fmt::format("a handler made {} events, 1 to {} fit",
                                                  decision.events.size(), kEventsPerCommandMax)));
            break;
        }
    }
    if (!rules_of(kind).accepts(decision.change))
        return rejection(
            make_error(ErrorNumber::Bug, "a handler's change is not of its type's kind"));
    return std::nullopt;
}

}  // namespace

class Host::Accounting {
public:
    Accounting(Host& host, const Entity& entity)
        : host_(host), entity_(entity), bytes_(bytes_of(entity)), dirty_(entity.dirty) {}
    Accounting(const Accounting&) = delete;
    Accounting& operator=(const Accounting&) = delete;
    ~Accounting() {
        const std::size_t now = bytes_of(entity_);
        host_.bytes_ += now - bytes_;
        host_.dirty_bytes_ += (entity_.dirty ? now : 0) - (dirty_ ? bytes_ : 0);
    }

private:
    Host& host_;
    const Entity& entity_;
    std::size_t bytes_;
    bool dirty_;
};

Entity* Host::find(std::string_view key) { return table_.find(key); }

const Entity* Host::find(std::string_view key) const { return table_.find(key); }

Entity& Host::obtain(const KeyParts& at, Instant now) {
    obtained_key_.clear();
    write_key(obtained_key_, at.hash, at.type, at.id);
    if (Entity* entity = find(obtained_key_)) return *entity;
    Entity& entity = table_.add(obtained_key_);
    entity.used = now;
    link_newest(entity);
    bytes_ += bytes_of(entity);
    return entity;
}

void Host::touch(Entity& entity, Instant now) {
    entity.used = now;
    if (newest_ == &entity) return;
    unlink(entity);
    link_newest(entity);
}

// Of what does not exist no revision is shown: it would be there while the entity is in memory, and
// not after an eviction (finding 15).
Decision Host::decide(const EntityType& type, const Entity& entity, std::string_view command,
                      std::string_view payload, const Context& context) {
    const Image& image = WEFT_MUTANT(HandlerSeesCommittedOnly) ? entity.committed : newest(entity);
    const Standing shown = image.standing.shown();
    const StateView view{.exists = shown.exists(),
                         .state = image.state,
                         .revision = shown.revision,
                         .version = shown.version,
                         .generation = shown.generation};
    Decision decision = type.handle(view, command, payload, context);
    if (decision.rejected) {
        decision.change = Decision::Change::None;
        decision.reply = {};
        return decision;
    }
    if (auto broken = broken_limit(decision, type.info().kind)) return std::move(*broken);
    return decision;
}

// A new entity's generation is the index of the entry that makes it, and a delete leaves none: what
// is compared with a value of an earlier life never fits. A spare still holds another entity's
// state: nothing of it is read, and all of it is set.
Result<std::unique_ptr<Ahead>> Host::draft(const EntityType& type, const Entity& entity,
                                           const Decision& decision, LogIndex index) {
    std::unique_ptr<Ahead> next;
    if (spare_.empty()) {
        next = std::make_unique<Ahead>();
    } else {
        next = std::move(spare_.back());
        spare_.pop_back();
    }
    const Image& before = newest(entity);
    Image& after = next->image;
    next->last = index;
    const Revision revision{index.value};
    if (decision.change == Decision::Change::Delete) {
        after.state.clear();
        after.standing = {.revision = revision, .version = {}, .generation = {}};
        return next;
    }
    after.standing =
        before.exists() ? before.standing : Standing{{}, Version{}, Generation{index.value}};
    after.standing.revision = revision;
    if (auto drafted = rules_of(type.info().kind).draft(type, before, decision, after); !drafted)
        return std::unexpected(std::move(drafted).error());
    return next;
}

void Host::advance(Entity& entity, std::unique_ptr<Ahead> next, Kind kind) {
    const Accounting accounting(*this, entity);
    entity.kind = kind;
    std::swap(entity.ahead, next);
    if (next) retire(std::move(next));
}

void Host::drop_ahead(Entity& entity) {
    if (!entity.ahead) return;
    const Accounting accounting(*this, entity);
    retire(std::move(entity.ahead));
}

// The state ahead is the committed one only when this entry is the newest it rests on; with more of
// them under way it stays ahead, and the kind applies this entry to what was committed before. The
// index alone tells which it is: a draft goes with its term (S27), or an entry of another leader at
// that index would be given our state.
void Host::commit(Entity& entity, const Change& change, const EntityType* type) {
    const Accounting accounting(*this, entity);
    const KindRules& rules = rules_of(change.kind);
    const bool settled = entity.ahead && entity.ahead->last == change.index;
    if (settled) {
        WEFT_INVARIANT(entity.ahead->image.standing.version == change.version,
                       "entry {} makes version {}, its proposer had {}", change.index.value,
                       change.version.value, entity.ahead->image.standing.version.value);
        std::swap(entity.committed, entity.ahead->image);
        retire(std::move(entity.ahead));
        entity.loaded = true;
    } else {
        entity.committed.standing = change.standing();
        rules.apply(entity, change, type);
    }
    entity.kind = change.kind;
    entity.known = true;
    rules.keep(entity, change);
    mark_dirty(entity);
}

void Host::loaded(Entity& entity, Image image, Kind kind) {
    WEFT_INVARIANT(!entity.loaded, "an entity was loaded twice");
    const Accounting accounting(*this, entity);
    entity.committed = std::move(image);
    entity.kind = kind;
    entity.known = true;
    entity.loaded = true;
    entity.loading = false;
}

void Host::flushed(Entity& entity, PersistSeq seq) {
    const Accounting accounting(*this, entity);
    entity.flush_seq = seq;
    flushes_.push_back({&entity, seq});
    entity.unflushed.clear();
    if (!entity.dirty) return;
    dirty_.back()->dirty_at = entity.dirty_at;
    dirty_[entity.dirty_at] = dirty_.back();
    dirty_.pop_back();
    entity.dirty = false;
}

// Flushed again meanwhile, an entity is in the queue twice; only the last flush counts for it, and
// unwritten() asks for that.
void Host::persisted(PersistSeq seq) {
    while (!flushes_.empty() && flushes_.front().seq <= seq) flushes_.pop_front();
}

std::vector<const Entity*> Host::unwritten() const {
    std::vector<const Entity*> found(dirty_.begin(), dirty_.end());
    for (const Flush& flush : flushes_)
        if (!flush.entity->dirty && flush.entity->flush_seq == flush.seq)
            found.push_back(flush.entity);
    return found;
}

// A heap and not a sort: a sweep is spread over many steps, and so is its ordering.
void Host::begin_sweep() {
    to_sweep_ = dirty_;
    std::ranges::make_heap(to_sweep_, key_above);
}

Entity* Host::next_to_sweep() {
    if (to_sweep_.empty()) {
        std::vector<Entity*>().swap(to_sweep_);  // cleared, it would keep a burst's memory for ever
        return nullptr;
    }
    std::ranges::pop_heap(to_sweep_, key_above);
    Entity* entity = to_sweep_.back();
    to_sweep_.pop_back();
    WEFT_INVARIANT(entity->dirty, "an entity to be swept is clean");
    return entity;
}

// Its rows must be all there is of it: on disk, with nothing above them in memory, and with nobody
// who waits for them.
bool Host::evictable(const Entity& entity, PersistSeq persisted_seq) {
    const bool on_disk = entity.flush_seq <= persisted_seq || WEFT_MUTANT(EvictBeforeSync);
    return !entity.dirty && !entity.loading && !entity.ahead && on_disk;
}

// Nothing points to it any more: neither the dirty ones, nor a sweep, nor a flush under way.
void Host::evict(Entity& entity) {
    WEFT_INVARIANT(!entity.dirty, "a dirty entity was evicted");
    unlink(entity);
    bytes_ -= bytes_of(entity);
    table_.erase(entity);
}

void Host::clear() {
    dirty_.clear();
    flushes_.clear();
    to_sweep_.clear();
    table_.clear();
    newest_ = oldest_ = nullptr;
    bytes_ = dirty_bytes_ = 0;
}

// Who has fallen out of the order of use is never the coldest, and would stay in memory for ever.
void Host::check() const {
    std::size_t linked = 0;
    std::size_t bytes = 0;
    std::size_t dirty_bytes = 0;
    for (const Entity* entity = oldest_; entity != nullptr; entity = entity->newer) {
        ++linked;
        bytes += bytes_of(*entity);
        if (entity->dirty) dirty_bytes += bytes_of(*entity);
        WEFT_INVARIANT(entity->unflushed.empty() || entity->dirty,
                       "unflushed events, but not dirty");
    }
    WEFT_INVARIANT(linked == table_.size(), "{} of {} entities are in the order of use", linked,
                   table_.size());
    WEFT_INVARIANT(bytes == bytes_, "{} bytes counted, {} summed", bytes_, bytes);
    WEFT_INVARIANT(dirty_bytes == dirty_bytes_, "{} dirty bytes counted, {} summed", dirty_bytes_,
                   dirty_bytes);
}

void Host::link_newest(Entity& entity) {
    entity.newer = nullptr;
    entity.older = newest_;
    if (newest_ != nullptr) newest_->newer = &entity;
    newest_ = &entity;
    if (oldest_ == nullptr) oldest_ = &entity;
}

void Host::unlink(Entity& entity) {
    (entity.newer != nullptr ? entity.newer->older : newest_) = entity.older;
    (entity.older != nullptr ? entity.older->newer : oldest_) = entity.newer;
}

void Host::mark_dirty(Entity& entity) {
    if (entity.dirty) return;
    entity.dirty = true;
    entity.dirty_at = static_cast<std::uint32_t>(dirty_.size());
    dirty_.push_back(&entity);
}

void Host::retire(std::unique_ptr<Ahead> ahead) {
    if (spare_.size() >= kSpareMax || ahead->image.state.capacity() > kSpareStateBytesMax) return;
    spare_.push_back(std::move(ahead));
}

}  // namespace weft::entity
