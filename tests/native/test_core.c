#include "os.h"
#include "support.h"

#include <locale.h>
#include <math.h>

#include "core/alloc.h"
#include "core/bytes.h"
#include "core/cpu.h"
#include "core/file.h"
#include "core/image.h"
#include "core/parallel.h"
#include "core/system.h"
#include "core/text.h"
#include "core/tile.h"

static void memory_is_counted(void **state) {
    (void)state;
    const uint64_t before = bw_memory_in_use();
    bw_context *ctx = test_context(1);
    uint8_t *block = bw_alloc(ctx, 1000, 3, "test");
    assert_int_equal((uintptr_t)block % 64, 0);
    assert_true(bw_memory_in_use() >= before + 3000);
    memset(block, 7, 3000);
    block = bw_realloc(ctx, block, 10000, 1, "test");
    for (int i = 0; i < 3000; i++)
        assert_int_equal(block[i], 7);
    bw_free(block);
    bw_free(NULL);
    bw_context_free(ctx);
    assert_int_equal(bw_memory_in_use(), before);
}

/* Through several times the amount after which memory goes back to the system, with blocks that stay between. */
static void retired_blocks_are_freed_and_others_stay(void **state) {
    enum { BLOCKS = 40, SIZE = 8 << 20 };
    bw_context *ctx = bw_context_create();
    const uint64_t before = bw_memory_in_use();
    uint8_t *kept[BLOCKS];
    (void)state;
    bw_retire(NULL);
    for (int i = 0; i < BLOCKS; i++) {
        uint8_t *block = bw_alloc(ctx, SIZE, 1, "test");
        kept[i] = bw_alloc(ctx, 1 << 16, 1, "test");
        assert_non_null(block);
        assert_non_null(kept[i]);
        memset(block, i, SIZE);
        memset(kept[i], i, 1 << 16);
        bw_retire(block);
        assert_int_equal(bw_memory_in_use() - before, ((uint64_t)i + 1) << 16);
    }
    for (int i = 0; i < BLOCKS; i++) {
        for (int k = 0; k < 1 << 16; k++)
            if (kept[i][k] != i) fail_msg("block %d changed at %d", i, k);
        bw_free(kept[i]);
    }
    assert_int_equal(bw_memory_in_use(), before);
    bw_context_free(ctx);
}

static void impossible_sizes_are_an_error(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    assert_null(bw_alloc(ctx, UINT64_MAX / 2, 3, "a monster"));
    assert_int_equal(bw_context_status(ctx), BW_ERROR_MEMORY);
    assert_non_null(strstr(bw_context_error(ctx), "a monster"));
    bw_context_free(ctx);
}

static void first_error_wins(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    assert_string_equal(bw_context_error(ctx), "");
    bw_fail(ctx, BW_ERROR_IO, "first %d", 1);
    bw_fail(ctx, BW_ERROR_FORMAT, "second");
    assert_int_equal(bw_context_status(ctx), BW_ERROR_IO);
    assert_string_equal(bw_context_error(ctx), "first 1");
    assert_int_equal(bw_check(ctx), BW_ERROR_IO);
    bw_context_free(ctx);
}

static bw_status count_task(bw_context *ctx, void *user, int64_t index, int thread) {
    uint8_t *seen = user;
    assert_in_range(thread, 0, bw_context_threads(ctx) - 1);
    seen[index]++;
    bw_progress_add(ctx, 1);
    return index == 700 && seen[1000] ? bw_fail(ctx, BW_ERROR_INTERNAL, "task 700") : BW_OK;
}

static void every_task_runs_once(void **state) {
    (void)state;
    for (int threads = 1; threads <= 8; threads++) {
        uint8_t seen[1001] = {0};
        bw_context *ctx = test_context(threads);
        bw_progress_begin(ctx, 1000);
        assert_ok(ctx, bw_parallel(ctx, 1000, count_task, seen));
        for (int i = 0; i < 1000; i++)
            assert_int_equal(seen[i], 1);
        assert_float_equal(bw_context_progress(ctx), 1, 1e-9);
        seen[1000] = 1;
        assert_refused(ctx, bw_parallel(ctx, 1000, count_task, seen), BW_ERROR_INTERNAL, "task 700");
        bw_context_free(ctx);
    }
}

