// The program on a terminal: what people see, and what their keys do.

#include "tests/e2e/test_mesh.h"

#include <fcntl.h>
#include <pty.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <array>

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
        child_ = ::forkpty(&terminal_, nullptr, &plain, nullptr);
        if (child_ != 0) return;
        ::setenv("WEFT", WEFT_PROGRAM, 1);
        ::execl("/bin/sh", "sh", "-c", line.c_str(), nullptr);
        ::_exit(127);
    }
    ~OnTerminal() {
        if (terminal_ >= 0) ::close(terminal_);
    }
    OnTerminal(const OnTerminal&) = delete;
    OnTerminal& operator=(const OnTerminal&) = delete;

    // All that it shows until it ends; exit_code is 128 and the signal if one ended it.
    Ran finish() {
        Ran ran;
        std::array<char, 4096> part{};
        for (ssize_t got = 0; (got = ::read(terminal_, part.data(), part.size())) > 0;)
            ran.output.append(part.data(), static_cast<std::size_t>(got));
        int status = 0;
        ::waitpid(child_, &status, 0);
        ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
        return ran;
    }

private:
    int terminal_ = -1;
    pid_t child_ = -1;
};

class Terminal : public MeshTest {};

// A stored value must not be able to write to the terminal of who reads it.
TEST_F(Terminal, ShowsControlCharactersAsTextAndPipesGetTheBytes) {
    const std::string evil =
        "\x1b]0;owned\x07 \xc2\x9b"
        "2J\rtwo\nlines\t.";
    const std::string shown = "\\x1b]0;owned\\x07 \\xc2\\x9b2J\\x0dtwo\nlines\t.";
    const std::string octal = R"(\033]0;owned\007 \302\2332J\rtwo\nlines\t.)";
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
          "entity list kv", "journal \"kv/$EVIL\"", "get \"kv/missing $EVIL\""}) {
        SCOPED_TRACE(arguments);
        const std::string line = "EVIL=" + quoted + "; export EVIL; exec \"$WEFT\" " + arguments;
        const Ran ran = OnTerminal(line).finish();
        EXPECT_EQ(ran.output.find_first_of("\x1b\x07\r"), std::string::npos) << ran.output;
        EXPECT_EQ(ran.output.find("\xc2\x9b"), std::string::npos) << ran.output;
        EXPECT_NE(ran.output.find("owned"), std::string::npos) << ran.output;
    }
}

}  // namespace
}  // namespace weft::e2e
