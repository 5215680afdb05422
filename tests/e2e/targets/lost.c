/* SPDX-License-Identifier: MIT */
/*
 * The cases that tests of LeakSanitizer and of memcheck are made of, one per
 * call: lost NAME. Each prints what it expects of its own blocks, told apart
 * by their sizes, as "SIZE=VERDICT": l lost, i indirectly, p possibly,
 * r reachable. Everything is kept from the optimiser.
 */
#include <dlfcn.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/memprof.h"

extern void __lsan_do_leak_check(void) __attribute__((weak));
extern int __lsan_do_recoverable_leak_check(void) __attribute__((weak));
extern void __lsan_ignore_object(const void *) __attribute__((weak));
extern void __lsan_disable(void) __attribute__((weak));
extern void __lsan_enable(void) __attribute__((weak));
extern void __lsan_register_root_region(const void *, size_t)
	__attribute__((weak));
extern void __lsan_unregister_root_region(const void *, size_t)
	__attribute__((weak));

static void *volatile kept;
static void *volatile inside;
static void *volatile table[4];
static __thread void *volatile own;
static pthread_barrier_t barrier;
static int pipes[2], ready[2];

#define HIDE(p) __asm__ volatile("" : "+r"(p) : : "memory")

static void say(const char *what)
{
	if (write(1, what, strlen(what)) < 0)
		abort();
}

/* What LeakSanitizer would ask for; nothing refers to it. How it may go wrong
 * is told by LOST_RULES. */
extern const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	const char *how = getenv("LOST_RULES");

	if (how && strcmp(how, "hangs") == 0)
		for (;;)
			pause();
	if (how && strcmp(how, "crashes") == 0)
		__builtin_trap();
	if (how && strcmp(how, "nonsense") == 0)
		return "leak:spared\nno rule\n";
	if (how && strcmp(how, "allocates") == 0)
		return strdup("leak:spared\n");
	return "# by the program\nleak:spared\n";
}

/* The same of its options: what LOST_OPTIONS says. */
extern const char *__lsan_default_options(void);
const char *__lsan_default_options(void)
{
	const char *options = getenv("LOST_OPTIONS");

	return options ? options : "";
}

/* Addresses that calls left in dead frames and in registers. */
static __attribute__((noinline)) void wipe(void)
{
	char below[16384];

	memset(below, 0, sizeof(below));
	__asm__ volatile("" : : "r"(below) : "memory");
	__asm__ volatile("xor %%eax, %%eax; xor %%ecx, %%ecx; xor %%edx, %%edx;"
			 "xor %%esi, %%esi; xor %%edi, %%edi; xor %%r8d, %%r8d;"
			 "xor %%r9d, %%r9d; xor %%r10d, %%r10d;"
			 "xor %%r11d, %%r11d"
			 :
			 :
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10",
			   "r11", "memory");
}

static __attribute__((noinline)) void *get(size_t bytes)
{
	void *p = calloc(1, bytes);

	HIDE(p);
	return p;
}

static __attribute__((noinline)) void global(void)
{
	kept = get(1001);
	table[3] = get(1002);
	say("1001=r 1002=r\n");
}

static __attribute__((noinline)) void lost(void)
{
	get(1011);
	get(1012);
	say("1011=l 1012=l\n");
}

/* Only the first of a chain is to blame. */
static __attribute__((noinline)) void chain(void)
{
	void **a = get(1024), **b = get(1032), **c = get(1040);

	a[3] = b;
	b[0] = c;
	say("1024=l 1032=i 1040=i\n");
}

/* One of a ring stands for it. Which one is nobody's business. */
static __attribute__((noinline)) void ring(void)
{
	void **a = get(1048), **b = get(1048);

	a[0] = b;
	b[0] = a;
	say("1048=li\n");
}

static __attribute__((noinline)) void self(void)
{
	void **a = get(1056);

	a[1] = a;
	say("1056=l\n");
}

/* Two lost ones that share a third. */
static __attribute__((noinline)) void shared(void)
{
	void **a = get(1064), **b = get(1072), **c = get(1080);

	a[0] = c;
	b[0] = c;
	say("1064=l 1072=l 1080=i\n");
}

static __attribute__((noinline)) void interior(void)
{
	inside = (char *)get(1088) + 40;
	say("1088=p\n");
}

