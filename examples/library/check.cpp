// As check.c, in C++17: a handle that closes itself, and one open store for many threads.
//
//     c++ -std=c++17 check.cpp $(pkg-config --cflags --libs bitting) -pthread -o check
//     ./check DIRECTORY ENVIRONMENT SCOPE <token-file
#include <atomic>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <bitting/bitting.h>

namespace {

struct Close {
    void operator()(bitting *keys) const { bt_close(keys); }
};
using Keys = std::unique_ptr<bitting, Close>;

Keys open(const char *directory, const char *environment) {
    bitting_options options = BITTING_OPTIONS_INIT;
    options.directory = directory;
    options.environment = environment;
    bitting *keys = nullptr;
    char message[BITTING_MESSAGE_SIZE];
    if (bt_open(&options, &keys, message) != BITTING_OK) throw std::runtime_error(message);
    return Keys(keys);
}

bitting_answer check(const Keys &keys, const std::string &token, const char *scope) {
    bitting_question question = BITTING_QUESTION_INIT;
    question.token = token.data();
    question.token_size = token.size();
    question.scopes = &scope;
    question.scopes_count = 1;
    bitting_answer answer = BITTING_ANSWER_INIT;
    char message[BITTING_MESSAGE_SIZE];
    if (bt_check(keys.get(), &question, &answer, message) != BITTING_OK)
        throw std::runtime_error(message);
    return answer;
}

int run(char **argv) {
    const Keys keys = open(argv[1], argv[2]);
    std::string token;
    std::getline(std::cin, token);
    const bitting_answer first = check(keys, token, argv[3]);
    std::atomic<unsigned> allowed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; i++)
        threads.emplace_back([&] {
            try {
                allowed += check(keys, token, argv[3]).allowed;
            } catch (const std::exception &) {
                // Nothing was decided: not allowed.
            }
        });
    for (auto &thread : threads) thread.join();
    std::cout << bt_reason_text(first.reason) << ", " << allowed
              << " of 4 threads were allowed\n";
    return allowed == 4 ? 0 : 1;
}

} // namespace

int main(int argc, char **argv) {
    if (argc != 4) {
        std::cerr << "usage: " << argv[0] << " DIRECTORY ENVIRONMENT SCOPE <token-file\n";
        return 2;
    }
    try {
        return run(argv);
    } catch (const std::exception &error) {
        std::cerr << error.what() << '\n';
        return 2;
    }
}
