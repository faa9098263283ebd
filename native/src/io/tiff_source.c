#include "io/tiff_source.h"

#include <errno.h>
#include <string.h>

#include "core/file.h"
#include "core/system.h"

enum { CHUNK = 4 << 20 }; /* bytes between two looks at the cancel flag */

bw_status bw_tiff_source_open_file(bw_tiff_source *source, bw_context *ctx, const char *path) {
    *source = (bw_tiff_source){.ctx = ctx, .path = path};
    size_t length = strlen(path);
    while (length && (path[length - 1] == '/' || path[length - 1] == '\\'))
        length--;
    if (length > 5 && !memcmp(path + length - 5, ".zarr", 5))
        return bw_fail(ctx, BW_ERROR_FORMAT,
                       "%s is named like an OME-Zarr folder, not a TIFF file. Save the image as TIFF first.", path);
    if (bw_system_kind(path) == BW_PATH_DEVICE) /* opening a pipe that nobody fills would wait for ever */
        return bw_fail(ctx, BW_ERROR_IO, "%s is a device or pipe, not a file. Save the image to a file first.", path);
    BW_TRY(bw_file_open(ctx, path, "rb", &source->file));
    int64_t size = bw_system_length(source->file);
    if (size > 0) {
        source->size = (uint64_t)size;
        source->file_at = source->size;
        return BW_OK;
    }
    bw_tiff_source_close(source);
    if (size < 0) return bw_fail(ctx, BW_ERROR_IO, "%s is not a regular file (%s).", path, strerror(errno));
    return bw_fail(ctx, BW_ERROR_FORMAT, "%s is empty (0 bytes). Copy or save it again.", path);
}

void bw_tiff_source_open_memory(bw_tiff_source *source, bw_context *ctx, const uint8_t *data, uint64_t size,
                                const char *name) {
    *source = (bw_tiff_source){.ctx = ctx, .path = name, .data = data, .size = size};
}

void bw_tiff_source_close(bw_tiff_source *source) {
    if (source->file) fclose(source->file);
    source->file = NULL;
}

static uint64_t read_file(bw_tiff_source *source, uint64_t offset, uint8_t *to, uint64_t size) {
    if (source->file_at != offset && bw_system_seek(source->file, offset)) {
        source->io_error = errno;
        return 0;
    }
    uint64_t done = 0;
    while (done < size && bw_check(source->ctx) == BW_OK) {
        uint64_t want = size - done < CHUNK ? size - done : CHUNK;
        errno = 0;
        size_t got = fread(to + done, 1, (size_t)want, source->file);
        done += got;
        if (got == want) continue;
        if (ferror(source->file)) source->io_error = errno ? errno : EIO;
        clearerr(source->file);
        break;
    }
    source->file_at = offset + done;
    return done;
}

uint64_t bw_tiff_source_read(bw_tiff_source *source, uint64_t offset, void *to, uint64_t size) {
    if (offset >= source->size) return 0;
    if (size > source->size - offset) size = source->size - offset;
    if (source->file) return read_file(source, offset, to, size);
    if (size) memcpy(to, source->data + offset, (size_t)size);
    return size;
}

static const char in_imagej[] = "Open it in ImageJ and save it with File > Save As > Tiff.";
static const char segmentations[] =
    "Open it in ImageJ and save it with File > Save As > Tiff. As segmentations, ImageJ's Plugins > Brushwood > Import "
    "Objects and Compare Segmentations read it as it is.";
static const char rois[] =
    "Open the image it belongs to in ImageJ and use Plugins > Brushwood > Import Objects, then save the label image "
    "with File > Save As > Tiff.";
static const char zip[] =
    "Unpack it if it holds images. If it holds ImageJ's ROIs, open their image in ImageJ and use Plugins > Brushwood > "
    "Import Objects, then save the label image with File > Save As > Tiff.";
