/* SPDX-License-Identifier: MIT */
/* The call tree as SVG, the root on top. */
#include "config.h"

#include "analyzer/view/svg_flame.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/svg.h"
#include "analyzer/view/text.h"
#include "analyzer/view/xml.h"

#define WIDTH	     1200
#define ROW	     18
#define TOP	     44	 /* above the root: title and totals */
#define LETTER	     7.0 /* width of one, about */
#define WIDTH_MIN    0.3 /* narrower boxes are not drawn */
#define ROWS_MAX     400 /* deeper ones are not drawn; said */
#define TITLE_BYTES  600
#define LETTERS	     12 /* their size */
#define COLOUR_BYTES 32

struct box {
	uint32_t node;
	unsigned depth;
	double x; /* in units of the metric */
};

struct picture {
	FILE *file;
	const struct analysis *analysis;
	const struct flame *flame;
	const struct svg_flame_options *options;
	double scale;
	uint32_t *order; /* nodes by parent, then the greatest first */
	uint32_t *first; /* per node: its children in order; to the next's */
	struct box *boxes;
	size_t count;
	unsigned rows;
	size_t undrawn;
};

static int64_t total(const struct picture *picture, uint32_t node)
{
	return picture->flame->nodes[node].total[picture->options->metric];
}

static int compare(const void *left, const void *right, void *arg)
{
	const struct picture *picture = arg;
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	uint32_t pa = picture->flame->nodes[a].parent;
	uint32_t pb = picture->flame->nodes[b].parent;

	if (pa != pb)
		return pa < pb ? -1 : 1;
	if (total(picture, a) != total(picture, b))
		return total(picture, a) > total(picture, b) ? -1 : 1;
	return a < b ? -1 : a > b;
}

static int sort_children(struct picture *picture)
{
	size_t count = picture->flame->count;

	picture->order = calloc(count + 1, sizeof(*picture->order));
	picture->first = calloc(count + 2, sizeof(*picture->first));
	picture->boxes = calloc(count + 1, sizeof(*picture->boxes));
	if (!picture->order || !picture->first || !picture->boxes)
		return DUMP_MEMORY;
	for (uint32_t i = 1; i < count; i++) {
		picture->order[i - 1] = i;
		picture->first[picture->flame->nodes[i].parent + 1]++;
	}
	for (size_t i = 1; i <= count; i++)
		picture->first[i] += picture->first[i - 1];
	qsort_r(picture->order, count - 1, sizeof(*picture->order), compare,
		picture);
	return 0;
}

/* The boxes that are wide enough, callers before what they call. */
static void place_boxes(struct picture *picture)
{
	picture->boxes[picture->count++] = (struct box) { .node = 0 };
	for (size_t i = 0; i < picture->count; i++) {
		struct box box = picture->boxes[i];
		double x = box.x;

		if (box.depth + 1 > picture->rows)
			picture->rows = box.depth + 1;
		for (uint32_t k = picture->first[box.node];
		     k < picture->first[box.node + 1]; k++) {
			uint32_t child = picture->order[k];
			double value = (double)total(picture, child);

			if (value * picture->scale < WIDTH_MIN ||
			    box.depth + 1 == ROWS_MAX) {
				picture->undrawn += value > 0;
				x += value;
				continue;
			}
			picture->boxes[picture->count++] = (struct box) {
				.node = child, .depth = box.depth + 1, .x = x
			};
			x += value;
		}
	}
}

static const char *name_of(const struct picture *picture, uint32_t node,
			   char buf[static TEXT_NAME_BYTES], unsigned columns)
{
	const struct flame_node *at = &picture->flame->nodes[node];
	const struct place *place;

	switch (at->kind) {
	case FLAME_ROOT:
		return text_base_name(buf, picture->analysis->summary.program);
	case FLAME_CUT:
		return "(outer frames missing)";
	case FLAME_NO_STACK:
		return "(no stack)";
	case FLAME_FUNCTION:
		break;
	}
	place = &picture->flame->keys.array[at->key].place;
	if (place->function)
		return text_function(buf, place->function, columns);
	if (at->module == MODULES_NONE)
		return "[unknown]";
	return text_base_name(
		buf, picture->analysis->tree.modules.array[at->module].path);
}

static char *value_text(char buf[static UNITS_TEXT_BYTES],
			const struct picture *picture, int64_t value)
{
	switch (flame_metrics[picture->options->metric]) {
	case METRIC_ALLOCATIONS:
	case METRIC_TEMPORARY:
		return units_count(buf, (uint64_t)value);
	default:
		return units_size(buf, picture->options->units,
				  (uint64_t)value);
	}
}

