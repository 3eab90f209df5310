#include "cli/health_view.h"
#include "cli/verbs.h"
#include "core/error.h"

#include <fmt/core.h>

#include <algorithm>
#include <thread>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct HealthOptions {
    bool wait = false;
};

int print_health(const Shell& shell, const Health& health) {
    if (!shell.human()) {
        shell.print(render(shell.format(), health.table));
    } else if (health.healthy) {
        shell.print(shell.colored(Color::Green, "healthy") + "\n");
    } else {
        shell.print(shell.colored(Color::Red, "unhealthy") + "\n");
        for (const std::string& reason : health.reasons)
            shell.print("  " + printable(reason) + "\n");
    }
    return exit_code(health.healthy ? Exit::Ok : Exit::Unhealthy);
}

// Asks again until all is well or the time is up; a mesh that cannot be reached yet may come.
int wait_until_healthy(const Shell& shell) {
    const auto until = Clock::now() + shell.timeout();
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now());
        auto mesh = shell.connect();
        if (mesh) {
            const Health health = ask_health(*mesh, std::clamp(left, 50ms, 1000ms));
            if (health.healthy || Clock::now() >= until) return print_health(shell, health);
        } else if (Clock::now() >= until || !mesh.error().is_retryable()) {
            // A strangers' mesh or a wrong address does not get well by waiting.
            return shell.fail(mesh.error());
        }
        std::this_thread::sleep_for(50ms);
    }
}

}  // namespace

void add_health(Command& root) {
    Command& verb = root.verb("health", "whether the mesh is well: exit code 0, or 10 and why");
    auto& options = verb.state<HealthOptions>();
    verb.flag("--exit-when-healthy", options.wait, "wait for it, at most --timeout");
    verb.example("weft health");
    verb.example("weft health --exit-when-healthy --timeout 20s",
                 "in scripts: wait until all is well");
    verb.run([&options](Shell& shell) {
        if (options.wait) return wait_until_healthy(shell);
        auto mesh = shell.connect();
        if (!mesh) return shell.fail(mesh.error());
        return print_health(shell, ask_health(*mesh, std::min(shell.timeout(), 2000ms)));
    });
}

}  // namespace weft::cli
