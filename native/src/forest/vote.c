/* The inner loops of prediction, compiled once per instruction set; every level gives the same integers.
 *
 * A chunk of blocks of 64 pixels goes through one tree at a time. A work queue holds (block, node, mask of the pixels
 * that reached the node); visiting an entry compares 64 bytes with the threshold and appends both children, splits to
 * the queue and leaves to a list of their own. Slots are written always and kept only if their mask is not empty, so
 * that no branch depends on the data. */
#include <string.h>

#include "core/simd.h"
#include "forest/parts.h"

#if defined(BW_SIMD_LEVEL_SCALAR)
#define LANES_SCALAR 1
#elif defined(__AVX512BW__)
#include <immintrin.h>
#define LANES_AVX512 1
#elif defined(__AVX2__)
#include <immintrin.h>
#define LANES_AVX2 1
#elif defined(__SSE2__)
#include <emmintrin.h>
#define LANES_SSE2 1
#elif defined(__ARM_NEON) && defined(__aarch64__)
#include <arm_neon.h>
#define LANES_NEON 1
#else
#define LANES_SCALAR 1
#endif

#if defined(__GNUC__)
#define BW_NOINLINE __attribute__((noinline))
#else
#define BW_NOINLINE
#endif

/* SSE2 and AVX2 compare bytes as signed only: blocks are stored with the top bit flipped there. */
#if defined(LANES_AVX2) || defined(LANES_SSE2)
#define BIAS 0x80
#else
#define BIAS 0
#endif

extern const bw_vote_kernels BW_SIMD_NAME(bw_vote_kernels);

/* ---- one compare: bit i of the result tells whether byte i is above the threshold -------------------------------- */

#if defined(LANES_AVX512)

static inline uint64_t above(const uint8_t *bytes, uint8_t threshold) {
    return _mm512_cmpgt_epu8_mask(_mm512_loadu_si512(bytes), _mm512_set1_epi8((char)threshold));
}

static inline void add_under(uint16_t *sums, uint64_t mask, uint16_t votes) {
    const __m512i v = _mm512_set1_epi16((short)votes);
    const __m512i low = _mm512_loadu_si512(sums), high = _mm512_loadu_si512(sums + 32);
    _mm512_storeu_si512(sums, _mm512_mask_add_epi16(low, (__mmask32)mask, low, v));
    _mm512_storeu_si512(sums + 32, _mm512_mask_add_epi16(high, (__mmask32)(mask >> 32), high, v));
}

#elif defined(LANES_AVX2)

static inline uint64_t above(const uint8_t *bytes, uint8_t threshold) {
    const __m256i t = _mm256_set1_epi8((char)(threshold ^ BIAS));
    const __m256i low = _mm256_loadu_si256((const __m256i *)bytes);
    const __m256i high = _mm256_loadu_si256((const __m256i *)(bytes + 32));
    const uint32_t a = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(low, t));
    const uint32_t b = (uint32_t)_mm256_movemask_epi8(_mm256_cmpgt_epi8(high, t));
    return a | (uint64_t)b << 32;
}

static inline void add_under(uint16_t *sums, uint64_t mask, uint16_t votes) {
    const __m256i v = _mm256_set1_epi16((short)votes);
    const __m256i bits =
        _mm256_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, -32768);
    for (int i = 0; i < 4; i++) {
        __m256i *at = (__m256i *)(sums + 16 * i);
        const __m256i m = _mm256_and_si256(_mm256_set1_epi16((short)(mask >> (16 * i))), bits);
        const __m256i add = _mm256_and_si256(_mm256_cmpeq_epi16(m, bits), v);
        _mm256_storeu_si256(at, _mm256_add_epi16(_mm256_loadu_si256(at), add));
    }
}

#elif defined(LANES_SSE2)

static inline uint64_t above(const uint8_t *bytes, uint8_t threshold) {
    const __m128i t = _mm_set1_epi8((char)(threshold ^ BIAS));
    uint64_t mask = 0;
    for (int i = 0; i < 4; i++) {
        const __m128i x = _mm_loadu_si128((const __m128i *)(bytes + 16 * i));
        mask |= (uint64_t)(uint32_t)_mm_movemask_epi8(_mm_cmpgt_epi8(x, t)) << (16 * i);
    }
    return mask;
}