static int stop_half_way(void *user, double fraction) {
    ++*(int *)user;
    return fraction >= 0.5;
}

static void progress_can_cancel(void **state) {
    (void)state;
    uint8_t seen[1001] = {0};
    int calls = 0, ran = 0;
    bw_context *ctx = test_context(1);
    bw_context_set_progress(ctx, stop_half_way, &calls);
    bw_progress_begin(ctx, 1000);
    assert_int_equal(bw_parallel(ctx, 1000, count_task, seen), BW_ERROR_CANCELLED);
    for (int i = 0; i < 1000; i++)
        ran += seen[i];
    assert_int_equal(ran, 500);
    assert_int_equal(calls, 500);
    bw_context_free(ctx);
}

static void numbers_survive_text(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    for (uint64_t i = 0; i < 20000; i++) {
        const double scale[4] = {1, 1e-6, 1e9, 100};
        double value = (test_uniform(1, i) - 0.5) * scale[i % 4], back = 0;
        if (i % 3 == 0) value = (double)(int64_t)(value * 1000) / 1000;
        const char *end;
        char *text;
        bw_text t;
        bw_text_init(&t, ctx);
        assert_ok(ctx, bw_text_number(&t, value));
        assert_ok(ctx, bw_text_take(&t, &text));
        assert_int_equal(bw_number_parse(text, &end, &back), 1);
        assert_int_equal(*end, 0);
        assert_true(back == value || (back - value) / value < 1e-15);
        bw_string_free(text);
    }
    bw_context_free(ctx);
}

static void numbers_are_parsed_strictly(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int ok;
        double value;
        char rest;
    } cases[] = {{"1.6", 1, 1.6, 0},  {"0.3,", 1, 0.3, ','}, {"-2e3", 1, -2000, 0},   {".5", 1, 0.5, 0},
                 {"", 0, 0, 0},       {"x", 0, 0, 0},        {"-", 0, 0, 0},          {".", 0, 0, 0},
                 {"1e", 1, 1, 'e'},   {"1,6", 1, 1, ','},    {"1e-2x", 1, 0.01, 'x'}, {"10", 1, 10, 0},
                 {"0.66", 1, 0.66, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *end = cases[i].text;
        double value = 0;
        assert_int_equal(bw_number_parse(cases[i].text, &end, &value), cases[i].ok);
        if (!cases[i].ok) continue;
        assert_true(value == cases[i].value);
        assert_int_equal(*end, cases[i].rest);
    }
}

static void bytes_round_trip_and_stay_in_bounds(void **state) {
    (void)state;
    bw_context *ctx = test_context(1);
    bw_writer w;
    bw_writer_init(&w, ctx);
    assert_ok(ctx, bw_put_u8(&w, 200));
    assert_ok(ctx, bw_put_u16(&w, 60000));
    assert_ok(ctx, bw_put_u32(&w, 4000000000u));
    assert_ok(ctx, bw_put_u64(&w, UINT64_MAX - 5));
    assert_ok(ctx, bw_put_f32(&w, -1.5f));
    assert_ok(ctx, bw_put_f64(&w, 1e-300));
    assert_ok(ctx, bw_put_string(&w, "n\xc3\xbc"
                                     "cleus"));
    for (uint64_t cut = 0; cut <= w.size; cut++) {
        char text[16];
        bw_reader r;
        bw_reader_init(&r, w.data, cut);
        const uint8_t a = bw_get_u8(&r);
        const uint16_t b = bw_get_u16(&r);
        const uint32_t c = bw_get_u32(&r);
        const uint64_t d = bw_get_u64(&r);
        const float e = bw_get_f32(&r);
        const double f = bw_get_f64(&r);
        bw_get_string(&r, text, sizeof text);
        assert_int_equal(r.failed, cut < w.size);
        if (r.failed) continue;
        assert_true(a == 200 && b == 60000 && c == 4000000000u && d == UINT64_MAX - 5 && e == -1.5f && f == 1e-300);
        assert_string_equal(text, "n\xc3\xbc"
                                  "cleus");
    }
    bw_writer_free(&w);
    bw_context_free(ctx);
}

