/* Faults of the disk, from underneath: a library that is preloaded into the server.
 *
 * It stands between the program and the C library, and only files of the store are affected: the
 * database, its write-ahead log and its index, told apart by what the file descriptor is open on;
 * and standard error, the log of the program.
 * Orders are in a file that is mapped into memory, so that a fault can begin and end while the
 * program runs; the same file says how often each rule struck and when it first did. The layout is
 * in src/torture/faults.rs too; both have to agree.
 *
 * PAGEBELL_FAULTS           the file with the orders
 * PAGEBELL_FAULTS_DATABASE  the path of the database, as the kernel knows it
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { RULES = 8 };

enum operation { OPERATION_SYNC = 1, OPERATION_WRITE = 2, OPERATION_READ = 3 };
enum file { FILE_DATABASE = 1, FILE_LOG = 2, FILE_INDEX = 4, FILE_STDERR = 8 };
enum action {
    /* Fails with the error number of the parameter. */
    ACTION_FAIL = 1,
    /* Takes as many microseconds more as the parameter says. */
    ACTION_SLOW = 2,
    /* Writes or reads half of what is asked for, and says so. */
    ACTION_SHORT = 3,
    /* Writes nothing and says that it did. */
    ACTION_DROP = 4,
    /* Writes half of what is asked for, and fails with the error number of the parameter. */
    ACTION_TEAR = 5,
};

struct rule {
    uint64_t action;    /* 0: the rule is off; written last */
    uint64_t files;     /* of enum file, any of them */
    uint64_t operation;
    uint64_t remaining; /* how often it strikes yet; UINT64_MAX: always */
    uint64_t parameter;
    uint64_t hits;
    uint64_t first_hit; /* nanoseconds of CLOCK_MONOTONIC; 0: never */
    uint64_t spare;
};

static struct rule *rules;
static char database[PATH_MAX];