static inline void add_under(uint16_t *sums, uint64_t mask, uint16_t votes) {
    const __m128i v = _mm_set1_epi16((short)votes);
    const __m128i bits = _mm_setr_epi16(1, 2, 4, 8, 16, 32, 64, 128);
    for (int i = 0; i < 8; i++) {
        __m128i *at = (__m128i *)(sums + 8 * i);
        const __m128i m = _mm_and_si128(_mm_set1_epi16((short)(mask >> (8 * i) & 255)), bits);
        const __m128i add = _mm_and_si128(_mm_cmpeq_epi16(m, bits), v);
        _mm_storeu_si128(at, _mm_add_epi16(_mm_loadu_si128(at), add));
    }
}

#elif defined(LANES_NEON)

static inline uint64_t above(const uint8_t *bytes, uint8_t threshold) {
    static const uint8_t places[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    const uint8x16_t t = vdupq_n_u8(threshold), bits = vld1q_u8(places);
    const uint8x16_t a = vandq_u8(vcgtq_u8(vld1q_u8(bytes), t), bits);
    const uint8x16_t b = vandq_u8(vcgtq_u8(vld1q_u8(bytes + 16), t), bits);
    const uint8x16_t c = vandq_u8(vcgtq_u8(vld1q_u8(bytes + 32), t), bits);
    const uint8x16_t d = vandq_u8(vcgtq_u8(vld1q_u8(bytes + 48), t), bits);
    const uint8x16_t pairs = vpaddq_u8(vpaddq_u8(a, b), vpaddq_u8(c, d));
    return vgetq_lane_u64(vreinterpretq_u64_u8(vpaddq_u8(pairs, pairs)), 0);
}

static inline void add_under(uint16_t *sums, uint64_t mask, uint16_t votes) {
    static const uint16_t places[8] = {1, 2, 4, 8, 16, 32, 64, 128};
    const uint16x8_t v = vdupq_n_u16(votes), bits = vld1q_u16(places);
    for (int i = 0; i < 8; i++) {
        const uint16x8_t m = vtstq_u16(vdupq_n_u16((uint16_t)(mask >> (8 * i) & 255)), bits);
        vst1q_u16(sums + 8 * i, vaddq_u16(vld1q_u16(sums + 8 * i), vandq_u16(m, v)));
    }
}

#else

static inline uint64_t above(const uint8_t *bytes, uint8_t threshold) {
    uint64_t mask = 0;
    for (int i = 0; i < BW_BLOCK; i++)
        mask |= (uint64_t)(bytes[i] > threshold) << i;
    return mask;
}

static inline void add_under(uint16_t *sums, uint64_t mask, uint16_t votes) {
    for (int i = 0; i < BW_BLOCK; i++)
        sums[i] = (uint16_t)(sums[i] + (mask >> i & 1) * votes);
}

#endif

/* ---- traversal --------------------------------------------------------------------------------------------------- */

/* The node as one integer, on little-endian machines. */
#define LEFT_LEAF_SHIFT 56
#define RIGHT_LEAF_SHIFT 57
#define LEFT_LEAF_BIT ((long long)1 << LEFT_LEAF_SHIFT)
#define RIGHT_LEAF_BIT ((long long)1 << RIGHT_LEAF_SHIFT)

typedef struct list {
    uint64_t *masks, *places;
} list;

typedef struct chunk {
    list queue, leaves;
    uint8_t *regions;
    uint64_t region_size, masks_at, sums_at;
    int blocks, classes;
    int64_t first;
    uint64_t valid[BW_CHUNK_BLOCKS];
} chunk;

/* Copies the used columns block by block: one base address per block, no cache-set conflicts between columns. */
static void pack_blocks(const bw_vote_job *job, const chunk *c) {
    for (int slot = 0; slot < job->forest->used; slot++) {
        const uint8_t *column = job->columns[job->forest->feature_of[slot]] + c->first;
        for (int b = 0; b < c->blocks; b++) {
            uint8_t *to = c->regions + (uint64_t)b * c->region_size + (uint64_t)slot * BW_BLOCK;
            const uint8_t *from = column + b * BW_BLOCK;
            for (int i = 0; i < BW_BLOCK; i++)
                to[i] = from[i] ^ BIAS;
        }
    }
}

static int start_tree(const bw_vote_job *job, const chunk *c, int tree, list to) {
    const uint64_t *seen = job->seen ? job->seen + tree * job->seen_stride + c->first / BW_BLOCK : NULL;
    int count = 0;
    for (int b = 0; b < c->blocks; b++) {
        const uint64_t mask = seen ? c->valid[b] & ~seen[b] : c->valid[b];
        to.masks[count] = mask;
        to.places[count] = (uint64_t)b * c->region_size << 32;
        count += mask != 0;
    }
    return count;
}

#if defined(LANES_AVX512) || defined(LANES_AVX2)
static inline uint64_t node_word(const bw_node *nodes, uint64_t place) {
    uint64_t word;
    memcpy(&word, nodes + (uint32_t)place, sizeof word);
    return word;
}
#endif

/* Which pixels of the block go right. */
static inline uint64_t above_at(const bw_node *nodes, const uint8_t *regions, uint64_t place) {
    const bw_node *n = nodes + (uint32_t)place;
    return above(regions + (place >> 32) + (size_t)n->feature * BW_BLOCK, n->threshold);
}

#if defined(LANES_AVX512)

enum { GROUP = 8 };

static inline size_t append(list to, size_t at, __mmask8 which, __m512i masks, __m512i places) {
    _mm512_storeu_si512(to.masks + at, _mm512_maskz_compress_epi64(which, masks));
    _mm512_storeu_si512(to.places + at, _mm512_maskz_compress_epi64(which, places));
    return at + (size_t)__builtin_popcount(which);
}

/* Visits the GROUP entries from `next` on. */
static inline void visit_group(const bw_node *nodes, const chunk *c, size_t next, size_t *end, size_t *leaf) {
    const uint64_t *p = c->queue.places + next;
    const __m512i masks = _mm512_loadu_si512(c->queue.masks + next), places = _mm512_loadu_si512(p);
#define AT(j) (long long)above_at(nodes, c->regions, p[j])
    const __m512i over = _mm512_set_epi64(AT(7), AT(6), AT(5), AT(4), AT(3), AT(2), AT(1), AT(0));
#undef AT
#define AT(j) (long long)node_word(nodes, p[j])
    const __m512i words = _mm512_set_epi64(AT(7), AT(6), AT(5), AT(4), AT(3), AT(2), AT(1), AT(0));
#undef AT
    const __m512i low = _mm512_set1_epi64(0xffffffff);
    const __m512i to_left = _mm512_add_epi64(_mm512_andnot_si512(low, places), _mm512_and_si512(low, words));
    const __m512i to_right = _mm512_add_epi64(to_left, _mm512_set1_epi64(1));
    const __m512i right = _mm512_and_si512(over, masks), left = _mm512_andnot_si512(over, masks);
    const __mmask8 has_left = _mm512_test_epi64_mask(left, left), has_right = _mm512_test_epi64_mask(right, right);
    const __mmask8 left_leaf = _mm512_mask_test_epi64_mask(has_left, words, _mm512_set1_epi64(LEFT_LEAF_BIT));
    const __mmask8 right_leaf = _mm512_mask_test_epi64_mask(has_right, words, _mm512_set1_epi64(RIGHT_LEAF_BIT));
    *end = append(c->queue, *end, has_left & (__mmask8)~left_leaf, left, to_left);
    *end = append(c->queue, *end, has_right & (__mmask8)~right_leaf, right, to_right);
    *leaf = append(c->leaves, *leaf, left_leaf, left, to_left);
    *leaf = append(c->leaves, *leaf, right_leaf, right, to_right);
}

#elif defined(LANES_AVX2)

enum { GROUP = 4 };

/* Brings the 64-bit lanes in `which` to the front. */
static const int32_t front_lanes[16][8] = {
    {0, 1, 2, 3, 4, 5, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7}, {2, 3, 0, 1, 4, 5, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7},
    {4, 5, 0, 1, 2, 3, 6, 7}, {0, 1, 4, 5, 2, 3, 6, 7}, {2, 3, 4, 5, 0, 1, 6, 7}, {0, 1, 2, 3, 4, 5, 6, 7},
    {6, 7, 0, 1, 2, 3, 4, 5}, {0, 1, 6, 7, 2, 3, 4, 5}, {2, 3, 6, 7, 0, 1, 4, 5}, {0, 1, 2, 3, 6, 7, 4, 5},
    {4, 5, 6, 7, 0, 1, 2, 3}, {0, 1, 4, 5, 6, 7, 2, 3}, {2, 3, 4, 5, 6, 7, 0, 1}, {0, 1, 2, 3, 4, 5, 6, 7}};
static const uint8_t lane_counts[16] = {0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4};

static inline size_t append(list to, size_t at, int which, __m256i masks, __m256i places) {
    const __m256i order = _mm256_loadu_si256((const __m256i *)(const void *)front_lanes[which]);
    _mm256_storeu_si256((__m256i *)(void *)(to.masks + at), _mm256_permutevar8x32_epi32(masks, order));
    _mm256_storeu_si256((__m256i *)(void *)(to.places + at), _mm256_permutevar8x32_epi32(places, order));
    return at + lane_counts[which];
}

static inline int empty_lanes(__m256i masks) {
    return _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_cmpeq_epi64(masks, _mm256_setzero_si256())));
}