static void strings_must_be_utf8_and_fit(void **state) {
    (void)state;
    static const struct {
        const char *bytes;
        uint8_t length;
        int ok;
    } cases[] = {{"abc", 3, 1},
                 {"a\0b", 3, 0},
                 {"\xc3\xbc", 2, 1},
                 {"\xc3", 1, 0},
                 {"\xc0\x80", 2, 0},
                 {"\xed\xa0\x80", 3, 0},
                 {"\xe2\x82\xac", 3, 1},
                 {"\xf0\x9f\x98\x80", 4, 1},
                 {"\xf5\x80\x80\x80", 4, 0},
                 {"12345678", 8, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t data[16] = {cases[i].length};
        char text[8];
        bw_reader r;
        memcpy(data + 4, cases[i].bytes, cases[i].length);
        bw_reader_init(&r, data, 4u + cases[i].length);
        bw_get_string(&r, text, sizeof text);
        assert_int_equal(!r.failed, cases[i].ok);
    }
    char cut[4];
    bw_utf8_copy(cut, sizeof cut, "ab\xc3\xbc");
    assert_string_equal(cut, "ab");
    bw_utf8_copy(cut, sizeof cut, "\x01\xff");
    assert_string_equal(cut, "??");
}

static void checksums_match_their_definitions(void **state) {
    (void)state;
    assert_int_equal(bw_crc32(0, "123456789", 9), 0xcbf43926u);
    assert_int_equal(bw_crc32(bw_crc32(0, "1234", 4), "56789", 5), 0xcbf43926u);
    assert_int_not_equal(bw_hash64(0, "12345678", 8), bw_hash64(0, "12345679", 8));
    assert_int_not_equal(bw_hash64(0, "1", 1), bw_hash64(0, "1\0", 2));
}

static void outputs_appear_whole_or_not_at_all(void **state) {
    (void)state;
    char folder[] = "brushwood-test-XXXXXX", path[128];
    assert_int_equal(test_make_own_folder(folder), 0);
    snprintf(path, sizeof path, "%s/out put.bin", folder);
    bw_context *ctx = test_context(1);
    bw_output output;
    FILE *file;
    assert_ok(ctx, bw_output_begin(ctx, path, &output));
    assert_ok(ctx, bw_file_open(ctx, output.temporary, "wb", &file));
    assert_int_equal(fputs("whole", file) >= 0, 1);
    fclose(file);
    assert_int_equal(bw_system_kind(path), BW_PATH_ABSENT);
    assert_ok(ctx, bw_output_commit(ctx, &output));
    uint8_t *data;
    uint64_t size;
    assert_ok(ctx, bw_file_read_all(ctx, path, 100, &data, &size));
    assert_int_equal(size, 5);
    assert_memory_equal(data, "whole", 5);
    bw_free(data);
    assert_ok(ctx, bw_output_begin(ctx, path, &output));
    bw_output_abandon(&output);
    bw_output_abandon(&output);
    assert_refused(ctx, bw_file_read_all(ctx, path, 4, &data, &size), BW_ERROR_FORMAT, "larger");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_file_open(ctx, folder, "rb", &file), BW_ERROR_IO, "folder");
    bw_context_free(ctx);
    bw_system_remove(path);
    assert_int_equal(test_remove_folder(folder), 0); /* nothing else was left in it */
}

static void outputs_can_be_checked_beforehand(void **state) {
    (void)state;
    char folder[] = "brushwood-test-XXXXXX", path[512], name[256] = "";
    assert_int_equal(test_make_own_folder(folder), 0);
    bw_context *ctx = test_context(1);
    for (int i = 0; i < 81; i++)
        strcat(name, "\xe6\x97\xa5"); /* 243 bytes: the longest name with a suffix */
    snprintf(path, sizeof path, "%s/%s.tif", folder, name);
    assert_ok(ctx, bw_output_check(ctx, path));
    assert_int_equal(bw_system_kind(path), BW_PATH_ABSENT);
    bw_output output;
    assert_ok(ctx, bw_output_begin(ctx, path, &output));
    assert_ok(ctx, bw_output_commit(ctx, &output));
    assert_ok(ctx, bw_output_check(ctx, path));
    assert_int_equal(bw_system_same(path, path), 1);
    assert_int_equal(bw_system_same(path, folder), 0);
    assert_int_equal(bw_system_remove(path), 0);
    assert_int_equal(bw_system_same(path, path), 0);
    snprintf(path, sizeof path, "%s/none/x.tif", folder);
    assert_refused(ctx, bw_output_check(ctx, path), BW_ERROR_IO, "none/x.tif");
    bw_context_free(ctx);
    ctx = test_context(1);
    assert_refused(ctx, bw_output_check(ctx, TEST_DEVICE), BW_ERROR_IO, "not a file"); /* it would be replaced */
    bw_context_free(ctx);
    assert_int_equal(test_remove_folder(folder), 0); /* nothing else was left in it */
}

