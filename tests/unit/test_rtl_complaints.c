// Each thing that the models complain about, done on purpose: a check that cannot fail would be worth nothing. The other
// half, that what is right is not complained about, is proved by stock drivers (tests/system/test_models.py).
#include "tests/models/complaints.h"  // complaints_heard

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/models/guest_ram.h"  // guest_ram_add
#include "tests/models/rtl_regs.h"   // CR
#include "tests/unit/rtl_model.h"    // make_chip

#define US "\x02\x00\x00\x00\x00\x01"
#define ALL "\xff\xff\xff\xff\xff\xff"
#define WHOLE (OWN | FS | LS)

static const struct rtl_options plain;

// Exactly one complaint, which holds these words.
static void expect(const char *words)
{
    if (!complaints_heard(words) || complaints_count() != 1) {
        print_error("expected one complaint with \"%s\"; there are %u:\n", words, complaints_count());
        complaints_print(stderr);
        fail();
    }
    complaints_forget();
}

static int fresh(void **state)
{
    (void)state;
    make_chip("8168h", plain);
    start_rings();
    assert_int_equal(complaints_count(), 0);
    return 0;
}

static void send(unsigned length, uint32_t flags, uint32_t opts2)
{
    put_tx(chip.tx_index, length, flags, opts2);
    doorbell();
}

static void access_sizes(void **state)
{
    (void)state;
    wr(TCR, 1, 0);
    expect("TCR is written by 1 bytes");
    rd(CR, 2);
    expect("CR is read by 2 bytes");
    rd(IMR, 4);
    expect("IMR is read by 4 bytes");
    rtl_write(&chip, chip.chip->bar, TNPDS, 8, 0);
    expect("at most 4");
    rd(0xffe, 4);
    expect("an access of 4 bytes at 0xffe");
    rtl_read(&chip, 4, 0, 4);
    expect("BAR 4");
}

static void registers_that_refuse(void **state)
{
    (void)state;
    wr(PHYSTATUS, 1, 0);
    expect("PHYstatus is written, which can only be read");
    wr(0xa0, 4, 1);
    expect("register 0xa0 is written, which is not defined");
    wr(TPPOLL_8125, 2, 1);
    expect("register 0x90 is written");
    for (unsigned n = 1; n <= 5; n++) {
        wr(CONFIG0 + n, 1, 0);
        expect("is written while it is locked");
    }
    wr(IDR0, 4, 0x12345678);
    expect("IDR is written while it is locked");
    assert_int_equal(rd(IDR0, 1), 2);
    wr(CR9346, 1, CR9346_UNLOCK);
    wr(IDR0, 4, 0x12345678);
    wr(CONFIG3, 1, 0);
    assert_int_equal(rd(IDR0, 4), 0x12345678);
    assert_int_equal(complaints_count(), 0);
}

static void reset_under_way(void **state)
{
    (void)state;
    wr(CR, 1, CR_RST);
    assert_true(rd(CR, 1) & CR_RST);
    rd(TCR, 4);
    expect("register 0x40 is touched while the chip resets");
    wr(RCR, 4, 0);
    expect("register 0x44 is touched while the chip resets");
    pass_ms(1);
    assert_false(rd(CR, 1) & CR_RST);
    rd(TCR, 4);
    assert_int_equal(complaints_count(), 0);
}

static void rings(void **state)
{
    (void)state;
    wr(TNPDS, 4, TX_RING);
    expect("TNPDS is written while its engine runs");
    wr(RDSAR, 4, RX_RING);
    expect("RDSAR is written while its engine runs");
    wr(CR, 1, 0);
    wr(TNPDS, 4, TX_RING + 16);
    expect("TNPDS is not aligned");
    wr(RDSAR, 4, RX_RING + 128);
    expect("RDSAR is not aligned");
    wr(CR, 1, CR_RST);
    pass_ms(1);
    wr(CR, 1, CR_TE | CR_RE);
    expect("before RDSAR was written");
    doorbell();
    expect("a doorbell before TNPDS was written");
}

static void doorbells(void **state)
{
    (void)state;
    wr(TPPOLL, 1, TPPOLL_HPQ);
    expect("high priority");
    wr(CR, 1, CR_RE);
    doorbell();
    expect("a doorbell while the transmitter is off");
    wr(CR, 1, CR_RE | CR_TE | CR_STOP);
    doorbell();
    expect("a doorbell while the transmitter is off");
}

