// urlboot's network on the host: lwIP, DHCP, DNS, HTTP and download as in the payload, over a TAP device.
// Prints one line of name=value figures; exit status 0 on success, 1 when the download failed, 2 when the
// stack kept buffers or memory, 3 for a usage error. Run by tests/hosted/test_hosted.py.

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "drivers/nic.h"           // nic_start
#include "kernel/cpu.h"            // cpu_idle
#include "lib/clock.h"             // deadline_ms
#include "lib/err.h"               // err_name
#include "lib/log.h"               // klog
#include "lwip/inet.h"             // inet_addr
#include "lwip/stats.h"            // lwip_stats
#include "net/download.h"          // download_run
#include "net/sink.h"              // struct sink
#include "net/stack.h"             // stack_up
#include "tests/hosted/tap_nic.h"  // tap_nic_open

#define PLACE_MAX (1ull << 33)     // address space of the memory sink, touched only as far as bytes come

struct settings {
    struct tap_options tap;
    struct stack_ip ip;
    const char *urls[DOWNLOAD_URLS_MAX];
    unsigned url_count, retries, connections, dhcp_ms;
    uint32_t timeout_ms;
    const char *sha256;
};

struct place {
    struct sink sink;
    uint8_t *memory;
    uint64_t length;
    unsigned begins;
};

// ---- what the kernel does in the payload ------------------------------------------------------------

void klog(enum log_level level, const char *format, ...)
{
    static const char *const names[] = { "error", "warn", "info", "debug" };
    va_list args;

    va_start(args, format);
    fprintf(stderr, "%-5s ", names[level]);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    va_end(args);
}

void cpu_idle(void)
{
    tap_nic_idle();
}

int nic_start(struct nic *nic)
{
    int err = nic->started ? 0 : nic->ops->start(nic);

    nic->started = err == 0;
    return err;
}

void nic_stop(struct nic *nic)
{
    if (nic->started)
        nic->ops->stop(nic);
    nic->started = false;
}

// ---- where the bytes go -----------------------------------------------------------------------------

static int place_begin(struct sink *sink, uint64_t length)
{
    struct place *place = (struct place *)sink;

    place->begins++;
    place->length = 0;
    if (length != SINK_LENGTH_UNKNOWN && length > PLACE_MAX)
        return fail(ERR_NOT_ENOUGH_MEMORY, "%" PRIu64 " bytes", length);
    return 0;
}

static int place_write(struct sink *sink, uint64_t offset, const void *data, size_t length)
{
    struct place *place = (struct place *)sink;

    if (offset + length > PLACE_MAX)
        return fail(ERR_NOT_ENOUGH_MEMORY, "too much");
    if (data != place->memory + offset)
        memcpy(place->memory + offset, data, length);
    return 0;
}

static void *place_room(struct sink *sink, uint64_t offset, size_t length)
{
    struct place *place = (struct place *)sink;

    return offset + length <= PLACE_MAX ? place->memory + offset : NULL;
}

static int place_finish(struct sink *sink, uint64_t length)
{
    ((struct place *)sink)->length = length;
    return 0;
}

static void show_progress(void *ctx, const struct download_progress *p)
{
    (void)ctx;
    fprintf(stderr, "      %" PRIu64 " of %" PRIu64 " bytes, %.1f MB/s\n", p->done, p->total,
            (double)p->bytes_per_s / 1e6);
}

// ---- the command line -------------------------------------------------------------------------------

static bool set_number(const char *word, const char *name, unsigned *value)
{
    size_t n = strlen(name);

    if (strncmp(word, name, n) != 0 || word[n] != '=')
        return false;
    *value = (unsigned)strtoul(word + n + 1, NULL, 0);
    return true;
}

static bool set_ip(const char *word, struct stack_ip *ip)
{
    char client[16] = "", gateway[16] = "", netmask[16] = "";

    if (strncmp(word, "ip=", 3) != 0 ||
        sscanf(word + 3, "%15[^:]:%15[^:]:%15s", client, gateway, netmask) < 2)
        return false;
    ip->dhcp = false;
    ip->client = inet_addr(client);
    ip->gateway = strcmp(gateway, "-") != 0 ? inet_addr(gateway) : 0;
    ip->netmask = netmask[0] != '\0' ? inet_addr(netmask) : 0;
    return true;
}