/* A colour that is the same for the same module: shades of warm and cold, all
 * light enough for black letters. */
static void set_colour(char buf[static COLOUR_BYTES],
		       const struct flame_node *node)
{
	unsigned hue = (unsigned)node->module * 47 % 360;

	if (node->kind != FLAME_FUNCTION || node->module == MODULES_NONE)
		snprintf(buf, COLOUR_BYTES, "#cfd3da");
	else
		snprintf(buf, COLOUR_BYTES, "hsl(%u,65%%,%s)", (hue + 28) % 360,
			 node->is_inlined ? "84%" : "76%");
}

static void put_box(const struct picture *picture, const struct box *box)
{
	const struct flame_node *node = &picture->flame->nodes[box->node];
	int64_t value = total(picture, box->node);
	double x = box->x * picture->scale;
	double width = (double)value * picture->scale;
	unsigned y = TOP + box->depth * ROW;
	unsigned columns = (unsigned)((width - 6) / LETTER);
	char name[TEXT_NAME_BYTES], size[UNITS_TEXT_BYTES];
	char share[UNITS_TEXT_BYTES], colour[COLOUR_BYTES];

	fprintf(picture->file, "<g><title>");
	xml_put(picture->file, name_of(picture, box->node, name, TITLE_BYTES));
	fprintf(picture->file, "%s\n%s, ", node->is_inlined ? " (inlined)" : "",
		value_text(size, picture, value));
	/* It may be "<0.1%". */
	xml_put(picture->file, units_percent(share, (uint64_t)value,
					     (uint64_t)total(picture, 0)));
	fputs("</title>", picture->file);
	set_colour(colour, node);
	svg_box(picture->file, x, y, width > 0.6 ? width - 0.4 : width, ROW - 1,
		colour);
	if (width >= 6 + 3 * LETTER)
		svg_text(picture->file, x + 3, y + 13, SVG_START, LETTERS,
			 name_of(picture, box->node, name, columns));
	fputs("</g>\n", picture->file);
}

static void put_notes(const struct picture *picture, unsigned height)
{
	const struct flame *flame = picture->flame;
	char text[2 * TITLE_BYTES] = "";
	size_t at = 0;

	if (flame->share > 0)
		at = (size_t)snprintf(text, sizeof(text),
				      "Folded into their callers: %zu boxes "
				      "with at most %.2g%% of everything. ",
				      flame->all_count - flame->count,
				      100 * flame->share);
	if (picture->undrawn)
		snprintf(text + at, sizeof(text) - at,
			 "Too small or too deep to draw: %zu.",
			 picture->undrawn);
	svg_text(picture->file, 4, height - 8, SVG_START, LETTERS, text);
}

static void put_picture(const struct picture *picture)
{
	const struct summary *summary = &picture->analysis->summary;
	unsigned height = TOP + picture->rows * ROW + 28;
	char name[TEXT_NAME_BYTES], size[UNITS_TEXT_BYTES];
	char title[TITLE_BYTES];

	snprintf(title, sizeof(title), "%s: %s%s",
		 text_base_name(name, summary->program),
		 picture->options->title,
		 picture->options->is_inverted ? ", callers below" : "");
	fputs(SVG_FLAME_MARK "\n", picture->file);
	svg_begin(picture->file, WIDTH, height, title);
	fputs("<style>g text{font-family:ui-monospace,monospace}</style>\n",
	      picture->file);
	svg_text(picture->file, 4, 18, SVG_START, 15, title);
	snprintf(title, sizeof(title), "%s%s",
		 value_text(size, picture, total(picture, 0)),
		 picture->analysis->sites.errors ? " (estimated from samples)"
						 : "");
	svg_text(picture->file, 4, 36, SVG_START, LETTERS, title);
	if (total(picture, 0) > 0)
		for (size_t i = 0; i < picture->count; i++)
			put_box(picture, &picture->boxes[i]);
	put_notes(picture, height);
	svg_end(picture->file);
}

int svg_flame_print(FILE *file, const struct analysis *analysis,
		    const struct flame *flame,
		    const struct svg_flame_options *options)
{
	struct picture picture = { .file = file,
				   .analysis = analysis,
				   .flame = flame,
				   .options = options };
	int ret = sort_children(&picture);

	if (ret == 0) {
		if (total(&picture, 0) > 0)
			picture.scale = WIDTH / (double)total(&picture, 0);
		place_boxes(&picture);
		put_picture(&picture);
	}
	free(picture.order);
	free(picture.first);
	free(picture.boxes);
	return ret;
}
