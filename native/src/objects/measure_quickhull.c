/* Convex hull in space (quickhull: Barber, Dobkin and Huhdanpaa 1996) of points with whole coordinates. Determinants
 * are exact, so that points in a plane need no tolerance: a face sees only what is strictly above it. */
#include "objects/measure.h"

enum { FACES = 3, NEXT = 4, BEGINS = 5, SEEN = 6, RIM = 7 }; /* blocks of the scratch */

typedef struct bw_face {
    int64_t normal[3]; /* outwards; (b - a) x (c - a) */
    int32_t corner[3]; /* counterclockwise as seen from outside */
    int32_t beside[3]; /* face beyond the edge from corner k to the next; */
    int32_t above;     /* first of the points above, -1 = none; */
    int32_t visit;     /* the point that saw it last; */
    int64_t top;       /* height of the highest point above, */
    int32_t highest;   /* and which it is */
    int32_t alive;
} bw_face;

typedef struct bw_rim {
    int32_t from, to, beyond; /* edge as the face that goes had it, and the face that stays */
} bw_rim;

typedef struct bw_hull {
    bw_context *ctx;
    bw_measure_scratch *scratch;
    const bw_corner *point;
    int64_t count;
    bw_face *face;
    int64_t faces;
    int32_t *next;   /* of the points above a face */
    int32_t *begins; /* the new face whose edge on the rim begins at a point */
    int32_t *seen;   /* faces that see the new point */
    int64_t seen_count;
    bw_rim *rim;
    int64_t rim_count;
} bw_hull;

static void subtract(const bw_corner *a, const bw_corner *b, int64_t out[3]) {
    out[0] = a->x - b->x;
    out[1] = a->y - b->y;
    out[2] = a->z - b->z;
}

