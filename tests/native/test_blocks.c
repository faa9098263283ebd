/* Prediction block by block: the bytes of prediction in memory, whoever makes the blocks, in which order and how often.
 */
#include "model_support.h"

#include "core/bytes.h"
#include "core/image.h"

static char folder[] = "test_blocks-XXXXXX"; /* below the working folder */

enum { ALL_OUTPUTS = BW_OUTPUT_PROBABILITIES | BW_OUTPUT_LABELS | BW_OUTPUT_UNCERTAINTY | BW_OUTPUT_ENTROPY };

/* ---- folders -------------------------------------------------------------------------------------------------------
 */

/* Paths of results below `name`; outputs: sum of BW_OUTPUT_. */
typedef struct places {
    char text[4][200];
    const char *paths[4];
} places;

static void find_places(const char *name, int outputs, places *all) {
    char in[120];
    snprintf(in, sizeof in, "%s/%s", folder, name);
    if (test_make_folder(in)) assert_int_equal(bw_system_kind(in), BW_PATH_FOLDER);
    for (int o = 0; o < 4; o++) {
        snprintf(all->text[o], sizeof all->text[o], "%s/\xC3\xA4 %d.zarr", in, o);
        all->paths[o] = outputs >> o & 1 ? all->text[o] : NULL;
    }
}

typedef struct tree {
    uint64_t hash; /* of names and bytes, whatever the order */
    int64_t files;
    size_t root; /* bytes of a path that do not count */
    const char *at;
    int remove;
} tree;

static int visit(void *user, const char *name) {
    tree *all = user;
    char path[600];
    size_t size;
    snprintf(path, sizeof path, "%s/%s", all->at, name);
    if (bw_system_kind(path) == BW_PATH_FOLDER) {
        const char *above = all->at;
        all->at = path;
        assert_int_equal(bw_system_list(path, visit, all), 0);
        all->at = above;
        if (all->remove) assert_int_equal(test_remove_folder(path), 0);
        return 0;
    }
    uint8_t *data = test_load(path, &size);
    all->hash += bw_hash64(bw_hash64(1, path + all->root, strlen(path) - all->root), data, size);
    all->files++;
    test_free(data);
    if (all->remove) assert_int_equal(bw_system_remove(path), 0);
    return 0;
}

static tree look(const char *name, int remove) {
    char path[300];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    tree all = {.root = strlen(path), .at = path, .remove = remove};
    assert_int_equal(bw_system_list(path, visit, &all), 0);
    if (remove) assert_int_equal(test_remove_folder(path), 0);
    return all;
}

static int make_folder(void **state) {
    (void)state;
    return test_make_own_folder(folder);
}

static int remove_folder(void **state) {
    (void)state;
    return test_remove_folder(folder);
}

/* ---- an image that may fail ----------------------------------------------------------------------------------------
 */

typedef struct origin {
    const bw_image *image;
    int64_t pixels;  /* that were read */
    int64_t hole[3]; /* this voxel cannot be read; -1 = all can */
} origin;

static bw_status read_part(bw_context *ctx, void *user, const bw_part *part, void *to) {
    origin *from = user;
    int64_t count = 1;
    int hit = from->hole[0] >= 0;
    for (int axis = 0; axis < 3; axis++) {
        count *= part->hi[axis] - part->lo[axis];
        hit &= part->lo[axis] <= from->hole[axis] && from->hole[axis] < part->hi[axis];
    }
    from->pixels += count;
    if (hit) return bw_context_fail(ctx, BW_ERROR_FORMAT, "in.zarr/0/0/0/1/2/3 is damaged.");
    return bw_image_read(ctx, from->image, part, to);
}

static bw_image *streamed(origin *from) {
    bw_context *ctx = test_context(1);
    const bw_image_reader reader = {read_part, NULL, from};
    bw_image *image;
    assert_ok(ctx, bw_image_create_streamed(ctx, bw_image_get_info(from->image), &reader, &image));
    assert_ok(ctx, bw_image_set_name(ctx, image, bw_image_name(from->image)));
    bw_context_free(ctx);
    return image;
}

