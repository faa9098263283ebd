#include "core/system.h"

#ifdef _WIN32

#include <errno.h>
#include <fcntl.h>
#include <io.h>
#include <string.h>
#include <sys/stat.h>
#include <windows.h>

#include "core/alloc.h"
#include "core/bytes.h"

/* Windows takes whole paths of less than 260 characters; longer ones must be absolute and say so. */
enum { LONG_PATH = 200, LONG_PREFIX = 8 };

static void set_errno(DWORD error) {
    static const struct {
        DWORD error;
        int number;
    } known[] = {{ERROR_FILE_NOT_FOUND, ENOENT},
                 {ERROR_PATH_NOT_FOUND, ENOENT},
                 {ERROR_INVALID_NAME, ENOENT},
                 {ERROR_BAD_NETPATH, ENOENT},
                 {ERROR_DIRECTORY, ENOTDIR},
                 {ERROR_DIR_NOT_EMPTY, ENOTEMPTY},
                 {ERROR_ALREADY_EXISTS, EEXIST},
                 {ERROR_FILE_EXISTS, EEXIST},
                 {ERROR_NOT_ENOUGH_MEMORY, ENOMEM},
                 {ERROR_DISK_FULL, ENOSPC},
                 {ERROR_HANDLE_DISK_FULL, ENOSPC},
                 {ERROR_WRITE_PROTECT, EROFS},
                 {ERROR_FILENAME_EXCED_RANGE, ENAMETOOLONG},
                 {ERROR_NO_UNICODE_TRANSLATION, EILSEQ}};
    errno = EACCES; /* denied, or open in another program */
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].error == error) errno = known[i].number;
}

static wchar_t *to_wide(const char *text) {
    const int size = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, NULL, 0);
    wchar_t *wide = size > 0 ? bw_alloc(NULL, (uint64_t)size, sizeof *wide, "a path") : NULL;
    if (wide) MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, text, -1, wide, size);
    errno = size > 0 ? ENOMEM : EILSEQ; /* looked at only after NULL */
    return wide;
}

/* \\?\C:\folder\file, or \\?\UNC\server\share\file for \\server\share\file. */
static wchar_t *absolute(wchar_t *path) {
    const DWORD size = GetFullPathNameW(path, 0, NULL, NULL);
    wchar_t *whole = size ? bw_alloc(NULL, size + LONG_PREFIX, sizeof *whole, "a path") : NULL;
    if (!whole) return path;
    wchar_t *start = whole + LONG_PREFIX;
    if (!GetFullPathNameW(path, size, start, NULL) || !wcsncmp(start, L"\\\\?\\", 4) ||
        !wcsncmp(start, L"\\\\.\\", 4)) {
        bw_free(whole);
        return path;
    }
    bw_free(path);
    const int share = start[0] == '\\' && start[1] == '\\';
    const wchar_t *prefix = share ? L"\\\\?\\UNC\\" : L"\\\\?\\";
    const wchar_t *rest = share ? start + 2 : start;
    memmove(whole + wcslen(prefix), rest, (wcslen(rest) + 1) * sizeof *rest);
    memcpy(whole, prefix, wcslen(prefix) * sizeof *prefix);
    return whole;
}

static wchar_t *wide_path(const char *path) {
    wchar_t *wide = to_wide(path);
    return wide && GetFullPathNameW(wide, 0, NULL, NULL) > LONG_PATH ? absolute(wide) : wide;
}

static HANDLE look_at(const char *path) {
    const DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE;
    wchar_t *wide = wide_path(path);
    HANDLE file = INVALID_HANDLE_VALUE;
    if (wide) file = CreateFileW(wide, 0, share, NULL, OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS, NULL);
    bw_free(wide);
    return file;
}

static uint64_t both(DWORD high, DWORD low) {
    return (uint64_t)high << 32 | low;
}

bw_path_facts bw_system_look(const char *path) {
    BY_HANDLE_FILE_INFORMATION information;
    HANDLE file = look_at(path);
    bw_path_facts facts = {.kind = BW_PATH_ABSENT};
    if (file == INVALID_HANDLE_VALUE) return facts;
    facts.kind = GetFileType(file) == FILE_TYPE_DISK ? BW_PATH_FILE : BW_PATH_DEVICE; /* such as NUL, COM1 */
    if (facts.kind == BW_PATH_FILE && GetFileInformationByHandle(file, &information)) {
        if (information.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY) facts.kind = BW_PATH_FOLDER;
        facts.bytes = (int64_t)both(information.nFileSizeHigh, information.nFileSizeLow);
        facts.id[0] = information.dwVolumeSerialNumber;
        facts.id[1] = both(information.nFileIndexHigh, information.nFileIndexLow);
    }
    CloseHandle(file);
    return facts;
}

