/* SPDX-License-Identifier: MIT */
/*
 * server PATH: keeps keys and values for clients of a socket at PATH, with a
 * leak that only load shows: a value that is replaced is not freed. Lines are
 *	SET KEY VALUE
 *	DEL KEY
 *	STOP
 * and each is answered with OK. Prints what it lost and what it still holds.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define BUCKETS	   64
#define CLIENTS	   8
#define LINE_BYTES 256
#define MUST(x)	   ((x) ? (void)0 : abort())

struct entry {
	struct entry *next;
	char *key, *value;
};

struct client {
	size_t used;
	char line[LINE_BYTES];
};

static struct entry *buckets[BUCKETS];
static struct client *clients[1 + CLIENTS];
static struct pollfd fds[1 + CLIENTS];
static size_t lost_blocks, lost_bytes, held_bytes;

static struct entry **find(const char *key)
{
	struct entry **at;
	unsigned hash = 0;

	for (const char *p = key; *p; p++)
		hash = hash * 31 + (unsigned char)*p;
	at = &buckets[hash % BUCKETS];
	while (*at && strcmp((*at)->key, key) != 0)
		at = &(*at)->next;
	return at;
}

static void set(const char *key, const char *value)
{
	struct entry **at = find(key);

	if (!*at) {
		*at = calloc(1, sizeof(**at));
		(*at)->key = strdup(key);
	} else {
		lost_blocks++;
		lost_bytes += strlen((*at)->value) + 1;
		held_bytes -= strlen((*at)->value) + 1;
	}
	(*at)->value = malloc(strlen(value) + 1); /* line: leak */
	memcpy((*at)->value, value, strlen(value) + 1);
	held_bytes += strlen(value) + 1;
}

static void del(const char *key)
{
	struct entry **at = find(key), *entry = *at;

	if (!entry)
		return;
	*at = entry->next;
	held_bytes -= strlen(entry->value) + 1;
	free(entry->value);
	free(entry->key);
	free(entry);
}

/* False: to stop. */
static int obey(char *line)
{
	char *rest, *command = strtok_r(line, " ", &rest);
	char *key = strtok_r(NULL, " ", &rest);
	char *value = strtok_r(NULL, " ", &rest);

	if (command && strcmp(command, "SET") == 0 && key && value)
		set(key, value);
	else if (command && strcmp(command, "DEL") == 0 && key)
		del(key);
	return !command || strcmp(command, "STOP") != 0;
}

static int serve(int i)
{
	struct client *client = clients[i];
	char *line = client->line, *end;
	ssize_t got = read(fds[i].fd, line + client->used,
			   sizeof(client->line) - client->used);

	if (got <= 0) {
		close(fds[i].fd);
		fds[i].fd = -1;
		free(client);
		return 1;
	}
	client->used += (size_t)got;
	while ((end = memchr(line, '\n', client->used))) {
		int goes_on;

		*end = '\0';
		goes_on = obey(line);
		MUST(write(fds[i].fd, "OK\n", 3) == 3);
		if (!goes_on)
			return 0;
		client->used -= (size_t)(end + 1 - line);
		memmove(line, end + 1, client->used);
	}
	return 1;
}

static void welcome(void)
{
	for (int i = 1; i <= CLIENTS; i++)
		if (fds[i].fd < 0) {
			fds[i].fd = accept(fds[0].fd, NULL, NULL);
			clients[i] = calloc(1, sizeof(*clients[i]));
			return;
		}
}

int main(int argc, char **argv)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int goes_on = 1;

	MUST(argc == 2 && strlen(argv[1]) < sizeof(address.sun_path));
	memcpy(address.sun_path, argv[1], strlen(argv[1]) + 1);
	for (int i = 0; i <= CLIENTS; i++)
		fds[i] = (struct pollfd) { .fd = -1, .events = POLLIN };
	fds[0].fd = socket(AF_UNIX, SOCK_STREAM, 0);
	MUST(bind(fds[0].fd, (struct sockaddr *)&address, sizeof(address)) ==
	     0);
	MUST(listen(fds[0].fd, CLIENTS) == 0);
	MUST(write(STDOUT_FILENO, "ready\n", 6) == 6);
	while (goes_on && poll(fds, 1 + CLIENTS, -1) > 0) {
		if (fds[0].revents)
			welcome();
		for (int i = 1; i <= CLIENTS; i++)
			if (fds[i].fd >= 0 && fds[i].revents)
				goes_on &= serve(i);
	}
	printf("lost_blocks=%zu\nlost_bytes=%zu\nheld_bytes=%zu\n", lost_blocks,
	       lost_bytes, held_bytes);
	return 0;
}
