/* SPDX-License-Identifier: MIT */
/*
 * One ELF file opened for reading: what it is, its build-id, and which parts
 * can be relied on. The file is mapped; its descriptor is closed as soon as
 * nothing needs it, so that hundreds of objects can be open.
 *
 * Nothing in the file is trusted. What this layer cannot prevent: a file that
 * is cut by somebody else while it is mapped raises SIGBUS.
 */
#ifndef MEMPROF_ANALYZER_SYM_ELF_FILE_H
#define MEMPROF_ANALYZER_SYM_ELF_FILE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum elf_file_result {
	ELF_FILE_OK,
	ELF_FILE_ABSENT,     /* no such file */
	ELF_FILE_UNREADABLE, /* no permission, of another kind, cut, corrupt */
	ELF_FILE_NO_MEMORY
};

struct elf_file {
	Elf *elf;
	int fd;		     /* -1 once released */
	char *path;	     /* that was opened, with the root in front */
	const char *in_root; /* the part of path behind the root */
	uint64_t bytes;
	uint64_t mtime_ns;
	uint64_t ctime_ns;
	dev_t device;
	ino_t inode;
	bool is_linked; /* a program or library; else what dwz shares */
	const uint8_t *build_id; /* in the mapping; NULL: none */
	size_t build_id_bytes;
};

/*
 * root is "" or a directory that is the file system of the recorded machine:
 * absolute symbolic links stay inside where the kernel can do that. The caller
 * closes the result.
 */
enum elf_file_result elf_file_open(const char *root, const char *path,
				   struct elf_file **ret_file);
/* The same of an open descriptor, which is owned by the result, or closed. */
enum elf_file_result elf_file_open_fd(int fd, const char *path,
				      struct elf_file **ret_file);
/* NULL is fine. */
void elf_file_close(struct elf_file *file);

/* Closes the descriptor; the contents stay readable. */
void elf_file_release_fd(struct elf_file *file);

bool elf_file_has_build_id(const struct elf_file *file, const uint8_t *build_id,
			   size_t bytes);

/*
 * First section of that name with contents in the file. NULL: none. The
 * header goes to *ret_header.
 */
Elf_Scn *elf_file_section(Elf *elf, const char *name, GElf_Shdr *ret_header);
/* First section of that type with contents. */
Elf_Scn *elf_file_section_of_type(Elf *elf, GElf_Word type,
				  GElf_Shdr *ret_header);

/*
 * Has debug information worth opening: .debug_info, and no section whose
 * compressed contents claim to be absurdly large.
 */
bool elf_file_has_dwarf(Elf *elf);
bool elf_file_has_lines(Elf *elf);

/*
 * The file that dwz moved what is common into: what its name is and, returned,
 * how many bytes its build-id has. 0: there is none.
 */
size_t elf_file_alt_link(Elf *elf, const char **ret_name,
			 const uint8_t **ret_build_id);

/* CRC-32 of the whole contents, as .gnu_debuglink has it. -1: cannot read. */
int elf_file_crc(struct elf_file *file, uint32_t *ret_crc);

#endif
