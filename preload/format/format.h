/* SPDX-License-Identifier: MIT */
/*
 * The layout of a dump (*.mp): the one contract between the recorder, which
 * maps the file and works in it, and the analyzer, which trusts none of it.
 * Freestanding: no libc, no functions that call anything. memprof-format(5)
 * says the same in words, and a test compares the two.
 *
 * A dump is a header of MPF_HEADER_BYTES and then segments, back to back,
 * each a multiple of MPF_PAGE long and beginning with a struct mpf_segment.
 * mpf_header.used_bytes says where they end; the file may be longer (space
 * reserved ahead, all zero). All numbers are little-endian, all structures
 * have the same layout on every 64-bit target, all reserved fields are zero.
 *
 * Elements. The segments of one type (and owner) form one array, indexed from
 * 0 through the segments in order of mpf_segment.first. The segment header
 * lies where its first MPF_SEGMENT_BYTES / elem_bytes elements (rounded up)
 * would be, so those indices never name an element. The next segment's first
 * is this one's first + bytes / elem_bytes. An all-zero element is unused.
 *
 * Consistency. The process may die between any two instructions. Whatever is
 * pointed at is written before what points at it; the {count, bytes} pairs of
 * a slot change by one 16-byte store each.
 */
#ifndef MEMPROF_PRELOAD_FORMAT_FORMAT_H
#define MEMPROF_PRELOAD_FORMAT_FORMAT_H

#include <stdint.h>

#define MPF_MAGIC	    "memprof\x1a" /* 8 bytes, no terminator */
#define MPF_VERSION	    1u
#define MPF_PAGE	    4096u
#define MPF_HEADER_BYTES    4096u
#define MPF_PEAK_OFFSET	    1024u /* of mpf_header.peak_bytes */
#define MPF_LEAK_OFFSET	    512u  /* of mpf_header.leak_sequence */
#define MPF_TIMELINE_OFFSET 576u  /* of mpf_header.timeline_area */
#define MPF_PYTHON_OFFSET   704u  /* of mpf_header.python */
#define MPF_UNSEEN_OFFSET   792u  /* of mpf_header.private_bytes */
#define MPF_HEAP_OFFSET	    840u  /* of mpf_header.heap */
#define MPF_LIVE_OFFSET	    744u  /* of mpf_header.live_sequence */
/* The first line of a dump's map of generated code: with the dump's pid, a
 * space and start_unix_ns it is that of the dump. */
#define MPF_MAP_BEGIN	      "0 0 memprof "
#define MPF_BYTE_ORDER	      0x01020304u
#define MPF_SEGMENT_MAGIC     0x6765734du /* "Mseg" */
#define MPF_SEGMENT_BYTES     64u	  /* size of struct mpf_segment */
#define MPF_BUILD_ID_BYTES    32u	  /* longest build-id kept */
#define MPF_NAME_BYTES	      16u	  /* a thread's name, terminated */
#define MPF_MOMENT_NAME_BYTES 64u	  /* a moment's name, terminated */

/* Text anywhere in the file: not terminated, any bytes. offset 0: none. */
struct mpf_text {
	uint64_t offset; /* from the start of the file */
	uint64_t bytes;
};

enum mpf_state {
	MPF_RUNNING = 1, /* recording, or killed: the pid tells which */
	MPF_EXITED = 2,	 /* exit() or _exit() was reached, see exit_status */
	MPF_EXECED = 3,	 /* replaced by another program */
};

enum mpf_mode_flags {
	MPF_MODE_FORKED = 1u << 0,   /* began as a forked child */
	MPF_MODE_CHECKED = 1u << 1,  /* walks were compared, see check_* */
	MPF_MODE_SAMPLED = 1u << 2,  /* see sample_bytes */
	MPF_MODE_VERIFIED = 1u << 3, /* see verify_* */
	MPF_MODE_BYPASSED = 1u << 4, /* another malloc comes before ours: */
	/* allocator names what has it */
	MPF_MODE_NAMED = 1u << 5, /* the recorder named the dump at the end */
	MPF_MODE_LEAK_CHECKED = 1u << 6, /* blocks were judged, see leak_* */
	MPF_MODE_PYTHON = 1u << 7, /* stacks hold Python frames, see python */
	MPF_MODE_LIFETIMES = 1u << 8, /* see struct mpf_lifetime */
	MPF_MODE_ADDRESSES = 1u << 9, /* see struct mpf_live */
	MPF_MODE_TIMELINE = 1u << 10, /* points and moments were taken */
	MPF_MODE_HEAP = 1u << 11,     /* what the allocator says, see heap_* */
};

enum mpf_unseen_flags {
	MPF_UNSEEN_NAMESPACE = 1u << 0, /* objects in a namespace of their */
	/* own (dlmopen, LD_AUDIT) have a malloc of their own */
};

