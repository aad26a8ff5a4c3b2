// The receive path as a Linux program that callgrind can count: the payload's own objects (build/net, build/lib,
// lwIP) between a made-up NIC and the real image sink. Usage: receive VARIANT; without one it lists them.
// Prints name=value for each event of the window of the body that is measured; ends with 1 when the download failed
// or its bytes are not the server's. Run by tests/profile/profile.py; and without callgrind, for the time that the
// payload's code took in the window, by tests/bench/hash_cost.py.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <x86intrin.h>              // __rdtsc

#include "drivers/nic.h"            // struct nic
#include "kernel/image_sink.h"      // struct image_sink
#include "kernel/memory.h"          // memmap_claim
#include "kernel/random.h"          // random_u32
#include "lib/clock.h"              // deadline_ms
#include "lib/err.h"                // err_name
#include "lib/sha256.h"             // sha256_update
#include "lwip/def.h"               // lwip_htonl
#include "net/download.h"           // download_run
#include "net/sink.h"               // struct sink
#include "net/stack.h"              // stack_up
#include "tests/profile/measure.h"  // measure_window
#include "tests/profile/server.h"   // server_nic

#define WARM_UP MIB(1)              // of the body, before the window opens: start-up, first window
#define MEASURED MIB(4)
#define COOL_DOWN MIB(1)            // behind it, so that the window holds no end
#define BODY (WARM_UP + MEASURED + COOL_DOWN)
#define PLACE MIB(16)
#define HEAP MIB(16)
#define MASK 0xffffff00u
#define CONNECTIONS 4               // the default of connections=; the way is too short for more than one

static const struct variant {
    const char *name, *meaning;
    struct server_plan plan;
    bool digest;
} variants[] = {
    { "plain", "1460-byte segments, 64 a poll, checksums vouched for by the NIC",
      { BODY, 1460, 1536, 2048, 64, 0, true }, false },
    { "single", "as plain, one segment a poll: a wire that is slower than the processor",
      { BODY, 1460, 1536, 2048, 1, 0, true }, false },
    { "checksum", "as plain, checksums left to lwIP",
      { BODY, 1460, 1536, 2048, 64, 0, false }, false },
    { "joined", "44 segments joined by the NIC in 16 buffers of 4 KiB",
      { BODY, 44 * 1460, 1536, 4096, 4, 0, true }, false },
    { "loss", "as plain, every 200th segment lost, sent again 80 segments later",
      { BODY, 1460, 1536, 2048, 64, 200, true }, false },
    { "digest", "as plain, with sha256= (the hash itself is not counted)",
      { BODY, 1460, 1536, 2048, 64, 0, true }, true },
};

// The window's sink, in front of the product's.
static struct watch {
    struct sink sink;               // must be first
    struct sink *below;
    struct measure_counts first, last;
} watch;

static uint8_t *place;

uintptr_t __stack_chk_guard = 0x5a5a5a5a;  // the product's code has a global one

// ---- what the kernel does in the payload ------------------------------------------------------------

uint32_t random_u32(void)
{
    static uint32_t state = 7;

    return state = state * 1664525 + 1013904223;
}

int nic_start(struct nic *nic)
{
    nic->started = true;
    return nic->ops->start(nic);
}

void nic_stop(struct nic *nic)
{
    nic->started = false;
}

uint64_t memmap_free_ram(void)
{
    return GIB(1);
}

uint64_t memmap_total_ram(void)
{
    return GIB(1);
}

// Only asked when a body's length is not known.
const struct mem_range *memmap_ranges(unsigned *count)
{
    *count = 0;
    return NULL;
}

uint64_t memmap_largest_free(uint64_t align, uint64_t min, uint64_t max, uint64_t *base)
{
    (void)align, (void)min, (void)max;
    *base = (uintptr_t)place;
    return PLACE;
}

int memmap_claim(uint64_t length, uint64_t align, uint64_t min, uint64_t max, const char *owner, uint64_t *base)
{
    (void)align, (void)min, (void)max, (void)owner;
    *base = (uintptr_t)place;
    return length <= PLACE ? 0 : ERR_NOT_ENOUGH_MEMORY;
}

int memmap_claim_at(uint64_t base, uint64_t length, const char *owner)
{
    (void)base, (void)length, (void)owner;
    return ERR_NOT_ENOUGH_MEMORY;  // only bodies of unknown length ask
}

int memmap_release(uint64_t base, uint64_t length)
{
    (void)base, (void)length;
    return 0;
}

// ---- the window -------------------------------------------------------------------------------------

static int watch_begin(struct sink *sink, uint64_t length)
{
    struct watch *w = (struct watch *)sink;

    return w->below->begin(w->below, length);
}