/* What is held by a block that is possibly lost, is so too. */
static __attribute__((noinline)) void interior_chain(void)
{
	void **a = get(1096);

	a[0] = get(1104);
	inside = a + 5;
	say("1096=p 1104=p\n");
}

/* One past the end is no address of a block. */
static __attribute__((noinline)) void past_end(void)
{
	inside = (char *)get(1112) + 1112;
	say("1112=l\n");
}

static __attribute__((noinline)) void reachable_chain(void)
{
	void **a = get(1120);

	a[0] = get(1128);
	((void **)a[0])[0] = get(1136);
	kept = a;
	say("1120=r 1128=r 1136=r\n");
}

static __attribute__((noinline)) void tls(void)
{
	own = get(1144);
	say("1144=r\n");
}

static __attribute__((noinline)) void unaligned(void)
{
	static char packed[32];
	void *p = get(1152);

	memcpy(packed + 3, &p, sizeof(p));
	/* A compiler may keep it in the frame, where nothing else comes. */
	p = NULL;
	__asm__ volatile("" : : "r"(&p) : "memory");
	say("1152=l\n");
}

/* Freed memory that still holds an address is no root. */
static __attribute__((noinline)) void freed(void)
{
	void **a = get(1160);

	a[10] = get(1168);
	kept = a;
	free(a);
	say("1168=l\n");
}

/* A pool that the program mapped: found by what is in it. */
static __attribute__((noinline)) void pool(void)
{
	void **pages = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	pages[4097] = get(1176);
	say("1176=r\n");
}

/* Blocks of which the allocator makes mappings of their own. */
/* A pool in a block of malloc's: whatever address inside holds the chunk, all
 * that is written in it is looked at; what it gave out is not judged. */
static __attribute__((noinline)) void chunk(void)
{
	char *here = get(4096), *gone = get(4096);

	MEMPROF_POOL_CHUNK(here);
	MEMPROF_POOL_ALLOC(here + 64, 1472);
	((void **)(void *)here)[1] = get(1480);
	((void **)(void *)here)[20] = get(1488); /* in the pool's block */
	inside = here + 3000;
	MEMPROF_POOL_CHUNK(gone);
	MEMPROF_POOL_ALLOC(gone + 64, 1496);
	((void **)(void *)gone)[1] = get(1504);
	say("1480=r 1488=r 1504=i\n");
}

/* Two of them with an instant in between. */
static __attribute__((noinline)) void instants(void)
{
	kept = get(1512);
	MEMPROF_SNAPSHOT("between");
	get(1520);
	say("1512=r 1520=l\n");
}

static __attribute__((noinline)) void large(void)
{
	void **a = get(1 << 20);

	a[70000] = get(1184);
	kept = a;
	get((1 << 20) + 8);
	say("1048576=r 1184=r 1048584=l\n");
}

/* Zero bytes are a block too. */
static __attribute__((noinline)) void empty(void)
{
	kept = get(0);
	say("0=r\n");
}

static __attribute__((noinline)) void key(void)
{
	pthread_key_t first;

	if (pthread_key_create(&first, NULL))
		abort();
	pthread_setspecific(first, get(1192));
	say("1192=r\n");
}

/* The end of the last block of the heap: malloc itself knows an address in
 * its last word. */
static __attribute__((noinline)) void last(void)
{
	for (int i = 0; i < 64; i++)
		get(1240);
	say("1240=l\n");
}

static void *quick_thread(void *arg)
{
	void *volatile here = get(1200);

	(void)arg;
	own = here;
	wipe();
	return NULL;
}

/* What a thread held alone is lost with it. */
static __attribute__((noinline)) void dead_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, quick_thread, NULL))
		abort();
	pthread_join(thread, NULL);
	say("1200=l\n");
}

static void *waiting_thread(void *arg)
{
	void *volatile here = get(1208);
	char byte;

	(void)arg;
	own = get(1216);
	pthread_barrier_wait(&barrier);
	while (read(pipes[0], &byte, 1) < 0)
		;
	return here;
}

static void start_waiting(void *(*body)(void *))
{
	pthread_t thread;

	if (pipe(pipes) < 0 || pthread_barrier_init(&barrier, NULL, 2) ||
	    pthread_create(&thread, NULL, body, NULL))
		abort();
	pthread_barrier_wait(&barrier);
}