enum mpf_unwind {
	MPF_UNWIND_CFI = 1, /* rules from .eh_frame */
	MPF_UNWIND_FP = 2,  /* frame pointers */
};

/* The Python interpreter in the process, and whether its frames are read. */
enum mpf_python {
	MPF_PYTHON_NONE = 0,	  /* none was met, or it was not looked for */
	MPF_PYTHON_ON = 1,	  /* its frames are in the stacks */
	MPF_PYTHON_VERSION = 2,	  /* of a version that is not known */
	MPF_PYTHON_THREADED = 3,  /* built without the global lock */
	MPF_PYTHON_DIFFERENT = 4, /* not built as others of its version */
	MPF_PYTHON_STOPPED = 5,	  /* its frames were not what they should be, */
				  /* so that no more were read */
};

/* Whether blocks of the interpreter's own allocators are recorded. */
enum mpf_python_objects {
	MPF_OBJECTS_OFF =
		0,	    /* no: they were not asked for, or there are none */
	MPF_OBJECTS_ON = 1, /* all of them, as MPF_CALL_OBJECT */
	MPF_OBJECTS_LATE = 2,	/* those since the interpreter was met */
	MPF_OBJECTS_FAILED = 3, /* its allocators could not be replaced */
};

/* Why the recorder degraded: the first failure, latched. */
enum mpf_failure {
	MPF_FAIL_NONE = 0,
	MPF_FAIL_SPACE = 1,   /* no space could be reserved in the file */
	MPF_FAIL_REOPEN = 2,  /* the file could not be opened to grow it */
	MPF_FAIL_LIMIT = 3,   /* a table reached its largest size */
	MPF_FAIL_MEMORY = 4,  /* private memory could not be mapped */
	MPF_FAIL_FILESIZE = 5 /* RLIMIT_FSIZE allows no larger file */
};

/* How the memory of the program was seen in a reachability scan. */
enum mpf_leak_method {
	MPF_LEAK_ALONE = 1,   /* a copy of it; there was one thread */
	MPF_LEAK_STOPPED = 2, /* a copy, made while all others stood */
	MPF_LEAK_UNSEEN = 3,  /* a copy; registers of leak_unseen are missing */
};

/* Why a scan that was asked for gave no verdicts. */
enum mpf_leak_failure {
	MPF_LEAK_NO_FAILURE = 0,
	MPF_LEAK_NO_MEMORY = 1,
	MPF_LEAK_NO_FORK = 2,	/* the kernel made no copy of the process */
	MPF_LEAK_NO_PROC = 3,	/* /proc/self/maps cannot be read */
	MPF_LEAK_KILLED = 4,	/* the copy died while it was scanned */
	MPF_LEAK_NO_TIME = 5,	/* it took too long */
	MPF_LEAK_NO_SPACE = 6,	/* no room for the verdicts in the dump */
	MPF_LEAK_SANDBOXED = 7, /* the program forbade itself system calls */
};

/* Whose statistics heap_* are. */
enum mpf_heap {
	MPF_HEAP_OTHER = 0, /* nobody's: it has none that we know */
	MPF_HEAP_GLIBC = 1,
	MPF_HEAP_JEMALLOC = 2,
	MPF_HEAP_TCMALLOC = 3,
	MPF_HEAP_MIMALLOC = 4,
};

/* Why there are none. */
enum mpf_heap_failure {
	MPF_HEAP_NO_FAILURE = 0,
	MPF_HEAP_UNKNOWN = 1,	/* an allocator, or a version, not known */
	MPF_HEAP_SANDBOXED = 2, /* the program forbade itself system calls */
	MPF_HEAP_UNSTEADY = 3,	/* its lists make no sense */
	MPF_HEAP_NO_PROC = 4,	/* /proc/self/mem cannot be read */
	MPF_HEAP_NO_FORK = 5,	/* the kernel made no copy of the process */
	MPF_HEAP_DIED = 6,	/* the copy that was asked died of it */
	MPF_HEAP_NO_TIME = 7,	/* the copy gave no answer */
};
#define MPF_UNKNOWN UINT64_MAX /* a number of heap_* that nobody gives */

/*
 * Events that have no slot, because the dump could not grow. They are part of
 * every total: sum(slots) + overflow. Any thread, atomic adds.
 */
struct mpf_overflow {
	uint64_t allocs;
	uint64_t alloc_bytes;
	uint64_t frees;
	uint64_t free_bytes;
};

