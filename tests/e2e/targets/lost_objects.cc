// SPDX-License-Identifier: MIT
// How C++ holds its memory: what stands before an object, what points into its
// middle. One case per argument; prints "SIZE=VERDICT" as lost.c does.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

namespace
{

void *volatile kept;

void say(const char *what)
{
	if (write(1, what, strlen(what)) < 0)
		_exit(99);
}

// Whatever it points at is in memory by now.
__attribute__((noinline)) void lose(void *p)
{
	asm volatile("" : : "r"(p) : "memory");
}

struct Noisy { // its destructor makes new[] count
	char bytes[40];
	~Noisy()
	{
		kept = nullptr;
	}
};

struct First {
	virtual ~First()
	{
	}
	char first[48];
};

struct Second {
	virtual ~Second()
	{
	}
	char second[48];
};

struct Both : First, Second {
	char both[1232];
};

struct Node {
	std::shared_ptr<Node> next;
	char bytes[1400];
};

__attribute__((noinline)) void array()
{
	kept = new Noisy[31]; // 31 * 40 + 8
	say("1248=r\n");
}

__attribute__((noinline)) void array_lost()
{
	lose(new Noisy[32]); // 32 * 40 + 8
	say("1288=l\n");
}

// The last element but one is no beginning.
__attribute__((noinline)) void array_inside()
{
	kept = new Noisy[33] + 3;
	say("1328=p\n");
}

__attribute__((noinline)) void bases()
{
	Second *second = new Both; // the base lies inside
	kept = second;
	if (sizeof(Both) != 1344)
		_exit(98);
	say("1344=r\n");
}

__attribute__((noinline)) void text()
{
	kept = new std::string(1355, 'x'); // and its terminator
	say("1356=r\n");
}

__attribute__((noinline)) void list()
{
	auto *held = new std::vector<std::string>;
	kept = held;
	held->reserve(43); // 43 * 32
	held->emplace_back(1363, 'y');
	say("1376=r 1364=r\n");
}

__attribute__((noinline)) void vector_lost()
{
	lose(new std::vector<char>(1371));
	say("24=l 1371=i\n");
}

// What points at itself by counting is never freed.
__attribute__((noinline)) void cycle()
{
	auto a = std::make_shared<Node>();
	a->next = a;
	say("1432=l\n");
}

__attribute__((noinline)) void wipe()
{
	char below[16384];
	memset(below, 0, sizeof(below));
	asm volatile("" : : "r"(below) : "memory");
}

const struct {
	const char *name;
	void (*run)();
} cases[] = {
	{ "array", array },
	{ "array_lost", array_lost },
	{ "array_inside", array_inside },
	{ "bases", bases },
	{ "text", text },
	{ "list", list },
	{ "vector_lost", vector_lost },
	{ "cycle", cycle },
};

} // namespace

int main(int argc, char **argv)
{
	for (const auto &one : cases) {
		if (argc == 1)
			printf("%s\n", one.name);
		else if (strcmp(argv[1], one.name) == 0)
			one.run();
	}
	wipe();
	return 0;
}
