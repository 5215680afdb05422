/* SPDX-License-Identifier: MIT */
/* Integer arithmetic only: what is printed is the exact number, rounded once.
 */
#include "config.h"

#include "analyzer/base/units.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

typedef unsigned __int128 wide;

char *units_count(char buf[static UNITS_TEXT_BYTES], uint64_t count)
{
	char digits[UNITS_TEXT_BYTES];
	int len = snprintf(digits, sizeof(digits), "%llu",
			   (unsigned long long)count);
	char *out = buf;

	for (int i = 0; i < len; i++) {
		if (i > 0 && (len - i) % 3 == 0)
			*out++ = ',';
		*out++ = digits[i];
	}
	*out = '\0';
	return buf;
}

/* Appends " unit" to a number that stands in buf. */
static char *append_unit(char buf[static UNITS_TEXT_BYTES], const char *unit)
{
	size_t used = strlen(buf);

	snprintf(buf + used, UNITS_TEXT_BYTES - used, " %s", unit);
	return buf;
}

/* "1,234.5" from tenths */
static char *tenths_number(char buf[static UNITS_TEXT_BYTES], uint64_t tenths)
{
	size_t used;

	units_count(buf, tenths / 10);
	used = strlen(buf);
	snprintf(buf + used, UNITS_TEXT_BYTES - used, ".%u",
		 (unsigned)(tenths % 10));
	return buf;
}

/* "1,234.5 unit" from tenths */
static char *tenths_text(char buf[static UNITS_TEXT_BYTES], uint64_t tenths,
			 const char *unit)
{
	return append_unit(tenths_number(buf, tenths), unit);
}

/* Tenths of a unit, rounded half up. */
static wide tenths_of(uint64_t bytes, wide unit)
{
	return ((wide)bytes * 20 + unit) / (2 * unit);
}

char *units_size(char buf[static UNITS_TEXT_BYTES], enum units units,
		 uint64_t bytes)
{
	static const char *const iec[] = { "KiB", "MiB", "GiB",
					   "TiB", "PiB", "EiB" };
	static const char *const si[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
	const char *const *names = units == UNITS_SI ? si : iec;
	const unsigned base = units == UNITS_SI ? 1000 : 1024;
	wide unit = base;

	if (units == UNITS_BYTES || bytes < base)
		return append_unit(units_count(buf, bytes), "B");
	for (size_t i = 0;; i++, unit *= base) {
		wide tenths = tenths_of(bytes, unit);

		if (i == 5 || tenths < base * 10)
			return tenths_text(buf, (uint64_t)tenths, names[i]);
	}
}

char *units_size_beside(char buf[static UNITS_TEXT_BYTES], enum units units,
			uint64_t bytes, uint64_t whole)
{
	const unsigned base = units == UNITS_SI ? 1000 : 1024;
	wide unit = base;

	if (units == UNITS_BYTES || whole < base)
		return units_count(buf, bytes);
	for (size_t i = 0; i < 5 && tenths_of(whole, unit) >= base * 10; i++)
		unit *= base;
	return tenths_number(buf, (uint64_t)tenths_of(bytes, unit));
}

char *units_percent(char buf[static UNITS_TEXT_BYTES], uint64_t part,
		    uint64_t whole)
{
	wide tenths;

	if (whole == 0) {
		memcpy(buf, "-", 2);
		return buf;
	}
	tenths = ((wide)part * 2000 + whole) / ((wide)whole * 2);
	if (part != 0 && tenths == 0) {
		memcpy(buf, "<0.1%", 6);
	} else if (part < whole && tenths >= 1000) {
		memcpy(buf, ">99.9%", 7);
	} else {
		size_t used;

		if (tenths > UINT64_MAX)
			tenths = UINT64_MAX;
		units_count(buf, (uint64_t)(tenths / 10));
		used = strlen(buf);
		snprintf(buf + used, UNITS_TEXT_BYTES - used, ".%u%%",
			 (unsigned)(tenths % 10));
	}
	return buf;
}

char *units_duration(char buf[static UNITS_TEXT_BYTES], uint64_t ns)
{
	static const struct {
		uint64_t unit;
		const char *name;
	} small[] = { { 1000, "us" }, { 1000000, "ms" }, { 1000000000, "s" } };
	uint64_t minutes, seconds;

	if (ns < 1000)
		return append_unit(units_count(buf, ns), "ns");
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		uint64_t unit = small[i].unit;
		uint64_t tenths =
			ns / unit * 10 + (ns % unit * 10 + unit / 2) / unit;

		if (tenths < (i == 2 ? 600 : 10000))
			return tenths_text(buf, tenths, small[i].name);
	}
	seconds = ns / 1000000000 + (ns % 1000000000 >= 500000000);
	minutes = seconds / 60;
	if (minutes < 60)
		snprintf(buf, UNITS_TEXT_BYTES, "%u min %02u s",
			 (unsigned)minutes, (unsigned)(seconds % 60));
	else {
		size_t used;

		units_count(buf, minutes / 60);
		used = strlen(buf);
		snprintf(buf + used, UNITS_TEXT_BYTES - used, " h %02u min",
			 (unsigned)(minutes % 60));
	}
	return buf;
}

/* "", "b", "k", "kb", "kib"...: the bytes it stands for, 0 when unknown. */
static uint64_t unit_bytes(const char *unit)
{
	static const char letters[] = "kmgtpe";
	const char *at;
	unsigned power;
	bool is_si;
	uint64_t value = 1;

	if (*unit == '\0' || strcasecmp(unit, "b") == 0)
		return 1;
	at = strchr(letters, tolower((unsigned char)*unit));
	if (!at)
		return 0;
	power = (unsigned)(at - letters) + 1;
	is_si = strcasecmp(unit + 1, "b") == 0;
	if (!is_si && unit[1] != '\0' && strcasecmp(unit + 1, "ib") != 0 &&
	    strcasecmp(unit + 1, "i") != 0)
		return 0;
	while (power--)
		value *= is_si ? 1000 : 1024;
	return value;
}

int units_parse_size(const char *text, uint64_t *ret_bytes)
{
	wide whole = 0, fraction = 0, scale = 1;
	bool has_digits = false;
	uint64_t unit;

	for (; isdigit((unsigned char)*text); text++) {
		whole = whole * 10 + (unsigned)(*text - '0');
		if (whole > UINT64_MAX)
			return -ERANGE;
		has_digits = true;
	}
	if (*text == '.') {
		for (text++; isdigit((unsigned char)*text); text++) {
			/* Digits beyond 10^-18 of a unit are below a byte or
			 * two of the largest one. */
			if (scale < (wide)1000000000000000000u) {
				fraction =
					fraction * 10 + (unsigned)(*text - '0');
				scale *= 10;
			}
			has_digits = true;
		}
	}
	if (!has_digits)
		return -EINVAL;
	if (*text == ' ' && text[1] != '\0')
		text++;
	unit = unit_bytes(text);
	if (unit == 0)
		return -EINVAL;
	whole = whole * unit + fraction * unit / scale;
	if (whole > UINT64_MAX)
		return -ERANGE;
	*ret_bytes = (uint64_t)whole;
	return 0;
}
