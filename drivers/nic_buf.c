// The pool of receive buffers and the custom pbufs that carry them through lwIP (contract: drivers/nic.h).
// All buffers of a pool lie in one piece of DMA memory, in blocks of 64 KiB that no buffer crosses.
// Not handled: growing a pool while its NIC runs.
#include "drivers/nic.h"  // nic_buf

#include <assert.h>

#include "drivers/dma.h"    // dma_alloc
#include "kernel/memory.h"  // kcalloc
#include "lib/err.h"        // fail

#define BUFFER_ALIGN 64u             // a cache line: no two buffers share one
#define BLOCK ((size_t)64 * 1024)    // chips with 16-bit address adders must not see a carry
#define BUFFER_SIZE_MAX (1u << 20)   // far above any frame; keeps the arithmetic below away from overflow
#define BUFFERS_MAX 65536u

// Bytes from one block to the next, and how many buffers a block holds. A buffer larger than a block is a
// block of its own.
static size_t block_stride(uint32_t buffer_size)
{
    return buffer_size <= BLOCK ? BLOCK : (buffer_size + BLOCK - 1) & ~(BLOCK - 1);
}

static unsigned block_buffers(uint32_t buffer_size)
{
    return buffer_size <= BLOCK ? (unsigned)(BLOCK / buffer_size) : 1;
}

static size_t pool_bytes(unsigned count, uint32_t buffer_size)
{
    unsigned per_block = block_buffers(buffer_size);
    size_t last = (count - 1) % per_block + 1;
    size_t bytes = (count - 1) / per_block * block_stride(buffer_size) + last * buffer_size;

    return bytes < PAGE_SIZE ? PAGE_SIZE : bytes;  // dma.h: alignment beyond the size is waste
}

// lwIP calls this when the last reference to a received frame is gone.
static void pbuf_returned(struct pbuf *pbuf)
{
    nic_buf_put((struct nic_buf *)(void *)pbuf);
}

static_assert(offsetof(struct nic_buf, pbuf) == 0, "pbuf_returned() casts the pbuf back to its buffer");

int nic_buf_pool_create(struct nic_buf_pool *pool, unsigned count, uint32_t buffer_size)
{
    if (count == 0 || count > BUFFERS_MAX || buffer_size == 0 || buffer_size > BUFFER_SIZE_MAX)
        return fail(ERR_NOT_ENOUGH_MEMORY, "no pool can have %u buffers of %u bytes", count, buffer_size);
    buffer_size = (buffer_size + BUFFER_ALIGN - 1) & ~(BUFFER_ALIGN - 1);

    uint8_t *memory = dma_alloc(pool_bytes(count, buffer_size), BLOCK);
    if (!memory)
        return fail(ERR_NOT_ENOUGH_MEMORY, "no DMA memory for %u buffers of %u bytes", count, buffer_size);
    struct nic_buf *buffers = kcalloc(count, sizeof(*buffers));
    if (!buffers)
        goto err_kcalloc;

    *pool = (struct nic_buf_pool){.buffers = buffers, .count = count, .buffer_size = buffer_size};
    unsigned per_block = block_buffers(buffer_size);
    for (unsigned i = count; i-- > 0;) {
        struct nic_buf *buf = &buffers[i];
        buf->pool = pool;
        buf->data = memory + i / per_block * block_stride(buffer_size) + i % per_block * buffer_size;
        buf->pbuf.custom_free_function = pbuf_returned;
        nic_buf_put(buf);
    }
    return 0;

err_kcalloc:
    dma_free(memory, pool_bytes(count, buffer_size));
    return fail(ERR_NOT_ENOUGH_MEMORY, "no heap for %u receive buffers", count);
}

int nic_buf_pool_destroy(struct nic_buf_pool *pool)
{
    if (!pool->buffers)
        return 0;
    if (pool->free_count != pool->count)
        return fail(ERR_DMA, "%u receive buffers are still in use", pool->count - pool->free_count);
    dma_free(pool->buffers[0].data, pool_bytes(pool->count, pool->buffer_size));
    kfree(pool->buffers);
    *pool = (struct nic_buf_pool){0};
    return 0;
}

struct nic_buf *nic_buf_get(struct nic_buf_pool *pool)
{
    struct nic_buf *buf = pool->free_list;

    if (!buf)
        return NULL;
    pool->free_list = buf->next;
    buf->next = NULL;
    pool->free_count--;
    return buf;
}

void nic_buf_put(struct nic_buf *buf)
{
    struct nic_buf_pool *pool = buf->pool;

    // Last in, first out: the buffer put back last is the one most likely still in the cache.
    buf->next = pool->free_list;
    pool->free_list = buf;
    pool->free_count++;
}

struct pbuf *nic_buf_to_pbuf(struct nic_buf *buf, uint32_t offset, uint32_t length)
{
    struct pbuf *pbuf = NULL;

    if (length <= UINT16_MAX && offset <= buf->pool->buffer_size && length <= buf->pool->buffer_size - offset)
        pbuf = pbuf_alloced_custom(PBUF_RAW, (u16_t)length, PBUF_REF, &buf->pbuf, buf->data + offset,
                                   (u16_t)length);
    if (!pbuf)
        nic_buf_put(buf);
    return pbuf;
}