static void cross(const int64_t a[3], const int64_t b[3], int64_t out[3]) {
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

/* Six times the volume between a face and a point: its height, for points above the same face. */
static int64_t height(const bw_hull *hull, const bw_face *face, int64_t point) {
    int64_t d[3];
    subtract(hull->point + point, hull->point + face->corner[0], d);
    return face->normal[0] * d[0] + face->normal[1] * d[1] + face->normal[2] * d[2];
}

/* Three new faces at most for each edge of the hull's, which all have been there. -> the face, -1 without memory */
static int32_t add_face(bw_hull *hull, int32_t a, int32_t b, int32_t c) {
    int64_t u[3], v[3];
    bw_face *faces = bw_scratch_grow(hull->ctx, hull->scratch, FACES, hull->faces + 1, sizeof *faces);
    if (!faces) return -1;
    hull->face = faces;
    bw_face *face = faces + hull->faces;
    *face = (bw_face){.corner = {a, b, c}, .above = -1, .visit = -1, .alive = 1};
    subtract(hull->point + b, hull->point + a, u);
    subtract(hull->point + c, hull->point + a, v);
    cross(u, v, face->normal);
    return (int32_t)hull->faces++;
}

/* Puts the point on the list of the first of the faces that it is above. */
static void place(bw_hull *hull, int64_t first, int32_t point) {
    for (int64_t f = first; f < hull->faces; f++) {
        bw_face *face = hull->face + f;
        const int64_t above = height(hull, face, point);
        if (above <= 0) continue;
        hull->next[point] = face->above;
        face->above = point;
        if (above > face->top) {
            face->top = above;
            face->highest = point;
        }
        return;
    }
}

/* ---- the first four points --------------------------------------------------------------------------------------- */

static double size_of(const int64_t v[3]) {
    return (double)v[0] * (double)v[0] + (double)v[1] * (double)v[1] + (double)v[2] * (double)v[2];
}

static int32_t farthest_from_point(const bw_hull *hull) {
    double most = -1;
    int32_t best = 0;
    for (int64_t i = 1; i < hull->count; i++) {
        int64_t d[3];
        subtract(hull->point + i, hull->point, d);
        if (size_of(d) > most) most = size_of(d), best = (int32_t)i;
    }
    return best;
}

static int32_t farthest_from_line(const bw_hull *hull, int32_t b) {
    double most = -1;
    int64_t u[3];
    int32_t best = 0;
    subtract(hull->point + b, hull->point, u);
    for (int64_t i = 1; i < hull->count; i++) {
        int64_t d[3], area[3];
        subtract(hull->point + i, hull->point, d);
        cross(u, d, area);
        if (size_of(area) > most) most = size_of(area), best = (int32_t)i;
    }
    return best;
}

static int32_t farthest_from_face(const bw_hull *hull, const bw_face *face) {
    int64_t most = 0;
    int32_t best = 0;
    for (int64_t i = 1; i < hull->count; i++) {
        const int64_t above = height(hull, face, i), distance = above < 0 ? -above : above;
        if (distance > most) most = distance, best = (int32_t)i;
    }
    return best;
}

static bw_status begin(bw_hull *hull) {
    const int32_t b = farthest_from_point(hull);
    int32_t c = farthest_from_line(hull, b), swapped = b;
    if (add_face(hull, 0, b, c) < 0) return BW_ERROR_MEMORY;
    const int32_t d = farthest_from_face(hull, hull->face);
    if (height(hull, hull->face, d) > 0) {
        swapped = c;
        c = b;
    }
    hull->faces = 0;
    const int32_t corner[4][3] = {{0, swapped, c}, {0, d, swapped}, {swapped, d, c}, {c, d, 0}};
    const int32_t beside[4][3] = {{1, 2, 3}, {3, 2, 0}, {1, 3, 0}, {2, 1, 0}};
    for (int f = 0; f < 4; f++) {
        if (add_face(hull, corner[f][0], corner[f][1], corner[f][2]) < 0) return BW_ERROR_MEMORY;
        for (int k = 0; k < 3; k++)
            hull->face[f].beside[k] = beside[f][k];
    }
    for (int32_t i = 1; i < hull->count; i++)
        place(hull, 0, i);
    return BW_OK;
}

/* ---- one more point ---------------------------------------------------------------------------------------------- */

static bw_status see(bw_hull *hull, int32_t face, int32_t point) {
    int32_t *seen = bw_scratch_grow(hull->ctx, hull->scratch, SEEN, hull->seen_count + 1, sizeof *seen);
    if (!seen) return BW_ERROR_MEMORY;
    hull->seen = seen;
    seen[hull->seen_count++] = face;
    hull->face[face].visit = point;
    hull->face[face].alive = 0;
    return BW_OK;
}

static bw_status add_rim(bw_hull *hull, int32_t from, int32_t to, int32_t beyond) {
    bw_rim *rim = bw_scratch_grow(hull->ctx, hull->scratch, RIM, hull->rim_count + 1, sizeof *rim);
    if (!rim) return BW_ERROR_MEMORY;
    hull->rim = rim;
    rim[hull->rim_count++] = (bw_rim){from, to, beyond};
    return BW_OK;
}

/* All faces that see the point, from one that does, and the edges around them. */
static bw_status find_rim(bw_hull *hull, int32_t face, int32_t point) {
    hull->seen_count = hull->rim_count = 0;
    BW_TRY(see(hull, face, point));
    for (int64_t i = 0; i < hull->seen_count; i++)
        for (int k = 0; k < 3; k++) {
            const bw_face *at = hull->face + hull->seen[i];
            const int32_t other = at->beside[k], from = at->corner[k], to = at->corner[(k + 1) % 3];
            if (hull->face[other].visit == point) continue;
            if (height(hull, hull->face + other, point) > 0)
                BW_TRY(see(hull, other, point));
            else
                BW_TRY(add_rim(hull, from, to, other));
        }
    return BW_OK;
}

/* New faces from the rim to the point. */
static bw_status cover(bw_hull *hull, int32_t point) {
    const int64_t first = hull->faces;
    for (int64_t i = 0; i < hull->rim_count; i++) {
        const bw_rim edge = hull->rim[i];
        const int32_t made = add_face(hull, edge.from, edge.to, point);
        if (made < 0) return BW_ERROR_MEMORY;
        hull->begins[edge.from] = made;
        hull->face[made].beside[0] = edge.beyond;
        bw_face *beyond = hull->face + edge.beyond;
        for (int k = 0; k < 3; k++)
            if (beyond->corner[k] == edge.to && beyond->corner[(k + 1) % 3] == edge.from) beyond->beside[k] = made;
    }
    for (int64_t f = first; f < hull->faces; f++) {
        const int32_t after = hull->begins[hull->face[f].corner[1]];
        hull->face[f].beside[1] = after;
        hull->face[after].beside[2] = (int32_t)f;
    }
    for (int64_t i = 0; i < hull->seen_count; i++)
        for (int32_t p = hull->face[hull->seen[i]].above, after; p >= 0; p = after) {
            after = hull->next[p];
            if (p != point) place(hull, first, p);
        }
    return BW_OK;
}

/* ---- result ------------------------------------------------------------------------------------------------------ */

static int64_t volume_of(const bw_hull *hull) {
    int64_t sum = 0;
    for (int64_t f = 0; f < hull->faces; f++)
        if (hull->face[f].alive) sum -= height(hull, hull->face + f, 0);
    return sum;
}

/* Moves the points that are vertices to the front, in their order. */
static int64_t gather(const bw_hull *hull, bw_corner *points) {
    int64_t kept = 0;
    for (int64_t i = 0; i < hull->count; i++)
        hull->next[i] = 0;
    for (int64_t f = 0; f < hull->faces; f++)
        for (int k = 0; k < 3 && hull->face[f].alive; k++)
            hull->next[hull->face[f].corner[k]] = 1;
    for (int64_t i = 0; i < hull->count; i++)
        if (hull->next[i]) points[kept++] = points[i];
    return kept;
}

bw_status bw_hull_3d(bw_context *ctx, bw_measure_scratch *scratch, bw_corner *points, int64_t count, int64_t *vertices,
                     int64_t *volume) {
    bw_hull hull = {.ctx = ctx, .scratch = scratch, .point = points, .count = count};
    if (count > INT32_MAX / 4)
        return bw_fail(ctx, BW_ERROR_MEMORY,
                       "An object is too large for its convex hull: leave out feret and solidity.");
    hull.next = bw_scratch_room(ctx, scratch, NEXT, count, sizeof *hull.next);
    hull.begins = bw_scratch_room(ctx, scratch, BEGINS, count, sizeof *hull.begins);
    if (!hull.next || !hull.begins) return BW_ERROR_MEMORY;
    BW_TRY(begin(&hull));
    for (int64_t f = 0; f < hull.faces; f++) {
        if (!hull.face[f].alive || hull.face[f].above < 0) continue;
        const int32_t point = hull.face[f].highest;
        if ((f & 15) == 0) BW_TRY(bw_check(ctx));
        BW_TRY(find_rim(&hull, (int32_t)f, point));
        BW_TRY(cover(&hull, point));
    }
    *volume = volume_of(&hull);
    *vertices = gather(&hull, points);
    return BW_OK;
}