/* Names of many scripts, paths beyond the 260 characters that Windows takes unasked. */
static void deep_folders_are_no_obstacle(void **state) {
    (void)state;
    enum { DEPTH = 5 };
    char root[] = "brushwood-test-XXXXXX", paths[DEPTH][1000], file[1024];
    assert_int_equal(test_make_own_folder(root), 0);
    for (int i = 0; i < DEPTH; i++) {
        snprintf(paths[i], sizeof paths[i],
                 "%s/\xce\xba\xcf\x8d\xcf\x84\xcf\x84\xce\xb1\xcf\x81\xce\xbf M\xc3\xbcnchen "
                 "\xe7\xbb\x86\xe8\x83\x9e ............................................x",
                 i ? paths[i - 1] : root);
        assert_int_equal(test_make_folder(paths[i]), 0);
    }
    snprintf(file, sizeof file, "%s/\xc3\xa4.bin", paths[DEPTH - 1]);
    bw_context *ctx = test_context(1);
    uint8_t *data;
    uint64_t size;
    bw_output output;
    for (int round = 0; round < 2; round++) { /* the second one replaces */
        assert_ok(ctx, bw_output_begin(ctx, file, &output));
        assert_ok(ctx, bw_output_commit(ctx, &output));
    }
    assert_ok(ctx, bw_file_read_all(ctx, file, 1, &data, &size));
    assert_int_equal(size, 0);
    bw_free(data);
    assert_int_equal(bw_system_kind(file), BW_PATH_FILE);
    assert_int_equal(bw_system_kind(paths[DEPTH - 1]), BW_PATH_FOLDER);
    assert_int_equal(test_walk(paths[DEPTH - 1], 1), 1);
    for (int i = DEPTH; i-- > 0;)
        assert_int_equal(test_remove_folder(paths[i]), 0);
    assert_int_equal(test_remove_folder(root), 0);
    bw_context_free(ctx);
}

static void write_text(const char *path, const char *text) {
    FILE *file = bw_system_open(path, "wb");
    assert_non_null(file);
    assert_int_equal(fputs(text, file) >= 0, 1);
    assert_int_equal(fclose(file), 0);
}

/* A number that no system gives to a process in practice. */
enum { NO_PROCESS = 4194399 };

static void parts_of_dead_processes_go(void **state) {
    (void)state;
    char root[] = "brushwood-test-XXXXXX", folder[64], path[128], names[6][128];
    const unsigned host = bw_system_host();
    const unsigned long own = bw_system_process();
    assert_int_equal(test_make_own_folder(root), 0);
    snprintf(folder, sizeof folder, "%s/not looked at before", root);
    assert_int_equal(test_make_folder(folder), 0);
    snprintf(names[0], sizeof names[0], "%s/a.tif.%08x-%d-3.part", folder, host, NO_PROCESS);
    snprintf(names[1], sizeof names[1], "%s/b.tif.%08x-%d-0.part", folder, host, NO_PROCESS);
    snprintf(names[2], sizeof names[2], "%s/a.tif.%08x-%lu-999999.part", folder, host, own);
    snprintf(names[3], sizeof names[3], "%s/a.tif.%08x-%d-3.part", folder, host ^ 1, NO_PROCESS);
    snprintf(names[4], sizeof names[4], "%s/a.tif.%08x-%d-3.parts", folder, host, NO_PROCESS);
    snprintf(names[5], sizeof names[5], "%s/a.tif.part", folder);
    for (int i = 0; i < 6; i++)
        write_text(names[i], "half");
    snprintf(path, sizeof path, "%s/a.tif", folder);
    bw_context *ctx = test_context(1);
    bw_output first, second;
    assert_ok(ctx, bw_output_begin(ctx, path, &first));
    assert_ok(ctx, bw_output_begin(ctx, path, &second));
    assert_string_not_equal(first.temporary, second.temporary);
    snprintf(path, sizeof path, "%s/a.tif.%08x-%lu-", folder, host, own);
    assert_memory_equal(first.temporary, path, strlen(path));
    for (int i = 0; i < 6; i++)
        assert_int_equal(bw_system_kind(names[i]), i < 2 ? BW_PATH_ABSENT : BW_PATH_FILE);
    bw_output_abandon(&first);
    assert_int_equal(bw_system_kind(second.temporary), BW_PATH_FILE);
    bw_output_abandon(&second);
    assert_int_equal(test_walk(folder, 1), 4);
    assert_int_equal(test_remove_folder(folder), 0);
    assert_int_equal(test_remove_folder(root), 0);
    bw_context_free(ctx);
}

