// Writes one value and reads it back: hello ADDRESS [NAME]
#include "weft/client.h"

#include <cstdio>
#include <string>

int main(int argc, char** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "usage: %s HOST:PORT [NAME]\n", argv[0]);
        return 2;
    }
    weft::ConnectOptions options;
    options.addresses = {argv[1]};
    options.program = "hello";
    const auto mesh = weft::connect(options);
    if (!mesh) {
        std::fprintf(stderr, "%s (WEFT-%04d)\n", mesh.error().message.c_str(),
                     static_cast<int>(mesh.error().number));
        return 1;
    }
    const weft::Entity greeting = mesh->entity("kv", "greeting");
    const weft::CallResult put =
        greeting.call("put", std::string("hello, ") + (argc > 2 ? argv[2] : "world"));
    if (!put.done()) {
        std::fprintf(stderr, "put: %s\n", put.error.message.c_str());
        return 1;
    }
    const weft::CallResult get = greeting.call("get");
    if (!get.done()) {
        std::fprintf(stderr, "get: %s\n", get.error.message.c_str());
        return 1;
    }
    std::printf("%.*s (written %llu times)\n", static_cast<int>(get.reply.size()), get.reply.data(),
                static_cast<unsigned long long>(get.version.value));
    return 0;
}