/* ---- a case --------------------------------------------------------------------------------------------------------
 */

typedef struct study {
    bw_image *whole; /* in memory */
    origin from;
    bw_image *image; /* streamed */
    bw_model *model;
    bw_block_options options;
} study;

/* Models put together by hand have nothing to be told apart by. */
static bw_model *train(const bw_image *image, const char *features, int trees) {
    const bw_image_info *info = bw_image_get_info(image);
    bw_image_info of_labels = *info;
    bw_context *ctx = test_context(2);
    bw_recipe *recipe = parse(features, info, info->channels);
    bw_train_options options;
    bw_trainer *trainer;
    bw_model *model;
    of_labels.type = BW_UINT8;
    of_labels.channels = 1;
    bw_image *labels = test_image(&of_labels);
    uint8_t *plane = bw_image_plane(labels, 0, 0, info->depth / 2);
    for (int64_t i = 0; i < info->width * info->height; i += 11)
        plane[i] = (uint8_t)(1 + truth(i % info->width, i / info->width, info->depth / 2, 3));
    bw_train_options_init(&options);
    options.forest.trees = trees;
    assert_ok(ctx, bw_trainer_create(ctx, recipe, &trainer));
    assert_ok(ctx, bw_trainer_add(ctx, trainer, image, labels));
    assert_ok(ctx, bw_trainer_train(ctx, trainer, &options, &model));
    bw_trainer_free(trainer);
    bw_recipe_free(recipe);
    bw_image_free(labels);
    bw_context_free(ctx);
    return model;
}

static study make_study(bw_image_info info, const char *features) {
    study s = {.whole = scene(info, 3)};
    bw_context *ctx = test_context(1);
    assert_ok(ctx, bw_image_set_name(ctx, s.whole, "in.zarr"));
    bw_context_free(ctx);
    s.from = (origin){.image = s.whole, .hole = {-1, -1, -1}};
    s.model = train(s.whole, features, 7);
    const int64_t chunk[3] = {test_quick() ? 48 : 24, 16, test_quick() ? 16 : 8}, block[3] = {48, 30, 16};
    for (int axis = 0; axis < 3; axis++) {
        s.options.zarr.chunk[axis] = info.depth == 1 && axis == 2 ? 1 : chunk[axis];
        s.options.block[axis] = info.depth == 1 && axis == 2 ? 1 : block[axis];
    }
    return s;
}

static void start(study *s) {
    s->image = streamed(&s->from);
}

static void end_study(study *s) {
    bw_image_free(s->image);
    bw_model_free(s->model);
    bw_image_free(s->whole);
}

/* The margins of large ones are most of the work. */
static const char *of_volumes(void) {
    return test_quick() ? "gaussian:1,1.5;gradient:1" : "gaussian:1,3.5;gradient:2";
}

static study volume(void) {
    bw_image_info info = test_info(BW_UINT16, 101, 67, 21);
    info.channels = test_quick() ? 1 : 2;
    return make_study(info, of_volumes());
}

static bw_block_job *open_job(const study *s, const places *where) {
    bw_context *ctx = test_context(2);
    bw_block_job *job;
    assert_ok(ctx, bw_block_job_open(ctx, s->model, s->image, where->paths, &s->options, &job));
    bw_context_free(ctx);
    return job;
}

/* -> whether it was made. */
static int run_block(bw_block_job *job, int64_t index, int threads) {
    bw_context *ctx = test_context(threads);
    int made;
    assert_ok(ctx, bw_block_job_run(ctx, job, index, &made, NULL));
    bw_context_free(ctx);
    return made;
}

/* -> blocks that were made. */
static int64_t run_range(bw_block_job *job, int64_t first, int64_t last) {
    int64_t made = 0;
    for (int64_t k = first; k < last; k++)
        made += run_block(job, k, 1 + (int)(k % 2));
    return made;
}

static int64_t finish(bw_block_job *job) {
    bw_context *ctx = test_context(2);
    int64_t missing;
    assert_ok(ctx, bw_block_job_finish(ctx, job, &missing));
    bw_context_free(ctx);
    return missing;
}