struct mpf_header {
	uint8_t magic[8];
	uint32_t version;      /* readers refuse a newer one */
	uint32_t header_bytes; /* MPF_HEADER_BYTES */
	uint32_t byte_order;   /* MPF_BYTE_ORDER as the writer stores it */
	uint32_t machine;      /* ELF e_machine: 62 x86-64, 183 aarch64 */
	uint32_t page_bytes;   /* of the recorded system */
	uint32_t reserved0;
	uint64_t used_bytes; /* header and segments; grows */

	/* The process. */
	uint32_t pid, ppid;
	uint64_t process_ticks;	   /* field 22 of /proc/PID/stat; 0 unknown */
	uint64_t start_unix_ns;	   /* recording began, CLOCK_REALTIME */
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC; end 0: never reached; */
				   /* of MPF_RUNNING: a copy made then */
	uint32_t state;		   /* enum mpf_state */
	int32_t exit_status;	   /* with MPF_EXITED: argument of exit() */
	uint8_t boot_id[16];
	struct mpf_text program;      /* path of the executable */
	struct mpf_text command_line; /* arguments, each ended by a NUL */
	struct mpf_text directory;    /* working directory at the start */
	struct mpf_text host;
	struct mpf_text system;	   /* kernel release */
	struct mpf_text allocator; /* path of what serves malloc */
	struct mpf_text settings;  /* MEMPROF_X=value, each ended by a NUL */
	struct mpf_text out_path;  /* absolute path the dump was made at */

	/* The mode. */
	uint32_t mode;	    /* enum mpf_mode_flags */
	uint32_t unwind;    /* enum mpf_unwind */
	uint32_t max_depth; /* frames kept of a stack */
	uint32_t reserved1;
	uint64_t sample_bytes; /* mean bytes between samples; 0 exact */

	/* What was lost. */
	uint32_t failure; /* enum mpf_failure */
	int32_t failure_errno;
	struct mpf_overflow overflow;
	uint64_t untracked_allocs; /* blocks whose free we cannot recognise */
	uint64_t untracked_bytes;

	/* A forked child: what it inherited, already part of the totals. */
	uint64_t inherited_blocks;
	uint64_t inherited_bytes;
	uint32_t parent_pid; /* who recorded it before the fork */
	uint32_t reserved3;

	/* MPF_MODE_CHECKED. */
	uint64_t check_walks;	    /* walks compared */
	uint64_t check_differences; /* of them different */

	/* MPF_MODE_VERIFIED: remembered walks against full ones. */
	uint64_t verify_walks;
	uint64_t verify_differences;

	uint8_t reserved4[MPF_LEAK_OFFSET - 368];

	/*
	 * The reachability scan, the last one there was. The sequence is odd
	 * while its segments are being written. With leak_failure there are no
	 * verdicts of this scan.
	 */
	uint32_t leak_sequence;
	uint32_t leak_method;  /* enum mpf_leak_method */
	uint32_t leak_failure; /* enum mpf_leak_failure */
	int32_t leak_errno;
	uint64_t leak_at_ns;	     /* CLOCK_MONOTONIC, when it began */
	uint64_t leak_ns;	     /* how long its caller waited for it */
	uint64_t leak_stopped_ns;    /* how long the other threads stood */
	uint64_t leak_scanned_bytes; /* of roots and blocks */
	uint32_t leak_threads;	     /* of the program, its caller included */
	uint32_t leak_unseen;	     /* of them whose registers were not seen */
	uint64_t leak_blocks;	     /* judged */

	/* The timeline: MPF_MODE_TIMELINE. */
	uint32_t timeline_area;	   /* owner of the moments that count */
	uint32_t snapshot_signal;  /* asks for one; 0: none does */
	uint64_t timeline_step_ns; /* least time between points */
	uint64_t timeline_detail_ns;
	uint64_t moments_lost; /* marks and snapshots without room */
	/* A request from outside: the name is written before wanted. */
	uint32_t snapshot_wanted; /* counts requests */
	uint32_t snapshot_served; /* the last one that was taken */
	char snapshot_name[MPF_MOMENT_NAME_BYTES];
	/* Counts twice per thinning of the moments: odd while it goes on. The
	 * area that counts is overwritten from the third count on. */
	uint64_t thin_sequence;
	uint64_t reserved7[2];

	/* MPF_MODE_PYTHON. */
	uint32_t python;	 /* enum mpf_python */
	uint32_t python_version; /* as PY_VERSION_HEX, without its last part */
	uint64_t python_address; /* in the code of the interpreter */
	/* Counters that stay at their greatest value. */
	uint32_t python_broken;	 /* stacks with Python frames unreadable */
	uint32_t python_cut;	 /* with more Python frames than are kept */
	uint32_t python_unknown; /* Python frames whose code is not known */
	uint32_t python_objects; /* enum mpf_python_objects */
	/* Memory in which the interpreter keeps objects, in MPF_PAGE. */
	uint32_t python_arena_pages;
	uint32_t python_arena_pages_most;