static void bus_mastering(void **state)
{
    (void)state;
    pci_command(2);
    send(60, WHOLE, 0);
    expect("DMA of a transmit descriptor with bus mastering off");
    // A receiver that loses it is being stopped; one that never had it was forgotten.
    assert_true(arrives(US, 60));
    assert_int_equal(complaints_count(), 0);
    start_rings();
    assert_true(arrives(US, 60));
    expect("bus mastering was never turned on");
}

static void outside_memory(void **state)
{
    (void)state;
    put_tx(0, 60, WHOLE, 0);
    descriptor(TX_RING, 0)[2] = RAM_AT + RAM_SIZE - 59;
    doorbell();
    expect("DMA of a frame that is sent outside memory");
    descriptor(RX_RING, 0)[3] = 1;
    assert_true(arrives(US, 60));
    expect("DMA of a frame that is received outside memory");
    wr(CR, 1, 0);
    wr(RDSAR + 4, 4, 7);
    wr(CR, 1, CR_RE);
    arrives(US, 60);
    expect("DMA of a receive descriptor outside memory");
    wr(DTCCR, 4, DTCCR_DUMP);
    expect("DMA of the tally counters outside memory");
}

static void ring_registers_hold_garbage(void **state)
{
    (void)state;
    wr(CR, 1, CR_RST);
    pass_ms(1);
    wr(TNPDS, 4, TX_RING);      // but not its high half
    wr(CR, 1, CR_TE);
    doorbell();
    expect("DMA of a transmit descriptor outside memory");
}

static void descriptors_that_lie(void **state)
{
    (void)state;
    send(0, WHOLE, 0);
    assert_true(complaints_heard("a transmit descriptor of length 0"));
    complaints_forget();
    send(60, OWN | LS, 0);
    expect("without FS");
    put_tx(2, 30, OWN | FS, 0);
    put_tx(3, 30, WHOLE | EOR, 0);
    doorbell();
    expect("FS in a transmit descriptor that continues a frame");
    send(30, OWN | FS, 0);
    expect("end before LS");
}

static void frames_that_cannot_be_sent(void **state)
{
    (void)state;
    send(1519, WHOLE, 0);
    expect("a frame of more than 1518 bytes");
    assert_int_equal(sent_count, 0);
    send(1514, WHOLE | TX_LSO_V2, 0);
    expect("segmentation");
    send(10, WHOLE, 0);
    expect("no whole Ethernet header");
    wr(MTPS, 1, 1514 / 128);
    send(1514, WHOLE | EOR, 0);
    expect("longer than MTPS");
}

static void runts(void **state)
{
    (void)state;
    send(59, WHOLE, 0);
    assert_int_equal(complaints_count(), 0);
    for (unsigned i = 0; i < 2; i++) {
        make_chip(i == 0 ? "8168evl" : "8125b", plain);
        start_rings();
        send(60, WHOLE, 0);
        assert_int_equal(complaints_count(), 0);
        send(59, WHOLE, 0);
        expect("less than 60 bytes");
        assert_int_equal(sent_length, 60);
        assert_int_equal(sent[59], 0xee);
    }
}

static void checksums(void **state)
{
    uint8_t *frame = ram + (TX_BUFFER - RAM_AT);

    (void)state;
    send(60, WHOLE, TX_TCP_V2 | TX_IP4_V2 | 34u << 18);
    expect("no place for");
    memcpy(frame + 12, "\x08\x00\x45\x00\x00\x2e", 6);
    frame[23] = 17;
    send(60, WHOLE, TX_TCP_V2 | TX_IP4_V2 | 34u << 18);
    expect("no place for");
    send(60, WHOLE, TX_UDP_V2 | TX_IP4_V2 | 30u << 18);
    expect("no TCP or UDP header");
    send(60, WHOLE | EOR, TX_UDP_V2 | TX_IP4_V2 | 34u << 18);
    assert_int_equal(complaints_count(), 0);
}

static void receive_descriptors(void **state)
{
    (void)state;
    descriptor(RX_RING, 0)[0] = OWN;
    assert_true(arrives(US, 60));
    expect("a receive descriptor of length 0");
    descriptor(RX_RING, 0)[0] = OWN | BUFFER_SIZE;
    descriptor(RX_RING, 0)[2] += 2;
    assert_true(arrives(US, 60));
    expect("not aligned to 8");
}

