// The virtio network device in memory, see virtio_fake.h.

#include "tests/unit/virtio_fake.h"  // fake_device

#include "drivers/pci/pci.h"        // pci_dev
#include "kernel/memory.h"         // memmap_free_ram
#include "drivers/virtio/driver.h"  // virtio_net_driver
#include "lib/clock.h"              // now_us
#include "lib/err.h"                // ERR_NIC_INIT_FAILED
#include "lib/log.h"                // klog

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

struct fake_device dev;
char last_error[200];
uint64_t clock_us;
struct nic nic;
struct pbuf *frames[FRAMES_MAX];
unsigned frame_count;
static struct pci_dev pci = {.vendor_id = VIRTIO_PCI_VENDOR, .device_id = VIRTIO_PCI_DEVICE_NET};

void klog(enum log_level level, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    if (level == LOG_ERROR)
        vsnprintf(last_error, sizeof(last_error), format, args);
    va_end(args);
}

uint64_t now_us(void)
{
    return clock_us += 10;
}

void pci_set_bus_master(const struct pci_dev *which, bool on)
{
    assert_ptr_equal(which, &pci);
    dev.bus_master = on;
}

uint64_t memmap_free_ram(void)
{
    return dev.free_ram;
}

// ---- the transport ----------------------------------------------------------------------------------

static uint8_t read_status(struct virtio_dev *d)
{
    (void)d;
    return dev.gone ? VIRTIO_STATUS_GONE : dev.status;
}

static void write_status(struct virtio_dev *d, uint8_t status)
{
    (void)d;
    if (dev.gone)
        return;
    if (status == 0) {
        dev.resets++;
        dev.rx = dev.tx = (struct device_queue){0};
        dev.accepted = 0;
        if (dev.stuck)
            return;
    }
    if ((status & VIRTIO_STATUS_FEATURES_OK) && dev.refuse)
        status &= (uint8_t)~VIRTIO_STATUS_FEATURES_OK;
    if (status & VIRTIO_STATUS_DRIVER_OK)
        assert_true(dev.bus_master);  // or it could not read its rings
    dev.status = status;
}

static uint64_t read_features(struct virtio_dev *d)
{
    (void)d;
    assert_true(dev.status & VIRTIO_STATUS_DRIVER);
    return dev.offered;
}

static void write_features(struct virtio_dev *d, uint64_t features)
{
    (void)d;
    assert_int_equal(features & ~dev.offered, 0);
    dev.accepted = features;
}

static uint16_t queue_size(struct virtio_dev *d, uint16_t index)
{
    (void)d;
    return index <= 1 ? dev.queue_size : 0;
}

static void notify(struct virtq *queue)
{
    (void)queue;
    assert_true(dev.status & VIRTIO_STATUS_DRIVER_OK);
    dev.kicks++;
}

static int queue_start(struct virtio_dev *d, struct virtq *queue)
{
    (void)d;
    assert_false(dev.status & VIRTIO_STATUS_DRIVER_OK);
    *(queue->index ? &dev.tx : &dev.rx) = device_open(queue);
    queue->notify = notify;
    return 0;
}

static uint8_t config_generation(struct virtio_dev *d)
{
    (void)d;
    if (dev.generation_changes > 0) {
        dev.generation_changes--;
        dev.generation++;
    }
    return dev.generation;
}

static uint32_t config_read(struct virtio_dev *d, uint32_t offset, unsigned width)
{
    uint32_t value = 0;

    assert_true(offset + width <= d->config_length && offset % width == 0);
    dev.config_reads++;
    if (dev.gone)
        return UINT32_MAX >> (32 - 8 * width);
    memcpy(&value, dev.config + offset, width);
    return value;
}

static const struct virtio_transport transport = {
    .name = "virtio test", .read_status = read_status, .write_status = write_status,
    .read_features = read_features, .write_features = write_features, .queue_size = queue_size,
    .queue_start = queue_start, .config_generation = config_generation, .config_read = config_read,
};