bw_path_kind bw_system_kind(const char *path) {
    return bw_system_look(path).kind;
}

int bw_system_is_link(const char *path) {
    const DWORD stands_for_another = 0x20000000; /* bit of the tag; folders kept in a cloud have other tags */
    WIN32_FIND_DATAW found;
    wchar_t *wide = wide_path(path);
    HANDLE search = wide ? FindFirstFileW(wide, &found) : INVALID_HANDLE_VALUE;
    bw_free(wide);
    if (search == INVALID_HANDLE_VALUE) return 0;
    FindClose(search);
    return found.dwFileAttributes & FILE_ATTRIBUTE_REPARSE_POINT && found.dwReserved0 & stands_for_another;
}

int bw_system_separates(char c) {
    return c == '/' || c == '\\' || c == ':';
}

int bw_system_folds_case(void) {
    return 1;
}

/* Whether it is worth while to try again what was refused, after a pause, half a second altogether: virus scanners and
 * indexers hold a fresh file for a moment, and another process may just be putting a file under the same name. */
static int try_again(DWORD *wait) {
    if (*wait > 256) return 0;
    Sleep(*wait);
    *wait *= 2;
    return 1;
}

static int is_folder(const wchar_t *path) {
    const DWORD attributes = GetFileAttributesW(path);
    return attributes != INVALID_FILE_ATTRIBUTES && attributes & FILE_ATTRIBUTE_DIRECTORY;
}

/* A file, unless another program keeps it. */
static FILE *open_wide(const wchar_t *path, const wchar_t *mode) {
    FILE *file = _wfopen(path, mode);
    for (DWORD wait = 1; !file && errno == EACCES && !is_folder(path) && try_again(&wait);)
        file = _wfopen(path, mode);
    return file;
}

FILE *bw_system_open(const char *path, const char *mode) {
    wchar_t *wide = wide_path(path), *wide_mode = wide ? to_wide(mode) : NULL;
    FILE *file = wide_mode ? open_wide(wide, wide_mode) : NULL;
    const int reason = errno;
    bw_free(wide);
    bw_free(wide_mode);
    errno = reason;
    return file;
}

FILE *bw_system_create(const char *path) {
    wchar_t *wide = wide_path(path);
    const int how = _O_WRONLY | _O_CREAT | _O_EXCL | _O_BINARY | _O_NOINHERIT;
    const int handle = wide ? _wopen(wide, how, _S_IREAD | _S_IWRITE) : -1;
    FILE *file = handle < 0 ? NULL : _fdopen(handle, "wb");
    const int reason = errno;
    if (handle >= 0 && !file) {
        _close(handle);
        DeleteFileW(wide);
    }
    bw_free(wide);
    errno = reason;
    return file;
}

/* Whether to try again after the last error; if not, errno tells it. */
static int held_for_now(DWORD *wait) {
    const DWORD error = GetLastError();
    if ((error == ERROR_ACCESS_DENIED || error == ERROR_SHARING_VIOLATION) && try_again(wait)) return 1;
    set_errno(error);
    return 0;
}

/* A file, an empty folder, or a link to either. */
static int delete_one(const wchar_t *path) {
    const int folder = is_folder(path);
    for (DWORD wait = 1; !(folder ? RemoveDirectoryW(path) : DeleteFileW(path));)
        if (!held_for_now(&wait)) return -1;
    return 0;
}

/* No folder is ever replaced: waiting for that would be in vain. */
static int move(const wchar_t *from, const wchar_t *to, DWORD replace) {
    if (is_folder(to)) {
        errno = EEXIST;
        return -1;
    }
    for (DWORD wait = 1; !MoveFileExW(from, to, replace | MOVEFILE_WRITE_THROUGH);)
        if (!held_for_now(&wait)) return -1;
    return 0;
}

int bw_system_remove(const char *path) {
    wchar_t *wide = wide_path(path);
    const int failed = wide ? delete_one(wide) : -1, reason = errno;
    bw_free(wide);
    errno = reason;
    return failed;
}

static int rename_by(const char *from, const char *to, DWORD replace) {
    wchar_t *source = wide_path(from), *target = source ? wide_path(to) : NULL;
    const int failed = target ? move(source, target, replace) : -1, reason = errno;
    bw_free(source);
    bw_free(target);
    errno = reason;
    return failed;
}

int bw_system_rename(const char *from, const char *to) {
    return rename_by(from, to, MOVEFILE_REPLACE_EXISTING);
}

int bw_system_rename_new(const char *from, const char *to) {
    return rename_by(from, to, 0);
}

int bw_system_make_folder(const char *path) {
    wchar_t *wide = wide_path(path);
    const int failed = !wide || !CreateDirectoryW(wide, NULL);
    if (wide && failed) set_errno(GetLastError());
    const int reason = errno;
    bw_free(wide);
    errno = reason;
    return failed ? -1 : 0;
}

