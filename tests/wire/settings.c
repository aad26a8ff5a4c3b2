// See settings.h. Tested: tests/unit/test_wire_settings.c.
#include "tests/wire/settings.h"  // settings_read

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define US 1000u                 // ns
#define SLOTS 16384u             // 24 MB a direction, of which only what is used is ever touched
#define QUEUE (256u * 1024)
#define REORDER_NS (1000u * US)
#define NAME_SIZE 100u           // a Unix address has 108 bytes

// Numbers: where they go, what they are multiplied with, what is allowed.
static const struct number {
    const char *name;
    size_t offset;
    uint64_t scale, least, most;
    const char *meaning;
} numbers[] = {
    {"delay", offsetof(struct line_settings, delay_ns), US, 0, 10 * MILLION, "microseconds, each way"},
    {"rate", offsetof(struct line_settings, rate), 1, 0, 100000000000, "bits per second, 0: no limit"},
    {"queue", offsetof(struct line_settings, queue_bytes), 1, 4096, 1 << 30, "bytes that wait for the rate"},
    {"loss", offsetof(struct line_settings, loss), 1, 0, MILLION, "frames in a million"},
    {"burst", offsetof(struct line_settings, burst), 1, 1, 1000, "frames lost in a row, on average"},
    {"reorder", offsetof(struct line_settings, reorder), 1, 0, MILLION, "frames in a million"},
    {"reorder-delay", offsetof(struct line_settings, reorder_ns), US, 1, 10 * MILLION, "microseconds more"},
    {"duplicate", offsetof(struct line_settings, duplicate), 1, 0, MILLION, "frames in a million"},
    {"corrupt", offsetof(struct line_settings, corrupt), 1, 0, MILLION, "IPv4 frames in a million"},
    {"slots", offsetof(struct line_settings, slots), 1, 256, MILLION, "frames there is memory for"},
};

#define NUMBERS (sizeof(numbers) / sizeof(numbers[0]))

static const struct number *find(const char *name, size_t length)
{
    for (size_t i = 0; i < NUMBERS; i++)
        if (strlen(numbers[i].name) == length && memcmp(numbers[i].name, name, length) == 0)
            return &numbers[i];
    return NULL;
}

static bool read_number(const char *text, uint64_t *value)
{
    char *end;

    errno = 0;
    *value = strtoull(text, &end, 10);
    return text[0] >= '0' && text[0] <= '9' && *end == '\0' && errno == 0;
}

static void set(struct line_settings *line, const struct number *number, uint64_t value)
{
    *(uint64_t *)((char *)line + number->offset) = value * number->scale;
}

// Cuts `prefix` off the word. Returns whether it was there.
static bool cut(const char **word, const char *prefix)
{
    if (strncmp(*word, prefix, strlen(prefix)) != 0)
        return false;
    *word += strlen(prefix);
    return true;
}

static bool read_word(struct settings *s, const char *word, char *error, size_t size)
{
    const char *at = word;
    bool down = cut(&at, "down-"), up = !down && cut(&at, "up-");
    const char *equals = strchr(at, '=');
    const struct number *number = equals != NULL ? find(at, (size_t)(equals - at)) : NULL;
    uint64_t value;

    if (number == NULL) {
        snprintf(error, size, "unknown word \"%s\"", word);
        return false;
    }
    if (!read_number(equals + 1, &value) || value < number->least || value > number->most) {
        snprintf(error, size, "%s: a number from %llu to %llu is needed (%s)", word,
                 (unsigned long long)number->least, (unsigned long long)number->most, number->meaning);
        return false;
    }
    if (!up)
        set(&s->down, number, value);
    if (!down)
        set(&s->up, number, value);
    return true;
}

static bool read_name(const char *word, const char *value, const char **name, size_t room, char *error, size_t size)
{
    if (*value == '\0' || strlen(value) >= room) {
        snprintf(error, size, "%s: a name of 1 to %zu characters is needed", word, room - 1);
        return false;
    }
    *name = value;
    return true;
}

// What only the whole can tell.
static bool fits_together(const struct settings *s, char *error, size_t size)
{
    const struct line_settings *lines[] = {&s->down, &s->up};

    if (s->tap == NULL || s->listen == NULL) {
        snprintf(error, size, "tap= and listen= are needed");
        return false;
    }
    for (unsigned i = 0; i < 2; i++) {
        if (lines[i]->rate != 0 && lines[i]->rate < 8000) {
            snprintf(error, size, "rate: less than 8000 bits per second carry no frame in a second");
            return false;
        }
        // Otherwise no chance of entering a burst makes for so much loss.
        if (lines[i]->burst > 1 && lines[i]->loss > lines[i]->burst * (MILLION - lines[i]->loss)) {
            snprintf(error, size, "burst=%llu: too short for loss=%llu", (unsigned long long)lines[i]->burst,
                     (unsigned long long)lines[i]->loss);
            return false;
        }
    }
    return true;
}

bool settings_read(struct settings *s, int count, char *const *words, char *error, size_t size)
{
    uint64_t seed = 1;

    *s = (struct settings){
        .down = {.slots = SLOTS, .queue_bytes = QUEUE, .reorder_ns = REORDER_NS, .burst = 1},
    };
    s->up = s->down;
    for (int i = 0; i < count; i++) {
        const char *at = words[i];
        if (cut(&at, "tap=")) {
            // 15 characters and their end: IFNAMSIZ.
            if (!read_name(words[i], at, &s->tap, 16, error, size))
                return false;
        } else if (cut(&at, "listen=")) {
            if (!read_name(words[i], at, &s->listen, NAME_SIZE, error, size))
                return false;
        } else if (cut(&at, "seed=")) {
            if (!read_number(at, &seed)) {
                snprintf(error, size, "%s: a number is needed", words[i]);
                return false;
            }
        } else if (!read_word(s, words[i], error, size)) {
            return false;
        }
    }
    s->down.seed = seed;
    s->up.seed = ~seed;
    return fits_together(s, error, size);
}

const char *settings_help(void)
{
    static char text[2048];
    size_t at = (size_t)snprintf(text, sizeof(text),
                                 "usage: wire tap=NAME listen=NAME [seed=N] [WORD=N...]\n"
                                 "WORD, or down-WORD and up-WORD for one direction:\n");

    for (size_t i = 0; i < NUMBERS && at < sizeof(text); i++)
        at += (size_t)snprintf(text + at, sizeof(text) - at, "  %-14s %s\n", numbers[i].name, numbers[i].meaning);
    return text;
}
