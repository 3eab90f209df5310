// An entity comes into memory through Fetch and leaves it when nobody uses it (docs/design.md,
// "Entities"). The entity waits for its rows, the partition does not. Only a leader activates.

#include "core/error.h"
#include "core/invariant.h"
#include "replication/partition/partition_state.h"

namespace weft::replication {

namespace {

// The read itself failed: nothing is known about the rows.
std::optional<Error> read_error(const FetchResult& result) {
    return std::visit(
        [](const auto& item) -> std::optional<Error> {
            if (item.has_value()) return std::nullopt;
            return item.error();
        },
        result);
}

}  // namespace

void Partition::State::enqueue(const Step& step, entity::Entity& entity, Queued item) {
    if (!entity.loading && !entity.known && !stored.any()) {
        // The log began with this group and named no such entity: there is nothing to fetch.
        host.loaded(entity, {}, entity.kind);
        run(step, entity, item);
        return;
    }
    switch (mailboxes.add(entity.key(), item, options.limits)) {
        case Mailboxes::Added::NoRoom:
            refuse({item.from, item.request.id,
                    make_error(ErrorNumber::MailboxFull, "too many commands wait for the entity")},
                   step.out);
            return;
        case Mailboxes::Added::Behind:
            return;
        case Mailboxes::Added::First:
            break;
    }
    WEFT_PROBE("partition.activation");
    entity.loading = true;
    const std::string key(entity.key());
    advance_activation(key, mailboxes.find(key)->loader, step.out);
}

// Asks for the next thing the activation needs.
void Partition::State::advance_activation(const std::string& key, EntityLoader& loader,
                                          Effects& out) {
    auto what = loader.next(*host.find(key), prefix(), stored.on_disk(), options.limits);
    if (what) loader.asked(fetch({FetchPurpose::Kind::Activation, key}, std::move(*what), out));
}

void Partition::State::on_activation_fetched(const Step& step, const std::string& key,
                                             const Fetched& fetched) {
    Activation* const found = mailboxes.find(key);
    // The term was lost meanwhile; if it was won again, the entity may have changed in between and
    // its new activation has asked for itself.
    if (found == nullptr || !found->loader.awaits(fetched.id)) return;
    if (auto error = read_error(fetched.result)) {
        fail_activation(key, std::move(*error), false, step.out);
        return;
    }
    EntityLoader& loader = found->loader;
    entity::Entity& entity = *host.find(key);
    switch (loader.take(entity, types, fetched)) {
        case EntityLoader::Taken::More:
            advance_activation(key, loader, step.out);
            return;
        case EntityLoader::Taken::Loaded:
            host.loaded(entity, std::move(loader.image()), loader.kind());
            while (const auto item = mailboxes.next(key)) run(step, entity, *item);
            return;
        case EntityLoader::Taken::Damaged:
            fail_activation(key,
                            make_error(ErrorNumber::DataDamaged, "the entity's rows are damaged"),
                            true, step.out);
            return;
    }
}

void Partition::State::fail_activation(const std::string& key, Error error, bool damage,
                                       Effects& out) {
    host.find(key)->loading = false;
    while (const auto item = mailboxes.next(key))
        refuse({item->from, item->request.id, error}, out);
    if (damage) rows_damaged("partition.row_damaged");
}

void Partition::State::passivate(const Step& step) {
    if (!passivation.step(step.now, host, {stored.on_disk(), replica.base().index}, sweep.runs()))
        return;
    if (!sweep.runs()) sweep.begin(applied.last(), true, host);
    if (!sweep.own()) return;
    sweep_some(step, options.limits.own_sweep_rows);
    if (sweep.runs()) passivation.go_on(step.now.mono);
}

}  // namespace weft::replication
