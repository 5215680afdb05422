/* SPDX-License-Identifier: MIT */
/* What the names of an object's code depend on. */
#include "config.h"

#include "analyzer/sym/object_identity.h"

#include <elfutils/libdwfl.h>
#include <string.h>
#include <sys/stat.h>

static bool put(struct object_identity *identity, const void *data,
		size_t bytes)
{
	if (bytes > sizeof(identity->data) - identity->bytes)
		return false;
	memcpy(identity->data + identity->bytes, data, bytes);
	identity->bytes += bytes;
	return true;
}

static bool put_number(struct object_identity *identity, uint64_t number)
{
	return put(identity, &number, sizeof(number));
}

/* Another memprof, demangler or libdw may find other names. */
static bool put_program(struct object_identity *identity)
{
	const char *version = dwfl_version(NULL);
	struct stat status;

	if (stat("/proc/self/exe", &status) != 0)
		return false;
	return put_number(identity, (uint64_t)status.st_size) &&
	       put_number(identity, (uint64_t)status.st_mtim.tv_sec) &&
	       put_number(identity, (uint64_t)status.st_mtim.tv_nsec) &&
	       put_number(identity, strlen(version)) &&
	       put(identity, version, strlen(version));
}

static bool put_file(struct object_identity *identity,
		     const struct elf_file *file)
{
	if (file == NULL)
		return put_number(identity, 0);
	return file->build_id_bytes <= OBJECT_IDENTITY_BUILD_ID_LIMIT &&
	       put_number(identity, 1 + file->build_id_bytes) &&
	       put(identity, file->build_id, file->build_id_bytes) &&
	       put_number(identity, file->bytes) &&
	       put_number(identity, file->inode) &&
	       put_number(identity, file->mtime_ns) &&
	       put_number(identity, file->ctime_ns);
}

void object_identity_read(struct object_identity *identity,
			  const struct object_file *file)
{
	*identity = (struct object_identity) { 0 };
	if (!put_program(identity) || !put_file(identity, file->main) ||
	    !put_file(identity, file->debug) || !put_file(identity, file->alt))
		identity->bytes = 0;
}

bool object_identity_is(const struct object_identity *a,
			const struct object_identity *b)
{
	return a->bytes == b->bytes && memcmp(a->data, b->data, a->bytes) == 0;
}