static const char python[] = "In Python, write the array with tifffile.imwrite(\"labels.tif\", array).";
static const char cellpose[] =
    "It is Cellpose's own. Save the masks in Cellpose with File > Save masks as PNG/tif, or on its command line with "
    "--save_tif, and use the file that ends with _cp_masks.tif.";

typedef struct bw_other_kind {
    int at, length;
    const char *bytes, *kind, *advice; /* NULL: in_imagej */
} bw_other_kind;

static const bw_other_kind kinds[] = {
    {0, 8, "\x89PNG\r\n\x1a\n", "a PNG image", segmentations},
    {0, 3, "\xff\xd8\xff", "a JPEG image", NULL},
    {0, 4, "GIF8", "a GIF image", NULL},
    {0, 2, "BM", "a BMP image", NULL},
    {0, 8, "\x89HDF\r\n\x1a\n", "an HDF5 file", NULL},
    {0, 10, "ZISRAWFILE", "a Zeiss CZI file", NULL},
    {0, 4, "\xda\xce\xbe\x0a", "a Nikon ND2 file", NULL},
    {0, 4, "\x70\0\0\0", "a Leica LIF file", NULL},
    {4, 8, "jP  \r\n\x87\n", "a JPEG 2000 image", NULL},
    {8, 4, "WEBP", "a WebP image", NULL},
    {0, 4, "RIFF", "an AVI or other RIFF file", NULL},
    {128, 4, "DICM", "a DICOM file", NULL},
    {0, 9, "SIMPLE  =", "a FITS file", NULL},
    {0, 4, "NRRD", "an NRRD file", NULL},
    {0, 6, "\x93NUMPY", "a NumPy array", python},
    {0, 4, "%PDF", "a PDF document", NULL},
    {0, 2, "P5", "a PGM image", NULL},
    {0, 2, "P6", "a PPM image", NULL},
    {0, 4, "Iout", "an ImageJ ROI", rois},
    {0, 2, "\x1f\x8b", "a gzip archive", NULL},
    {0, 4, "PK\3\4", "a ZIP archive", zip},
};

static const bw_other_kind *kind_of(const uint8_t *head, uint64_t size) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (size >= (uint64_t)(kinds[i].at + kinds[i].length) &&
            !memcmp(head + kinds[i].at, kinds[i].bytes, (size_t)kinds[i].length))
            return kinds + i;
    return NULL;
}

static const char *advice_on(const bw_other_kind *kind, const char *path) {
    static const char ending[] = "_seg.npy";
    const size_t length = strlen(path), tail = sizeof ending - 1;
    if (kind->advice == python && length >= tail && !strcmp(path + length - tail, ending)) return cellpose;
    return kind->advice ? kind->advice : in_imagej;
}

bw_status bw_tiff_source_check_tiff(bw_tiff_source *source) {
    uint8_t head[132] = {0};
    uint64_t size = bw_tiff_source_read(source, 0, head, sizeof head);
    if (size >= 8 && (!memcmp(head, "II*\0", 4) || !memcmp(head, "MM\0*", 4) || !memcmp(head, "II+\0", 4) ||
                      !memcmp(head, "MM\0+", 4)))
        return BW_OK;
    BW_TRY(bw_check(source->ctx));
    if (source->io_error)
        return bw_fail(source->ctx, BW_ERROR_IO, "Cannot read %s: %s.", source->path, strerror(source->io_error));
    const bw_other_kind *kind = kind_of(head, size);
    if (kind)
        return bw_fail(source->ctx, BW_ERROR_FORMAT, "%s is %s, not a TIFF file. %s", source->path, kind->kind,
                       advice_on(kind, source->path));
    return bw_fail(source->ctx, BW_ERROR_FORMAT,
                   "%s is not a TIFF file, or its first bytes are damaged. Copy it again or save it as TIFF.",
                   source->path);
}

/* ---- directory entries --------------------------------------------------------------------------------------- */