// A ring whose last descriptor does not say so.
static void endless_rings(void **state)
{
    (void)state;
    for (unsigned i = 0; i < RING_MOST; i++) {
        uint32_t *d = descriptor(RX_RING, i);
        d[0] = OWN | BUFFER_SIZE;
        d[2] = RX_BUFFER;
        d[3] = 0;
    }
    for (unsigned i = 0; i < RING_MOST; i++) {
        assert_int_equal(complaints_count(), 0);
        assert_true(arrives(ALL, 60));
    }
    expect("a receive ring of more than 1024");
    wr(CR, 1, 0);
    wr(TNPDS, 4, RAM_AT + 0x8000);
    wr(CR, 1, CR_TE);
    for (unsigned i = 0; i < RING_MOST; i++)
        memcpy(descriptor(RAM_AT + 0x8000, i), (uint32_t[]){WHOLE | 60, 0, TX_BUFFER, 0}, DESCRIPTOR);
    doorbell();
    expect("a transmit ring of more than 1024");
    assert_int_equal(sent_count, RING_MOST);
}

static void bit24(void **state)
{
    (void)state;
    wr(RCR, 4, rd(RCR, 4) | RCR_BIT24);
    assert_true(arrives(US, 60));
    expect("RCR's bit 24");
    assert_int_equal(ram[RX_BUFFER - RAM_AT + 20], 0xa5);
    wr(CR, 1, CR_RST);
    pass_ms(1);
    assert_true(rd(RCR, 4) & RCR_BIT24);
}

static void windows(void **state)
{
    (void)state;
    wr(ERIAR, 4, 0xf000 | 0xe1);
    expect("no multiple of 4");
    wr(ERIAR, 4, WINDOW_FLAG | 0xe0);
    expect("no byte enabled");
    wr(CSIAR, 4, WINDOW_FLAG | 0xf000 | 4);
    expect("CSI writes");
}

static void firmware_still_runs(void **state)
{
    (void)state;
    make_chip("8168h", (struct rtl_options){.state = RTL_RUNNING});
    pci_command(2);
    pci_command(6);
    expect("bus mastering is turned on while the receiver runs that firmware left");
    pci_command(2);
    wr(CR, 1, CR_RST);
    pci_command(6);
    assert_int_equal(complaints_count(), 0);
}

static void power_states(void **state)
{
    (void)state;
    make_chip("8168h", (struct rtl_options){.state = RTL_ASLEEP});
    assert_int_equal(rd(TCR, 4), 0xffffffff);
    expect("registers are touched in power state D3");
    pci_config_write(&chip.config, 0x44, 0, 2);
    assert_true(rd(TCR, 4) != 0xffffffff);
    assert_int_equal(complaints_count(), 0);
}

static void high_addresses(void **state)
{
    static uint8_t high[64];

    (void)state;
    make_chip("8169", plain);
    start_rings();
    guest_ram_add(1ull << 32, high, sizeof(high));
    put_tx(0, 60, WHOLE, 0);
    descriptor(TX_RING, 0)[2] = 0;
    descriptor(TX_RING, 0)[3] = 1;
    doorbell();
    expect("above 4 GiB");
}

static void the_same_is_counted_once(void **state)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        wr(CONFIG1, 1, 0);
    wr(0xa0, 1, 0);
    complaints_print(out);
    fclose(out);
    assert_string_equal(text, "complaints 2\n  3 x CONFIG1 is written while it is locked\n"
                              "  1 x register 0xa0 is written, which is not defined\n");
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(access_sizes, fresh),
        cmocka_unit_test_setup(registers_that_refuse, fresh),
        cmocka_unit_test_setup(reset_under_way, fresh),
        cmocka_unit_test_setup(rings, fresh),
        cmocka_unit_test_setup(doorbells, fresh),
        cmocka_unit_test_setup(bus_mastering, fresh),
        cmocka_unit_test_setup(outside_memory, fresh),
        cmocka_unit_test_setup(ring_registers_hold_garbage, fresh),
        cmocka_unit_test_setup(descriptors_that_lie, fresh),
        cmocka_unit_test_setup(frames_that_cannot_be_sent, fresh),
        cmocka_unit_test_setup(runts, fresh),
        cmocka_unit_test_setup(checksums, fresh),
        cmocka_unit_test_setup(receive_descriptors, fresh),
        cmocka_unit_test_setup(endless_rings, fresh),
        cmocka_unit_test_setup(bit24, fresh),
        cmocka_unit_test_setup(windows, fresh),
        cmocka_unit_test_setup(firmware_still_runs, fresh),
        cmocka_unit_test_setup(power_states, fresh),
        cmocka_unit_test_setup(high_addresses, fresh),
        cmocka_unit_test_setup(the_same_is_counted_once, fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