static int visit_name(const wchar_t *wide, int (*visit)(void *user, const char *name), void *user) {
    char name[3 * MAX_PATH + 1]; /* UTF-8 takes at most three bytes for a unit of UTF-16 */
    if (!wcscmp(wide, L".") || !wcscmp(wide, L"..")) return 0;
    return WideCharToMultiByte(CP_UTF8, 0, wide, -1, name, sizeof name, NULL, NULL) ? visit(user, name) : 0;
}

/* The folder with \* behind it, which the search wants. */
static wchar_t *search_pattern(const char *folder) {
    const size_t length = strlen(folder);
    const int ends = length && bw_system_separates(folder[length - 1]);
    char *all = bw_alloc(NULL, length + 3, 1, "a path");
    errno = ENOMEM; /* looked at only after NULL */
    if (!all) return NULL;
    snprintf(all, length + 3, "%s%s*", folder, ends ? "" : "\\");
    wchar_t *wide = wide_path(all);
    bw_free(all);
    return wide;
}

int bw_system_list(const char *folder, int (*visit)(void *user, const char *name), void *user) {
    WIN32_FIND_DATAW found;
    wchar_t *pattern = search_pattern(folder);
    if (!pattern) return -1;
    HANDLE search = FindFirstFileW(pattern, &found);
    DWORD end = search == INVALID_HANDLE_VALUE ? GetLastError() : ERROR_SUCCESS;
    while (end == ERROR_SUCCESS && !visit_name(found.cFileName, visit, user))
        if (!FindNextFileW(search, &found)) end = GetLastError();
    if (search != INVALID_HANDLE_VALUE) FindClose(search);
    bw_free(pattern);
    if (end == ERROR_SUCCESS || end == ERROR_NO_MORE_FILES) return 0;
    set_errno(end);
    return -1;
}

int bw_system_flush(FILE *file) {
    return _commit(_fileno(file));
}

int bw_system_seek(FILE *file, uint64_t offset) {
    return _fseeki64(file, (int64_t)offset, SEEK_SET);
}

int64_t bw_system_length(FILE *file) {
    return _fseeki64(file, 0, SEEK_END) ? -1 : _ftelli64(file);
}

int bw_system_same(const char *a, const char *b) {
    const bw_path_facts x = bw_system_look(a), y = bw_system_look(b);
    return x.kind != BW_PATH_ABSENT && y.kind != BW_PATH_ABSENT && !memcmp(x.id, y.id, sizeof x.id);
}

unsigned long bw_system_process(void) {
    return GetCurrentProcessId();
}

int bw_system_runs(unsigned long process) {
    HANDLE handle = OpenProcess(SYNCHRONIZE, FALSE, process);
    if (!handle) return GetLastError() != ERROR_INVALID_PARAMETER; /* there is none, or it is another user's */
    const int runs = WaitForSingleObject(handle, 0) != WAIT_OBJECT_0;
    CloseHandle(handle);
    return runs;
}

uint32_t bw_system_host(void) {
    wchar_t name[256] = L"";
    DWORD size = sizeof name / sizeof *name;
    if (!GetComputerNameExW(ComputerNamePhysicalDnsFullyQualified, name, &size)) size = 0;
    const uint64_t hash = bw_hash_end(bw_hash_add(bw_hash_begin(0), name, size * sizeof *name));
    return (uint32_t)(hash ^ hash >> 32);
}

double bw_system_clock(void) {
    LARGE_INTEGER ticks, per_second;
    QueryPerformanceCounter(&ticks);
    QueryPerformanceFrequency(&per_second);
    return (double)ticks.QuadPart / (double)per_second.QuadPart;
}

static double seconds(FILETIME time) { /* in units of 100 ns */
    return 1e-7 * (double)((uint64_t)time.dwHighDateTime << 32 | time.dwLowDateTime);
}

double bw_system_cpu_time(void) {
    FILETIME start, end, kernel, user;
    return GetProcessTimes(GetCurrentProcess(), &start, &end, &kernel, &user) ? seconds(kernel) + seconds(user) : 0;
}

/* Memory must be free and also be promised: what is promised may not exceed memory and page file together. */
uint64_t bw_system_free_memory(void) {
    MEMORYSTATUSEX status = {.dwLength = sizeof status};
    if (!GlobalMemoryStatusEx(&status)) return (uint64_t)1 << 30;
    return status.ullAvailPhys < status.ullAvailPageFile ? status.ullAvailPhys : status.ullAvailPageFile;
}

uint64_t bw_system_group_memory(const char *root) {
    (void)root;
    return UINT64_MAX;
}

#endif
