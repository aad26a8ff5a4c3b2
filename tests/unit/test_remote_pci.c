// tests/models/remote_pci.c by a QEMU that is this test: messages as QEMU 7.2 sends them, over a socket pair.
#include "tests/models/remote_pci.h"  // remote_pci_serve

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/models/guest_ram.h"  // guest_ram_at

#define BAR_PLACE 0xfe000000u
#define PORT_PLACE 0xc000u
#define PAGE 4096u

enum { SYNC_SYSMEM, RET, CFG_WRITE, CFG_READ, BAR_WRITE, BAR_READ, SET_IRQFD, DEVICE_RESET };

static struct {
    struct remote_pci remote;
    struct pci_config config;
    struct interrupts interrupts;
    int qemu;
    unsigned bar, size, configured, resets;
    uint32_t offset;
    uint64_t value;
} test;

static uint64_t device_read(void *device, unsigned bar, uint32_t offset, unsigned size)
{
    assert_ptr_equal(device, &test);
    assert_true(test.remote.in_access);
    test.bar = bar;
    test.offset = offset;
    test.size = size;
    return 0x1122334455667788;
}

static void device_write(void *device, unsigned bar, uint32_t offset, unsigned size, uint64_t value)
{
    device_read(device, bar, offset, size);
    test.value = value;
}

static void device_configured(void *device)
{
    (void)device;
    test.configured++;
}

static void device_reset(void *device)
{
    (void)device;
    test.resets++;
}

static const struct remote_device_ops ops = {device_read, device_write, device_configured, device_reset};

static int start(void **state)
{
    const struct pci_identity identity = {
        .vendor = 0x10ec, .device = 0x8168, .class_and_revision = 0x02000001,
        .bars = {[0] = {.size = 0x100, .io = true}, [2] = {.size = PAGE, .wide = true}},
    };
    int pair[2];

    (void)state;
    memset(&test, 0, sizeof(test));
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
        return -1;
    test.qemu = pair[0];
    test.interrupts.fd = -1;
    pci_config_open(&test.config, &identity);
    test.remote = (struct remote_pci){.fd = pair[1], .ops = &ops, .device = &test, .config = &test.config,
                                      .interrupts = &test.interrupts};
    return 0;
}

static int end(void **state)
{
    (void)state;
    close(test.qemu);
    close(test.remote.fd);
    guest_ram_forget();
    return 0;
}

static void say(int command, const void *data, uint64_t size, const int *fds, unsigned count)
{
    const struct {
        int32_t command;
        uint32_t unused;
        uint64_t size;
    } header = {command, 0xdeadbeef, size};
    char control[CMSG_SPACE(8 * sizeof(int))] __attribute__((aligned(8))) = {0};
    struct iovec pieces[2] = {{(void *)(uintptr_t)&header, sizeof(header)}, {(void *)(uintptr_t)data, size}};
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = size > 0 ? 2 : 1};

    if (count > 0) {
        message.msg_control = control;
        message.msg_controllen = CMSG_SPACE(count * sizeof(int));
        struct cmsghdr *c = CMSG_FIRSTHDR(&message);
        *c = (struct cmsghdr){.cmsg_len = CMSG_LEN(count * sizeof(int)), .cmsg_level = SOL_SOCKET,
                              .cmsg_type = SCM_RIGHTS};
        memcpy(CMSG_DATA(c), fds, count * sizeof(int));
    }
    assert_int_equal(sendmsg(test.qemu, &message, 0), sizeof(header) + size);
}

// What comes back, of which there must be exactly one.
static uint64_t answer(void)
{
    struct {
        int32_t command;
        uint32_t unused;
        uint64_t size, value;
    } got;

    assert_true(remote_pci_serve(&test.remote));
    assert_int_equal(recv(test.qemu, &got, sizeof(got), MSG_DONTWAIT), sizeof(got));
    assert_int_equal(got.command, RET);
    assert_int_equal(got.size, 8);
    assert_int_equal(recv(test.qemu, &got, 1, MSG_DONTWAIT), -1);
    return got.value;
}

static uint64_t config(bool write, uint32_t address, uint32_t value, int32_t length)
{
    const struct {
        uint32_t address, value;
        int32_t length;
    } data = {address, value, length};

    say(write ? CFG_WRITE : CFG_READ, &data, sizeof(data), NULL, 0);
    return answer();
}

static uint64_t bar(bool write, uint64_t address, uint64_t value, uint32_t size, bool memory)
{
    const struct {
        uint64_t address, value;
        uint32_t size;
        uint8_t memory, rest[3];
    } data = {address, value, size, memory, {0}};

    say(write ? BAR_WRITE : BAR_READ, &data, sizeof(data), NULL, 0);
    return answer();
}