/* The number of an earlier process may be this one's: its files are not written over. */
static void parts_are_made_only_where_nothing_is(void **state) {
    (void)state;
    char folder[] = "brushwood-test-XXXXXX", path[128], taken[160];
    assert_int_equal(test_make_own_folder(folder), 0);
    snprintf(path, sizeof path, "%s/a", folder);
    bw_context *ctx = test_context(1);
    bw_output first, second;
    assert_ok(ctx, bw_output_begin(ctx, path, &first));
    const char *number = strrchr(first.temporary, '-') + 1;
    snprintf(taken, sizeof taken, "%.*s%lu.part", (int)(number - first.temporary), first.temporary,
             strtoul(number, NULL, 10) + 1);
    write_text(taken, "another's");
    assert_ok(ctx, bw_output_begin(ctx, path, &second));
    assert_string_not_equal(second.temporary, taken);
    assert_int_equal(bw_system_look(taken).bytes, 9);
    assert_null(bw_system_create(taken));
    bw_output_abandon(&first);
    bw_output_abandon(&second);
    assert_int_equal(test_walk(folder, 1), 1);
    assert_int_equal(test_remove_folder(folder), 0);
    bw_context_free(ctx);
}

static int count_name(void *user, const char *name) {
    int *found = user;
    found[0]++;
    found[1] += !strcmp(name, "b") || !strcmp(name, "\xc3\xa4.txt");
    return 0;
}

static void folders_are_made_and_listed(void **state) {
    (void)state;
    char folder[] = "brushwood-test-XXXXXX", path[128], deep[128];
    int found[2] = {0, 0};
    assert_int_equal(test_make_own_folder(folder), 0);
    bw_context *ctx = test_context(1);
    snprintf(deep, sizeof deep, "%s/b/c d/e//", folder);
    assert_ok(ctx, bw_folder_make(ctx, deep));
    assert_ok(ctx, bw_folder_make(ctx, deep));
    assert_int_equal(bw_system_kind(deep), BW_PATH_FOLDER);
    snprintf(path, sizeof path, "%s/\xc3\xa4.txt", folder);
    write_text(path, "text");
    assert_int_equal(bw_system_list(folder, count_name, found), 0);
    assert_int_equal(found[0], 2);
    assert_int_equal(found[1], 2);
    assert_int_equal(bw_system_look(path).bytes, 4);
    assert_int_equal(bw_system_is_link(path), 0);
    assert_true(bw_system_list(path, count_name, found) != 0);
    snprintf(deep, sizeof deep, "%s/\xc3\xa4.txt/x", folder);
    assert_refused(ctx, bw_folder_make(ctx, deep), BW_ERROR_IO, deep);
    bw_context_free(ctx);
    bw_system_remove(path);
    for (int i = 0; i < 3; i++) {
        snprintf(deep, sizeof deep, "%s/%s", folder, (const char *[]){"b/c d/e", "b/c d", "b"}[i]);
        assert_int_equal(test_remove_folder(deep), 0);
    }
    assert_int_equal(test_remove_folder(folder), 0);
}

static void processes_are_told_apart(void **state) {
    (void)state;
    assert_int_equal(bw_system_runs(bw_system_process()), 1);
    assert_int_equal(bw_system_runs(NO_PROCESS), 0);
    assert_int_equal(bw_system_host(), bw_system_host());
    const double before = bw_system_clock();
    test_sleep_ms(20);
    assert_in_range((int)(1000 * (bw_system_clock() - before)), 15, 10000);
}

