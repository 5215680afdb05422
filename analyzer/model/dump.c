/* SPDX-License-Identifier: MIT */
/* Opening a dump: what kind of file it is, its header, reading, closing. */
#include "config.h"

#include "analyzer/model/dump.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/model/dump_private.h"
#include "analyzer/model/region.h"
#include "analyzer/model/sealed.h"

int dump_fail(struct dump_reader *reader, enum dump_code code, const char *what,
	      uint64_t offset)
{
	*reader->error = (struct dump_error) {
		.code = code,
		.what = what,
		.offset = offset,
	};
	return code;
}

int dump_drop(struct dump_reader *reader, const char *what, uint64_t offset,
	      const struct dump_segment *segment)
{
	struct dump *dump = reader->dump;
	struct dump_error loss = {
		.code = DUMP_CORRUPT,
		.what = what,
		.offset = offset,
		.segment = segment ? segment->number : 0,
		.segment_type = segment ? segment->type : 0,
	};

	if (!reader->is_salvage) {
		*reader->error = loss;
		return DUMP_CORRUPT;
	}
	if (dump->dropped_count < DUMP_MAX_DROPPED)
		dump->dropped[dump->dropped_count] = loss;
	dump->dropped_count++;
	return 0;
}

int dump_read(struct dump_reader *reader, void *to, uint64_t bytes,
	      uint64_t offset)
{
	char *at = to;

	while (bytes) {
		ssize_t n = pread(reader->fd, at, bytes, (off_t)offset);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			dump_fail(reader, DUMP_DENIED, "reading", offset);
			reader->error->system_errno = errno;
			return DUMP_DENIED;
		}
		if (n == 0) {
			dump_fail(reader, DUMP_CUT, NULL, offset);
			reader->error->value = bytes;
			return DUMP_CUT;
		}
		at += n;
		offset += (uint64_t)n;
		bytes -= (uint64_t)n;
	}
	return 0;
}

static int system_failure(struct dump_reader *reader, const char *what)
{
	int err = errno;
	bool is_missing = err == ENOENT || err == ENOTDIR;

	dump_fail(reader, is_missing ? DUMP_MISSING : DUMP_DENIED, what, 0);
	reader->error->system_errno = err;
	return reader->error->code;
}

/* Opens the file unless that could block or have an effect. */
static int open_file(struct dump_reader *reader, const char *path,
		     struct stat *ret_st)
{
	if (stat(path, ret_st) < 0)
		return system_failure(reader, "opening");
	if (S_ISDIR(ret_st->st_mode))
		return dump_fail(reader, DUMP_DIRECTORY, NULL, 0);
	if (!S_ISREG(ret_st->st_mode))
		return dump_fail(reader, DUMP_SPECIAL, NULL, 0);
	reader->fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (reader->fd < 0 || fstat(reader->fd, ret_st) < 0)
		return system_failure(reader, "opening");
	if (!S_ISREG(ret_st->st_mode))
		return dump_fail(reader, DUMP_SPECIAL, NULL, 0);
	return 0;
}

static bool is_text(const uint8_t *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] < 0x20 && !isspace(bytes[i]))
			return false;
		if (bytes[i] == 0x7f)
			return false;
	}
	return true;
}

/* What the first bytes say the file is. */
static int check_kind(struct dump_reader *reader, const uint8_t *bytes,
		      size_t count)
{
	static const uint8_t zeros[sizeof(struct mpf_header)];
	static const char magic[] = MPF_MAGIC;
	const size_t magic_bytes = sizeof(magic) - 1;
	struct mpf_header *header = &reader->dump->header;
	size_t shown = count < magic_bytes ? count : magic_bytes;

	if (memcmp(bytes, zeros, count) == 0)
		return dump_fail(reader, DUMP_EMPTY, NULL, 0);
	if (memcmp(bytes, magic, shown) != 0)
		return dump_fail(reader, DUMP_FOREIGN,
				 is_text(bytes, count) ? "text" : NULL, 0);
	if (count >= offsetof(struct mpf_header, machine)) {
		if (header->byte_order == __builtin_bswap32(MPF_BYTE_ORDER))
			return dump_fail(
				reader, DUMP_BYTE_ORDER, NULL,
				offsetof(struct mpf_header, byte_order));
		if (header->version > MPF_VERSION) {
			dump_fail(reader, DUMP_NEWER, NULL,
				  offsetof(struct mpf_header, version));
			reader->error->value = header->version;
			return DUMP_NEWER;
		}
	}
	if (count < sizeof(*header)) {
		dump_fail(reader, DUMP_CUT, NULL, count);
		reader->error->value = sizeof(*header) - count;
		return DUMP_CUT;
	}
	return 0;
}