	/*
	 * MPF_MODE_LIFETIMES, MPF_MODE_ADDRESSES. Ages are told in ticks of the
	 * processor's counter: between start_ns and ticks_ns it went from
	 * start_ticks to ticks. The sequence is odd while the live blocks are
	 * being listed, and 0 before they were for the first time.
	 */
	uint32_t live_sequence;
	uint32_t live_lost; /* blocks that there was no room to list */
	uint64_t start_ticks;
	uint64_t ticks;
	uint64_t ticks_ns;    /* CLOCK_MONOTONIC; 0: not read yet */
	uint64_t live_ticks;  /* when they were listed */
	uint64_t live_allocs; /* allocations by then, those of a parent too */

	/*
	 * What bounds the memory that was not seen: see memprof-method(7).
	 * Written by one thread at a time, of aligned words.
	 */
	uint64_t private_bytes; /* pages of the process alone, as last looked */
				/* at; 0: unknown */
	uint64_t private_ns;	/* CLOCK_MONOTONIC, when that was */
	uint64_t private_live_bytes;  /* of the recorded blocks, then */
	uint64_t unseen_peak_bytes;   /* greatest private - live at a look */
	uint64_t resident_peak_bytes; /* at the end: greatest RSS; 0 unknown */
	uint32_t unseen;	      /* enum mpf_unseen_flags */
	uint32_t reserved9;

	/*
	 * MPF_MODE_HEAP: the memory behind the blocks when the process ended,
	 * in bytes. A number may be MPF_UNKNOWN.
	 */
	uint32_t heap;		 /* enum mpf_heap */
	uint32_t heap_failure;	 /* enum mpf_heap_failure */
	uint64_t heap_rss;	 /* of the whole process */
	uint64_t heap_held;	 /* from the system and not given back */
	uint64_t heap_allocated; /* of it in blocks, as the allocator counts */
	uint64_t heap_active;	 /* of it in pages that hold blocks */
	uint64_t heap_resident;	 /* of it in memory, as the allocator thinks */
	uint64_t heap_retained;	 /* address space kept without memory */
	uint64_t heap_metadata;	 /* its own data */
	uint64_t heap_top;	 /* free at the end of the heap */
	uint64_t heap_mapped;	 /* of blocks with a mapping of their own */
	uint64_t heap_arenas;
	uint64_t recorder_resident; /* of the recorder's private memory */
	uint64_t reserved10[4];

	uint8_t reserved11[MPF_PEAK_OFFSET - MPF_HEAP_OFFSET - 128];

	/*
	 * Lines of their own, because every thread reads the first at every
	 * event. The peak: see struct mpf_slot.
	 */
	uint64_t peak_bytes; /* greatest total seen on a falling edge */
	uint64_t peak_ns;    /* CLOCK_MONOTONIC */
	uint32_t peak_epoch; /* from 1 */
	uint32_t reserved5[11];

	uint64_t live_bytes; /* flushed total; lags the slots by the threads' */
			     /* unflushed changes, may be "negative" */
	uint64_t reserved6[7];

	uint8_t reserved[MPF_HEADER_BYTES - MPF_PEAK_OFFSET - 128];
};

enum mpf_segment_type {
	MPF_SEG_TEXT = 1,    /* bytes; elem_bytes 1 */
	MPF_SEG_NODES = 2,   /* struct mpf_node */
	MPF_SEG_MODULES = 3, /* struct mpf_module */
	MPF_SEG_THREADS = 4, /* struct mpf_thread */
	MPF_SEG_SLOTS = 5,   /* struct mpf_slot; owner: index of the writer */
	MPF_SEG_GAP = 6,     /* nothing; elem_bytes 1, any multiple of a page */
	MPF_SEG_POINTS = 7,  /* struct mpf_point */
	MPF_SEG_MOMENTS = 8, /* struct mpf_moment; owner: an area */
	MPF_SEG_CHANGES = 9, /* struct mpf_change; owner: an area */
	MPF_SEG_LEAKS = 11,  /* struct mpf_leak */
	MPF_SEG_ROOTS = 12,  /* struct mpf_root */
	MPF_SEG_CODES = 14,  /* struct mpf_code */
	MPF_SEG_LIFETIMES = 15, /* struct mpf_lifetime; owner: as of slots */
	MPF_SEG_LIVE = 16,	/* struct mpf_live */
};

struct mpf_segment {
	uint32_t magic; /* MPF_SEGMENT_MAGIC */
	uint32_t type;	/* enum mpf_segment_type; unknown ones are skipped */
	uint64_t bytes; /* whole segment, header included */
	uint64_t first; /* index of the element where the header lies */
	uint32_t owner;
	uint32_t elem_bytes;
	uint64_t reserved[4];
};