static bool parse_number(struct settings *s, const char *word)
{
    const struct {
        const char *name;
        unsigned *value;
    } numbers[] = {
        { "lose", &s->tap.wire.lose },           { "repeat", &s->tap.wire.repeat },
        { "delay", &s->tap.wire.delay },         { "corrupt", &s->tap.wire.corrupt },
        { "buffers", &s->tap.buffers },          { "link-after", &s->tap.link_after_ms },
        { "flap-at", &s->tap.flap_at_ms },       { "flap", &s->tap.flap_ms },
        { "retries", &s->retries },              { "dhcp", &s->dhcp_ms },
        { "connections", &s->connections },
        { "timeout", &s->timeout_ms },
    };

    for (unsigned i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
        if (set_number(word, numbers[i].name, numbers[i].value))
            return true;
    return false;
}

static bool parse_word(struct settings *s, const char *word)
{
    unsigned seed;

    if (strncmp(word, "tap=", 4) == 0)
        s->tap.name = word + 4;
    else if (strncmp(word, "sha256=", 7) == 0)
        s->sha256 = word + 7;
    else if (strncmp(word, "url=", 4) == 0 && s->url_count < DOWNLOAD_URLS_MAX)
        s->urls[s->url_count++] = word + 4;
    else if (set_number(word, "seed", &seed))
        s->tap.wire.seed = seed;
    else
        return parse_number(s, word) || set_ip(word, &s->ip);
    return true;
}

static bool parse_digest(const char *hex, uint8_t digest[32])
{
    for (unsigned i = 0; i < 32; i++)
        if (sscanf(hex + 2 * i, "%2hhx", &digest[i]) != 1)
            return false;
    return hex[64] == '\0';
}

// ---- the run ----------------------------------------------------------------------------------------

// Objects of lwIP's pools still in use; its timers stay.
static unsigned leftovers(void)
{
    unsigned used = 0;

    for (unsigned i = 0; i < MEMP_MAX; i++)
        if (i != MEMP_SYS_TIMEOUT) {
            if (lwip_stats.memp[i]->used != 0)
                fprintf(stderr, "pool %u still has %u in use\n", i, (unsigned)lwip_stats.memp[i]->used);
            used += lwip_stats.memp[i]->used;
        }
    return used;
}

static int fetch(const struct settings *s, struct place *place, struct download *d)
{
    const struct stack_lease *lease;
    uint64_t start = now_us();
    uint8_t digest[32];
    int err = stack_up(&s->ip, deadline_ms(s->dhcp_ms));

    if (err < 0)
        return err;
    lease = stack_lease();
    printf("up_ms=%.1f boot_file=%s ", (double)(now_us() - start) / 1e3, lease->boot_file);
    if (s->sha256 != NULL && !parse_digest(s->sha256, digest))
        return ERR_OPTION_INVALID;
    *d = (struct download){
        .urls = s->urls, .url_count = s->url_count, .sha256 = s->sha256 != NULL ? digest : NULL,
        .retries = s->retries, .connections = s->connections, .timeout_ms = s->timeout_ms, .place = &place->sink, .progress = show_progress,
    };
    return download_run(d);
}

static void print_figures(int err, const struct download *d, const struct place *place, const struct nic *nic)
{
    struct tap_figures f = tap_nic_figures();

    printf("err=%s http=%u length=%" PRIu64 " begins=%u attempts=%u resumes=%u dns_ms=%.1f connect_ms=%.1f "
           "mb_per_s=%.1f connections=%u final=%s no_buffer=%" PRIu64 " lost=%u repeated=%u delayed=%u corrupted=%u\n",
           err < 0 ? err_name(err) : "none", err == ERR_HTTP_STATUS ? fail_http_code() : 0, place->length,
           place->begins, d->attempts, d->resumes, (double)d->dns_us / 1e3, (double)d->connect_us / 1e3,
           d->transfer_us > 0 ? (double)place->length / (double)d->transfer_us : 0.0, d->connections_used, d->final_url,
           nic->stats.rx_no_buffer, f.lost, f.repeated, f.delayed, f.corrupted);
    if (err < 0)
        fprintf(stderr, "%s: %s\n", err_name(err), fail_detail());
}

int main(int argc, char **argv)
{
    struct settings s = {
        .tap = { .name = "tap0", .buffers = 1024, .wire = { .seed = 1 } },
        .ip = { .dhcp = true }, .retries = 3, .timeout_ms = 10000, .dhcp_ms = 20000,
    };
    struct place place = { .sink = { place_begin, place_write, place_finish, place_room } };
    struct download d = { 0 };
    struct nic nic;
    int err;

    for (int i = 1; i < argc; i++)
        if (!parse_word(&s, argv[i])) {
            fprintf(stderr, "what is %s?\n", argv[i]);
            return 3;
        }
    place.memory = mmap(NULL, PLACE_MAX, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (place.memory == MAP_FAILED || tap_nic_open(&nic, &s.tap) < 0 || stack_add(&nic) < 0)
        return 3;
    err = fetch(&s, &place, &d);
    print_figures(err, &d, &place, &nic);
    stack_down();
    munmap(place.memory, PLACE_MAX);
    unsigned missing = tap_nic_close(&nic), left = leftovers();
    if (missing != 0)
        fprintf(stderr, "%u receive buffers are missing\n", missing);
    if (missing != 0 || left != 0)
        return 2;
    return err < 0 ? 1 : 0;
}
