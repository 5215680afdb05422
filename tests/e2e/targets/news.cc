/* SPDX-License-Identifier: MIT */
/*
 * news: every form of operator new and delete, and new and delete expressions,
 * with what it states about them. The sizes of aligned forms are multiples of
 * their alignment, because libraries may round them.
 */
#include "tests/e2e/targets/tally.h"

#include <cstdint>
#include <new>

struct plain {
	char bytes[48];
};

struct alignas(128) aligned {
	char bytes[256];
};

struct with_destructor {
	long value;
	~with_destructor()
	{
		value = 0;
	}
};

/* Keeps the compiler from pairing and dropping a new and its delete. */
template <typename T> static T *kept(T *block, size_t bytes)
{
	asm volatile("" : "+r"(block) : : "memory");
	MUST(block != NULL);
	took(bytes);
	return block;
}

static void test_functions()
{
	const std::align_val_t align { 64 };
	void *p;

	p = kept(::operator new(10), 10);
	::operator delete(p);
	gave(10);
	p = kept(::operator new[](20), 20);
	::operator delete[](p);
	gave(20);
	p = kept(::operator new(30, std::nothrow), 30);
	::operator delete(p, std::nothrow);
	gave(30);
	p = kept(::operator new[](40, std::nothrow), 40);
	::operator delete[](p, std::nothrow);
	gave(40);
	p = kept(::operator new(50), 50);
	::operator delete(p, static_cast<std::size_t>(50));
	gave(50);
	p = kept(::operator new[](60), 60);
	::operator delete[](p, static_cast<std::size_t>(60));
	gave(60);

	p = kept(::operator new(64, align), 64);
	MUST((reinterpret_cast<std::uintptr_t>(p) & 63) == 0);
	::operator delete(p, align);
	gave(64);
	p = kept(::operator new[](128, align), 128);
	::operator delete[](p, align);
	gave(128);
	p = kept(::operator new(192, align, std::nothrow), 192);
	::operator delete(p, align, std::nothrow);
	gave(192);
	p = kept(::operator new[](256, align, std::nothrow), 256);
	::operator delete[](p, align, std::nothrow);
	gave(256);
	p = kept(::operator new(320, align), 320);
	::operator delete(p, static_cast<std::size_t>(320), align);
	gave(320);
	p = kept(::operator new[](384, align), 384);
	::operator delete[](p, static_cast<std::size_t>(384), align);
	gave(384);
}

static void test_expressions()
{
	plain *one = kept(new plain, sizeof(plain));
	plain *many = kept(new plain[5], 5 * sizeof(plain));
	aligned *wide = kept(new aligned, sizeof(aligned));
	aligned *wides = kept(new aligned[3], 3 * sizeof(aligned));
	/* The array remembers its length in front of it. */
	with_destructor *counted =
		kept(new with_destructor[4],
		     4 * sizeof(with_destructor) + sizeof(std::size_t));

	delete one;
	gave(sizeof(plain));
	delete[] many;
	gave(5 * sizeof(plain));
	delete wide;
	gave(sizeof(aligned));
	delete[] wides;
	gave(3 * sizeof(aligned));
	delete[] counted;
	gave(4 * sizeof(with_destructor) + sizeof(std::size_t));

	kept(new plain, sizeof(plain)); /* lost */
	delete static_cast<plain *>(nullptr);
}

static void test_failure()
{
	volatile std::size_t huge = SIZE_MAX - 4096;

	MUST(::operator new(huge, std::nothrow) == nullptr);
	tally.failed++;
	MUST(::operator new[](huge, std::nothrow) == nullptr);
	tally.failed++;
}

int main()
{
	test_functions();
	test_expressions();
	test_failure();
	print_tally(NULL);
	return 0;
}