/*
 * A word of the trie of stacks: a node, named by its index, or a link. Where
 * the word before a node is a link, that says which is the node's parent;
 * where it is not, that word is the parent itself. Roots have no parent,
 * whatever lies before them. So a stack met for the first time is one link
 * and a run of words, its outermost new frame first. Parents have smaller
 * indices. Following parents from a class gives: the class node, then the
 * innermost frame, ..., the outermost frame, the root.
 */
struct mpf_node {
	uint64_t pc; /* an address and enum mpf_pc_flags, or a special node */
};

/* Bits 0-55 of mpf_node.pc are the address or the argument. */
#define MPF_PC_MASK  ((UINT64_C(1) << 56) - 1)
#define MPF_PC_EXACT (UINT64_C(1) << 56)    /* the pc itself, not a return */
					    /* address: look it up as it is */
#define MPF_PC_GUESSED	(UINT64_C(1) << 57) /* found by frame pointer */
#define MPF_PC_KIND(pc) ((unsigned)((pc) >> 60))

enum mpf_node_kind {
	MPF_NODE_FRAME = 0,
	MPF_NODE_ROOT = 1,  /* argument: module generation */
	MPF_NODE_CUT = 2,   /* child of a root: frames beyond are missing, */
			    /* argument enum mpf_cut */
	MPF_NODE_CLASS = 3, /* leaf: argument MPF_CLASS() */
	MPF_NODE_SIZED = 4, /* leaf, sampled: argument MPF_SIZED() */
	MPF_NODE_UNSAMPLED = 5, /* a root too: the class of all other blocks */
	MPF_NODE_PYTHON = 6,	/* a Python frame: argument MPF_PYTHON_AT() */
	MPF_NODE_LINK = 7	/* no node; argument: the next one's parent */
};

/* Nodes that have no parent. */
static inline int mpf_is_root(uint64_t pc)
{
	return MPF_PC_KIND(pc) == MPF_NODE_ROOT ||
	       MPF_PC_KIND(pc) == MPF_NODE_UNSAMPLED;
}

enum mpf_cut {
	MPF_CUT_DEPTH = 1,    /* max_depth reached */
	MPF_CUT_NO_RULE = 2,  /* code without usable unwind data */
	MPF_CUT_BAD_STACK = 3 /* the stack could not be read */
};

/*
 * A Python frame: which code (an index into the codes) and where in it: 1 and
 * more are its instructions, units of two bytes; 0 is before the first.
 * MPF_PYTHON_EVALUATED: the parent is the native frame in which the
 * interpreter runs this frame and those further in, up to the next native one.
 * Code 0 is code that is not known; at MPF_PYTHON_LEFT_OUT it stands for the
 * Python frames of a stack further out that were too many to keep.
 */
#define MPF_PYTHON_POSITIONS (UINT64_C(1) << 24)
#define MPF_PYTHON_CODES     (UINT64_C(1) << 30)
#define MPF_PYTHON_DEPTH     4097u /* Python frames of a stack at most */
#define MPF_PYTHON_AT(code, position) \
	((uint64_t)MPF_NODE_PYTHON << 60 | (uint64_t)(code) << 24 | (position))
#define MPF_PYTHON_EVALUATED	(UINT64_C(1) << 55)
#define MPF_PYTHON_CODE(pc)	((uint32_t)((pc) >> 24 & (MPF_PYTHON_CODES - 1)))
#define MPF_PYTHON_POSITION(pc) ((uint32_t)((pc) & (MPF_PYTHON_POSITIONS - 1)))
#define MPF_PYTHON_LEFT_OUT	1u

/* A class: how it was allocated and the size bucket, see mpf_bucket(). */
#define MPF_CLASS(call, bucket) (((uint64_t)(call) << 8) | (bucket))
#define MPF_CLASS_CALL(pc)	((unsigned)((pc) >> 8) & 0xff)
#define MPF_CLASS_BUCKET(pc)	((unsigned)(pc)&0xff)

/*
 * With sample_bytes R, a block of s bytes (1 when 0) was kept with its stack
 * with probability 1 - exp(-s / R), so each stands for the inverse of that.
 * Its class holds the exact size, because the weight depends on it. All other
 * blocks are in the one class MPF_NODE_UNSAMPLED: totals stay exact.
 */
#define MPF_SIZED_MAX	       ((UINT64_C(1) << 48) - 1)
#define MPF_SIZED(call, bytes) (((uint64_t)(call) << 48) | (bytes))
#define MPF_SIZED_CALL(pc)     ((unsigned)((pc) >> 48) & 0xff)
#define MPF_SIZED_BYTES(pc)    ((pc)&MPF_SIZED_MAX)

