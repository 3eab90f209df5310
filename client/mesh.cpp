// The public client API over the driver.
#include "client/clock.h"
#include "client/driver.h"
#include "core/error.h"
#include "flatbuffers/wire_client.h"
#include "transport/sockets.h"
#include "weft/client.h"

#include <sys/eventfd.h>

#include <optional>
#include <thread>
#include <utility>

namespace weft {

// Owns the background thread. The thread shares the driver alone, so that the last handle may be
// dropped anywhere, also in a callback on that thread.
class Mesh::Impl {
public:
    explicit Impl(std::shared_ptr<client::Driver> driver)
        : driver_(std::move(driver)), thread_([shared = driver_] { shared->run(); }) {}
    ~Impl() {
        driver_->stop();
        if (thread_.get_id() == std::this_thread::get_id()) {
            thread_.detach();
        } else {
            thread_.join();
        }
    }
    Impl(const Impl&) = delete;
    Impl& operator=(const Impl&) = delete;

    client::Driver& driver() { return *driver_; }

private:
    std::shared_ptr<client::Driver> driver_;
    std::thread thread_;
};

struct Pending::State {
    std::shared_ptr<Mesh::Impl> impl;
    std::shared_ptr<client::CallSlot> slot;
    std::optional<CallResult> awaited;  // between the call's end and the coroutine's next step
};

CallResult Pending::get() { return state_->impl->driver().take(*state_->slot); }

void Pending::then(std::function<void(CallResult)> done) {
    // `done` may drop this object before on_end() is back.
    const auto state = state_;
    state->impl->driver().on_end(state->slot, std::move(done));
}

void Pending::await_suspend(std::coroutine_handle<> caller) {
    then([state = state_, caller](CallResult result) {
        state->awaited = std::move(result);
        caller.resume();
    });
}

CallResult Pending::await_resume() { return state_->awaited ? *std::move(state_->awaited) : get(); }

void Pending::give_up() { state_->impl->driver().give_up(state_->slot); }

bool Pending::ready() const { return state_->impl->driver().is_ready(*state_->slot); }

Entity Mesh::entity(std::string_view type, std::string_view id) const {
    return Entity(impl_, std::string(type), std::string(id));
}

CallResult Mesh::outcome(const RequestId& request, std::chrono::milliseconds timeout) const {
    client::StartCall start;
    start.kind = RequestKind::Resolve;
    start.timeout = timeout;
    start.request = request;
    auto slot = impl_->driver().submit(std::move(start), client::Completion::Waited, nullptr);
    return impl_->driver().take(*slot);
}

Result<Table> Mesh::admin(std::string_view verb, const std::vector<std::string>& arguments,
                          std::string_view address, std::chrono::milliseconds timeout) const {
    std::size_t bytes = 0;
    for (const std::string& argument : arguments) bytes += argument.size();
    if (verb.size() > wire::kVerbBytesMax || arguments.size() >= wire::kArgumentsMax ||
        bytes > wire::kArgumentBytesMax)
        return fail(ErrorNumber::PayloadTooLarge, "a question of {} arguments, {} bytes",
                    arguments.size(), bytes);
    routing::AdminRequest request;
    request.verb = verb;
    request.arguments = arguments;
    return impl_->driver().admin(std::move(request), std::string(address), timeout);
}

std::vector<std::pair<std::string, std::string>> Mesh::nodes() const {
    std::vector<std::pair<std::string, std::string>> all;
    for (routing::HelloNode& node : impl_->driver().nodes())
        all.emplace_back(std::move(node.name), std::move(node.client_address));
    return all;
}

ClusterId Mesh::cluster() const { return impl_->driver().cluster(); }

namespace {

client::StartCall start_of(const std::string& type, const std::string& id, std::string_view command,
                           const CallOptions& options) {
    client::StartCall start;
    start.type = type;
    start.id = id;
    start.command = command;
    start.timeout = options.timeout;
    start.request = options.request;
    start.force = options.force;
    return start;
}

}  // namespace

CallResult Entity::call(std::string_view command, std::string_view payload,
                        const CallOptions& options) const {
    client::StartCall start = start_of(type_, id_, command, options);
    start.payload = Bytes::copy_of(payload);
    auto slot = impl_->driver().submit(std::move(start), client::Completion::Waited, nullptr);
    return impl_->driver().take(*slot);
}

CallResult Entity::tell(std::string_view command, std::string_view payload,
                        const CallOptions& options) const {
    client::StartCall start = start_of(type_, id_, command, options);
    start.payload = Bytes::copy_of(payload);
    start.kind = RequestKind::Tell;
    auto slot = impl_->driver().submit(std::move(start), client::Completion::Waited, nullptr);
    return impl_->driver().take(*slot);
}

Pending Entity::start(std::string_view command, std::string_view payload,
                      const CallOptions& options) const {
    client::StartCall start = start_of(type_, id_, command, options);
    start.payload = Bytes::copy_of(payload);
    auto slot = impl_->driver().submit(std::move(start), client::Completion::Later, nullptr);
    return Pending(std::make_shared<Pending::State>(impl_, std::move(slot), std::nullopt));
}

void Entity::start(std::string_view command, std::string_view payload, const CallOptions& options,
                   std::function<void(CallResult)> done) const {
    client::StartCall start = start_of(type_, id_, command, options);
    start.payload = Bytes::copy_of(payload);
    impl_->driver().submit(std::move(start), client::Completion::Later, std::move(done));
}

Result<Mesh> connect(const ConnectOptions& options) {
    if (options.addresses.empty())
        return fail(ErrorNumber::BadConfiguration, "no address of a node was given");
    if (options.in_flight_max == 0 || options.in_flight_max > client::kInFlightMax)
        return fail(ErrorNumber::BadConfiguration, "in_flight_max is {}, it must be 1 to {}",
                    options.in_flight_max, client::kInFlightMax);
    if (options.cluster && options.cluster->is_zero())
        return fail(ErrorNumber::BadConfiguration,
                    "the cluster id is zero: leave it out to take "
                    "the mesh of the first node that answers");
    if (options.addresses.size() > client::kAddressesMax)
        return fail(ErrorNumber::BadConfiguration, "{} addresses of nodes, at most {}",
                    options.addresses.size(), client::kAddressesMax);
    if (options.program.size() > wire::kProgramBytesMax)
        return fail(ErrorNumber::BadConfiguration, "a program name of {} bytes, at most {}",
                    options.program.size(), wire::kProgramBytesMax);
    for (const std::string& address : options.addresses)
        if (auto good = transport::check_address(address); !good)
            return std::unexpected(std::move(good).error());
    const int wake = ::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (wake < 0) return fail(ErrorNumber::BadConfiguration, "no descriptor left for an eventfd");
    client::CallerOptions caller;
    caller.client = client::random_client_id();
    caller.addresses = options.addresses;
    caller.cluster = options.cluster.value_or(ClusterId{});
    caller.program = options.program;
    caller.in_flight_max = options.in_flight_max;
    auto driver = std::make_shared<client::Driver>(std::move(caller), wake);
    if (auto reached = driver->reach(options.timeout, options.give_up_when_refused); !reached)
        return std::unexpected(std::move(reached).error());
    return Mesh(std::make_shared<Mesh::Impl>(std::move(driver)));
}

}  // namespace weft