/* One job, all blocks in order. */
static tree run_plainly(const study *s, const char *name, int outputs) {
    places where;
    find_places(name, outputs, &where);
    bw_block_job *job = open_job(s, &where);
    const int64_t blocks = bw_block_job_get_info(job)->blocks;
    assert_true(blocks > 5);
    assert_int_equal(run_range(job, 0, blocks), blocks);
    assert_int_equal(finish(job), 0);
    bw_block_job_free(job);
    return look(name, 0);
}

static void assert_read_back(const char *path, const bw_image *expected) {
    bw_context *ctx = test_context(2);
    bw_image *image;
    assert_ok(ctx, bw_image_read_file(ctx, path, &image));
    assert_same_pixels(expected, image);
    bw_image_free(image);
    bw_context_free(ctx);
}

/* ---- tests ---------------------------------------------------------------------------------------------------------
 */

static void check_values(study *s) {
    bw_context *ctx = test_context(2);
    bw_prediction whole;
    start(s);
    places where;
    find_places("plain", ALL_OUTPUTS, &where);
    run_plainly(s, "plain", ALL_OUTPUTS);
    assert_ok(ctx, bw_predict(ctx, s->model, s->whole, NULL, ALL_OUTPUTS, &whole, NULL));
    const bw_image *made[4] = {whole.probabilities, whole.labels, whole.uncertainty, whole.entropy};
    for (int o = 0; o < 4; o++)
        assert_read_back(where.paths[o], made[o]);
    bw_prediction_free(&whole);
    bw_context_free(ctx);
    look("plain", 1);
    end_study(s);
}

static void blocks_are_the_whole(void **state) {
    (void)state;
    study s = volume();
    check_values(&s);
    bw_image_info info = test_info(BW_UINT8, 203, 111, 1);
    info.frames = test_quick() ? 2 : 3;
    s = make_study(info, test_quick() ? "gaussian:1,3;hessian:1" : "gaussian:1,6;hessian:2");
    s.options.zarr.version = BW_OME_ZARR_05;
    check_values(&s);
}

static void any_order_any_number_of_times(void **state) {
    (void)state;
    study s = volume();
    start(&s);
    const tree plain = run_plainly(&s, "plain", ALL_OUTPUTS);
    places where;
    find_places("mixed", ALL_OUTPUTS, &where);
    bw_block_job *jobs[2] = {open_job(&s, &where), open_job(&s, &where)};
    const int64_t blocks = bw_block_job_get_info(jobs[0])->blocks;
    for (int64_t k = blocks - 1; k >= 0; k--) {
        assert_int_equal(run_block(jobs[k % 2], k, 1), 1);
        if (k % 3 == 0) assert_int_equal(run_block(jobs[(k + 1) % 2], k, 2), 0);
    }
    /* Nobody finished, and all is there. */
    const tree mixed = look("mixed", 0);
    assert_int_equal(mixed.files, plain.files);
    assert_true(mixed.hash == plain.hash);
    bw_block_job_free(jobs[0]);
    s.options.overwrite = 1;
    jobs[0] = open_job(&s, &where);
    assert_int_equal(run_range(jobs[0], 0, blocks), blocks);
    assert_true(look("mixed", 1).hash == plain.hash);
    bw_block_job_free(jobs[0]);
    bw_block_job_free(jobs[1]);
    look("plain", 1);
    end_study(&s);
}

typedef struct worker {
    const study *s;
    const places *where;
    int64_t piece, made;
} worker;

static void work(void *user) {
    worker *w = user;
    bw_context *ctx = test_context(1);
    study own = *w->s;
    int64_t first, last;
    own.image = streamed(&own.from);
    bw_block_job *job = open_job(&own, w->where);
    assert_ok(ctx, bw_block_job_piece(ctx, job, w->piece, 2, &first, &last));
    w->made = run_range(job, first, last);
    bw_block_job_free(job);
    bw_image_free(own.image);
    bw_context_free(ctx);
}