static __attribute__((noinline)) void live_thread(void)
{
	start_waiting(waiting_thread);
	say("1208=r 1216=r\n");
}

static __attribute__((noinline)) void spared(void)
{
	get(1528);
	__asm__ volatile("" : : : "memory");
}

/* One of two the program does not want to hear of. */
static __attribute__((noinline)) void rules(void)
{
	spared();
	get(1536);
	say("1536=l\n");
}

/* Asks while it runs: what only Yama would let others do is not asked for. */
static __attribute__((noinline)) void asked_threads(void)
{
	start_waiting(waiting_thread);
	if (MEMPROF_LEAK_CHECK() != 0)
		say("the answer is wrong\n");
	say("1208=r 1216=r\n");
}

/* A process that other processes of its user may not look into. */
static __attribute__((noinline)) void closed(void)
{
	if ((getuid() == 0 && (setgid(65534) || setuid(65534))) ||
	    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0))
		say("cannot be closed\n");
	live_thread();
}

/* Held in a register that calls keep, and nowhere in memory. */
static void *register_thread(void *arg)
{
	register void *here __asm__("r13") = get(1224);

	(void)arg;
	__asm__ volatile("" : "+r"(here));
	pthread_barrier_wait(&barrier);
	wipe();
	__asm__ volatile("mov $32, %%ecx\n\t"
			 "2: push $0\n\t" /* over what calls left */
			 "loop 2b\n\t"
			 "mov %[ready], %%edi\n\t" /* and say so */
			 "lea (%%rsp), %%rsi\n\t"
			 "mov $1, %%edx\n\t"
			 "mov $1, %%eax\n\t"
			 "syscall\n\t"
			 "1: mov %[fd], %%edi\n\t"
			 "lea (%%rsp), %%rsi\n\t"
			 "mov $1, %%edx\n\t"
			 "xor %%eax, %%eax\n\t"
			 "syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "js 1b\n\t"
			 "add $256, %%rsp"
			 : "+r"(here)
			 : [fd] "r"(pipes[0]), [ready] "r"(ready[1])
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r11", "memory");
	return here;
}

static __attribute__((noinline)) void reg(void)
{
	char byte;

	if (pipe(ready) < 0)
		abort();
	start_waiting(register_thread);
	if (read(ready[0], &byte, 1) != 1)
		abort();
	say("1224=r\n");
}

/* Held in vector registers alone: lower and upper half of one, and the upper
 * half of a wide one where there are such. Elsewhere they lie inverted. */
static void *vector_thread(void *arg)
{
	uint64_t low = ~(uint64_t)(uintptr_t)get(1416);
	uint64_t high = ~(uint64_t)(uintptr_t)get(1424);
	uint64_t wide = ~(uint64_t)(uintptr_t)get(1432);

	(void)arg;
	wipe();
	if (__builtin_cpu_supports("avx"))
		__asm__ volatile("mov %0, %%rax\n\t"
				 "not %%rax\n\t"
				 "vmovq %%rax, %%xmm10\n\t"
				 "vinsertf128 $1, %%xmm10, %%ymm10, %%ymm10\n\t"
				 "vpxor %%xmm11, %%xmm11, %%xmm11\n\t"
				 "vinsertf128 $0, %%xmm11, %%ymm10, %%ymm10"
				 :
				 : "m"(wide)
				 : "rax", "xmm10", "xmm11");
	__asm__ volatile("mov %[low], %%rax\n\t"
			 "not %%rax\n\t"
			 "movq %%rax, %%xmm8\n\t"
			 "mov %[high], %%rax\n\t"
			 "not %%rax\n\t"
			 "movq %%rax, %%xmm9\n\t"
			 "pslldq $8, %%xmm9\n\t"
			 "mov %[ready], %%edi\n\t" /* and say so */
			 "lea (%%rsp), %%rsi\n\t"
			 "mov $1, %%edx\n\t"
			 "mov $1, %%eax\n\t"
			 "syscall\n\t"
			 "1: mov %[fd], %%edi\n\t"
			 "lea (%%rsp), %%rsi\n\t"
			 "mov $1, %%edx\n\t"
			 "xor %%eax, %%eax\n\t"
			 "syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "js 1b\n\t"
			 :
			 : [low] "m"(low), [high] "m"(high), [fd] "m"(pipes[0]),
			   [ready] "m"(ready[1])
			 : "rax", "rcx", "rdx", "rsi", "rdi", "r11", "xmm8",
			   "xmm9", "memory");
	return NULL;
}

static __attribute__((noinline)) void vector(void)
{
	pthread_t thread;
	char byte;

	if (pipe(ready) < 0 || pipe(pipes) < 0 ||
	    pthread_create(&thread, NULL, vector_thread, NULL) ||
	    read(ready[0], &byte, 1) != 1)
		abort();
	say("1416=r 1424=r\n");
	say(__builtin_cpu_supports("avx") ? "1432=r\n" : "1432=l\n");
}

static pthread_barrier_t crowd;

static void *crowd_thread(void *arg)
{
	void *volatile here = get(1448);
	char byte;

	(void)arg;
	own = get(1456);
	pthread_barrier_wait(&crowd);
	while (read(pipes[0], &byte, 1) < 0)
		;
	return here;
}

/* As many threads as LOST_THREADS says. One block is nobody's. */
static __attribute__((noinline)) void many(void)
{
	const char *said = getenv("LOST_THREADS");
	unsigned count = said ? (unsigned)atoi(said) : 1000;
	pthread_attr_t attr;
	pthread_t thread;

	if (pipe(pipes) < 0 || pthread_attr_init(&attr) ||
	    pthread_attr_setstacksize(&attr, 65536) ||
	    pthread_barrier_init(&crowd, NULL, count + 1))
		abort();
	for (unsigned i = 0; i < count; i++)
		if (pthread_create(&thread, &attr, crowd_thread, NULL)) {
			say("no more threads\n");
			_exit(77);
		}
	pthread_barrier_wait(&crowd);
	get(1464);
	say("1448=r 1456=r 1464=l\n");
}

static void *busy_thread(void *arg)
{
	void *volatile here = get(1232);

	(void)arg;
	pthread_barrier_wait(&barrier);
	for (;;)
		__asm__ volatile("" : : "r"(here) : "memory");
	return NULL;
}

static __attribute__((noinline)) void busy(void)
{
	start_waiting(busy_thread);
	say("1232=r\n");
}

static __attribute__((noinline)) void ignored(void)
{
	void **a = get(1248);

	a[0] = get(1256);
	if (__lsan_ignore_object)
		__lsan_ignore_object(a);
	if (__lsan_disable)
		__lsan_disable();
	get(1264);
	if (__lsan_enable)
		__lsan_enable();
	get(1272);
	say("1248=r 1256=r 1264=r 1272=l\n");
}

/* Ignored memory that was freed does not make what comes after it ignored. */
static __attribute__((noinline)) void ignored_freed(void)
{
	void *a = get(1280), *b;

	if (__lsan_ignore_object)
		__lsan_ignore_object(a);
	free(a);
	b = get(1280);
	HIDE(b);
	say("1280=l\n");
}

/* Read-only memory is a root only when it is said to be. */
static __attribute__((noinline)) void region(void)
{
	void **a = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	void **b = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	a[0] = get(1288);
	b[0] = get(1296);
	mprotect(a, 4096, PROT_READ);
	mprotect(b, 4096, PROT_READ);
	if (__lsan_register_root_region) {
		__lsan_register_root_region(a, 4096);
		__lsan_register_root_region(b, 4096);
		__lsan_unregister_root_region(b, 4096);
	}
	say("1288=r 1296=l\n");
}

static __attribute__((noinline)) void plugin(void)
{
	const char *path = getenv("PLUGIN");
	void *handle = dlopen(path ? path : "", RTLD_NOW);
	void **variable = handle ? dlsym(handle, "plugin_variable") : NULL;

	if (!variable) {
		say("no plugin\n");
		exit(99);
	}
	*variable = get(1304);
	say("1304=r\n");
}

static __attribute__((noinline)) void asked(void)
{
	get(1312);
	wipe();
	say(MEMPROF_LEAK_CHECK() == 1 ? "1312=l\n" : "the answer is wrong\n");
}

static __attribute__((noinline)) void asked_clean(void)
{
	kept = get(1320);
	wipe();
	say(MEMPROF_LEAK_CHECK() == 0 ? "1320=r\n" : "the answer is wrong\n");
}

static __attribute__((noinline)) void asked_lsan(void)
{
	get(1328);
	wipe();
	say(__lsan_do_recoverable_leak_check &&
			    __lsan_do_recoverable_leak_check() == 1
		    ? "1328=l\n"
		    : "the answer is wrong\n");
}

/* The answer is of the moment that was asked for. */
static __attribute__((noinline)) void asked_once(void)
{
	kept = get(1336);
	if (__lsan_do_leak_check)
		__lsan_do_leak_check();
	kept = NULL;
	say("1336=r\n");
}

/* The program's children are its own: none appears, none is reaped. */
static volatile sig_atomic_t told;

static void on_child(int number)
{
	(void)number;
	told++;
}

static __attribute__((noinline)) void children(void)
{
	struct sigaction action = { .sa_handler = on_child };

	sigaction(SIGCHLD, &action, NULL);
	get(1344);
	wipe();
	if (MEMPROF_LEAK_CHECK() != 1 || told ||
	    waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD)
		say("a child was seen\n");
	else
		say("1344=l\n");
}

/* Another process: it has what its parent has, and loses its own. */
static __attribute__((noinline)) void forked(void)
{
	pid_t pid;

	kept = get(1352);
	pid = fork();
	if (pid == 0) {
		get(1360);
		kept = NULL;
		wipe();
		exit(0);
	}
	waitpid(pid, NULL, 0);
	say("1352=r\n");
}

static __attribute__((noinline)) void leaves(void)
{
	get(1368);
	say("1368=l\n");
	wipe();
	_exit(7);
}

/* Who forbids itself system calls is not scanned. */
static __attribute__((noinline)) void sandboxed(void)
{
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { 1, &allow };

	get(1376);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program))
		say("no filter\n");
}