static int read_header(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	uint64_t bytes = sizeof(dump->header);
	int ret;

	if (dump->file_bytes == 0)
		return dump_fail(reader, DUMP_EMPTY, NULL, 0);
	if (bytes > dump->file_bytes)
		bytes = dump->file_bytes;
	ret = dump_read(reader, &dump->header, bytes, 0);
	if (ret == 0)
		ret = check_kind(reader, (const uint8_t *)&dump->header, bytes);
	return ret == 0 ? dump_check_header(reader) : ret;
}

/* How far the segments go in a file of this size. */
static int segments_end(struct dump_reader *reader, uint64_t used_bytes,
			uint64_t *ret_end)
{
	uint64_t file_bytes = reader->dump->file_bytes;
	int ret;

	*ret_end = used_bytes;
	if (used_bytes <= file_bytes)
		return 0;
	if (!reader->is_salvage) {
		dump_fail(reader, DUMP_CUT, NULL, file_bytes);
		reader->error->value = used_bytes - file_bytes;
		return DUMP_CUT;
	}
	ret = dump_drop(reader, "end of the file", file_bytes, NULL);
	*ret_end = file_bytes;
	return ret;
}

/* Is what is behind a sequence number whole? What was being written when it
 * was read, or when the process died, is not. */
static int look_at_sequence(struct dump_reader *reader, uint64_t offset,
			    uint32_t before, bool *ret_is_whole)
{
	uint32_t now = 0;
	int ret = dump_read(reader, &now, sizeof(now), offset);

	*ret_is_whole = now % 2 == 0 && now == before;
	return ret;
}

static int look_at_sequences(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	const struct mpf_header *header = &dump->header;
	int ret;

	ret = look_at_sequence(reader,
			       offsetof(struct mpf_header, leak_sequence),
			       header->leak_sequence, &dump->has_leaks);
	if (ret == 0)
		ret = look_at_sequence(
			reader, offsetof(struct mpf_header, live_sequence),
			header->live_sequence, &dump->has_live);
	dump->has_leaks &= (header->mode & MPF_MODE_LEAK_CHECKED) != 0;
	dump->has_live &=
		header->live_sequence != 0 &&
		(header->mode & (MPF_MODE_LIFETIMES | MPF_MODE_ADDRESSES)) != 0;
	return ret;
}

/*
 * Counters first, then what they refer to: in a process that goes on, a slot
 * may name a node that is younger than the first look at used_bytes.
 */
static int read_contents(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	uint64_t used_bytes = dump->header.used_bytes;
	struct stat st;
	uint64_t end;
	int ret;

	ret = segments_end(reader, used_bytes, &end);
	if (ret == 0)
		ret = dump_scan_segments(reader, end);
	/* What the timeline refers to is written before it. */
	if (ret == 0)
		ret = dump_load_timeline(reader);
	if (ret == 0)
		ret = dump_load_slots(reader);
	if (ret == 0 && dump->is_changing) {
		if (fstat(reader->fd, &st) < 0)
			return system_failure(reader, "reading");
		dump->file_bytes = (uint64_t)st.st_size;
		ret = dump_read(reader, &used_bytes, sizeof(used_bytes),
				offsetof(struct mpf_header, used_bytes));
		if (ret == 0 && used_bytes > dump->header.used_bytes &&
		    used_bytes % MPF_PAGE == 0) {
			ret = segments_end(reader, used_bytes, &end);
			if (ret == 0)
				ret = dump_scan_segments(reader, end);
		}
	}
	if (ret == 0)
		ret = dump_load_rest(reader);
	if (ret == 0)
		ret = look_at_sequences(reader);
	return ret == 0 ? dump_check_elements(reader) : ret;
}

/* An end without its state. */
static bool is_copy(const struct mpf_header *header)
{
	return header->state == MPF_RUNNING && header->end_ns != 0;
}

/*
 * The file may be a copy of the memory that is recorded into: that is read
 * then, while it is there, and after it the file again, as it may be more than
 * a copy by now.
 */