enum mpf_call {
	MPF_CALL_MALLOC = 1,
	MPF_CALL_CALLOC = 2,
	MPF_CALL_REALLOC = 3,  /* also reallocarray */
	MPF_CALL_MEMALIGN = 4, /* every call that takes an alignment */
	MPF_CALL_NEW = 5,      /* operator new, served without malloc */
	MPF_CALL_NEW_ARRAY = 6,
	MPF_CALL_CUSTOM = 7,
	MPF_CALL_OBJECT = 8, /* of an interpreter's own allocator */
	MPF_CALL_OBJECT_REALLOC = 9,
	MPF_CALL_MAX = 9
};

/*
 * Size buckets: 0 to 8 hold that very size; bucket b from 9 on holds sizes
 * in (2^(b-6), 2^(b-5)]: 9..16, 17..32, ... Class count per site is bounded.
 */
#define MPF_BUCKETS 70u

static inline unsigned mpf_bucket(uint64_t bytes)
{
	if (bytes <= 8)
		return (unsigned)bytes;
	return 69u - (unsigned)__builtin_clzll(bytes - 1);
}

enum mpf_module_flags {
	MPF_MODULE_MAIN = 1u << 0,
	MPF_MODULE_VDSO = 1u << 1,
	MPF_MODULE_LOADER = 1u << 2,  /* the dynamic linker */
	MPF_MODULE_MEMPROF = 1u << 3, /* libmemprof.so itself */
};

/*
 * A file mapped as code. An address belongs to the module whose
 * [start, end) holds it and whose generations hold that of its root:
 * first_generation <= g < end_generation (0: not unloaded).
 * Offset in the module = address - bias = the ELF file's virtual address.
 */
struct mpf_module {
	uint64_t start, end;
	uint64_t bias;
	struct mpf_text path;
	uint64_t file_bytes; /* of the file when it was seen; 0 unknown */
	uint64_t file_mtime_ns;
	uint32_t first_generation;
	uint32_t end_generation;
	uint32_t flags; /* enum mpf_module_flags */
	uint32_t build_id_bytes;
	uint8_t build_id[MPF_BUILD_ID_BYTES];
	uint64_t reserved[3];
};

/* How lines holds the line of each instruction. */
enum mpf_code_lines {
	MPF_CODE_NO_LINES = 1,	/* it does not: the table was too long */
	MPF_CODE_LNOTAB = 2,	/* co_lnotab of Python up to 3.9 */
	MPF_CODE_LINES = 3,	/* co_linetable of Python 3.10 */
	MPF_CODE_LOCATIONS = 4, /* co_linetable of Python from 3.11 on */
};

/* A piece of code of an interpreted language: what stays when it is freed. */
struct mpf_code {
	struct mpf_text file;  /* as the interpreter has it, in UTF-8 */
	struct mpf_text name;  /* qualified where the interpreter knows it */
	struct mpf_text lines; /* bytes, see lines_kind */
	uint32_t first_line;
	uint32_t lines_kind; /* enum mpf_code_lines; 0: not used */
	uint64_t reserved;
};

/*
 * One writer. A writer serves one thread at a time; when that thread is gone
 * another may take it over, so counters of a writer may be of several threads
 * (threads counts them; tid and name are the latest). The slots of a writer
 * are the MPF_SEG_SLOTS segments whose owner is this element's index.
 */
struct mpf_thread {
	uint32_t tid;
	uint32_t threads;	   /* how many it served; 0: unused */
	char name[MPF_NAME_BYTES]; /* not trusted, NUL-terminated */
	uint64_t failed;	   /* calls that returned no memory */
	uint64_t foreign_frees;	   /* pointers we never saw allocated */
	uint64_t nested;	   /* events inside our own code (signals) */
	uint64_t guessed;	   /* walks with a guessed frame */
	uint64_t cut_depth;	   /* walks cut, by enum mpf_cut */
	uint64_t cut_no_rule;
	uint64_t cut_bad_stack;
	uint64_t foreign_reallocs; /* realloc of such pointers */
	uint64_t flags;		   /* enum mpf_thread_flags */
	uint32_t started_at;	   /* node: innermost frame of who created the
				      latest one; 0: not known */
	uint32_t reserved32;
	uint64_t reserved[3];
};

enum mpf_thread_flags {
	MPF_THREAD_INHERITED = 1u << 0,	    /* what a forked child inherited */
	MPF_THREAD_STARTS_DIFFER = 1u << 1, /* started_at of those it served */
};

/*
 * The counters of one class by one writer. live = allocs - frees; a slot may
 * be negative, because who frees counts; sums over writers are not.
 *
 * At the peak the live {blocks, bytes} of a slot were
 *	epoch == header.peak_epoch ? peak : live
 * and where the sum of live bytes exceeds header.peak_bytes, the peak is now:
 * then every slot is at its peak.
 */
