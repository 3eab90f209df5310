// The program on a terminal: what people see, and what their keys do.

#include "tests/e2e/test_mesh.h"

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <string_view>
#include <thread>

namespace weft::e2e {
namespace {

// `sh -c LINE` with a terminal for all three standard streams; WEFT stands for the program.
class OnTerminal {
public:
    explicit OnTerminal(const std::string& line) {
        termios plain{};
        plain.c_lflag = ISIG;  // Ctrl-C, and nothing else is changed or echoed
        plain.c_cc[VINTR] = '\x03';
        plain.c_cflag = CS8 | CREAD;
        int pipe[2];
        EXPECT_EQ(::pipe2(pipe, O_CLOEXEC), 0);
        leader_ = ::forkpty(&terminal_, nullptr, &plain, nullptr);
        if (leader_ == 0) lead(line, pipe[1]);
        ::close(pipe[1]);
        told_ = pipe[0];
        EXPECT_EQ(::read(told_, &child_, sizeof child_), static_cast<ssize_t>(sizeof child_));
    }
    ~OnTerminal() {
        ::kill(leader_, SIGKILL);
        ::waitpid(leader_, nullptr, 0);
        ::close(told_);
        ::close(terminal_);
    }
    OnTerminal(const OnTerminal&) = delete;
    OnTerminal& operator=(const OnTerminal&) = delete;