typedef struct layout {
    int big_endian, count_size, entry_size, value_size;
} layout;

static uint64_t number(const uint8_t *bytes, int size, int big_endian) {
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | bytes[big_endian ? i : size - 1 - i];
    return value;
}

static layout layout_of(bw_tiff_source *source) {
    uint8_t head[4] = {0};
    bw_tiff_source_read(source, 0, head, sizeof head);
    int big_endian = head[0] == 'M', big_tiff = head[big_endian ? 3 : 2] == '+';
    return big_tiff ? (layout){big_endian, 8, 20, 8} : (layout){big_endian, 2, 12, 4};
}

static int type_size(int type) {
    static const int sizes[] = {0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8};
    return type > 0 && type < (int)(sizeof sizes / sizeof *sizes) ? sizes[type] : 0;
}

int bw_tiff_source_find_entry(bw_tiff_source *source, uint64_t directory, int tag, bw_tiff_entry *entry) {
    layout l = layout_of(source);
    uint8_t bytes[20] = {0};
    if (directory > source->size || bw_tiff_source_read(source, directory, bytes, (uint64_t)l.count_size) < 2) return 0;
    uint64_t count = number(bytes, l.count_size, l.big_endian), at = directory + (uint64_t)l.count_size;
    for (uint64_t i = 0; i < count && i < 65536; i++, at += (uint64_t)l.entry_size) {
        if (bw_tiff_source_read(source, at, bytes, (uint64_t)l.entry_size) < (uint64_t)l.entry_size) return 0;
        if ((int)number(bytes, 2, l.big_endian) != tag) continue;
        uint64_t value = at + (uint64_t)(l.entry_size - l.value_size);
        entry->type = (int)number(bytes + 2, 2, l.big_endian);
        entry->count = number(bytes + 4, l.value_size, l.big_endian);
        int size = type_size(entry->type);
        int inside = size && entry->count <= (uint64_t)l.value_size / (uint64_t)size;
        entry->offset = inside ? value : number(bytes + l.entry_size - l.value_size, l.value_size, l.big_endian);
        return 1;
    }
    return 0;
}

int bw_tiff_source_has_link(bw_tiff_source *source, uint64_t directory) {
    layout l = layout_of(source);
    uint8_t bytes[8] = {0};
    if (bw_tiff_source_read(source, directory, bytes, (uint64_t)l.count_size) < (uint64_t)l.count_size) return 0;
    uint64_t count = number(bytes, l.count_size, l.big_endian);
    if (count > source->size) return 0;
    uint64_t at = directory + (uint64_t)l.count_size + count * (uint64_t)l.entry_size;
    return bw_tiff_source_read(source, at, bytes, (uint64_t)l.value_size) == (uint64_t)l.value_size;
}

double bw_tiff_source_rational(bw_tiff_source *source, uint64_t directory, int tag) {
    enum { RATIONAL = 5 };
    bw_tiff_entry entry;
    uint8_t bytes[8];
    if (!bw_tiff_source_find_entry(source, directory, tag, &entry) || entry.type != RATIONAL || entry.count != 1 ||
        bw_tiff_source_read(source, entry.offset, bytes, sizeof bytes) < sizeof bytes)
        return 0;
    int big_endian = layout_of(source).big_endian;
    uint64_t over = number(bytes, 4, big_endian), under = number(bytes + 4, 4, big_endian);
    return under ? (double)over / (double)under : 0;
}

int bw_tiff_source_short(bw_tiff_source *source, uint64_t directory, int tag) {
    enum { SHORT = 3 };
    bw_tiff_entry entry;
    uint8_t bytes[2];
    if (!bw_tiff_source_find_entry(source, directory, tag, &entry) || entry.type != SHORT || entry.count < 1 ||
        bw_tiff_source_read(source, entry.offset, bytes, sizeof bytes) < sizeof bytes)
        return 0;
    return (int)number(bytes, 2, layout_of(source).big_endian);
}