struct mpf_slot {
	uint64_t allocs, alloc_bytes; /* 16-byte aligned pair */
	uint64_t frees, free_bytes;   /* 16-byte aligned pair */
	int64_t peak_blocks, peak_bytes;
	uint32_t class_node; /* index of the MPF_NODE_CLASS node */
	uint32_t epoch;
	uint64_t temporary; /* frees before the same thread allocated again */
};

/*
 * A point of the timeline. They are in no order and may be there twice: when
 * there is no more room every second one is moved over the others. ns is
 * cleared before a point changes and written after it.
 */
struct mpf_point {
	uint64_t ns;		      /* CLOCK_MONOTONIC; 0: unused */
	uint64_t rss_bytes;	      /* 0: unknown */
	uint64_t allocs, alloc_bytes; /* since the start, overflow included */
	uint64_t frees, free_bytes;
	uint64_t reserved[2];
};

enum mpf_moment_kind {
	MPF_MOMENT_MARK = 1,	 /* a name for an instant, without changes */
	MPF_MOMENT_INTERVAL = 2, /* taken now and then, without a name */
	MPF_MOMENT_SNAPSHOT = 3, /* asked for */
	MPF_MOMENT_LAST = 3
};

/*
 * An instant whose slots can be known: a slot was what the last change of it
 * up to that moment says, and empty without one. Moments are in order of time
 * within the area that the header names; the other area holds old ones, or
 * new ones in the making.
 */
struct mpf_moment {
	uint64_t ns;	     /* CLOCK_MONOTONIC; 0: unused; written last */
	uint32_t kind;	     /* enum mpf_moment_kind */
	uint32_t peak_epoch; /* of the header, at that instant */
	uint64_t peak_bytes;
	uint64_t peak_ns;
	struct mpf_text name;
	uint32_t first_change; /* index into the changes of the area */
	uint32_t change_count; /* elements under a segment header included */
	uint64_t rss_bytes;    /* 0: unknown */
	uint64_t allocs, alloc_bytes; /* since the start, overflow included */
	uint64_t frees, free_bytes;
	struct mpf_overflow overflow;
};

/* What a slot was. Those of one moment are in order of their lines. */
struct mpf_change {
	uint64_t allocs, alloc_bytes; /* these as in struct mpf_slot */
	uint64_t frees, free_bytes;
	int64_t peak_blocks, peak_bytes;
	uint32_t line; /* offset of the slot in the file / 64; 0: unused */
	uint32_t epoch;
	uint64_t temporary;
};

/*
 * What a reachability scan says of the live blocks of one class: of those
 * that had one verdict, by one root (or one class of lost blocks).
 */
enum mpf_verdict {
	MPF_VERDICT_LOST = 1,	   /* definitely: nothing leads to it */
	MPF_VERDICT_INDIRECT = 2,  /* only lost blocks lead to it */
	MPF_VERDICT_POSSIBLE = 3,  /* only through addresses inside of blocks */
	MPF_VERDICT_REACHABLE = 4, /* a root leads to the beginning */
};

struct mpf_leak {
	uint32_t class_node; /* as in struct mpf_slot; 0: none is known */
	uint32_t verdict;    /* enum mpf_verdict */
	uint32_t root;	     /* index of the mpf_root; 0: none */
	uint32_t by_class;   /* INDIRECT: class of the lost block; 0: unknown */
	uint64_t blocks;     /* 0: unused */
	uint64_t bytes;
	uint64_t largest;	/* address of the largest one */
	uint64_t largest_bytes; /* its size */
	uint64_t held_at;	/* where that pointer lies, see enum mpf_held */
	uint64_t reserved;
};

/* What kind of root a block is held by, and what held_at counts from. */
enum mpf_held {
	MPF_HELD_MODULE = 1,   /* a variable: the ELF file's address */
	MPF_HELD_TLS = 2,      /* a thread's variables: the address */
	MPF_HELD_STACK = 3,    /* a thread's stack: the address */
	MPF_HELD_REGISTER = 4, /* a thread's register: its number */
	MPF_HELD_MAPPING = 5,  /* other writable memory: the address */
	MPF_HELD_REGION = 6,   /* registered as a root: the address */
	MPF_HELD_IGNORED = 7,  /* the program said it is no leak: 0 */
	/* No root: path is the text of rules that the program brings; name is
	 * "LSAN_OPTIONS" where these name their file. */
	MPF_HELD_RULES = 8,
};