static int find_source(struct dump_reader *reader, struct stat *st)
{
	struct dump *dump = reader->dump;
	const struct mpf_header *header = &dump->header;
	int fd, ret;

	if (!is_copy(header))
		return 0;
	fd = sealed_open(header->pid, header->process_ticks, st->st_uid,
			 O_RDONLY);
	if (fd < 0)
		fd = open(dump->path,
			  O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd >= 0) {
		close(reader->fd);
		reader->fd = fd;
	}
	if (fstat(reader->fd, st) < 0)
		return system_failure(reader, "opening");
	if (!S_ISREG(st->st_mode))
		return dump_fail(reader, DUMP_SPECIAL, NULL, 0);
	dump->file_bytes = (uint64_t)st->st_size;
	dump->dropped_count = 0;
	ret = read_header(reader);
	dump->is_copy = is_copy(header);
	return ret;
}

static enum dump_process process_of(const struct dump *dump, bool is_alive)
{
	switch (dump->header.state) {
	case MPF_EXITED:
		return DUMP_EXITED;
	case MPF_EXECED:
		return DUMP_REPLACED;
	default:
		return is_alive ? DUMP_RUNNING : DUMP_VANISHED;
	}
}

/* What became of the process. When it is gone the header is read again, which
 * may be from before its last words. */
static int look_at_process(struct dump_reader *reader, uint64_t inode)
{
	struct dump *dump = reader->dump;
	const char *path = dump->is_copy ? SEALED_MAPPING : dump->path;
	bool is_alive = dump_process_is_alive(&dump->header, inode, path);
	struct stat st;
	int ret = 0;

	dump->is_changing = is_alive || dump->is_copy;
	if (!dump->is_changing) {
		if (fstat(reader->fd, &st) < 0)
			return system_failure(reader, "reading");
		dump->file_bytes = (uint64_t)st.st_size;
		dump->dropped_count = 0;
		ret = read_header(reader);
	}
	dump->process = process_of(dump, is_alive);
	return ret;
}

int dump_open(const char *path, const struct dump_options *options,
	      struct dump **ret_dump, struct dump_error *error)
{
	struct dump_reader reader = {
		.error = error,
		.fd = -1,
		.is_salvage = options && options->salvage,
	};
	struct stat st;
	int ret = DUMP_MEMORY;

	dump_fail(&reader, DUMP_MEMORY, NULL, 0);
	reader.dump = calloc(1, sizeof(*reader.dump));
	if (reader.dump)
		reader.dump->path = strdup(path);
	if (!reader.dump || !reader.dump->path)
		goto out;
	ret = open_file(&reader, path, &st);
	if (ret < 0)
		goto out;
	reader.dump->file_bytes = (uint64_t)st.st_size;
	reader.dump->file_mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u +
				     (uint64_t)st.st_mtim.tv_nsec;
	ret = read_header(&reader);
	if (ret == 0)
		ret = find_source(&reader, &st);
	if (ret < 0)
		goto out;
	ret = look_at_process(&reader, st.st_ino);
	if (ret == 0)
		ret = read_contents(&reader);
	if (ret == 0)
		dump_look_at_gone(reader.dump, reader.fd);
out:
	if (reader.fd >= 0)
		close(reader.fd);
	if (ret < 0) {
		dump_close(reader.dump);
		return ret;
	}
	*ret_dump = reader.dump;
	*error = (struct dump_error) { .code = DUMP_OK };
	return 0;
}

void dump_close(struct dump *dump)
{
	if (!dump)
		return;
	free(dump->path);
	region_free(dump->nodes, dump->node_count, sizeof(*dump->nodes));
	region_free(dump->node_kinds, dump->node_count, 1);
	region_free(dump->points, dump->point_count, sizeof(*dump->points));
	region_free(dump->moments, dump->moment_count, sizeof(*dump->moments));
	region_free(dump->changes, dump->change_count, sizeof(*dump->changes));
	region_free(dump->before, dump->slot_count, sizeof(*dump->before));
	region_free(dump->modules, dump->module_count, sizeof(*dump->modules));
	region_free(dump->codes, dump->code_count, sizeof(*dump->codes));
	region_free(dump->threads, dump->thread_count, sizeof(*dump->threads));
	region_free(dump->slots, dump->slot_count, sizeof(*dump->slots));
	region_free(dump->text, dump->text_count, 1);
	region_free(dump->leaks, dump->leak_count, sizeof(*dump->leaks));
	region_free(dump->roots, dump->root_count, sizeof(*dump->roots));
	region_free(dump->lifetimes, dump->lifetime_count,
		    sizeof(*dump->lifetimes));
	region_free(dump->live, dump->live_count, sizeof(*dump->live));
	free(dump->runs);
	free(dump->segments);
	free(dump);
}
