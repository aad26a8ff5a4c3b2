// tests/wire/settings.c: words that are understood, and sentences about those that are not.
#include "tests/wire/settings.h"  // settings_read

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static struct settings settings;
static char error[200];

// Reads a line of words, at most 16.
static bool read_line(const char *text)
{
    static char copy[1000];
    char *words[16];
    int count = 0;

    strcpy(copy, text);
    error[0] = '\0';
    for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
        words[count++] = word;
    return settings_read(&settings, count, words, error, sizeof(error));
}

static void test_defaults(void **state)
{
    (void)state;
    assert_true(read_line("tap=ub-tap0 listen=wire0"));
    assert_string_equal(settings.tap, "ub-tap0");
    assert_string_equal(settings.listen, "wire0");
    assert_int_equal(settings.down.delay_ns, 0);
    assert_int_equal(settings.down.rate, 0);
    assert_int_equal(settings.down.loss, 0);
    assert_true(settings.down.slots >= 5000 + 1);      // 50 ms of 150 MB/s
    assert_true(settings.down.reorder_ns > 0);
    assert_true(settings.down.seed != settings.up.seed);
}

static void test_both_and_one_direction(void **state)
{
    (void)state;
    assert_true(read_line("tap=t listen=l delay=12500 down-delay=1 up-rate=50000000 loss=1000 down-loss=7 burst=4 "
                          "reorder=2 reorder-delay=3 up-duplicate=5 corrupt=6 slots=300 queue=5000 seed=9"));
    assert_int_equal(settings.down.delay_ns, 1000);
    assert_int_equal(settings.up.delay_ns, 12500000);
    assert_int_equal(settings.down.rate, 0);
    assert_int_equal(settings.up.rate, 50000000);
    assert_int_equal(settings.down.loss, 7);
    assert_int_equal(settings.up.loss, 1000);
    assert_int_equal(settings.down.reorder_ns, 3000);
    assert_int_equal(settings.down.duplicate, 0);
    assert_int_equal(settings.up.duplicate, 5);
    assert_int_equal(settings.up.corrupt, 6);
    assert_int_equal(settings.up.slots, 300);
    assert_int_equal(settings.up.queue_bytes, 5000);
    assert_int_equal(settings.down.seed, 9);
}

// What is wrong, and a part of the sentence that says so.
static const char *const wrong[][2] = {
    {"", "tap="}, {"tap=t", "listen="}, {"listen=l", "tap="},
    {"tap= listen=l", "tap=: a name"}, {"tap=sixteencharacter listen=l", "1 to 15"},
    {"tap=t listen=l delay", "unknown word \"delay\""}, {"tap=t listen=l dela=1", "unknown word"},
    {"tap=t listen=l delayx=1", "unknown word"}, {"tap=t listen=l down-up-loss=1", "unknown word"},
    {"tap=t listen=l down-seed=1", "unknown word"},
    {"tap=t listen=l delay=", "0 to 10000000 is needed"}, {"tap=t listen=l delay=10000001", "microseconds"},
    {"tap=t listen=l delay=-1", "is needed"}, {"tap=t listen=l delay=1.5", "is needed"},
    {"tap=t listen=l delay=+1", "is needed"}, {"tap=t listen=l loss=1000001", "in a million"},
    {"tap=t listen=l loss=99999999999999999999999", "in a million"}, {"tap=t listen=l rate=7999", "8000"},
    {"tap=t listen=l rate=100000000001", "bits per second"}, {"tap=t listen=l queue=4095", "4096"},
    {"tap=t listen=l slots=1", "256"}, {"tap=t listen=l seed=x", "seed=x"},
    {"tap=t listen=l burst=2 loss=700000", "too short"}, {"tap=t listen=l burst=0", "burst=0"},
};

static void test_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(wrong); i++) {
        const char *part = wrong[i][1];
        assert_false(read_line(wrong[i][0]));
        if (strstr(error, part) == NULL)
            fail_msg("%s: %s", wrong[i][0], error);
    }
    assert_true(read_line("tap=t listen=l burst=2 loss=600000"));
    assert_true(read_line("tap=fifteencharacte listen=l rate=8000"));
}

static void test_help_names_every_word(void **state)
{
    static const char *const names[] = {"tap=", "listen=", "seed=", "delay", "rate", "queue", "loss", "burst",
                                        "reorder", "reorder-delay", "duplicate", "corrupt", "slots"};

    (void)state;
    for (size_t i = 0; i < COUNT(names); i++)
        assert_non_null(strstr(settings_help(), names[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_defaults),
        cmocka_unit_test(test_both_and_one_direction),
        cmocka_unit_test(test_wrong),
        cmocka_unit_test(test_help_names_every_word),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