/* Visits the GROUP entries from `next` on. */
static inline void visit_group(const bw_node *nodes, const chunk *c, size_t next, size_t *end, size_t *leaf) {
    const uint64_t *p = c->queue.places + next;
    const __m256i masks = _mm256_loadu_si256((const __m256i *)(const void *)(c->queue.masks + next));
    const __m256i places = _mm256_loadu_si256((const __m256i *)(const void *)p);
#define AT(j) (long long)above_at(nodes, c->regions, p[j])
    const __m256i over = _mm256_set_epi64x(AT(3), AT(2), AT(1), AT(0));
#undef AT
#define AT(j) (long long)node_word(nodes, p[j])
    const __m256i words = _mm256_set_epi64x(AT(3), AT(2), AT(1), AT(0));
#undef AT
    const __m256i to_left = _mm256_blend_epi32(places, words, 0x55);
    const __m256i to_right = _mm256_add_epi64(to_left, _mm256_set1_epi64x(1));
    const __m256i right = _mm256_and_si256(over, masks), left = _mm256_andnot_si256(over, masks);
    const int has_left = ~empty_lanes(left), has_right = ~empty_lanes(right);
    const int left_leaf = _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_slli_epi64(words, 63 - LEFT_LEAF_SHIFT)));
    const int right_leaf = _mm256_movemask_pd(_mm256_castsi256_pd(_mm256_slli_epi64(words, 63 - RIGHT_LEAF_SHIFT)));
    *end = append(c->queue, *end, has_left & ~left_leaf & 15, left, to_left);
    *end = append(c->queue, *end, has_right & ~right_leaf & 15, right, to_right);
    *leaf = append(c->leaves, *leaf, has_left & left_leaf, left, to_left);
    *leaf = append(c->leaves, *leaf, has_right & right_leaf, right, to_right);
}