static void jobs_at_the_same_time(void **state) {
    (void)state;
    study s = volume();
    start(&s);
    const tree plain = run_plainly(&s, "plain", BW_OUTPUT_PROBABILITIES | BW_OUTPUT_LABELS);
    places where;
    find_places("shared", BW_OUTPUT_PROBABILITIES | BW_OUTPUT_LABELS, &where);
    worker workers[4];
    test_thread *threads[4];
    for (int i = 0; i < 4; i++) {
        workers[i] = (worker){&s, &where, i % 2, 0};
        threads[i] = test_start(work, &workers[i]);
    }
    for (int i = 0; i < 4; i++)
        test_join(threads[i]);
    const tree shared = look("shared", 1);
    assert_int_equal(shared.files, plain.files);
    assert_true(shared.hash == plain.hash);
    look("plain", 1);
    end_study(&s);
}

static void what_is_there_is_not_made_again(void **state) {
    (void)state;
    study s = volume();
    places where;
    find_places("resumed", BW_OUTPUT_PROBABILITIES, &where);
    start(&s);
    bw_context *ctx = test_context(1);
    bw_block_job *job = open_job(&s, &where);
    const bw_block_info info = *bw_block_job_get_info(job);
    int has;
    assert_int_equal(run_range(job, 0, 4), 4);
    assert_int_equal(finish(job), info.blocks - 4);
    bw_block_job_free(job);
    memset(s.options.block, 0, sizeof s.options.block); /* as the result says */
    memset(&s.options.zarr, 0, sizeof s.options.zarr);
    job = open_job(&s, &where);
    assert_memory_equal(bw_block_job_get_info(job)->size, info.size, sizeof info.size);
    assert_memory_equal(bw_block_job_get_info(job)->chunk, info.chunk, sizeof info.chunk);
    assert_ok(ctx, bw_block_job_has(ctx, job, 3, &has));
    assert_true(has);
    assert_ok(ctx, bw_block_job_has(ctx, job, 4, &has));
    assert_false(has);
    s.from.pixels = 0;
    assert_int_equal(run_range(job, 0, 4), 0);
    assert_int_equal(s.from.pixels, 0);
    assert_int_equal(run_range(job, 0, info.blocks), info.blocks - 4);
    assert_int_equal(finish(job), 0);
    bw_block_job_free(job);
    bw_context_free(ctx);
    look("resumed", 1);
    end_study(&s);
}

static void refuse(const study *s, const places *where, const char *words) {
    bw_context *ctx = test_context(1);
    bw_block_job *job;
    assert_refused(ctx, bw_block_job_open(ctx, s->model, s->image, where->paths, &s->options, &job), BW_ERROR_MISMATCH,
                   words);
    assert_null(job);
    bw_context_free(ctx);
}

static void other_jobs_are_refused(void **state) {
    (void)state;
    study s = volume();
    places where;
    find_places("begun", BW_OUTPUT_LABELS, &where);
    start(&s);
    bw_block_job_free(open_job(&s, &where));
    study other = s;
    other.model = train(s.whole, of_volumes(), 8);
    refuse(&other, &where, "model");
    bw_model_free(other.model);
    other = s;
    other.options.block[0] = 72;
    refuse(&other, &where, "block");
    other = s;
    other.options.predict.unrefined = 1;
    refuse(&other, &where, "unrefined");
    bw_context *ctx = test_context(1);
    bw_image *image = streamed(&s.from);
    assert_ok(ctx, bw_image_set_name(ctx, image, "out.zarr"));
    other = s;
    other.image = image;
    refuse(&other, &where, "input");
    bw_image_free(image);
    bw_context_free(ctx);
    bw_block_job_free(open_job(&s, &where)); /* the same goes on */
    look("begun", 1);
    end_study(&s);
}

/* -> how many blocks are missing for the hole: some, and not all. */
static int64_t run_all_but_damaged(bw_block_job *job) {
    const int64_t blocks = bw_block_job_get_info(job)->blocks;
    int64_t failed = 0;
    for (int64_t k = 0; k < blocks; k++) {
        bw_context *ctx = test_context(2);
        int made;
        if (bw_block_job_run(ctx, job, k, &made, NULL) != BW_OK) {
            assert_int_equal(bw_context_status(ctx), BW_ERROR_FORMAT);
            assert_non_null(strstr(bw_context_error(ctx), "in.zarr/0/0/0/1/2/3"));
            failed++;
        }
        bw_context_free(ctx);
    }
    assert_in_range(failed, 1, blocks - 1);
    return failed;
}