static int watch_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    struct watch *w = (struct watch *)sink;

    measure_pause();
    if (offset < WARM_UP && offset + length >= WARM_UP) {
        w->first = measure_counts;
        measure_window(true);
    }
    if (offset < WARM_UP + MEASURED && offset + length >= WARM_UP + MEASURED) {
        w->last = measure_counts;
        measure_window(false);
    }
    measure_counts.writes++;
    measure_resume();
    return w->below->write(w->below, offset, data, length);
}

static int watch_finish(struct sink *sink, uint64_t length)
{
    struct watch *w = (struct watch *)sink;

    return w->below->finish(w->below, length);
}

static void *watch_room(struct sink *sink, uint64_t offset, size_t length)
{
    struct watch *w = (struct watch *)sink;

    return w->below->room(w->below, offset, length);
}

static void print_counts(const struct measure_counts *a, const struct measure_counts *b)
{
    printf("mib=%llu\nframes=%lu\npolls=%lu\nempty=%lu\nacks=%lu\nclock_reads=%lu\nwrites=%lu\n",
           (unsigned long long)(MEASURED / MIB(1)), b->frames - a->frames, b->polls - a->polls, b->empty - a->empty,
           b->acks - a->acks, b->clock_reads - a->clock_reads, b->writes - a->writes);
    printf("copied=%lu\ncopies=%lu\ncleared=%lu\nhashed=%lu\nlost=%lu\n", b->copied - a->copied, b->copies - a->copies,
           b->cleared - a->cleared, b->hashed - a->hashed, server_lost());
}

struct moment {
    uint64_t ns, ticks;
};

// now_us() is the made-up clock here.
static struct moment moment(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (struct moment){ (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec, __rdtsc() };
}

// Both clocks ran side by side since `start`.
static void print_time(const struct moment *start)
{
    struct moment end = moment();
    double ns_per_tick = (double)(end.ns - start->ns) / (double)(end.ticks - start->ticks);

    printf("time_ns=%.0f\n", (double)measure_ticks * ns_per_tick);
}

// ---- the run ----------------------------------------------------------------------------------------

static int fetch(const struct variant *v, struct image_sink *image, const uint8_t *digest)
{
    static const char *const urls[] = { "http://10.0.0.1/live.iso" };
    struct stack_ip ip = { .client = lwip_htonl(SERVER_ADDRESS + 1), .netmask = lwip_htonl(MASK) };
    struct download d = { .urls = urls, .url_count = 1, .timeout_ms = 20000, .connections = CONNECTIONS,
                          .place = &watch.sink, .sha256 = v->digest ? digest : NULL };
    int err = stack_up(&ip, deadline_ms(1000));

    image_sink_init(image);
    watch = (struct watch){ .sink = { watch_begin, watch_write, watch_finish, watch_room }, .below = &image->sink };
    return err < 0 ? err : download_run(&d);
}

// The digest of the body, by the product's code: what is tested is the path, not the hash.
static void digest_of_body(uint8_t digest[SHA256_SIZE])
{
    struct sha256 hash;

    sha256_init(&hash);
    for (uint64_t at = 0; at < BODY; at += KIB(32))
        sha256_update(&hash, server_body(at, KIB(32)), KIB(32));
    sha256_final(&hash, digest);
}

static bool is_right(const struct image_sink *image)
{
    for (uint64_t at = 0; at < BODY; at += KIB(32))
        if (memcmp(image_sink_iso(image) + at, server_body(at, KIB(32)), KIB(32)) != 0)
            return false;
    return image->length == BODY;
}

static void *memory(size_t size)
{
    void *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

    if (at == MAP_FAILED)
        abort();
    return at;
}

static int measure(const struct variant *v)
{
    struct moment start = moment();
    struct image_sink image;
    struct nic *nic;
    uint8_t digest[SHA256_SIZE];

    place = memory(PLACE);
    heap_init(memory(HEAP), HEAP);
    nic = server_nic(&v->plan);
    if (nic == NULL || stack_add(nic) < 0)
        return 3;
    digest_of_body(digest);
    int err = fetch(v, &image, digest);
    if (err < 0) {
        fprintf(stderr, "%s: %s\n", err_name(err), fail_detail());
        return 1;
    }
    if (!is_right(&image) || server_missing() != 0) {
        fprintf(stderr, "the bytes in place are not the server's, or %u buffers are missing\n", server_missing());
        return 1;
    }
    print_counts(&watch.first, &watch.last);
    print_time(&start);
    return 0;
}

int main(int argc, char **argv)
{
    for (unsigned i = 0; i < sizeof(variants) / sizeof(variants[0]); i++) {
        if (argc < 2)
            printf("%s\t%s\n", variants[i].name, variants[i].meaning);
        else if (strcmp(argv[1], variants[i].name) == 0)
            return measure(&variants[i]);
    }
    return argc < 2 ? 0 : 3;
}