#else

enum { GROUP = 1 };

static inline void append(list to, size_t at, uint64_t mask, uint64_t place) {
    to.masks[at] = mask;
    to.places[at] = place;
}

static inline void visit_group(const bw_node *nodes, const chunk *c, size_t next, size_t *end, size_t *leaf) {
    const uint64_t mask = c->queue.masks[next], place = c->queue.places[next];
    const bw_node *n = nodes + (uint32_t)place;
    const uint64_t right = above_at(nodes, c->regions, place) & mask, left = mask ^ right;
    const uint64_t to_left = (place >> 32 << 32) + n->next;
    const size_t left_leaf = n->flags & 1, right_leaf = n->flags >> 1;
    const size_t has_left = left != 0, has_right = right != 0;
    append(c->queue, *end, left, to_left);
    append(c->leaves, *leaf, left, to_left);
    *end += has_left & (left_leaf ^ 1);
    *leaf += has_left & left_leaf;
    append(c->queue, *end, right, to_left + 1);
    append(c->leaves, *leaf, right, to_left + 1);
    *end += has_right & (right_leaf ^ 1);
    *leaf += has_right & right_leaf;
}

#endif

/* Empties the queue; returns how many entries the leaf list holds then. Kept apart for the sake of its registers. */
BW_NOINLINE static int walk_splits(const bw_node *nodes, const chunk *c, int tail) {
    const chunk local = *c;
    size_t next = 0, end = (size_t)tail, leaf = 0;
    while (next < end) {
        size_t stop = next + GROUP;
        if (stop > end) { /* empty entries at the root fill the group */
            for (size_t i = end; i < stop; i++)
                local.queue.masks[i] = local.queue.places[i] = 0;
            stop = end;
        }
        visit_group(nodes, &local, next, &end, &leaf);
        next = stop;
        if (end > BW_VOTE_QUEUE - 3 * GROUP) { /* at most half of the queue is alive */
            memmove(local.queue.masks, local.queue.masks + next, (end - next) * sizeof(uint64_t));
            memmove(local.queue.places, local.queue.places + next, (end - next) * sizeof(uint64_t));
            end -= next;
            next = 0;
        }
    }
    return (int)leaf;
}