/* A damaged part of the image costs the blocks that read it, and nothing else. */
static void a_failure_costs_its_block(void **state) {
    (void)state;
    study s = volume();
    start(&s);
    const tree plain = run_plainly(&s, "plain", BW_OUTPUT_PROBABILITIES);
    places where;
    find_places("damaged", BW_OUTPUT_PROBABILITIES, &where);
    bw_block_job *job = open_job(&s, &where);
    const int64_t blocks = bw_block_job_get_info(job)->blocks;
    const int64_t hole[3] = {100, 66, 20};
    memcpy(s.from.hole, hole, sizeof hole);
    const int64_t failed = run_all_but_damaged(job);
    assert_int_equal(finish(job), failed);
    bw_context *ctx = test_context(1);
    bw_image *image;
    assert_ok(ctx, bw_image_read_file(ctx, where.paths[0], &image));
    assert_true(isnan(((const float *)bw_image_plane_const(image, 0, 0, 20))[101 * 67 - 1]));
    assert_false(isnan(((const float *)bw_image_plane_const(image, 0, 0, 0))[0]));
    bw_image_free(image);
    bw_context_free(ctx);
    s.from.hole[0] = -1;
    assert_int_equal(run_range(job, 0, blocks), failed);
    bw_block_job_free(job);
    assert_true(look("damaged", 1).hash == plain.hash);
    look("plain", 1);
    end_study(&s);
}

/* What a damaged chunk has beside it is looked at, and the chunk itself only once: the statistics of a float image are
 * those without it. */
static void damage_hides_no_other_chunks(void **state) {
    (void)state;
    study s = make_study(test_info(BW_FLOAT32, 101, 67, 12), "original;gaussian:1");
    const int64_t hole[3] = {100, 66, 11}, chunk[3] = {32, 32, 8};
    float *plane = bw_image_plane(s.whole, 0, 0, 11);
    plane[66 * 101 + 95] = -1000; /* the last chunk begins at 96, 64, 8 */
    plane[63 * 101 + 100] = NAN;
    start(&s);
    bw_image_set_chunks(s.image, chunk, 32 * 32 * 8 * sizeof(float));
    const tree plain = run_plainly(&s, "plain", BW_OUTPUT_PROBABILITIES);
    places where;
    find_places("damaged", BW_OUTPUT_PROBABILITIES, &where);
    memcpy(s.from.hole, hole, sizeof hole);
    s.from.pixels = 0;
    bw_block_job *job = open_job(&s, &where);
    assert_in_range(s.from.pixels, 101 * 67 * 12, 3 * 101 * 67 * 12);
    const int64_t failed = run_all_but_damaged(job);
    s.from.hole[0] = -1;
    assert_int_equal(run_range(job, 0, bw_block_job_get_info(job)->blocks), failed);
    assert_int_equal(finish(job), 0);
    bw_block_job_free(job);
    assert_true(look("damaged", 1).hash == plain.hash);
    look("plain", 1);
    end_study(&s);
}

/* Float images are read once as a whole; later jobs know what came out. */
static void statistics_are_kept(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_FLOAT32, 101, 67, 12);
    info.frames = 2;
    study s = make_study(info, "original;gaussian:1");
    float *plane = bw_image_plane(s.whole, 1, 0, 3);
    plane[50] = NAN;
    plane[51] = INFINITY;
    plane[6000] = -123.456f;
    start(&s);
    places where;
    find_places("plain", BW_OUTPUT_PROBABILITIES, &where);
    bw_block_job_free(open_job(&s, &where));
    assert_true(s.from.pixels >= 101 * 67 * 12 * 2);
    s.from.pixels = 0;
    run_plainly(&s, "plain", BW_OUTPUT_PROBABILITIES);
    const int64_t again = s.from.pixels;
    bw_context *ctx = test_context(2);
    bw_prediction whole;
    assert_ok(ctx, bw_predict(ctx, s.model, s.whole, NULL, BW_OUTPUT_PROBABILITIES, &whole, NULL));
    assert_read_back(where.paths[0], whole.probabilities);
    bw_prediction_free(&whole);
    bw_context_free(ctx);
    s.from.pixels = 0;
    bw_block_job *job = open_job(&s, &where);
    assert_true(s.from.pixels < again / 4);
    bw_block_job_free(job);
    look("plain", 1);
    end_study(&s);
}