static void realize(void **state)
{
    (void)state;
    assert_int_equal(config(false, 0, 0, 2), 0x10ec);
    assert_int_equal(config(false, 0x0a, 0, 2), 0x0200);
    // Sizes as QEMU asks for them: the wide BAR's high half and the word behind the BARs are not there.
    for (uint32_t at = 0x10; at <= 0x28; at += 4) {
        uint64_t before = config(false, at, 0, 4), size;
        config(true, at, 0xffffffff, 4);
        size = config(false, at, 0, 4);
        config(true, at, (uint32_t)before, 4);
        assert_int_equal(size, at == 0x10 ? 0xffffff01 : at == 0x18 ? 0xfffff004 : 0);
    }
    assert_int_equal(test.configured, 14);
    say(DEVICE_RESET, NULL, 0, NULL, 0);
    answer();
    assert_int_equal(test.resets, 1);
    config(true, 0x1c, 0xffffffff, 4);
    assert_int_equal(config(false, 0x1c, 0, 4), 0xffffffff);
}

static void accesses(void **state)
{
    (void)state;
    config(true, 0x10, PORT_PLACE, 4);
    config(true, 0x18, BAR_PLACE, 4);
    // Not decoded yet.
    assert_int_equal(bar(false, BAR_PLACE, 0, 4, true), 0xffffffff);
    config(true, 4, 3, 2);
    assert_int_equal(bar(false, BAR_PLACE + 0x44, 0, 4, true), 0x1122334455667788);
    assert_int_equal(test.bar, 2);
    assert_int_equal(test.offset, 0x44);
    assert_int_equal(test.size, 4);
    bar(true, PORT_PLACE + 0x37, 0x10, 1, false);
    assert_int_equal(test.bar, 0);
    assert_int_equal(test.offset, 0x37);
    assert_int_equal(test.value, 0x10);
    assert_false(test.remote.in_access);
    assert_int_equal(bar(false, BAR_PLACE + PAGE, 0, 4, true), 0xffffffff);
    assert_int_equal(bar(false, PORT_PLACE, 0, 4, true), 0xffffffff);
}

static void memory(void **state)
{
    struct guest_ram_map map = {.gpa = {0, 0x100000}, .size = {PAGE, 2 * PAGE}, .offset = {0, PAGE}};
    int file = memfd_create("ram", 0), fds[2];
    uint8_t *here;

    (void)state;
    assert_int_equal(ftruncate(file, 3 * PAGE), 0);
    here = mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    assert_true(here != MAP_FAILED);
    here[PAGE + 5] = 0x5a;
    for (unsigned i = 0; i < 3; i++) {
        fds[0] = fds[1] = file;
        say(SYNC_SYSMEM, &map, sizeof(map), fds, 2);
        assert_true(remote_pci_serve(&test.remote));
        assert_int_equal(*(uint8_t *)guest_ram_at(0x100005, 1), 0x5a);
        assert_null(guest_ram_at(PAGE, 1));
        assert_null(guest_ram_at(0x100000, 2 * PAGE + 1));
        assert_null(guest_ram_at(0x100000 + 2 * PAGE - 1, 2));
        assert_null(guest_ram_at(UINT64_MAX, 2));
    }
    // Moved: what was there is gone.
    map.gpa[1] = 0x200000;
    say(SYNC_SYSMEM, &map, sizeof(map), fds, 2);
    assert_true(remote_pci_serve(&test.remote));
    assert_null(guest_ram_at(0x100005, 1));
    assert_int_equal(*(uint8_t *)guest_ram_at(0x200005, 1), 0x5a);
    munmap(here, 3 * PAGE);
    close(file);
}

static void nonsense(void **state)
{
    uint8_t much[600] = {0};

    (void)state;
    say(SET_IRQFD, NULL, 0, NULL, 0);
    assert_true(remote_pci_serve(&test.remote));
    say(9, NULL, 0, NULL, 0);
    assert_false(remote_pci_serve(&test.remote));
    say(BAR_READ, much, sizeof(much), NULL, 0);
    assert_false(remote_pci_serve(&test.remote));
}

static void qemu_is_gone(void **state)
{
    (void)state;
    // In the midst of a header, too.
    assert_int_equal(send(test.qemu, "\3\0\0\0", 4, 0), 4);
    shutdown(test.qemu, SHUT_RDWR);
    assert_false(remote_pci_serve(&test.remote));
    assert_false(remote_pci_serve(&test.remote));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(realize, start, end),
        cmocka_unit_test_setup_teardown(accesses, start, end),
        cmocka_unit_test_setup_teardown(memory, start, end),
        cmocka_unit_test_setup_teardown(nonsense, start, end),
        cmocka_unit_test_setup_teardown(qemu_is_gone, start, end),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