static void add_mixed(const bw_tree *tree, const bw_node *n, uint64_t mask, uint16_t *sums) {
    const bw_leaf_vote *v = tree->votes + n->next, *end = v + n->feature;
    for (; v < end; v++)
        add_under(sums + (size_t)v->label * BW_BLOCK, mask, v->votes);
}

/* Pure leaves of a tree are disjoint, so their pixels are collected per class and added once. */
static void collect_leaves(const bw_tree *tree, const chunk *c, int count) {
    for (int i = 0; i < count; i++) {
        const uint64_t mask = c->leaves.masks[i], place = c->leaves.places[i];
        const bw_node *n = tree->nodes + (uint32_t)place;
        uint8_t *region = c->regions + (place >> 32);
        if (n->flags & BW_NODE_PURE) {
            ((uint64_t *)(void *)(region + c->masks_at))[n->threshold] |= mask;
        } else {
            add_mixed(tree, n, mask, (uint16_t *)(void *)(region + c->sums_at));
        }
    }
}

static void add_pure(const chunk *c) {
    for (int b = 0; b < c->blocks; b++) {
        uint8_t *region = c->regions + (uint64_t)b * c->region_size;
        uint64_t *masks = (uint64_t *)(void *)(region + c->masks_at);
        uint16_t *sums = (uint16_t *)(void *)(region + c->sums_at);
        for (int k = 0; k < c->classes; k++) {
            if (!masks[k]) continue;
            add_under(sums + k * BW_BLOCK, masks[k], BW_LEAF_VOTES);
            masks[k] = 0;
        }
    }
}

static void vote_tree(const bw_vote_job *job, const chunk *c, int tree_index) {
    const bw_tree *tree = job->forest->tree + tree_index;
    int leaves;
    if (bw_node_is_leaf(tree->nodes)) {
        leaves = start_tree(job, c, tree_index, c->leaves);
    } else {
        leaves = walk_splits(tree->nodes, c, start_tree(job, c, tree_index, c->queue));
    }
    collect_leaves(tree, c, leaves);
    add_pure(c);
}

/* Moves the 16-bit sums of a block to the caller's array. */
static void flush_block(const bw_vote_job *job, const chunk *c, int b, int assign) {
    const int64_t at = c->first + b * BW_BLOCK, left = job->first + job->count - at;
    const int n = left < BW_BLOCK ? (int)left : BW_BLOCK;
    uint16_t *sums = (uint16_t *)(void *)(c->regions + (uint64_t)b * c->region_size + c->sums_at);
    for (int k = 0; k < c->classes; k++, sums += BW_BLOCK) {
        uint32_t *to = job->votes + k * job->stride + (at - job->origin);
        if (assign) {
            for (int i = 0; i < n; i++)
                to[i] = sums[i];
        } else {
            for (int i = 0; i < n; i++)
                to[i] += sums[i];
        }
        memset(sums, 0, BW_BLOCK * sizeof *sums);
    }
}

static void flush(const bw_vote_job *job, const chunk *c, int assign) {
    for (int b = 0; b < c->blocks; b++)
        flush_block(job, c, b, assign);
}