/* Asking again and again takes no more room in the dump. */
static __attribute__((noinline)) void asked_often(void)
{
	get(1384);
	wipe();
	for (int i = 0; i < 100; i++)
		if (MEMPROF_LEAK_CHECK() != 1)
			say("the answer is wrong\n");
	say("1384=l\n");
}

/* The others go on, whatever they were doing. */
static void *counting_thread(void *arg)
{
	pthread_barrier_wait(&barrier);
	for (;;)
		++*(volatile unsigned long *)arg;
	return NULL;
}

static __attribute__((noinline)) void goes_on(void)
{
	static unsigned long count;
	pthread_t thread;
	unsigned long before;

	get(1392);
	wipe();
	if (pthread_barrier_init(&barrier, NULL, 2) ||
	    pthread_create(&thread, NULL, counting_thread, &count))
		abort();
	pthread_barrier_wait(&barrier);
	for (int i = 0; i < 3; i++) {
		if (MEMPROF_LEAK_CHECK() != 1)
			say("the answer is wrong\n");
		before = count;
		while (*(volatile unsigned long *)&count == before)
			;
	}
	say("1392=l\n");
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "global", global },
	{ "lost", lost },
	{ "chain", chain },
	{ "ring", ring },
	{ "self", self },
	{ "shared", shared },
	{ "interior", interior },
	{ "interior_chain", interior_chain },
	{ "past_end", past_end },
	{ "reachable_chain", reachable_chain },
	{ "tls", tls },
	{ "unaligned", unaligned },
	{ "freed", freed },
	{ "pool", pool },
	{ "chunk", chunk },
	{ "instants", instants },
	{ "large", large },
	{ "empty", empty },
	{ "key", key },
	{ "last", last },
	{ "dead_thread", dead_thread },
	{ "live_thread", live_thread },
	{ "register", reg },
	{ "vector", vector },
	{ "many", many },
	{ "busy", busy },
	{ "ignored", ignored },
	{ "ignored_freed", ignored_freed },
	{ "region", region },
	{ "plugin", plugin },
	{ "asked", asked },
	{ "asked_clean", asked_clean },
	{ "asked_lsan", asked_lsan },
	{ "asked_once", asked_once },
	{ "asked_often", asked_often },
	{ "asked_threads", asked_threads },
	{ "children", children },
	{ "closed", closed },
	{ "forked", forked },
	{ "leaves", leaves },
	{ "rules", rules },
	{ "sandboxed", sandboxed },
	{ "goes_on", goes_on },
};

int main(int argc, char **argv)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (argc == 1)
			printf("%s\n", cases[i].name);
		else if (strcmp(argv[1], cases[i].name) == 0)
			cases[i].run();
	}
	wipe();
	return 0;
}