static void system_tells_memory_and_time(void **state) {
    (void)state;
    const uint64_t memory = bw_system_free_memory();
    assert_true(memory > (uint64_t)1 << 20 && memory < (uint64_t)1 << 50);
    const double before = bw_system_cpu_time();
    volatile double work = 1;
    for (int i = 0; i < 50000000; i++)
        work = work * 0.999999;
    const double took = bw_system_cpu_time() - before;
    test_sleep_ms(300);
    const double slept = bw_system_cpu_time() - before - took;
    assert_true(took > 0.005 && slept < 0.2); /* of the processor, not of the clock */
}

static void hashes_in_pieces_are_the_same(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT8, 4099, 2503, 2);
    bw_image *image = test_noise(&info);
    const int64_t head[6] = {BW_UINT8, 4099, 2503, 2, 1, 1};
    const uint64_t wanted = bw_hash64(bw_hash64(0, head, sizeof head), bw_image_plane(image, 0, 0, 0), 4099 * 2503 * 2);
    assert_true(bw_image_hash(image) == wanted);
    bw_context *ctx = test_context(1);
    uint64_t hash = 0;
    assert_ok(ctx, bw_image_hash_checked(ctx, image, &hash));
    assert_true(hash == wanted);
    bw_context_cancel(ctx);
    assert_int_equal(bw_image_hash_checked(ctx, image, &hash), BW_ERROR_CANCELLED);
    bw_context_free(ctx);
    bw_image_free(image);
}

static void images_hold_their_planes(void **state) {
    (void)state;
    bw_image_info info = test_info(BW_UINT16, 5, 4, 3);
    info.channels = 2;
    info.frames = 2;
    bw_image *image = test_noise(&info);
    bw_context *ctx = test_context(1);
    assert_null(bw_image_plane(image, 2, 0, 0));
    assert_null(bw_image_plane(image, 0, 2, 0));
    assert_null(bw_image_plane(image, 0, 0, 3));
    assert_null(bw_image_plane(image, 0, 0, -1));
    const uint64_t hash = bw_image_hash(image);
    ((uint16_t *)bw_image_plane(image, 1, 1, 2))[19]++;
    assert_int_not_equal(bw_image_hash(image), hash);
    assert_null(bw_image_plane_label(image, 0, 0, 0));
    assert_ok(ctx, bw_image_set_plane_label(ctx, image, 1, 0, 2, "slice"));
    assert_string_equal(bw_image_plane_label(image, 1, 0, 2), "slice");
    assert_string_equal(bw_image_get_info(image)->unit, "pixel");
    assert_ok(ctx, bw_image_set_spacing(ctx, image, (const double[3]){0.5, 0.5, 2}));
    assert_int_equal(bw_image_get_info(image)->calibrated, 1);
    bw_image_free(image);
    image = NULL;
    info.width = 0;
    assert_refused(ctx, bw_image_create(ctx, &info, &image), BW_ERROR_ARGUMENT, "0 x 4 x 3");
    assert_null(image);
    bw_context_free(ctx);
}

static bw_status read_nothing(bw_context *ctx, void *user, const bw_part *part, void *to) {
    (void)user, (void)part, (void)to;
    return bw_context_fail(ctx, BW_ERROR_INTERNAL, "Nothing is read here.");
}

/* chunk fits: whole ones along every axis, and of the axes the first that is not whole takes all the room. Where chunks
 * jut out of the image, up to half of the room is lost for each of two axes. */
static void check_whole_chunks(const int64_t size[3], const int64_t chunk[3], const int64_t extent[3], int64_t room) {
    const int64_t pixels = extent[0] * extent[1] * extent[2];
    int cut = 0;
    for (int axis = 0; axis < 3; axis++) {
        if (extent[axis] == size[axis]) continue;
        assert_int_equal(extent[axis] % chunk[axis], 0);
        if (cut)
            assert_int_equal(extent[axis], chunk[axis]);
        else
            assert_true(pixels / extent[axis] * (extent[axis] + chunk[axis]) > room / 4);
        cut = 1;
    }
}

static int64_t some(uint64_t round, uint64_t counter, double most) {
    return (int64_t)pow(most, test_uniform(round, counter));
}