static void open_chunk(const bw_vote_job *job, chunk *c) {
    const bw_forest *forest = job->forest;
    c->queue.masks = job->scratch;
    c->queue.places = c->queue.masks + BW_VOTE_QUEUE;
    c->leaves.masks = c->queue.places + BW_VOTE_QUEUE;
    c->leaves.places = c->leaves.masks + BW_VOTE_LEAVES;
    c->regions = (uint8_t *)(c->leaves.places + BW_VOTE_LEAVES);
    c->region_size = bw_region_size(forest);
    c->masks_at = bw_region_masks(forest);
    c->sums_at = bw_region_sums(forest);
    c->classes = forest->classes;
    c->first = job->first;
    c->blocks = (int)((job->count + BW_BLOCK - 1) / BW_BLOCK);
    for (int b = 0; b < c->blocks; b++) {
        const int64_t left = job->count - b * BW_BLOCK;
        c->valid[b] = left >= BW_BLOCK ? ~(uint64_t)0 : ((uint64_t)1 << left) - 1;
        memset(c->regions + (uint64_t)b * c->region_size + c->masks_at, 0, c->region_size - c->masks_at);
    }
}

static bw_status vote_chunk(bw_context *ctx, const bw_vote_job *job) {
    chunk c;
    open_chunk(job, &c);
    pack_blocks(job, &c);
    for (int tree = 0; tree < job->forest->trees;) {
        const int first = tree, left = job->forest->trees - tree;
        const int end = tree + (left < BW_FLUSH_TREES ? left : BW_FLUSH_TREES);
        BW_TRY(bw_check(ctx));
        for (; tree < end; tree++)
            vote_tree(job, &c, tree);
        flush(job, &c, first == 0);
    }
    return BW_OK;
}

/* ---- winners only ------------------------------------------------------------------------------------------------ */

enum {
    LOOK_TREES =
        4, /* from one look at the lead to the next, and one more per LOOK_CLASSES; doubled after a poor look */
    LOOK_CLASSES = 8,
    LOOK_YIELD = 16, /* a look is poor when it decides less than 1 / LOOK_YIELD of the pixels */
    LOOK_PARTS = 4   /* every fourth block first: a poor look ends there */
};

/* Most votes of each pixel, and the most that another class has: one more where that class would win a tie. Signed, as
 * AVX2 compares. */
static void lead(const uint32_t *votes, int64_t stride, int classes, int32_t *best, int32_t *second) {
    for (int i = 0; i < BW_BLOCK; i++) {
        best[i] = (int32_t)votes[i];
        second[i] = 0;
    }
    for (int k = 1; k < classes; k++)
        for (int i = 0; i < BW_BLOCK; i++) {
            const int32_t v = (int32_t)votes[k * stride + i], most = best[i], behind = v > second[i] ? v : second[i];
            second[i] = v > most ? most + 1 : behind;
            best[i] = v > most ? v : most;
        }
}

/* Pixels of a block that votes to come, so many at most, can still turn. */
static uint64_t undecided(const uint32_t *votes, int64_t stride, int classes, int32_t to_come, bw_look *look) {
    lead(votes, stride, classes, look->best, look->other);
    for (int i = 0; i < BW_BLOCK; i++)
        look->open[i] = (uint8_t)((look->best[i] - look->other[i] < to_come) ^ BIAS);
    return above(look->open, 0);
}

/* Leaves decided pixels out from now on; -> whether they were worth the look. */
static int drop_decided(const bw_vote_job *totals, chunk *c, int32_t to_come, bw_look *look) {
    int before = 0, after = 0;
    for (int part = 0; part < LOOK_PARTS; part++) {
        for (int b = part; b < c->blocks; b += LOOK_PARTS) {
            if (!c->valid[b]) continue;
            before += __builtin_popcountll(c->valid[b]);
            flush_block(totals, c, b, 0);
            c->valid[b] &= undecided(totals->votes + b * BW_BLOCK, totals->stride, c->classes, to_come, look);
            after += __builtin_popcountll(c->valid[b]);
        }
        if ((before - after) * LOOK_YIELD < before) return 0;
    }
    return 1;
}

static int any_open(const chunk *c) {
    uint64_t any = 0;
    for (int b = 0; b < c->blocks; b++)
        any |= c->valid[b];
    return any != 0;
}

