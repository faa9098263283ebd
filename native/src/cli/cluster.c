/* predict as one of many processes that share a job: a piece of the blocks, what comes before them and after. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/blocks.h"
#include "cli/common.h"
#include "cli/terminal.h"
#include "core/alloc.h"
#include "core/image.h"
#include "core/status.h"
#include "core/text.h"

/* ---- usage ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *option;
    bw_cli_part_of_job part;
} parts[] = {{"chunk", BW_CLI_CHUNK}, {"prepare", BW_CLI_PREPARE}, {"finish", BW_CLI_FINISH}, {"plan", BW_CLI_PLAN}};

enum { PARTS = sizeof parts / sizeof *parts };

/* Digits alone, at most nine. */
static const char *read_count(const char *text, int64_t *out) {
    const size_t length = strspn(text, "0123456789");
    *out = 0;
    for (size_t i = 0; i < length && i < 9; i++)
        *out = *out * 10 + (text[i] - '0');
    return length && length <= 9 ? text + length : NULL;
}

static int get_chunk(const bw_cli_call *call, bw_cli_cluster *out) {
    const char *text = bw_cli_text(call, "chunk"), *at = text ? read_count(text, &out->piece) : NULL;
    if (!text) return BW_EXIT_DONE;
    at = at && *at == '/' ? read_count(at + 1, &out->pieces) : NULL;
    if (at && !*at && out->pieces >= 1 && out->piece <= out->pieces) return BW_EXIT_DONE;
    return bw_cli_usage(call, "--chunk must be i/N, piece i of N, counted from 0 or from 1, not \"%s\".", text);
}

int bw_cli_get_cluster(const bw_cli_call *call, bw_cli_cluster *out) {
    const char *given = NULL, *output = bw_cli_text(call, "output");
    *out = (bw_cli_cluster){.part = BW_CLI_WHOLE, .json = bw_cli_get(call, "json")->count};
    for (int i = 0; i < PARTS; i++) {
        if (!bw_cli_get(call, parts[i].option)->count) continue;
        if (given) return bw_cli_usage(call, "Give --%s or --%s, not both.", given, parts[i].option);
        given = parts[i].option;
        out->part = parts[i].part;
    }
    if (given && !(output && bw_cli_is_zarr(output)))
        return bw_cli_usage(call, "--%s goes with --output x.zarr: one image, and results in OME-Zarr.", given);
    if (out->part > BW_CLI_CHUNK && bw_cli_get(call, "overwrite")->count)
        return bw_cli_usage(call, "--overwrite does not go with --%s.", given);
    if (out->json && out->part != BW_CLI_PLAN) return bw_cli_usage(call, "--json goes with --plan.");
    return get_chunk(call, out);
}

/* ---- a piece --------------------------------------------------------------------------------------------------- */

static void print_notes(const bw_cli_call *call, const bw_cli_block_counts *counts) {
    if (counts->made) bw_cli_print_notes(call, bw_cli_text(call, "input"), &counts->report);
}

static int run_piece(const bw_cli_call *call, const bw_cli_cluster *cluster, bw_block_job *job) {
    const int watched = bw_terminal_watched();
    bw_cli_block_run run = {.job = job, .name = bw_cli_text(call, "input"), .shown = watched, .logged = !watched};
    bw_cli_block_counts counts;
    RUN(bw_cli_code(bw_block_job_piece(call->ctx, job, cluster->piece, cluster->pieces, &run.first, &run.last)));
    RUN(bw_cli_code(bw_cli_run_blocks(call->ctx, &run, &counts)));
    print_notes(call, &counts);
    printf("piece %" PRId64 " of %" PRId64 ": %" PRId64 " blocks of %" PRId64 "; %" PRId64 " made, %" PRId64
           " were there, %" PRId64 " failed\n",
           cluster->piece % cluster->pieces, cluster->pieces, run.last - run.first, bw_block_job_get_info(job)->blocks,
           counts.made, counts.there, counts.failed);
    return bw_cli_code(bw_cli_check_blocks(call->ctx, &counts));
}

/* ---- before and after ------------------------------------------------------------------------------------------ */

