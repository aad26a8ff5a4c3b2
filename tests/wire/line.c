// See line.h. Loss in bursts is the model of Gilbert (Bell System Technical Journal 39, 1960) with a bad state
// that loses everything. The rate counts a frame as IEEE 802.3 does: at least 60 bytes, and 24 more for
// preamble, check sequence and gap, so that 1000000000 carries what a gigabit link carries.
// Tested: tests/unit/test_wire_line.c. Not handled: delays that vary (jitter), several queues.

#include "tests/wire/line.h"  // struct line

#include <stdlib.h>
#include <string.h>

#define ETHERNET_HEADER 14u
#define ETHERNET_MIN 60u
#define ETHERNET_OVERHEAD 24u
#define ETHERTYPE_IPV4 0x0800u
#define ONE (1ull << 32)      // certainty, for chances as fractions of 32 bits
#define NS_PER_S 1000000000ull

// What fate has in store for one frame.
struct fate {
    bool lost, reordered, duplicated, corrupted;
    uint32_t bit;             // which bit is flipped, modulo the length
};

// splitmix64 (Steele, Lea, Flood, OOPSLA 2014), its upper half.
static uint32_t roll(struct line *line)
{
    uint64_t z = line->random += 0x9e3779b97f4a7c15;

    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return (uint32_t)((z ^ (z >> 31)) >> 32);
}

static bool happens(struct line *line, uint64_t millionths)
{
    return roll(line) < millionths * ONE / MILLION;
}

static bool loses(struct line *line)
{
    const struct line_settings *s = &line->settings;

    if (s->burst <= 1)
        return happens(line, s->loss);
    // Long enough in the bad state for `burst` frames on average, and there as often as makes `loss` of all.
    uint64_t leave = ONE / s->burst;
    uint64_t enter = s->loss < MILLION ? s->loss * ONE / (s->burst * (MILLION - s->loss)) : ONE;
    line->in_burst = line->in_burst ? roll(line) >= leave : roll(line) < enter;
    return line->in_burst;
}

// Always the same number of rolls: what became of earlier frames changes nothing for later ones.
static struct fate decide(struct line *line)
{
    const struct line_settings *s = &line->settings;
    struct fate fate;

    fate.lost = loses(line);
    fate.reordered = happens(line, s->reorder);
    fate.duplicated = happens(line, s->duplicate);
    fate.corrupted = happens(line, s->corrupt);
    fate.bit = roll(line);
    return fate;
}

// ---- memory -----------------------------------------------------------------------------------------

static struct frame *get_slot(struct line *line)
{
    struct frame *frame = line->free;

    if (frame != NULL)
        line->free = frame->next;
    else if (line->fresh < line->settings.slots)
        frame = &line->memory[line->fresh++];
    else
        return NULL;
    if (++line->in_use > line->counters.slots_max)
        line->counters.slots_max = line->in_use;
    return frame;
}

static void append(struct frame_list *list, struct frame *frame)
{
    frame->next = NULL;
    if (list->first != NULL)
        list->last->next = frame;
    else
        list->first = frame;
    list->last = frame;
}

bool line_open(struct line *line, const struct line_settings *settings)
{
    memset(line, 0, sizeof(*line));
    line->settings = *settings;
    line->random = settings->seed;
    line->memory = calloc(settings->slots, sizeof(struct frame));
    if (line->memory == NULL)
        return false;
    line->room = get_slot(line);
    return true;
}

void line_close(struct line *line)
{
    free(line->memory);
    memset(line, 0, sizeof(*line));
}

uint8_t *line_room(struct line *line)
{
    return line->room->data;
}

// ---- a frame's way ----------------------------------------------------------------------------------

// The port of the switch: false when the frame finds no place in its queue, else when it has left the port.
static bool pass_port(struct line *line, uint32_t length, uint64_t now, uint64_t *leaves)
{
    const struct line_settings *s = &line->settings;
    uint64_t counted = (length < ETHERNET_MIN ? ETHERNET_MIN : length) + ETHERNET_OVERHEAD;

    *leaves = now;
    if (s->rate == 0)
        return true;
    if (line->busy_until <= now) {
        line->busy_until = now;
        line->busy_rest = 0;
    } else if (line->busy_until - now + counted * 8 * NS_PER_S / s->rate > s->queue_bytes * 8 * NS_PER_S / s->rate) {
        return false;
    }
    line->busy_rest += counted * 8 * NS_PER_S;
    line->busy_until += line->busy_rest / s->rate;
    line->busy_rest %= s->rate;
    *leaves = line->busy_until;
    return true;
}

// Only what the checksums of IPv4, TCP and UDP cover: a real link's check sequence catches the rest, and ARP
// has nothing that would.
static void flip_bit(struct line *line, struct frame *frame, uint32_t bit)
{
    if (frame->length <= ETHERNET_HEADER || (frame->data[12] << 8 | frame->data[13]) != ETHERTYPE_IPV4)
        return;
    bit %= (frame->length - ETHERNET_HEADER) * 8;
    frame->data[ETHERNET_HEADER + bit / 8] ^= (uint8_t)(1u << bit % 8);
    line->counters.corrupted++;
}

// Queues the frame in line->room, for which another room must be found first.
static bool send_off(struct line *line, uint64_t due, bool held)
{
    struct frame *frame = line->room, *room = get_slot(line);

    if (room == NULL) {
        line->counters.slots_full++;
        return false;
    }
    line->room = room;
    frame->due = due;
    append(held ? &line->held : &line->on_time, frame);
    return true;
}

void line_put(struct line *line, uint32_t length, uint64_t now)
{
    const struct line_settings *s = &line->settings;
    struct fate fate = decide(line);
    struct frame *frame = line->room;
    uint64_t due;

    frame->length = length;
    line->counters.in_frames++;
    line->counters.in_bytes += length;
    if (!pass_port(line, length, now, &due)) {
        line->counters.queue_full++;
        return;
    }
    if (fate.lost) {
        line->counters.lost++;
        return;
    }
    if (fate.corrupted)
        flip_bit(line, frame, fate.bit);
    due += s->delay_ns + (fate.reordered ? s->reorder_ns : 0);
    if (!send_off(line, due, fate.reordered))
        return;
    line->counters.reordered += fate.reordered;
    if (fate.duplicated) {
        line->room->length = length;
        memcpy(line->room->data, frame->data, length);
        line->counters.duplicated += send_off(line, due, fate.reordered);
    }
}

// Whether the next frame to come out is a reordered one.
static bool held_is_next(const struct line *line)
{
    const struct frame *a = line->on_time.first, *b = line->held.first;

    return b != NULL && (a == NULL || b->due < a->due);
}

struct frame *line_take(struct line *line, uint64_t now)
{
    struct frame_list *list = held_is_next(line) ? &line->held : &line->on_time;
    struct frame *frame = list->first;

    if (frame == NULL || frame->due > now)
        return NULL;
    list->first = frame->next;
    line->counters.out_frames++;
    line->counters.out_bytes += frame->length;
    if (now - frame->due > line->counters.late_max_ns)
        line->counters.late_max_ns = now - frame->due;
    return frame;
}

void line_release(struct line *line, struct frame *frame)
{
    frame->next = line->free;
    line->free = frame;
    line->in_use--;
}

uint64_t line_next(const struct line *line)
{
    const struct frame *frame = held_is_next(line) ? line->held.first : line->on_time.first;

    return frame != NULL ? frame->due : NEVER;
}