struct mpf_root {
	uint32_t held;		   /* enum mpf_held; 0: unused */
	uint32_t tid;		   /* of the thread, where it has one */
	struct mpf_text path;	   /* of the module or mapped file; rules */
	char name[MPF_NAME_BYTES]; /* of the thread, not trusted */
	uint64_t reserved[3];
};

/*
 * Buckets of ages. In ticks, 0 is below 2^12, b is [2^(b+11), 2^(b+12)), and
 * the last has no end. In allocations 0 is none, b is [2^(b-1), 2^b).
 */
#define MPF_AGE_TICKS  32u
#define MPF_AGE_ALLOCS 24u

static inline unsigned mpf_age_bits(uint64_t n, unsigned buckets)
{
	unsigned bits = n ? 64u - (unsigned)__builtin_clzll(n) : 0;

	return bits < buckets ? bits : buckets - 1;
}

static inline unsigned mpf_age_ticks(uint64_t ticks)
{
	return mpf_age_bits(ticks >> 12, MPF_AGE_TICKS);
}

static inline unsigned mpf_age_allocs(uint64_t allocs)
{
	return mpf_age_bits(allocs, MPF_AGE_ALLOCS);
}

/*
 * How long blocks of a class lived that this writer freed, and what the
 * allocator really gave for those that it allocated and freed. A lifetime is
 * told in ticks and in allocations that the process made meanwhile.
 */
struct mpf_lifetime {
	uint32_t class_node; /* as in struct mpf_slot; 0: unused */
	uint32_t ticks_high; /* how often the sum went beyond 64 bits */
	uint64_t blocks;     /* freed, and it is known since when they lived */
	uint64_t ticks, max_ticks;   /* the sum, the longest */
	uint64_t allocs, max_allocs; /* UINT64_MAX: more than that */
	uint64_t usable_bytes;	     /* of those allocated; 0: not known */
	uint64_t usable_freed_bytes; /* of those freed */
	uint64_t by_ticks[MPF_AGE_TICKS];
	uint64_t by_allocs[MPF_AGE_ALLOCS];
};

/*
 * Live blocks, when they were listed last. With MPF_MODE_ADDRESSES one block
 * at its address; without it (address 0) those of a class in one bucket.
 */
struct mpf_live {
	uint64_t address;
	uint32_t class_node; /* 0: it has none */
	uint32_t age;	     /* bucket, in ticks */
	uint64_t blocks;     /* 0: unused */
	uint64_t bytes;
	uint64_t born_ticks;  /* the oldest of them; 0: not known */
	uint64_t born_allocs; /* with how many allocations; 0: not known */
	uint64_t ticks;	      /* the sum of their ages; UINT64_MAX: more */
	uint64_t reserved;
};

_Static_assert(sizeof(struct mpf_header) == MPF_HEADER_BYTES, "header");
_Static_assert(__builtin_offsetof(struct mpf_header, live_sequence) ==
		       MPF_LIVE_OFFSET,
	       "header");
_Static_assert(sizeof(struct mpf_lifetime) == 512, "lifetime");
_Static_assert(sizeof(struct mpf_live) == 64, "live");
_Static_assert(__builtin_offsetof(struct mpf_header, peak_bytes) ==
		       MPF_PEAK_OFFSET,
	       "header");
_Static_assert(__builtin_offsetof(struct mpf_header, timeline_area) ==
		       MPF_TIMELINE_OFFSET,
	       "header");
_Static_assert(__builtin_offsetof(struct mpf_header, private_bytes) ==
		       MPF_UNSEEN_OFFSET,
	       "header");
_Static_assert(__builtin_offsetof(struct mpf_header, heap) == MPF_HEAP_OFFSET,
	       "header");
_Static_assert(sizeof(struct mpf_point) == 64, "point");
_Static_assert(sizeof(struct mpf_moment) == 128, "moment");
_Static_assert(sizeof(struct mpf_change) == 64, "change");
_Static_assert(__builtin_offsetof(struct mpf_header, leak_sequence) ==
		       MPF_LEAK_OFFSET,
	       "header");
_Static_assert(sizeof(struct mpf_leak) == 64, "leak");
_Static_assert(sizeof(struct mpf_root) == 64, "root");
_Static_assert(__builtin_offsetof(struct mpf_header, python) ==
		       MPF_PYTHON_OFFSET,
	       "header");
_Static_assert(sizeof(struct mpf_code) == 64, "code");
_Static_assert(sizeof(struct mpf_segment) == MPF_SEGMENT_BYTES, "segment");
_Static_assert(sizeof(struct mpf_node) == 8, "node");
_Static_assert(sizeof(struct mpf_module) == 128, "module");
_Static_assert(sizeof(struct mpf_thread) == 128, "thread");
_Static_assert(sizeof(struct mpf_slot) == 64, "slot");

#endif