__attribute__((constructor)) static void prepare(void) {
    const char *orders = getenv("PAGEBELL_FAULTS");
    const char *path = getenv("PAGEBELL_FAULTS_DATABASE");
    if (!orders || !path || strlen(path) >= sizeof database)
        return;
    int fd = open(orders, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return;
    void *mapped = mmap(NULL, RULES * sizeof(struct rule), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped == MAP_FAILED)
        return;
    strcpy(database, path);
    rules = mapped;
}

/* The function of the C library with this name. */
static void *next(void **known, const char *name) {
    void *found = __atomic_load_n(known, __ATOMIC_ACQUIRE);
    if (!found) {
        found = dlsym(RTLD_NEXT, name);
        if (!found) {
            fprintf(stderr, "faults: there is no %s\n", name);
            abort();
        }
        __atomic_store_n(known, found, __ATOMIC_RELEASE);
    }
    return found;
}
#define REAL(name)                                                                                 \
    static void *known_##name;                                                                     \
    __typeof__(&name) real = (__typeof__(&name))next(&known_##name, #name)

/* Which file of the store, or standard error, a descriptor is open on; 0: none. */
static uint64_t file_of(int fd) {
    if (fd == STDERR_FILENO)
        return FILE_STDERR;
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    size_t common = strlen(database);
    if (strncmp(path, database, common) != 0)
        return 0;
    const char *rest = path + common;
    if (!*rest)
        return FILE_DATABASE;
    if (strcmp(rest, "-wal") == 0)
        return FILE_LOG;
    return strcmp(rest, "-shm") == 0 ? FILE_INDEX : 0;
}

/* Takes one strike of a rule; whether there was one left. */
static int take(struct rule *rule) {
    uint64_t left = __atomic_load_n(&rule->remaining, __ATOMIC_ACQUIRE);
    while (left != UINT64_MAX) {
        if (left == 0)
            return 0;
        if (__atomic_compare_exchange_n(&rule->remaining, &left, left - 1, 0, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE))
            break;
    }
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t moment = (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec, never = 0;
    __atomic_compare_exchange_n(&rule->first_hit, &never, moment, 0, __ATOMIC_ACQ_REL,
                                __ATOMIC_ACQUIRE);
    __atomic_add_fetch(&rule->hits, 1, __ATOMIC_ACQ_REL);
    return 1;
}

/* What is to happen to an operation on a file: an action with its parameter, or 0. Slowness has
 * happened when this returns, so that a slow disk can fail too. */
static uint64_t struck(int fd, uint64_t operation, uint64_t *parameter) {
    if (!rules)
        return 0;
    int kept = errno;
    uint64_t action = 0, file = UINT64_MAX;
    for (struct rule *rule = rules; rule < rules + RULES && !action; rule++) {
        uint64_t candidate = __atomic_load_n(&rule->action, __ATOMIC_ACQUIRE);
        if (!candidate || rule->operation != operation)
            continue;
        if (file == UINT64_MAX)
            file = file_of(fd);
        if (!(file & rule->files) || !take(rule))
            continue;
        if (candidate == ACTION_SLOW) {
            usleep((useconds_t)rule->parameter);
            continue;
        }
        action = candidate;
        *parameter = rule->parameter;
    }
    errno = kept;
    return action;
}

/* How many bytes are really to be transferred. `*answer` is what to return instead of what the
 * transfer returns; INT64_MAX: that. */
static size_t share(int fd, uint64_t operation, size_t count, int64_t *answer) {
    uint64_t parameter = 0;
    *answer = INT64_MAX;
    switch (struck(fd, operation, &parameter)) {
    case ACTION_FAIL:
        *answer = -(int64_t)parameter;
        return 0;
    case ACTION_TEAR:
        *answer = -(int64_t)parameter;
        return count / 2;
    case ACTION_DROP:
        *answer = (int64_t)count;
        return 0;
    case ACTION_SHORT:
        return count > 1 ? count / 2 : count;
    default:
        return count;
    }
}

/* A transfer whose count may be cut: `call` does it with `size` bytes. */
#define TRANSFER(fd, operation, count, call)                                                       \
    int64_t answer;                                                                                \
    size_t size = share(fd, operation, count, &answer);                                            \
    ssize_t transferred = answer != INT64_MAX && size == 0 ? 0 : (call);                           \
    if (answer == INT64_MAX || transferred < 0)                                                    \
        return transferred;                                                                        \
    if (answer < 0) {                                                                              \
        errno = (int)-answer;                                                                      \
        return -1;                                                                                 \
    }                                                                                              \
    return (ssize_t)answer

/* An operation that is done or not. */
#define WHOLE(fd, operation, call)                                                                 \
    uint64_t parameter = 0;                                                                        \
    switch (struck(fd, operation, &parameter)) {                                                   \
    case ACTION_FAIL:                                                                              \
    case ACTION_TEAR:                                                                              \
        errno = (int)parameter;                                                                    \
        return -1;                                                                                 \
    case ACTION_DROP:                                                                              \
        return 0;                                                                                  \
    default:                                                                                       \
        return (call);                                                                             \
    }

ssize_t write(int fd, const void *data, size_t count) {
    REAL(write);
    TRANSFER(fd, OPERATION_WRITE, count, real(fd, data, size));
}

ssize_t pwrite(int fd, const void *data, size_t count, off_t place) {
    REAL(pwrite);
    TRANSFER(fd, OPERATION_WRITE, count, real(fd, data, size, place));
}

ssize_t pwrite64(int fd, const void *data, size_t count, off64_t place) {
    REAL(pwrite64);
    TRANSFER(fd, OPERATION_WRITE, count, real(fd, data, size, place));
}

ssize_t read(int fd, void *data, size_t count) {
    REAL(read);
    TRANSFER(fd, OPERATION_READ, count, real(fd, data, size));
}

ssize_t pread(int fd, void *data, size_t count, off_t place) {
    REAL(pread);
    TRANSFER(fd, OPERATION_READ, count, real(fd, data, size, place));
}

ssize_t pread64(int fd, void *data, size_t count, off64_t place) {
    REAL(pread64);
    TRANSFER(fd, OPERATION_READ, count, real(fd, data, size, place));
}

/* Of scattered transfers, all or nothing: half of one is its first part. */
static int halved(int count) { return count > 1 ? count / 2 : count; }

static ssize_t total(const struct iovec *parts, int count) {
    ssize_t all = 0;
    for (int part = 0; part < count; part++)
        all += (ssize_t)parts[part].iov_len;
    return all;
}

#define SCATTERED(fd, operation, parts, count, call)                                               \
    uint64_t parameter = 0;                                                                        \
    int some = (count);                                                                            \
    switch (struck(fd, operation, &parameter)) {                                                   \
    case ACTION_FAIL:                                                                              \
    case ACTION_TEAR:                                                                              \
        errno = (int)parameter;                                                                    \
        return -1;                                                                                 \
    case ACTION_DROP:                                                                              \
        return total(parts, count);                                                                \
    case ACTION_SHORT:                                                                             \
        some = halved(count);                                                                      \
        return (call);                                                                             \
    default:                                                                                       \
        return (call);                                                                             \
    }

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(writev);
    SCATTERED(fd, OPERATION_WRITE, parts, count, real(fd, parts, some))
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t place) {
    REAL(pwritev);
    SCATTERED(fd, OPERATION_WRITE, parts, count, real(fd, parts, some, place))
}

ssize_t pwritev64(int fd, const struct iovec *parts, int count, off64_t place) {
    REAL(pwritev64);
    SCATTERED(fd, OPERATION_WRITE, parts, count, real(fd, parts, some, place))
}

ssize_t readv(int fd, const struct iovec *parts, int count) {
    REAL(readv);
    SCATTERED(fd, OPERATION_READ, parts, count, real(fd, parts, some))
}

ssize_t preadv(int fd, const struct iovec *parts, int count, off_t place) {
    REAL(preadv);
    SCATTERED(fd, OPERATION_READ, parts, count, real(fd, parts, some, place))
}

ssize_t preadv64(int fd, const struct iovec *parts, int count, off64_t place) {
    REAL(preadv64);
    SCATTERED(fd, OPERATION_READ, parts, count, real(fd, parts, some, place))
}

int fsync(int fd) {
    REAL(fsync);
    WHOLE(fd, OPERATION_SYNC, real(fd))
}

int fdatasync(int fd) {
    REAL(fdatasync);
    WHOLE(fd, OPERATION_SYNC, real(fd))
}

int sync_file_range(int fd, off64_t place, off64_t count, unsigned int flags) {
    REAL(sync_file_range);
    WHOLE(fd, OPERATION_SYNC, real(fd, place, count, flags))
}

/* Whatever changes the length of a file is a write. */
int ftruncate(int fd, off_t length) {
    REAL(ftruncate);
    WHOLE(fd, OPERATION_WRITE, real(fd, length))
}

int ftruncate64(int fd, off64_t length) {
    REAL(ftruncate64);
    WHOLE(fd, OPERATION_WRITE, real(fd, length))
}

int fallocate(int fd, int mode, off_t place, off_t length) {
    REAL(fallocate);
    WHOLE(fd, OPERATION_WRITE, real(fd, mode, place, length))
}

int fallocate64(int fd, int mode, off64_t place, off64_t length) {
    REAL(fallocate64);
    WHOLE(fd, OPERATION_WRITE, real(fd, mode, place, length))
}

/* These return the error number. */
static int allocated(int result) { return result < 0 ? errno : result; }

int posix_fallocate(int fd, off_t place, off_t length) {
    REAL(posix_fallocate);
    uint64_t parameter = 0;
    if (struck(fd, OPERATION_WRITE, &parameter) == ACTION_FAIL)
        return (int)parameter;
    return allocated(real(fd, place, length));
}

int posix_fallocate64(int fd, off64_t place, off64_t length) {
    REAL(posix_fallocate64);
    uint64_t parameter = 0;
    if (struck(fd, OPERATION_WRITE, &parameter) == ACTION_FAIL)
        return (int)parameter;
    return allocated(real(fd, place, length));
}
