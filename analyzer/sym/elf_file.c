/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/elf_file.h"

#include <elfutils/libdwelf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Debug sections shrink to a third or a tenth, tables of zeros more. Beyond
 * this the size is a trap for whoever unpacks it.
 */
#define COMPRESSION_RATIO_LIMIT 200u
/* Small sections may shrink as they like. */
#define COMPRESSION_FREE_BYTES (1024u * 1024)
#define CRC_BUFFER_BYTES       (64u * 1024)
#define OPEN_FLAGS	       (O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK)

static int open_in_root(const char *root, const char *full, const char *path)
{
	struct open_how how = { .flags = OPEN_FLAGS,
				.resolve = RESOLVE_IN_ROOT };
	long fd = -1;
	int root_fd;

	if (root[0] == '\0')
		return open(full, OPEN_FLAGS);
	root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0)
		return -1;
	fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
	/* Old kernels and some sandboxes do not have it. */
	if (fd < 0 && (errno == ENOSYS || errno == EPERM || errno == EAGAIN))
		fd = open(full, OPEN_FLAGS);
	close(root_fd);
	return (int)fd;
}

/* The section table lies at the end of most files: a cut file has lost it. */
static bool is_whole(Elf *elf, uint64_t bytes)
{
	GElf_Ehdr header;
	size_t count;
	uint64_t table;

	if (elf_kind(elf) != ELF_K_ELF || gelf_getehdr(elf, &header) == NULL)
		return false;
	if (header.e_shoff == 0)
		return true;
	if (header.e_shoff > bytes || elf_getshdrnum(elf, &count) != 0)
		return false;
	table = (uint64_t)header.e_shentsize *
		(header.e_shnum != 0 ? header.e_shnum : count);
	return table != 0 && table <= bytes - header.e_shoff;
}

static uint64_t to_ns(const struct timespec *time)
{
	return (uint64_t)time->tv_sec * 1000000000u + (uint64_t)time->tv_nsec;
}

static enum elf_file_result inspect(struct elf_file *file)
{
	GElf_Ehdr header;
	struct stat status;
	const void *build_id;
	ssize_t build_id_bytes;

	if (fstat(file->fd, &status) != 0 || !S_ISREG(status.st_mode) ||
	    status.st_size <= 0)
		return ELF_FILE_UNREADABLE;
	file->bytes = (uint64_t)status.st_size;
	file->mtime_ns = to_ns(&status.st_mtim);
	file->ctime_ns = to_ns(&status.st_ctim);
	file->device = status.st_dev;
	file->inode = status.st_ino;
	file->elf = elf_begin(file->fd, ELF_C_READ_MMAP, NULL);
	if (file->elf == NULL || !is_whole(file->elf, file->bytes))
		return ELF_FILE_UNREADABLE;
	gelf_getehdr(file->elf, &header);
	file->is_linked = header.e_type == ET_EXEC || header.e_type == ET_DYN;
	if (!file->is_linked && header.e_type != ET_REL)
		return ELF_FILE_UNREADABLE;
	build_id_bytes = dwelf_elf_gnu_build_id(file->elf, &build_id);
	if (build_id_bytes > 0) {
		file->build_id = build_id;
		file->build_id_bytes = (size_t)build_id_bytes;
	}
	return ELF_FILE_OK;
}

/* Takes fd and full. */
static enum elf_file_result open_taken(int fd, char *full, size_t root_bytes,
				       struct elf_file **ret_file)
{
	struct elf_file *file = calloc(1, sizeof(*file));
	enum elf_file_result result;

	if (file == NULL) {
		close(fd);
		free(full);
		return ELF_FILE_NO_MEMORY;
	}
	file->fd = fd;
	file->path = full;
	file->in_root = full + root_bytes;
	result = inspect(file);
	if (result == ELF_FILE_OK)
		*ret_file = file;
	else
		elf_file_close(file);
	return result;
}

enum elf_file_result elf_file_open(const char *root, const char *path,
				   struct elf_file **ret_file)
{
	char *full;
	int fd;

	if (asprintf(&full, "%s%s", root, path) < 0)
		return ELF_FILE_NO_MEMORY;
	fd = open_in_root(root, full, path);
	if (fd < 0) {
		enum elf_file_result result = ELF_FILE_UNREADABLE;

		if (errno == ENOENT || errno == ENOTDIR || errno == EINVAL ||
		    errno == ENAMETOOLONG || errno == ELOOP)
			result = ELF_FILE_ABSENT;
		free(full);
		return result;
	}
	return open_taken(fd, full, strlen(root), ret_file);
}

enum elf_file_result elf_file_open_fd(int fd, const char *path,
				      struct elf_file **ret_file)
{
	char *full = strdup(path);

	if (full == NULL) {
		close(fd);
		return ELF_FILE_NO_MEMORY;
	}
	return open_taken(fd, full, 0, ret_file);
}

void elf_file_close(struct elf_file *file)
{
	if (file == NULL)
		return;
	elf_end(file->elf);
	if (file->fd >= 0)
		close(file->fd);
	free(file->path);
	free(file);
}

void elf_file_release_fd(struct elf_file *file)
{
	if (file->fd < 0)
		return;
	/* Where mapping failed this reads what is still missing. */
	if (elf_cntl(file->elf, ELF_C_FDREAD) == 0) {
		close(file->fd);
		file->fd = -1;
	}
}

