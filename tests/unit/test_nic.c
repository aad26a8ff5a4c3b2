// The list of network devices: stopping one, and all, keeps the reason that was recorded before; how the stop itself
// went is not what the user is about to read.

#include "drivers/nic.h"           // nic_stop
#include "drivers/nic_table.h"     // nic_table
#include "drivers/pci/function.h"  // pci_is_network
#include "drivers/pci/pci.h"       // pci_dev
#include "lib/err.h"               // fail

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#undef fail  // cmocka's own

static struct pci_dev function = {.vendor_id = 0x1234, .device_id = 0x5678};
static unsigned stops, silenced, looks;
static uint64_t clock_us;
static int start_result;

struct pci_dev *pci_device(unsigned index)
{
    return index == 0 ? &function : NULL;
}

bool pci_is_network(const struct pci_dev *dev)
{
    assert_ptr_equal(dev, &function);
    return true;
}

uint64_t now_us(void)
{
    return clock_us;
}

void pci_silence_network(void)
{
    silenced++;
}

// ---- a driver ---------------------------------------------------------------------------------------

static int start(struct nic *nic)
{
    (void)nic;
    return start_result < 0 ? fail(start_result, "it does not start") : 0;
}

static void stop(struct nic *nic)
{
    assert_true(nic->started);
    fail(ERR_TIMEOUT, "its reset does not end");
    stops++;
}

// Looks until the last frame is out, `looks` of them, each a millisecond.
static bool sending(struct nic *nic)
{
    assert_true(nic->started);
    assert_int_equal(stops, 0);
    clock_us += 1000;
    fail(ERR_DMA, "it lies");
    return looks > 0 && looks-- > 0;
}

static const struct nic_ops ops = {.start = start, .stop = stop};
static const struct nic_ops sending_ops = {.start = start, .stop = stop, .sending = sending};

static int probe(struct nic *nic, struct pci_dev *pci, const struct nic_id *id)
{
    assert_ptr_equal(pci, &function);
    assert_int_equal(id->device, 0x5678);
    nic->ops = &ops;
    return 0;
}

static const struct nic_id ids[] = {{.vendor = 0x1234, .device = 0x5678, .name = "test"}, {0}};
static const struct nic_driver driver = {.name = "test", .ids = ids, .probe = probe};
const struct nic_driver *const nic_table[] = {&driver, NULL};

static int find(void **state)
{
    (void)state;
    stops = silenced = 0;
    start_result = 0;
    assert_int_equal(nic_probe_all(), 1);
    fail_clear();
    return 0;
}

static struct nic *the_nic(void)
{
    unsigned count;
    struct nic *nic = nic_list(&count);

    assert_int_equal(count, 1);
    return nic;
}

// ---- tests ------------------------------------------------------------------------------------------

static void test_stop_keeps_reason(void **state)
{
    void (*const ways[])(void) = {nic_forget_all, nic_stop_all};

    for (unsigned i = 0; i < 3; i++) {
        find(state);
        assert_int_equal(nic_start(the_nic()), 0);
        fail(ERR_NO_LINK, "the cable is not plugged in");
        if (i == 0)
            nic_stop(the_nic());
        else
            ways[i - 1]();
        assert_int_equal(stops, 1);
        assert_string_equal(fail_detail(), "the cable is not plugged in");
        assert_int_equal(silenced, i == 2);
    }
}

// Nothing had failed: then nothing has afterwards.
static void test_stop_without_reason(void **state)
{
    (void)state;
    assert_int_equal(nic_start(the_nic()), 0);
    nic_stop(the_nic());
    assert_int_equal(stops, 1);
    assert_string_equal(fail_detail(), "");
    nic_stop(the_nic());  // twice is once
    assert_int_equal(stops, 1);
}

// What was given to it leaves first, unless it never does; of what that looked like nobody wants to know.
static void test_stop_lets_frames_leave(void **state)
{
    static const struct {
        unsigned looks, left;
        uint64_t us;
    } cases[] = {{0, 0, 1000}, {7, 0, 8000}, {1000, 900, 100000}};

    for (unsigned i = 0; i < 3; i++) {
        find(state);
        the_nic()->ops = &sending_ops;
        assert_int_equal(nic_start(the_nic()), 0);
        looks = cases[i].looks;
        uint64_t before = clock_us;
        fail(ERR_NO_LINK, "the cable is not plugged in");
        nic_stop(the_nic());
        assert_int_equal(clock_us - before, cases[i].us);
        assert_int_equal(looks, cases[i].left);
        assert_int_equal(stops, 1);
        assert_string_equal(fail_detail(), "the cable is not plugged in");
    }
}

static void test_failed_start(void **state)
{
    (void)state;
    start_result = ERR_NIC_INIT_FAILED;
    assert_int_equal(nic_start(the_nic()), ERR_NIC_INIT_FAILED);
    nic_stop(the_nic());
    assert_int_equal(stops, 0);
    assert_string_equal(fail_detail(), "it does not start");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, find)
    const struct CMUnitTest tests[] = {
        TEST(test_stop_keeps_reason), TEST(test_stop_without_reason), TEST(test_failed_start),
        TEST(test_stop_lets_frames_leave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