/* Ties go to the lower class. */
static void write_winners(const bw_vote_job *job, const uint32_t *votes, int64_t stride, bw_look *look) {
    uint8_t *winners = job->winners + (job->first - job->origin);
    for (int64_t at = 0; at < job->count; at += BW_BLOCK) {
        const int64_t left = job->count - at, n = left < BW_BLOCK ? left : BW_BLOCK;
        int32_t *best = look->best, *winner = look->other;
        memcpy(best, votes + at, sizeof look->best);
        memset(winner, 0, sizeof look->other);
        for (int k = 1; k < job->forest->classes; k++)
            for (int i = 0; i < BW_BLOCK; i++) {
                const int32_t v = (int32_t)votes[k * stride + at + i];
                winner[i] = v > best[i] ? k : winner[i];
                best[i] = v > best[i] ? v : best[i];
            }
        for (int64_t i = 0; i < n; i++)
            winners[at + i] = (uint8_t)winner[i];
    }
}

/* Until half of the trees have voted nothing is decided. Then pixels drop out as soon as their winner is certain, and
 * with them the blocks and nodes that only they reach. */
static bw_status classify_chunk(bw_context *ctx, const bw_vote_job *job) {
    const int trees = job->forest->trees;
    bw_vote_job totals = *job;
    chunk c;
    open_chunk(job, &c);
    pack_blocks(job, &c);
    totals.votes = (uint32_t *)(void *)(c.regions + (uint64_t)c.blocks * c.region_size);
    totals.stride = (int64_t)c.blocks * BW_BLOCK;
    totals.origin = job->first;
    memset(totals.votes, 0, (size_t)totals.stride * (size_t)c.classes * sizeof *totals.votes);
    bw_look *room = (bw_look *)(void *)(totals.votes + totals.stride * c.classes);
    int look = trees / 2 + 1, step = LOOK_TREES + c.classes / LOOK_CLASSES;
    for (int tree = 0; tree < trees && any_open(&c);) {
        vote_tree(job, &c, tree++);
        if (tree % BW_FLUSH_TREES == 0 || tree == trees) {
            BW_TRY(bw_check(ctx));
            flush(&totals, &c, 0);
        }
        if (tree < look || tree == trees) continue;
        if (!drop_decided(&totals, &c, (trees - tree) * BW_LEAF_VOTES, room)) step *= 2;
        look = tree + step;
    }
    write_winners(job, totals.votes, totals.stride, room);
    return BW_OK;
}

/* ---- quantising: number of thresholds below each value ----------------------------------------------------------- */

/* One search at a time; also the tail of the vector paths. */
static void quantise_plain(const float *table, int steps, const float *values, int64_t count, uint8_t *out) {
    for (int64_t i = 0; i < count; i++) {
        const float *level = table;
        const float v = values[i];
        uint32_t p = 0;
        for (int s = 0; s < steps; s++) {
            p = 2 * p + (level[p] < v);
            level += (size_t)1 << s;
        }
        out[i] = (uint8_t)p;
    }
}

#if defined(LANES_AVX512)

/* Levels of the table sit in registers: 4 in one, then 1, 2, 4 and 8 registers per level. */
static inline __m512i step512(__m512i p, __m512 t, __m512 v) {
    const __m512i twice = _mm512_add_epi32(p, p);
    return _mm512_mask_add_epi32(twice, _mm512_cmp_ps_mask(t, v, _CMP_LT_OQ), twice, _mm512_set1_epi32(1));
}

static inline __m512 pick32(const float *level, __m512i p) {
    return _mm512_permutex2var_ps(_mm512_loadu_ps(level), p, _mm512_loadu_ps(level + 16));
}

static inline __m512 pick64(const float *level, __m512i p) {
    const __mmask16 high = _mm512_test_epi32_mask(p, _mm512_set1_epi32(32));
    return _mm512_mask_blend_ps(high, pick32(level, p), pick32(level + 32, p));
}

static inline __m512 pick128(const float *level, __m512i p) {
    const __mmask16 high = _mm512_test_epi32_mask(p, _mm512_set1_epi32(64));
    return _mm512_mask_blend_ps(high, pick64(level, p), pick64(level + 64, p));
}

static inline __m512i search512(const float *table, int steps, __m512 v) {
    const __m512 top = _mm512_loadu_ps(table);
    __m512i p = _mm512_setzero_si512();
    for (int s = 0; s < (steps < 4 ? steps : 4); s++) {
        p = step512(p, _mm512_permutexvar_ps(_mm512_add_epi32(p, _mm512_set1_epi32((1 << s) - 1)), top), v);
    }
    if (steps > 4) p = step512(p, _mm512_permutexvar_ps(p, _mm512_loadu_ps(table + 15)), v);
    if (steps > 5) p = step512(p, pick32(table + 31, p), v);
    if (steps > 6) p = step512(p, pick64(table + 63, p), v);
    if (steps > 7) p = step512(p, pick128(table + 127, p), v);
    return p;
}