bool elf_file_has_build_id(const struct elf_file *file, const uint8_t *build_id,
			   size_t bytes)
{
	return bytes > 0 && file->build_id_bytes == bytes &&
	       memcmp(file->build_id, build_id, bytes) == 0;
}

static bool has_contents(const GElf_Shdr *header)
{
	return header->sh_type != SHT_NOBITS && header->sh_type != SHT_NULL &&
	       header->sh_size > 0;
}

Elf_Scn *elf_file_section(Elf *elf, const char *name, GElf_Shdr *ret_header)
{
	Elf_Scn *section = NULL;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return NULL;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		const char *have;

		if (gelf_getshdr(section, ret_header) == NULL ||
		    !has_contents(ret_header))
			continue;
		have = elf_strptr(elf, names, ret_header->sh_name);
		if (have != NULL && strcmp(have, name) == 0)
			return section;
	}
	return NULL;
}

Elf_Scn *elf_file_section_of_type(Elf *elf, GElf_Word type,
				  GElf_Shdr *ret_header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section)) != NULL)
		if (gelf_getshdr(section, ret_header) != NULL &&
		    ret_header->sh_type == type && has_contents(ret_header))
			return section;
	return NULL;
}

static bool is_sane_ratio(uint64_t packed, uint64_t unpacked)
{
	return unpacked <= COMPRESSION_FREE_BYTES ||
	       unpacked / COMPRESSION_RATIO_LIMIT <= packed;
}

/* The GNU form: "ZLIB", then the size with the highest byte first. */
static uint64_t gnu_unpacked_bytes(Elf_Scn *section)
{
	Elf_Data *data = elf_rawdata(section, NULL);
	uint64_t bytes = 0;

	if (data == NULL || data->d_buf == NULL || data->d_size < 12)
		return UINT64_MAX;
	for (size_t i = 4; i < 12; i++)
		bytes = bytes << 8 | ((const unsigned char *)data->d_buf)[i];
	return bytes;
}

static bool is_sane_compression(Elf *elf)
{
	Elf_Scn *section = NULL;
	GElf_Shdr header;
	GElf_Chdr packed;
	size_t names;

	if (elf_getshdrstrndx(elf, &names) != 0)
		return false;
	while ((section = elf_nextscn(elf, section)) != NULL) {
		uint64_t unpacked = 0;
		const char *name;

		if (gelf_getshdr(section, &header) == NULL ||
		    !has_contents(&header))
			continue;
		name = elf_strptr(elf, names, header.sh_name);
		if ((header.sh_flags & SHF_COMPRESSED) != 0) {
			if (gelf_getchdr(section, &packed) == NULL)
				return false;
			unpacked = packed.ch_size;
		} else if (name != NULL && strncmp(name, ".zdebug", 7) == 0) {
			unpacked = gnu_unpacked_bytes(section);
		}
		if (!is_sane_ratio(header.sh_size, unpacked))
			return false;
	}
	return true;
}

bool elf_file_has_dwarf(Elf *elf)
{
	GElf_Shdr header;

	return (elf_file_section(elf, ".debug_info", &header) != NULL ||
		elf_file_section(elf, ".zdebug_info", &header) != NULL) &&
	       is_sane_compression(elf);
}

bool elf_file_has_lines(Elf *elf)
{
	GElf_Shdr header;

	return elf_file_section(elf, ".debug_line", &header) != NULL ||
	       elf_file_section(elf, ".zdebug_line", &header) != NULL;
}

size_t elf_file_alt_link(Elf *elf, const char **ret_name,
			 const uint8_t **ret_build_id)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_file_section(elf, ".gnu_debugaltlink", &header);
	Elf_Data *data = section == NULL ? NULL : elf_rawdata(section, NULL);
	size_t name_bytes;

	if (data == NULL || data->d_buf == NULL)
		return 0;
	name_bytes = strnlen(data->d_buf, data->d_size);
	if (name_bytes == 0 || name_bytes == data->d_size)
		return 0;
	*ret_name = data->d_buf;
	*ret_build_id = (const uint8_t *)data->d_buf + name_bytes + 1;
	return data->d_size - name_bytes - 1;
}

static uint32_t crc_step(uint32_t crc, const unsigned char *data, size_t bytes)
{
	static uint32_t table[256];

	if (table[1] == 0) {
		for (uint32_t i = 0; i < 256; i++) {
			uint32_t value = i;

			for (int bit = 0; bit < 8; bit++)
				value = (value >> 1) ^
					(value & 1 ? 0xedb88320u : 0);
			table[i] = value;
		}
	}
	for (size_t i = 0; i < bytes; i++)
		crc = table[(crc ^ data[i]) & 0xff] ^ (crc >> 8);
	return crc;
}

int elf_file_crc(struct elf_file *file, uint32_t *ret_crc)
{
	unsigned char *buffer = malloc(CRC_BUFFER_BYTES);
	uint32_t crc = UINT32_MAX;
	uint64_t offset = 0;
	int result = -1;

	while (buffer != NULL && file->fd >= 0) {
		ssize_t got = pread(file->fd, buffer, CRC_BUFFER_BYTES,
				    (off_t)offset);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			break;
		if (got == 0) {
			*ret_crc = ~crc;
			result = 0;
			break;
		}
		crc = crc_step(crc, buffer, (size_t)got);
		offset += (uint64_t)got;
	}
	free(buffer);
	return result;
}