    void signal(int number) { EXPECT_EQ(::kill(child_, number), 0); }
    void type(std::string_view keys) {
        EXPECT_EQ(::write(terminal_, keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    }
    // All that it shows until it ends; exit_code is 128 and the signal if one ended it.
    Ran finish() {
        Ran ran;
        pollfd watched[] = {{terminal_, POLLIN, 0}, {told_, POLLIN, 0}};
        // Behind its end there may be something on the way.
        while (::poll(watched, 2, watched[1].fd >= 0 ? -1 : 200) > 0) {
            if (watched[1].revents != 0) watched[1].fd = -1;
            if ((watched[0].revents & POLLIN) == 0) continue;
            std::array<char, 4096> part{};
            const ssize_t got = ::read(terminal_, part.data(), part.size());
            ran.output.append(part.data(), static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
        }
        int status = 0;
        EXPECT_EQ(::read(told_, &status, sizeof status), static_cast<ssize_t>(sizeof status));
        ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return ran;
    }

private:
    // The leader of the terminal's session outlives what runs there: with its end the kernel throws
    // away what nobody has read yet.
    [[noreturn]] static void lead(const std::string& line, int tell) {
        const pid_t child = ::fork();
        if (child == 0) {
            ::setenv("WEFT", WEFT_PROGRAM, 1);
            ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
            ::_exit(127);
        }
        ::signal(SIGINT, SIG_IGN);
        int status = 0;
        if (::write(tell, &child, sizeof child) < 0 || ::waitpid(child, &status, 0) != child ||
            ::write(tell, &status, sizeof status) < 0)
            ::_exit(1);
        for (;;) ::pause();
    }

    int terminal_ = -1, told_ = -1;
    pid_t leader_ = -1, child_ = -1;
};

class Terminal : public MeshTest {};

// What is left of `text` without the colours of the program itself.
std::string without_own_colours(std::string text) {
    for (const char* own : {"\x1b[1;31m", "\x1b[1;32m", "\x1b[1m", "\x1b[0m"})
        for (std::size_t at = 0; (at = text.find(own)) != std::string::npos;)
            text.erase(at, std::string_view(own).size());
    return text;
}

// A stored value must not be able to write to the terminal of who reads it.
TEST_F(Terminal, ShowsControlCharactersAsTextAndPipesGetTheBytes) {
    const std::string evil =
        "\x1b]0;owned\x07 \x1b[31m\xc2\x9b"
        "2J\rtwo\nlines\t.";
    const std::string shown = "\\x1b]0;owned\\x07 \\x1b[31m\\xc2\\x9b2J\\x0dtwo\nlines\t.";
    const std::string octal = R"(\033]0;owned\007 \033[31m\302\2332J\rtwo\nlines\t.)";
    const std::string quoted = "\"$(printf '" + octal + "')\"";
    EXPECT_EQ(weft("put kv/evil " + quoted).exit_code, 0);
    EXPECT_EQ(weft("get kv/evil").output, evil + "\n");
    EXPECT_EQ(weft("get kv/evil --raw").output, evil);
    EXPECT_EQ(weft("call kv/evil get").output, evil + "\n");

    EXPECT_EQ(OnTerminal("exec \"$WEFT\" get kv/evil").finish().output, shown + "\n");
    EXPECT_EQ(OnTerminal("exec \"$WEFT\" get kv/evil --raw").finish().output, evil) << "asked for";
    EXPECT_EQ(OnTerminal("exec \"$WEFT\" call kv/evil get").finish().output, shown + "\n");
    for (const char* arguments :
         {"-o csv get kv/evil", "-o json get kv/evil", "-o ndjson get kv/evil", "put \"$EVIL\" x",
          "entity list kv", "journal kv/evil", "journal \"kv/$EVIL\"",
          "get \"kv/missing $EVIL\""}) {
        SCOPED_TRACE(arguments);
        for (const char* color : {" --color=never", " --color=always"}) {
            const Ran ran =
                OnTerminal("EVIL=" + quoted + "; export EVIL; exec \"$WEFT\" " + arguments + color)
                    .finish();
            const bool always = std::string_view(color).ends_with("always");
            const std::string output = always ? without_own_colours(ran.output) : ran.output;
            EXPECT_EQ(output.find_first_of("\x1b\x07\r"), std::string::npos) << output;
            EXPECT_EQ(output.find("\xc2\x9b"), std::string::npos) << output;
            const bool shows_it = !std::string_view(arguments).starts_with("journal \"");
            EXPECT_EQ(output.find("owned") != std::string::npos, shows_it) << output;
        }
    }
}

// Else nobody could ask what became of it.
TEST_F(Terminal, PrintsTheRequestIdOfACallThatIsInterrupted) {
    EXPECT_EQ(weft("put kv/waits before").exit_code, 0);
    // Without a majority the put waits for its time-out.
    const std::string leader =
        weft_json(
            "partition list")[weft_json("put kv/waits again").at("partition").get<std::size_t>()]
            .at("leader");
    for (const std::string& node : nodes_but(leader))
        EXPECT_EQ(weft("dev pause " + node).exit_code, 0);
    OnTerminal put("exec \"$WEFT\" put kv/waits after --timeout 50s");
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    const auto begin = std::chrono::steady_clock::now();
    put.type("\x03");
    const Ran ran = put.finish();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(10));
    EXPECT_EQ(ran.exit_code, 128 + SIGINT) << "a loop of a shell ends, too";
    EXPECT_NE(ran.output.find("error WEFT-"), std::string::npos) << ran.output;
    EXPECT_NE(ran.output.find("interrupted"), std::string::npos) << ran.output;
    for (const std::string& node : nodes_but(leader))
        EXPECT_EQ(weft("dev resume " + node).exit_code, 0);
    EXPECT_TRUE(becomes_healthy(20));
    const std::size_t at = ran.output.find("request: ");
    ASSERT_NE(at, std::string::npos) << ran.output;
    const std::string request = ran.output.substr(at + 9, ran.output.find('\n', at) - at - 9);
    const Ran outcome = weft("outcome " + request + " --timeout 20s");
    EXPECT_TRUE(outcome.output.starts_with("done ") || outcome.output.starts_with("not_done "))
        << outcome.output;
    EXPECT_EQ(weft("get kv/waits").output,
              outcome.output.starts_with("done ") ? "after\n" : "again\n");
}

TEST_F(Terminal, PrintsWhatABenchMeasuredUntilItWasInterrupted) {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        OnTerminal bench(
            "exec \"$WEFT\" -o json bench put --seconds 60 --entities 10 --pipeline 2");
        std::this_thread::sleep_for(std::chrono::milliseconds(1500));
        if (number == SIGINT)
            bench.type("\x03");
        else
            bench.signal(number);
        const Ran ran = bench.finish();
        EXPECT_EQ(ran.exit_code, 128 + number);
        const auto json = nlohmann::json::parse(ran.output.substr(0, ran.output.rfind('}') + 1));
        EXPECT_GT(json.at("outcomes").at("done"), 0);
        EXPECT_LT(json.at("measured_seconds"), 20) << "the rate is that of the time that passed";
        EXPECT_EQ(json.at("interrupted"), true);
        EXPECT_NE(ran.output.find("interrupted after "), std::string::npos) << ran.output;
    }
}

}  // namespace
}  // namespace weft::e2e