static int tell_prepared(const bw_cli_call *call, const bw_block_job *job) {
    const bw_block_info *info = bw_block_job_get_info(job);
    printf("%s is prepared: %" PRId64 " blocks of %" PRId64 " x %" PRId64 " x %" PRId64 " voxels\n",
           bw_cli_text(call, "output"), info->blocks, info->size[0], info->size[1], info->size[2]);
    return BW_EXIT_DONE;
}

/* The first blocks that are missing, by their numbers and voxels. */
static bw_status name_missing(const bw_cli_call *call, const bw_block_job *job, bw_text *text) {
    enum { MOST_NAMED = 5 };
    const int64_t blocks = bw_block_job_get_info(job)->blocks;
    for (int64_t i = 0, named = 0; i < blocks && named < MOST_NAMED; i++) {
        char where[160];
        bw_part part;
        int there;
        BW_TRY(bw_block_job_has(call->ctx, job, i, &there));
        BW_TRY(bw_check(call->ctx));
        if (there) continue;
        BW_TRY(bw_block_job_part(call->ctx, job, i, &part));
        bw_cli_describe_part(&part, where, sizeof where);
        BW_TRY(bw_text_add(text, "%s%" PRId64 " %s", named++ ? ", " : "", i, where));
    }
    return BW_OK;
}

static bw_status refuse_missing(const bw_cli_call *call, const bw_block_job *job, int64_t missing) {
    bw_text text;
    bw_text_init(&text, call->ctx);
    bw_status status = name_missing(call, job, &text);
    if (status == BW_OK)
        status =
            bw_fail(call->ctx, BW_ERROR_IO,
                    "%" PRId64 " of %" PRId64 " blocks of %s are missing: %s%s. Run the pieces again: they make what "
                    "is missing.",
                    missing, bw_block_job_get_info(job)->blocks, bw_cli_text(call, "output"), text.data,
                    missing > 5 ? " and more" : "");
    bw_text_free(&text);
    return status;
}

static int run_finish(const bw_cli_call *call, bw_block_job *job) {
    int64_t missing;
    RUN(bw_cli_code(bw_block_job_finish(call->ctx, job, &missing)));
    if (missing) return bw_cli_code(refuse_missing(call, job, missing));
    printf("%s is complete: %" PRId64 " blocks\n", bw_cli_text(call, "output"), bw_block_job_get_info(job)->blocks);
    return BW_EXIT_DONE;
}

/* ---- the plan -------------------------------------------------------------------------------------------------- */

/* Bytes of pixels, before compression. */
typedef struct bw_traffic {
    double read_most, read_all, write_most, write_all;
} bw_traffic;

static double larger(double a, double b) {
    return a > b ? a : b;
}

static double output_bytes(const bw_model *model, char *const outputs[BW_KINDS]) {
    double bytes = 0;
    for (int k = 0; k < BW_KINDS; k++)
        if (outputs[k])
            bytes += bw_kinds[k].output == BW_OUTPUT_LABELS          ? 1
                     : bw_kinds[k].output == BW_OUTPUT_PROBABILITIES ? 4.0 * bw_model_class_count(model)
                                                                     : 4;
    return bytes;
}

static bw_status count_traffic(bw_context *ctx, const bw_block_job *job, const bw_image_info *image, double output,
                               bw_traffic *out) {
    const bw_block_info *info = bw_block_job_get_info(job);
    const int64_t size[3] = {image->width, image->height, image->depth};
    *out = (bw_traffic){0, 0, 0, 0};
    for (int64_t i = 0; i < info->blocks; i++) {
        double reads = (double)bw_type_size(image->type) * image->channels, writes = output;
        bw_part part;
        BW_TRY(bw_block_job_part(ctx, job, i, &part));
        BW_TRY(bw_check(ctx));
        for (int axis = 0; axis < 3; axis++) {
            const int64_t lo = part.lo[axis] - info->margin[axis], hi = part.hi[axis] + info->margin[axis];
            reads *= (double)((hi < size[axis] ? hi : size[axis]) - (lo > 0 ? lo : 0));
            writes *= (double)(part.hi[axis] - part.lo[axis]);
        }
        out->read_all += reads;
        out->write_all += writes;
        out->read_most = larger(out->read_most, reads);
        out->write_most = larger(out->write_most, writes);
    }
    return BW_OK;
}