static void boxes_hold_whole_chunks(void **state) {
    enum { ROUNDS = 3000 };
    bw_context *ctx = test_context(1);
    const bw_image_reader reader = {.read = read_nothing};
    (void)state;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        const int64_t size[3] = {some(round, 0, 300), some(round, 1, 300), some(round, 2, 300)};
        const int64_t room = some(round, 3, 1e6), pixel[3] = {1, 1, 1};
        const int64_t chunk[3] = {some(round, 4, 100), some(round, 5, 100), some(round, 6, 100)};
        const int64_t *unit = round % 4 ? chunk : pixel;
        bw_image_info info = test_info(BW_UINT8, size[0], size[1], size[2]);
        bw_image *image;
        int64_t extent[3], pixels = 1, one = 1;
        info.channels = 1 + (int)(round % 3);
        assert_ok(ctx, bw_image_create_streamed(ctx, &info, &reader, &image));
        if (round % 4) bw_image_set_chunks(image, chunk, 1);
        assert_int_equal(bw_image_chunks(image) != NULL, round % 4 != 0);
        bw_image_choose_box(image, room * info.channels, extent);
        for (int axis = 0; axis < 3; axis++) {
            assert_in_range(extent[axis], 1, size[axis]);
            pixels *= extent[axis];
            one *= unit[axis] < size[axis] ? unit[axis] : size[axis];
        }
        assert_true(pixels <= room);
        if (one <= room) check_whole_chunks(size, unit, extent, room);
        bw_image_free(image);
    }
    bw_context_free(ctx);
}

static void mirror_repeats_no_edge(void **state) {
    (void)state;
    static const int64_t wanted[] = {2, 3, 2, 1, 0, 1, 2, 3, 2, 1, 0, 1, 2};
    for (int64_t i = -4; i <= 8; i++)
        assert_int_equal(bw_mirror(i, 4), wanted[i + 4]);
    for (int64_t i = -9; i < 9; i++)
        assert_int_equal(bw_mirror(i, 1), 0);
}

static void simd_levels_can_be_forced(void **state) {
    (void)state;
    test_set_variable("BRUSHWOOD_SIMD", "scalar");
    assert_string_equal(bw_simd_name(), "scalar");
    test_set_variable("BRUSHWOOD_SIMD", "mmx");
    bw_context *ctx = test_context(1);
    bw_simd level;
    assert_refused(ctx, bw_simd_level(ctx, &level), BW_ERROR_ARGUMENT, "mmx");
    bw_context_free(ctx);
    test_set_variable("BRUSHWOOD_SIMD", NULL);
}

static void settings_are_checked(void **state) {
    (void)state;
    bw_context *ctx = bw_context_create();
    assert_in_range(bw_context_threads(ctx), 1, 1024);
    assert_true(bw_context_memory_budget(ctx) >= (uint64_t)64 << 20);
    assert_refused(ctx, bw_context_set_threads(ctx, -1), BW_ERROR_ARGUMENT, "-1");
    bw_context_free(ctx);
    assert_string_equal(bw_version(), BW_VERSION);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_counted),
        cmocka_unit_test(retired_blocks_are_freed_and_others_stay),
        cmocka_unit_test(impossible_sizes_are_an_error),
        cmocka_unit_test(first_error_wins),
        cmocka_unit_test(every_task_runs_once),
        cmocka_unit_test(progress_can_cancel),
        cmocka_unit_test(numbers_survive_text),
        cmocka_unit_test(numbers_are_parsed_strictly),
        cmocka_unit_test(bytes_round_trip_and_stay_in_bounds),
        cmocka_unit_test(strings_must_be_utf8_and_fit),
        cmocka_unit_test(checksums_match_their_definitions),
        cmocka_unit_test(outputs_appear_whole_or_not_at_all),
        cmocka_unit_test(outputs_can_be_checked_beforehand),
        cmocka_unit_test(deep_folders_are_no_obstacle),
        cmocka_unit_test(parts_of_dead_processes_go),
        cmocka_unit_test(parts_are_made_only_where_nothing_is),
        cmocka_unit_test(folders_are_made_and_listed),
        cmocka_unit_test(processes_are_told_apart),
        cmocka_unit_test(system_tells_memory_and_time),
        cmocka_unit_test(hashes_in_pieces_are_the_same),
        cmocka_unit_test(images_hold_their_planes),
        cmocka_unit_test(boxes_hold_whole_chunks),
        cmocka_unit_test(mirror_repeats_no_edge),
        cmocka_unit_test(simd_levels_can_be_forced),
        cmocka_unit_test(settings_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