static int64_t quantise_vector(const float *table, int steps, const float *values, int64_t count, uint8_t *out) {
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m512i p = search512(table, steps, _mm512_loadu_ps(values + i));
        _mm_storeu_si128((__m128i *)(out + i), _mm512_cvtepi32_epi8(p));
    }
    return i;
}

#elif defined(LANES_AVX2)

static inline __m256i step256(__m256i p, __m256 t, __m256 v) {
    /* a true compare is -1 */
    return _mm256_sub_epi32(_mm256_add_epi32(p, p), _mm256_castps_si256(_mm256_cmp_ps(t, v, _CMP_LT_OQ)));
}

static inline __m256 pick16(const float *level, __m256i p) {
    const __m256 low = _mm256_permutevar8x32_ps(_mm256_loadu_ps(level), p);
    const __m256 high = _mm256_permutevar8x32_ps(_mm256_loadu_ps(level + 8), p);
    return _mm256_blendv_ps(low, high, _mm256_castsi256_ps(_mm256_slli_epi32(p, 28)));
}

/* Levels of the table sit in registers as far as they fit; the last three are gathered. */
static inline __m256i search256(const float *table, int steps, __m256 v) {
    const __m256 top = _mm256_loadu_ps(table);
    __m256i p = _mm256_setzero_si256();
    for (int s = 0; s < (steps < 3 ? steps : 3); s++) {
        p = step256(p, _mm256_permutevar8x32_ps(top, _mm256_add_epi32(p, _mm256_set1_epi32((1 << s) - 1))), v);
    }
    if (steps > 3) p = step256(p, _mm256_permutevar8x32_ps(_mm256_loadu_ps(table + 7), p), v);
    if (steps > 4) p = step256(p, pick16(table + 15, p), v);
    for (int s = 5; s < steps; s++)
        p = step256(p, _mm256_i32gather_ps(table + ((1 << s) - 1), p, 4), v);
    return p;
}

static int64_t quantise_vector(const float *table, int steps, const float *values, int64_t count, uint8_t *out) {
    const __m256i order = _mm256_setr_epi32(0, 4, 1, 5, 2, 6, 3, 7);
    int64_t i = 0;
    for (; i + 32 <= count; i += 32) {
        const __m256i a = search256(table, steps, _mm256_loadu_ps(values + i));
        const __m256i b = search256(table, steps, _mm256_loadu_ps(values + i + 8));
        const __m256i c = search256(table, steps, _mm256_loadu_ps(values + i + 16));
        const __m256i d = search256(table, steps, _mm256_loadu_ps(values + i + 24));
        const __m256i bytes = _mm256_packus_epi16(_mm256_packus_epi32(a, b), _mm256_packus_epi32(c, d));
        _mm256_storeu_si256((__m256i *)(out + i), _mm256_permutevar8x32_epi32(bytes, order));
    }
    return i;
}

#else

/* Sixteen searches side by side keep the processor busy although each one waits for its loads. */
static int64_t quantise_vector(const float *table, int steps, const float *values, int64_t count, uint8_t *out) {
    int64_t i = 0;
    for (; i + 16 <= count; i += 16) {
        uint32_t p[16] = {0};
        const float *level = table;
        for (int s = 0; s < steps; s++) {
            for (int j = 0; j < 16; j++)
                p[j] = 2 * p[j] + (level[p[j]] < values[i + j]);
            level += (size_t)1 << s;
        }
        for (int j = 0; j < 16; j++)
            out[i + j] = (uint8_t)p[j];
    }
    return i;
}

#endif

static void quantise(const float *table, int steps, const float *values, int64_t count, uint8_t *out) {
    const int64_t done = quantise_vector(table, steps, values, count, out);
    quantise_plain(table, steps, values + done, count - done, out + done);
}

const bw_vote_kernels BW_SIMD_NAME(bw_vote_kernels) = {vote_chunk, classify_chunk, quantise};
