/* Whether what is there says what would be written. */
#include <string.h>

#include "core/alloc.h"
#include "core/text.h"
#include "zarr/describe.h"
#include "zarr/json.h"

enum { MOST_DEPTH = 80, VALUE_ROOM = 100 };

/* The way to where two values differ, and the two there; NULL = there is none. */
typedef struct difference {
    struct {
        const char *name; /* NULL = an element of a list */
        int index;
    } way[MOST_DEPTH];
    int depth;
    const cJSON *there, *here;
} difference;

static int differ(difference *d, const cJSON *there, const cJSON *here);

static int differ_at(difference *d, const cJSON *there, const cJSON *here, const char *name, int index) {
    if (d->depth == MOST_DEPTH) return 0; /* texts that were parsed are not as deep */
    d->way[d->depth].name = name;
    d->way[d->depth++].index = index;
    if (differ(d, there, here)) return 1;
    d->depth--;
    return 0;
}

static int objects_differ(difference *d, const cJSON *there, const cJSON *here) {
    for (const cJSON *item = here->child; item; item = item->next)
        if (differ_at(d, bw_json_member(there, item->string), item, item->string, 0)) return 1;
    for (const cJSON *item = there->child; item; item = item->next)
        if (!cJSON_GetObjectItemCaseSensitive(here, item->string) && differ_at(d, item, NULL, item->string, 0))
            return 1;
    return 0;
}

static int lists_differ(difference *d, const cJSON *there, const cJSON *here) {
    const cJSON *a = there->child, *b = here->child;
    for (int i = 0; a || b; i++) {
        if (differ_at(d, a, b, NULL, i)) return 1;
        a = a ? a->next : NULL;
        b = b ? b->next : NULL;
    }
    return 0;
}

/* A member that is null is none. */
static int differ(difference *d, const cJSON *there, const cJSON *here) {
    const int absent = !there || cJSON_IsNull(there), nothing = !here || cJSON_IsNull(here);
    if (absent && nothing) return 0;
    if (!absent && !nothing && cJSON_IsObject(there) && cJSON_IsObject(here)) return objects_differ(d, there, here);
    if (!absent && !nothing && cJSON_IsArray(there) && cJSON_IsArray(here)) return lists_differ(d, there, here);
    if (!absent && !nothing && cJSON_Compare(there, here, 1)) return 0;
    d->there = absent ? NULL : there;
    d->here = nothing ? NULL : here;
    return 1;
}

/* ---- the sentence -------------------------------------------------------------------------------------------- */

static bw_status add_way(bw_text *text, const difference *d) {
    for (int i = 0; i < d->depth; i++) {
        if (d->way[i].name)
            BW_TRY(bw_text_add(text, "%s%s", i ? "." : "", d->way[i].name));
        else
            BW_TRY(bw_text_add(text, "[%d]", d->way[i].index));
    }
    return BW_OK;
}

static bw_status add_value(bw_text *text, const cJSON *value) {
    char *json = value ? cJSON_PrintUnformatted(value) : NULL;
    if (value && !json) return bw_fail(text->ctx, BW_ERROR_MEMORY, "There is not enough memory for a text.");
    const int cut = json && strlen(json) > VALUE_ROOM;
    const bw_status status = bw_text_add(text, "%.*s%s", VALUE_ROOM, json ? json : "absent", cut ? "..." : "");
    cJSON_free(json);
    return status;
}

static bw_status add_sentence(bw_text *text, const char *file, const difference *d) {
    BW_TRY(bw_text_add(text, "%s was begun with something else: ", file));
    BW_TRY(add_way(text, d));
    BW_TRY(bw_text_add(text, " is "));
    BW_TRY(add_value(text, d->there));
    BW_TRY(bw_text_add(text, " there and would be "));
    BW_TRY(add_value(text, d->here));
    return bw_text_add(text, " now. Go on as it was begun, name another result, or remove it first.");
}

static bw_status refuse(bw_context *ctx, const char *file, const difference *d) {
    bw_text text;
    bw_text_init(&text, ctx);
    bw_status status = add_sentence(&text, file, d);
    if (status == BW_OK) status = bw_fail(ctx, BW_ERROR_MISMATCH, "%s", text.data);
    bw_text_free(&text);
    return status;
}

/* ---- entry ----------------------------------------------------------------------------------------------------- */

static bw_status compare(bw_context *ctx, const char *file, const cJSON *there, const cJSON *here,
                         const char *const *first) {
    difference d = {.depth = 0};
    const cJSON *a = there, *b = here;
    for (int i = 0; first && first[i]; i++) {
        d.way[d.depth++].name = first[i];
        a = bw_json_member(a, first[i]);
        b = bw_json_member(b, first[i]);
    }
    if (first && differ(&d, a, b)) return refuse(ctx, file, &d);
    d.depth = 0;
    return differ(&d, there, here) ? refuse(ctx, file, &d) : BW_OK;
}

bw_status bw_zarr_compare_text(bw_context *ctx, const char *file, const char *here, const char *const *first) {
    cJSON *there, *wanted = NULL;
    BW_TRY(bw_json_read(ctx, file, &there));
    bw_status status = bw_json_parse_text(ctx, file, here, &wanted);
    if (status == BW_OK) status = compare(ctx, file, there, wanted, first);
    bw_json_free(there);
    bw_json_free(wanted);
    return status;
}
