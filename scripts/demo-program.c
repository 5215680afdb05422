/* SPDX-License-Identifier: MIT */
/*
 * demo-program FILE...: counts the words of the files and prints the most
 * frequent ones. It has two leaks on purpose, the kind that reviews miss: a
 * key copied for a word that is in the table already, and a line buffer that
 * getline() allocated, lost for each file.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS	   1024
#define SHOWN	   5
#define SEPARATORS " \t\n.,:;()[]{}<>=+-*/&|!#%\"'`\\"

struct word {
	struct word *next;
	char *text;
	unsigned long count;
};

struct table {
	struct word *buckets[BUCKETS];
	size_t words;
};

static unsigned hash(const char *text)
{
	unsigned value = 5381;

	for (; *text; text++)
		value = value * 33 + (unsigned char)*text;
	return value % BUCKETS;
}

static void table_add(struct table *table, const char *text)
{
	struct word **bucket = &table->buckets[hash(text)];
	char *key = strdup(text);
	struct word *word;

	for (word = *bucket; word; word = word->next) {
		if (strcmp(word->text, key) == 0) {
			word->count++;
			return; /* leak: key */
		}
	}
	word = calloc(1, sizeof(*word));
	word->text = key;
	word->count = 1;
	word->next = *bucket;
	*bucket = word;
	table->words++;
}

static void count_file(struct table *table, FILE *file)
{
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, file) > 0) {
		char *save = NULL;
		char *word = strtok_r(line, SEPARATORS, &save);

		for (; word; word = strtok_r(NULL, SEPARATORS, &save))
			table_add(table, word);
	}
	/* leak: line */
}

static int by_count(const void *a, const void *b)
{
	const struct word *const *left = a;
	const struct word *const *right = b;

	if ((*left)->count != (*right)->count)
		return (*left)->count < (*right)->count ? 1 : -1;
	return strcmp((*left)->text, (*right)->text);
}

static void print_top(const struct table *table)
{
	const struct word **sorted = calloc(table->words, sizeof(*sorted));
	size_t used = 0;

	for (size_t i = 0; i < BUCKETS; i++)
		for (const struct word *w = table->buckets[i]; w; w = w->next)
			sorted[used++] = w;
	qsort(sorted, used, sizeof(*sorted), by_count);
	for (size_t i = 0; i < used && i < SHOWN; i++)
		printf("%6lu %s\n", sorted[i]->count, sorted[i]->text);
	free(sorted);
}

static void table_clear(struct table *table)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		struct word *word = table->buckets[i];

		while (word) {
			struct word *next = word->next;

			free(word->text);
			free(word);
			word = next;
		}
	}
}

int main(int argc, char **argv)
{
	struct table table = { .words = 0 };

	for (int i = 1; i < argc; i++) {
		FILE *file = fopen(argv[i], "r");

		if (!file) {
			perror(argv[i]);
			return 1;
		}
		count_file(&table, file);
		fclose(file);
	}
	print_top(&table);
	table_clear(&table);
	return 0;
}
