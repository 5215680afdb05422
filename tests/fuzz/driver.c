/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzz target where there is no fuzzer.
 *
 *	fuzz_X FILE...			replays files
 *	fuzz_X --mutate N SEED FILE...	tries N changes of the files
 *	fuzz_X --case I SEED FILE...	repeats the I-th of them
 */
#include "config.h"

#include "tests/fuzz/driver.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define CASE_SECONDS 20 /* longer is a hang */

static void fail(const char *what)
{
	perror(what);
	abort();
}

struct input {
	uint8_t *bytes;
	size_t count;
};

static struct input read_input(const char *path)
{
	struct input input = { NULL, 0 };
	FILE *file = fopen(path, "re");
	long bytes = -1;

	if (!file || fseek(file, 0, SEEK_END) < 0 || (bytes = ftell(file)) < 0)
		fail(path);
	rewind(file);
	input.count = (size_t)bytes;
	input.bytes = malloc(input.count + 1);
	if (!input.bytes ||
	    fread(input.bytes, 1, input.count, file) != input.count)
		fail(path);
	fclose(file);
	return input;
}

/* splitmix64 */
static uint64_t next_random(uint64_t *state)
{
	uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

static uint64_t odd_value(uint64_t *random)
{
	static const uint64_t odd[] = {
		0,	    1,		4,	   63,
		64,	    127,	255,	   4095,
		4096,	    4097,	65535,	   1 << 20,
		INT32_MAX,  UINT32_MAX, INT64_MAX, UINT64_C(1) << 63,
		UINT64_MAX, 12288,	8192,	   UINT64_MAX - 4095,
	};
	uint64_t value = odd[next_random(random) % 20];

	switch (next_random(random) % 4) {
	case 0:
		return value + next_random(random) % 16;
	case 1:
		return (uint64_t)1 << (next_random(random) % 64);
	case 2:
		return next_random(random) % 4096;
	default:
		return value;
	}
}

/* A place where something is: most of a dump is zero. */
static size_t used_place(const struct input *input, uint64_t *random)
{
	size_t at = next_random(random) % input->count;

	for (size_t tries = 0; tries < 4096 && at < input->count; tries++) {
		if (input->bytes[at])
			return at;
		at++;
	}
	return next_random(random) % input->count;
}

static void put(struct input *input, size_t at, uint64_t value, size_t bytes)
{
	at -= at % bytes;
	if (at + bytes <= input->count)
		memcpy(input->bytes + at, &value, bytes);
}

static void change(struct input *input, const struct input *other,
		   uint64_t *random)
{
	size_t at = used_place(input, random), from, n;
	/* Where segments begin, and the header. */
	size_t page = next_random(random) % (input->count / 4096 + 1) * 4096;

	switch (next_random(random) % 10) {
	case 0:
		input->bytes[at] ^= (uint8_t)(1u << next_random(random) % 8);
		break;
	case 1:
		input->bytes[at] = (uint8_t)next_random(random);
		break;
	case 2:
		put(input, at, odd_value(random), 4);
		break;
	case 3:
		put(input, at, odd_value(random), 8);
		break;
	case 4: /* a field of a segment's header */
		put(input, page + next_random(random) % 8 * 4,
		    odd_value(random), 4);
		break;
	case 5:
		put(input, next_random(random) % 352, odd_value(random), 8);
		break;
	case 6: /* one field after another */
		put(input, at,
		    *(const uint32_t *)(const void *)(input->bytes +
						      at / 4 * 4) +
			    next_random(random) % 5 - 2,
		    4);
		break;
	case 7: /* a piece of another */
		n = next_random(random) % 4096;
		from = next_random(random) % other->count;
		if (n > other->count - from)
			n = other->count - from;
		if (n > input->count - at)
			n = input->count - at;
		memcpy(input->bytes + at, other->bytes + from, n);
		break;
	case 8: /* pages swapped or copied */
		from = next_random(random) % (input->count / 4096 + 1) * 4096;
		if (from + 4096 <= input->count && page + 4096 <= input->count)
			memmove(input->bytes + page, input->bytes + from, 4096);
		break;
	default:
		if (next_random(random) % 4 == 0)
			input->count = 1 + next_random(random) % input->count;
		break;
	}
}

/* The I-th change of the files: depends on nothing but I and the seed. */
static void run_case(const struct input *inputs, size_t count, uint64_t seed,
		     uint64_t number)
{
	uint64_t random = seed * UINT64_C(0x100000001b3) + number;
	const struct input *from = &inputs[next_random(&random) % count];
	const struct input *other = &inputs[next_random(&random) % count];
	struct input input = { .count = from->count };
	uint64_t changes = 1 + next_random(&random) % 6;

	input.bytes = malloc(from->count + 8);
	if (!input.bytes)
		fail("malloc");
	memcpy(input.bytes, from->bytes, from->count);
	for (uint64_t i = 0; i < changes; i++)
		change(&input, other, &random);
	alarm(CASE_SECONDS);
	LLVMFuzzerTestOneInput(input.bytes, input.count);
	alarm(0);
	free(input.bytes);
}

/*
 * In a child, however it ends: then it is known at which case it did. Returns
 * the exit status.
 */
static int run_cases(const struct input *inputs, size_t count, const char *seed,
		     uint64_t number)
{
	volatile uint64_t *now =
		mmap(NULL, sizeof(*now), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int status;
	pid_t child;

	if (now == MAP_FAILED)
		fail("mmap");
	child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		for (*now = 0; *now < number; *now += 1)
			run_case(inputs, count, strtoull(seed, NULL, 0), *now);
		exit(0);
	}
	if (waitpid(child, &status, 0) < 0)
		fail("waitpid");
	if (status == 0)
		return 0;
	fprintf(stderr, "fuzz: %s %d; repeat with --case %" PRIu64 " %s\n",
		WIFSIGNALED(status) ? "signal" : "status",
		WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status),
		*now, seed);
	return 1;
}

static int mutate(const char *how, uint64_t number, const char *seed,
		  char **paths, size_t count)
{
	struct input *inputs = calloc(count, sizeof(*inputs));
	int status = 0;

	if (!inputs)
		fail("calloc");
	for (size_t i = 0; i < count; i++) {
		inputs[i] = read_input(paths[i]);
		if (inputs[i].count == 0)
			fail("an empty file cannot be changed");
	}
	if (strcmp(how, "--case") == 0)
		run_case(inputs, count, strtoull(seed, NULL, 0), number);
	else
		status = run_cases(inputs, count, seed, number);
	for (size_t i = 0; i < count; i++)
		free(inputs[i].bytes);
	free(inputs);
	return status;
}

int main(int argc, char **argv)
{
	if (argc > 4 && (strcmp(argv[1], "--mutate") == 0 ||
			 strcmp(argv[1], "--case") == 0)) {
		return mutate(argv[1], strtoull(argv[2], NULL, 0), argv[3],
			      argv + 4, (size_t)argc - 4);
	}
	for (int i = 1; i < argc; i++) {
		struct input input = read_input(argv[i]);

		alarm(CASE_SECONDS);
		LLVMFuzzerTestOneInput(input.bytes, input.count);
		alarm(0);
		free(input.bytes);
	}
	return 0;
}