static void print_text(const bw_cli_call *call, const bw_image_info *image, const bw_block_info *info,
                       const bw_traffic *t) {
    char text[200];
    bw_image_describe(image, text, sizeof text);
    printf("image    %s\n", text);
    printf("blocks   %" PRId64 ": %" PRId64 " x %" PRId64 " x %" PRId64 " along x, y, z in %d frame%s\n", info->blocks,
           info->count[0], info->count[1], info->count[2], image->frames, image->frames == 1 ? "" : "s");
    printf("block    %" PRId64 " x %" PRId64 " x %" PRId64 " voxels, read with %" PRId64 " x %" PRId64 " x %" PRId64
           " more on each side\n",
           info->size[0], info->size[1], info->size[2], info->margin[0], info->margin[1], info->margin[2]);
    printf("chunk    %" PRId64 " x %" PRId64 " x %" PRId64 " voxels of one channel and frame\n", info->chunk[0],
           info->chunk[1], info->chunk[2]);
    printf("reads    %.1f MB a block at most, %.1f MB all blocks\n", t->read_most / 1e6, t->read_all / 1e6);
    printf("writes   %.1f MB a block at most, %.1f MB all blocks, before compression and without smaller resolutions\n",
           t->write_most / 1e6, t->write_all / 1e6);
    printf("memory   %.1f MB a worker of %d thread%s at most, beside model and program\n", (double)info->bytes / 1e6,
           bw_context_threads(call->ctx), bw_context_threads(call->ctx) == 1 ? "" : "s");
}

/* Arrays are in the order of the options: z, y, x. */
static void print_json(const bw_cli_call *call, const bw_image_info *image, const bw_block_info *info,
                       const bw_traffic *t) {
    const struct {
        const char *name;
        const int64_t *values;
    } arrays[] = {{"count", info->count}, {"block", info->size}, {"margin", info->margin}, {"chunk", info->chunk}};
    printf("{\"blocks\": %" PRId64 ", \"frames\": %d", info->blocks, image->frames);
    for (size_t i = 0; i < sizeof arrays / sizeof *arrays; i++)
        printf(", \"%s\": [%" PRId64 ", %" PRId64 ", %" PRId64 "]", arrays[i].name, arrays[i].values[2],
               arrays[i].values[1], arrays[i].values[0]);
    printf(", \"read_bytes\": %.0f, \"read_bytes_all\": %.0f, \"write_bytes\": %.0f, \"write_bytes_all\": %.0f",
           t->read_most, t->read_all, t->write_most, t->write_all);
    printf(", \"memory_bytes\": %" PRIu64 ", \"threads\": %d}\n", info->bytes, bw_context_threads(call->ctx));
}

static int print_plan(const bw_cli_call *call, const bw_cli_cluster *cluster, const bw_block_job *job,
                      const bw_image_info *image, double output) {
    bw_traffic traffic;
    RUN(bw_cli_code(count_traffic(call->ctx, job, image, output, &traffic)));
    (cluster->json ? print_json : print_text)(call, image, bw_block_job_get_info(job), &traffic);
    return BW_EXIT_DONE;
}

/* ---- any of them ----------------------------------------------------------------------------------------------- */

int bw_cli_run_cluster(const bw_cli_call *call, const bw_cli_cluster *cluster, const bw_cli_job *job,
                       const bw_model *model, char *const outputs[BW_KINDS]) {
    const char *const paths[4] = {outputs[0], outputs[1], outputs[2], outputs[3]};
    bw_block_options options = bw_cli_block_options(job);
    bw_block_job *blocks = NULL;
    bw_image *image;
    options.overwrite = job->overwrite;
    options.plan = cluster->part == BW_CLI_PLAN;
    RUN(bw_cli_code(bw_cli_open_image(call->ctx, job, bw_cli_text(call, "input"), &image)));
    int result = bw_cli_code(bw_block_job_open(call->ctx, model, image, paths, &options, &blocks));
    if (!result && cluster->part == BW_CLI_CHUNK) result = run_piece(call, cluster, blocks);
    if (!result && cluster->part == BW_CLI_PREPARE) result = tell_prepared(call, blocks);
    if (!result && cluster->part == BW_CLI_FINISH) result = run_finish(call, blocks);
    if (!result && cluster->part == BW_CLI_PLAN)
        result = print_plan(call, cluster, blocks, bw_image_get_info(image), output_bytes(model, outputs));
    bw_block_job_free(blocks);
    bw_image_free(image);
    return result;
}