int virtio_open_modern(struct virtio_dev *d, struct pci_dev *which)
{
    static volatile uint8_t common[1];

    if (dev.legacy)
        return ERR_NIC_INIT_FAILED;
    *d = (struct virtio_dev){.pci = which, .transport = &transport, .config_length = 20, .common = common};
    return 0;
}

int virtio_open_legacy(struct virtio_dev *d, struct pci_dev *which)
{
    *d = (struct virtio_dev){.pci = which, .transport = &transport, .config_length = 20};
    return 0;
}

// ---- helpers ----------------------------------------------------------------------------------------

static void input(struct nic *from, struct pbuf *frame)
{
    assert_ptr_equal(from, &nic);
    assert_true(frame_count < FRAMES_MAX);
    frames[frame_count++] = frame;
    (fail)(ERR_NO_URL, "somebody else's failure");
}

void drop_frames(void)
{
    while (frame_count > 0)
        pbuf_free(frames[--frame_count]);
}

struct virtio_net *driver(void)
{
    return nic.priv;
}

int reset_device(void **state)
{
    (void)state;
    memset(&dev, 0, sizeof(dev));
    dev.offered = MODERN | UNWANTED;
    dev.queue_size = QUEUE_SIZE;
    memcpy(dev.config, "\x52\x54\x00\x12\x34\x56\x01\x00", 8);
    frame_count = 0;
    last_error[0] = '\0';
    return 0;
}

int probe(void)
{
    pci.device_id = dev.legacy ? VIRTIO_PCI_DEVICE_NET_LEGACY : VIRTIO_PCI_DEVICE_NET;
    nic = (struct nic){.driver = "virtio-net", .pci = &pci, .input = input};
    return virtio_net_driver.probe(&nic, &pci, &virtio_net_driver.ids[0]);
}

void start(void)
{
    assert_int_equal(probe(), 0);
    assert_false(dev.bus_master);
    assert_int_equal(nic.ops->start(&nic), 0);
    nic.started = true;
    assert_true(dev.status & VIRTIO_STATUS_DRIVER_OK);
}

void finish(void)
{
    drop_frames();
    nic.ops->stop(&nic);
    assert_true(dev.gone || dev.stuck || dev.status == 0);
    assert_false(dev.bus_master);
    assert_null(driver()->pool.buffers);  // destroyed, so every buffer was back
    free(nic.priv);
}

// The device receives a frame: header and data into as many buffers as it takes.
void receive(uint8_t flags, uint32_t length)
{
    static uint8_t bytes[80000];
    uint32_t header_size = driver()->header_size, done = 0, total = header_size + length;
    uint32_t room = driver()->pool.buffer_size;
    struct virtio_net_hdr header = {.flags = flags, .num_buffers = (uint16_t)((total + room - 1) / room)};

    memcpy(bytes, &header, header_size);
    for (uint32_t i = 0; i < length; i++)
        bytes[header_size + i] = (uint8_t)(i * 7);
    while (done < total) {
        int head = device_take(&dev.rx);
        assert_true(head >= 0);
        uint32_t part = device_copy(&dev.rx, (uint16_t)head, bytes + done, total - done, 1);
        device_return(&dev.rx, (uint32_t)head, part);
        done += part;
    }
}

void check_frame(unsigned index, uint32_t length)
{
    assert_int_equal(frames[index]->tot_len, length);
    for (uint32_t i = 0; i < length; i += length / 50 + 1)
        assert_int_equal(pbuf_get_at(frames[index], (u16_t)i), (uint8_t)(i * 7));
}

struct pbuf *make_frame(uint16_t length)
{
    struct pbuf *frame = pbuf_alloc(PBUF_RAW, length, PBUF_RAM);

    for (uint16_t i = 0; i < length; i++)
        ((uint8_t *)frame->payload)[i] = (uint8_t)(i + 3);
    return frame;
}
