// A virtio network device in memory and a stack that collects frames, for the tests of the driver. The device
// checks what the driver must keep to: order of initialisation, no doorbell before DRIVER_OK, features.
#ifndef URLBOOT_TESTS_UNIT_VIRTIO_FAKE_H
#define URLBOOT_TESTS_UNIT_VIRTIO_FAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "drivers/nic.h"                     // nic
#include "drivers/virtio/net.h"              // virtio_net
#include "drivers/virtio/virtio_net_regs.h"  // VIRTIO_NET_F_MAC
#include "tests/unit/virtio_device.h"        // device_queue

#define QUEUE_SIZE 64
#define FRAMES_MAX 256
#define MODERN (VIRTIO_F_VERSION_1 | VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS | VIRTIO_NET_F_MRG_RXBUF)
#define UNWANTED ((1ull << 11) | (1ull << 22) | (1ull << 28) | (1ull << 34))  // HOST_TSO4, MQ, INDIRECT, PACKED

struct fake_device {
    uint64_t offered, accepted;
    uint8_t status, config[20], generation;
    unsigned generation_changes;  // how often the configuration will still change
    uint16_t queue_size;
    bool legacy;            // no modern transport
    bool stuck;             // a reset never ends
    bool gone;              // all ones, everywhere
    bool refuse;            // FEATURES_OK does not stay
    bool bus_master;
    struct device_queue rx, tx;
    unsigned kicks, resets, config_reads;
    uint64_t free_ram;      // of the machine
};

extern struct fake_device dev;
extern char last_error[200];      // what was logged as an error last
extern uint64_t clock_us;          // what now_us() gives, 10 more at each look
extern struct nic nic;
extern struct pbuf *frames[FRAMES_MAX];
extern unsigned frame_count;

// A fresh device with MODERN features, link up; a set-up function of cmocka.
int reset_device(void **state);

// Runs the driver's probe.
int probe(void);

// Probe and start, both of which must succeed.
void start(void);

// Stops, and checks that the device is silent and every buffer is back.
void finish(void);

// The driver's state behind `nic`.
struct virtio_net *driver(void);

// The device receives a frame of `length` bytes with header `flags`, in as many buffers as it takes.
void receive(uint8_t flags, uint32_t length);

// The stack got that frame, whole, as number `index`.
void check_frame(unsigned index, uint32_t length);

// Frees what the stack got.
void drop_frames(void);

// A frame to send.
struct pbuf *make_frame(uint16_t length);

#endif