/* A folder that went away is no image of fill values. */
static void what_vanished_is_an_error(void **state) {
    (void)state;
    study s = volume();
    start(&s);
    places where;
    find_places("gone", BW_OUTPUT_PROBABILITIES, &where);
    run_plainly(&s, "gone", BW_OUTPUT_PROBABILITIES);
    bw_context *ctx = test_context(1);
    const bw_part part = {0, {0, 0, 0}, {101, 67, 1}};
    static float pixels[3 * 101 * 67];
    bw_image *image;
    assert_ok(ctx, bw_zarr_open(ctx, where.paths[0], &image));
    look("gone", 1);
    assert_refused(ctx, bw_image_read(ctx, image, &part, pixels), BW_ERROR_IO, "0.zarr");
    bw_image_free(image);
    bw_context_free(ctx);
    end_study(&s);
}

static void pieces_are_all_blocks(void **state) {
    (void)state;
    study s = volume();
    places where;
    find_places("pieces", BW_OUTPUT_LABELS, &where);
    start(&s);
    bw_block_job *job = open_job(&s, &where);
    const int64_t blocks = bw_block_job_get_info(job)->blocks, numbers[] = {1, 2, 3, 7, blocks, blocks + 5, 1000};
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
        bw_context *ctx = test_context(1);
        int64_t at = 0, first, last, zero;
        for (int64_t piece = 0; piece < numbers[n]; piece++, at = last) {
            assert_ok(ctx, bw_block_job_piece(ctx, job, piece, numbers[n], &first, &last));
            assert_int_equal(first, at);
            assert_in_range(last - first, blocks / numbers[n], blocks / numbers[n] + 1);
        }
        assert_int_equal(at, blocks);
        assert_ok(ctx, bw_block_job_piece(ctx, job, numbers[n], numbers[n], &zero, &last)); /* counted from 1 */
        assert_int_equal(zero, 0);
        assert_refused(ctx, bw_block_job_piece(ctx, job, numbers[n] + 1, numbers[n], &first, &last), BW_ERROR_ARGUMENT,
                       "piece");
        bw_context_free(ctx);
    }
    bw_block_job_free(job);
    look("pieces", 1);
    end_study(&s);
}

static void memory_is_what_was_told(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 160, 160, test_quick() ? 24 : 160);
    study s = make_study(info, "gaussian:1,3.5;hessian:2");
    memset(s.options.block, 0, sizeof s.options.block);
    for (int axis = 0; axis < 3; axis++)
        s.options.block[axis] = 64;
    start(&s);
    places where;
    find_places("memory", BW_OUTPUT_PROBABILITIES, &where);
    bw_block_job *job = open_job(&s, &where);
    bw_memory_reset_peak();
    const uint64_t before = bw_memory_in_use();
    run_block(job, 13 % bw_block_job_get_info(job)->blocks, 2);
    assert_true(bw_memory_peak() - before <= bw_block_job_get_info(job)->bytes);
    bw_block_job_free(job);
    look("memory", 1);
    end_study(&s);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_the_whole),         cmocka_unit_test(any_order_any_number_of_times),
        cmocka_unit_test(jobs_at_the_same_time),        cmocka_unit_test(what_is_there_is_not_made_again),
        cmocka_unit_test(other_jobs_are_refused),       cmocka_unit_test(a_failure_costs_its_block),
        cmocka_unit_test(damage_hides_no_other_chunks), cmocka_unit_test(statistics_are_kept),
        cmocka_unit_test(what_vanished_is_an_error),    cmocka_unit_test(pieces_are_all_blocks),
        cmocka_unit_test(memory_is_what_was_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
